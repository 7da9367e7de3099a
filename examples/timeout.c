/* A fetch that takes too long is cancelled at its deadline,
 * and cleans up on its way out. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, limit, 1.0, 0, 3);  /* Timeout, s */
WEFT_PARAM(double, fast, 0.5, 0.1, 3); /* Delay of the fast one, s */
WEFT_PARAM(double, slow, 2.0, 0.1, 3); /* Delay of the slow one, s */

struct fetch {
    weft_frame frame;
    const char *url;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("%s: connected\n", self->url);
    weft_try {
        weft_await(weft_sleep(self->delay));
        weft_return(weft_format("data from %s", self->url));
    }
    weft_finally {
        /* Runs whether the block returns, fails or is cancelled. */
        printf("%s: disconnected\n", self->url);
    }
    weft_end();
}

struct fetch_in_time {
    weft_frame frame;
    const char *url;
    double delay, limit;
    char *data;
    const weft_error *error;
};

weft_async(fetch_in_time) {
    weft_begin(fetch_in_time);
    weft_try {
        weft_with(weft_timeout(self->limit)) {
            weft_await_to(self->data, weft_call(fetch, .url = self->url, .delay = self->delay));
        }
        printf("%s: got %s\n", self->url, self->data);
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        printf("%s: too slow\n", self->url);
    }

    /* Runs last however the coroutine ends: frees what its
     * structure owns. */
    weft_drop();
    weft_free(self->data);
    weft_end();
}

struct timeout {
    weft_frame frame;
};

weft_async(timeout) {
    weft_begin(timeout);
    weft_await(weft_call(fetch_in_time, .url = "fast", .delay = fast, .limit = limit));
    weft_await(weft_call(fetch_in_time, .url = "slow", .delay = slow, .limit = limit));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(timeout));
}
