/* Shield: what it keeps away, what it lets through, and what it reports. Orders: tests/differential. */

#include "world.h"

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

struct inner {
    weft_frame frame;
    double delay;
    bool fails, owned;
};

weft_async(inner) {
    weft_begin(inner);
    weft_await(weft_sleep(self->delay));
    say("inner");
    if (self->fails)
        weft_raise(WEFT_USER, "late");
    if (self->owned)
        weft_return_owned(strcpy(malloc(8), "owned"), count_free);
    weft_return(7);
    weft_end();
}

struct waits {
    weft_frame frame;
    double limit;
    bool fails, owned, awaits_later;
    weft_task *task;
    weft_value value;
    const weft_error *error;
    int shields;
};

weft_async(waits) {
    weft_begin(waits);
    self->task = weft_create_task(weft_call(inner, .delay = 2, .fails = self->fails, .owned = self->owned));
    for (self->shields = 0; self->shields < 2; self->shields++) {
        weft_try {
            weft_with(weft_timeout(self->limit)) {
                weft_await_to(self->value, weft_shield(self->task));
            }
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    weft_await(weft_sleep(3));
    if (self->awaits_later)
        weft_await_to(self->value, self->task);
    say("%s", self->owned                        ? weft_value_string(self->value)
              : weft_value_int(self->value) == 7 ? "seven"
                                                 : "?");
    weft_end();
}

TEST(it_gives_the_value) {
    RUN(weft_call(waits, .limit = 9));
    CHECK_EQ_STR(world.said, "inner seven");
}

TEST(a_value_that_it_gives_belongs_to_the_inner_one) {
    freed = 0;
    RUN(weft_call(waits, .limit = 9, .owned = true));
    CHECK_EQ_STR(world.said, "inner owned");
    CHECK_EQ_INT(freed, 1);
}

TEST(a_cancellation_stops_at_it) {
    RUN(weft_call(waits, .limit = 0.5, .awaits_later = true));
    CHECK_EQ_STR(world.said, "TimedOut TimedOut inner seven");
    CHECK_EQ_STR(world.reports, "");
}

TEST(an_error_comes_through_and_is_known) {
    RUN(weft_call(waits, .limit = 9, .fails = true));
    CHECK_EQ_STR(world.said, "inner Error 1000 Error 1000 ?");
    CHECK_EQ_STR(world.reports, "");
}

TEST(an_error_after_the_shields_were_cancelled_is_reported_once) {
    RUN(weft_call(waits, .limit = 0.5, .fails = true));
    CHECK_EQ_STR(world.said, "TimedOut TimedOut inner ?");
    CHECK(strstr(world.reports, "failed after the shield around it was cancelled: Error 1000: late") != NULL);
    CHECK(strchr(world.reports, '\n') == NULL);
}

struct asks_later {
    weft_frame frame;
    weft_task *task;
    const weft_error *error;
};

weft_async(asks_later) {
    weft_begin(asks_later);
    weft_try {
        weft_await(weft_shield(self->task));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_end();
}

struct cancels_a_shield_of_what_failed {
    weft_frame frame;
    weft_task *task, *waiter;
};

weft_async(cancels_a_shield_of_what_failed) {
    weft_begin(cancels_a_shield_of_what_failed);
    self->task = weft_create_task(weft_call(inner, .delay = 1, .fails = true));
    self->waiter = weft_create_task(weft_call(asks_later, .task = self->task));
    weft_await(weft_sleep(1));
    weft_await(weft_sleep(0));
    say(weft_task_done(self->task) ? "done" : "pending");
    weft_cancel(self->waiter);
    weft_await(self->waiter);
    weft_end();
}

TEST(an_error_from_before_the_shield_was_cancelled_is_left_to_who_asks) {
    RUN(weft_call(cancels_a_shield_of_what_failed));
    CHECK_EQ_STR(world.said, "inner done Cancelled Error 1000");
    CHECK_EQ_STR(world.reports, "");
}

struct passes_on {
    weft_frame frame;
    weft_task *task;
    weft_future *shield;
};

weft_async(passes_on) {
    weft_begin(passes_on);
    self->task = weft_create_task(weft_call(inner, .delay = 2));
    self->shield = weft_shield(self->task);
    weft_await(weft_sleep(1));
    weft_task_cancel(self->task, NULL);
    weft_await(self->shield);
    weft_end();
}

TEST(a_cancellation_of_the_inner_one_comes_through) {
    CHECK_EQ_STR(RUN(weft_call(passes_on)), "Cancelled");
    CHECK_EQ_STR(world.said, "");
}

struct of_coroutine {
    weft_frame frame;
    int value;
};

weft_async(of_coroutine) {
    weft_begin(of_coroutine);
    weft_await_to(self->value, weft_shield(weft_call(inner, .delay = 1)));
    weft_await(weft_shield(weft_sleep(1)));
    say("%g", weft_time());
    weft_return(self->value);
    weft_end();
}

TEST(it_takes_coroutines_and_operations) {
    CHECK_EQ_STR(RUN(weft_call(of_coroutine)), "7");
    CHECK_EQ_STR(world.said, "inner 2");
}

TEST_MAIN(TEST_CASE(it_gives_the_value), TEST_CASE(a_value_that_it_gives_belongs_to_the_inner_one),
          TEST_CASE(a_cancellation_stops_at_it), TEST_CASE(an_error_comes_through_and_is_known),
          TEST_CASE(an_error_after_the_shields_were_cancelled_is_reported_once),
          TEST_CASE(an_error_from_before_the_shield_was_cancelled_is_left_to_who_asks),
          TEST_CASE(a_cancellation_of_the_inner_one_comes_through),
          TEST_CASE(it_takes_coroutines_and_operations))
