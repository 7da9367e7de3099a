/* Loops in threads of their own: outcomes, errors and cancellations between them and who waits for them. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "weft_test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <weft/weft.h>

static pthread_t main_thread;
static atomic_int made, dropped;
static uv_sem_t started;

/* How it ends: v with a value, s a string, e an error, n with two in a group, c cancelled, f never; k: it
 * takes a cancellation and goes on. */
typedef struct order {
    char how;
    bool tells; /* of its start */
    int number;
} order;

struct worker {
    weft_frame frame;
    const order *order;
    const weft_error *error, *children[2];
};

weft_async(worker) {
    weft_begin(worker);
    if (self->order->tells && self->order->how != 'k')
        uv_sem_post(&started);
    weft_await(weft_sleep(0));
    if (self->order->how == 'v')
        weft_return(self->order->number * 2 + pthread_equal(pthread_self(), main_thread));
    if (self->order->how == 's')
        weft_return(weft_format("number %d", self->order->number));
    if (self->order->how == 'e')
        weft_raise(WEFT_USER + 3, "no number %d", self->order->number);
    if (self->order->how == 'n') {
        self->children[0] = weft_error_new(WEFT_USER + 1, "one");
        self->children[1] = weft_error_new(WEFT_USER + 2, "two");
        self->error = weft_error_group("both", self->children, 2);
        weft_error_release(self->children[0]);
        weft_error_release(self->children[1]);
        weft_raise_error(self->error);
    }
    if (self->order->how == 'c')
        weft_task_cancel(weft_current_task(), "enough");
    if (self->order->how == 'k') {
        weft_try {
            uv_sem_post(&started); /* what is cancelled is this sleep */
            weft_await(weft_sleep(1e6));
        }
        weft_catch_code(WEFT_CANCELLED, self->error) {}
        self->error = NULL;
        weft_await(weft_sleep(0.001));
        weft_return("went on");
    }
    weft_await(weft_sleep(1e6));
    weft_drop();
    weft_error_release(self->error);
    atomic_fetch_add(&dropped, 1);
    weft_end();
}

static weft_coroutine *make_worker(void *argument) {
    atomic_fetch_add(&made, 1);
    return weft_call(worker, .order = argument);
}

static void begin_test(void) {
    main_thread = pthread_self();
    atomic_store(&made, 0);
    atomic_store(&dropped, 0);
}

static weft_value run_order(const order *given) {
    weft_value value;
    begin_test();
    CHECK(weft_run(weft_thread_run(make_worker, (void *)given), &value, NULL));
    CHECK_EQ_INT(dropped, made);
    return value;
}

TEST(the_value_comes_from_another_thread) {
    CHECK_EQ_INT(weft_value_int(run_order(&(order){.how = 'v', .number = 21})), 42);
    int files = open_descriptors(); /* libuv keeps some of the process's */
    CHECK_EQ_INT(weft_value_int(run_order(&(order){.how = 'v', .number = 4})), 8);
    CHECK_EQ_INT(open_descriptors(), files);
}

TEST(a_string_moves) {
    weft_value value = run_order(&(order){.how = 's', .number = 5});
    CHECK_EQ_STR(weft_value_string(value), "number 5");
    weft_value_free(&value);
}

TEST(an_error_is_raised_with_all_that_it_has) {
    char text[256];
    const weft_error *error;
    CHECK(!weft_run(weft_thread_run(make_worker, &(order){.how = 'e', .number = 7}), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_USER + 3);
    CHECK_EQ_STR(error->message, "no number 7");
    CHECK_EQ_STR(error->function, "worker");
    weft_error_release(error);
    CHECK(!weft_run(weft_thread_run(make_worker, &(order){.how = 'n'}), NULL, &error));
    weft_error_print(error, text, sizeof text);
    CHECK(strstr(text, "Error 1002: two") != NULL);
    weft_error_release(error);
}

TEST(a_cancellation_in_the_thread_is_one_here) {
    const weft_error *error;
    CHECK(!weft_run(weft_thread_run(make_worker, &(order){.how = 'c'}), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_CANCELLED);
    weft_error_release(error);
}

/* --- Cancelling --- */

struct limited {
    weft_frame frame;
    order order;
    bool waits; /* until it has begun */
    weft_task *task;
    const weft_error *error;
    const char *text;
};

static weft_value wait_until_started(void *unused) {
    (void)unused;
    uv_sem_wait(&started);
    return weft_none();
}

weft_async(limited) {
    weft_begin(limited);
    self->order.tells = self->waits;
    self->task = weft_create_task(weft_thread_run(make_worker, &self->order));
    if (self->waits)
        weft_await(weft_to_thread(wait_until_started, NULL));
    else
        weft_await(weft_sleep(0));
    weft_cancel(self->task);
    weft_try {
        weft_await_to(self->text, self->task);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        self->text = "cancelled";
    }
    CHECK_EQ_INT(dropped, made); /* it was waited for */
    weft_return(self->text);
    weft_end();
}

TEST(cancelling_who_waits_cancels_the_coroutine_and_waits_for_it) {
    int files = open_descriptors();
    CHECK_EQ_INT(uv_sem_init(&started, 0), 0);
    for (int i = 0; i < 20; i++) {
        weft_value value;
        begin_test();
        CHECK(weft_run(weft_call(limited, .order = {.how = 'f'}, .waits = i % 2 == 0), &value, NULL));
        CHECK_EQ_STR(weft_value_string(value), "cancelled");
    }
    uv_sem_destroy(&started);
    CHECK_EQ_INT(open_descriptors(), files);
}

TEST(a_coroutine_that_goes_on_decides_the_outcome) {
    weft_value value;
    begin_test();
    CHECK_EQ_INT(uv_sem_init(&started, 0), 0);
    CHECK(weft_run(weft_call(limited, .order = {.how = 'k'}, .waits = true), &value, NULL));
    uv_sem_destroy(&started);
    CHECK_EQ_STR(weft_value_string(value), "went on");
}

struct timed {
    weft_frame frame;
    order order;
    const weft_error *error;
};

weft_async(timed) {
    weft_begin(timed);
    self->order.how = 'f';
    weft_try {
        weft_with(weft_timeout(0.01)) {
            weft_await(weft_thread_run(make_worker, &self->order));
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        weft_return("timed out");
    }
    weft_end();
}

TEST(a_timeout_ends_the_thread) {
    weft_value value;
    begin_test();
    CHECK(weft_run(weft_call(timed), &value, NULL));
    CHECK_EQ_STR(weft_value_string(value), "timed out");
    CHECK_EQ_INT(dropped, made);
}

struct leaves {
    weft_frame frame;
};

static const order endless = {.how = 'f'};

weft_async(leaves) {
    weft_begin(leaves);
    weft_create_task(weft_thread_run(make_worker, (void *)&endless));
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(the_end_of_the_loop_cancels_and_waits) {
    begin_test();
    CHECK(weft_run(weft_call(leaves), NULL, NULL));
    CHECK_EQ_INT(dropped, made);
}

/* --- Several --- */

struct numbered {
    weft_frame frame;
    unsigned number;
    atomic_uint *seen;
    unsigned failing;
};

weft_async(numbered) {
    weft_begin(numbered);
    atomic_fetch_or(self->seen, 1u << self->number);
    if (self->number == self->failing)
        weft_raise(WEFT_USER, "number %u", self->number);
    if (self->failing < 32)
        weft_await(weft_sleep(1e6));
    weft_drop();
    atomic_fetch_add(&dropped, 1);
    weft_end();
}

static weft_coroutine *make_numbered(unsigned number, void *seen) {
    return weft_call(numbered, .number = number, .seen = seen, .failing = 99);
}

static weft_coroutine *make_failing(unsigned number, void *seen) {
    return weft_call(numbered, .number = number, .seen = seen, .failing = 2);
}

TEST(several_are_numbered_and_waited_for) {
    atomic_uint seen = 0;
    begin_test();
    CHECK(weft_run(weft_threads_run(5, make_numbered, &seen), NULL, NULL));
    CHECK_EQ_INT(seen, 31);
    CHECK_EQ_INT(dropped, 5);
}

TEST(as_many_as_there_are_cores) {
    atomic_uint seen = 0;
    begin_test();
    CHECK(weft_cores() >= 1);
    CHECK(weft_run(weft_threads_run(0, make_numbered, &seen), NULL, NULL));
    CHECK_EQ_INT(dropped, (int)weft_cores());
}

TEST(an_error_of_one_cancels_the_others) {
    atomic_uint seen = 0;
    const weft_error *error;
    begin_test();
    CHECK(!weft_run(weft_threads_run(4, make_failing, &seen), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_GROUP);
    CHECK_EQ_INT((int)error->child_count, 1);
    CHECK_EQ_STR(error->children[0]->message, "number 2");
    weft_error_release(error);
}

/* --- Within each other, at once, in vain --- */

struct nested {
    weft_frame frame;
    int depth;
    int below;
};

weft_declare(nested);

static weft_coroutine *make_nested(void *argument) {
    int *depth = argument;
    return weft_call(nested, .depth = *depth);
}

weft_async(nested) {
    weft_begin(nested);
    self->below = self->depth - 1;
    if (self->depth > 0)
        weft_await_to(self->below, weft_thread_run(make_nested, &self->below));
    else
        self->below = 0;
    weft_return(self->below + 1);
    weft_end();
}

TEST(threads_start_threads) {
    weft_value value;
    CHECK(weft_run(weft_call(nested, .depth = 5), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 6);
}

static weft_coroutine *make_nothing(void *unused) {
    (void)unused;
    return NULL;
}

TEST(misuse_is_an_error) {
    const weft_error *error;
    CHECK(!weft_run(weft_thread_run(NULL, NULL), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_TYPE_MISMATCH);
    weft_error_release(error);
    CHECK(!weft_run(weft_threads_run(2, NULL, NULL), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_TYPE_MISMATCH);
    weft_error_release(error);
    CHECK(!weft_run(weft_thread_run(make_nothing, NULL), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_TYPE_MISMATCH);
    weft_error_release(error);
}

TEST(in_virtual_time_it_runs_in_the_loop_of_who_asks) {
    setenv("WEFT_VIRTUAL", "1", 1);
    CHECK_EQ_INT(weft_value_int(run_order(&(order){.how = 'v', .number = 21})), 43);
    unsetenv("WEFT_VIRTUAL");
}

TEST_MAIN(TEST_CASE(the_value_comes_from_another_thread), TEST_CASE(a_string_moves),
          TEST_CASE(an_error_is_raised_with_all_that_it_has),
          TEST_CASE(a_cancellation_in_the_thread_is_one_here),
          TEST_CASE(cancelling_who_waits_cancels_the_coroutine_and_waits_for_it),
          TEST_CASE(a_coroutine_that_goes_on_decides_the_outcome), TEST_CASE(a_timeout_ends_the_thread),
          TEST_CASE(the_end_of_the_loop_cancels_and_waits), TEST_CASE(several_are_numbered_and_waited_for),
          TEST_CASE(as_many_as_there_are_cores), TEST_CASE(an_error_of_one_cancels_the_others),
          TEST_CASE(threads_start_threads), TEST_CASE(misuse_is_an_error),
          TEST_CASE(in_virtual_time_it_runs_in_the_loop_of_who_asks))
