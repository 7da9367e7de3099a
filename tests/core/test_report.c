/* Reports: what went wrong without anybody to tell, once each, and what is no report. */

#include "world.h"

struct fails {
    weft_frame frame;
    double delay;
};

weft_async(fails) {
    weft_begin(fails);
    weft_await(weft_sleep(self->delay));
    weft_raise(WEFT_USER, "nobody reads this");
    weft_drop();
    say("drop");
    weft_end();
}

static unsigned lines_of_report(const char *text) {
    unsigned count = 0;
    for (const char *at = world.reports; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* --- Never awaited --- */

static int called_at;

struct forgets {
    weft_frame frame;
    bool closes;
    weft_coroutine *forgotten;
};

weft_async(forgets) {
    weft_begin(forgets);
    self->forgotten = weft_call(fails), called_at = __LINE__;
    if (self->closes)
        weft_coroutine_close(self->forgotten);
    say("main");
    weft_end();
}

TEST(a_coroutine_that_was_never_awaited_is_named_and_dropped) {
    RUN(weft_call(forgets));
    CHECK_EQ_STR(world.said, "main drop");
    CHECK_EQ_INT(lines_of_report("coroutine 'fails' called at "), 1);
    char place[64];
    snprintf(place, sizeof place, "test_report.c:%d was never awaited", called_at);
    CHECK_EQ_INT(lines_of_report(place), 1);
    CHECK_EQ_INT(lines_of_report("\n"), 0);
}

TEST(one_that_was_closed_is_not) {
    RUN(weft_call(forgets, .closes = true));
    CHECK_EQ_STR(world.said, "drop main");
    CHECK_EQ_STR(world.reports, "");
}

/* --- Never retrieved --- */

struct starts {
    weft_frame frame;
    char then; /* n nothing, r reads the error, a awaits, c cancels it, w cancels while it sleeps */
    weft_task *task;
    const weft_error *error;
};

weft_async(starts) {
    weft_begin(starts);
    self->task = weft_create_task(weft_call(fails, .delay = self->then == 'w' ? 9 : 0));
    weft_await(weft_sleep(1));
    if (self->then == 'r')
        weft_task_error(self->task);
    if (self->then == 'c' || self->then == 'w')
        weft_task_cancel(self->task, NULL);
    weft_try {
        if (self->then == 'a')
            weft_await(self->task);
    }
    weft_catch(self->error) {
        say("caught");
    }
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(an_error_that_nobody_read_is_reported_once) {
    RUN(weft_call(starts, .then = 'n'));
    CHECK_EQ_INT(lines_of_report("its error was never retrieved: Error 1000: nobody reads this"), 1);
    CHECK_EQ_INT(lines_of_report("task 2"), 1);
}

TEST(an_error_that_was_read_or_raised_is_not) {
    RUN(weft_call(starts, .then = 'r'));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(starts, .then = 'a'));
    CHECK_EQ_STR(world.reports, "");
}

TEST(one_that_was_given_up_after_it_failed_is_not) {
    RUN(weft_call(starts, .then = 'c'));
    CHECK_EQ_STR(world.reports, "");
}

/* Cancelled, it fails with an error of its own. */
struct fails_when_cancelled {
    weft_frame frame;
};

weft_async(fails_when_cancelled) {
    weft_begin(fails_when_cancelled);
    weft_try {
        weft_await(weft_sleep(9));
    }
    weft_finally {
        weft_raise(WEFT_USER, "while closing");
    }
    weft_end();
}

struct cancels_failing {
    weft_frame frame;
    weft_task *task;
};

weft_async(cancels_failing) {
    weft_begin(cancels_failing);
    self->task = weft_create_task(weft_call(fails_when_cancelled));
    weft_await(weft_sleep(1));
    weft_cancel(self->task);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(an_error_that_came_after_the_cancellation_is) {
    RUN(weft_call(cancels_failing));
    CHECK_EQ_INT(lines_of_report("its error was never retrieved: Error 1000: while closing"), 1);
}

struct in_group {
    weft_frame frame;
    weft_group group;
    const weft_error *error;
    weft_values *values;
    char how; /* g group, r gather that returns errors, w wait_for */
};

weft_async(in_group) {
    weft_begin(in_group);
    weft_try {
        if (self->how == 'g') {
            weft_with_as(self->group, weft_task_group()) {
                weft_group_create_task(&self->group, weft_call(fails));
                weft_group_create_task(&self->group, weft_call(fails));
            }
        }
        if (self->how == 'r')
            weft_await(weft_gather_return_errors(weft_call(fails), weft_call(fails)));
        if (self->how == 'w')
            weft_await(weft_wait_for(weft_create_task(weft_call(fails)), 5));
    }
    weft_catch(self->error) {}
    weft_end();
}

TEST(who_collects_errors_has_retrieved_them) {
    for (const char *how = "grw"; *how != '\0'; how++) {
        RUN(weft_call(in_group, .how = *how));
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(a_cancelled_task_is_not) {
    RUN(weft_call(starts, .then = 'w'));
    CHECK_EQ_STR(world.reports, "");
}

struct failed_future {
    weft_frame frame;
    weft_future *future;
    bool by_cancel;
};

weft_async(failed_future) {
    weft_begin(failed_future);
    self->future = weft_create_future();
    if (self->by_cancel)
        weft_future_cancel(self->future, NULL);
    else
        weft_future_set_error(self->future, &weft_error_timed_out);
    weft_end();
}

TEST(a_future_is_told_like_a_task) {
    RUN(weft_call(failed_future));
    CHECK_EQ_INT(lines_of_report("its error was never retrieved: TimedOut"), 1);
    RUN(weft_call(failed_future, .by_cancel = true));
    CHECK_EQ_STR(world.reports, "");
}

struct gathers {
    weft_frame frame;
    weft_future *gather;
    bool awaits;
    const weft_error *error;
};

weft_async(gathers) {
    weft_begin(gathers);
    self->gather = weft_gather(weft_call(fails, .delay = 1), weft_call(fails, .delay = 2));
    weft_try {
        if (self->awaits)
            weft_await(self->gather);
    }
    weft_catch(self->error) {
        say("caught");
    }
    weft_await(weft_sleep(3));
    weft_end();
}

TEST(a_gather_knows_its_childrens_errors_and_is_told_for_its_own) {
    RUN(weft_call(gathers, .awaits = true));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(gathers));
    CHECK_EQ_INT(lines_of_report("was never retrieved"), 1);
}

/* --- Destroyed while pending --- */

struct waits_for_ever {
    weft_frame frame;
    weft_future *future;
    const weft_error *error;
    int refusals;
};

weft_async(waits_for_ever) {
    weft_begin(waits_for_ever);
    self->future = weft_create_future();
    for (; self->refusals >= 0; self->refusals--) {
        weft_try {
            self->future = weft_create_future();
            weft_await(self->future);
        }
        weft_catch_all(self->error) {
            say("no");
        }
    }
    weft_drop();
    say("drop");
    weft_end();
}

struct leaves {
    weft_frame frame;
    int refusals;
};

weft_async(leaves) {
    weft_begin(leaves);
    weft_create_task_named(weft_call(waits_for_ever, .refusals = self->refusals), "stubborn");
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_task_that_ignores_its_cancellation_is_destroyed_and_reported) {
    RUN(weft_call(leaves, .refusals = 2));
    CHECK_EQ_STR(world.said, "no drop");
    CHECK_EQ_INT(lines_of_report("destroyed while it was pending: it waits for future"), 1);
    CHECK_EQ_INT(lines_of_report("task 2 'stubborn' (waits_for_ever, "), 1);
    CHECK_EQ_INT(lines_of_report("\n"), 0);
    RUN(weft_call(leaves));
    CHECK_EQ_STR(world.said, "no drop");
    CHECK_EQ_STR(world.reports, "");
}

TEST(closing_a_loop_destroys_what_runs_and_says_so) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(leaves));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    weft_loop_close(world.loop);
    world.loop = NULL;
    CHECK_EQ_STR(world.said, "drop");
    CHECK_EQ_INT(lines_of_report("destroyed while it was pending"), 2);
    CHECK_EQ_INT(lines_of_report("waits for a timer"), 1);
    world_close();
}

struct retains {
    weft_frame frame;
};

weft_async(retains) {
    weft_begin(retains);
    weft_retain(weft_create_future());
    weft_end();
}

TEST(what_is_still_retained_at_the_end_is_counted) {
    RUN(weft_call(retains));
    CHECK_EQ_STR(world.reports, "1 objects were still retained when their loop was closed");
}

/* --- Slow steps --- */

struct blocks {
    weft_frame frame;
    double seconds;
};

/* The simulation's clock moves in the middle of a step, as the real one does. */
weft_async(blocks) {
    weft_begin(blocks);
    weft_await(weft_sleep(1));
    world.simulation.clock += self->seconds;
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(debug_mode_tells_of_a_step_that_blocks) {
    world.debug = true;
    RUN(weft_call(blocks, .seconds = 0.25));
    CHECK_EQ_INT(lines_of_report("blocks: a step of task 1 took 0.250 s and blocked all others"), 1);
    CHECK_EQ_INT(lines_of_report("test_report.c:"), 1);
    CHECK_EQ_INT(lines_of_report("\n"), 0);
    world.debug = true;
    RUN(weft_call(blocks, .seconds = 0.0625));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(blocks, .seconds = 5));
    CHECK_EQ_STR(world.reports, "");
}

TEST(how_slow_is_slow_can_be_set) {
    if (!CHECK(world_open()))
        return;
    CHECK(!weft_loop_debug(world.loop));
    weft_loop_set_debug(world.loop, true);
    CHECK(weft_loop_debug(world.loop));
    weft_loop_set_slow_step(world.loop, 0.03125);
    world_start(weft_call(blocks, .seconds = 0.0625));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_INT(lines_of_report("blocked all others"), 1);
    world_close();
}

/* --- The exception handler --- */

static bool accepts; /* what the handler returns */

/* Says the parts of a report. */
static bool note(void *context, const weft_error_context *report) {
    ++*(int *)context;
    say("[%s|%s|task %u|%s|%d]", report->message, name_of(report->error),
        report->task == NULL ? 0 : weft_task_id(report->task),
        report->function == NULL ? "" : report->function, report->line > 0 && report->file != NULL);
    CHECK(report->task == NULL || report->future == NULL || weft_task_future(report->task) == report->future);
    return accepts;
}

static const char *run_with_handler(weft_coroutine *(*make)(void), bool takes) {
    static int calls;
    calls = 0;
    accepts = takes;
    if (!CHECK(world_open()))
        return "";
    CHECK(weft_loop_exception_handler(world.loop) == NULL);
    weft_loop_set_exception_handler(world.loop, note, &calls);
    CHECK(weft_loop_exception_handler(world.loop) == note);
    weft_task *main = world_start(make());
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_outcome(main);
    world_close();
    CHECK_EQ_INT(calls, 1);
    return world.said;
}

static weft_coroutine *make_unread(void) {
    return weft_call(starts, .then = 'n');
}

static weft_coroutine *make_forgets(void) {
    return weft_call(forgets);
}

TEST(a_handler_gets_the_parts_of_a_report) {
    CHECK_EQ_STR(run_with_handler(make_unread, true),
                 "drop [its error was never retrieved|Error 1000|task 2|fails|1]");
    CHECK_EQ_STR(world.reports, "");
    CHECK_EQ_STR(run_with_handler(make_forgets, true), "main [was never awaited|none|task 0|fails|1] drop");
    CHECK_EQ_STR(world.reports, "");
}

TEST(what_a_handler_leaves_goes_to_the_default_one) {
    CHECK_EQ_STR(run_with_handler(make_unread, false),
                 "drop [its error was never retrieved|Error 1000|task 2|fails|1]");
    CHECK_EQ_INT(lines_of_report("its error was never retrieved: Error 1000: nobody reads this"), 1);
    CHECK_EQ_INT(lines_of_report("task 2 (fails, "), 1);
}

/* A handler that fails itself: what goes wrong in it is told by the default one. */
static bool fail_too(void *context, const weft_error_context *report) {
    (void)context;
    say("%s", report->message);
    weft_loop_call_exception_handler(world.loop, &(weft_error_context){.message = "the handler failed"});
    return true;
}

struct calls_handler {
    weft_frame frame;
};

weft_async(calls_handler) {
    weft_begin(calls_handler);
    weft_loop_call_exception_handler(
        world.loop, &(weft_error_context){.message = "words", .error = &weft_error_timed_out});
    weft_loop_call_exception_handler(world.loop, &(weft_error_context){.file = NULL});
    weft_end();
}

TEST(what_goes_wrong_in_a_handler_goes_to_the_default_one) {
    if (!CHECK(world_open()))
        return;
    weft_loop_set_exception_handler(world.loop, fail_too, NULL);
    world_start(weft_call(starts, .then = 'n'));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(world.said, "drop its error was never retrieved");
    CHECK_EQ_STR(world.reports, "the handler failed");
}

TEST(a_program_can_report_itself) {
    RUN(weft_call(calls_handler));
    CHECK_EQ_STR(world.reports, "words: TimedOut\nan error that nobody handles");
}

TEST(no_handler_is_the_default_one) {
    if (!CHECK(world_open()))
        return;
    weft_loop_set_exception_handler(world.loop, fail_too, NULL);
    weft_loop_set_exception_handler(world.loop, NULL, NULL);
    world_start(weft_call(starts, .then = 'n'));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(world.said, "drop");
    CHECK_EQ_INT(lines_of_report("its error was never retrieved"), 1);
}

/* --- Where the task that runs stands --- */

struct passes {
    weft_frame frame;
    char room[100]; /* whose memory the others do not take at once */
};

weft_async(passes) {
    weft_begin(passes);
    weft_await(weft_sleep(1));
    weft_end();
}

static weft_value nothing(void *unused) {
    (void)unused;
    return weft_none();
}

/* Its step began in a coroutine that is gone when the report is made. */
struct has_no_threads {
    weft_frame frame;
};

weft_async(has_no_threads) {
    weft_begin(has_no_threads);
    weft_loop_set_debug(weft_loop_current(), true);
    weft_await(weft_call(passes));
    weft_await(weft_to_thread(nothing, NULL));
    weft_end();
}

TEST(a_report_tells_where_the_task_that_runs_stands) {
    RUN(weft_call(has_no_threads));
    CHECK_EQ_INT(lines_of_report("this host has no threads"), 1);
    CHECK_EQ_INT(lines_of_report("(to_thread, "), 1);
}

TEST_MAIN(TEST_CASE(a_coroutine_that_was_never_awaited_is_named_and_dropped),
          TEST_CASE(one_that_was_closed_is_not), TEST_CASE(an_error_that_nobody_read_is_reported_once),
          TEST_CASE(an_error_that_was_read_or_raised_is_not),
          TEST_CASE(one_that_was_given_up_after_it_failed_is_not),
          TEST_CASE(an_error_that_came_after_the_cancellation_is),
          TEST_CASE(who_collects_errors_has_retrieved_them), TEST_CASE(a_cancelled_task_is_not),
          TEST_CASE(a_future_is_told_like_a_task),
          TEST_CASE(a_gather_knows_its_childrens_errors_and_is_told_for_its_own),
          TEST_CASE(a_task_that_ignores_its_cancellation_is_destroyed_and_reported),
          TEST_CASE(closing_a_loop_destroys_what_runs_and_says_so),
          TEST_CASE(what_is_still_retained_at_the_end_is_counted),
          TEST_CASE(debug_mode_tells_of_a_step_that_blocks), TEST_CASE(how_slow_is_slow_can_be_set),
          TEST_CASE(a_handler_gets_the_parts_of_a_report),
          TEST_CASE(what_a_handler_leaves_goes_to_the_default_one),
          TEST_CASE(what_goes_wrong_in_a_handler_goes_to_the_default_one),
          TEST_CASE(a_program_can_report_itself), TEST_CASE(no_handler_is_the_default_one),
          TEST_CASE(a_report_tells_where_the_task_that_runs_stands))
