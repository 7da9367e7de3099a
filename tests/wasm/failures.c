/* Coroutines that end badly, each in its own way. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

enum { NO_ROUTE = WEFT_USER + 1 };

struct inner {
    weft_frame frame;
};
weft_async(inner) {
    weft_begin(inner);
    weft_await(weft_sleep(0));
    weft_raise(NO_ROUTE, "no route to %s", "héaven");
    weft_end();
}

struct outer {
    weft_frame frame;
};
weft_async(outer) {
    weft_begin(outer);
    weft_error_register(NO_ROUTE, "NoRoute");
    weft_await(weft_call(inner));
    weft_end();
}
weft_export(outer);

/* Fails `depth` calls down. */
struct deep {
    weft_frame frame;
    int depth;
};
weft_async(deep) {
    weft_begin(deep);
    if (self->depth > 1)
        weft_await(weft_call(deep, .depth = self->depth - 1));
    weft_raise(WEFT_RUNTIME, "the bottom");
    weft_end();
}
weft_export(deep, depth);

struct caused {
    weft_frame frame;
    const weft_error *error;
};
weft_async(caused) {
    weft_begin(caused);
    weft_try {
        weft_await(weft_call(inner));
    }
    weft_catch(self->error) {
        weft_raise(WEFT_RUNTIME, "could not deliver");
    }
    weft_end();
}
weft_export(caused);

/* A chain of `length` causes. */
struct chain {
    weft_frame frame;
    int length;
    const weft_error *error;
};
weft_async(chain) {
    weft_begin(chain);
    self->error = weft_error_new(WEFT_RUNTIME, "link 0");
    for (int i = 1; i < self->length; i++) {
        const weft_error *next = weft_error_from(self->error, WEFT_RUNTIME, "link %d", i);
        weft_error_release(self->error);
        self->error = next;
    }
    weft_raise_error(self->error);
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}
weft_export(chain, length);

struct grouped {
    weft_frame frame;
    weft_group group;
};
weft_async(grouped) {
    weft_begin(grouped);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_call(inner));
        weft_group_create_task(&self->group, weft_call(caused));
        weft_await(weft_sleep(1));
    }
    weft_end();
}
weft_export(grouped);

/* Cleans up when it is cancelled; with `stubborn` it returns a value all the same. */
struct sleeper {
    weft_frame frame;
    double seconds;
    bool stubborn;
    const weft_error *error;
};
weft_async(sleeper) {
    weft_begin(sleeper);
    weft_try {
        weft_await(weft_sleep(self->seconds));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("cleaned up after \"%s\"\n", self->error->message);
        if (self->stubborn)
            weft_return("stayed");
        weft_reraise;
    }
    weft_return("slept");
    weft_end();
}
weft_export(sleeper, seconds, stubborn);

struct crash {
    weft_frame frame;
};
weft_async(crash) {
    weft_begin(crash);
    weft_await(weft_sleep(0));
    __builtin_trap();
    weft_end();
}
weft_export(crash);

struct leave {
    weft_frame frame;
    int status;
};
weft_async(leave) {
    weft_begin(leave);
    printf("unterminated");
    exit(self->status);
    weft_end();
}
weft_export(leave, status);

struct forgetful {
    weft_frame frame;
    weft_coroutine *forgotten;
};
weft_async(forgetful) {
    weft_begin(forgetful);
    self->forgotten = weft_call(inner);
    weft_end();
}
weft_export(forgetful);
