/* Calls from a thread whose loop it is not: refused, told in debug mode, and without effect. */

#define _GNU_SOURCE /* for uv.h */

#include "weft_test.h"

#include <string.h>
#include <weft/uv.h>
#include <weft/weft.h>

static void ignore(void *argument) {
    (void)argument;
}

static void ignore_done(weft_future *future, void *argument) {
    (void)future;
    (void)argument;
}

struct nap {
    weft_frame frame;
};

static weft_async(nap) {
    weft_begin(nap);
    weft_end();
}

struct meddled {
    weft_frame frame;
    weft_future *future;
    weft_task *task;
    weft_handle *handle;
    weft_group group;
};

static int refused_code(weft_future *future) {
    const weft_error *error = weft_future_error(future);
    return error == NULL ? 0 : error->code;
}

static weft_value meddle(void *argument) {
    struct meddled *self = argument;
    CHECK(!weft_call_soon(ignore, NULL));
    CHECK(weft_call_later(1, ignore, NULL) == NULL);
    CHECK(weft_call_at(1, ignore, NULL) == NULL);
    weft_handle_cancel(self->handle);
    CHECK(!weft_future_set_value(self->future, weft_none()));
    CHECK(!weft_cancel(self->future));
    CHECK(!weft_cancel(self->task));
    CHECK(!weft_task_set_name(self->task, "meddled"));
    CHECK(!weft_future_add_done_callback(self->future, ignore_done, NULL));
    weft_release(self->future);
    weft_release(self->future);
    CHECK_EQ_INT(refused_code(weft_create_future()), WEFT_RUNTIME);
    CHECK_EQ_INT(refused_code(weft_task_future(weft_create_task(weft_call(nap)))), WEFT_RUNTIME);
    CHECK_EQ_INT(refused_code(weft_task_future(weft_group_create_task(&self->group, weft_call(nap)))),
                 WEFT_RUNTIME);
    CHECK_EQ_INT(refused_code(weft_gather(weft_call(nap), self->future)), WEFT_RUNTIME);
    return weft_none();
}

static weft_async(meddled) {
    weft_begin(meddled);
    self->future = weft_create_future();
    self->task = weft_create_task(weft_sleep(0.01));
    self->handle = weft_call_later(1e6, ignore, NULL);
    weft_with(&self->group) {
        weft_await(weft_to_thread(meddle, self));
    }
    CHECK(!weft_future_done(self->future));
    weft_await(self->task);
    weft_handle_cancel(self->handle); /* it is still there */
    CHECK(strcmp(weft_task_name(self->task), "meddled") != 0);
    weft_future_set_value(self->future, weft_none());
    weft_await(self->future);
    weft_end();
}

TEST(calls_of_another_thread_are_refused) {
    CHECK(weft_run(weft_call(meddled), NULL, NULL));
}

/* More loops than there are tags (core/loop.c), one after the other. */
enum { LOOPS = 300 };

struct many_loops {
    weft_frame frame;
    weft_future *future;
};

struct try_to_set {
    weft_frame frame;
    weft_future *future;
};

static weft_async(try_to_set) {
    weft_begin(try_to_set);
    CHECK(!weft_future_set_value(self->future, weft_none()));
    weft_end();
}

static weft_value run_many(void *future) {
    for (int i = 0; i < LOOPS; i++)
        CHECK(weft_run(weft_call(try_to_set, .future = future), NULL, NULL));
    return weft_none();
}

static weft_async(many_loops) {
    weft_begin(many_loops);
    self->future = weft_create_future();
    weft_await(weft_to_thread(run_many, self->future));
    CHECK(!weft_future_done(self->future));
    weft_end();
}

TEST(no_loop_takes_what_is_another_ones_for_its_own) {
    CHECK(weft_run(weft_call(many_loops), NULL, NULL));
}

TEST_MAIN(TEST_CASE(calls_of_another_thread_are_refused),
          TEST_CASE(no_loop_takes_what_is_another_ones_for_its_own))
