/* Three answers to wait for, first with calls that block, then
 * with coroutines. A blocking call keeps the thread until it has
 * its answer; an await hands the thread to the others. */
#include <stdio.h>
#include <threads.h>
#include <weft/weft.h>

WEFT_PARAM(double, delay, 0.4, 0.1, 0.9); /* Delay of each answer, s */

/* An ordinary function: nothing else happens until it returns. */
static void fetch_blocking(int number, double seconds) {
    printf("ask for %d\n", number);
    thrd_sleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
    printf("%d is here\n", number);
}

/* A coroutine: the others go on while it waits. */
struct fetch {
    weft_frame frame;
    int number;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("ask for %d\n", self->number);
    weft_await(weft_sleep(self->delay));
    printf("%d is here\n", self->number);
    weft_end();
}

struct synchronous {
    weft_frame frame;
};

weft_async(synchronous) {
    weft_begin(synchronous);
    printf("blocking calls:\n");
    for (int number = 1; number <= 3; number++)
        fetch_blocking(number, delay);

    printf("coroutines:\n");
    weft_await(weft_gather(weft_call(fetch, .number = 1, .delay = delay),
                           weft_call(fetch, .number = 2, .delay = delay),
                           weft_call(fetch, .number = 3, .delay = delay)));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(synchronous));
}
