/* weft_add_signal_handler: signals as callbacks of the loop. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/uv.h>
#include <weft/weft.h>

static void (*disposition(int number))(int) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    return now.sa_handler;
}

static char order[16];

static void note(void *sign) {
    CHECK(weft_current_task() == NULL); /* a callback, not in signal context */
    order[strlen(order)] = *(const char *)sign;
}

/* A callback that sets a future, so that a task can wait for the signal. */
static void set(void *future) {
    weft_future_set_value(future, weft_value_of("arrived"));
}

static bool add(int number, weft_callback *function, void *argument) {
    const weft_error *error = weft_add_signal_handler(number, function, argument);
    weft_error_release(error);
    return error == NULL;
}

/* Waits for a signal that this process sends itself, with nothing else to do. */
struct waits {
    weft_frame frame;
    weft_future *arrived;
    const char *words;
};

weft_async(waits) {
    weft_begin(waits);
    memset(order, 0, sizeof order);
    self->arrived = weft_create_future();
    CHECK(add(SIGUSR2, note, (void *)"x"));
    CHECK(add(SIGTERM, set, self->arrived));
    raise(SIGUSR2);
    CHECK_EQ_STR(order, "");
    raise(SIGTERM);
    weft_await_to(self->words, self->arrived);
    CHECK_EQ_STR(self->words, "arrived");
    CHECK_EQ_STR(order, "x");
    weft_end();
}

TEST(signals_call_back) {
    CHECK(weft_run(weft_call(waits), NULL, NULL));
    CHECK(disposition(SIGUSR2) == SIG_DFL);
    CHECK(disposition(SIGTERM) == SIG_DFL);
}

static void *send_signal(void *process) {
    (void)process;
    kill(getpid(), SIGUSR2);
    return NULL;
}

struct idles {
    weft_frame frame;
    pthread_t thread;
    weft_future *arrived;
};

weft_async(idles) {
    weft_begin(idles);
    self->arrived = weft_create_future();
    CHECK(add(SIGUSR2, set, self->arrived));
    if (pthread_create(&self->thread, NULL, send_signal, NULL) != 0)
        abort();
    weft_await(self->arrived); /* no deadlock */
    pthread_join(self->thread, NULL);
    weft_end();
}

TEST(a_loop_that_only_waits_for_a_signal_is_woken) {
    for (int i = 0; i < 20; i++)
        CHECK(weft_run(weft_call(idles), NULL, NULL));
}

static void *run_idles(void *argument) {
    (void)argument;
    return weft_run(weft_call(idles), NULL, NULL) ? NULL : (void *)"failed";
}

TEST(other_threads_may_handle_signals_too) {
    pthread_t thread;
    void *failed;
    if (pthread_create(&thread, NULL, run_idles, NULL) != 0)
        abort();
    pthread_join(thread, &failed);
    CHECK(failed == NULL);
}

struct changes {
    weft_frame frame;
    weft_future *never;
};

weft_async(changes) {
    weft_begin(changes);
    memset(order, 0, sizeof order);
    CHECK(add(SIGUSR2, note, (void *)"a"));
    CHECK(add(SIGUSR2, note, (void *)"b"));
    raise(SIGUSR2);
    while (order[0] == '\0')
        weft_await(weft_sleep(0.001));
    CHECK_EQ_STR(order, "b");
    CHECK(weft_remove_signal_handler(SIGUSR2));
    CHECK(!weft_remove_signal_handler(SIGUSR2));
    CHECK(disposition(SIGUSR2) == SIG_DFL);
    CHECK(add(SIGUSR2, note, (void *)"c"));
    raise(SIGUSR2);
    while (order[1] == '\0')
        weft_await(weft_sleep(0.001));
    CHECK_EQ_STR(order, "bc");
    CHECK(weft_remove_signal_handler(SIGUSR2));
    self->never = weft_create_future();
    weft_await(self->never); /* a deadlock again */
    weft_end();
}

TEST(a_handler_is_replaced_and_removed) {
    const weft_error *error;
    CHECK(!weft_run(weft_call(changes), NULL, &error));
    CHECK_EQ_INT(error->code, WEFT_DEADLOCK);
    weft_error_release(error);
}

static void check_refused(int number, weft_callback *function, int code, const char *words) {
    const weft_error *error = weft_add_signal_handler(number, function, NULL);
    if (!CHECK(error != NULL))
        return;
    CHECK_EQ_INT(error->code, code);
    CHECK_EQ_STR(error->message, words);
    weft_error_release(error);
}

struct refused {
    weft_frame frame;
};

weft_async(refused) {
    weft_begin(refused);
    check_refused(0, note, WEFT_INVALID_ARGUMENT, "signal 0 cannot be handled: EINVAL: invalid argument");
    check_refused(-1, note, WEFT_INVALID_ARGUMENT, "signal -1 cannot be handled: EINVAL: invalid argument");
    check_refused(1000, note, WEFT_INVALID_ARGUMENT,
                  "signal 1000 cannot be handled: EINVAL: invalid argument");
    check_refused(SIGKILL, note, WEFT_INVALID_ARGUMENT,
                  "signal 9 cannot be handled: EINVAL: invalid argument");
    check_refused(SIGUSR2, NULL, WEFT_INVALID_ARGUMENT, "a signal handler needs a function, not NULL");
    CHECK(!weft_remove_signal_handler(SIGUSR2));
    weft_end();
}

TEST(what_cannot_be_handled) {
    CHECK(weft_run(weft_call(refused), NULL, NULL));
    check_refused(SIGUSR2, note, WEFT_RUNTIME, "no loop runs in this thread");
    CHECK(!weft_remove_signal_handler(SIGUSR2));
}

struct simulated {
    weft_frame frame;
};

weft_async(simulated) {
    weft_begin(simulated);
    check_refused(SIGUSR2, note, WEFT_RUNTIME, "this host has no signals");
    weft_end();
}

static weft_coroutine *make_simulated(void *argument) {
    (void)argument;
    return weft_call(simulated);
}

TEST(a_simulated_world_has_none) {
    CHECK(weft_simulation_run(NULL, NULL, make_simulated, NULL, NULL, NULL));
}

/* SIGINT handled by the program is no interrupt. */
struct handles_sigint {
    weft_frame frame;
    weft_future *arrived;
};

weft_async(handles_sigint) {
    weft_begin(handles_sigint);
    self->arrived = weft_create_future();
    CHECK(add(SIGINT, set, self->arrived));
    raise(SIGINT);
    weft_await(self->arrived);
    weft_return(3);
    weft_end();
}

TEST(a_handler_of_sigint_takes_the_place_of_the_interrupt) {
    weft_value value;
    signal(SIGINT, SIG_DFL);
    CHECK(weft_run(weft_call(handles_sigint), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 3);
    CHECK(disposition(SIGINT) == SIG_DFL);
}

/* --- Context variables --- */

static const weft_context_variable user = WEFT_CONTEXT_VARIABLE_STRING("user", "nobody");
static char users[32];

static void note_user(void *future) {
    strcat(users, weft_value_string(weft_context_get(&user)));
    CHECK(weft_context_set(&user, "again") == NULL);
    weft_future_set_value(future, weft_none());
}

struct sets_user {
    weft_frame frame;
    weft_future *arrived;
};

weft_async(sets_user) {
    weft_begin(sets_user);
    self->arrived = weft_create_future();
    CHECK(weft_context_set(&user, "ada ") == NULL);
    CHECK(add(SIGUSR2, note_user, self->arrived));
    CHECK(weft_context_set(&user, "grace") == NULL);
    raise(SIGUSR2);
    weft_await(self->arrived);
    raise(SIGUSR2);
    while (strcmp(users, "ada again") != 0)
        weft_await(weft_sleep(0.001));
    weft_end();
}

TEST(a_handler_has_the_variables_of_its_adding_and_keeps_its_own) {
    users[0] = '\0';
    CHECK(weft_run(weft_call(sets_user), NULL, NULL));
    CHECK_EQ_STR(users, "ada again");
}

/* --- In a uv_loop of the application --- */

TEST(an_attached_loop_has_signals_too) {
    uv_loop_t uv;
    weft_uv attachment = {.data = NULL};
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    CHECK_EQ_INT(weft_uv_attach(&attachment, &uv, NULL), 0);
    memset(order, 0, sizeof order);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(waits));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK(weft_task_done(task) && weft_task_error(task) == NULL);
    CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
    CHECK(disposition(SIGTERM) == SIG_DFL);
}

TEST_MAIN(TEST_CASE(signals_call_back), TEST_CASE(a_loop_that_only_waits_for_a_signal_is_woken),
          TEST_CASE(other_threads_may_handle_signals_too), TEST_CASE(a_handler_is_replaced_and_removed),
          TEST_CASE(what_cannot_be_handled), TEST_CASE(a_simulated_world_has_none),
          TEST_CASE(a_handler_of_sigint_takes_the_place_of_the_interrupt),
          TEST_CASE(a_handler_has_the_variables_of_its_adding_and_keeps_its_own),
          TEST_CASE(an_attached_loop_has_signals_too))
