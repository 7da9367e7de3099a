/* What tests/node/interrupt.test.mjs sends SIGINT to: interrupted sleep|busy|outside ends|hangs|returns|fails
 */

#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

struct interrupted {
    weft_frame frame;
    const char *way, *does;
    const weft_error *error;
};

static bool is(const char *word, const char *other) {
    return strcmp(word, other) == 0;
}

static void say(const char *line) {
    printf("%s\n", line);
    fflush(stdout);
}

weft_async(interrupted) {
    weft_begin(interrupted);
    say("ready");
    weft_try {
        if (is(self->way, "outside"))
            weft_loop_hold(weft_loop_current());
        if (is(self->way, "outside"))
            weft_await(weft_create_future());
        if (is(self->way, "sleep"))
            weft_await(weft_sleep(1e6));
        for (;;)
            weft_await(weft_sleep(0));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        if (is(self->way, "outside"))
            weft_loop_unhold(weft_loop_current());
        say("cancelled");
        while (is(self->does, "hangs"))
            weft_await(weft_sleep(0));
        weft_await(weft_sleep(0.001));
        printf("clean, without a newline");
        if (is(self->does, "fails"))
            weft_raise(WEFT_RUNTIME, "on purpose");
        if (is(self->does, "ends"))
            weft_reraise;
    }
    weft_end();
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    return weft_main(weft_call(interrupted, .way = arguments[1], .does = arguments[2]));
}
