/* One await with a time limit: what takes too long is cancelled,
 * and tried again until it is quick enough. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, delay, 1.0, 0.1, 3); /* Delay of the first attempt, s */
WEFT_PARAM(double, limit, 0.5, 0.1, 1); /* Limit, s */

struct fetch {
    weft_frame frame;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    weft_await(weft_sleep(self->delay));
    weft_return(weft_format("data after %.1f s", self->delay));
    weft_end();
}

struct wait_for {
    weft_frame frame;
    double delay; /* of the attempt; each one takes 0.3 s less */
    int attempt;
    char *data;
    const weft_error *error;
};

weft_async(wait_for) {
    weft_begin(wait_for);
    self->delay = delay;
    while (self->data == NULL) {
        printf("attempt %d\n", ++self->attempt);
        weft_try {
            weft_await_to(self->data, weft_wait_for(weft_call(fetch, .delay = self->delay), limit));
        }
        weft_catch_code(WEFT_TIMED_OUT, self->error) {
            printf("too slow\n");
            self->delay -= 0.3;
        }
    }
    printf("%s\n", self->data);
    weft_drop();
    weft_free(self->data);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(wait_for));
}
