/* Every call of libuv's that weft makes fails once, and one that fires early: said in words, with nothing
 * lost. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/uv.h>
#include <weft/weft.h>

/*
 * These stand before libuv's own functions of the same names, for weft and for libuv itself. Only this thread
 * is made to fail, since libuv's threads end the process where they cannot report.
 */
static _Thread_local const char *failing_call;
static _Thread_local int calls_before; /* that succeed */
static _Thread_local bool early;       /* timers fire in a tenth of their time */

static bool fails(const char *call) {
    return failing_call != NULL && strcmp(failing_call, call) == 0 && calls_before-- == 0;
}

#define REAL(result, call, ...)                \
    static result (*real)(__VA_ARGS__);        \
    if (real == NULL) {                        \
        void *found = dlsym(RTLD_NEXT, #call); \
        memcpy(&real, &found, sizeof found);   \
    }                                          \
    if (fails(#call))                          \
    return UV_EMFILE

int uv_loop_init(uv_loop_t *loop) {
    REAL(int, uv_loop_init, uv_loop_t *);
    return real(loop);
}

int uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb callback) {
    REAL(int, uv_async_init, uv_loop_t *, uv_async_t *, uv_async_cb);
    return real(loop, async, callback);
}

int uv_async_send(uv_async_t *async) {
    REAL(int, uv_async_send, uv_async_t *);
    return real(async);
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer) {
    REAL(int, uv_timer_init, uv_loop_t *, uv_timer_t *);
    return real(loop, timer);
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb callback, uint64_t timeout, uint64_t repeat) {
    REAL(int, uv_timer_start, uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);
    return real(timer, callback, early ? timeout / 10 : timeout, repeat);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb finish) {
    REAL(int, uv_queue_work, uv_loop_t *, uv_work_t *, uv_work_cb, uv_after_work_cb);
    return real(loop, work, run, finish);
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *signal) {
    REAL(int, uv_signal_init, uv_loop_t *, uv_signal_t *);
    return real(loop, signal);
}

int uv_signal_start(uv_signal_t *signal, uv_signal_cb callback, int number) {
    REAL(int, uv_signal_start, uv_signal_t *, uv_signal_cb, int);
    return real(signal, callback, number);
}

static const char *const calls[] = {"uv_loop_init", "uv_async_init", "uv_timer_init", "uv_timer_start",
                                    "uv_queue_work"};
enum { CALLS = sizeof calls / sizeof *calls };

/* --- A program that makes all of them --- */

static unsigned leaks;

/* Tasks that were destroyed are said, and that is right; objects left over are not. */
static void look_for_leaks(void *context, const char *text) {
    (void)context;
    leaks += strstr(text, "still retained") != NULL;
}

static weft_value nothing(void *argument) {
    return weft_value_of((const char *)argument);
}

struct thorough {
    weft_frame frame;
    int *dropped; /* counts */
    weft_task *spinner;
};

struct spinning {
    weft_frame frame;
};

weft_async(spinning) {
    weft_begin(spinning);
    for (;;)
        weft_await(weft_sleep(0));
    weft_end();
}

static void ignore(void *argument) {
    (void)argument;
}

/* Whose failure is no end of the run. */
static void handle_signals(void) {
    const weft_error *error = weft_add_signal_handler(SIGUSR2, ignore, NULL);
    if (error != NULL)
        CHECK(strstr(error->message, "EMFILE: too many open files") != NULL);
    CHECK(weft_remove_signal_handler(SIGUSR2) == (error == NULL));
    weft_error_release(error);
}

weft_async(thorough) {
    weft_begin(thorough);
    handle_signals();
    weft_loop_set_reporter(weft_loop_current(), look_for_leaks, NULL);
    weft_await(weft_sleep(0.002));
    self->spinner = weft_create_task(weft_call(spinning));
    weft_await(weft_sleep(0.004)); /* longer than a slice */
    weft_await(weft_to_thread(nothing, "a"));
    weft_cancel(self->spinner);
    weft_await(weft_sleep(0.002));
    weft_await(weft_to_thread(nothing, "b"));
    weft_return("whole");
    weft_drop();
    ++*self->dropped;
    weft_end();
}

/* Runs with a call failing after so many that do not. False if the run has no such call. */
static bool run_once(const char *call, int before) {
    weft_value value;
    const weft_error *error;
    int made = 0, dropped = 0;
    failing_call = call;
    calls_before = before;
    bool whole = weft_run((made++, weft_call(thorough, .dropped = &dropped)), &value, &error);
    bool failed = calls_before < 0;
    failing_call = NULL;
    CHECK(weft_loop_current() == NULL);
    CHECK_EQ_INT(dropped, made);
    if (whole) {
        CHECK_EQ_STR(weft_value_string(value), "whole");
    } else {
        CHECK(failed);
        CHECK_EQ_INT(error->code, WEFT_SYSTEM);
        CHECK(strstr(error->message, "EMFILE: too many open files") != NULL);
        weft_error_release(error);
    }
    return failed;
}

/* The first, the second, … call fails, until a run makes no more of them. */
TEST(a_run_survives_every_failure) {
    leaks = 0;
    for (int call = 0; call < CALLS; call++) {
        int before = 0;
        while (before < 100 && run_once(calls[call], before))
            before++;
        CHECK(before > 0);
    }
    CHECK_EQ_INT(leaks, 0);
}

TEST(a_program_whose_host_fails_has_status_1) {
    for (int call = 0; call < CALLS; call++) {
        int dropped = 0;
        failing_call = calls[call];
        calls_before = 0;
        CHECK_EQ_INT(weft_main(weft_call(thorough, .dropped = &dropped)), 1);
        failing_call = NULL;
        CHECK(weft_loop_current() == NULL);
    }
}

TEST(without_signals_a_program_runs_all_the_same) {
    for (int before = 0; before < 2; before++) { /* the loop's own signal, the program's */
        CHECK(run_once("uv_signal_init", before));
        CHECK_EQ_INT(leaks, 0);
        CHECK(run_once("uv_signal_start", before));
        CHECK_EQ_INT(leaks, 0);
    }
}

TEST(the_words_name_the_call) {
    const weft_error *error;
    failing_call = "uv_loop_init";
    calls_before = 0;
    CHECK(!weft_run(weft_call(spinning), NULL, &error));
    failing_call = NULL;
    CHECK_EQ_STR(error->message, "uv_loop_init: EMFILE: too many open files");
    weft_error_release(error);
}

/* --- Attaching --- */

static int attach_once(const char *call, int before) {
    uv_loop_t uv;
    weft_uv attachment = {.data = NULL};
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    failing_call = call;
    calls_before = before;
    int code = weft_uv_attach(&attachment, &uv, NULL);
    failing_call = NULL;
    CHECK((weft_loop_current() != NULL) == (code == 0));
    if (code == 0)
        CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
    return code;
}

TEST(a_failed_attach_leaves_nothing_attached) {
    CHECK_EQ_INT(attach_once("uv_async_init", 0), UV_EMFILE);
    CHECK_EQ_INT(attach_once("uv_timer_init", 0), UV_EMFILE);
    CHECK_EQ_INT(attach_once("uv_async_init", 1), 0);
}

TEST(a_failed_detach_changes_nothing) {
    uv_loop_t uv;
    weft_uv attachment = {.data = NULL};
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    CHECK_EQ_INT(weft_uv_attach(&attachment, &uv, NULL), 0);
    failing_call = "uv_async_send";
    calls_before = 0;
    CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), UV_EMFILE);
    failing_call = NULL;
    CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
}

/* --- A timer that fires too early --- */

struct nap {
    weft_frame frame;
    double start;
};

weft_async(nap) {
    weft_begin(nap);
    self->start = weft_time();
    weft_await(weft_sleep(0.030));
    weft_return(weft_time() - self->start);
    weft_end();
}

TEST(a_timer_that_fires_early_wakes_nobody) {
    weft_value value;
    early = true;
    CHECK(weft_run(weft_call(nap), &value, NULL));
    early = false;
    CHECK(weft_value_double(value) >= 0.030);
}

TEST_MAIN(TEST_CASE(a_run_survives_every_failure), TEST_CASE(a_program_whose_host_fails_has_status_1),
          TEST_CASE(without_signals_a_program_runs_all_the_same), TEST_CASE(the_words_name_the_call),
          TEST_CASE(a_failed_attach_leaves_nothing_attached), TEST_CASE(a_failed_detach_changes_nothing),
          TEST_CASE(a_timer_that_fires_early_wakes_nobody))
