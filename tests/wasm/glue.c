/* A program that is linked with Emscripten's own glue. */
#include <stdio.h>
#include <weft/javascript.h>
#include <weft/weft.h>

struct sleeper {
    weft_frame frame;
    int number;
};
weft_async(sleeper) {
    weft_begin(sleeper);
    weft_await(weft_sleep(0.01 * self->number));
    printf("sleeper %d\n", self->number);
    weft_end();
}

struct app {
    weft_frame frame;
    const char *text;
    double half;
    int64_t large;
    const weft_error *error;
};
weft_async(app) {
    weft_begin(app);
    weft_await(weft_gather(weft_call(sleeper, .number = 2), weft_call(sleeper, .number = 1)));
    weft_await_to(self->text, weft_javascript_call("greet", "wörld", 7, -3000000000LL));
    weft_await_to(self->half, weft_javascript_call("half", 5));
    weft_await_to(self->large, weft_javascript_call("large"));
    printf("%s, %g, %lld\n", self->text, self->half, (long long)self->large);
    weft_try {
        weft_await(weft_javascript_call("missing"));
    }
    weft_catch(self->error) {
        printf("%s\n", self->error->message);
    }
    weft_try {
        weft_with(weft_timeout(0.01)) {
            weft_await(weft_javascript_call("never"));
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        printf("timed out\n");
    }
    printf("no newline");
    weft_end();
}

int main(void) {
    int status = weft_main(weft_call(app));
    printf("weft_main returned\n");
    return status;
}
