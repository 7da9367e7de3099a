/* Timeouts by themselves: states, errors, wait_for's values. Orders and races: tests/differential. */

#include "world.h"

#include <math.h>

struct states {
    weft_frame frame;
    weft_deadline deadline;
    double limit;
    const weft_error *error;
};

static void say_state(const weft_deadline *deadline) {
    say("%g/%d", weft_deadline_when(deadline), weft_deadline_expired(deadline));
}

static void try_to_move(weft_deadline *deadline, double when) {
    const weft_error *error = weft_deadline_reschedule(deadline, when);
    say("%s", error == NULL ? "moved" : error->message);
    weft_error_release(error);
}

weft_async(states) {
    weft_begin(states);
    weft_try {
        weft_with_as(self->deadline, weft_timeout(self->limit)) {
            say_state(&self->deadline);
            try_to_move(&self->deadline, NAN);
            weft_try {
                weft_await(weft_sleep(2));
            }
            weft_finally {
                say_state(&self->deadline);
                if (weft_deadline_expired(&self->deadline))
                    try_to_move(&self->deadline, 5);
            }
        }
    }
    weft_catch(self->error) {
        say("%s at %g", name_of(self->error), weft_time());
    }
    say_state(&self->deadline);
    try_to_move(&self->deadline, 5);
    weft_end();
}

TEST(it_knows_its_state) {
    RUN(weft_call(states, .limit = 3));
    CHECK_EQ_STR(world.said, "3/0 a deadline that is not a number 3/0 3/0 the timeout is finished");
    RUN(weft_call(states, .limit = 1));
    CHECK_EQ_STR(world.said,
                 "1/0 a deadline that is not a number 1/1 the timeout is expiring TimedOut at 1 1/1 "
                 "the timeout has expired");
    RUN(weft_call(states, .limit = INFINITY));
    CHECK_EQ_STR(world.said, "inf/0 a deadline that is not a number inf/0 inf/0 the timeout is finished");
}

struct before {
    weft_frame frame;
    weft_deadline deadline;
};

weft_async(before) {
    weft_begin(before);
    try_to_move(&self->deadline, 5);
    weft_end();
}

TEST(it_cannot_be_moved_before_it_is_entered) {
    RUN(weft_call(before));
    CHECK_EQ_STR(world.said, "the timeout has not been entered");
}

struct not_a_number {
    weft_frame frame;
    bool waits;
};

weft_async(not_a_number) {
    weft_begin(not_a_number);
    if (self->waits)
        weft_await(weft_wait_for(weft_sleep(1), NAN));
    weft_with(weft_timeout(NAN)) {
        say("not reached");
    }
    weft_end();
}

TEST(a_limit_that_is_not_a_number_raises) {
    CHECK(strstr(RUN(weft_call(not_a_number)), "InvalidArgument") != NULL);
    CHECK_EQ_STR(world.said, "");
    CHECK(strstr(RUN(weft_call(not_a_number, .waits = true)), "InvalidArgument") != NULL);
    CHECK_EQ_STR(world.reports, "");
}

struct nests {
    weft_frame frame;
    int left;
};

weft_async(nests) {
    weft_begin(nests);
    weft_with(weft_timeout(self->left + 1)) {
        if (self->left > 0)
            weft_await(weft_call(nests, .left = self->left - 1));
        else
            weft_await(weft_sleep(9999));
    }
    weft_drop();
    if (self->left % 1000 == 0)
        say("%g", weft_time());
    weft_end();
}

TEST(they_nest_thousands_deep) {
    CHECK(strstr(RUN(weft_call(nests, .left = 3000)), "TimedOut") != NULL);
    CHECK_EQ_STR(world.said, "1 1 1 1");
}

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

struct gives {
    weft_frame frame;
    double delay;
};

weft_async(gives) {
    weft_begin(gives);
    weft_await(weft_sleep(self->delay));
    weft_return_owned(strcpy(malloc(8), "owned"), count_free);
    weft_end();
}

struct waits {
    weft_frame frame;
    double limit;
    bool of_task;
    weft_value value;
    const weft_error *error;
    weft_task *task;
};

weft_async(waits) {
    weft_begin(waits);
    weft_try {
        if (self->of_task) {
            self->task = weft_create_task(weft_call(gives, .delay = 1));
            weft_await_to(self->value, weft_wait_for(self->task, self->limit));
        } else {
            weft_await_to(self->value, weft_wait_for(weft_call(gives, .delay = 1), self->limit));
        }
        say("%s %s", weft_value_string(self->value), self->value.release != NULL ? "moved" : "borrowed");
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        say("gave up at %g", weft_time());
    }
    weft_drop();
    weft_value_free(&self->value);
    weft_end();
}

TEST(wait_for_moves_a_coroutines_value_and_lends_a_tasks) {
    freed = 0;
    RUN(weft_call(waits, .limit = 2));
    CHECK_EQ_STR(world.said, "owned moved");
    RUN(weft_call(waits, .limit = 2, .of_task = true));
    CHECK_EQ_STR(world.said, "owned borrowed");
    CHECK_EQ_INT(freed, 2);
}

TEST(wait_for_gives_up) {
    freed = 0;
    RUN(weft_call(waits, .limit = 0.5));
    CHECK_EQ_STR(world.said, "gave up at 0.5");
    RUN(weft_call(waits, .limit = 0.5, .of_task = true));
    CHECK_EQ_STR(world.said, "gave up at 0.5");
    RUN(weft_call(waits, .limit = 0, .of_task = true));
    CHECK_EQ_STR(world.said, "gave up at 0");
    RUN(weft_call(waits, .limit = -1));
    CHECK_EQ_STR(world.said, "gave up at 0");
    CHECK_EQ_INT(freed, 0);
    CHECK_EQ_STR(world.reports, "");
}

struct nobody {
    weft_frame frame;
};

weft_async(nobody) {
    weft_begin(nobody);
    weft_coroutine_close(weft_wait_for(weft_call(gives), 1));
    weft_end();
}

TEST(a_wait_for_that_is_closed_closes_its_coroutine) {
    RUN(weft_call(nobody));
    CHECK_EQ_STR(world.reports, "");
}

TEST_MAIN(TEST_CASE(it_knows_its_state), TEST_CASE(it_cannot_be_moved_before_it_is_entered),
          TEST_CASE(a_limit_that_is_not_a_number_raises), TEST_CASE(they_nest_thousands_deep),
          TEST_CASE(wait_for_moves_a_coroutines_value_and_lends_a_tasks), TEST_CASE(wait_for_gives_up),
          TEST_CASE(a_wait_for_that_is_closed_closes_its_coroutine))
