/* A program of a user: sleeps, and prints what its coroutine returned. */
#include <weft/weft.h>

#include <stdio.h>

struct nap {
    weft_frame frame;
    double seconds;
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(self->seconds));
    weft_return("rested");
    weft_end();
}

struct day {
    weft_frame frame;
    const char *mood;
};

weft_async(day) {
    weft_begin(day);
    weft_await_to(self->mood, weft_call(nap, .seconds = 0.01));
    printf("%s\n", self->mood);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(day));
}
