/* One await with a time limit: what takes too long is cancelled,
 * and tried again until it is quick enough. */
#include <stdio.h>
#include <weft/weft.h>

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
    double delay; /* of the first attempt; each one after it takes 0.3 s less */
    double limit;
    int attempt;
    char *data;
    const weft_error *error;
};
weft_export(wait_for, delay, limit);

weft_async(wait_for) {
    weft_begin(wait_for);
    while (self->data == NULL) {
        printf("attempt %d\n", ++self->attempt);
        weft_try {
            weft_await_to(self->data, weft_wait_for(weft_call(fetch, .delay = self->delay), self->limit));
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
    return weft_main(weft_call(wait_for, .delay = 1.0, .limit = 0.5));
}
