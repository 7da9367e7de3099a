/* What the tests of `simulate` run: main's argument says what. */
#include <stdio.h>
#include <string.h>
#include <weft/javascript.h>
#include <weft/weft.h>

/* Asks JavaScript, and says what came and when. */
struct asks {
    weft_frame frame;
    const char *function;
    int number;
    int64_t answer;
    const weft_error *error;
};
static weft_async(asks) {
    weft_begin(asks);
    weft_try {
        weft_await_to(self->answer, weft_javascript_call(self->function, self->number));
        printf("%s %d: %d at %g\n", self->function, self->number, (int)self->answer, weft_time());
    }
    weft_catch_code(WEFT_JAVASCRIPT, self->error) {
        printf("%s %d: %s\n", self->function, self->number, self->error->message);
    }
    weft_end();
}

struct outside {
    weft_frame frame;
    weft_group group;
    weft_task *given_up;
};
static weft_async(outside) {
    weft_begin(outside);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= 4; i++)
            weft_group_create_task(&self->group, weft_call(asks, .function = "later", .number = i));
        weft_group_create_task(&self->group, weft_call(asks, .function = "at_once", .number = 5));
        weft_group_create_task(&self->group, weft_call(asks, .function = "fails", .number = 6));
        self->given_up =
            weft_group_create_task(&self->group, weft_call(asks, .function = "never", .number = 7));
        weft_await(weft_call(asks, .function = "later", .number = 8));
        weft_task_cancel(self->given_up, NULL);
    }
    weft_await(weft_sleep(2));
    weft_await(weft_call(asks, .function = "later", .number = 9));
    weft_end();
}

/* Three sleepers whose timers tie. */
struct sleeps {
    weft_frame frame;
    int number;
    double seconds;
    bool tired;
    const char *name;
};
static weft_async(sleeps) {
    weft_begin(sleeps);
    weft_await(weft_sleep(self->seconds));
    printf("%d\n", self->number);
    weft_end();
}
weft_fields(sleeps, number, seconds, tired, name);

struct ties {
    weft_frame frame;
    weft_group group;
};
static weft_async(ties) {
    weft_begin(ties);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= 3; i++)
            weft_group_create_task(
                &self->group, weft_call(sleeps, .number = i, .seconds = 1, .tired = i == 2, .name = "näp"));
    }
    weft_end();
}

/* Its first step has two more in it. */
struct eager {
    weft_frame frame;
    weft_task *first, *second;
};
static weft_async(eager) {
    weft_begin(eager);
    self->first = weft_create_eager_task(weft_call(sleeps, .number = 1, .seconds = 1));
    self->second = weft_create_eager_task(weft_call(sleeps, .number = 2, .seconds = 2));
    weft_await(self->first);
    weft_await(self->second);
    weft_end();
}

struct traps {
    weft_frame frame;
};
static weft_async(traps) {
    weft_begin(traps);
    printf("before\n");
    weft_await(weft_sleep(1));
    __builtin_trap();
    weft_end();
}

struct fails {
    weft_frame frame;
};
static weft_async(fails) {
    weft_begin(fails);
    weft_await(weft_sleep(1));
    weft_raise(WEFT_RUNTIME, "on purpose");
    weft_end();
}

struct eats_memory {
    weft_frame frame;
    size_t pieces;
};
static weft_async(eats_memory) {
    weft_begin(eats_memory);
    weft_await(weft_sleep(1));
    while (weft_allocate(65536) != NULL)
        self->pieces++;
    weft_raise_error(&weft_error_out_of_memory);
    weft_end();
}

/* Steps without an end. */
struct ticks {
    weft_frame frame;
};
static weft_async(ticks) {
    weft_begin(ticks);
    for (;;)
        weft_await(weft_sleep(0));
    weft_end();
}

struct waits {
    weft_frame frame;
    const weft_error *error;
};
static weft_async(waits) {
    weft_begin(waits);
    weft_try {
        weft_await(weft_sleep(1000));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("cancelled at %g: %s\n", weft_time(), self->error->message);
        weft_reraise;
    }
    weft_end();
}

struct deadlocks {
    weft_frame frame;
    weft_future *future;
};
static weft_async(deadlocks) {
    weft_begin(deadlocks);
    self->future = weft_create_future();
    weft_await(self->future);
    weft_end();
}

#define RUN(coroutine)                 \
    if (strcmp(what, #coroutine) == 0) \
    return weft_main(weft_call(coroutine))

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    RUN(outside);
    RUN(ties);
    RUN(eager);
    RUN(traps);
    RUN(fails);
    RUN(eats_memory);
    RUN(ticks);
    RUN(waits);
    RUN(deadlocks);
    printf("there is no %s\n", what);
    return 3;
}
