/* Locks by themselves: one at a time, and never lost. Orders and races: tests/differential. */

#include "world.h"

/* --- What tasks do with a lock --- */

/* Takes the lock, keeps it for a while, and says when it got it, or why not. */
struct takes {
    weft_frame frame;
    weft_lock *lock;
    char name;
    double seconds;
    const weft_error *error;
};

weft_async(takes) {
    weft_begin(takes);
    weft_try {
        weft_with(self->lock) {
            say("%c@%g", self->name, weft_time());
            weft_await(weft_sleep(self->seconds));
        }
    }
    weft_catch_all(self->error) {
        say("%c:%s@%g", self->name, name_of(self->error), weft_time());
    }
    weft_end();
}

#define TAKER(letter, time) \
    weft_create_task(weft_call(takes, .lock = &self->lock, .name = (letter), .seconds = (time)))

#define SCENARIO(name)           \
    struct name {                \
        weft_frame frame;        \
        weft_lock lock;          \
        weft_task *a, *b, *c;    \
        const weft_error *error; \
        int i;                   \
        bool got;                \
    };                           \
    weft_async(name)

/* --- Turns --- */

SCENARIO(queues_up) {
    weft_begin(queues_up);
    self->a = TAKER('a', 1);
    self->b = TAKER('b', 2);
    self->c = TAKER('c', 3);
    weft_await(weft_sleep(0.5));
    say("%d", weft_lock_locked(&self->lock));
    weft_await(weft_gather(self->a, self->b, self->c));
    say("%d@%g", weft_lock_locked(&self->lock), weft_time());
    weft_end();
}

TEST(who_comes_first_is_served_first) {
    RUN(weft_call(queues_up));
    CHECK_EQ_STR(world.said, "a@0 1 b@1 c@3 0@6");
}

static void tick(void *argument) {
    (void)argument;
    say("tick");
}

SCENARIO(takes_a_free_one) {
    weft_begin(takes_a_free_one);
    weft_call_soon(tick, NULL);
    weft_await_to(self->got, weft_lock_acquire(&self->lock));
    say("%d", self->got);
    weft_lock_release(&self->lock);
    weft_with(&self->lock) {
        say("%d", weft_lock_locked(&self->lock));
    }
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(a_free_lock_is_taken_without_giving_up_the_turn) {
    RUN(weft_call(takes_a_free_one));
    CHECK_EQ_STR(world.said, "1 1 tick");
}

SCENARIO(asks_again) {
    weft_begin(asks_again);
    weft_await(weft_lock_acquire(&self->lock));
    self->a = TAKER('a', 1);
    weft_await(weft_sleep(1));
    weft_lock_release(&self->lock);
    say("%d", weft_lock_locked(&self->lock)); /* a has yet to resume with it */
    weft_await(weft_lock_acquire(&self->lock));
    say("main@%g", weft_time());
    weft_end();
}

TEST(who_releases_and_asks_again_stands_behind) {
    RUN(weft_call(asks_again));
    CHECK_EQ_STR(world.said, "0 a@1 main@2");
}

/* --- Releases --- */

SCENARIO(releases_too_often) {
    weft_begin(releases_too_often);
    say("%s", name_of(weft_lock_release(&self->lock)));
    weft_await(weft_lock_acquire(&self->lock));
    say("%s", name_of(weft_lock_release(&self->lock)));
    say("%s", name_of(weft_lock_release(&self->lock)));
    weft_try {
        weft_with(&self->lock) {
            weft_lock_release(&self->lock);
        }
    }
    weft_catch(self->error) {
        say("block: %s", self->error->message);
    }
    weft_end();
}

TEST(a_lock_that_nobody_has_is_not_released) {
    RUN(weft_call(releases_too_often));
    CHECK_EQ_STR(world.said, "RuntimeError none RuntimeError block: the lock is not acquired");
}

SCENARIO(releases_anothers) {
    weft_begin(releases_anothers);
    self->a = TAKER('a', 5);
    self->b = TAKER('b', 1);
    weft_await(weft_sleep(1));
    say("%s", name_of(weft_lock_release(&self->lock)));
    weft_await(weft_gather(self->a, self->b));
    weft_end();
}

TEST(anybody_may_release_it) {
    RUN(weft_call(releases_anothers));
    CHECK_EQ_STR(world.said, "a@0 none b@1 a:RuntimeError@5");
}

SCENARIO(fails_inside) {
    weft_begin(fails_inside);
    weft_try {
        weft_with(&self->lock) {
            weft_raise(WEFT_USER, "inside");
        }
    }
    weft_catch(self->error) {
        say("%s %d", self->error->message, weft_lock_locked(&self->lock));
    }
    weft_end();
}

TEST(an_error_releases_it) {
    RUN(weft_call(fails_inside));
    CHECK_EQ_STR(world.said, "inside 0");
}

/* --- Cancellation --- */

/* Main has the lock, and a and b wait. It releases the lock (r) and cancels them (a, b) in some order. */
struct races {
    weft_frame frame;
    const char *what;
    weft_lock lock;
    weft_task *a, *b, *c;
};

weft_async(races) {
    weft_begin(races);
    weft_await(weft_lock_acquire(&self->lock));
    self->a = TAKER('a', 1);
    self->b = TAKER('b', 1);
    weft_await(weft_sleep(1));
    for (; *self->what != '\0'; self->what++)
        if (*self->what == 'r')
            weft_lock_release(&self->lock);
        else
            weft_cancel(*self->what == 'a' ? self->a : self->b);
    self->c = TAKER('c', 1);
    weft_await(weft_gather(self->a, self->b, self->c));
    say("%d", weft_lock_locked(&self->lock));
    weft_end();
}

TEST(a_cancellation_passes_the_lock_on) {
    static const char *const rows[][2] = {
        {"r", "a@1 b@2 c@3 0"},
        {"ra", "a:Cancelled@1 b@1 c@2 0"},
        {"ar", "a:Cancelled@1 b@1 c@2 0"},
        {"rb", "a@1 b:Cancelled@1 c@2 0"},
        {"br", "b:Cancelled@1 a@1 c@2 0"},
        {"rab", "a:Cancelled@1 b:Cancelled@1 c@1 0"},
        {"rba", "a:Cancelled@1 b:Cancelled@1 c@1 0"},
        {"arb", "a:Cancelled@1 b:Cancelled@1 c@1 0"},
        {"bra", "b:Cancelled@1 a:Cancelled@1 c@1 0"},
        {"abr", "a:Cancelled@1 b:Cancelled@1 c@1 0"},
        {"bar", "b:Cancelled@1 a:Cancelled@1 c@1 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        RUN(weft_call(races, .what = rows[i][0]));
        CHECK_EQ_STR(world.said, rows[i][1]);
    }
}

/* --- Nothing is lost --- */

/* Some tasks take the lock again and again, and count how many are inside at once. */
struct visits {
    weft_frame frame;
    weft_lock *lock;
    int *inside, *most;
    int left;
};

weft_async(visits) {
    weft_begin(visits);
    while (self->left-- > 0) {
        weft_with(self->lock) {
            weft_try {
                if (++*self->inside > *self->most)
                    *self->most = *self->inside;
                weft_await(weft_sleep(self->left % 2));
            }
            weft_finally {
                --*self->inside;
            }
        }
    }
    weft_end();
}

enum { VISITORS = 5 };

struct crowd {
    weft_frame frame;
    weft_lock lock;
    weft_task *tasks[VISITORS];
    int i, inside, most;
};

/* A lost wake-up would leave a visitor waiting for ever, and main with a Deadlock. */
weft_async(crowd) {
    weft_begin(crowd);
    for (int i = 0; i < VISITORS; i++)
        self->tasks[i] = weft_create_task(
            weft_call(visits, .lock = &self->lock, .inside = &self->inside, .most = &self->most, .left = 3));
    for (self->i = 0; self->i < VISITORS; self->i++)
        weft_await(weft_gather_return_errors(self->tasks[self->i]));
    say("%d, at most %d", self->inside, self->most);
    if (weft_lock_locked(&self->lock))
        say("locked");
    weft_await(weft_lock_acquire(&self->lock));
    weft_end();
}

/* Returns whether the run came so far. */
static bool cancelled_at(uint64_t step, const weft_injection *injections, size_t count) {
    world.options.injections = injections;
    world.options.injection_count = count;
    if (!CHECK(world_open()))
        return false;
    weft_task *main = world_start(weft_call(crowd));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    bool reached = weft_loop_steps(world.loop) >= step;
    if (!weft_task_cancelled(main)) {
        world_outcome(main);
        CHECK_EQ_STR(world.outcome, "none");
        CHECK_EQ_STR(world.said, "0, at most 1");
        CHECK_EQ_STR(world.reports, "");
    }
    world_close();
    return reached;
}

TEST(no_cancellation_loses_the_lock) {
    for (uint32_t task = 1; task <= VISITORS + 1; task++)
        for (uint64_t step = 1; cancelled_at(step, &(weft_injection){step, task}, 1); step++)
            for (uint64_t later = 0; later < 8; later++)
                for (uint32_t second = 2; second <= VISITORS + 1; second++)
                    cancelled_at(step, (weft_injection[]){{step, task}, {step + later, second}}, 2);
}

TEST(tasks_may_run_in_any_order) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world.options.seed = seed;
        world.options.seeded = world.options.permute_ready = true;
        CHECK_EQ_STR(RUN(weft_call(crowd)), "none");
        CHECK_EQ_STR(world.said, "0, at most 1");
    }
}

/* Returns whether an allocation failed. */
static bool runs_without_memory(size_t fail, bool onwards) {
    world.fail_at = fail;
    world.fail_onwards = onwards;
    if (!world_open())
        return strcmp(world_without_memory(), "OutOfMemory") == 0;
    weft_task *main = world_start(weft_call(crowd));
    CHECK(weft_task_done(main) || world_turn() == WEFT_TURN_DONE);
    if (weft_task_error(main) == NULL)
        CHECK_EQ_STR(world.said, "0, at most 1");
    else
        CHECK_EQ_INT(weft_task_error(main)->code, WEFT_OUT_OF_MEMORY);
    world_close();
    return world.out_of_memory;
}

TEST(any_allocation_may_fail) {
    for (int onwards = 0; onwards < 2; onwards++)
        for (size_t fail = 1; runs_without_memory(fail, onwards); fail++) {
        }
}

/* --- Wherever a coroutine is awaited --- */

SCENARIO(goes_into_a_gather) {
    weft_begin(goes_into_a_gather);
    weft_await(weft_gather(weft_lock_acquire(&self->lock), weft_sleep(1)));
    say("%d", weft_lock_locked(&self->lock));
    weft_try {
        weft_await(weft_wait_for(weft_lock_acquire(&self->lock), 2));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        say("%s@%g", name_of(self->error), weft_time());
    }
    weft_lock_release(&self->lock);
    weft_await_to(self->got, weft_wait_for(weft_lock_acquire(&self->lock), 2));
    say("%d", self->got);
    weft_end();
}

TEST(acquire_is_awaited_wherever_a_coroutine_is) {
    RUN(weft_call(goes_into_a_gather));
    CHECK_EQ_STR(world.said, "1 TimedOut@3 1");
}

/* --- The end --- */

SCENARIO(takes_it_twice) {
    weft_begin(takes_it_twice);
    weft_lock_init(&self->lock);
    weft_await(weft_lock_acquire(&self->lock));
    weft_await(weft_lock_acquire(&self->lock));
    weft_end();
}

TEST(who_takes_it_twice_is_told) {
    CHECK(strstr(RUN(weft_call(takes_it_twice)), "waits for lock") != NULL);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
}

/* Asks for the lock until it gets it, whatever comes. */
struct insists {
    weft_frame frame;
    weft_lock *lock;
    const weft_error *error;
    bool got;
};

weft_async(insists) {
    weft_begin(insists);
    while (!self->got) {
        weft_try {
            weft_await_to(self->got, weft_lock_acquire(self->lock));
        }
        weft_catch_all(self->error) {
            say("again");
        }
    }
    weft_end();
}

SCENARIO(leaves_one_behind) {
    weft_begin(leaves_one_behind);
    weft_await(weft_lock_acquire(&self->lock));
    weft_create_task(weft_call(insists, .lock = &self->lock));
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_waiter_is_destroyed_with_the_loop) {
    RUN(weft_call(leaves_one_behind));
    CHECK_EQ_STR(world.said, "again");
    CHECK(strstr(world.reports, "destroyed") != NULL);
}

static weft_lock lasting;

SCENARIO(uses_a_lasting_one) {
    weft_begin(uses_a_lasting_one);
    weft_await(weft_lock_acquire(&lasting));
    self->a = weft_create_task(weft_call(takes, .lock = &lasting, .name = 'a', .seconds = 1));
    weft_await(weft_sleep(1));
    weft_lock_release(&lasting);
    if (self->i == 0) /* else it is cancelled when main has ended */
        weft_await(self->a);
    weft_end();
}

TEST(one_lock_serves_one_loop_after_the_other) {
    RUN(weft_call(uses_a_lasting_one, .i = 1));
    CHECK_EQ_STR(world.said, "a@1 a:Cancelled@1");
    RUN(weft_call(uses_a_lasting_one));
    CHECK_EQ_STR(world.said, "a@1");
    CHECK_EQ_STR(name_of(weft_lock_release(&lasting)), "RuntimeError"); /* without a loop, too */
}

SCENARIO(uses_none) {
    weft_begin(uses_none);
    weft_try {
        weft_with((weft_lock *)NULL) {
            say("entered");
        }
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_await(weft_lock_acquire(NULL));
    weft_end();
}

TEST(a_lock_that_is_null_raises) {
    CHECK(strstr(RUN(weft_call(uses_none)), "TypeMismatch") != NULL);
    CHECK_EQ_STR(world.said, "TypeMismatch");
}

TEST_MAIN(TEST_CASE(who_comes_first_is_served_first),
          TEST_CASE(a_free_lock_is_taken_without_giving_up_the_turn),
          TEST_CASE(who_releases_and_asks_again_stands_behind),
          TEST_CASE(a_lock_that_nobody_has_is_not_released), TEST_CASE(anybody_may_release_it),
          TEST_CASE(an_error_releases_it), TEST_CASE(a_cancellation_passes_the_lock_on),
          TEST_CASE(no_cancellation_loses_the_lock), TEST_CASE(tasks_may_run_in_any_order),
          TEST_CASE(any_allocation_may_fail), TEST_CASE(acquire_is_awaited_wherever_a_coroutine_is),
          TEST_CASE(who_takes_it_twice_is_told), TEST_CASE(a_waiter_is_destroyed_with_the_loop),
          TEST_CASE(one_lock_serves_one_loop_after_the_other), TEST_CASE(a_lock_that_is_null_raises))
