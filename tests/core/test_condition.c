/* Conditions by themselves: no notification is lost and the lock is in hand. Orders: tests/differential. */

#include "world.h"

/* --- What tasks do with a condition --- */

/* Waits once and says how it ended; is the lock not in hand then, says that, too. */
struct waits {
    weft_frame frame;
    weft_condition *condition;
    char name;
    bool done;
    const weft_error *error;
};

weft_async(waits) {
    weft_begin(waits);
    weft_with(self->condition) {
        weft_try {
            weft_await_to(self->done, weft_condition_wait(self->condition));
            say("%c:%d@%g", self->name, self->done, weft_time());
        }
        weft_catch_all(self->error) {
            say("%c:%s(%s)@%g", self->name, name_of(self->error), self->error->message, weft_time());
        }
        if (!weft_lock_locked(weft_condition_lock(self->condition)))
            say("%c:unlocked", self->name);
        weft_await(weft_sleep(1));
    }
    weft_end();
}

static weft_task *waiter(weft_condition *condition, char name) {
    return weft_create_task(weft_call(waits, .condition = condition, .name = name));
}

/* What the scenarios below need. */
#define SCENARIO(name)                   \
    struct name {                        \
        weft_frame frame;                \
        weft_condition condition, other; \
        weft_lock lock;                  \
        weft_task *a, *b, *c;            \
        const weft_error *error;         \
        int value;                       \
        bool done;                       \
    };                                   \
    weft_async(name)

/* --- Notifying --- */

SCENARIO(notifies_some) {
    weft_begin(notifies_some);
    self->a = waiter(&self->condition, 'a');
    self->b = waiter(&self->condition, 'b');
    self->c = waiter(&self->condition, 'c');
    weft_await(weft_sleep(10));
    weft_with(&self->condition) {
        say("%s", name_of(weft_condition_notify(&self->condition, 0)));
        say("%s", name_of(weft_condition_notify(&self->condition, 2)));
        weft_await(weft_sleep(1));
        say("notifier@%g", weft_time());
    }
    weft_await(weft_sleep(10));
    weft_with(&self->condition) {
        weft_condition_notify(&self->condition, 5);
    }
    weft_await(self->c);
    weft_end();
}

TEST(those_who_waited_longest_go_on_one_after_the_other) {
    RUN(weft_call(notifies_some));
    CHECK_EQ_STR(world.said, "none none notifier@11 a:1@11 b:1@12 c:1@21");
}

SCENARIO(notifies_all) {
    weft_begin(notifies_all);
    self->a = waiter(&self->condition, 'a');
    self->b = waiter(&self->condition, 'b');
    weft_await(weft_sleep(1));
    weft_with(&self->condition) {
        say("%s", name_of(weft_condition_notify_all(&self->condition)));
        self->c = waiter(&self->condition, 'c');
    }
    weft_await(self->b);
    weft_await(weft_sleep(10));
    say("%d", weft_task_done(self->c));
    weft_cancel(self->c);
    weft_await(self->c);
    weft_end();
}

TEST(who_comes_after_a_notification_waits) {
    RUN(weft_call(notifies_all));
    CHECK_EQ_STR(world.said, "none a:1@1 b:1@2 0 c:Cancelled()@13");
}

SCENARIO(has_no_lock) {
    weft_begin(has_no_lock);
    say("%s", name_of(weft_condition_notify(&self->condition, 1)));
    say("%s", name_of(weft_condition_notify_all(&self->condition)));
    weft_try {
        weft_await(weft_condition_wait(&self->condition));
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_with(&self->condition) {
        weft_lock_release(weft_condition_lock(&self->condition));
        weft_await(weft_condition_wait(&self->condition));
    }
    weft_end();
}

TEST(nothing_goes_without_the_lock) {
    CHECK(strstr(RUN(weft_call(has_no_lock)), "RuntimeError") != NULL);
    CHECK_EQ_STR(world.said, "RuntimeError RuntimeError the condition's lock is not acquired");
}

/* --- Predicates --- */

static bool is_three(void *value) {
    say("?%d", *(int *)value);
    return *(int *)value == 3;
}

struct waits_for_three {
    weft_frame frame;
    weft_condition *condition;
    int *value;
    bool done;
};

weft_async(waits_for_three) {
    weft_begin(waits_for_three);
    weft_with(self->condition) {
        weft_await_to(self->done, weft_condition_wait_for(self->condition, is_three, self->value));
        say("three: %d", self->done);
    }
    weft_end();
}

SCENARIO(counts_up) {
    weft_begin(counts_up);
    self->a =
        weft_create_task(weft_call(waits_for_three, .condition = &self->condition, .value = &self->value));
    while (self->value < 3) {
        weft_await(weft_sleep(1));
        weft_with(&self->condition) {
            self->value++;
            weft_condition_notify(&self->condition, 1);
        }
    }
    weft_await(self->a);
    weft_await_to(self->done, weft_condition_wait_for(&self->condition, is_three, &self->value));
    weft_await(weft_condition_wait_for(&self->condition, NULL, NULL));
    weft_end();
}

TEST(wait_for_looks_again_whenever_it_is_woken) {
    CHECK(strstr(RUN(weft_call(counts_up)), "TypeMismatch") != NULL);
    CHECK_EQ_STR(world.said, "?0 ?1 ?2 ?3 three: 1 ?3");
}

/* --- Cancellation --- */

SCENARIO(cancels_a_waiter) {
    weft_begin(cancels_a_waiter);
    self->a = waiter(&self->condition, 'a');
    self->b = waiter(&self->condition, 'b');
    weft_await(weft_sleep(1));
    weft_task_cancel(self->a, "away");
    weft_with(&self->condition) {
        weft_condition_notify(&self->condition, 1);
    }
    weft_await(self->b);
    weft_end();
}

TEST(a_notification_skips_who_was_cancelled) {
    RUN(weft_call(cancels_a_waiter));
    CHECK_EQ_STR(world.said, "a:Cancelled(away)@1 b:1@2");
}

SCENARIO(cancels_again_and_again) {
    weft_begin(cancels_again_and_again);
    self->a = waiter(&self->condition, 'a');
    weft_await(weft_sleep(1));
    weft_with(&self->condition) {
        weft_task_cancel(self->a, "first");
        weft_await(weft_sleep(1));
        weft_task_cancel(self->a, "second");
        weft_await(weft_sleep(1));
        weft_task_cancel(self->a, "last");
        weft_await(weft_sleep(1));
        say("%u", weft_task_cancelling(self->a));
    }
    weft_await(self->a);
    say("%d", weft_lock_locked(weft_condition_lock(&self->condition)));
    weft_end();
}

TEST(who_was_cancelled_waits_for_the_lock_and_raises_the_last_cancellation) {
    RUN(weft_call(cancels_again_and_again));
    CHECK_EQ_STR(world.said, "3 a:Cancelled(last)@4 0");
}

SCENARIO(cancels_the_notified) {
    weft_begin(cancels_the_notified);
    self->a = waiter(&self->condition, 'a');
    self->b = waiter(&self->condition, 'b');
    weft_await(weft_sleep(1));
    weft_with(&self->condition) {
        weft_condition_notify(&self->condition, 1);
        if (self->done) /* while it waits for the lock, else before it resumes */
            weft_await(weft_sleep(1));
        weft_task_cancel(self->a, NULL);
    }
    weft_await(self->b);
    weft_end();
}

TEST(a_notification_of_one_cancelled_goes_to_another) {
    RUN(weft_call(cancels_the_notified));
    CHECK_EQ_STR(world.said, "a:Cancelled()@1 b:1@2");
    RUN(weft_call(cancels_the_notified, .done = true));
    CHECK_EQ_STR(world.said, "a:Cancelled()@2 b:1@3");
}

SCENARIO(times_out) {
    weft_begin(times_out);
    weft_with(&self->condition) {
        weft_try {
            weft_await(weft_wait_for(weft_condition_wait(&self->condition), 2));
        }
        weft_catch_code(WEFT_TIMED_OUT, self->error) {
            say("%g %d", weft_time(), weft_lock_locked(weft_condition_lock(&self->condition)));
        }
        say("%s", name_of(weft_condition_notify_all(&self->condition)));
    }
    say("%d", weft_lock_locked(weft_condition_lock(&self->condition)));
    weft_end();
}

TEST(who_waited_too_long_has_the_lock) {
    RUN(weft_call(times_out));
    CHECK_EQ_STR(world.said, "2 1 none 0");
}

/* --- Locks of others --- */

SCENARIO(shares_a_lock) {
    weft_begin(shares_a_lock);
    weft_condition_init(&self->condition, &self->lock);
    weft_condition_init(&self->other, &self->lock);
    say("%d", weft_condition_lock(&self->other) == &self->lock);
    self->a = waiter(&self->condition, 'a');
    self->b = waiter(&self->other, 'b');
    weft_await(weft_sleep(1));
    weft_with(&self->lock) {
        weft_condition_notify(&self->other, 1);
    }
    weft_await(self->b);
    weft_with(&self->other) {
        weft_condition_notify(&self->condition, 1);
    }
    weft_await(self->a);
    weft_condition_init(&self->condition, NULL);
    say("%d", weft_condition_lock(&self->condition) == &self->lock);
    weft_end();
}

TEST(conditions_share_a_lock) {
    RUN(weft_call(shares_a_lock));
    CHECK_EQ_STR(world.said, "1 b:1@1 a:1@2 0");
}

/* --- Nothing is lost --- */

/* Items that some put and others take; whoever is cancelled in between must not take a wake-up with him. */
struct store {
    weft_condition condition;
    int items, made, taken;
    int inside; /* tasks that believe they have the lock */
    bool broken;
};

static bool has_items(void *object) {
    return ((struct store *)object)->items > 0;
}

static void enter(struct store *store) {
    store->broken |= ++store->inside != 1;
}

struct takes {
    weft_frame frame;
    struct store *store;
    bool entered;
};

weft_async(takes) {
    weft_begin(takes);
    weft_with(&self->store->condition) {
        weft_try {
            weft_await(weft_condition_wait_for(&self->store->condition, has_items, self->store));
            self->store->items--;
            self->store->taken++;
        }
        weft_finally {
            enter(self->store);
            self->store->inside--;
        }
    }
    weft_end();
}

struct makes {
    weft_frame frame;
    struct store *store;
    int left;
};

weft_async(makes) {
    weft_begin(makes);
    while (self->left-- > 0) {
        weft_with(&self->store->condition) {
            enter(self->store);
            weft_try {
                weft_await(weft_sleep(self->left % 2));
            }
            weft_finally {
                self->store->inside--;
            }
            self->store->items++;
            self->store->made++;
            weft_condition_notify(&self->store->condition, 1);
        }
    }
    weft_end();
}

enum { TAKERS = 6 };

/* Takers and makers; the makers are as many as to serve all, so a taker that still waits lost a wake-up. */
struct market {
    weft_frame frame;
    struct store store;
    weft_task *takers[TAKERS], *maker;
    int i, waiting;
    bool mutual;
};

weft_async(market) {
    weft_begin(market);
    for (int i = 0; i < TAKERS; i++)
        self->takers[i] = weft_create_task(weft_call(takes, .store = &self->store));
    self->maker = weft_create_task(weft_call(makes, .store = &self->store, .left = TAKERS));
    weft_await(weft_gather_return_errors(self->maker));
    for (self->i = 0; self->i < 20; self->i++)
        weft_await(weft_sleep(1));
    for (int i = 0; i < TAKERS; i++)
        self->waiting += !weft_task_done(self->takers[i]);
    say("%s%s%s%s", self->store.broken ? "broken " : "",
        self->store.items + self->store.taken != self->store.made ? "miscounted " : "",
        self->waiting > 0 && self->store.items > 0 ? "lost " : "",
        weft_lock_locked(weft_condition_lock(&self->store.condition)) ? "locked" : "free");
    weft_end();
}

TEST(a_market_comes_to_rest) {
    RUN(weft_call(market));
    CHECK_EQ_STR(world.said, "free");
}

/* Returns whether the run came so far. */
static bool cancelled_at(uint64_t step, const weft_injection *injections, size_t count) {
    world.options.injections = injections;
    world.options.injection_count = count;
    if (!CHECK(world_open()))
        return false;
    world_start(weft_call(market));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    bool reached = weft_loop_steps(world.loop) >= step;
    if (world.said[0] != '\0') /* else main itself was cancelled */
        CHECK_EQ_STR(world.said, "free");
    CHECK_EQ_STR(world.reports, "");
    world_close();
    return reached;
}

TEST(no_cancellation_loses_a_notification) {
    for (uint32_t task = 2; task <= TAKERS + 2; task++)
        for (uint64_t step = 1; cancelled_at(step, &(weft_injection){step, task}, 1); step++) {
        }
}

TEST(no_two_cancellations_lose_a_notification) {
    for (uint32_t task = 2; task <= TAKERS + 2; task++)
        for (uint64_t step = 1; cancelled_at(step, &(weft_injection){step, task}, 1); step++)
            for (uint64_t later = 0; later < 12; later++)
                for (uint32_t second = 2; second <= 4; second++)
                    cancelled_at(step, (weft_injection[]){{step, task}, {step + later, second}}, 2);
}

TEST(no_order_of_tasks_loses_a_notification) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world.options.seed = seed;
        world.options.seeded = world.options.permute_ready = true;
        RUN(weft_call(market));
        CHECK_EQ_STR(world.said, "free");
    }
}

/* The lock is in hand whichever allocation fails. */
SCENARIO(waits_without_memory) {
    weft_begin(waits_without_memory);
    weft_with(&self->condition) {
        self->value = 1;
        weft_try {
            self->value = 2;
            weft_await(weft_wait_for(weft_condition_wait(&self->condition), 1));
        }
        weft_catch_all(self->error) {
            say("%s %d", name_of(self->error), weft_lock_locked(weft_condition_lock(&self->condition)));
        }
    }
    weft_end();
}

/* Returns whether an allocation failed. */
static bool runs_without_memory(size_t fail) {
    world.fail_at = fail;
    if (!world_open())
        return strcmp(world_without_memory(), "OutOfMemory") == 0;
    weft_task *main = world_start(weft_call(waits_without_memory));
    CHECK(weft_task_done(main) || world_turn() == WEFT_TURN_DONE);
    world_close();
    return world.out_of_memory;
}

TEST(without_memory_the_lock_is_kept) {
    int refused = 0;
    for (size_t fail = 1; runs_without_memory(fail); fail++)
        if (CHECK(strcmp(world.said, "") == 0 || strcmp(world.said, "TimedOut 1") == 0 ||
                  strcmp(world.said, "OutOfMemory 1") == 0))
            refused += strcmp(world.said, "OutOfMemory 1") == 0;
    CHECK(refused > 0);
    CHECK_EQ_STR(world.said, "TimedOut 1");
}

/* --- The end --- */

SCENARIO(waits_for_ever) {
    weft_begin(waits_for_ever);
    weft_with(&self->condition) {
        weft_await(weft_condition_wait(&self->condition));
    }
    weft_end();
}

TEST(who_can_never_be_notified_is_told) {
    CHECK(strstr(RUN(weft_call(waits_for_ever)), "waits for condition") != NULL);
    CHECK(strstr(world.outcome, "condition 0") == NULL);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
}

/* Never gives up: it waits again when it was cancelled. */
struct insists {
    weft_frame frame;
    weft_condition *condition;
    const weft_error *error;
};

weft_async(insists) {
    weft_begin(insists);
    weft_with(self->condition) {
        for (;;) {
            weft_try {
                weft_await(weft_condition_wait(self->condition));
            }
            weft_catch_all(self->error) {}
        }
    }
    weft_end();
}

/* Keeps the lock for ever. */
struct keeps {
    weft_frame frame;
    weft_lock *lock;
    weft_future *never;
    const weft_error *error;
};

weft_async(keeps) {
    weft_begin(keeps);
    weft_await(weft_lock_acquire(self->lock));
    self->never = weft_create_future();
    weft_try {
        weft_await(weft_shield(self->never));
    }
    weft_catch_all(self->error) {}
    weft_await(self->never);
    weft_end();
}

SCENARIO(leaves_waiters_behind) {
    weft_begin(leaves_waiters_behind);
    weft_create_task(weft_call(insists, .condition = &self->condition));
    weft_create_task(weft_call(insists, .condition = &self->condition));
    weft_await(weft_sleep(1));
    if (self->value) { /* they will wait for the lock, each with a cancellation in hand */
        weft_create_task(weft_call(keeps, .lock = weft_condition_lock(&self->condition)));
        weft_await(weft_sleep(1));
    }
    say("%d", weft_lock_locked(weft_condition_lock(&self->condition)));
    weft_end();
}

TEST(waiters_are_destroyed_with_the_loop) {
    RUN(weft_call(leaves_waiters_behind));
    CHECK_EQ_STR(world.said, "0");
    CHECK(strstr(world.reports, "destroyed") != NULL);
    RUN(weft_call(leaves_waiters_behind, .value = 1));
    CHECK_EQ_STR(world.said, "1");
    CHECK(strstr(world.reports, "destroyed") != NULL);
}

static weft_condition lasting;

SCENARIO(uses_a_lasting_one) {
    weft_begin(uses_a_lasting_one);
    self->a = waiter(&lasting, 'a');
    weft_await(weft_sleep(1));
    if (self->value) /* the waiter is cancelled with the loop */
        weft_return_none();
    weft_with(&lasting) {
        weft_condition_notify_all(&lasting);
    }
    weft_await(self->a);
    weft_end();
}

TEST(one_condition_serves_one_loop_after_the_other) {
    RUN(weft_call(uses_a_lasting_one, .value = 1));
    CHECK_EQ_STR(world.said, "a:Cancelled()@1");
    RUN(weft_call(uses_a_lasting_one));
    CHECK_EQ_STR(world.said, "a:1@1");
}

/* --- Misuse --- */

SCENARIO(uses_none) {
    weft_begin(uses_none);
    weft_try {
        weft_with((weft_condition *)NULL) {
            say("entered");
        }
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_coroutine_close(weft_condition_wait(&self->condition));
    weft_await(weft_condition_wait(NULL));
    weft_end();
}

TEST(a_condition_that_is_null_raises) {
    CHECK(strstr(RUN(weft_call(uses_none)), "TypeMismatch") != NULL);
    CHECK_EQ_STR(world.said, "TypeMismatch");
}

TEST_MAIN(TEST_CASE(those_who_waited_longest_go_on_one_after_the_other),
          TEST_CASE(who_comes_after_a_notification_waits), TEST_CASE(nothing_goes_without_the_lock),
          TEST_CASE(wait_for_looks_again_whenever_it_is_woken),
          TEST_CASE(a_notification_skips_who_was_cancelled),
          TEST_CASE(who_was_cancelled_waits_for_the_lock_and_raises_the_last_cancellation),
          TEST_CASE(a_notification_of_one_cancelled_goes_to_another),
          TEST_CASE(who_waited_too_long_has_the_lock), TEST_CASE(conditions_share_a_lock),
          TEST_CASE(a_market_comes_to_rest), TEST_CASE(no_cancellation_loses_a_notification),
          TEST_CASE(no_two_cancellations_lose_a_notification),
          TEST_CASE(no_order_of_tasks_loses_a_notification), TEST_CASE(without_memory_the_lock_is_kept),
          TEST_CASE(who_can_never_be_notified_is_told), TEST_CASE(waiters_are_destroyed_with_the_loop),
          TEST_CASE(one_condition_serves_one_loop_after_the_other),
          TEST_CASE(a_condition_that_is_null_raises))
