/* Task groups by themselves: errors as a group, refusals, many children. Orders: tests/differential. */

#include "world.h"

struct child {
    weft_frame frame;
    double delay;
    int fails; /* 0: no */
};

weft_async(child) {
    weft_begin(child);
    weft_await(weft_sleep(self->delay));
    if (self->fails)
        weft_raise(WEFT_USER + self->fails, "child %d", self->fails);
    weft_return(1);
    weft_drop();
    say("drop");
    weft_end();
}

struct two_fail {
    weft_frame frame;
    weft_group group;
    weft_task *survivor;
    const weft_error *error;
};

weft_async(two_fail) {
    weft_begin(two_fail);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group, weft_call(child, .delay = 1, .fails = 1));
            weft_group_create_task(&self->group, weft_call(child, .delay = 1, .fails = 2));
            self->survivor = weft_group_create_task(&self->group, weft_call(child, .delay = 9));
        }
    }
    weft_catch_code(WEFT_GROUP, self->error) {
        say("%s of %zu:", self->error->message, self->error->child_count);
        for (size_t i = 0; i < self->error->child_count; i++)
            say("%s", self->error->children[i]->message);
        say("%d %d", weft_error_has(self->error, WEFT_USER + 2), weft_error_has(self->error, WEFT_USER + 3));
    }
    say("%d", weft_task_cancelled(self->survivor));
    weft_end();
}

TEST(errors_come_as_a_group) {
    RUN(weft_call(two_fail));
    CHECK_EQ_STR(world.said, "drop drop drop unhandled errors in a task group of 2: child 1 child 2 1 0 1");
    CHECK_EQ_STR(world.reports, "");
}

struct values {
    weft_frame frame;
    weft_group group;
    weft_task *task;
    int i;
};

weft_async(values) {
    weft_begin(values);
    for (self->i = 0; self->i < 3; self->i++) {
        weft_with_as(self->group, weft_task_group()) {
            self->task = weft_group_create_task_named(&self->group, weft_call(child), "mine");
            weft_group_create_task(&self->group, weft_sleep(1));
        }
        say("%s=%lld", weft_task_name(self->task), (long long)weft_value_int(weft_task_value(self->task)));
    }
    say("%g", weft_time());
    weft_end();
}

TEST(tasks_keep_their_values_and_a_group_its_place_in_a_loop) {
    RUN(weft_call(values));
    CHECK_EQ_STR(world.said, "drop mine=1 drop mine=1 drop mine=1 3");
}

struct misuse {
    weft_frame frame;
    weft_group group;
    const weft_error *error;
};

static void try_to_add(weft_group *group) {
    weft_task *task = weft_group_create_task(group, weft_call(child));
    say("%s", weft_task_done(task) ? weft_task_error(task)->message : "added");
}

weft_async(misuse) {
    weft_begin(misuse);
    try_to_add(&self->group);
    weft_with(&self->group) {
        try_to_add(&self->group);
    }
    try_to_add(&self->group);
    weft_try {
        weft_with(&self->group) {
            say("not reached");
        }
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_group_init(&self->group);
    weft_with(&self->group) {
        say("anew");
    }
    weft_end();
}

TEST(a_task_is_refused_before_and_after_and_a_group_entered_once) {
    RUN(weft_call(misuse));
    CHECK_EQ_STR(world.said,
                 "drop the task group has not been entered added drop drop the task group is finished the "
                 "task group has been entered already anew");
    CHECK_EQ_STR(world.reports, "");
}

struct returns {
    weft_frame frame;
    weft_group group;
};

weft_async(returns) {
    weft_begin(returns);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_call(child, .delay = 2));
        weft_return(5);
    }
    weft_end();
}

struct times {
    weft_frame frame;
    int value;
};

weft_async(times) {
    weft_begin(times);
    weft_await_to(self->value, weft_call(returns));
    say("%g", weft_time());
    weft_return(self->value);
    weft_end();
}

TEST(a_return_waits_for_the_children) {
    CHECK_EQ_STR(RUN(weft_call(times)), "5");
    CHECK_EQ_STR(world.said, "drop 2");
}

static unsigned ended;

struct counted {
    weft_frame frame;
    int delay;
};

weft_async(counted) {
    weft_begin(counted);
    weft_await(weft_sleep(self->delay));
    weft_drop();
    ended++;
    weft_end();
}

struct many {
    weft_frame frame;
    weft_group group;
    bool cancels;
};

weft_async(many) {
    weft_begin(many);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 0; i < 5000; i++)
            weft_group_create_task(&self->group, weft_call(counted, .delay = i % 5));
        weft_await(weft_sleep(0.5));
        if (self->cancels)
            weft_group_cancel(&self->group);
    }
    say("%u at %g, cancelling %u", ended, weft_time(), weft_task_cancelling(weft_current_task()));
    weft_end();
}

TEST(thousands_of_children_end_or_are_cancelled_together) {
    ended = 0;
    RUN(weft_call(many));
    CHECK_EQ_STR(world.said, "5000 at 4, cancelling 0");
    ended = 0;
    RUN(weft_call(many, .cancels = true));
    CHECK_EQ_STR(world.said, "5000 at 0.5, cancelling 0");
}

struct nest {
    weft_frame frame;
    weft_group group;
    int left;
};

weft_async(nest) {
    weft_begin(nest);
    weft_with_as(self->group, weft_task_group()) {
        if (self->left > 0)
            weft_group_create_task(&self->group, weft_call(nest, .left = self->left - 1));
        else
            weft_raise(WEFT_USER, "at the bottom");
    }
    weft_end();
}

TEST(groups_nest_thousands_deep_and_their_errors_with_them) {
    RUN(weft_call(nest, .left = 3000));
    CHECK_EQ_INT(world.code, WEFT_GROUP);
    CHECK(strstr(world.outcome, "ErrorGroup") != NULL);
}

TEST_MAIN(TEST_CASE(errors_come_as_a_group),
          TEST_CASE(tasks_keep_their_values_and_a_group_its_place_in_a_loop),
          TEST_CASE(a_task_is_refused_before_and_after_and_a_group_entered_once),
          TEST_CASE(a_return_waits_for_the_children),
          TEST_CASE(thousands_of_children_end_or_are_cancelled_together),
          TEST_CASE(groups_nest_thousands_deep_and_their_errors_with_them))
