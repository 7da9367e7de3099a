/* weft_to_thread on libuv's pool. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/uv.h>
#include <weft/weft.h>

static weft_value square(void *argument) {
    int number = *(int *)argument;
    return weft_value_of(number * number);
}

struct squaring {
    weft_frame frame;
    int number, result;
};

weft_async(squaring) {
    weft_begin(squaring);
    weft_await_to(self->result, weft_to_thread(square, &self->number));
    weft_return(self->result);
    weft_end();
}

TEST(gives_the_value) {
    weft_value value;
    CHECK(weft_run(weft_call(squaring, .number = 12), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 144);
}

static weft_value compare_thread(void *argument) {
    return weft_value_of(pthread_equal(pthread_self(), *(pthread_t *)argument) != 0);
}

struct elsewhere {
    weft_frame frame;
    pthread_t here;
    bool same;
};

weft_async(elsewhere) {
    weft_begin(elsewhere);
    self->here = pthread_self();
    weft_await_to(self->same, weft_to_thread(compare_thread, &self->here));
    weft_return(self->same);
    weft_end();
}

TEST(runs_in_another_thread) {
    weft_value value;
    CHECK(weft_run(weft_call(elsewhere), &value, NULL));
    CHECK_EQ_INT(value.kind, WEFT_BOOL);
    CHECK(!weft_value_bool(value));
}

static weft_value fail(void *argument) {
    return weft_failure(WEFT_SYSTEM, "cannot open %s", (const char *)argument);
}

struct failing {
    weft_frame frame;
    const weft_error *error;
};

weft_async(failing) {
    weft_begin(failing);
    weft_try {
        weft_await(weft_to_thread(fail, "/nowhere"));
        CHECK(false);
    }
    weft_catch_code(WEFT_SYSTEM, self->error) {
        CHECK_EQ_STR(self->error->message, "cannot open /nowhere");
    }
    weft_await(weft_to_thread(fail, "/nothing"));
    weft_end();
}

TEST(raises_the_failure) {
    const weft_error *error;
    CHECK(!weft_run(weft_call(failing), NULL, &error));
    if (!CHECK(error != NULL))
        return;
    CHECK_EQ_INT(error->code, WEFT_SYSTEM);
    CHECK_EQ_STR(error->message, "cannot open /nothing");
    weft_error_release(error);
}

/* More than libuv has threads. */
enum { MANY = 64 };

struct many {
    weft_frame frame;
    weft_awaitable squares[MANY];
    const weft_values *values;
    int64_t sum;
};

weft_async(many) {
    weft_begin(many);
    for (int i = 0; i < MANY; i++)
        self->squares[i] = weft_awaitable_of(weft_call(squaring, .number = i));
    weft_await_to(self->values, weft_gather_array(MANY, self->squares, false));
    for (size_t i = 0; i < self->values->count; i++)
        self->sum += weft_value_int(self->values->items[i]);
    weft_return(self->sum);
    weft_end();
}

TEST(many_at_once) {
    weft_value value;
    CHECK(weft_run(weft_call(many), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), (MANY - 1) * MANY * (2 * MANY - 1) / 6);
}

/* A function in a thread that ends when the test says so, with a value that counts how often it is freed. */
typedef struct gate {
    uv_sem_t open;
    atomic_int entered, freed;
} gate;

static gate the_gate;

static void count_free(void *pointer) {
    (void)pointer;
    atomic_fetch_add(&the_gate.freed, 1);
}

static weft_value pass_gate(void *argument) {
    gate *self = argument;
    atomic_fetch_add(&self->entered, 1);
    uv_sem_wait(&self->open);
    return weft_owned_pointer(self, count_free);
}

static void set_gate(void) {
    CHECK(uv_sem_init(&the_gate.open, 0) == 0);
    atomic_init(&the_gate.entered, 0);
    atomic_init(&the_gate.freed, 0);
}

struct ticking {
    weft_frame frame;
    weft_task *thread;
    int ticks;
};

weft_async(ticking) {
    weft_begin(ticking);
    self->thread = weft_create_task(weft_to_thread(pass_gate, &the_gate));
    for (self->ticks = 0; self->ticks < 10; self->ticks++)
        weft_await(weft_sleep(0.0005));
    CHECK(!weft_task_done(self->thread));
    uv_sem_post(&the_gate.open);
    weft_await(self->thread);
    weft_return(self->ticks);
    weft_end();
}

/* The function ends only after the loop has gone on: were it to block the loop, this test would hang. */
TEST(the_loop_goes_on_meanwhile) {
    weft_value value;
    set_gate();
    CHECK(weft_run(weft_call(ticking), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 10);
    CHECK_EQ_INT(atomic_load(&the_gate.freed), 1);
    uv_sem_destroy(&the_gate.open);
}

struct impatient {
    weft_frame frame;
    const weft_error *error;
    bool late;
};

weft_async(impatient) {
    weft_begin(impatient);
    weft_try {
        weft_await(weft_wait_for(weft_to_thread(pass_gate, &the_gate), 0.002));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        self->late = true;
    }
    CHECK_EQ_INT(atomic_load(&the_gate.freed), 0);
    uv_sem_post(&the_gate.open);
    weft_return(self->late);
    weft_end();
}

/* The loop outlives the function: its end is waited for, as asyncio.run does, and its value is freed. */
TEST(a_cancellation_abandons_the_wait) {
    weft_value value;
    set_gate();
    CHECK(weft_run(weft_call(impatient), &value, NULL));
    CHECK(weft_value_bool(value));
    CHECK_EQ_INT(atomic_load(&the_gate.entered), 1);
    CHECK_EQ_INT(atomic_load(&the_gate.freed), 1);
    uv_sem_destroy(&the_gate.open);
}

static weft_value fail_behind_gate(void *argument) {
    uv_sem_wait(&((gate *)argument)->open);
    return weft_failure(WEFT_RUNTIME, "too late");
}

static char reports[1024];

static void collect_report(void *context, const char *text) {
    (void)context;
    strncat(reports, text, sizeof reports - strlen(reports) - 1);
}

struct indifferent {
    weft_frame frame;
    const weft_error *error;
};

weft_async(indifferent) {
    weft_begin(indifferent);
    weft_loop_set_reporter(weft_loop_current(), collect_report, NULL);
    weft_try {
        weft_await(weft_wait_for(weft_to_thread(fail_behind_gate, &the_gate), 0.002));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        uv_sem_post(&the_gate.open);
    }
    weft_end();
}

TEST(a_failure_that_comes_too_late_is_nobody_s) {
    set_gate();
    reports[0] = '\0';
    CHECK(weft_run(weft_call(indifferent), NULL, NULL));
    CHECK_EQ_STR(reports, "");
    uv_sem_destroy(&the_gate.open);
}

struct leaving {
    weft_frame frame;
    weft_task *thread;
};

weft_async(leaving) {
    weft_begin(leaving);
    for (int i = 0; i < 3; i++)
        weft_create_task(weft_to_thread(pass_gate, &the_gate));
    weft_await(weft_sleep(0));
    for (int i = 0; i < 3; i++)
        uv_sem_post(&the_gate.open);
    weft_end();
}

TEST(functions_left_running_are_waited_for) {
    set_gate();
    CHECK(weft_run(weft_call(leaving), NULL, NULL));
    CHECK_EQ_INT(atomic_load(&the_gate.entered), 3);
    CHECK_EQ_INT(atomic_load(&the_gate.freed), 3);
    uv_sem_destroy(&the_gate.open);
}

struct never {
    weft_frame frame;
};

weft_async(never) {
    weft_begin(never);
    weft_coroutine_close(weft_to_thread(pass_gate, &the_gate));
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(nothing_runs_before_it_is_awaited) {
    set_gate();
    CHECK(weft_run(weft_call(never), NULL, NULL));
    CHECK_EQ_INT(atomic_load(&the_gate.entered), 0);
    uv_sem_destroy(&the_gate.open);
}

/* --- Context variables --- */

static const weft_context_variable name = WEFT_CONTEXT_VARIABLE_STRING("name", "nobody");
static char called_with[64];

static void keep_name(void *argument) {
    (void)argument;
    snprintf(called_with, sizeof called_with, "%s", weft_value_string(weft_context_get(&name)));
    weft_context_set(&name, "callback");
}

static weft_value read_name(void *argument) {
    weft_call_soon_threadsafe(argument, keep_name, NULL);
    return weft_value_of(weft_context_set(&name, "thread") != NULL
                             ? weft_value_string(weft_context_get(&name))
                             : "a thread could set a variable");
}

struct naming {
    weft_frame frame;
    const char *read;
};

static weft_async(naming) {
    weft_begin(naming);
    weft_context_set(&name, "ada");
    weft_await_to(self->read, weft_to_thread(read_name, weft_loop_current()));
    CHECK_EQ_STR(self->read, "ada");
    weft_await(weft_sleep(0));
    CHECK_EQ_STR(called_with, "ada");
    CHECK_EQ_STR(weft_value_string(weft_context_get(&name)), "ada");
    weft_end();
}

TEST(a_thread_reads_the_variables_of_who_asked_for_it) {
    CHECK(weft_run(weft_call(naming), NULL, NULL));
}

/* --- Being told that nobody waits --- */

static atomic_int seen;

/* Runs until it is told to end: were it never told, the test would hang. */
static weft_value run_until_told(void *argument) {
    (void)argument;
    atomic_fetch_add(&the_gate.entered, 1);
    while (!weft_thread_cancelled())
        uv_sleep(1);
    atomic_fetch_add(&seen, 1);
    return weft_none();
}

struct telling {
    weft_frame frame;
    bool cancels; /* else the end of the loop tells it */
    weft_task *task;
    const weft_error *error;
};

static weft_async(telling) {
    weft_begin(telling);
    CHECK(!weft_thread_cancelled());
    self->task = weft_create_task(weft_to_thread(run_until_told, NULL));
    while (atomic_load(&the_gate.entered) == 0)
        weft_await(weft_sleep(0.0005));
    if (self->cancels) {
        weft_cancel(self->task);
        weft_try {
            weft_await(self->task);
        }
        weft_catch_code(WEFT_CANCELLED, self->error) {
            while (atomic_load(&seen) == 0)
                weft_await(weft_sleep(0.0005));
        }
    }
    weft_end();
}

TEST(a_function_hears_that_its_task_was_cancelled) {
    set_gate();
    atomic_init(&seen, 0);
    CHECK(weft_run(weft_call(telling, .cancels = true), NULL, NULL));
    CHECK_EQ_INT(atomic_load(&seen), 1);
    uv_sem_destroy(&the_gate.open);
}

TEST(a_function_hears_that_the_loop_ends) {
    set_gate();
    atomic_init(&seen, 0);
    CHECK(weft_run(weft_call(telling), NULL, NULL));
    CHECK_EQ_INT(atomic_load(&seen), 1);
    uv_sem_destroy(&the_gate.open);
}

static void watch_token(void *argument) {
    while (!weft_thread_token_cancelled(argument))
        uv_sleep(1);
    CHECK(!weft_thread_cancelled()); /* this is no function of weft_to_thread's */
    weft_thread_token_release(argument);
    atomic_fetch_add(&seen, 1);
}

/* Its helper outlives it, and holds the token. */
static uv_thread_t helper;

static weft_value share_token(void *argument) {
    (void)argument;
    atomic_fetch_add(&the_gate.entered,
                     uv_thread_create(&helper, watch_token, weft_thread_token_here()) == 0);
    while (!weft_thread_cancelled())
        uv_sleep(1);
    return weft_none();
}

struct sharing {
    weft_frame frame;
    const weft_error *error;
};

static weft_async(sharing) {
    weft_begin(sharing);
    weft_try {
        weft_await(weft_wait_for(weft_to_thread(share_token, NULL), 0.005));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {}
    weft_end();
}

TEST(a_token_is_for_any_thread) {
    set_gate();
    atomic_init(&seen, 0);
    CHECK(weft_thread_token_here() == NULL);
    CHECK(!weft_thread_token_cancelled(NULL));
    CHECK(weft_run(weft_call(sharing), NULL, NULL));
    CHECK_EQ_INT(atomic_load(&the_gate.entered), 1);
    CHECK(uv_thread_join(&helper) == 0);
    CHECK_EQ_INT(atomic_load(&seen), 1);
    uv_sem_destroy(&the_gate.open);
}

static weft_value ask_in_place(void *argument) {
    weft_thread_token *token = weft_thread_token_here();
    bool there = token != NULL && !weft_thread_token_cancelled(token) && !weft_thread_cancelled();
    (void)argument;
    weft_thread_token_release(token);
    return weft_value_of(there);
}

TEST(in_place_nobody_can_cancel) {
    weft_value value = weft_none();
    static const weft_simulation_options plain;
    weft_runner runner;
    weft_runner_init(&runner, &(weft_runner_options){.simulation = &plain});
    CHECK(weft_runner_run(&runner, weft_to_thread(ask_in_place, NULL), &value, NULL));
    CHECK(weft_value_bool(value));
    weft_runner_close(&runner);
}

/* --- The bounded end --- */

struct leaving_behind {
    weft_frame frame;
    bool environment; /* says how long */
    int count;
};

static weft_async(leaving_behind) {
    weft_begin(leaving_behind);
    weft_loop_set_reporter(weft_loop_current(), collect_report, NULL);
    if (!self->environment)
        weft_loop_set_join_seconds(weft_loop_current(), 0.003);
    while (self->count-- > 0)
        weft_create_task(weft_to_thread(pass_gate, &the_gate));
    weft_await(weft_sleep(0));
    weft_end();
}

struct nothing {
    weft_frame frame;
};

static weft_async(nothing) {
    weft_begin(nothing);
    weft_end();
}

/* Loops that come later take what those bring back that were left. */
static bool comes_back(int freed) {
    for (int tries = 0; tries < 5000 && atomic_load(&the_gate.freed) < freed; tries++) {
        uv_sleep(1);
        CHECK(weft_run(weft_call(nothing), NULL, NULL));
    }
    return atomic_load(&the_gate.freed) == freed;
}

TEST(functions_left_running_are_named_and_what_they_return_is_freed) {
    static const char told[] =
        "2 functions in threads did not end within 0.003 seconds, and nobody waits any "
        "more: pass_gate of tests/native/test_to_thread.c:";
    set_gate();
    reports[0] = '\0';
    CHECK(weft_run(weft_call(leaving_behind, .count = 2), NULL, NULL));
    CHECK(strncmp(reports, told, strlen(told)) == 0);
    CHECK_EQ_INT(atomic_load(&the_gate.freed), 0);
    uv_sem_post(&the_gate.open);
    uv_sem_post(&the_gate.open);
    CHECK(comes_back(2));
    uv_sem_destroy(&the_gate.open);
}

TEST(the_environment_says_how_long_the_end_waits) {
    set_gate();
    reports[0] = '\0';
    setenv("WEFT_JOIN_SECONDS", "0", 1);
    CHECK(weft_run(weft_call(leaving_behind, .count = 1, .environment = true), NULL, NULL));
    CHECK(strstr(reports, "1 function in threads did not end within 0 seconds") == reports);
    const weft_error *error = NULL;
    setenv("WEFT_JOIN_SECONDS", "soon", 1);
    CHECK(!weft_run(weft_call(nothing), NULL, &error));
    CHECK_EQ_STR(error->message, "WEFT_JOIN_SECONDS is \"soon\", which is not a number of seconds");
    weft_error_release(error);
    unsetenv("WEFT_JOIN_SECONDS");
    uv_sem_post(&the_gate.open);
    CHECK(comes_back(1));
    uv_sem_destroy(&the_gate.open);
}

TEST_MAIN(TEST_CASE(gives_the_value), TEST_CASE(runs_in_another_thread), TEST_CASE(raises_the_failure),
          TEST_CASE(many_at_once), TEST_CASE(the_loop_goes_on_meanwhile),
          TEST_CASE(a_cancellation_abandons_the_wait), TEST_CASE(a_failure_that_comes_too_late_is_nobody_s),
          TEST_CASE(functions_left_running_are_waited_for), TEST_CASE(nothing_runs_before_it_is_awaited),
          TEST_CASE(a_thread_reads_the_variables_of_who_asked_for_it),
          TEST_CASE(a_function_hears_that_its_task_was_cancelled),
          TEST_CASE(a_function_hears_that_the_loop_ends), TEST_CASE(a_token_is_for_any_thread),
          TEST_CASE(in_place_nobody_can_cancel),
          TEST_CASE(functions_left_running_are_named_and_what_they_return_is_freed),
          TEST_CASE(the_environment_says_how_long_the_end_waits))
