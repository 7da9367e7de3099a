/* Coroutines that wait for promises. */
#include <stdio.h>
#include <weft/javascript.h>
#include <weft/weft.h>

/* Gives back what the function of that name resolves with for one argument: moves it, since the future ends
 * here. */
struct ask {
    weft_frame frame;
    const char *name;
    weft_value argument;
    weft_future *answer;
};
weft_async(ask) {
    weft_begin(ask);
    self->answer = weft_javascript_call(self->name, self->argument);
    weft_await(self->answer);
    weft_return(weft_future_take(self->answer));
    weft_end();
}
weft_export(ask, name, argument);

struct arguments {
    weft_frame frame;
};
weft_async(arguments) {
    weft_begin(arguments);
    weft_await(weft_javascript_call("none"));
    weft_await(weft_javascript_call("many", "ä", (bool)1, 2, 2.5, (int64_t)-9223372036854775807, weft_none(),
                                    3000000000u));
    weft_end();
}
weft_export(arguments);

/* What C sees of a rejection. */
struct catches {
    weft_frame frame;
    const char *name;
    const weft_error *error;
};
weft_async(catches) {
    weft_begin(catches);
    weft_try {
        weft_await(weft_javascript_call(self->name));
    }
    weft_catch_code(WEFT_JAVASCRIPT, self->error) {
        weft_return(weft_format("caught %s", self->error->message));
    }
    weft_end();
}
weft_export(catches, name);

struct impatient {
    weft_frame frame;
    const char *name;
    double patience;
};
weft_async(impatient) {
    weft_begin(impatient);
    weft_with(weft_timeout(self->patience)) {
        weft_await(weft_javascript_call(self->name));
    }
    weft_end();
}
weft_export(impatient, name, patience);

/* Ends without having waited. */
struct starts {
    weft_frame frame;
    const char *name;
    weft_future *call;
};
weft_async(starts) {
    weft_begin(starts);
    self->call = weft_javascript_call(self->name);
    weft_await(weft_sleep(0));
    weft_end();
}
weft_export(starts, name);

/* A promise and a long sleep at once: which is first, and at what time by the loop's clock? */
struct clock_watcher {
    weft_frame frame;
};
weft_async(clock_watcher) {
    weft_begin(clock_watcher);
    weft_await(weft_sleep(1000));
    printf("slept until %g\n", weft_time());
    weft_end();
}
struct beside {
    weft_frame frame;
    weft_task *sleeper;
};
weft_async(beside) {
    weft_begin(beside);
    self->sleeper = weft_create_task(weft_call(clock_watcher));
    weft_await(weft_javascript_call("later"));
    printf("promise at %g\n", weft_time());
    weft_await(self->sleeper);
    weft_end();
}
weft_export(beside);
