/* What bad use gets: a clear error that names function and line, nothing lost, no crash. */

#include "world.h"

#include <math.h>

enum { MY_ERROR = WEFT_USER + 1 };

static unsigned drops;

struct rests {
    weft_frame frame;
    double seconds;
};

weft_async(rests) {
    weft_begin(rests);
    weft_await(weft_sleep(self->seconds));
    weft_return("rested");
    weft_drop();
    drops++;
    weft_end();
}

/* The outcome, after checking that the traceback's last entry is this function and line. */
static const char *raised_in(const char *function, int line) {
    char entry[500];
    snprintf(entry, sizeof entry, "line %d, in %s\n%.300s\n", line, function, world.outcome);
    CHECK(strstr(world.traceback, entry) != NULL);
    return world.outcome;
}

/* --- What cannot be awaited --- */

static int bad_line;

struct awaits_null {
    weft_frame frame;
    char how;
    weft_coroutine *coroutine;
    weft_task *task;
    weft_future *future;
    weft_semaphore *semaphore;
};

weft_async(awaits_null) {
    weft_begin(awaits_null);
    bad_line = __LINE__ + 2;
    if (self->how == 'c')
        weft_await(self->coroutine);
    bad_line = __LINE__ + 2;
    if (self->how == 't')
        weft_await(self->task);
    bad_line = __LINE__ + 2;
    if (self->how == 'f')
        weft_await(self->future);
    bad_line = __LINE__ + 2;
    if (self->how == 's')
        weft_await(weft_semaphore_acquire(self->semaphore));
    bad_line = __LINE__ + 2;
    if (self->how == 'C')
        weft_await(weft_create_task(self->coroutine));
    bad_line = __LINE__ + 2;
    if (self->how == 'g')
        weft_await(weft_gather(self->coroutine, weft_call(rests)));
    bad_line = __LINE__ + 2;
    if (self->how == 'e')
        weft_await(weft_ensure_future(self->coroutine));
    bad_line = __LINE__ + 2;
    if (self->how == 'h')
        weft_await(weft_shield(self->coroutine));
    weft_end();
}

TEST(null_cannot_be_awaited) {
    static const struct {
        char how;
        const char *outcome;
    } cases[] = {
        {'c', "TypeMismatch: awaited NULL, which is no coroutine"},
        {'t', "TypeMismatch: awaited NULL, which is no task and no future"},
        {'f', "TypeMismatch: awaited NULL, which is no task and no future"},
        {'s', "TypeMismatch: awaited an operation on NULL"},
        {'C', "TypeMismatch: a task needs a coroutine, not NULL"},
        {'g', "TypeMismatch: a task needs a coroutine, not NULL"},
        {'e', "TypeMismatch: a task needs a coroutine, not NULL"},
        {'h', "TypeMismatch: a task needs a coroutine, not NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        drops = 0;
        RUN(weft_call(awaits_null, .how = cases[i].how));
        CHECK_EQ_STR(raised_in("awaits_null", bad_line), cases[i].outcome);
        CHECK_EQ_INT(drops, cases[i].how == 'g');
        CHECK_EQ_STR(world.reports, "");
    }
}

struct awaits_twice {
    weft_frame frame;
    char how;
    weft_coroutine *coroutine;
    weft_task *task;
};

weft_async(awaits_twice) {
    weft_begin(awaits_twice);
    self->coroutine = weft_call(rests, .seconds = 1);
    if (self->how == 'a')
        weft_await(self->coroutine);
    if (self->how == 't' || self->how == 'g' || self->how == 'T')
        self->task = weft_create_task(self->coroutine);
    bad_line = __LINE__ + 2;
    if (self->how == 'a' || self->how == 't')
        weft_await(self->coroutine);
    bad_line = __LINE__ + 2;
    if (self->how == 'T')
        weft_await(weft_create_task(self->coroutine));
    bad_line = __LINE__ + 2;
    if (self->how == 'g')
        weft_await(weft_gather(self->coroutine, weft_call(rests)));
    weft_end();
}

TEST(a_coroutine_is_awaited_once) {
    for (const char *how = "atTg"; *how != '\0'; how++) {
        drops = 0;
        RUN(weft_call(awaits_twice, .how = *how));
        CHECK_EQ_STR(raised_in("awaits_twice", bad_line), "RuntimeError: the coroutine was awaited already");
        CHECK_EQ_INT(drops, *how == 'g' ? 2 : 1);
        CHECK_EQ_STR(world.reports, "");
    }
}

/* --- Circles --- */

struct awaits_itself {
    weft_frame frame;
    bool as_task;
};

weft_async(awaits_itself) {
    weft_begin(awaits_itself);
    bad_line = __LINE__ + 2;
    if (!self->as_task)
        weft_await((weft_coroutine *)(void *)self);
    bad_line = __LINE__ + 1;
    weft_await(weft_current_task());
    weft_drop();
    drops++;
    weft_end();
}

TEST(nobody_awaits_itself) {
    drops = 0;
    RUN(weft_call(awaits_itself));
    CHECK_EQ_STR(raised_in("awaits_itself", bad_line), "RuntimeError: the coroutine was awaited already");
    RUN(weft_call(awaits_itself, .as_task = true));
    CHECK_EQ_STR(raised_in("awaits_itself", bad_line), "RuntimeError: a task cannot await itself");
    CHECK_EQ_INT(drops, 2);
}

struct ring {
    weft_task *tasks[2000];
    int size;
    bool gather;
    bool held; /* the tasks, by a frame */
};
static struct ring ring;

struct awaits_the_next {
    weft_frame frame;
    int number;
};

weft_async(awaits_the_next) {
    weft_begin(awaits_the_next);
    if (!ring.held)
        weft_raise_error(&weft_error_out_of_memory);
    if (ring.gather)
        weft_await(weft_gather(ring.tasks[(self->number + 1) % ring.size]));
    else
        weft_await(ring.tasks[(self->number + 1) % ring.size]);
    weft_drop();
    drops++;
    weft_end();
}

struct makes_a_ring {
    weft_frame frame;
    int i;
};

weft_async(makes_a_ring) {
    weft_begin(makes_a_ring);
    ring.held = true;
    for (self->i = 0; self->i < ring.size; self->i++)
        ring.tasks[self->i] = weft_create_task(weft_call(awaits_the_next, .number = self->i));
    weft_await(ring.tasks[0]);
    weft_drop();
    ring.held = false;
    weft_end();
}

TEST(a_circle_of_tasks_is_an_error) {
    static const int sizes[] = {2, 3, 500};
    ring.gather = false;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        drops = 0;
        ring.size = sizes[i];
        CHECK_EQ_STR(RUN(weft_call(makes_a_ring)),
                     "RuntimeError: a cycle: the awaited task waits for this one");
        CHECK_EQ_INT(drops, sizes[i]);
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(a_circle_that_is_not_seen_is_a_deadlock) {
    for (int i = 0; i < 2; i++) {
        drops = 0;
        ring.gather = i == 0;
        ring.size = i == 0 ? 2 : 2000;
        RUN(weft_call(makes_a_ring));
        CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
        CHECK(strstr(world.outcome, "waits for") != NULL);
        CHECK(strstr(world.outcome, "in awaits_the_next") != NULL);
        CHECK_EQ_INT(drops, ring.size);
    }
}

struct waits_for_ever {
    weft_frame frame;
    weft_future *future;
};

weft_async(waits_for_ever) {
    weft_begin(waits_for_ever);
    self->future = weft_create_future();
    bad_line = __LINE__ + 1;
    weft_await(self->future);
    weft_end();
}

TEST(a_deadlock_names_who_waits_for_what_and_where) {
    char place[200];
    CHECK(strncmp(RUN(weft_call(waits_for_ever)), "Deadlock: nothing can wake the task any more:", 45) == 0);
    snprintf(place, sizeof place, "Task-1 (task 1) waits for future 2 at %s:%d in waits_for_ever", __FILE__,
             bad_line);
    CHECK(strstr(world.outcome, place) != NULL);
}

struct never_ends {
    weft_frame frame;
    weft_event event;
};

weft_async(never_ends) {
    weft_begin(never_ends);
    weft_try {
        weft_await(weft_event_wait(&self->event));
    }
    weft_finally {
        weft_await(weft_event_wait(&self->event));
    }
    weft_drop();
    drops++;
    weft_end();
}

struct has_one_that_never_ends {
    weft_frame frame;
    weft_group group;
    int depth;
};

weft_async(has_one_that_never_ends) {
    weft_begin(has_one_that_never_ends);
    weft_with_as(self->group, weft_task_group()) {
        if (self->depth > 0)
            weft_group_create_task(&self->group,
                                   weft_call(has_one_that_never_ends, .depth = self->depth - 1));
        else
            weft_group_create_task(&self->group, weft_call(never_ends));
    }
    weft_end();
}

TEST(a_deadlock_in_a_group_ends_what_does_not_end_when_it_is_cancelled) {
    for (int depth = 0; depth < 3; depth++) {
        drops = 0;
        RUN(weft_call(has_one_that_never_ends, .depth = depth));
        CHECK_EQ_INT(world.code, WEFT_GROUP);
        CHECK(strstr(world.outcome, "Deadlock: nothing can wake the tasks") != NULL);
        CHECK_EQ_INT(drops, 1);
    }
}

/* Returns whether it came to an allocation that failed. */
static bool wait_for_ever_without_memory(size_t fail, bool onwards, bool *told) {
    world.fail_at = fail;
    world.fail_onwards = onwards;
    weft_task *main = world_open() ? world_start(weft_call(waits_for_ever)) : NULL;
    if (main == NULL)
        return world_without_memory() != NULL;
    if (!weft_task_done(main))
        CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_outcome(main);
    world_close();
    bool reported = strstr(world.reports, "cancelled, since nothing can wake the task") != NULL;
    *told |= strcmp(world.outcome, "Deadlock: nothing can wake the tasks any more") == 0;
    CHECK(world.code == WEFT_DEADLOCK || world.code == WEFT_OUT_OF_MEMORY ||
          (world.code == WEFT_CANCELLED && reported));
    return world.out_of_memory;
}

TEST(a_deadlock_is_told_without_memory_too) {
    for (int onwards = 0; onwards < 2; onwards++) {
        bool told = false;
        for (size_t fail = 1; wait_for_ever_without_memory(fail, onwards, &told); fail++) {
        }
        CHECK(told || onwards);
    }
}

/* --- Jumps --- */

struct awaits_in_a_switch {
    weft_frame frame;
    int number;
};

weft_async(awaits_in_a_switch) {
    weft_begin(awaits_in_a_switch);
    switch (self->number) {
    case 1:
        bad_line = __LINE__ + 1;
        weft_await(weft_sleep(1));
        say("not reached");
        break;
    default:
        break;
    }
    say("after");
    weft_drop();
    drops++;
    weft_end();
}

TEST(an_await_in_a_switch_is_an_error) {
    drops = 0;
    RUN(weft_call(awaits_in_a_switch, .number = 1));
    CHECK_EQ_STR(raised_in("awaits_in_a_switch", bad_line),
                 "RuntimeError: an await inside a switch statement cannot be resumed");
    CHECK_EQ_STR(world.said, "");
    CHECK_EQ_INT(drops, 1);
}

struct leaves_by_goto {
    weft_frame frame;
    char how;
    int i;
    const weft_error *error;
};

weft_async(leaves_by_goto) {
    weft_begin(leaves_by_goto);
    weft_try {
        bad_line = __LINE__ + 1;
        weft_try {
            weft_await(weft_sleep(1));
            if (self->how == 'i')
                goto in_the_outer_block;
            if (self->how == 'o')
                goto out;
        }
        weft_finally {
            say("inner-finally");
        }
    in_the_outer_block:
        say("between");
    }
    weft_finally {
        say("outer-finally");
    }
out:
    weft_await(weft_sleep(1));
    say("out");
    weft_drop();
    drops++;
    weft_end();
}

TEST(a_goto_out_of_a_block_is_seen_at_the_end_of_the_block_around_it) {
    char expected[100];
    drops = 0;
    RUN(weft_call(leaves_by_goto, .how = 'i'));
    snprintf(expected, sizeof expected, "RuntimeError: a goto left the block of line %d", bad_line);
    CHECK_EQ_STR(world.outcome, expected);
    CHECK(strstr(world.said, "inner-finally outer-finally") != NULL);
    CHECK_EQ_INT(drops, 1);
}

TEST(blocks_that_a_goto_left_open_end_with_the_body) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(leaves_by_goto, .how = 'o')), "none");
    CHECK_EQ_STR(world.said, "out inner-finally outer-finally");
    CHECK_EQ_INT(drops, 1);
}

struct breaks_nothing {
    weft_frame frame;
    bool early;
};

weft_async(breaks_nothing) {
    weft_begin(breaks_nothing);
    weft_await(weft_sleep(1));
    if (self->early)
        break;
    say("not broken");
    weft_drop();
    drops++;
    weft_end();
}

TEST(a_plain_break_outside_of_any_loop_is_an_error) {
    drops = 0;
    CHECK(strncmp(RUN(weft_call(breaks_nothing, .early = true)), "RuntimeError: a break outside of any loop",
                  41) == 0);
    CHECK(strstr(world.traceback, "in breaks_nothing") != NULL);
    CHECK_EQ_STR(world.said, "");
    CHECK_EQ_INT(drops, 1);
}

/* --- Delays that are no delays --- */

struct delays {
    weft_frame frame;
    char how;
    double seconds;
    const weft_error *error;
    weft_deadline deadline;
};

static void never(void *argument) {
    say("called %s", (const char *)argument);
}

weft_async(delays) {
    weft_begin(delays);
    if (self->how == 's')
        weft_await(weft_sleep(self->seconds));
    if (self->how == 'w')
        weft_await(weft_wait_for(weft_call(rests), self->seconds));
    if (self->how == 'c' && weft_call_later(self->seconds, never, "later") == NULL)
        weft_raise(MY_ERROR, "no handle");
    if (self->how == 'a' && weft_call_at(self->seconds, never, "at") == NULL)
        weft_raise(MY_ERROR, "no handle");
    if (self->how == 't') {
        weft_with(weft_timeout(self->seconds)) {
            say("body");
            weft_await(weft_sleep(0));
            say("went on");
        }
    }
    if (self->how == 'T') {
        weft_with(weft_timeout_at(self->seconds)) {
            say("body");
            weft_await(weft_sleep(0));
            say("went on");
        }
    }
    weft_await(weft_sleep(0)); /* the timer fires behind this step */
    weft_await(weft_sleep(0));
    say("@%g", weft_time());
    weft_end();
}

TEST(nan_is_no_delay) {
    static const struct {
        char how;
        const char *outcome;
    } cases[] = {{'s', "InvalidArgument: a delay that is not a number"},
                 {'w', "InvalidArgument: a deadline that is not a number"},
                 {'t', "InvalidArgument: a deadline that is not a number"},
                 {'T', "InvalidArgument: a deadline that is not a number"},
                 {'c', "Error 1001: no handle"},
                 {'a', "Error 1001: no handle"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(delays, .how = cases[i].how, .seconds = (double)NAN)), cases[i].outcome);
        CHECK_EQ_STR(world.said, "");
        CHECK(strstr(world.traceback, "line ") != NULL);
        CHECK_EQ_INT(drops, cases[i].how == 'w');
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(a_negative_delay_is_none) {
    RUN(weft_call(delays, .how = 's', .seconds = -5));
    CHECK_EQ_STR(world.said, "@0");
    RUN(weft_call(delays, .how = 'c', .seconds = -5));
    CHECK_EQ_STR(world.said, "called later @0");
    RUN(weft_call(delays, .how = 'a', .seconds = -5));
    CHECK_EQ_STR(world.said, "called at @0");
    CHECK_EQ_STR(RUN(weft_call(delays, .how = 't', .seconds = -5)), "TimedOut");
    CHECK_EQ_STR(world.said, "body");
    CHECK_EQ_STR(RUN(weft_call(delays, .how = 'T', .seconds = -5)), "TimedOut");
    CHECK_EQ_STR(world.said, "body");
    CHECK_EQ_STR(RUN(weft_call(delays, .how = 'w', .seconds = -5)), "TimedOut");
}

/* --- Results that are not there --- */

struct reads_early {
    weft_frame frame;
    weft_task *task;
    weft_future *future;
};

weft_async(reads_early) {
    weft_begin(reads_early);
    self->task = weft_create_task(weft_call(rests, .seconds = 1));
    self->future = weft_create_future();
    say("%s", weft_task_error(self->task)->message);
    say("%s", name_of(weft_value_error(weft_task_value(self->task))));
    say("%s", name_of(weft_value_error(weft_task_take(self->task))));
    say("%s", name_of(weft_future_error(self->future)));
    weft_await(self->task);
    say("%s", weft_task_value(self->task).as.string);
    say("%d", weft_future_set_value(self->future, weft_value_of(1)));
    say("%d", weft_future_set_value(self->future, weft_value_of(2)));
    say("%d", weft_future_set_error(self->future, &weft_error_timed_out));
    say("%d", (int)weft_future_value(self->future).as.integer);
    say("%d", weft_future_set_value(weft_task_future(self->task), weft_value_of(3)));
    weft_end();
}

TEST(a_result_that_is_not_there_is_an_error_and_one_that_is_stays) {
    CHECK_EQ_STR(RUN(weft_call(reads_early)), "none");
    CHECK_EQ_STR(world.said,
                 "the result is not there yet InvalidState InvalidState InvalidState rested 1 0 0 1 0");
}

/* --- Loops within and beside loops --- */

static weft_coroutine *make_rest(void *seconds) {
    return weft_call(rests, .seconds = *(double *)seconds);
}

struct runs_within {
    weft_frame frame;
    weft_task *task;
};

static void run_within(void) {
    weft_loop *loop = weft_loop_current();
    weft_simulation other;
    weft_simulation_init(&other, NULL);
    say("%s", weft_loop_new(&other.host, NULL) == NULL ? "refused" : "made");
    say("%d", weft_loop_turn(loop, 0));
    say("%d", weft_main(weft_call(rests)));
    CHECK(weft_loop_current() == loop);
}

weft_async(runs_within) {
    weft_begin(runs_within);
    run_within();
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_loop_within_a_loop_is_refused) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(runs_within)), "none");
    CHECK_EQ_STR(world.said, "refused 0 1");
    CHECK_EQ_INT(drops, 0);
}

struct simulates {
    weft_frame frame;
    double seconds;
};

weft_async(simulates) {
    weft_begin(simulates);
    weft_value value;
    weft_await(weft_sleep(1));
    self->seconds = 100;
    say("%d", weft_simulation_run(NULL, NULL, make_rest, &self->seconds, &value, NULL));
    say("%s@%g", value.as.string, weft_time());
    weft_value_free(&value);
    weft_await(weft_sleep(1));
    say("@%g", weft_time());
    weft_end();
}

TEST(a_simulation_may_run_inside_a_coroutine) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(simulates)), "none");
    CHECK_EQ_STR(world.said, "1 rested@1 @2");
    CHECK_EQ_INT(drops, 1);
}

TEST(loops_in_sequence_know_nothing_of_each_other) {
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_STR(RUN(weft_call(delays, .how = 's', .seconds = 2)), "none");
        CHECK_EQ_STR(world.said, "@2");
        CHECK(weft_loop_current() == NULL);
    }
}

static weft_future *foreign;

static void note(weft_future *future, void *argument) {
    (void)future, (void)argument;
    say("called back");
}

struct awaits_foreign {
    weft_frame frame;
    char how;
};

weft_async(awaits_foreign) {
    weft_begin(awaits_foreign);
    if (self->how == 'a')
        weft_await(foreign);
    if (self->how == 'g')
        weft_await(weft_gather(foreign, weft_call(rests)));
    if (self->how == 's')
        weft_await(weft_shield(foreign));
    if (self->how == 'w')
        weft_await(weft_wait_for(foreign, 1));
    if (self->how == '0')
        weft_await(weft_wait_for(foreign, 0));
    if (self->how == 'x')
        weft_raise(MY_ERROR, "%d %d %d %d", weft_cancel(foreign),
                   weft_future_set_value(foreign, weft_value_of(1)),
                   weft_future_set_error(foreign, &weft_error_timed_out),
                   weft_future_add_done_callback(foreign, note, NULL));
    weft_end();
}

static weft_coroutine *make_foreign(void *how) {
    return weft_call(awaits_foreign, .how = *(const char *)how);
}

struct lends {
    weft_frame frame;
    const char *how;
};

weft_async(lends) {
    weft_begin(lends);
    foreign = weft_create_future();
    for (self->how = "agsw0x"; *self->how != '\0'; self->how++) {
        const weft_error *error;
        char how = *self->how;
        weft_simulation_run(NULL, NULL, make_foreign, &how, NULL, &error);
        say("%c: %s.", *self->how, error == NULL ? "none" : error->message);
        weft_error_release(error);
    }
    say("%d", weft_future_done(foreign));
    weft_end();
}

TEST(a_future_of_another_loop_cannot_be_awaited) {
    CHECK_EQ_STR(RUN(weft_call(lends)), "none");
    CHECK_EQ_STR(world.said, "a: the future belongs to another loop. g: the future belongs to another loop. "
                             "s: the future belongs to another loop. w: the future belongs to another loop. "
                             "0: the future belongs to another loop. x: 0 0 0 0. 0");
}

TEST(calls_outside_of_any_loop_do_nothing) {
    drops = 0;
    CHECK(weft_current_task() == NULL);
    CHECK_EQ_INT((long long)weft_all_tasks(NULL, 0), 0);
    CHECK(weft_time() == 0);
    CHECK(!weft_call_soon(never, NULL));
    CHECK(weft_call_later(1, never, NULL) == NULL);
    CHECK(weft_future_error(weft_create_future()) != NULL);
    CHECK(weft_task_error(weft_create_task(weft_call(rests))) != NULL);
    CHECK(weft_future_error(weft_gather(weft_call(rests), weft_call(rests))) != NULL);
    CHECK(weft_future_error(weft_shield(weft_call(rests))) != NULL);
    CHECK_EQ_INT(drops, 4);
    weft_future_release(NULL);
    CHECK(weft_future_retain(NULL) == NULL);
}

/* --- A step that blocks --- */

struct blocks {
    weft_frame frame;
    double seconds;
};

weft_async(blocks) {
    weft_begin(blocks);
    bad_line = __LINE__ + 1;
    weft_await(weft_sleep(1));
    world.simulation.clock += self->seconds;
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(debug_mode_reports_a_step_that_blocks) {
    char expected[200];
    world.debug = true;
    RUN(weft_call(blocks, .seconds = 0.5));
    snprintf(expected, sizeof expected, "%s:%d: blocks: a step of task 1 took 0.500 s and blocked all others",
             __FILE__, bad_line);
    CHECK_EQ_STR(world.reports, expected);
    world.debug = true;
    RUN(weft_call(blocks, .seconds = 0.05));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(blocks, .seconds = 0.5));
    CHECK_EQ_STR(world.reports, "");
}

/* --- What this host does not have --- */

struct hears {
    weft_frame frame;
    int number;
};

weft_async(hears) {
    weft_begin(hears);
    weft_for_await (self->number, weft_signals(1, 15)) {
        say("%d", self->number);
    }
    weft_end();
}

TEST(signals_are_refused_where_there_are_none) {
    CHECK_EQ_STR(RUN(weft_call(hears)), "RuntimeError: this host has no signals");
    CHECK_EQ_STR(RUN(weft_signal_wait(15)), "RuntimeError: this host has no signals");
    CHECK_EQ_STR(world.reports, "");
}

TEST_MAIN(TEST_CASE(null_cannot_be_awaited), TEST_CASE(a_coroutine_is_awaited_once),
          TEST_CASE(nobody_awaits_itself), TEST_CASE(a_circle_of_tasks_is_an_error),
          TEST_CASE(a_circle_that_is_not_seen_is_a_deadlock),
          TEST_CASE(a_deadlock_names_who_waits_for_what_and_where),
          TEST_CASE(a_deadlock_in_a_group_ends_what_does_not_end_when_it_is_cancelled),
          TEST_CASE(a_deadlock_is_told_without_memory_too), TEST_CASE(an_await_in_a_switch_is_an_error),
          TEST_CASE(a_goto_out_of_a_block_is_seen_at_the_end_of_the_block_around_it),
          TEST_CASE(blocks_that_a_goto_left_open_end_with_the_body),
          TEST_CASE(a_plain_break_outside_of_any_loop_is_an_error), TEST_CASE(nan_is_no_delay),
          TEST_CASE(a_negative_delay_is_none),
          TEST_CASE(a_result_that_is_not_there_is_an_error_and_one_that_is_stays),
          TEST_CASE(a_loop_within_a_loop_is_refused), TEST_CASE(a_simulation_may_run_inside_a_coroutine),
          TEST_CASE(loops_in_sequence_know_nothing_of_each_other),
          TEST_CASE(a_future_of_another_loop_cannot_be_awaited),
          TEST_CASE(calls_outside_of_any_loop_do_nothing), TEST_CASE(debug_mode_reports_a_step_that_blocks),
          TEST_CASE(signals_are_refused_where_there_are_none))
