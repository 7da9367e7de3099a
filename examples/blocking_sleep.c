/* Pitfall: a sleep that blocks stops every task, not only its
 * own. Debug mode reports the step that took so long. */
#include <stdio.h>
#include <threads.h>
#include <weft/weft.h>

struct clock {
    weft_frame frame;
    int ticks;
};

weft_async(clock) {
    weft_begin(clock);
    while (self->ticks < 3) {
        weft_await(weft_sleep(0.2));
        printf("tick %d\n", ++self->ticks);
    }
    weft_end();
}

struct nap {
    weft_frame frame;
    bool blocking;
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(0.3));
    printf("the nap begins\n");
    if (self->blocking)
        thrd_sleep(&(struct timespec){.tv_nsec = 500000000}, NULL); /* and the clock stands still */
    else
        weft_await(weft_sleep(0.5));
    printf("the nap ends\n");
    weft_end();
}

struct blocking_sleep {
    weft_frame frame;
};

weft_async(blocking_sleep) {
    weft_begin(blocking_sleep);
    weft_loop_set_debug(weft_loop_current(), true);
    printf("a sleep that blocks:\n");
    weft_await(weft_gather(weft_call(clock), weft_call(nap, .blocking = true)));
    printf("a sleep that is awaited:\n");
    weft_await(weft_gather(weft_call(clock), weft_call(nap, .blocking = false)));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(blocking_sleep));
}
