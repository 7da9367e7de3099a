/* Semaphores by themselves: permits are never lost nor made. Orders and races: tests/differential. */

#include "world.h"

struct uses {
    weft_frame frame;
    weft_semaphore *permits;
    int *inside, *most;
    double delay;
};

weft_async(uses) {
    weft_begin(uses);
    weft_with(self->permits) {
        if (++*self->inside > *self->most)
            *self->most = *self->inside;
        weft_try {
            weft_await(weft_sleep(self->delay));
        }
        weft_finally {
            --*self->inside;
        }
    }
    weft_end();
}

enum { TASKS = 300 };

/* Many tasks that hold a permit for a while, and random cancellations of them. */
struct crowd {
    weft_frame frame;
    weft_semaphore permits;
    weft_task **tasks;
    uint64_t random;
    int i, inside, most;
    bool cancels;
};

static unsigned draw(struct crowd *self, unsigned below) {
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(self->random >> 33) % below;
}

weft_async(crowd) {
    weft_begin(crowd);
    weft_semaphore_init_bounded(&self->permits, 7);
    self->tasks = weft_allocate(TASKS * sizeof *self->tasks);
    for (int i = 0; i < TASKS; i++)
        self->tasks[i] = weft_create_task(weft_call(uses, .permits = &self->permits, .inside = &self->inside,
                                                    .most = &self->most, .delay = draw(self, 5) / 4.0));
    for (self->i = 0; self->cancels && self->i < 2 * TASKS; self->i++) {
        weft_await(weft_sleep(draw(self, 3) / 8.0));
        weft_task_cancel(self->tasks[draw(self, TASKS)], NULL);
    }
    for (self->i = 0; self->i < TASKS; self->i++)
        if (!weft_task_done(self->tasks[self->i]))
            weft_await(weft_gather_return_errors(self->tasks[self->i]));
    say("%d inside, %d at most, %u free", self->inside, self->most, weft_semaphore_value(&self->permits));
    weft_drop();
    weft_free(self->tasks);
    weft_end();
}

TEST(no_more_are_inside_than_there_are_permits) {
    RUN(weft_call(crowd, .random = 5));
    CHECK_EQ_STR(world.said, "0 inside, 7 at most, 7 free");
}

TEST(no_cancellation_loses_a_permit) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        RUN(weft_call(crowd, .random = seed, .cancels = true));
        CHECK_EQ_STR(world.said, "0 inside, 7 at most, 7 free");
    }
}

struct bounds {
    weft_frame frame;
    weft_semaphore permits;
    const weft_error *error;
    bool acquired;
};

weft_async(bounds) {
    weft_begin(bounds);
    weft_semaphore_init_bounded(&self->permits, 1);
    say("%s", name_of(weft_semaphore_release(&self->permits)));
    weft_await_to(self->acquired, weft_semaphore_acquire(&self->permits));
    say("%d %d", self->acquired, weft_semaphore_locked(&self->permits));
    say("%s", name_of(weft_semaphore_release(&self->permits)));
    say("%s", name_of(weft_semaphore_release(&self->permits)));
    say("%u", weft_semaphore_value(&self->permits));
    weft_try {
        weft_with(&self->permits) {
            weft_semaphore_release(&self->permits);
        }
    }
    weft_catch(self->error) {
        say("block: %s", name_of(self->error));
    }
    weft_semaphore_init(&self->permits, 0);
    say("%d", weft_semaphore_locked(&self->permits));
    say("%s", name_of(weft_semaphore_release(&self->permits)));
    say("%u", weft_semaphore_value(&self->permits));
    weft_end();
}

TEST(a_bounded_one_is_not_released_too_often) {
    RUN(weft_call(bounds));
    CHECK_EQ_STR(world.said, "InvalidArgument 1 1 none InvalidArgument 1 block: InvalidArgument 1 none 1");
}

struct in_gather {
    weft_frame frame;
    weft_semaphore permits;
};

weft_async(in_gather) {
    weft_begin(in_gather);
    weft_semaphore_init(&self->permits, 1);
    weft_await(weft_gather(weft_semaphore_acquire(&self->permits), weft_sleep(1)));
    say("%u", weft_semaphore_value(&self->permits));
    weft_await(weft_wait_for(weft_semaphore_acquire(&self->permits), 2));
    weft_end();
}

TEST(acquire_is_awaited_wherever_a_coroutine_is) {
    CHECK(strstr(RUN(weft_call(in_gather)), "TimedOut") != NULL);
    CHECK_EQ_STR(world.said, "0");
}

struct nothing {
    weft_frame frame;
};

weft_async(nothing) {
    weft_begin(nothing);
    weft_await(weft_semaphore_acquire(NULL));
    weft_end();
}

TEST(an_operation_on_null_raises) {
    CHECK(strstr(RUN(weft_call(nothing)), "TypeMismatch") != NULL);
}

TEST_MAIN(TEST_CASE(no_more_are_inside_than_there_are_permits), TEST_CASE(no_cancellation_loses_a_permit),
          TEST_CASE(a_bounded_one_is_not_released_too_often),
          TEST_CASE(acquire_is_awaited_wherever_a_coroutine_is), TEST_CASE(an_operation_on_null_raises))
