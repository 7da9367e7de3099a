/* Barriers by themselves: rounds, resets and aborts, and that none is lost. Orders: tests/differential. */

#include "world.h"

/* Waits `rounds` times, and says its number and when, or why not. */
struct waits {
    weft_frame frame;
    weft_barrier *barrier;
    char name;
    double delay;
    int rounds, index;
    bool insists; /* comes again when it was cancelled */
    const weft_error *error;
};

weft_async(waits) {
    weft_begin(waits);
    while (self->rounds-- > 0) {
        weft_await(weft_sleep(self->delay));
        weft_try {
            weft_await_to(self->index, weft_barrier_wait(self->barrier));
            say("%c:%d@%g", self->name, self->index, weft_time());
        }
        weft_catch_all(self->error) {
            say("%c:%s@%g", self->name, name_of(self->error), weft_time());
            if (self->error->code == WEFT_CANCELLED && !self->insists)
                self->rounds = 0;
        }
    }
    weft_end();
}

#define WAITER(letter, after, times) \
    weft_create_task(                \
        weft_call(waits, .barrier = &self->barrier, .name = (letter), .delay = (after), .rounds = (times)))

#define SCENARIO(name)            \
    struct name {                 \
        weft_frame frame;         \
        weft_barrier barrier;     \
        weft_task *a, *b, *c, *d; \
        const weft_error *error;  \
        int i, index;             \
    };                            \
    weft_async(name)

static void say_state(const weft_barrier *barrier) {
    say("[%d/%d%s]", weft_barrier_waiting(barrier), weft_barrier_parties(barrier),
        weft_barrier_broken(barrier) ? " broken" : "");
}

/* A party without memory leaves, and the others wait for it. */
static void misses_who_fails(void) {
    sweep_allow(SWEEP_DEADLOCK);
}

/* --- Rounds --- */

SCENARIO(meets) {
    weft_begin(meets);
    weft_barrier_init(&self->barrier, 3);
    say_state(&self->barrier);
    self->a = WAITER('a', 1, 2);
    self->b = WAITER('b', 2, 2);
    self->c = WAITER('c', 3, 2);
    weft_await(weft_sleep(2.5));
    say_state(&self->barrier);
    weft_await(weft_gather(self->a, self->b, self->c));
    say_state(&self->barrier);
    weft_end();
}

TEST(all_go_on_when_the_last_one_comes_round_after_round) {
    misses_who_fails();
    RUN(weft_call(meets));
    CHECK_EQ_STR(world.said, "[0/3] [2/3] c:2@3 a:0@3 b:1@3 c:2@6 a:0@6 b:1@6 [0/3]");
}

SCENARIO(is_alone) {
    weft_begin(is_alone);
    weft_barrier_init(&self->barrier, 1);
    for (self->i = 0; self->i < 3; self->i++) {
        weft_await_to(self->index, weft_barrier_wait(&self->barrier));
        say("%d", self->index);
    }
    weft_with_as(self->index, &self->barrier) {
        say("inside %d", self->index);
    }
    weft_with(&self->barrier) {
        say_state(&self->barrier);
    }
    weft_end();
}

TEST(a_party_of_one_never_waits) {
    RUN(weft_call(is_alone));
    CHECK_EQ_STR(world.said, "0 0 0 inside 0 [0/1]");
}

/* Two rounds' worth of tasks come at once: those that are too many are the next round. */
SCENARIO(is_crowded) {
    weft_begin(is_crowded);
    weft_barrier_init(&self->barrier, 2);
    self->a = WAITER('a', 1, 1);
    self->b = WAITER('b', 1, 1);
    self->c = WAITER('c', 1, 1);
    self->d = WAITER('d', 1, 1);
    weft_await(weft_gather(self->a, self->b, self->c, self->d));
    say_state(&self->barrier);
    weft_end();
}

TEST(who_comes_too_early_is_in_the_next_round) {
    misses_who_fails();
    RUN(weft_call(is_crowded));
    CHECK_EQ_STR(world.said, "b:1@1 a:0@1 d:1@1 c:0@1 [0/2]");
}

/* --- Cancellation --- */

SCENARIO(loses_one) {
    weft_begin(loses_one);
    weft_barrier_init(&self->barrier, 2);
    self->a = WAITER('a', 1, 1);
    weft_await(weft_sleep(2));
    say_state(&self->barrier);
    weft_cancel(self->a);
    weft_await(self->a);
    say_state(&self->barrier);
    self->b = WAITER('b', 0, 1);
    self->c = WAITER('c', 1, 1);
    weft_await(weft_gather(self->b, self->c));
    weft_end();
}

TEST(who_is_cancelled_does_not_count) {
    misses_who_fails();
    RUN(weft_call(loses_one));
    CHECK_EQ_STR(world.said, "[1/2] a:Cancelled@2 [0/2] c:1@3 b:0@3");
}

SCENARIO(cancels_who_leaves) {
    weft_begin(cancels_who_leaves);
    weft_barrier_init(&self->barrier, 2);
    self->a = WAITER('a', 0, 1);
    weft_await(weft_sleep(1));
    weft_await(weft_barrier_wait(&self->barrier));
    say_state(&self->barrier); /* a has yet to leave */
    self->b = WAITER('b', 0, 1);
    weft_cancel(self->a);
    weft_await(self->a);
    self->c = WAITER('c', 0, 1);
    weft_await(weft_gather(self->b, self->c));
    say_state(&self->barrier);
    weft_end();
}

TEST(who_is_cancelled_while_leaving_lets_the_next_in) {
    misses_who_fails();
    RUN(weft_call(cancels_who_leaves));
    CHECK_EQ_STR(world.said, "[0/2] a:Cancelled@1 c:1@1 b:0@1 [0/2]");
}

/* --- Resets and aborts --- */

SCENARIO(resets) {
    weft_begin(resets);
    weft_barrier_init(&self->barrier, 3);
    weft_await(weft_barrier_reset(&self->barrier)); /* nobody is there */
    self->a = WAITER('a', 1, 2);
    self->b = WAITER('b', 1, 2);
    weft_await(weft_sleep(1.5));
    weft_await(weft_barrier_reset(&self->barrier));
    say_state(&self->barrier);
    self->c = WAITER('c', 0, 1); /* it comes while they leave */
    weft_await(weft_gather(self->a, self->b, self->c));
    say_state(&self->barrier);
    weft_end();
}

TEST(a_reset_breaks_the_round_and_no_other) {
    misses_who_fails();
    RUN(weft_call(resets));
    CHECK_EQ_STR(world.said, "[0/3] a:BrokenBarrier@1.5 b:BrokenBarrier@1.5 b:2@2.5 c:0@2.5 a:1@2.5 [0/3]");
}

SCENARIO(aborts) {
    weft_begin(aborts);
    weft_barrier_init(&self->barrier, 3);
    self->a = WAITER('a', 1, 2);
    self->b = WAITER('b', 1, 2);
    weft_await(weft_sleep(1.5));
    weft_await(weft_barrier_abort(&self->barrier));
    say_state(&self->barrier);
    weft_await(weft_gather(self->a, self->b));
    weft_await(weft_barrier_reset(&self->barrier));
    say_state(&self->barrier);
    self->a = WAITER('a', 0, 1);
    self->b = WAITER('b', 0, 1);
    weft_await(weft_barrier_wait(&self->barrier));
    weft_await(weft_gather(self->a, self->b));
    weft_end();
}

TEST(an_abort_breaks_every_round_until_a_reset) {
    misses_who_fails();
    RUN(weft_call(aborts));
    CHECK_EQ_STR(world.said, "[0/3 broken] a:BrokenBarrier@1.5 b:BrokenBarrier@1.5 a:BrokenBarrier@2.5 "
                             "b:BrokenBarrier@2.5 [0/3] b:2@2.5 a:1@2.5");
}

SCENARIO(aborts_who_leave) {
    weft_begin(aborts_who_leave);
    weft_barrier_init(&self->barrier, 2);
    self->a = WAITER('a', 0, 1);
    weft_await(weft_sleep(1));
    weft_await_to(self->index, weft_barrier_wait(&self->barrier));
    say("main:%d", self->index);
    weft_await(self->i == 'r' ? weft_barrier_reset(&self->barrier) : weft_barrier_abort(&self->barrier));
    weft_await(self->a);
    say_state(&self->barrier);
    weft_end();
}

TEST(an_abort_or_a_reset_reaches_who_has_not_left_yet) {
    misses_who_fails();
    RUN(weft_call(aborts_who_leave, .i = 'a'));
    CHECK_EQ_STR(world.said, "main:1 a:BrokenBarrier@1 [0/2 broken]");
    RUN(weft_call(aborts_who_leave, .i = 'r'));
    CHECK_EQ_STR(world.said, "main:1 a:BrokenBarrier@1 [0/2]");
}

SCENARIO(resets_a_broken_one) {
    weft_begin(resets_a_broken_one);
    weft_barrier_init(&self->barrier, 2);
    self->a = WAITER('a', 0, 1);
    weft_await(weft_sleep(1));
    weft_await(weft_barrier_abort(&self->barrier));
    weft_await(weft_barrier_reset(&self->barrier)); /* before a has left */
    say_state(&self->barrier);
    self->b = WAITER('b', 0, 1);
    self->c = WAITER('c', 0, 1);
    weft_await(weft_gather(self->a, self->b, self->c));
    weft_end();
}

TEST(a_reset_mends_a_barrier_that_some_have_yet_to_leave) {
    misses_who_fails();
    RUN(weft_call(resets_a_broken_one));
    CHECK_EQ_STR(world.said, "[0/2] a:BrokenBarrier@1 c:1@1 b:0@1");
}

/* --- Nothing is lost --- */

/* Tasks come and go for some rounds; at the end two more must still meet. */
SCENARIO(comes_and_goes) {
    weft_begin(comes_and_goes);
    weft_barrier_init(&self->barrier, 3);
    self->a = WAITER('a', 0, 4);
    self->b = WAITER('b', 1, 3);
    self->c = WAITER('c', 1, 2);
    self->d = WAITER('d', 2, 2);
    weft_await(weft_sleep(2));
    if (self->i == 1)
        weft_await(weft_barrier_reset(&self->barrier));
    for (self->i = 0; self->i < 10; self->i++)
        weft_await(weft_sleep(1));
    weft_task_cancel(self->a, NULL);
    weft_task_cancel(self->b, NULL);
    weft_task_cancel(self->c, NULL);
    weft_task_cancel(self->d, NULL);
    weft_await(weft_gather_return_errors(self->a, self->b, self->c, self->d));
    world.said[0] = '\0';
    say_state(&self->barrier);
    say("%d", weft_lock_locked(weft_condition_lock(&self->barrier.condition)));
    weft_end();
}

/* Returns whether the run came so far. */
static bool cancelled_at(uint64_t step, const weft_injection *injections, size_t count, bool resets) {
    world.options.injections = injections;
    world.options.injection_count = count;
    if (!CHECK(world_open()))
        return false;
    weft_task *main = world_start(weft_call(comes_and_goes, .i = resets));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    bool reached = weft_loop_steps(world.loop) >= step;
    if (!weft_task_cancelled(main)) {
        CHECK_EQ_STR(world.said, "[0/3] 0");
        CHECK_EQ_STR(world.reports, "");
    }
    world_close();
    return reached;
}

TEST(no_cancellation_is_counted_twice_or_never) {
    for (int resets = 0; resets < 2; resets++)
        for (uint32_t task = 1; task <= 5; task++)
            for (uint64_t step = 1; cancelled_at(step, &(weft_injection){step, task}, 1, resets); step++)
                for (uint64_t later = 1; later < 8; later++)
                    for (uint32_t second = 2; second <= 5; second++)
                        cancelled_at(step, (weft_injection[]){{step, task}, {step + later, second}}, 2,
                                     resets);
}

TEST(tasks_may_run_in_any_order) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world.options.seed = seed;
        world.options.seeded = world.options.permute_ready = true;
        RUN(weft_call(comes_and_goes, .i = seed % 2));
        CHECK_EQ_STR(world.said, "[0/3] 0");
    }
}

/* Returns whether an allocation failed. */
static bool runs_without_memory(size_t fail, bool onwards) {
    world.fail_at = fail;
    world.fail_onwards = onwards;
    if (!world_open())
        return strcmp(world_without_memory(), "OutOfMemory") == 0;
    weft_task *main = world_start(weft_call(comes_and_goes, .i = 1));
    CHECK(weft_task_done(main) || world_turn() == WEFT_TURN_DONE);
    if (weft_task_error(main) == NULL)
        CHECK_EQ_STR(world.said, "[0/3] 0");
    world_close();
    return world.out_of_memory;
}

TEST(any_allocation_may_fail) {
    for (int onwards = 0; onwards < 2; onwards++)
        for (size_t fail = 1; runs_without_memory(fail, onwards); fail++) {
        }
}

/* --- The end --- */

SCENARIO(waits_for_ever) {
    weft_begin(waits_for_ever);
    weft_barrier_init(&self->barrier, 2);
    weft_await(weft_barrier_wait(&self->barrier));
    weft_end();
}

TEST(who_waits_for_nobody_is_told) {
    CHECK(strstr(RUN(weft_call(waits_for_ever)), "waits for barrier") != NULL);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
}

SCENARIO(leaves_waiters_behind) {
    weft_begin(leaves_waiters_behind);
    weft_barrier_init(&self->barrier, 3);
    self->a = weft_create_task(
        weft_call(waits, .barrier = &self->barrier, .name = 'a', .rounds = 3, .insists = true));
    self->b = WAITER('b', 0, 1);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(waiters_are_destroyed_with_the_loop) {
    RUN(weft_call(leaves_waiters_behind));
    CHECK_EQ_STR(world.said, "a:Cancelled@1 b:Cancelled@1");
    CHECK(strstr(world.reports, "destroyed") != NULL);
}

static weft_barrier lasting;

SCENARIO(uses_a_lasting_one) {
    weft_begin(uses_a_lasting_one);
    self->a = weft_create_task(weft_call(waits, .barrier = &lasting, .name = 'a', .rounds = 1));
    weft_await(weft_sleep(1));
    if (self->i) /* the other is cancelled with the loop */
        weft_return_none();
    weft_await(weft_barrier_wait(&lasting));
    weft_await(self->a);
    weft_end();
}

TEST(one_barrier_serves_one_loop_after_the_other) {
    misses_who_fails();
    weft_barrier_init(&lasting, 2); /* without a loop */
    RUN(weft_call(uses_a_lasting_one, .i = 1));
    CHECK_EQ_STR(world.said, "a:Cancelled@1");
    RUN(weft_call(uses_a_lasting_one));
    CHECK_EQ_STR(world.said, "a:0@1");
}

/* --- Misuse --- */

/* One way after the other to use a barrier. */
static weft_coroutine *use(weft_barrier *barrier, int how) {
    return how == 0   ? weft_barrier_wait(barrier)
           : how == 1 ? weft_barrier_reset(barrier)
                      : weft_barrier_abort(barrier);
}

struct misuses {
    weft_frame frame;
    weft_barrier *barrier;
    const weft_error *error;
    int how;
};

weft_async(misuses) {
    weft_begin(misuses);
    for (self->how = 0; self->how < 3; self->how++) {
        weft_try {
            weft_await(use(self->barrier, self->how));
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    weft_with(self->barrier) {
        say("entered");
    }
    weft_end();
}

TEST(a_barrier_without_parties_refuses_every_use) {
    weft_barrier barrier = {.parties = 0};
    for (int parties = -1; parties <= 0; parties++) {
        CHECK(strstr(RUN(weft_call(misuses, .barrier = &barrier)), "InvalidArgument: the barrier") != NULL);
        CHECK_EQ_STR(world.said, "InvalidArgument InvalidArgument InvalidArgument");
        weft_barrier_init(&barrier, parties);
    }
    CHECK(strstr(RUN(weft_call(misuses, .barrier = NULL)), "TypeMismatch") != NULL);
    CHECK_EQ_STR(world.said, "TypeMismatch TypeMismatch TypeMismatch");
}

TEST_MAIN(TEST_CASE(all_go_on_when_the_last_one_comes_round_after_round),
          TEST_CASE(a_party_of_one_never_waits), TEST_CASE(who_comes_too_early_is_in_the_next_round),
          TEST_CASE(who_is_cancelled_does_not_count),
          TEST_CASE(who_is_cancelled_while_leaving_lets_the_next_in),
          TEST_CASE(a_reset_breaks_the_round_and_no_other),
          TEST_CASE(an_abort_breaks_every_round_until_a_reset),
          TEST_CASE(an_abort_or_a_reset_reaches_who_has_not_left_yet),
          TEST_CASE(a_reset_mends_a_barrier_that_some_have_yet_to_leave),
          TEST_CASE(no_cancellation_is_counted_twice_or_never), TEST_CASE(tasks_may_run_in_any_order),
          TEST_CASE(any_allocation_may_fail), TEST_CASE(who_waits_for_nobody_is_told),
          TEST_CASE(waiters_are_destroyed_with_the_loop),
          TEST_CASE(one_barrier_serves_one_loop_after_the_other),
          TEST_CASE(a_barrier_without_parties_refuses_every_use))
