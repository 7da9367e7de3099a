/* Coroutines that wait, for the tests of timers, hops and clocks. */
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <weft/weft.h>

struct wait {
    weft_frame frame;
    double seconds;
};
weft_async(wait) {
    weft_begin(wait);
    weft_await(weft_sleep(self->seconds));
    weft_return(weft_time());
    weft_end();
}
weft_export(wait, seconds);

/* `count` tasks that sleep, the k-th for k steps. */
struct crowd {
    weft_frame frame;
    int count;
    double step;
    int i;
    weft_group group;
};
weft_async(crowd) {
    weft_begin(crowd);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 1; self->i <= self->count; self->i++)
            weft_group_create_task(&self->group, weft_call(wait, .seconds = self->i * self->step));
    }
    weft_return(self->count);
    weft_end();
}
weft_export(crowd, count, step);

/* Never waits for longer than a tick. */
struct spin {
    weft_frame frame;
    int steps;
};
weft_async(spin) {
    weft_begin(spin);
    while (self->steps-- > 0)
        weft_await(weft_sleep(0));
    weft_end();
}
weft_export(spin, steps);

/* Blocks, as no coroutine should. */
struct block {
    weft_frame frame;
    double seconds;
    double end;
};
weft_async(block) {
    weft_begin(block);
    self->end = weft_time() + self->seconds;
    while (weft_time() < self->end) {
    }
    weft_end();
}
weft_export(block, seconds);

/* Blocks by a sleep of C's library, when the module is two seconds old. */
struct doze {
    weft_frame frame;
    clock_t begin;
};
weft_async(doze) {
    weft_begin(doze);
    weft_await(weft_sleep(2.0));
    self->begin = clock();
    thrd_sleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    weft_return((double)(clock() - self->begin) / CLOCKS_PER_SEC);
    weft_end();
}
weft_export(doze);

/* Finishes in an order that only the simulation's choices decide. */
struct racer {
    weft_frame frame;
    int number;
};
weft_async(racer) {
    weft_begin(racer);
    weft_await(weft_sleep(1));
    printf("%d\n", self->number);
    weft_end();
}
struct race {
    weft_frame frame;
    int i;
    weft_group group;
};
weft_async(race) {
    weft_begin(race);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 0; self->i < 8; self->i++)
            weft_group_create_task(&self->group, weft_call(racer, .number = self->i));
    }
    weft_end();
}
weft_export(race);

/* The world as C's library shows it. */
struct world {
    weft_frame frame;
    time_t start;
    struct timespec busy;
};
weft_async(world) {
    weft_begin(world);
    self->start = time(NULL);
    weft_await(weft_sleep(3600));
    printf("%d seconds later\n", (int)(time(NULL) - self->start));
    self->start = time(NULL);
    while (time(NULL) == self->start) { /* a busy wait must come to its end */
    }
    printf("busy for %d\n", (int)(time(NULL) - self->start));
    weft_return((double)self->start);
    weft_end();
}
weft_export(world);
