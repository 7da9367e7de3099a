/* weft_run: one coroutine, from any C function, to its end, in real time. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/uv.h>
#include <weft/weft.h>

struct answer {
    weft_frame frame;
    int value;
};

weft_async(answer) {
    weft_begin(answer);
    weft_await(weft_sleep(0));
    weft_return(self->value);
    weft_end();
}

TEST(gives_the_value) {
    weft_value value;
    const weft_error *error;
    CHECK(weft_run(weft_call(answer, .value = 42), &value, &error));
    CHECK_EQ_INT(weft_value_int(value), 42);
    CHECK(error == NULL);
    CHECK(weft_loop_current() == NULL);
}

struct greeting {
    weft_frame frame;
    const char *name;
};

weft_async(greeting) {
    weft_begin(greeting);
    weft_return(weft_format("hello, %s", self->name));
    weft_end();
}

TEST(gives_a_string_that_outlives_the_loop) {
    weft_value value;
    const weft_error *error;
    CHECK(weft_run(weft_call(greeting, .name = "weft"), &value, &error));
    CHECK_EQ_STR(weft_value_string(value), "hello, weft");
    weft_value_free(&value);
}

struct failing {
    weft_frame frame;
};

weft_async(failing) {
    weft_begin(failing);
    weft_raise(WEFT_USER + 1, "no route to %s", "host");
    weft_end();
}

TEST(gives_the_error) {
    weft_value value;
    const weft_error *error;
    CHECK(!weft_run(weft_call(failing), &value, &error));
    CHECK_EQ_INT(value.kind, WEFT_NONE);
    if (!CHECK(error != NULL))
        return;
    CHECK_EQ_INT(error->code, WEFT_USER + 1);
    CHECK_EQ_STR(error->message, "no route to host");
    CHECK_EQ_STR(error->function, "failing");
    weft_error_release(error);
}

TEST(frees_what_nobody_takes) {
    CHECK(weft_run(weft_call(greeting, .name = "nobody"), NULL, NULL));
}

TEST(refuses_no_coroutine) {
    const weft_error *error;
    CHECK(!weft_run(NULL, NULL, &error));
    if (!CHECK(error != NULL))
        return;
    CHECK(error->message[0] != '\0');
    weft_error_release(error);
}

struct nap {
    weft_frame frame;
    double seconds;
    double slept; /* in fact */
};

weft_async(nap) {
    weft_begin(nap);
    self->slept = weft_time();
    weft_await(weft_sleep(self->seconds));
    weft_return(weft_time() - self->slept);
    weft_end();
}

/* Odd fractions of milliseconds, since libuv counts whole ones. */
TEST(never_wakes_early) {
    static const double naps[] = {0.0001, 0.00099, 0.0011, 0.0035, 0.0149};
    for (size_t i = 0; i < sizeof naps / sizeof *naps; i++) {
        weft_value value;
        uint64_t start = uv_hrtime();
        CHECK(weft_run(weft_call(nap, .seconds = naps[i]), &value, NULL));
        CHECK(weft_value_double(value) >= naps[i]);
        CHECK((double)(uv_hrtime() - start) * 1e-9 >= naps[i]);
    }
}

static char order[8];
static size_t order_count;

struct signing {
    weft_frame frame;
    char sign;
    double seconds;
};

weft_async(signing) {
    weft_begin(signing);
    weft_await(weft_sleep(self->seconds));
    order[order_count++] = self->sign;
    weft_end();
}

struct three {
    weft_frame frame;
};

weft_async(three) {
    weft_begin(three);
    weft_await(weft_gather(weft_call(signing, .sign = 'c', .seconds = 0.012),
                           weft_call(signing, .sign = 'a', .seconds = 0.004),
                           weft_call(signing, .sign = 'b', .seconds = 0.008)));
    weft_end();
}

TEST(wakes_sleepers_by_their_deadlines) {
    order_count = 0;
    CHECK(weft_run(weft_call(three), NULL, NULL));
    order[order_count] = '\0';
    CHECK_EQ_STR(order, "abc");
}

struct impatient {
    weft_frame frame;
    double seconds;
};

weft_async(impatient) {
    weft_begin(impatient);
    weft_await(weft_wait_for(weft_sleep(self->seconds), 0.002));
    weft_end();
}

TEST(waits_for_deadlines_beyond_any_timer) {
    static const double naps[] = {1e9, 1e300, INFINITY};
    for (size_t i = 0; i < sizeof naps / sizeof *naps; i++) {
        const weft_error *error;
        CHECK(!weft_run(weft_call(impatient, .seconds = naps[i]), NULL, &error));
        if (CHECK(error != NULL))
            CHECK_EQ_INT(error->code, WEFT_TIMED_OUT);
        weft_error_release(error);
    }
}

static int cancelled;

struct forever {
    weft_frame frame;
};

weft_async(forever) {
    weft_begin(forever);
    weft_try {
        weft_await(weft_sleep(1e6));
    }
    weft_finally {
        weft_await(weft_sleep(0.001));
        cancelled++;
    }
    weft_end();
}

struct careless {
    weft_frame frame;
};

weft_async(careless) {
    weft_begin(careless);
    weft_create_task(weft_call(forever));
    weft_create_task(weft_call(forever));
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(cancels_what_is_left_and_waits_for_it) {
    cancelled = 0;
    CHECK(weft_run(weft_call(careless), NULL, NULL));
    CHECK_EQ_INT(cancelled, 2);
}

static int made;

static weft_coroutine *make_answer(void) {
    made++;
    return weft_call(answer, .value = 1);
}

struct nesting {
    weft_frame frame;
    const weft_error *error;
};

weft_async(nesting) {
    weft_begin(nesting);
    CHECK(!weft_run(make_answer(), NULL, &self->error));
    if (CHECK(self->error != NULL))
        CHECK_EQ_INT(self->error->code, WEFT_RUNTIME);
    weft_error_release(self->error);
    weft_await(weft_sleep(0));
    weft_return(7);
    weft_end();
}

TEST(nested_run_is_an_error_and_makes_no_coroutine) {
    weft_value value;
    made = 0;
    CHECK(weft_run(weft_call(nesting), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 7);
    CHECK_EQ_INT(made, 0);
}

static int run_while_making(void) {
    const weft_error *error;
    CHECK(!weft_run(make_answer(), NULL, &error));
    weft_error_release(error);
    return 3;
}

TEST(run_in_the_argument_of_run_is_nested_too) {
    weft_value value;
    CHECK(weft_run(weft_call(answer, .value = run_while_making()), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 3);
}

TEST(runs_one_after_the_other) {
    for (int i = 0; i < 100; i++) {
        weft_value value;
        CHECK(weft_run(weft_call(answer, .value = i), &value, NULL));
        CHECK_EQ_INT(weft_value_int(value), i);
    }
}

enum { THREADS = 4 };

static void *run_in_thread(void *argument) {
    int *result = argument;
    for (int i = 0; i < 10; i++) {
        weft_value value;
        if (!weft_run(weft_call(nap, .seconds = 0.001), NULL, NULL) ||
            !weft_run(weft_call(answer, .value = 5), &value, NULL))
            return NULL;
        *result += (int)weft_value_int(value);
    }
    return NULL;
}

TEST(every_thread_has_a_loop_of_its_own) {
    pthread_t threads[THREADS];
    int results[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        if (!CHECK(pthread_create(&threads[i], NULL, run_in_thread, &results[i]) == 0))
            abort();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ_INT(results[i], 50);
    }
}

/* --- Runners --- */

static weft_value wait_at(void *gate) {
    uv_sem_wait(gate);
    return weft_value_of(1);
}

struct threading {
    weft_frame frame;
    uv_sem_t *gate;
    weft_task *task;
};

weft_async(threading) {
    weft_begin(threading);
    self->task = weft_create_task(weft_to_thread(wait_at, self->gate));
    weft_await(weft_sleep(0));
    weft_end();
}

static char reported[256];

static void report(void *context, const char *text) {
    (void)context;
    snprintf(reported, sizeof reported, "%s", text);
}

TEST(a_function_in_a_thread_outlives_its_run) {
    uv_sem_t gate;
    weft_runner runner;
    weft_value value;
    CHECK_EQ_INT(uv_sem_init(&gate, 0), 0);
    weft_runner_init(&runner, NULL);
    CHECK(weft_runner_run(&runner, weft_call(threading, .gate = &gate), NULL, NULL));
    CHECK(weft_runner_run(&runner, weft_call(nap, .seconds = 0.002), &value, NULL));
    uv_sem_post(&gate);
    weft_runner_close(&runner); /* waits for it */
    uv_sem_destroy(&gate);
}

TEST(a_function_that_does_not_end_in_time_is_left_behind) {
    static uv_sem_t gate; /* the function has it for longer than this */
    weft_runner runner;
    reported[0] = '\0';
    CHECK_EQ_INT(uv_sem_init(&gate, 0), 0);
    weft_runner_init(&runner, &(weft_runner_options){.join_seconds = 0.01});
    weft_loop_set_reporter(weft_runner_loop(&runner), report, NULL);
    CHECK(weft_runner_run(&runner, weft_call(threading, .gate = &gate), NULL, NULL));
    CHECK_EQ_STR(reported, "");
    uint64_t start = uv_hrtime();
    weft_runner_close(&runner);
    CHECK((double)(uv_hrtime() - start) * 1e-9 >= 0.01);
    const char *told = "1 function in threads did not end within 0.01 seconds, and nobody waits any more: "
                       "wait_at of tests/native/test_run.c:";
    CHECK(strncmp(reported, told, strlen(told)) == 0);
    uv_sem_post(&gate);
}

static void *open_and_close(void *argument) {
    weft_runner runner;
    (void)argument;
    weft_runner_init(&runner, NULL);
    for (int i = 0; i < 10; i++)
        if (!weft_runner_run(&runner, weft_call(nap, .seconds = 0.0001), NULL, NULL))
            abort();
    weft_runner_close(&runner);
    return NULL;
}

TEST(every_thread_may_have_a_runner) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (!CHECK(pthread_create(&threads[i], NULL, open_and_close, NULL) == 0))
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(weft_loop_current() == NULL);
}

TEST_MAIN(TEST_CASE(gives_the_value), TEST_CASE(gives_a_string_that_outlives_the_loop),
          TEST_CASE(gives_the_error), TEST_CASE(frees_what_nobody_takes), TEST_CASE(refuses_no_coroutine),
          TEST_CASE(never_wakes_early), TEST_CASE(wakes_sleepers_by_their_deadlines),
          TEST_CASE(waits_for_deadlines_beyond_any_timer), TEST_CASE(cancels_what_is_left_and_waits_for_it),
          TEST_CASE(nested_run_is_an_error_and_makes_no_coroutine),
          TEST_CASE(run_in_the_argument_of_run_is_nested_too), TEST_CASE(runs_one_after_the_other),
          TEST_CASE(every_thread_has_a_loop_of_its_own), TEST_CASE(a_function_in_a_thread_outlives_its_run),
          TEST_CASE(a_function_that_does_not_end_in_time_is_left_behind),
          TEST_CASE(every_thread_may_have_a_runner))
