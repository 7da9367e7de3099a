/* Calling a coroutine makes an object and runs nothing. It runs
 * when it is awaited, and only once. */
#include <stdio.h>
#include <weft/weft.h>

struct greet {
    weft_frame frame;
    const char *name;
};

weft_async(greet) {
    weft_begin(greet);
    printf("hello %s\n", self->name);
    weft_await(weft_sleep(0.1));
    printf("goodbye %s\n", self->name);
    weft_end();
}

struct coroutine {
    weft_frame frame;
    weft_coroutine *greeting;
    const weft_error *error;
};

weft_async(coroutine) {
    weft_begin(coroutine);
    self->greeting = weft_call(greet, .name = "Ada");
    printf("a coroutine object of %s, which has not begun\n", weft_coroutine_type(self->greeting)->name);
    weft_await(self->greeting);

    weft_try {
        weft_await(self->greeting);
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        printf("it does not run a second time\n");
    }

    /* One that is not wanted any more is closed. */
    self->greeting = weft_call(greet, .name = "Bob");
    weft_coroutine_close(self->greeting);
    printf("nobody greets Bob\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(coroutine));
}
