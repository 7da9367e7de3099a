/* Tasks: what they are called, what they give, who holds them, and what cannot become one. */

#include "world.h"

struct child {
    weft_frame frame;
    double delay;
    int result;
};

weft_async(child) {
    weft_begin(child);
    weft_await(weft_sleep(self->delay));
    weft_return(self->result);
    weft_end();
}

struct names {
    weft_frame frame;
    weft_task *first, *second;
    char name[8];
};

weft_async(names) {
    weft_begin(names);
    strcpy(self->name, "copied");
    self->first = weft_create_task(weft_call(child));
    self->second = weft_create_task_named(weft_call(child), self->name);
    strcpy(self->name, "gone");
    say("%s", weft_task_name(self->second));
    say("%d", weft_task_id(self->first) < weft_task_id(self->second));
    snprintf(self->name, sizeof self->name, "Task-%u", weft_task_id(self->first));
    say("%d", strcmp(weft_task_name(self->first), self->name) == 0);
    say("%d", weft_task_set_name(self->first, "new"));
    say("%s", weft_task_name(self->first));
    weft_await(self->second);
    weft_await(weft_create_task_of(weft_call(child), NULL));
    weft_end();
}

TEST(a_task_has_a_number_and_a_name_of_its_own) {
    RUN(weft_call(names));
    CHECK_EQ_STR(world.said, "copied 1 1 1 new");
}

struct states {
    weft_frame frame;
    weft_task *task;
    weft_value value;
};

weft_async(states) {
    weft_begin(states);
    self->task = weft_create_task(weft_call(child, .delay = 1, .result = 5));
    say("%d %s", weft_task_done(self->task), name_of(weft_task_error(self->task)));
    say("%d", weft_future_set_value(weft_task_future(self->task), weft_value_of(1)));
    say("%d", weft_future_set_error(weft_task_future(self->task), &weft_error_timed_out));
    weft_await_to(self->value, self->task);
    say("%d %d", weft_task_done(self->task), weft_task_cancelled(self->task));
    say("%lld", (long long)weft_value_int(weft_task_value(self->task)));
    weft_return(self->value);
    weft_end();
}

TEST(only_its_coroutine_sets_its_result) {
    CHECK_EQ_STR(RUN(weft_call(states)), "5");
    CHECK_EQ_STR(world.said, "0 InvalidState 0 0 1 0 5");
}

struct current {
    weft_frame frame;
    weft_task *before;
};

static void callback(void *unused) {
    (void)unused;
    say("%s", weft_current_task() == NULL ? "none" : "some");
}

weft_async(current) {
    weft_begin(current);
    self->before = weft_current_task();
    weft_call_soon(callback, NULL);
    weft_await(weft_sleep(0));
    say("%d", self->before == weft_current_task());
    weft_end();
}

TEST(the_current_task_is_the_one_that_runs) {
    RUN(weft_call(current));
    CHECK_EQ_STR(world.said, "none 1");
    CHECK(weft_current_task() == NULL);
}

struct lists {
    weft_frame frame;
    weft_task *all[2];
    weft_task *done;
};

weft_async(lists) {
    weft_begin(lists);
    say("%zu", weft_all_tasks(NULL, 0));
    self->done = weft_create_task(weft_call(child));
    weft_create_task(weft_call(child, .delay = 3));
    say("%zu", weft_all_tasks(self->all, 2));
    say("%d", self->all[0] != NULL && self->all[1] != NULL && self->all[0] != self->all[1]);
    weft_await(self->done);
    say("%zu", weft_all_tasks(self->all, 1));
    weft_end();
}

TEST(all_tasks_are_those_that_are_not_done) {
    RUN(weft_call(lists));
    CHECK_EQ_STR(world.said, "1 3 1 2");
}

struct holds_nothing {
    weft_frame frame;
};

struct late {
    weft_frame frame;
};

weft_async(late) {
    weft_begin(late);
    weft_await(weft_sleep(1));
    say("still ran");
    weft_end();
}

struct starts_one {
    weft_frame frame;
};

weft_async(starts_one) {
    weft_begin(starts_one);
    weft_release(weft_create_task(weft_call(late)));
    weft_create_task(weft_call(late));
    weft_end();
}

weft_async(holds_nothing) {
    weft_begin(holds_nothing);
    weft_await(weft_call(starts_one));
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(a_task_that_nobody_holds_runs_to_its_end) {
    RUN(weft_call(holds_nothing));
    CHECK_EQ_STR(world.said, "still ran still ran");
    CHECK_EQ_STR(world.reports, "");
}

struct refuses {
    weft_frame frame;
    weft_coroutine *coroutine;
    weft_task *task;
    const weft_error *error;
};

weft_async(refuses) {
    weft_begin(refuses);
    self->task = weft_create_task((weft_coroutine *)NULL);
    say("%d %s", weft_task_done(self->task), name_of(weft_task_error(self->task)));
    self->coroutine = weft_call(child);
    weft_create_task(self->coroutine);
    self->task = weft_create_task(self->coroutine);
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s: %s", name_of(self->error), self->error->message);
    }
    weft_end();
}

TEST(what_cannot_become_a_task_is_a_task_that_failed) {
    RUN(weft_call(refuses));
    CHECK_EQ_STR(world.said, "1 TypeMismatch RuntimeError: the coroutine was awaited already");
}

struct awaits_itself {
    weft_frame frame;
};

weft_async(awaits_itself) {
    weft_begin(awaits_itself);
    weft_await(weft_current_task());
    weft_end();
}

TEST(a_task_cannot_await_itself) {
    CHECK(strstr(RUN(weft_call(awaits_itself)), "RuntimeError: a task cannot await itself") != NULL);
}

struct ensures {
    weft_frame frame;
    weft_task *task;
    weft_future *future;
    weft_value value;
};

weft_async(ensures) {
    weft_begin(ensures);
    self->task = weft_create_task(weft_call(child, .result = 1));
    say("%d", weft_ensure_future(self->task) == weft_task_future(self->task));
    self->future = weft_ensure_future(weft_call(child, .result = 2));
    weft_await_to(self->value, self->future);
    weft_await(weft_ensure_future(weft_sleep(1)));
    say("%g", weft_time());
    weft_return(self->value);
    weft_end();
}

TEST(ensure_future_takes_what_is_one_and_makes_what_is_not) {
    CHECK_EQ_STR(RUN(weft_call(ensures)), "2");
    CHECK_EQ_STR(world.said, "1 1");
}

struct waits_for_next {
    weft_frame frame;
    weft_future *before; /* of its own reference; NULL: none */
    int index;
};

weft_async(waits_for_next) {
    weft_begin(waits_for_next);
    if (self->before != NULL)
        weft_await(self->before);
    else
        weft_await(weft_sleep(1));
    weft_return(self->index);
    weft_drop();
    weft_release(self->before);
    weft_end();
}

enum { CHAIN = 5000 };

struct chain {
    weft_frame frame;
    weft_task *last;
    bool cancel;
    weft_value value;
};

weft_async(chain) {
    weft_begin(chain);
    for (int i = 0; i < CHAIN; i++)
        self->last = weft_create_task(
            weft_call(waits_for_next, .before = i == 0 ? NULL : weft_retain(self->last), .index = i));
    weft_await(weft_sleep(0.5));
    if (self->cancel)
        weft_task_cancel(self->last, NULL);
    weft_await_to(self->value, self->last);
    weft_return(self->value);
    weft_end();
}

TEST(a_long_chain_of_tasks_wakes_and_is_cancelled_without_recursion) {
    CHECK_EQ_STR(RUN(weft_call(chain)), "4999");
    CHECK_EQ_STR(RUN(weft_call(chain, .cancel = true)), "Cancelled");
}

TEST_MAIN(TEST_CASE(a_task_has_a_number_and_a_name_of_its_own), TEST_CASE(only_its_coroutine_sets_its_result),
          TEST_CASE(the_current_task_is_the_one_that_runs), TEST_CASE(all_tasks_are_those_that_are_not_done),
          TEST_CASE(a_task_that_nobody_holds_runs_to_its_end),
          TEST_CASE(what_cannot_become_a_task_is_a_task_that_failed), TEST_CASE(a_task_cannot_await_itself),
          TEST_CASE(ensure_future_takes_what_is_one_and_makes_what_is_not),
          TEST_CASE(a_long_chain_of_tasks_wakes_and_is_cancelled_without_recursion))
