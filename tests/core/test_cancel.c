/* Cancellation: counting, messages, and what a cancelled coroutine leaves behind. */

#include "world.h"

struct sleeper {
    weft_frame frame;
    double delay;
    const weft_error *error;
    bool catches;
};

weft_async(sleeper) {
    weft_begin(sleeper);
    say("begins");
    weft_try {
        weft_await(weft_sleep(self->delay));
    }
    weft_catch_all(self->error) {
        say("caught '%s' at %g", self->error->message, weft_time());
        if (!self->catches)
            weft_reraise;
    }
    say("goes on");
    weft_drop();
    say("dropped");
    weft_end();
}

struct counts {
    weft_frame frame;
    weft_task *task;
};

weft_async(counts) {
    weft_begin(counts);
    self->task = weft_create_task(weft_call(sleeper, .delay = 1));
    say("%u", weft_task_uncancel(self->task));
    say("%d", weft_task_cancel(self->task, NULL));
    say("%d %u", weft_task_cancel(self->task, NULL), weft_task_cancelling(weft_current_task()));
    say("%u", weft_task_cancelling(self->task));
    say("%u", weft_task_uncancel(self->task));
    say("%u", weft_task_uncancel(self->task));
    say("%u", weft_task_uncancel(self->task));
    weft_await(self->task);
    say("%d", weft_task_cancel(self->task, NULL));
    say("%u", weft_task_cancelling(self->task));
    weft_end();
}

TEST(calls_of_cancel_are_counted_and_taken_back) {
    RUN(weft_call(counts));
    CHECK_EQ_STR(world.said, "0 1 1 0 2 1 0 0 begins goes on dropped 0 0");
}

struct cancels {
    weft_frame frame;
    weft_task *task;
    bool at_once, catches;
    char message[8];
};

weft_async(cancels) {
    weft_begin(cancels);
    self->task = weft_create_task(weft_call(sleeper, .delay = 9, .catches = self->catches));
    if (!self->at_once)
        weft_await(weft_sleep(2));
    strcpy(self->message, "copied");
    weft_task_cancel(self->task, self->message);
    strcpy(self->message, "gone");
    weft_await(self->task);
    weft_end();
}

TEST(a_message_is_copied_and_arrives) {
    CHECK_EQ_STR(RUN(weft_call(cancels)), "Cancelled: copied");
    CHECK_EQ_STR(world.said, "begins caught 'copied' at 2 dropped");
    CHECK_EQ_STR(world.reports, "");
}

TEST(a_cancellation_may_be_caught) {
    CHECK_EQ_STR(RUN(weft_call(cancels, .catches = true)), "none");
    CHECK_EQ_STR(world.said, "begins caught 'copied' at 2 goes on dropped");
}

TEST(before_the_first_step_only_drop_runs) {
    CHECK_EQ_STR(RUN(weft_call(cancels, .at_once = true)), "Cancelled: copied");
    CHECK_EQ_STR(world.said, "dropped");
}

struct except {
    weft_frame frame;
    const weft_error *error;
};

weft_async(except) {
    weft_begin(except);
    weft_task_cancel(weft_current_task(), NULL);
    weft_try {
        weft_await(weft_sleep(1));
    }
    weft_catch(self->error) {
        say("not for a plain catch");
    }
    weft_end();
}

TEST(a_plain_catch_does_not_take_it) {
    CHECK_EQ_STR(RUN(weft_call(except)), "Cancelled");
    CHECK_EQ_STR(world.said, "");
}

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

struct gives {
    weft_frame frame;
};

weft_async(gives) {
    weft_begin(gives);
    weft_await(weft_sleep(0));
    weft_return_owned((char *)malloc(8), count_free);
    weft_end();
}

struct loses {
    weft_frame frame;
    weft_task *task;
};

weft_async(loses) {
    weft_begin(loses);
    self->task = weft_create_task(weft_call(gives));
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    weft_task_cancel(weft_current_task(), NULL);
    weft_await(weft_wait_for(self->task, 0));
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(a_value_that_a_cancellation_outran_is_freed) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(loses)), "Cancelled");
    CHECK_EQ_INT(freed, 1);
}

struct deep {
    weft_frame frame;
    int left;
};

static unsigned drops;

weft_async(deep) {
    weft_begin(deep);
    if (self->left > 0)
        weft_await(weft_call(deep, .left = self->left - 1));
    else
        weft_await(weft_sleep(9));
    weft_drop();
    drops++;
    weft_end();
}

struct cancels_deep {
    weft_frame frame;
    weft_task *task;
};

weft_async(cancels_deep) {
    weft_begin(cancels_deep);
    self->task = weft_create_task(weft_call(deep, .left = 10000));
    weft_await(weft_sleep(1));
    weft_task_cancel(self->task, NULL);
    weft_await(self->task);
    weft_end();
}

TEST(it_unwinds_every_caller) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(cancels_deep)), "Cancelled");
    CHECK_EQ_INT(drops, 10001);
}

TEST_MAIN(TEST_CASE(calls_of_cancel_are_counted_and_taken_back), TEST_CASE(a_message_is_copied_and_arrives),
          TEST_CASE(a_cancellation_may_be_caught), TEST_CASE(before_the_first_step_only_drop_runs),
          TEST_CASE(a_plain_catch_does_not_take_it), TEST_CASE(a_value_that_a_cancellation_outran_is_freed),
          TEST_CASE(it_unwinds_every_caller))
