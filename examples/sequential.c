/* One fetch after another: the waits add up,
 * three fetches of half a second take one and a half. */
#include <stdio.h>
#include <weft/weft.h>

/* Variables that the page has sliders for. */
WEFT_PARAM(int, count, 3, 1, 10);       /* Fetches */
WEFT_PARAM(double, delay, 0.5, 0.1, 3); /* Delay of each, s */

/* A coroutine is a structure and a body. The structure holds
 * its arguments and all that must outlive an await, where
 * a local variable would be lost. */
struct fetch {
    weft_frame frame;
    int number;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("fetch %d begins\n", self->number);
    /* The sleep stands for the network. */
    weft_await(weft_sleep(self->delay));
    printf("fetch %d ends\n", self->number);
    weft_return(weft_format("data %d", self->number));
    weft_end();
}

struct sequential {
    weft_frame frame;
    int number;
    char *data;
};

weft_async(sequential) {
    weft_begin(sequential);
    for (self->number = 1; self->number <= count; self->number++) {
        weft_await_to(self->data, weft_call(fetch, .number = self->number, .delay = delay));
        printf("got %s\n", self->data);
        /* What a coroutine returns belongs to who awaits it. */
        weft_free(self->data);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(sequential));
}
