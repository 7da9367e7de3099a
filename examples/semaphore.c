/* Many fetches, but only so many at a time: a semaphore
 * hands out permits, first come first served. */
#include <stdio.h>
#include <weft/weft.h>

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
    int permits;
    int count;
    double delay;
    weft_semaphore semaphore;
    weft_group group;
};
weft_export(semaphore, permits, count, delay);

weft_async(semaphore) {
    weft_begin(semaphore);
    if (self->permits < 1)
        weft_raise(WEFT_INVALID_ARGUMENT, "permits must be at least 1, not %d", self->permits);
    weft_semaphore_init(&self->semaphore, self->permits);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= self->count; i++)
            weft_group_create_task(&self->group, weft_call(fetch, .permits = &self->semaphore, .number = i,
                                                           .delay = i * self->delay));
    }
    printf("all fetches ended\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(semaphore, .permits = 2, .count = 5, .delay = 0.25));
}
