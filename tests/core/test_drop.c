/* weft_drop: exactly once for every coroutine that was called, however it ended. */

#include "world.h"

enum { MY_ERROR = WEFT_USER + 1 };

static unsigned drops, freed;

/* Owns memory, so that a missing drop is a leak and a second one a double free. The room makes it too large
 * for the pools: each call is an allocation of its own. */
struct owns {
    weft_frame frame;
    char *memory;
    double seconds;
    char how; /* r: returns; e: raises; s: sleeps first */
    bool begun;
    char room[600];
};

weft_async(owns) {
    weft_begin(owns);
    self->begun = true;
    if (self->how == 's')
        weft_await(weft_sleep(self->seconds));
    if (self->how == 'e')
        weft_raise(MY_ERROR, "failed");
    if (self->how == 'r')
        weft_return(7);
    weft_drop();
    drops++;
    free(self->memory);
    say(self->begun ? "drop" : "drop-unbegun");
    weft_end();
}

static weft_coroutine *owning(char how, double seconds) {
    return weft_call(owns, .memory = malloc(1), .how = how, .seconds = seconds);
}

/* Does one thing to such a coroutine, by letter. */
struct uses {
    weft_frame frame;
    char what;
    weft_coroutine *coroutine;
    weft_task *task;
    weft_future *future;
    weft_group group;
    const weft_error *error;
};

/* From here on the loop finds no more memory. */
static void run_out_of_memory(void) {
    world.fail_at = world.allocations + 1;
    world.fail_onwards = true;
}

static void find_memory_again(void) {
    world.fail_onwards = false;
}

static int call_line;

weft_async(uses) {
    weft_begin(uses);
    if (self->what == 'n') { /* nothing at all */
        call_line = __LINE__ + 1;
        self->coroutine = weft_call(owns, .memory = malloc(1));
    }
    if (self->what == 'a') /* awaits */
        weft_await(owning('n', 0));
    if (self->what == 'r') /* awaits, and it returns */
        weft_await(owning('r', 0));
    if (self->what == 'e') { /* awaits, and it fails */
        weft_try {
            weft_await(owning('e', 0));
        }
        weft_catch(self->error) {
            say("%s", self->error->message);
        }
    }
    if (self->what == 'c') /* closes */
        weft_coroutine_close(owning('n', 0));
    if (self->what == 't') /* lets a task run it */
        weft_await(weft_create_task(owning('n', 0)));
    if (self->what == 'b') /* cancels a task before its first step */
        weft_cancel(weft_create_task(owning('n', 0)));
    if (self->what == 'w') { /* cancels a task while it waits */
        self->task = weft_create_task(owning('s', 9));
        weft_await(weft_sleep(1));
        weft_cancel(self->task);
    }
    if (self->what == 'l') /* leaves a task behind */
        weft_create_task(owning('s', 9));
    if (self->what == 'm') { /* calls without memory */
        run_out_of_memory();
        self->coroutine = owning('n', 0);
        find_memory_again();
        say("called");
        weft_try {
            weft_await(self->coroutine);
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    if (self->what == 'M') { /* creates a task of one that could not be called */
        run_out_of_memory();
        self->task = weft_create_task(owning('n', 0));
        find_memory_again();
        say("%s", name_of(weft_task_error(self->task)));
    }
    if (self->what == 'g') { /* gathers it beside NULL: nothing of that can run */
        self->coroutine = NULL;
        self->future = weft_gather(owning('n', 0), self->coroutine);
        say("%s", name_of(weft_future_error(self->future)));
    }
    if (self->what == 'G') { /* gathers without memory */
        self->coroutine = owning('n', 0);
        run_out_of_memory();
        self->future = weft_gather(self->coroutine, self->coroutine);
        find_memory_again();
        say("%s", name_of(weft_future_error(self->future)));
    }
    if (self->what == 'x') /* gives it to a group that was not entered */
        say("%s", name_of(weft_task_error(weft_group_create_task(&self->group, owning('n', 0)))));
    if (self->what == 'f') { /* waits for it, but is cancelled before that begins */
        self->task = weft_create_task(weft_wait_for(owning('n', 0), 5));
        weft_cancel(self->task);
    }
    if (self->what == 'F') /* waits for it no time at all */
        weft_await(weft_create_task(weft_wait_for(owning('s', 9), 0)));
    if (self->what == 'h') /* shields it */
        weft_await(weft_shield(owning('n', 0)));
    weft_end();
}

static const char *use(char what) {
    drops = 0;
    RUN(weft_call(uses, .what = what));
    CHECK_EQ_INT(drops, 1);
    return world.said;
}

TEST(one_that_finished_failed_or_was_closed) {
    CHECK_EQ_STR(use('a'), "drop");
    CHECK_EQ_STR(use('r'), "drop");
    CHECK_EQ_STR(use('e'), "drop failed");
    CHECK_EQ_STR(use('c'), "drop-unbegun");
    CHECK_EQ_STR(use('t'), "drop");
    CHECK_EQ_STR(use('h'), "drop");
}

TEST(one_that_was_cancelled) {
    CHECK_EQ_STR(use('b'), "drop-unbegun");
    CHECK_EQ_STR(use('w'), "drop");
    CHECK_EQ_STR(use('l'), "drop");
    CHECK_EQ_STR(use('f'), "drop-unbegun");
    CHECK_EQ_STR(use('F'), "drop-unbegun");
    CHECK_EQ_STR(world.outcome, "TimedOut");
}

TEST(one_that_was_never_awaited_is_reported_by_name_and_place) {
    char expected[200];
    CHECK_EQ_STR(use('n'), "drop-unbegun");
    snprintf(expected, sizeof expected, "coroutine 'owns' called at %s:%d was never awaited", __FILE__,
             call_line);
    CHECK_EQ_STR(world.reports, expected);
}

TEST(one_that_found_no_memory) {
    CHECK_EQ_STR(use('m'), "drop-unbegun called OutOfMemory");
    CHECK_EQ_STR(use('M'), "drop-unbegun OutOfMemory");
    CHECK_EQ_STR(use('G'), "drop-unbegun OutOfMemory");
    CHECK_EQ_STR(world.reports, "");
}

TEST(one_that_was_refused) {
    CHECK_EQ_STR(use('g'), "drop-unbegun TypeMismatch");
    CHECK_EQ_STR(use('x'), "drop-unbegun RuntimeError");
    CHECK_EQ_STR(world.reports, "");
}

TEST(one_that_was_pending_when_its_loop_was_closed) {
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(owning('s', 9));
    weft_loop_turn(world.loop, 0);
    world_close();
    CHECK_EQ_INT(drops, 1);
    CHECK(strstr(world.reports, "): destroyed while it was pending: it waits for ") != NULL);
    CHECK(strstr(world.reports, " (owns, ") != NULL);
}

TEST(one_that_had_not_begun_when_its_loop_was_closed) {
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(owning('n', 0));
    weft_coroutine *unused = owning('n', 0);
    (void)unused;
    world_close();
    CHECK_EQ_INT(drops, 2);
    CHECK_EQ_STR(world.said, "drop-unbegun drop-unbegun");
    CHECK(strstr(world.reports, "was never awaited") != NULL);
}

static void never(void *argument) {
    (void)argument;
    say("called");
}

struct makes_ready {
    weft_frame frame;
    int i;
};

weft_async(makes_ready) {
    weft_begin(makes_ready);
    for (self->i = 0; self->i < 3; self->i++) {
        weft_create_task(owning('n', 0));
        weft_call_soon(never, NULL);
    }
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(those_that_were_ready_among_callbacks_when_their_loop_was_closed) {
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(makes_ready));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 1), WEFT_TURN_STOPPED);
    world_close();
    CHECK_EQ_INT(drops, 3);
    CHECK_EQ_STR(world.said, "drop-unbegun drop-unbegun drop-unbegun");
    CHECK(strstr(world.reports, "retained") == NULL);
}

TEST(one_that_was_called_without_a_loop) {
    drops = 0;
    world.said[0] = '\0';
    weft_coroutine *coroutine = owning('n', 0);
    CHECK_EQ_INT(drops, 1);
    CHECK_EQ_STR(world.said, "drop-unbegun");
    weft_coroutine_close(coroutine);
    CHECK_EQ_INT(drops, 1);
    if (!CHECK(world_open()))
        return;
    CHECK_EQ_STR(world_outcome(world_start(coroutine)),
                 "RuntimeError: the coroutine was called before there was a loop");
    world_close();
    CHECK_EQ_INT(drops, 1);
}

struct closes {
    weft_frame frame;
};

weft_async(closes) {
    weft_begin(closes);
    weft_coroutine_close((weft_coroutine *)(void *)self); /* one that runs is left alone */
    weft_coroutine_close(NULL);
    say("still here");
    weft_drop();
    drops++;
    weft_end();
}

TEST(closing_one_that_runs_or_none_does_nothing) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(closes)), "none");
    CHECK_EQ_STR(world.said, "still here");
    CHECK_EQ_INT(drops, 1);
}

/* --- When it runs --- */

struct orders {
    weft_frame frame;
    int level;
    bool fail;
};

weft_async(orders) {
    weft_begin(orders);
    weft_try {
        if (self->level > 0)
            weft_await(weft_call(orders, .level = self->level - 1, .fail = self->fail));
        else if (self->fail)
            weft_raise(MY_ERROR, "failed");
    }
    weft_finally {
        say("finally%d", self->level);
    }
    weft_drop();
    say("drop%d", self->level);
    weft_end();
}

TEST(it_runs_after_finally_and_before_the_caller_goes_on) {
    const char *order = "finally0 drop0 finally1 drop1 finally2 drop2";
    CHECK_EQ_STR(RUN(weft_call(orders, .level = 2)), "none");
    CHECK_EQ_STR(world.said, order);
    CHECK_EQ_STR(RUN(weft_call(orders, .level = 2, .fail = true)), "Error 1001: failed");
    CHECK_EQ_STR(world.said, order);
}

struct keeps_value {
    weft_frame frame;
    char *text;
    bool taken;
};

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

weft_async(keeps_value) {
    weft_begin(keeps_value);
    self->text = strcpy(malloc(5), "text");
    if (self->taken)
        weft_return_owned(self->text, count_free);
    weft_return(self->text);
    weft_drop();
    if (!self->taken)
        self->text[0] = 'd';
    else
        self->text = NULL;
    free(self->text);
    weft_end();
}

TEST(the_value_is_settled_before_it_runs) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(keeps_value, .taken = true)), "text");
    CHECK_EQ_INT(freed, 1);
}

/* --- What may not be in it --- */

struct misuses_drop {
    weft_frame frame;
    char how;
    weft_coroutine *other;
    weft_task *task;
};

static int drop_line;

weft_async(misuses_drop) {
    weft_begin(misuses_drop);
    self->task = weft_create_task(owning('n', 0));
    weft_return("value");
    weft_drop();
    drop_line = __LINE__;
    if (self->how == 's')
        weft_await(weft_sleep(1)); /* 2 lines on */
    if (self->how == 'c') {
        self->other = owning('n', 0);
        weft_await(self->other); /* 5 */
    }
    if (self->how == 't')
        weft_await(self->task); /* 8 */
    if (self->how == 'r')
        weft_raise(MY_ERROR, "lost"); /* 10 */
    if (self->how == 'v')
        weft_return_owned(strcpy(malloc(5), "text"), count_free);
    if (self->how == 'y')
        weft_yield(1);
    if (self->how == 'b')
        weft_break;
    if (self->how == 'x')
        weft_reraise;
    if (self->how == 'g')
        weft_await(weft_generator_next(self->other)); /* 20 */
    if (self->how == 'n')
        weft_create_task(owning('n', 0));
    if (self->how == 'B') {
        weft_try { /* 24 */
            say("not reached");
        }
    }
    say("whole");
    weft_end();
}

static void misuse(char how, int line, const char *report) {
    char expected[200] = "";
    CHECK_EQ_STR(RUN(weft_call(misuses_drop, .how = how)), "value");
    if (report != NULL && line > 0)
        snprintf(expected, sizeof expected, "%s:%d: misuses_drop: %s", __FILE__, drop_line + line, report);
    else if (report != NULL)
        snprintf(expected, sizeof expected, "%s", report);
    CHECK_EQ_STR(world.reports, expected);
}

TEST(an_await_in_it_ends_it_and_is_reported) {
    misuse('s', 2, "an await in weft_drop");
    misuse('t', 8, "an await in weft_drop");
    misuse('g', 20, "an await in weft_drop");
    misuse('B', 24, "a block in weft_drop");
    drops = 0;
    RUN(weft_call(misuses_drop, .how = 'c'));
    CHECK(strstr(world.reports, "misuses_drop: an await in weft_drop") != NULL);
    CHECK(strstr(world.reports, "coroutine 'owns' called at") != NULL);
    CHECK_EQ_INT(drops, 2);
}

TEST(an_error_or_value_of_it_is_lost_but_told) {
    misuse('r', 10, "an error raised in weft_drop is lost: Error 1001: lost");
    freed = 0;
    misuse('v', 0, NULL);
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_STR(world.said, "drop");
    misuse('n', 0, NULL);
    CHECK_EQ_STR(world.said, "whole drop drop");
}

TEST(no_other_way_out_of_it_does_harm) {
    for (const char *how = "ybx"; *how != '\0'; how++) {
        CHECK_EQ_STR(RUN(weft_call(misuses_drop, .how = *how)), "value");
        CHECK(strstr(world.reports, "in weft_drop") != NULL);
    }
}

/* All of it where the drop runs on an initialiser, too, since weft_call found no memory or no loop. */
struct misuses_early_drop {
    weft_frame frame;
    char how;
    bool fail;
    int i;
    const weft_error *error;
    char room[600];
};

weft_async(misuses_early_drop) {
    weft_begin(misuses_early_drop);
    if (self->fail)
        weft_raise(MY_ERROR, "failed");
    weft_drop();
    drops++;
    if (self->how == 's')
        weft_await(weft_sleep(1));
    if (self->how == 'S')
        weft_await(weft_sleep(0));
    if (self->how == 'c')
        weft_await(weft_call(misuses_early_drop));
    if (self->how == 'f')
        weft_await(weft_create_future());
    if (self->how == 'g')
        weft_await(weft_generator_next(NULL));
    if (self->how == 'r')
        weft_raise(MY_ERROR, "lost");
    if (self->how == 'v')
        weft_return_owned(strcpy(malloc(5), "text"), count_free);
    if (self->how == 'y')
        weft_yield(1);
    if (self->how == 'b')
        weft_break;
    if (self->how == 't') {
        weft_try {
            say("not reached");
        }
        weft_catch(self->error) {}
    }
    if (self->how == 'w') {
        weft_with(weft_timeout(1)) {
            say("not reached");
        }
    }
    if (self->how == 'i') {
        weft_for_await (self->i, NULL) {
            say("not reached");
        }
    }
    if (self->how == 'l') {
        weft_while(self->i++ < 3) {
            weft_continue;
        }
    }
    weft_end();
}

struct calls_without_memory {
    weft_frame frame;
    char how;
    bool memory, fail;
    weft_coroutine *coroutine;
};

weft_async(calls_without_memory) {
    weft_begin(calls_without_memory);
    if (!self->memory)
        run_out_of_memory();
    self->coroutine = weft_call(misuses_early_drop, .how = self->how, .fail = self->fail);
    find_memory_again();
    weft_await(self->coroutine);
    weft_end();
}

static const char *const misuses = "sScfgrvybtwil";

static void misuse_with_memory(bool fail) {
    for (const char *how = misuses; *how != '\0'; how++) {
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(calls_without_memory, .how = *how, .memory = true, .fail = fail)),
                     fail ? "Error 1001: failed" : "none");
        CHECK_EQ_STR(world.said, "");
        CHECK_EQ_INT(drops, *how == 'c' ? 2 : 1);
        CHECK((*how == 'v') == (world.reports[0] == '\0'));
    }
}

TEST(no_misuse_makes_it_run_again) {
    misuse_with_memory(false);
}

TEST(nor_while_an_error_is_on_its_way) {
    misuse_with_memory(true);
}

TEST(nor_where_it_runs_for_lack_of_memory) {
    for (const char *how = misuses; *how != '\0'; how++) {
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(calls_without_memory, .how = *how)), "OutOfMemory");
        CHECK_EQ_STR(world.said, "");
        CHECK_EQ_INT(drops, *how == 'c' ? 2 : 1);
        CHECK((*how == 'v') == (world.reports[0] == '\0'));
    }
}

TEST(nor_without_a_loop) {
    world.said[0] = '\0';
    for (const char *how = misuses; *how != '\0'; how++) {
        drops = 0;
        weft_coroutine *coroutine = weft_call(misuses_early_drop, .how = *how);
        weft_coroutine_close(coroutine);
        CHECK_EQ_INT(drops, *how == 'c' ? 2 : 1);
        CHECK_EQ_STR(world.said, "");
    }
}

TEST_MAIN(TEST_CASE(one_that_finished_failed_or_was_closed), TEST_CASE(one_that_was_cancelled),
          TEST_CASE(one_that_was_never_awaited_is_reported_by_name_and_place),
          TEST_CASE(one_that_found_no_memory), TEST_CASE(one_that_was_refused),
          TEST_CASE(one_that_was_pending_when_its_loop_was_closed),
          TEST_CASE(one_that_had_not_begun_when_its_loop_was_closed),
          TEST_CASE(those_that_were_ready_among_callbacks_when_their_loop_was_closed),
          TEST_CASE(one_that_was_called_without_a_loop),
          TEST_CASE(closing_one_that_runs_or_none_does_nothing),
          TEST_CASE(it_runs_after_finally_and_before_the_caller_goes_on),
          TEST_CASE(the_value_is_settled_before_it_runs), TEST_CASE(an_await_in_it_ends_it_and_is_reported),
          TEST_CASE(an_error_or_value_of_it_is_lost_but_told), TEST_CASE(no_other_way_out_of_it_does_harm),
          TEST_CASE(no_misuse_makes_it_run_again), TEST_CASE(nor_while_an_error_is_on_its_way),
          TEST_CASE(nor_where_it_runs_for_lack_of_memory), TEST_CASE(nor_without_a_loop))
