/* Gather: values and errors of many, who owns them, and many of them. Orders: tests/differential. */

#include "world.h"

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

struct child {
    weft_frame frame;
    double delay;
    int result; /* negative: raises */
    bool owned;
};

weft_async(child) {
    weft_begin(child);
    weft_await(weft_sleep(self->delay));
    if (self->result < 0)
        weft_raise(WEFT_USER - self->result, "child %d", self->result);
    if (self->owned)
        weft_return_owned(strcpy(malloc(8), "owned"), count_free);
    weft_return(self->result);
    weft_drop();
    say("drop%d", self->result);
    weft_end();
}

static void say_values(const weft_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        char text[64];
        weft_value_print(values->items[i], text, sizeof text);
        text[strcspn(text, "\n")] = '\0';
        say("[%s]", text);
    }
}

struct gathers {
    weft_frame frame;
    weft_future *gather;
    weft_values *values;
    weft_task *task;
};

weft_async(gathers) {
    weft_begin(gathers);
    self->task = weft_create_task(weft_call(child, .delay = 2, .result = 2));
    self->gather =
        weft_gather(weft_call(child, .delay = 1, .result = 1), self->task, weft_sleep(3), self->task);
    say("%d", weft_future_set_value(self->gather, weft_none()));
    weft_await_to(self->values, self->gather);
    say_values(self->values);
    say("%g", weft_time());
    weft_end();
}

TEST(it_takes_coroutines_tasks_and_operations) {
    RUN(weft_call(gathers));
    CHECK_EQ_STR(world.said, "0 drop1 drop2 [1] [2] [none] [2] 3");
}

struct owns {
    weft_frame frame;
    weft_values *values;
};

weft_async(owns) {
    weft_begin(owns);
    weft_await_to(self->values,
                  weft_gather(weft_call(child, .owned = true), weft_call(child, .owned = true)));
    say_values(self->values);
    say("freed%u", freed);
    weft_end();
}

TEST(its_values_live_as_long_as_its_creator) {
    freed = 0;
    RUN(weft_call(owns));
    CHECK_EQ_STR(world.said, "drop0 drop0 [owned] [owned] freed0");
    CHECK_EQ_INT(freed, 2);
}

struct fails {
    weft_frame frame;
    bool return_errors;
    weft_values *values;
    const weft_error *error;
};

weft_async(fails) {
    weft_begin(fails);
    weft_try {
        if (self->return_errors)
            weft_await_to(self->values,
                          weft_gather_return_errors(weft_call(child, .delay = 1, .result = -1),
                                                    weft_call(child, .result = -2), weft_call(child)));
        else
            weft_await_to(self->values, weft_gather(weft_call(child, .delay = 1, .result = -1),
                                                    weft_call(child, .result = -2), weft_call(child)));
        say_values(self->values);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(the_first_error_wins_and_the_others_are_known) {
    RUN(weft_call(fails));
    CHECK_EQ_STR(world.said, "drop-2 drop0 child -2 drop-1");
    CHECK_EQ_STR(world.reports, "");
}

TEST(errors_may_be_items) {
    RUN(weft_call(fails, .return_errors = true));
    CHECK_EQ_STR(world.said, "drop-2 drop0 drop-1 [Error 1001: child -1] [Error 1002: child -2] [0]");
}

enum { MANY = 3000 };

struct gathers_many {
    weft_frame frame;
    weft_awaitable *children;
    weft_future *gather;
    weft_values *values;
    bool cancels;
};

weft_async(gathers_many) {
    weft_begin(gathers_many);
    self->children = weft_allocate(MANY * sizeof *self->children);
    for (int i = 0; i < MANY; i++)
        self->children[i] = weft_awaitable_of(weft_sleep(1 + i % 7));
    self->gather = weft_gather_array(MANY, self->children, false);
    weft_await(weft_sleep(0.5));
    if (self->cancels)
        say("%d", weft_cancel(self->gather));
    weft_await_to(self->values, self->gather);
    say("%zu at %g", self->values->count, weft_time());
    weft_drop();
    weft_free(self->children);
    weft_end();
}

TEST(it_takes_thousands) {
    RUN(weft_call(gathers_many));
    CHECK_EQ_STR(world.said, "3000 at 7");
    CHECK_EQ_STR(RUN(weft_call(gathers_many, .cancels = true)), "Cancelled");
    CHECK_EQ_STR(world.said, "1");
}

struct nests {
    weft_frame frame;
    weft_future *gather;
    int depth;
    bool cancels;
};

weft_async(nests) {
    weft_begin(nests);
    self->gather = weft_gather(weft_call(child, .delay = 5));
    for (int i = 0; i < self->depth; i++)
        self->gather = weft_gather(self->gather);
    weft_await(weft_sleep(1));
    if (self->cancels)
        weft_cancel(self->gather);
    weft_await(self->gather);
    say("at %g", weft_time());
    weft_end();
}

TEST(gathers_nest_thousands_deep) {
    CHECK_EQ_STR(RUN(weft_call(nests, .depth = 20000)), "none");
    CHECK_EQ_STR(world.said, "drop0 at 5");
    CHECK_EQ_STR(RUN(weft_call(nests, .depth = 20000, .cancels = true)), "Cancelled");
    CHECK_EQ_STR(world.said, "drop0");
}

struct never_set {
    weft_frame frame;
    weft_future *future;
    bool shield;
};

weft_async(never_set) {
    weft_begin(never_set);
    self->future = weft_create_future();
    if (self->shield)
        weft_shield(self->future);
    else
        weft_gather(self->future, weft_call(child), self->future);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_child_that_nobody_sets_keeps_nothing) {
    RUN(weft_call(never_set));
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(never_set, .shield = true));
    CHECK_EQ_STR(world.reports, "");
}

struct wrong {
    weft_frame frame;
    weft_coroutine *used;
    const weft_error *error;
};

weft_async(wrong) {
    weft_begin(wrong);
    self->used = weft_call(child);
    weft_create_task(self->used);
    weft_try {
        weft_await(weft_gather(weft_call(child, .result = 1), self->used, weft_call(child, .result = 3)));
    }
    weft_catch(self->error) {
        say("%s: %s", name_of(self->error), self->error->message);
    }
    weft_try {
        weft_await(weft_gather((weft_coroutine *)NULL));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(a_wrong_child_is_its_error_and_no_other_runs) {
    RUN(weft_call(wrong));
    CHECK_EQ_STR(world.said,
                 "drop1 drop3 RuntimeError: the coroutine was awaited already TypeMismatch drop0");
    CHECK_EQ_STR(world.reports, "");
}

/* Waiters for permits whom a gather's cancellation reaches, between others whom it does not. */
struct takes {
    weft_frame frame;
    weft_semaphore *permits;
    int number;
};

weft_async(takes) {
    weft_begin(takes);
    weft_with(self->permits) {
        say("%d", self->number);
        weft_await(weft_sleep(1));
    }
    weft_end();
}

struct cancels_waiters {
    weft_frame frame;
    weft_semaphore permits;
    weft_future *gather;
    weft_task *last;
};

weft_async(cancels_waiters) {
    weft_begin(cancels_waiters);
    weft_semaphore_init(&self->permits, 1);
    for (int i = 0; i < 3; i++)
        weft_create_task(weft_call(takes, .permits = &self->permits, .number = i));
    self->gather = weft_gather(weft_call(takes, .permits = &self->permits, .number = 8),
                               weft_call(takes, .permits = &self->permits, .number = 9));
    self->last = weft_create_task(weft_call(takes, .permits = &self->permits, .number = 3));
    weft_await(weft_sleep(0.5));
    weft_cancel(self->gather);
    weft_await(self->last);
    say("%u free", weft_semaphore_value(&self->permits));
    weft_end();
}

TEST(cancelling_it_keeps_a_queue_whole) {
    RUN(weft_call(cancels_waiters));
    CHECK_EQ_STR(world.said, "0 1 2 3 1 free");
}

/* One of two tells by its message which of the children had the word. */
struct cancels_with_errors {
    weft_frame frame;
    bool refuses; /* the last child ends with a value all the same */
    weft_task *first, *last;
    weft_future *gather;
    const weft_error *error;
};

weft_async(cancels_with_errors) {
    weft_begin(cancels_with_errors);
    self->first = weft_create_task(weft_call(child, .delay = 5));
    self->last = weft_create_task(weft_call(child, .delay = 0));
    self->gather = weft_gather_return_errors(self->first, self->refuses ? self->last : self->first);
    weft_await(weft_sleep(0));
    weft_future_cancel(self->gather, "no more");
    if (self->refuses)
        weft_task_uncancel(self->last);
    weft_try {
        weft_await(self->gather);
    }
    weft_catch_all(self->error) {
        say("[%s]", self->error->message);
    }
    say("%d", weft_future_cancelled(self->gather));
    weft_end();
}

TEST(cancelled_with_errors_as_items_it_has_the_error_of_the_last_child) {
    CHECK_EQ_STR(RUN(weft_call(cancels_with_errors)), "none");
    CHECK_EQ_STR(world.said, "drop0 drop0 [no more] 0");
    CHECK_EQ_STR(RUN(weft_call(cancels_with_errors, .refuses = true)), "none");
    CHECK_EQ_STR(world.said, "drop0 drop0 [] 0");
}

/* The child of the innermost is done, which no gather knows yet. */
struct cancels_too_late {
    weft_frame frame;
    weft_future *child, *inner, *outer;
    weft_task *task;
};

struct awaits_gather {
    weft_frame frame;
    weft_future *gather;
    const weft_error *error;
};

weft_async(awaits_gather) {
    weft_begin(awaits_gather);
    weft_try {
        weft_await(self->gather);
    }
    weft_catch_all(self->error) {
        say("%s", name_of(self->error));
    }
    weft_end();
}

weft_async(cancels_too_late) {
    weft_begin(cancels_too_late);
    self->child = weft_create_future();
    self->inner = weft_gather(self->child);
    for (int i = 0; i < 40; i++)
        self->inner = weft_gather(self->inner, self->inner);
    self->outer = weft_gather(self->inner);
    self->task = weft_create_task(weft_call(awaits_gather, .gather = self->outer));
    weft_await(weft_sleep(0));
    weft_future_set_value(self->child, weft_none());
    say("%d %d", weft_cancel(self->outer), weft_cancel(self->task));
    weft_await(self->outer);
    weft_await(self->task);
    weft_end();
}

TEST(where_all_is_done_further_in_there_is_nothing_to_cancel) {
    CHECK_EQ_STR(RUN(weft_call(cancels_too_late)), "none");
    CHECK_EQ_STR(world.said, "0 1 Cancelled");
}

TEST_MAIN(TEST_CASE(it_takes_coroutines_tasks_and_operations),
          TEST_CASE(its_values_live_as_long_as_its_creator),
          TEST_CASE(the_first_error_wins_and_the_others_are_known), TEST_CASE(errors_may_be_items),
          TEST_CASE(it_takes_thousands), TEST_CASE(gathers_nest_thousands_deep),
          TEST_CASE(a_child_that_nobody_sets_keeps_nothing),
          TEST_CASE(a_wrong_child_is_its_error_and_no_other_runs),
          TEST_CASE(cancelling_it_keeps_a_queue_whole),
          TEST_CASE(cancelled_with_errors_as_items_it_has_the_error_of_the_last_child),
          TEST_CASE(where_all_is_done_further_in_there_is_nothing_to_cancel))
