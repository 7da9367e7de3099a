/* Runners: several runs in one loop, in a simulated world. */

#include "weft_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

static char said[1024];

static void say(const char *words) {
    if (said[0] != '\0')
        strncat(said, " ", sizeof said - strlen(said) - 1);
    strncat(said, words, sizeof said - strlen(said) - 1);
}

static void open_runner(weft_runner *runner) {
    static const weft_simulation_options no_choices;
    said[0] = '\0';
    weft_runner_init(runner, &(weft_runner_options){.simulation = &no_choices});
}

struct naps {
    weft_frame frame;
    double seconds;
};

weft_async(naps) {
    weft_begin(naps);
    weft_await(weft_sleep(self->seconds));
    weft_return(weft_time());
    weft_end();
}

static double nap(weft_runner *runner, double seconds) {
    weft_value value;
    CHECK(weft_runner_run(runner, weft_call(naps, .seconds = seconds), &value, NULL));
    return weft_value_double(value);
}

TEST(one_clock_for_all_runs) {
    weft_runner runner;
    open_runner(&runner);
    CHECK(nap(&runner, 1) == 1.0);
    CHECK(nap(&runner, 2) == 3.0);
    CHECK(weft_loop_current() == NULL);
    weft_runner_close(&runner);
}

struct greets {
    weft_frame frame;
    const char *name;
};

weft_async(greets) {
    weft_begin(greets);
    if (self->name == NULL)
        weft_raise(WEFT_USER + 1, "no name");
    weft_return(weft_format("hello, %s", self->name));
    weft_end();
}

TEST(a_run_gives_a_value_or_an_error) {
    weft_runner runner;
    weft_value value;
    const weft_error *error;
    open_runner(&runner);
    CHECK(weft_runner_run(&runner, weft_call(greets, .name = "weft"), &value, &error));
    CHECK(error == NULL);
    CHECK(!weft_runner_run(&runner, weft_call(greets), NULL, &error));
    CHECK_EQ_STR(error->message, "no name");
    CHECK(weft_runner_run(&runner, weft_call(greets, .name = "nobody"), NULL, NULL));
    weft_runner_close(&runner);
    CHECK_EQ_STR(weft_value_string(value), "hello, weft");
    weft_value_free(&value);
    weft_error_release(error);
}

/* --- What a run leaves --- */

struct ticks {
    weft_frame frame;
    const char *sign;
};

weft_async(ticks) {
    weft_begin(ticks);
    weft_try {
        for (;;) {
            say(self->sign);
            weft_await(weft_sleep(1));
        }
    }
    weft_finally {
        weft_await(weft_sleep(0));
        say(self->sign);
        say("ends");
    }
    weft_end();
}

struct leaves {
    weft_frame frame;
};

weft_async(leaves) {
    weft_begin(leaves);
    weft_create_task(weft_call(ticks, .sign = "a"));
    weft_create_task(weft_call(ticks, .sign = "b"));
    weft_await(weft_sleep(0.5));
    weft_end();
}

TEST(tasks_go_on_in_the_next_run_and_are_cancelled_at_the_close) {
    weft_runner runner;
    open_runner(&runner);
    CHECK(weft_runner_run(&runner, weft_call(leaves), NULL, NULL));
    CHECK_EQ_STR(said, "a b");
    say("|");
    nap(&runner, 2);
    CHECK_EQ_STR(said, "a b | a b a b");
    say("|");
    weft_runner_close(&runner);
    CHECK_EQ_STR(said, "a b | a b a b | a ends b ends");
}

static void call(void *words) {
    say(words);
}

struct calls {
    weft_frame frame;
};

weft_async(calls) {
    weft_begin(calls);
    weft_call_soon(call, "soon");
    weft_call_later(1, call, "later");
    weft_end();
}

TEST(callbacks_of_the_last_step_still_run_and_timers_wait_for_the_next) {
    weft_runner runner;
    open_runner(&runner);
    CHECK(weft_runner_run(&runner, weft_call(calls), NULL, NULL));
    CHECK_EQ_STR(said, "soon");
    nap(&runner, 1);
    CHECK_EQ_STR(said, "soon later");
    weft_runner_close(&runner);
}

/* --- What tasks wait for between runs --- */

static struct {
    weft_lock lock;
    weft_event event;
    weft_semaphore permits;
    weft_condition condition;
    weft_queue full, empty;
} world;

struct waits {
    weft_frame frame;
    int which;
};

weft_async(waits) {
    weft_begin(waits);
    if (self->which == 0)
        weft_await(weft_lock_acquire(&world.lock));
    else if (self->which == 1)
        weft_await(weft_event_wait(&world.event));
    else if (self->which == 2)
        weft_await(weft_semaphore_acquire(&world.permits));
    else if (self->which == 3)
        weft_await(weft_queue_put(&world.full, 2));
    else if (self->which == 4)
        weft_await(weft_queue_get(&world.empty));
    else
        weft_await(weft_queue_join(&world.full));
    say("woken");
    weft_end();
}

struct notices {
    weft_frame frame;
};

weft_async(notices) {
    weft_begin(notices);
    weft_with(&world.condition) {
        weft_await(weft_condition_wait(&world.condition));
    }
    say("notified");
    weft_end();
}

enum { WAITERS = 6 };

struct leaves_waiters {
    weft_frame frame;
};

weft_async(leaves_waiters) {
    weft_begin(leaves_waiters);
    weft_await(weft_lock_acquire(&world.lock));
    weft_await(weft_queue_put(&world.full, 1));
    for (int i = 0; i < WAITERS; i++)
        weft_create_task(weft_call(waits, .which = i));
    weft_create_task(weft_call(notices));
    weft_await(weft_sleep(1));
    weft_await(weft_lock_acquire(weft_condition_lock(&world.condition)));
    weft_end();
}

struct wakes {
    weft_frame frame;
};

weft_async(wakes) {
    weft_begin(wakes);
    CHECK(weft_lock_release(&world.lock) == NULL);
    weft_event_set(&world.event);
    CHECK(weft_semaphore_release(&world.permits) == NULL);
    CHECK_EQ_INT(weft_value_int(weft_queue_get_nowait(&world.full)), 1);
    CHECK(weft_queue_put_nowait(&world.empty, 3) == NULL);
    CHECK(weft_condition_notify(&world.condition, 1) == NULL);
    CHECK(weft_lock_release(weft_condition_lock(&world.condition)) == NULL);
    weft_await(weft_sleep(1));
    CHECK(weft_queue_task_done(&world.full) == NULL);
    CHECK(weft_queue_task_done(&world.full) == NULL);
    weft_await(weft_sleep(1));
    weft_end();
}

static bool is_refused(const weft_error *error) {
    return error != NULL && error->code == WEFT_RUNTIME;
}

TEST(between_runs_nobody_can_be_woken) {
    weft_runner runner;
    open_runner(&runner);
    memset(&world, 0, sizeof world);
    weft_queue_init(&world.full, 1);
    weft_semaphore_init(&world.permits, 0);
    CHECK(weft_runner_run(&runner, weft_call(leaves_waiters), NULL, NULL));
    CHECK(is_refused(weft_lock_release(&world.lock)));
    CHECK(weft_lock_locked(&world.lock));
    weft_event_set(&world.event);
    CHECK(!weft_event_is_set(&world.event));
    CHECK(is_refused(weft_semaphore_release(&world.permits)));
    CHECK_EQ_INT(weft_semaphore_value(&world.permits), 0);
    CHECK(is_refused(weft_condition_notify_all(&world.condition)));
    CHECK(is_refused(weft_queue_get_nowait(&world.full).as.error));
    CHECK(is_refused(weft_queue_put_nowait(&world.empty, 2)));
    CHECK(is_refused(weft_queue_task_done(&world.full)));
    weft_queue_shutdown(&world.full, false);
    CHECK_EQ_STR(said, "");
    CHECK(weft_runner_run(&runner, weft_call(wakes), NULL, NULL));
    CHECK_EQ_STR(said, "woken woken woken woken woken notified woken");
    weft_queue_free(&world.full);
    weft_runner_close(&runner);
}

TEST(messages_between_runs_arrive_in_the_next) {
    weft_runner runner;
    open_runner(&runner);
    CHECK(weft_call_soon_threadsafe(weft_runner_loop(&runner), call, "early"));
    CHECK_EQ_STR(said, "");
    nap(&runner, 0);
    CHECK(weft_call_soon_threadsafe(weft_runner_loop(&runner), call, "late"));
    CHECK_EQ_STR(said, "early");
    weft_runner_close(&runner);
    CHECK_EQ_STR(said, "early late");
    CHECK(weft_runner_loop(&runner) == NULL);
}

/* --- Context variables --- */

static const weft_context_variable user = WEFT_CONTEXT_VARIABLE_STRING("user", "nobody");

struct logs_in {
    weft_frame frame;
    const char *name; /* NULL: nobody does */
};

weft_async(logs_in) {
    weft_begin(logs_in);
    say(weft_value_string(weft_context_get(&user)));
    if (self->name != NULL)
        CHECK(weft_context_set(&user, self->name) == NULL);
    weft_end();
}

TEST(variables_that_one_run_sets_are_there_in_the_next) {
    weft_runner runner, other;
    open_runner(&other);
    open_runner(&runner);
    CHECK(weft_runner_run(&runner, weft_call(logs_in, .name = "ada"), NULL, NULL));
    CHECK(weft_runner_run(&runner, weft_call(logs_in, .name = "grace"), NULL, NULL));
    CHECK(weft_runner_run(&runner, weft_call(logs_in), NULL, NULL));
    CHECK(weft_runner_run(&other, weft_call(logs_in), NULL, NULL));
    CHECK_EQ_STR(said, "nobody ada grace nobody");
    weft_runner_close(&runner);
    weft_runner_close(&other);
}

/* --- What is refused --- */

static int made;

static weft_coroutine *make(void) {
    made++;
    return weft_call(naps);
}

static void check_refused(weft_runner *runner, const char *why) {
    const weft_error *error;
    made = 0;
    CHECK(!weft_runner_run(runner, make(), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_RUNTIME);
    CHECK_EQ_STR(error->message, why);
    CHECK_EQ_INT(made, 0);
    weft_error_release(error);
}

struct nests {
    weft_frame frame;
    weft_runner *runner, *other;
};

static unsigned reports;

static void count(void *context, const char *text) {
    (void)context;
    reports += strstr(text, "cannot be closed by what it runs") != NULL;
}

weft_async(nests) {
    weft_begin(nests);
    weft_loop_set_reporter(weft_loop_current(), count, NULL);
    check_refused(self->runner, "a coroutine cannot be run to its end where this thread has a loop");
    check_refused(self->other, "a coroutine cannot be run to its end where this thread has a loop");
    weft_runner_close(self->runner);
    weft_await(weft_sleep(0));
    weft_return(7);
    weft_end();
}

TEST(a_run_inside_a_run) {
    weft_runner runner, other;
    weft_value value;
    open_runner(&runner);
    open_runner(&other);
    reports = 0;
    CHECK(weft_runner_run(&runner, weft_call(nests, .runner = &runner, .other = &other), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 7);
    CHECK_EQ_INT(reports, 1);
    weft_runner_close(&runner);
    weft_runner_close(&other);
}

TEST(a_run_after_the_close) {
    weft_runner runner;
    open_runner(&runner);
    weft_runner_close(&runner);
    check_refused(&runner, "the runner is closed");
    open_runner(&runner);
    nap(&runner, 1);
    weft_runner_close(&runner);
    weft_runner_close(&runner);
    check_refused(&runner, "the runner is closed");
}

TEST(no_coroutine) {
    weft_runner runner;
    const weft_error *error;
    open_runner(&runner);
    CHECK(!weft_runner_run(&runner, NULL, NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_TYPE_MISMATCH);
    weft_error_release(error);
    nap(&runner, 1);
    weft_runner_close(&runner);
}

TEST(two_runners_take_turns) {
    weft_runner one, two;
    open_runner(&one);
    open_runner(&two);
    CHECK(nap(&one, 1) == 1.0);
    CHECK(nap(&two, 5) == 5.0);
    CHECK(nap(&one, 1) == 2.0);
    weft_runner_close(&one);
    CHECK(nap(&two, 5) == 10.0);
    weft_runner_close(&two);
}

/* JavaScript cannot wait. */
TEST(on_the_real_clock) {
    weft_runner runner;
    weft_runner_init(&runner, NULL);
#if defined(__EMSCRIPTEN__)
    check_refused(&runner, "this host cannot wait for a coroutine's end: use weft_main");
#else
    nap(&runner, 0);
    nap(&runner, 0);
#endif
    weft_runner_close(&runner);
    CHECK(weft_loop_current() == NULL);
}

/* --- Options --- */

struct looks {
    weft_frame frame;
};

weft_async(looks) {
    weft_begin(looks);
    weft_return(weft_loop_debug(weft_loop_current()));
    weft_end();
}

TEST(debug_mode) {
    static const weft_simulation_options no_choices;
    for (int debug = 0; debug < 2; debug++) {
        weft_runner runner;
        weft_value value;
        weft_runner_init(&runner, &(weft_runner_options){.simulation = &no_choices, .debug = debug});
        CHECK(weft_runner_run(&runner, weft_call(looks), &value, NULL));
        CHECK(weft_value_bool(value) == debug);
        weft_runner_close(&runner);
    }
}

static size_t live, allocations, fail_at;

static bool may(void) {
    return ++allocations != fail_at;
}

static void *allocate(void *context, size_t size) {
    (void)context;
    void *pointer = may() ? malloc(size) : NULL;
    live += pointer != NULL;
    return pointer;
}

static void *reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = may() ? realloc(pointer, size) : NULL;
    live += moved != NULL && pointer == NULL;
    return moved;
}

static void release(void *context, void *pointer) {
    (void)context;
    live -= pointer != NULL;
    free(pointer);
}

static void silence(void *context, const char *text) {
    (void)context;
    (void)text;
}

/* Runs twice and closes with the nth allocation failing; false if there are not so many. */
static bool run_without_memory(size_t n) {
    static const weft_simulation_options no_choices;
    static const weft_allocator allocator = {allocate, reallocate, release, NULL};
    weft_runner runner;
    allocations = live = 0;
    fail_at = n;
    weft_runner_init(&runner, &(weft_runner_options){.simulation = &no_choices, .allocator = &allocator});
    for (int i = 0; i < 2; i++) {
        const weft_error *error;
        if (weft_runner_loop(&runner) != NULL)
            weft_loop_set_reporter(weft_runner_loop(&runner), silence, NULL);
        if (!weft_runner_run(&runner, weft_call(leaves), NULL, &error))
            CHECK_EQ_INT(error->code, WEFT_OUT_OF_MEMORY);
        weft_error_release(error);
    }
    weft_runner_close(&runner);
    CHECK_EQ_INT((long long)live, 0);
    return allocations >= n;
}

TEST(without_memory_nothing_is_lost) {
    size_t n = 1;
    while (run_without_memory(n))
        n++;
    CHECK(n > 4);
}

TEST_MAIN(TEST_CASE(one_clock_for_all_runs), TEST_CASE(a_run_gives_a_value_or_an_error),
          TEST_CASE(tasks_go_on_in_the_next_run_and_are_cancelled_at_the_close),
          TEST_CASE(callbacks_of_the_last_step_still_run_and_timers_wait_for_the_next),
          TEST_CASE(between_runs_nobody_can_be_woken), TEST_CASE(messages_between_runs_arrive_in_the_next),
          TEST_CASE(variables_that_one_run_sets_are_there_in_the_next), TEST_CASE(a_run_inside_a_run),
          TEST_CASE(a_run_after_the_close), TEST_CASE(no_coroutine), TEST_CASE(two_runners_take_turns),
          TEST_CASE(on_the_real_clock), TEST_CASE(debug_mode), TEST_CASE(without_memory_nothing_is_lost))
