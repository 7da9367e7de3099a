/* All fetches at once: the waits overlap,
 * three fetches of half a second take half a second. */
#include <stdio.h>
#include <weft/weft.h>

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

enum { MOST = 10 };

struct gather {
    weft_frame frame;
    int count;
    double delay;
    const weft_values *results;
};
weft_export(gather, count, delay);

weft_async(gather) {
    weft_begin(gather);
    if (self->count < 0 || self->count > MOST)
        weft_raise(WEFT_INVALID_ARGUMENT, "count must be 0 to %d, not %d", MOST, self->count);

    /* A fixed number needs no array:
     * weft_gather(weft_call(fetch, …), weft_call(fetch, …)) */
    weft_awaitable fetches[MOST];
    for (int i = 0; i < self->count; i++)
        fetches[i] = weft_awaitable_of(weft_call(fetch, .number = i + 1, .delay = self->delay));

    weft_await_to(self->results, weft_gather_array(self->count, fetches, false));
    for (size_t i = 0; i < self->results->count; i++)
        printf("got %s\n", weft_value_string(self->results->items[i]));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(gather, .count = 3, .delay = 0.5));
}
