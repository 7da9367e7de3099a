/* One fetch after another: the waits add up,
 * three fetches of half a second take one and a half. */
#include <stdio.h>
#include <weft/weft.h>

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
    int count;
    double delay;
    int number;
    char *data;
};
/* JavaScript can call it with these arguments. */
weft_export(sequential, count, delay);

weft_async(sequential) {
    weft_begin(sequential);
    for (self->number = 1; self->number <= self->count; self->number++) {
        weft_await_to(self->data, weft_call(fetch, .number = self->number, .delay = self->delay));
        printf("got %s\n", self->data);
        /* What a coroutine returns belongs to who awaits it. */
        weft_free(self->data);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(sequential, .count = 3, .delay = 0.5));
}
