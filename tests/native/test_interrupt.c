/* SIGINT: what a process does that gets one, natively and on a virtual clock. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* --- A child process --- */

static char said[4096]; /* on its stdout and stderr */

/* Reads on until the child has said so many lines, or its end. */
static void read_lines(int from, size_t count) {
    size_t length = strlen(said), lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    while (lines < count && length < sizeof said - 1 && read(from, said + length, 1) == 1) {
        lines += said[length++] == '\n';
        said[length] = '\0';
    }
}

/*
 * Runs the program in a child, interrupts that whenever it has said one more line, so many times, and returns
 * how it ended: its exit status, or minus the signal.
 */
static int interrupted(int (*program)(void), unsigned times, bool on_virtual_clock) {
    int ends[2], status;
    said[0] = '\0';
    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGINT, SIG_DFL); /* whoever runs the tests may ignore it */
        if (on_virtual_clock)
            setenv("WEFT_VIRTUAL", "1", 1);
        exit(program());
    }
    close(ends[1]);
    for (unsigned i = 0; i < times; i++) {
        read_lines(ends[0], i + 1);
        kill(child, SIGINT);
    }
    read_lines(ends[0], SIZE_MAX);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        abort();
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void say(const char *line) {
    printf("%s\n", line);
    fflush(stdout);
}

/* --- Programs --- */

/* How it spends its time, and what it does about the cancellation. */
struct works {
    weft_frame frame;
    char how;  /* s: sleeps; b: is always ready; c: computes; w: waits for a future that only the world could
                  set */
    char does; /* d: dies of it; h: hangs in its cleanup; v: returns a value; e: raises another error; u:
                  uncancels */
    const weft_error *error;
    weft_future *future;
};

static void compute(void) {
    for (volatile unsigned i = 0;; i++) {
    }
}

weft_async(works) {
    weft_begin(works);
    say("ready");
    weft_try {
        if (self->how == 's')
            weft_await(weft_sleep(1e6));
        if (self->how == 'c')
            compute();
        if (self->how == 'w') {
            self->future = weft_create_future();
            weft_loop_hold(weft_loop_current());
            weft_await(self->future);
        }
        for (;;)
            weft_await(weft_sleep(0));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        if (self->how == 'w')
            weft_loop_unhold(weft_loop_current());
        say("cancelled");
        if (self->does == 'h')
            for (;;)
                weft_await(weft_sleep(0));
        weft_await(weft_sleep(0));
        printf("clean"); /* not flushed */
        if (self->does == 'v')
            weft_return(7);
        if (self->does == 'e')
            weft_raise(WEFT_RUNTIME, "no luck");
        if (self->does == 'u')
            weft_task_uncancel(weft_current_task());
        if (self->does == 'u')
            weft_task_cancel(weft_current_task(), "mine");
        if (self->does == 'u')
            weft_task_cancel(weft_current_task(), "mine");
        weft_reraise;
    }
    weft_end();
}

static char how, does;

static int main_program(void) {
    return weft_main(weft_call(works, .how = how, .does = does));
}

static const char *const virtual_or_not[] = {"the real clock", "a virtual clock"};

/* Sleeping takes no time on a virtual clock, so there it waits for the world. */
static void check_both(char does_what, int status, const char *lines) {
    for (int on_virtual = 0; on_virtual < 2; on_virtual++)
        for (const char *way = on_virtual ? "bw" : "sbw"; *way != '\0'; way++) {
            how = *way;
            does = does_what;
            if (!CHECK_EQ_INT(interrupted(main_program, does == 'h' ? 2 : 1, on_virtual), status) ||
                !CHECK_EQ_STR(said, lines))
                fprintf(stderr, "on %s, '%c'\n", virtual_or_not[on_virtual], *way);
        }
}

TEST(the_first_one_cancels_and_the_process_ends_as_if_killed) {
    check_both('d', -SIGINT, "ready\ncancelled\nclean");
}

TEST(the_second_one_kills) {
    check_both('h', -SIGINT, "ready\ncancelled\n");
}

TEST(a_coroutine_that_returns_a_value_all_the_same) {
    check_both('v', 0, "ready\ncancelled\nclean");
}

TEST(a_coroutine_that_raises_another_error) {
    how = 's';
    does = 'e';
    CHECK_EQ_INT(interrupted(main_program, 1, false), 1);
    CHECK(strstr(said, "RuntimeError: no luck\n") != NULL);
}

TEST(a_cancellation_of_the_program_s_own_beside_it) {
    how = 's';
    does = 'u';
    CHECK_EQ_INT(interrupted(main_program, 1, false), 1);
    CHECK(strstr(said, "Cancelled") != NULL);
}

TEST(a_coroutine_that_computes_is_killed_by_the_second_one) {
    how = 'c';
    does = 'd';
    int ends[2], status;
    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        signal(SIGINT, SIG_DFL);
        exit(main_program());
    }
    close(ends[1]);
    said[0] = '\0';
    read_lines(ends[0], 1);
    kill(child, SIGINT);
    /* The first one may not have arrived when the second is sent, and two that wait are one: so again. */
    while (waitpid(child, &status, WNOHANG) == 0) {
        kill(child, SIGINT);
        sched_yield();
    }
    close(ends[0]);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ_INT(WTERMSIG(status), SIGINT);
}

/* --- Whose SIGINT it is --- */

static volatile sig_atomic_t handled;

static void on_sigint(int number) {
    handled = number;
}

struct handling {
    weft_frame frame;
};

weft_async(handling) {
    weft_begin(handling);
    say("ready");
    while (!handled)
        weft_await(weft_sleep(0.001));
    say("handled");
    weft_end();
}

static int handling_program(void) {
    signal(SIGINT, on_sigint);
    return weft_main(weft_call(handling));
}

TEST(a_program_s_own_handler_stays) {
    CHECK_EQ_INT(interrupted(handling_program, 1, false), 0);
    CHECK_EQ_STR(said, "ready\nhandled\n");
}

struct raises {
    weft_frame frame;
};

weft_async(raises) {
    weft_begin(raises);
    raise(SIGINT);
    weft_return(5);
    weft_end();
}

static int ignoring_program(void) {
    signal(SIGINT, SIG_IGN);
    return weft_main(weft_call(raises));
}

TEST(an_ignored_one_stays_ignored) {
    CHECK_EQ_INT(interrupted(ignoring_program, 0, false), 0);
}

static void *run_here(void *argument) {
    (void)argument;
    if (weft_run(weft_call(works, .how = 's', .does = 'v'), NULL, NULL))
        say("not interrupted");
    return NULL;
}

static int threaded_program(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_here, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
    return 0;
}

TEST(a_run_in_another_thread_does_not_catch_it) {
    CHECK_EQ_INT(interrupted(threaded_program, 1, false), -SIGINT);
    CHECK_EQ_STR(said, "ready\n");
}

static void (*disposition(void))(int) {
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    return now.sa_handler;
}

/* --- Runners --- */

struct naps {
    weft_frame frame;
    double seconds;
};

weft_async(naps) {
    weft_begin(naps);
    weft_await(weft_sleep(self->seconds));
    weft_end();
}

static int running_program(void) {
    weft_runner runner;
    weft_value value;
    const weft_error *error;
    weft_runner_init(&runner, NULL);
    for (int i = 0; i < 2; i++) {
        bool succeeded = weft_runner_run(&runner, weft_call(works, .how = 's', .does = 'd'), NULL, &error);
        if (succeeded || error->code != WEFT_INTERRUPTED || disposition() != SIG_DFL)
            return 1;
        weft_error_release(error);
    }
    if (!weft_runner_run(&runner, weft_call(works, .how = 's', .does = 'v'), &value, NULL) ||
        weft_value_int(value) != 7 || disposition() != SIG_DFL)
        return 2;
    if (!weft_runner_run(&runner, weft_call(naps, .seconds = 0.001), NULL, NULL) || disposition() != SIG_DFL)
        return 3;
    weft_runner_close(&runner);
    return 42;
}

/* Each run says two lines before the next: the signals of the parent come with the first, third and fifth. */
static int three_interrupts(void) {
    int ends[2], status;
    said[0] = '\0';
    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        signal(SIGINT, SIG_DFL);
        exit(running_program());
    }
    close(ends[1]);
    for (unsigned i = 0; i < 3; i++) {
        read_lines(ends[0], i * 2 + 1);
        kill(child, SIGINT);
    }
    waitpid(child, &status, 0);
    close(ends[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(a_runner_gives_interrupted_and_runs_on) {
    CHECK_EQ_INT(three_interrupts(), 42);
}

static int interrupted_too_early(void) {
    weft_value value;
    const weft_error *error;
    bool succeeded = weft_run(weft_call(naps, .seconds = raise(SIGINT)), &value, &error);
    return succeeded ? 1 : error->code == WEFT_INTERRUPTED ? 42 : 2;
}

TEST(one_in_the_argument_is_too_early_to_be_caught) {
    CHECK_EQ_INT(interrupted(interrupted_too_early, 0, false), -SIGINT);
}

static int late_program(void) {
    weft_value value;
    const weft_error *error;
    if (weft_run(weft_call(raises), &value, &error) || value.kind != WEFT_NONE)
        return 1;
    int code = error->code;
    weft_error_release(error);
    return code == WEFT_INTERRUPTED ? 42 : 2;
}

TEST(one_that_comes_with_the_end_counts) {
    CHECK_EQ_INT(interrupted(late_program, 0, false), 42);
    CHECK_EQ_INT(interrupted(late_program, 0, true), 42);
}

TEST_MAIN(TEST_CASE(the_first_one_cancels_and_the_process_ends_as_if_killed), TEST_CASE(the_second_one_kills),
          TEST_CASE(a_coroutine_that_returns_a_value_all_the_same),
          TEST_CASE(a_coroutine_that_raises_another_error),
          TEST_CASE(a_cancellation_of_the_program_s_own_beside_it),
          TEST_CASE(a_coroutine_that_computes_is_killed_by_the_second_one),
          TEST_CASE(a_program_s_own_handler_stays), TEST_CASE(an_ignored_one_stays_ignored),
          TEST_CASE(a_run_in_another_thread_does_not_catch_it),
          TEST_CASE(a_runner_gives_interrupted_and_runs_on),
          TEST_CASE(one_in_the_argument_is_too_early_to_be_caught),
          TEST_CASE(one_that_comes_with_the_end_counts))
