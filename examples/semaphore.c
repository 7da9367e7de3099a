/* Many fetches, but only so many at a time: a semaphore
 * hands out permits, first come first served. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, permits, 2, 1, 10);         /* Permits */
WEFT_PARAM(int, count, 5, 1, 10);           /* Fetches */
WEFT_PARAM(double, delay, 0.25, 0.05, 0.5); /* Delay of the first, s */

struct fetch {
    weft_frame frame;
    weft_semaphore *permits;
    int number;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    /* Waits for a permit, and gives it back however the block
     * is left. */
    weft_with(self->permits) {
        printf("fetch %d enters\n", self->number);
        weft_await(weft_sleep(self->delay));
        printf("fetch %d leaves\n", self->number);
    }
    weft_end();
}

struct semaphore {
    weft_frame frame;
    weft_semaphore semaphore;
    weft_group group;
};

weft_async(semaphore) {
    weft_begin(semaphore);
    weft_semaphore_init(&self->semaphore, permits);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= count; i++)
            weft_group_create_task(
                &self->group, weft_call(fetch, .permits = &self->semaphore, .number = i, .delay = i * delay));
    }
    printf("all fetches ended\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(semaphore));
}
