/* As completed by itself, in both forms: order, timeouts, who holds what. Orders of ticks:
 * tests/differential. */

#include "world.h"

#include <math.h>

enum { MY_ERROR = WEFT_USER + 1 };

static int tokens; /* in the hands of coroutines */

static int token(void) {
    return ++tokens;
}

struct works {
    weft_frame frame;
    int token;
    double seconds;
    const char *name;
};

weft_async(works) {
    weft_begin(works);
    weft_await(weft_sleep(self->seconds));
    if (self->name[0] == '!')
        weft_raise(MY_ERROR, "%s", self->name);
    weft_return(weft_format("%s", self->name));
    weft_drop();
    tokens -= self->token;
    weft_end();
}

#define WORKS(text, after) weft_call(works, .token = token() > 0, .name = (text), .seconds = (after))

/* --- The asynchronous form --- */

struct iterates {
    weft_frame frame;
    weft_task *a, *b, *task;
    weft_future *future;
    const weft_error *error;
    const char *value;
    char how;
};

weft_async(iterates) {
    weft_begin(iterates);
    self->a = weft_create_task(WORKS("a", 3));
    self->b = weft_create_task(WORKS("b", 1));
    weft_for_await (self->task,
                    weft_as_completed(self->a, self->b, WORKS("c", 2), self->a, WORKS("!", 2.5))) {
        say("%s", self->task == self->a ? "A" : self->task == self->b ? "B" : "?");
        weft_try {
            weft_await_to(self->value, self->task);
            say("%s %g", self->value, weft_time());
        }
        weft_catch(self->error) {
            say("%s %g", self->error->message, weft_time());
        }
        if (self->how == 'b')
            break;
    }
    say("%d %g", tokens, weft_time());
    weft_end();
}

TEST(tasks_come_in_the_order_in_which_they_end) {
    RUN(weft_call(iterates));
    CHECK_EQ_STR(world.said, "B b 1 ? c 2 ? ! 2.5 A a 3 0 3");
    CHECK_EQ_INT(tokens, 0);
}

TEST(leaving_early_lets_the_others_run_on) {
    RUN(weft_call(iterates, .how = 'b'));
    CHECK_EQ_STR(world.said, "B b 1 3 1");
    CHECK_EQ_INT(tokens, 0);
    CHECK_EQ_STR(world.reports, "");
}

struct limited {
    weft_frame frame;
    weft_task *task;
    weft_future *never;
    const weft_error *error;
    weft_awaitable all[3];
    double seconds;
};

weft_async(limited) {
    weft_begin(limited);
    self->never = weft_create_future();
    self->all[0] = weft_awaitable_of(self->never);
    self->all[1] = weft_awaitable_of(weft_sleep(1));
    self->all[2] = weft_awaitable_of(weft_sleep(2));
    weft_try {
        weft_for_await (self->task, weft_as_completed_array(3, self->all, self->seconds)) {
            say("%d", weft_task_done(self->task));
        }
    }
    weft_catch(self->error) {
        say("%s %g", name_of(self->error), weft_time());
    }
    say("%d", weft_future_done(self->never));
    weft_end();
}

TEST(a_timeout_raises_and_cancels_nothing) {
    RUN(weft_call(limited, .seconds = 1.5));
    CHECK_EQ_STR(world.said, "1 TimedOut 1.5 0");
    RUN(weft_call(limited, .seconds = 0));
    CHECK_EQ_STR(world.said, "TimedOut 0 0");
    RUN(weft_call(limited, .seconds = -3));
    CHECK_EQ_STR(world.said, "TimedOut 0 0");
    RUN(weft_call(limited, .seconds = (double)NAN));
    CHECK_EQ_STR(world.said, "InvalidArgument 0 0");
    CHECK_EQ_STR(world.reports, "");
}

struct late {
    weft_frame frame;
    weft_completion all;
    const weft_error *error;
    const char *value;
    double seconds;
};

weft_async(late) {
    weft_begin(late);
    weft_completion_init_array(
        &self->all, 4,
        (weft_awaitable[]){weft_awaitable_of(WORKS("a", 1)), weft_awaitable_of(WORKS("b", 5)),
                           weft_awaitable_of(WORKS("c", 2)), weft_awaitable_of(WORKS("d", 4))},
        self->seconds);
    while (weft_completion_left(&self->all) > 0) {
        weft_try {
            weft_await_to(self->value, weft_completion_next(&self->all));
            say("%s", self->value);
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    say("%g", weft_time());
    weft_try {
        weft_await(weft_create_future()); /* which nothing wakes, and no timer is left to wait for */
    }
    weft_catch(self->error) {
        say("%s %g", name_of(self->error), weft_time());
    }
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(each_result_that_is_late_is_timed_out) {
    sweep_allow(SWEEP_DEADLOCK); /* it is meant to come to one, which it may have no memory to catch */
    RUN(weft_call(late, .seconds = 3));
    CHECK_EQ_STR(world.said, "a c TimedOut TimedOut 3 Deadlock 5");
    RUN(weft_call(late, .seconds = 1000));
    CHECK_EQ_STR(world.said, "a c d b 5 Deadlock 5");
    CHECK_EQ_INT(tokens, 0);
}

struct nothing {
    weft_frame frame;
    weft_completion zeroed, empty;
    weft_task *task;
    weft_value value;
    const weft_error *error;
};

weft_async(nothing) {
    weft_begin(nothing);
    weft_for_await (self->task, weft_as_completed_array(0, NULL, 1)) {
        say("one");
    }
    weft_completion_init_array(&self->empty, 0, NULL, INFINITY);
    say("%zu %zu", weft_completion_left(&self->empty), weft_completion_left(&self->zeroed));
    weft_for_await (self->task, weft_completion_iterate(&self->zeroed)) {
        say("one");
    }
    weft_try {
        weft_await_to(self->value, weft_completion_next(&self->zeroed));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_drop();
    weft_completion_free(&self->empty);
    weft_completion_free(&self->zeroed);
    weft_end();
}

TEST(of_nothing_nothing_comes) {
    RUN(weft_call(nothing));
    CHECK_EQ_INT(world.code, WEFT_OK);
    CHECK_EQ_STR(world.said, "0 0 StopIteration");
}

/* --- The plain form --- */

struct results {
    weft_frame frame;
    weft_completion all;
    const char *value;
    weft_coroutine *twice;
    const weft_error *error;
};

weft_async(results) {
    weft_begin(results);
    self->twice = WORKS("twice", 3);
    weft_completion_init(&self->all, WORKS("a", 4), self->twice, WORKS("!b", 1), self->twice, WORKS("c", 2),
                         self->twice);
    while (weft_completion_left(&self->all) > 0) {
        weft_try {
            weft_await_to(self->value, weft_completion_next(&self->all));
            say("%s", self->value);
        }
        weft_catch(self->error) {
            say("%s", self->error->message);
        }
        say("%zu", weft_completion_left(&self->all));
    }
    weft_await(weft_completion_next(&self->all));
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(results_come_in_the_order_in_which_they_are_there) {
    RUN(weft_call(results));
    CHECK_EQ_STR(world.said, "!b 3 c 2 twice 1 a 0");
    CHECK_EQ_INT(world.code, WEFT_STOP_ITERATION);
    CHECK_EQ_INT(tokens, 0);
}

struct asks {
    weft_frame frame;
    weft_completion *all;
    const char *name, *value;
    const weft_error *error;
};

weft_async(asks) {
    weft_begin(asks);
    weft_try {
        weft_await_to(self->value, weft_completion_next(self->all));
        say("%s:%s", self->name, self->value);
    }
    weft_catch_all(self->error) {
        say("%s:%s", self->name, name_of(self->error));
    }
    weft_end();
}

struct shared {
    weft_frame frame;
    weft_completion all;
    weft_task *asking[4], *task;
    weft_awaitable awaitables[4];
    bool frees;
};

weft_async(shared) {
    weft_begin(shared);
    self->awaitables[0] = weft_awaitable_of(WORKS("a", 3));
    self->awaitables[1] = weft_awaitable_of(WORKS("b", 1));
    self->awaitables[2] = weft_awaitable_of(WORKS("c", 2));
    self->awaitables[3] = weft_awaitable_of(WORKS("d", 4));
    weft_completion_init_array(&self->all, 4, self->awaitables, 2.5);
    self->asking[0] = weft_create_task(weft_call(asks, .all = &self->all, .name = "1"));
    self->asking[1] = weft_create_task(weft_call(asks, .all = &self->all, .name = "2"));
    weft_await(weft_sleep(0.5));
    weft_task_cancel(self->asking[0], NULL);
    weft_await(weft_sleep(1));
    say("%zu", weft_completion_left(&self->all));
    weft_for_await (self->task, weft_completion_iterate(&self->all)) {
        say("%s", weft_value_string(weft_task_value(self->task)));
        break;
    }
    say("%zu", weft_completion_left(&self->all));
    self->asking[2] = weft_create_task(weft_call(asks, .all = &self->all, .name = "3"));
    self->asking[3] = weft_create_task(weft_call(asks, .all = &self->all, .name = "4"));
    weft_await(weft_sleep(0));
    if (self->frees)
        weft_completion_free(&self->all);
    weft_await(weft_sleep(4));
    say("%d", tokens);
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(several_tasks_share_one) {
    RUN(weft_call(shared));
    CHECK_EQ_STR(world.said, "1:Cancelled 2:b 2 c 1 4:StopIteration 3:TimedOut 0");
    RUN(weft_call(shared, .frees = true));
    CHECK_EQ_STR(world.said, "1:Cancelled 2:b 2 c 1 4:StopIteration 3:TimedOut 0");
    CHECK_EQ_INT(tokens, 0);
}

/* --- What it is given --- */

struct ready_made {
    weft_frame frame;
    weft_future *done, *failed, *any;
    weft_task *task;
    weft_coroutine *used;
    int value;
    const weft_error *error;
};

weft_async(ready_made) {
    weft_begin(ready_made);
    self->done = weft_create_future();
    self->failed = weft_create_future();
    weft_future_set_value(self->done, weft_value_of(7));
    self->error = weft_error_new(MY_ERROR, "early");
    weft_future_set_error(self->failed, self->error);
    weft_error_release(self->error);
    self->used = WORKS("used", 0);
    self->task = weft_create_task(self->used);
    weft_for_await (self->any, weft_as_completed(self->done, self->failed, self->done, self->used,
                                                 (weft_coroutine *)NULL)) {
        weft_try {
            weft_await(self->any);
            say("fine");
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    weft_end();
}

TEST(what_is_done_or_cannot_run_comes_too) {
    RUN(weft_call(ready_made));
    CHECK_EQ_STR(world.said, "fine Error 1001 RuntimeError TypeMismatch");
    CHECK_EQ_INT(tokens, 0);
}

struct never_asked {
    weft_frame frame;
    weft_completion all;
};

weft_async(never_asked) {
    weft_begin(never_asked);
    weft_completion_init(&self->all, WORKS("a", 1), WORKS("b", 1));
    weft_coroutine_close(weft_completion_next(&self->all));
    weft_coroutine_close(weft_as_completed(WORKS("c", 1)));
    weft_await(weft_sleep(2));
    say("%d", tokens);
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(it_need_not_be_asked) {
    RUN(weft_call(never_asked));
    CHECK_EQ_STR(world.said, "0");
}

/* --- Memory --- */

static weft_coroutine *tested(char which) {
    return which == 'i' ? weft_call(iterates) : which == 'r' ? weft_call(results) : weft_call(shared);
}

static bool runs_with(char which, size_t fail, uint64_t stop) {
    if (!world_open())
        return false;
    world.fail_at = fail == 0 ? 0 : world.allocations + fail;
    weft_task *main = world_start(tested(which));
    if (!weft_task_done(main))
        weft_simulation_turn(&world.simulation, world.loop, stop);
    CHECK(stop != 0 || weft_task_done(main));
    weft_future_error(weft_task_future(main));
    bool came = fail == 0 ? weft_loop_steps(world.loop) >= stop : world.out_of_memory;
    world_close();
    CHECK_EQ_INT(tokens, 0);
    CHECK(strstr(world.reports, "still retained") == NULL);
    tokens = 0;
    return came;
}

TEST(any_allocation_may_fail) {
    for (const char *which = "irs"; *which != '\0'; which++)
        for (size_t fail = 1; runs_with(*which, fail, 0); fail++) {
        }
}

TEST(the_loop_may_be_closed_at_any_step) {
    for (const char *which = "irs"; *which != '\0'; which++)
        for (uint64_t stop = 1; runs_with(*which, 0, stop); stop++) {
        }
}

struct starved {
    weft_frame frame;
    weft_completion all;
    weft_task *task;
    const weft_error *error;
    int i;
};

weft_async(starved) {
    weft_begin(starved);
    weft_await(weft_sleep(0));
    world.fail_onwards = true;
    world.fail_at = world.allocations + 1;
    while (world.allocations < world.fail_at && self->i++ < 10000)
        weft_create_future();
    weft_completion_init(&self->all, weft_sleep(1), weft_sleep(2));
    world.fail_at = 0;
    for (self->i = 0; weft_completion_left(&self->all) > 0; self->i++) {
        weft_try {
            weft_await(weft_completion_next(&self->all));
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
        }
    }
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(without_memory_the_first_who_asks_is_told) {
    RUN(weft_call(starved));
    CHECK(strstr(world.said, "OutOfMemory") != NULL);
}

struct poor {
    weft_frame frame;
    weft_completion all;
    weft_awaitable awaitables[20];
    weft_future *futures[20];
    int count;
};

weft_async(poor) {
    weft_begin(poor);
    for (int i = 0; i < 20; i++)
        self->awaitables[i] = weft_awaitable_of(self->futures[i] = weft_create_future());
    weft_completion_init_array(&self->all, 20, self->awaitables, INFINITY);
    world.fail_onwards = true;
    world.fail_at = world.allocations + 1;
    for (int i = 0; i < 20; i++)
        weft_future_set_value(self->futures[i], weft_value_of(i));
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    world.fail_at = 0;
    for (; weft_completion_left(&self->all) > 0; self->count++)
        weft_await(weft_completion_next(&self->all));
    say("%d", self->count);
    weft_drop();
    weft_completion_free(&self->all);
    weft_end();
}

TEST(what_has_ended_comes_even_without_memory) {
    RUN(weft_call(poor));
    CHECK_EQ_STR(world.said, "20");
}

struct many {
    weft_frame frame;
    weft_awaitable all[3000];
    weft_future *future;
    int i, count;
};

weft_async(many) {
    weft_begin(many);
    for (int i = 0; i < 3000; i++)
        self->all[i] = weft_awaitable_of(weft_sleep((i * 7 % 3000) / 16.0));
    weft_for_await (self->future, weft_as_completed_array(3000, self->all, INFINITY)) {
        self->count += weft_time() == self->i++ / 16.0;
    }
    say("%d", self->count);
    weft_end();
}

TEST(many_come_one_by_one) {
    RUN(weft_call(many));
    CHECK_EQ_STR(world.said, "3000");
}

TEST_MAIN(TEST_CASE(tasks_come_in_the_order_in_which_they_end),
          TEST_CASE(leaving_early_lets_the_others_run_on), TEST_CASE(a_timeout_raises_and_cancels_nothing),
          TEST_CASE(each_result_that_is_late_is_timed_out), TEST_CASE(of_nothing_nothing_comes),
          TEST_CASE(results_come_in_the_order_in_which_they_are_there), TEST_CASE(several_tasks_share_one),
          TEST_CASE(what_is_done_or_cannot_run_comes_too), TEST_CASE(it_need_not_be_asked),
          TEST_CASE(any_allocation_may_fail), TEST_CASE(the_loop_may_be_closed_at_any_step),
          TEST_CASE(without_memory_the_first_who_asks_is_told),
          TEST_CASE(what_has_ended_comes_even_without_memory), TEST_CASE(many_come_one_by_one))
