/* SIGUSR1: what a running program waits for, on stderr, and what becomes of handlers of the program's own. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* --- What goes to stderr --- */

static char text[8192];
static FILE *file;
static int real_stderr;

static void begin_capture(void) {
    file = tmpfile();
    real_stderr = dup(STDERR_FILENO);
    CHECK(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static void end_capture(void) {
    fflush(stderr);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
}

#define RUN(call)                          \
    do {                                   \
        begin_capture();                   \
        CHECK(weft_run(call, NULL, NULL)); \
        end_capture();                     \
    } while (0)

/* How often the tasks were told so far. */
static int tellings(void) {
    char so_far[sizeof text];
    ssize_t length = pread(fileno(file), so_far, sizeof so_far - 1, 0);
    int count = 0;
    so_far[length > 0 ? length : 0] = '\0';
    for (const char *at = so_far; (at = strstr(at, " in process ")) != NULL; at++)
        count++;
    return count;
}

static struct sigaction action_now(void) {
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    return action;
}

/* --- Programs --- */

static weft_value nap(void *unused) {
    (void)unused;
    kill(getpid(), SIGUSR1); /* while the loop has nothing to do */
    while (tellings() == 0)
        usleep(1000);
    return weft_value_of(1);
}

struct waits {
    weft_frame frame;
};

weft_async(waits) {
    weft_begin(waits);
    weft_await(weft_to_thread(nap, NULL));
    weft_end();
}

struct idle {
    weft_frame frame;
    weft_group group;
};

weft_async(idle) {
    weft_begin(idle);
    weft_with_as(self->group, weft_task_group())
        weft_group_create_task_named(&self->group, weft_call(waits), "worker");
    weft_end();
}

TEST(a_loop_that_is_idle_tells_its_tasks) {
    char head[64];
    RUN(weft_call(idle));
    snprintf(head, sizeof head, "weft: 2 tasks in process %d\n", (int)getpid());
    CHECK(strncmp(text, head, strlen(head)) == 0);
    CHECK(strstr(text, "Task-1 (task 1) waits for the tasks of group 2\n") != NULL);
    CHECK(strstr(text, "    └── worker (task 3) waits for thread 4\n") != NULL);
}

struct busy {
    weft_frame frame;
    bool until_told;
};

weft_async(busy) {
    weft_begin(busy);
    raise(SIGUSR1);
    while (self->until_told && tellings() == 0)
        weft_await(weft_sleep(0));
    weft_end();
}

TEST(a_loop_that_is_busy_tells_them_in_between) {
    RUN(weft_call(busy, .until_told = true));
    CHECK(strncmp(text, "weft: 1 task in process ", 24) == 0);
    CHECK(strstr(text, "Task-1 (task 1) waits for its next step\n    at ") != NULL);
}

/* --- Handlers of the program's own --- */

static volatile sig_atomic_t called;

static void own(int number) {
    called += number == SIGUSR1;
}

TEST(afterwards_the_signal_is_as_it_was) {
    CHECK(action_now().sa_handler == SIG_DFL);
    RUN(weft_call(busy, .until_told = true));
    CHECK(action_now().sa_handler == SIG_DFL);
}

TEST(a_handler_from_before_stays) {
    called = 0;
    signal(SIGUSR1, own);
    RUN(weft_call(busy));
    CHECK_EQ_INT(called, 1);
    CHECK_EQ_STR(text, "");
    CHECK(action_now().sa_handler == own);
    signal(SIGUSR1, SIG_DFL);
}

TEST(a_signal_that_is_ignored_stays_ignored) {
    signal(SIGUSR1, SIG_IGN);
    RUN(weft_call(busy));
    CHECK_EQ_STR(text, "");
    CHECK(action_now().sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
}

struct sets_handler {
    weft_frame frame;
};

weft_async(sets_handler) {
    weft_begin(sets_handler);
    signal(SIGUSR1, own);
    raise(SIGUSR1);
    weft_end();
}

TEST(a_handler_that_comes_later_stays_too) {
    called = 0;
    RUN(weft_call(sets_handler));
    CHECK_EQ_INT(called, 1);
    CHECK_EQ_STR(text, "");
    CHECK(action_now().sa_handler == own);
    signal(SIGUSR1, SIG_DFL);
}

/* --- Several loops --- */

static atomic_int loops_running;

struct named {
    weft_frame frame;
};

weft_async(named) {
    weft_begin(named);
    loops_running++;
    while (loops_running < 2)
        weft_await(weft_sleep(0.001));
    while (tellings() < 2)
        weft_await(weft_sleep(0.001));
    weft_end();
}

static void *run_named(void *unused) {
    (void)unused;
    return weft_run(weft_call(named), NULL, NULL) ? file : NULL;
}

TEST(every_thread_with_a_loop_tells_of_its_own) {
    pthread_t threads[2];
    begin_capture();
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, run_named, NULL) == 0);
    while (loops_running < 2)
        usleep(1000);
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    end_capture();
    const char *first = strstr(text, "weft: 1 task in process");
    CHECK(first != NULL && strstr(first + 1, "weft: 1 task in process") != NULL);
    CHECK(action_now().sa_handler == SIG_DFL);
}

TEST_MAIN(TEST_CASE(a_loop_that_is_idle_tells_its_tasks),
          TEST_CASE(a_loop_that_is_busy_tells_them_in_between), TEST_CASE(afterwards_the_signal_is_as_it_was),
          TEST_CASE(a_handler_from_before_stays), TEST_CASE(a_signal_that_is_ignored_stays_ignored),
          TEST_CASE(a_handler_that_comes_later_stays_too),
          TEST_CASE(every_thread_with_a_loop_tells_of_its_own))
