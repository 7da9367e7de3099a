/* Between two awaits nothing else runs, but at an await it does:
 * a lock keeps the others out until a change is complete. */
#include <stdio.h>
#include <weft/weft.h>

struct counter {
    weft_lock lock;
    int value;
};

struct add {
    weft_frame frame;
    struct counter *counter;
    int number, seen;
};

weft_async(add) {
    weft_begin(add);
    self->seen = self->counter->value;
    printf("task %d sees %d\n", self->number, self->seen);
    weft_await(weft_sleep(0.2)); /* and the others see the same */
    self->counter->value = self->seen + 1;
    weft_end();
}

struct add_locked {
    weft_frame frame;
    struct counter *counter;
    int number;
};

weft_async(add_locked) {
    weft_begin(add_locked);
    weft_with(&self->counter->lock) {
        weft_await(weft_call(add, .counter = self->counter, .number = self->number));
    }
    weft_end();
}

struct lock {
    weft_frame frame;
    struct counter counter;
};

weft_async(lock) {
    weft_begin(lock);
    weft_await(weft_gather(weft_call(add, .counter = &self->counter, .number = 1),
                           weft_call(add, .counter = &self->counter, .number = 2),
                           weft_call(add, .counter = &self->counter, .number = 3)));
    printf("without a lock the counter is %d\n", self->counter.value);

    self->counter.value = 0;
    weft_await(weft_gather(weft_call(add_locked, .counter = &self->counter, .number = 1),
                           weft_call(add_locked, .counter = &self->counter, .number = 2),
                           weft_call(add_locked, .counter = &self->counter, .number = 3)));
    printf("with a lock it is %d\n", self->counter.value);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(lock));
}
