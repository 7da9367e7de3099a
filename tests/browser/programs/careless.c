/* Does well as long as nobody is cancelled. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

/* Gives its permit back by hand. */
struct keeper {
    weft_frame frame;
    weft_semaphore *permits;
};
weft_async(keeper) {
    weft_begin(keeper);
    weft_await(weft_semaphore_acquire(self->permits));
    weft_await(weft_sleep(0.1)); /* with a permit */
    weft_semaphore_release(self->permits);
    weft_end();
}

/* Frees its memory by hand. */
struct hoarder {
    weft_frame frame;
    char *memory;
};
weft_async(hoarder) {
    weft_begin(hoarder);
    self->memory = malloc(100);
    weft_await(weft_sleep(0.2)); /* with memory */
    free(self->memory);
    weft_end();
}

/* Takes its time to clean up. */
struct cleaner {
    weft_frame frame;
};
weft_async(cleaner) {
    weft_begin(cleaner);
    weft_try {
        weft_await(weft_sleep(0.3));
    }
    weft_finally {
        weft_await(weft_sleep(0.1)); /* in cleanup */
        printf("clean\n");
    }
    weft_end();
}

struct careless {
    weft_frame frame;
    weft_semaphore permits;
    weft_group group;
};
weft_async(careless) {
    weft_begin(careless);
    weft_semaphore_init(&self->permits, 2);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_call(keeper, .permits = &self->permits));
        weft_group_create_task(&self->group, weft_call(hoarder));
        weft_group_create_task(&self->group, weft_call(cleaner));
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(careless));
}
