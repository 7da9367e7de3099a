/* What once went wrong, found by programs that nobody had thought of. */

#include <math.h>

#include "world.h"

/* --- One variable for two open blocks --- */

struct waits {
    weft_frame frame;
};

weft_async(waits) {
    weft_begin(waits);
    weft_await(weft_sleep(1));
    weft_end();
}

struct reuses_group {
    weft_frame frame;
    weft_group group;
    const weft_error *error;
};

weft_async(reuses_group) {
    weft_begin(reuses_group);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_call(waits));
        weft_try {
            weft_with_as(self->group, weft_task_group()) {
                say("inside");
            }
        }
        weft_catch(self->error) {
            say("%s: %s", name_of(self->error), self->error->message);
        }
    }
    say("at %g", weft_time());
    weft_with_as(self->group, weft_task_group()) {
        say("again");
    }
    weft_end();
}

TEST(a_group_is_not_entered_anew_while_its_block_is_open) {
    CHECK_EQ_STR(RUN(weft_call(reuses_group)), "none");
    CHECK_EQ_STR(world.said,
                 "RuntimeError: the variable of weft_with_as belongs to a block that is open at 1 again");
}

struct reuses_deadline {
    weft_frame frame;
    weft_deadline deadline;
};

weft_async(reuses_deadline) {
    weft_begin(reuses_deadline);
    weft_with_as(self->deadline, weft_timeout(1)) {
        weft_with_as(self->deadline, weft_timeout(2)) {
            say("inside");
        }
    }
    weft_end();
}

TEST(nor_is_a_deadline) {
    CHECK_EQ_STR(RUN(weft_call(reuses_deadline)),
                 "RuntimeError: the variable of weft_with_as belongs to a block that is open");
    CHECK_EQ_STR(world.said, "");
}

/* --- NULL where a call may have given it --- */

static void never(void *argument) {
    (void)argument;
    say("called");
}

struct cancels_no_handle {
    weft_frame frame;
};

weft_async(cancels_no_handle) {
    weft_begin(cancels_no_handle);
    weft_handle_cancel(weft_call_later(NAN, never, NULL));
    weft_handle_cancel(weft_call_later(1, never, NULL));
    weft_end();
}

TEST(a_callback_that_was_refused_can_be_taken_back) {
    CHECK_EQ_STR(RUN(weft_call(cancels_no_handle)), "none");
    CHECK_EQ_STR(world.said, "");
}

struct runs_nothing {
    weft_frame frame;
};

weft_async(runs_nothing) {
    weft_begin(runs_nothing);
    weft_await(weft_to_thread(NULL, NULL));
    weft_end();
}

TEST(a_thread_without_a_function_is_an_error) {
    CHECK_EQ_STR(RUN(weft_call(runs_nothing)), "TypeMismatch: a thread needs a function, not NULL");
}

/* --- What is said of an error that came after its shield --- */

struct shields_a_gather {
    weft_frame frame;
    weft_task *task;
    weft_future *shield;
};

weft_async(shields_a_gather) {
    weft_begin(shields_a_gather);
    self->task = weft_create_task(weft_call(waits));
    self->shield = weft_shield(weft_gather(self->task));
    weft_cancel(self->shield);
    weft_cancel(self->task);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_gather_that_failed_after_its_shield_is_not_called_a_task) {
    CHECK_EQ_STR(RUN(weft_call(shields_a_gather)), "none");
    CHECK_EQ_STR(world.reports, "future 3: failed after the shield around it was cancelled: Cancelled");
}

TEST_MAIN(TEST_CASE(a_group_is_not_entered_anew_while_its_block_is_open), TEST_CASE(nor_is_a_deadline),
          TEST_CASE(a_callback_that_was_refused_can_be_taken_back),
          TEST_CASE(a_thread_without_a_function_is_an_error),
          TEST_CASE(a_gather_that_failed_after_its_shield_is_not_called_a_task))
