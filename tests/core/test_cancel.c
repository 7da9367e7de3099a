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

/* --- Whose message it is, where several things end one wait --- */

struct awaits_future {
    weft_frame frame;
    weft_future *future;
    char name;
    const weft_error *error;
};

weft_async(awaits_future) {
    weft_begin(awaits_future);
    weft_try {
        weft_await(self->future);
    }
    weft_catch_all(self->error) {
        say("%c:%s '%s'", self->name, name_of(self->error), self->error->message);
    }
    weft_end();
}

struct contends {
    weft_frame frame;
    char what;
    weft_future *future;
    weft_task *task, *other;
};

static void contend(struct contends *self) {
    static const weft_error broken = {.code = WEFT_USER, .message = "broken"};
    if (self->what == 'f')
        weft_future_cancel(self->future, "future");
    if (self->what == 'v')
        weft_future_set_value(self->future, weft_value_of(1));
    if (self->what == 'e')
        weft_future_set_error(self->future, &broken);
    weft_task_cancel(self->task, "task");
    if (self->what == 't')
        weft_task_cancel(self->task, "again");
}

weft_async(contends) {
    weft_begin(contends);
    self->future = weft_create_future();
    self->task = weft_create_task(weft_call(awaits_future, .future = self->future, .name = 'a'));
    self->other = weft_create_task(weft_call(awaits_future, .future = self->future, .name = 'b'));
    weft_await(weft_sleep(0));
    contend(self);
    weft_await(self->task);
    weft_await(self->other);
    say("%u %u", weft_task_cancelling(self->task), weft_task_cancelling(self->other));
    weft_end();
}

TEST(of_several_ends_of_a_wait_one_gives_the_message) {
    static const struct {
        char what;
        const char *said;
    } cases[] = {
        {'n', "a:Cancelled 'task' b:Cancelled 'task' 1 0"},     /* through the task to the future and both */
        {'t', "a:Cancelled 'task' b:Cancelled 'task' 2 0"},     /* the future is cancelled once */
        {'f', "a:Cancelled 'future' b:Cancelled 'future' 1 0"}, /* a Cancelled is on its way to the task */
        {'v', "a:Cancelled 'task' 1 0"},
        {'e', "a:Cancelled 'task' b:Error 1000 'broken' 1 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ_STR(RUN(weft_call(contends, .what = cases[i].what)), "none");
        CHECK_EQ_STR(world.said, cases[i].said);
        CHECK_EQ_STR(world.reports, "");
    }
}

struct cancels_itself {
    weft_frame frame;
    bool waits;
};

weft_async(cancels_itself) {
    weft_begin(cancels_itself);
    weft_task_cancel(weft_current_task(), "enough");
    if (self->waits)
        weft_await(weft_sleep(5));
    weft_return("a value that nobody gets");
    weft_end();
}

TEST(one_that_cancels_itself_ends_cancelled_even_if_it_never_waits) {
    CHECK_EQ_STR(RUN(weft_call(cancels_itself)), "Cancelled: enough");
    CHECK_EQ_STR(RUN(weft_call(cancels_itself, .waits = true)), "Cancelled: enough");
}

TEST_MAIN(TEST_CASE(calls_of_cancel_are_counted_and_taken_back), TEST_CASE(a_message_is_copied_and_arrives),
          TEST_CASE(a_cancellation_may_be_caught), TEST_CASE(before_the_first_step_only_drop_runs),
          TEST_CASE(a_plain_catch_does_not_take_it), TEST_CASE(a_value_that_a_cancellation_outran_is_freed),
          TEST_CASE(it_unwinds_every_caller), TEST_CASE(of_several_ends_of_a_wait_one_gives_the_message),
          TEST_CASE(one_that_cancels_itself_ends_cancelled_even_if_it_never_waits))
