/* weft_signal_wait and weft_signals: signals as something awaited. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/uv.h>
#include <weft/weft.h>

static bool is_default(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    return now.sa_handler == SIG_DFL;
}

static void *send_signal(void *number) {
    kill(getpid(), (int)(intptr_t)number);
    return NULL;
}

/* From another thread, while the loop may sleep. */
static void send_later(int number) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, send_signal, (void *)(intptr_t)number) != 0)
        abort();
    pthread_detach(thread);
}

/* --- One --- */

struct sends {
    weft_frame frame;
    int number;
};

/* Once the other task waits. */
static weft_async(sends) {
    weft_begin(sends);
    weft_await(weft_sleep(0));
    CHECK(!is_default(self->number));
    send_later(self->number);
    weft_await(weft_sleep(0));
    weft_end();
}

struct waits {
    weft_frame frame;
    int number;
    weft_task *sender;
};

static weft_async(waits) {
    weft_begin(waits);
    self->sender = weft_create_task(weft_call(sends, .number = SIGUSR2));
    weft_await_to(self->number, weft_signal_wait(SIGALRM, SIGUSR2, SIGTERM));
    CHECK_EQ_INT(self->number, SIGUSR2);
    CHECK(is_default(SIGALRM));
    CHECK(is_default(SIGUSR2));
    CHECK(is_default(SIGTERM));
    weft_end();
}

TEST(a_signal_is_waited_for) {
    for (int i = 0; i < 20; i++)
        CHECK(weft_run(weft_call(waits), NULL, NULL));
}

/* --- Many --- */

struct serves {
    weft_frame frame;
    int number, count;
    char heard[8];
};

/* Those that come while the body runs are kept, each once, and the lowest is told first. */
static weft_async(serves) {
    weft_begin(serves);
    self->number = SIGALRM;
    weft_create_task(weft_call(sends, .number = SIGALRM));
    weft_for_await (self->number, weft_signals(SIGALRM, SIGUSR2, SIGHUP, SIGTERM)) {
        self->heard[self->count++] = self->number == SIGALRM   ? 'a'
                                     : self->number == SIGUSR2 ? '2'
                                     : self->number == SIGHUP  ? 'h'
                                                               : 't';
        if (self->count == 1) {
            raise(SIGUSR2);
            raise(SIGUSR2);
            raise(SIGHUP);
            weft_await(weft_signal_wait(SIGUSR2)); /* another that waits for one of them */
            CHECK(!is_default(SIGUSR2));
        }
        if (self->count == 3)
            raise(SIGTERM);
        if (self->number == SIGTERM)
            weft_break;
    }
    CHECK_EQ_STR(self->heard, "ah2t");
    CHECK(is_default(SIGTERM));
    CHECK(is_default(SIGHUP));
    weft_end();
}

TEST(what_comes_while_nobody_waits_is_kept) {
    CHECK(weft_run(weft_call(serves), NULL, NULL));
}

/* --- Beside a handler --- */

static int handled;

static void handle(void *event) {
    handled++;
    weft_event_set(event);
}

struct shares {
    weft_frame frame;
    weft_event event;
    weft_task *waiting;
};

static weft_async(shares) {
    weft_begin(shares);
    handled = 0;
    self->waiting = weft_create_task(weft_signal_wait(SIGUSR2));
    CHECK(weft_add_signal_handler(SIGUSR2, handle, &self->event) == NULL);
    weft_await(weft_sleep(0));
    raise(SIGUSR2);
    weft_await(self->waiting);
    weft_await(weft_event_wait(&self->event));
    CHECK_EQ_INT(handled, 1);
    CHECK(!is_default(SIGUSR2)); /* the handler is still there */
    self->waiting = weft_create_task(weft_signal_wait(SIGUSR2));
    weft_await(weft_sleep(0));
    CHECK(weft_remove_signal_handler(SIGUSR2));
    CHECK(!weft_remove_signal_handler(SIGUSR2));
    CHECK(!is_default(SIGUSR2)); /* and here the one who waits */
    raise(SIGUSR2);
    weft_await(self->waiting);
    CHECK_EQ_INT(handled, 1);
    CHECK(is_default(SIGUSR2));
    weft_end();
}

TEST(a_handler_and_who_waits_both_hear_it) {
    CHECK(weft_run(weft_call(shares), NULL, NULL));
}

/* --- Cancelled, closed, left behind --- */

struct cancels {
    weft_frame frame;
    weft_task *waiting;
    weft_coroutine *generator;
    const weft_error *error;
};

static weft_async(cancels) {
    weft_begin(cancels);
    self->waiting = weft_create_task(weft_signal_wait(SIGALRM, SIGUSR2));
    weft_await(weft_sleep(0));
    CHECK(!is_default(SIGALRM));
    weft_cancel(self->waiting);
    weft_try {
        weft_await(self->waiting);
        CHECK(false);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        CHECK(is_default(SIGALRM));
    }
    /* Cancelled after it has arrived. */
    self->waiting = weft_create_task(weft_signal_wait(SIGALRM));
    weft_await(weft_sleep(0));
    raise(SIGALRM);
    weft_cancel(self->waiting);
    weft_try {
        weft_await(self->waiting);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        CHECK(is_default(SIGALRM));
    }
    weft_coroutine_close(weft_signal_wait(SIGALRM));
    weft_try {
        weft_await(weft_wait_for(weft_signal_wait(SIGALRM), 0.001));
        CHECK(false);
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        CHECK(is_default(SIGALRM));
    }
    /* A generator that the loop's end finds open, and a task. */
    self->generator = weft_signals(SIGALRM);
    weft_create_task(weft_signal_wait(SIGUSR2));
    weft_create_task(weft_call(sends, .number = SIGALRM));
    weft_await(weft_generator_next(self->generator));
    weft_end();
}

TEST(who_waits_no_longer_leaves_nothing_behind) {
    CHECK(weft_run(weft_call(cancels), NULL, NULL));
    CHECK(is_default(SIGALRM));
    CHECK(is_default(SIGUSR2));
}

/* --- What cannot be --- */

struct refuses {
    weft_frame frame;
    const weft_error *error;
};

static weft_async(refuses) {
    weft_begin(refuses);
    weft_try {
        weft_await(weft_signal_wait(SIGALRM, SIGKILL));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_ARGUMENT, self->error) {
        CHECK_EQ_STR(self->error->message, "signal 9 cannot be handled: EINVAL: invalid argument");
        CHECK(is_default(SIGALRM)); /* nothing of it was begun */
    }
    weft_try {
        weft_await(weft_signal_wait(65));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_ARGUMENT, self->error) {
        CHECK_EQ_STR(self->error->message, "signal 65 cannot be handled: there is no such");
    }
    weft_try {
        weft_await(weft_signal_wait(-1));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_ARGUMENT, self->error) {
        CHECK_EQ_STR(self->error->message, "signal -1 cannot be handled: there is no such");
    }
    weft_try {
        weft_await(weft_signal_wait(0));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_ARGUMENT, self->error) {
        CHECK_EQ_STR(self->error->message, "no signal to wait for");
    }
    weft_end();
}

TEST(what_is_no_signal_is_refused) {
    CHECK(weft_run(weft_call(refuses), NULL, NULL));
}

struct has_none {
    weft_frame frame;
    int number;
    const weft_error *error;
};

static weft_async(has_none) {
    weft_begin(has_none);
    weft_try {
        weft_for_await (self->number, weft_signals(SIGTERM)) {
            CHECK(false);
        }
        CHECK(false);
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        CHECK_EQ_STR(self->error->message, "this host has no signals");
    }
    weft_end();
}

static weft_coroutine *call_has_none(void *argument) {
    (void)argument;
    return weft_call(has_none);
}

TEST(a_host_without_signals_says_so) {
    CHECK(weft_simulation_run(NULL, NULL, call_has_none, NULL, NULL, NULL));
}

/* --- The interrupt --- */

struct catches {
    weft_frame frame;
    int number;
};

static weft_async(catches) {
    weft_begin(catches);
    weft_create_task(weft_call(sends, .number = SIGINT));
    weft_await_to(self->number, weft_signal_wait(SIGINT));
    weft_return(self->number);
    weft_end();
}

TEST(who_waits_for_sigint_takes_the_place_of_the_interrupt) {
    weft_value value;
    if (CHECK(weft_run(weft_call(catches), &value, NULL)))
        CHECK_EQ_INT(weft_value_int(value), SIGINT);
}

static void *run_waits(void *argument) {
    (void)argument;
    return weft_run(weft_call(waits), NULL, NULL) ? NULL : (void *)"failed";
}

TEST(another_thread_may_wait_too) {
    pthread_t thread;
    void *failed;
    if (pthread_create(&thread, NULL, run_waits, NULL) != 0)
        abort();
    pthread_join(thread, &failed);
    CHECK(failed == NULL);
}

TEST_MAIN(TEST_CASE(a_signal_is_waited_for), TEST_CASE(what_comes_while_nobody_waits_is_kept),
          TEST_CASE(a_handler_and_who_waits_both_hear_it),
          TEST_CASE(who_waits_no_longer_leaves_nothing_behind), TEST_CASE(what_is_no_signal_is_refused),
          TEST_CASE(a_host_without_signals_says_so),
          TEST_CASE(who_waits_for_sigint_takes_the_place_of_the_interrupt),
          TEST_CASE(another_thread_may_wait_too))
