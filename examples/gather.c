/* All fetches at once: the waits overlap,
 * three fetches of half a second take half a second. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, count, 3, 1, 10);       /* Fetches */
WEFT_PARAM(double, delay, 0.5, 0.1, 3); /* Delay of each, s */

struct fetch {
    weft_frame frame;
    int number;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("fetch %d begins\n", self->number);
    weft_await(weft_sleep(self->delay));
    printf("fetch %d ends\n", self->number);
    weft_return(weft_format("data %d", self->number));
    weft_end();
}

struct gather {
    weft_frame frame;
    const weft_values *results;
};

weft_async(gather) {
    weft_begin(gather);
    /* A fixed number needs no array:
     * weft_gather(weft_call(fetch, …), weft_call(fetch, …)) */
    weft_awaitable fetches[10];
    for (int i = 0; i < count; i++)
        fetches[i] = weft_awaitable_of(weft_call(fetch, .number = i + 1, .delay = delay));

    weft_await_to(self->results, weft_gather_array(count, fetches, false));
    for (size_t i = 0; i < self->results->count; i++)
        printf("got %s\n", weft_value_string(self->results->items[i]));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(gather));
}
