/* Debug mode: who created what, callbacks that block, and calls from where no loop runs. */

#include "world.h"

static bool reported(const char *text) {
    return strstr(world.reports, text) != NULL;
}

static bool reported_at(const char *before, int line, const char *after) {
    char text[256];
    snprintf(text, sizeof text, "%s%s:%d%s", before, __FILE__, line, after);
    return reported(text);
}

/* --- Who created what --- */

struct fails {
    weft_frame frame;
};

weft_async(fails) {
    weft_begin(fails);
    weft_raise(WEFT_USER, "nobody reads this");
    weft_end();
}

static int created_at;

struct leaves_task {
    weft_frame frame;
};

weft_async(leaves_task) {
    weft_begin(leaves_task);
    weft_create_task(weft_call(fails)), created_at = __LINE__;
    weft_await(weft_sleep(0));
    weft_end();
}

struct leaves_future {
    weft_frame frame;
};

weft_async(leaves_future) {
    weft_begin(leaves_future);
    weft_future_set_error(weft_create_future(), &weft_error_timed_out), created_at = __LINE__;
    weft_end();
}

struct waits_on {
    weft_frame frame;
    const weft_error *error;
};

weft_async(waits_on) {
    weft_begin(waits_on);
    weft_try {
        weft_await(weft_sleep(9));
    }
    weft_catch_all(self->error) {
        weft_await(weft_create_future());
    }
    weft_end();
}

struct leaves_pending {
    weft_frame frame;
};

weft_async(leaves_pending) {
    weft_begin(leaves_pending);
    weft_create_task_named(weft_call(waits_on), "stubborn"), created_at = __LINE__;
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_report_says_where_a_task_was_created) {
    world.debug = true;
    RUN(weft_call(leaves_task));
    CHECK(reported("task 2 (fails, "));
    CHECK(reported_at(", created at ", created_at, "): its error was never retrieved: Error 1000"));
    world.debug = true;
    RUN(weft_call(leaves_pending));
    CHECK(reported("task 2 'stubborn' (waits_on, "));
    CHECK(reported_at(", created at ", created_at, "): destroyed while it was pending"));
}

TEST(a_report_says_where_a_future_was_created) {
    world.debug = true;
    RUN(weft_call(leaves_future));
    CHECK(reported_at("future 2 (created at ", created_at, "): its error was never retrieved: TimedOut"));
}

TEST(without_debug_mode_it_is_not_known) {
    RUN(weft_call(leaves_task));
    CHECK(reported("its error was never retrieved"));
    CHECK(!reported("created at"));
    RUN(weft_call(leaves_future));
    CHECK(reported("future 2: its error was never retrieved"));
}

struct gathers_and_shields {
    weft_frame frame;
    weft_future *future;
    const weft_error *error;
};

weft_async(gathers_and_shields) {
    weft_begin(gathers_and_shields);
    self->future = weft_create_future();
    weft_call_soon_threadsafe(world.loop, NULL, NULL);
    weft_try {
        weft_await(weft_gather(weft_call(fails), weft_shield(weft_call(fails))));
    }
    weft_catch(self->error) {}
    weft_end();
}

TEST(debug_mode_loses_nothing) {
    world.debug = true;
    RUN(weft_call(gathers_and_shields));
    CHECK(!reported("retained"));
}

/* --- Callbacks that block --- */

static void blocks(void *argument) {
    world.simulation.clock += *(double *)argument;
}

static void blocks_done(weft_future *future, void *argument) {
    (void)future;
    blocks(argument);
}

static double quarter = 0.25, moment = 0.0625;

struct calls_back {
    weft_frame frame;
    double *seconds;
    weft_future *future;
};

weft_async(calls_back) {
    weft_begin(calls_back);
    self->future = weft_create_future();
    weft_call_soon(blocks, self->seconds), created_at = __LINE__;
    weft_call_later(1, blocks, self->seconds);
    weft_call_soon_threadsafe(world.loop, blocks, self->seconds);
    weft_future_add_done_callback(self->future, blocks_done, self->seconds);
    weft_future_set_value(self->future, weft_none());
    weft_await(weft_sleep(5));
    weft_end();
}

TEST(a_callback_that_blocks_is_reported_by_name) {
    world.debug = true;
    RUN(weft_call(calls_back, .seconds = &quarter));
    CHECK(reported_at("the callback blocks of ", created_at, " took 0.250 s and blocked all others"));
    CHECK(reported_at("the callback blocks of ", created_at + 1, " took 0.250 s"));
    CHECK(reported_at("the callback blocks of ", created_at + 2, " took 0.250 s"));
    CHECK(reported_at("the callback blocks_done of ", created_at + 3, " took 0.250 s"));
    world.debug = true;
    RUN(weft_call(calls_back, .seconds = &moment));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(calls_back, .seconds = &quarter));
    CHECK_EQ_STR(world.reports, "");
}

static void turns_debug_on(void *argument) {
    weft_loop_set_debug(world.loop, true);
    blocks(argument);
}

static void turns_debug_off(void *argument) {
    weft_loop_set_debug(world.loop, false);
    blocks(argument);
}

struct changes_mode {
    weft_frame frame;
};

weft_async(changes_mode) {
    weft_begin(changes_mode);
    weft_call_soon(turns_debug_on, &quarter);
    weft_await(weft_sleep(0));
    weft_call_soon(turns_debug_off, &quarter);
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(the_mode_may_change_in_a_callback) {
    RUN(weft_call(changes_mode));
    CHECK_EQ_STR(world.reports, "");
}

/* --- Where no loop runs --- */

static void ignore(void *argument) {
    (void)argument;
}

TEST(without_a_loop_everything_is_refused) {
    weft_group group = {.parent = NULL};
    CHECK(!weft_call_soon(ignore, NULL));
    CHECK(weft_call_later(1, ignore, NULL) == NULL);
    CHECK(weft_call_at(1, ignore, NULL) == NULL);
    CHECK_EQ_STR(name_of(weft_future_error(weft_create_future())), "RuntimeError");
    CHECK_EQ_STR(name_of(weft_task_error(weft_create_task(weft_call(fails)))), "RuntimeError");
    CHECK_EQ_STR(name_of(weft_task_error(weft_group_create_task(&group, weft_call(fails)))), "RuntimeError");
    CHECK_EQ_STR(name_of(weft_future_error(weft_gather(weft_call(fails)))), "RuntimeError");
    CHECK_EQ_STR(name_of(weft_future_error(weft_shield(weft_call(fails)))), "RuntimeError");
    CHECK(weft_current_task() == NULL);
    CHECK_EQ_INT((int)weft_all_tasks(NULL, 0), 0);
}

/* What another loop of the same thread does to this one's: here one inside of a simulation. */
static weft_future *outer_future;
static weft_task *outer_task;

struct touches {
    weft_frame frame;
};

weft_async(touches) {
    weft_begin(touches);
    CHECK(!weft_future_set_value(outer_future, weft_none()));
    CHECK(!weft_future_set_error(outer_future, &weft_error_timed_out));
    CHECK(!weft_cancel(outer_future));
    CHECK(!weft_cancel(outer_task));
    CHECK(!weft_future_add_done_callback(outer_future, NULL, NULL));
    CHECK_EQ_INT((int)weft_future_remove_done_callback(outer_future, NULL, NULL), 0);
    CHECK(!weft_task_set_name(outer_task, "mine"));
    weft_release(outer_future);
    weft_release(outer_future);
    CHECK(weft_retain(outer_task) == weft_task_future(outer_task));
    weft_release(outer_task);
    CHECK(weft_task_context(outer_task) == NULL);
    weft_await(outer_future);
    weft_end();
}

static weft_coroutine *make_touches(void *argument) {
    (void)argument;
    return weft_call(touches);
}

struct runs_another {
    weft_frame frame;
    const weft_error *error;
};

weft_async(runs_another) {
    weft_begin(runs_another);
    outer_future = weft_create_future();
    outer_task = weft_current_task();
    CHECK(!weft_simulation_run(NULL, NULL, make_touches, NULL, NULL, &self->error));
    say("%s", self->error->message);
    weft_error_release(self->error);
    weft_future_set_value(outer_future, weft_none());
    weft_await(outer_future);
    say("%s", weft_task_name(outer_task));
    weft_end();
}

TEST(what_is_another_loops_is_not_touched) {
    RUN(weft_call(runs_another));
    CHECK_EQ_STR(world.said, "the future belongs to another loop Task-1");
    CHECK_EQ_STR(world.reports, "");
}

/* --- The log --- */

static void note(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    (void)context;
    (void)base;
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind == WEFT_LOG_STRING_DEF)
            i += (records[i].payload + sizeof *records - 1) / sizeof *records;
        else if (records[i].kind == WEFT_LOG_CANCEL_REQUEST)
            say("request%u", records[i].task);
        else if (records[i].kind == WEFT_LOG_CANCEL_DELIVERED)
            say("delivered%u%s", records[i].task, records[i].payload == 0 ? "" : "!");
    }
}

struct awaits {
    weft_frame frame;
    weft_future *future;
};

weft_async(awaits) {
    weft_begin(awaits);
    weft_await(self->future);
    weft_end();
}

struct cancels_awaiter {
    weft_frame frame;
    weft_task *task;
    weft_future *future;
};

weft_async(cancels_awaiter) {
    weft_begin(cancels_awaiter);
    self->future = weft_create_future();
    self->task = weft_create_task(weft_call(awaits, .future = self->future));
    weft_await(weft_sleep(0));
    weft_task_cancel(self->task, "words");
    weft_await(weft_sleep(0));
    self->future = weft_create_future();
    self->task = weft_create_task(weft_call(awaits, .future = self->future));
    weft_await(weft_sleep(0));
    weft_cancel(self->future); /* the future, not the task */
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(a_cancellation_is_told_as_delivered_to_a_task_that_awaits_a_future) {
    if (!CHECK(world_open()))
        return;
    weft_log_on(note, NULL);
    world_start(weft_call(cancels_awaiter));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(world.said, "request4 delivered4!");
}

TEST_MAIN(TEST_CASE(a_report_says_where_a_task_was_created),
          TEST_CASE(a_report_says_where_a_future_was_created), TEST_CASE(without_debug_mode_it_is_not_known),
          TEST_CASE(debug_mode_loses_nothing), TEST_CASE(a_callback_that_blocks_is_reported_by_name),
          TEST_CASE(the_mode_may_change_in_a_callback), TEST_CASE(without_a_loop_everything_is_refused),
          TEST_CASE(what_is_another_loops_is_not_touched),
          TEST_CASE(a_cancellation_is_told_as_delivered_to_a_task_that_awaits_a_future))
