/* weft_main: exit statuses and what is said, each in a process of its own. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* --- A child process --- */

static char said[8192]; /* on its stderr */

static void read_all(int from) {
    size_t length = 0;
    ssize_t got;
    while (length < sizeof said - 1 && (got = read(from, said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
}

/* The exit status of `program` run in a child whose environment has NAME=value, if given; -1 if it was
 * killed. */
static int status_of(int (*program)(void), const char *name, const char *value) {
    int ends[2], status;
    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        if (name != NULL)
            setenv(name, value, 1);
        exit(program());
    }
    close(ends[1]);
    read_all(ends[0]);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- Programs --- */

struct quiet {
    weft_frame frame;
    double seconds;
};

weft_async(quiet) {
    weft_begin(quiet);
    weft_await(weft_sleep(self->seconds));
    weft_return(17); /* not the exit status */
    weft_end();
}

static int quiet_program(void) {
    return weft_main(weft_call(quiet, .seconds = 0.001));
}

TEST(a_program_that_ends_has_status_0) {
    CHECK_EQ_INT(status_of(quiet_program, NULL, NULL), 0);
    CHECK_EQ_STR(said, "");
}

static int long_program(void) {
    return weft_main(weft_call(quiet, .seconds = 1e6));
}

TEST(on_a_virtual_clock_sleeping_takes_no_time) {
    CHECK_EQ_INT(status_of(long_program, "WEFT_VIRTUAL", "1"), 0);
    CHECK_EQ_STR(said, "");
}

static weft_value nothing(void *argument) {
    return weft_value_of((const char *)argument);
}

static void set(void *argument) {
    weft_future_set_value(argument, weft_none());
}

static weft_loop *outside_loop;

static void *call_from_outside(void *argument) {
    if (!weft_call_soon_threadsafe(outside_loop, set, argument))
        abort();
    return NULL;
}

struct outside {
    weft_frame frame;
    weft_future *future;
    pthread_t thread;
};

weft_async(outside) {
    weft_begin(outside);
    weft_await(weft_to_thread(nothing, "in place"));
    self->future = weft_create_future();
    outside_loop = weft_loop_current();
    weft_loop_hold(outside_loop);
    if (pthread_create(&self->thread, NULL, call_from_outside, self->future) != 0)
        abort();
    weft_await(self->future);
    weft_loop_unhold(outside_loop);
    pthread_join(self->thread, NULL);
    weft_end();
}

static int outside_program(void) {
    return weft_main(weft_call(outside));
}

TEST(a_virtual_clock_waits_for_other_threads) {
    CHECK_EQ_INT(status_of(outside_program, "WEFT_VIRTUAL", "1"), 0);
    CHECK_EQ_STR(said, "");
}

static int empty_program(void) {
    return weft_main(NULL);
}

TEST(a_program_without_a_coroutine_has_status_1) {
    CHECK_EQ_INT(status_of(empty_program, NULL, NULL), 1);
    CHECK(strstr(said, "NULL") != NULL);
    CHECK_EQ_INT(status_of(empty_program, "WEFT_VIRTUAL", "1"), 1);
    CHECK(strstr(said, "NULL") != NULL);
}

struct inner {
    weft_frame frame;
};

weft_async(inner) {
    weft_begin(inner);
    weft_await(weft_sleep(0));
    weft_raise(WEFT_RUNTIME, "no luck");
    weft_end();
}

struct outer {
    weft_frame frame;
};

weft_async(outer) {
    weft_begin(outer);
    weft_await(weft_call(inner));
    weft_end();
}

static int failing_program(void) {
    return weft_main(weft_call(outer));
}

TEST(an_unhandled_error_is_printed_and_gives_status_1) {
    CHECK_EQ_INT(status_of(failing_program, NULL, NULL), 1);
    const char *first = strstr(said, "outer"), *second = strstr(said, "inner");
    CHECK(first != NULL && second != NULL && first < second);
    CHECK(strstr(said, "RuntimeError: no luck\n") != NULL);
}

static int nested_program(void);

struct nesting {
    weft_frame frame;
};

weft_async(nesting) {
    weft_begin(nesting);
    weft_return(quiet_program());
    weft_end();
}

static int nested_program(void) {
    weft_value value;
    if (!weft_run(weft_call(nesting), &value, NULL))
        return 99;
    return (int)weft_value_int(value);
}

TEST(main_inside_a_running_loop_is_an_error) {
    CHECK_EQ_INT(status_of(nested_program, NULL, NULL), 1);
    CHECK(said[0] != '\0');
}

static int twice_program(void) {
    int first = quiet_program();
    return first != 0 ? first : quiet_program();
}

TEST(a_program_may_run_two_mains) {
    CHECK_EQ_INT(status_of(twice_program, NULL, NULL), 0);
    CHECK_EQ_STR(said, "");
}

static weft_value length_of(void *argument) {
    return weft_value_of((int)strlen(argument));
}

struct threading {
    weft_frame frame;
    int length;
};

weft_async(threading) {
    weft_begin(threading);
    weft_await_to(self->length, weft_to_thread(length_of, "four"));
    if (self->length != 4)
        weft_raise(WEFT_RUNTIME, "%d", self->length);
    weft_end();
}

static int threading_program(void) {
    return weft_main(weft_call(threading));
}

TEST(main_has_threads) {
    CHECK_EQ_INT(status_of(threading_program, NULL, NULL), 0);
    CHECK_EQ_STR(said, "");
}

static int unhandled_run(void) {
    return weft_run(weft_call(outer), NULL, NULL) ? 0 : 3;
}

TEST(run_prints_the_error_that_nobody_takes) {
    CHECK_EQ_INT(status_of(unhandled_run, NULL, NULL), 3);
    CHECK(strstr(said, "outer") != NULL);
    CHECK(strstr(said, "RuntimeError: no luck\n") != NULL);
}

/* --- The trace --- */

TEST(a_trace_is_written) {
    char path[] = "/tmp/weft-trace-XXXXXX", start[2] = "";
    int file = mkstemp(path);
    if (!CHECK(file >= 0))
        return;
    close(file);
    CHECK_EQ_INT(status_of(quiet_program, "WEFT_TRACE", path), 0);
    CHECK_EQ_STR(said, "");
    FILE *trace = fopen(path, "r");
    if (CHECK(trace != NULL)) {
        CHECK(fread(start, 1, 1, trace) == 1);
        CHECK(start[0] == '{' || start[0] == '[');
        fseek(trace, 0, SEEK_END);
        CHECK(ftell(trace) > 100);
        fclose(trace);
    }
    remove(path);
}

TEST(a_trace_that_cannot_be_opened_is_said) {
    CHECK(status_of(quiet_program, "WEFT_TRACE", "/nowhere/trace.json") == 1);
    CHECK(strstr(said, "/nowhere/trace.json: No such file or directory") != NULL);
}

TEST(a_trace_on_a_full_disk_is_said) {
    CHECK_EQ_INT(status_of(quiet_program, "WEFT_TRACE", "/dev/full"), 0);
    CHECK(strstr(said, "/dev/full is incomplete: No space left on device") != NULL);
}

static weft_value never_end(void *argument) {
    while (!weft_thread_cancelled() || argument == NULL) /* whatever it is told */
        pause();
    return weft_none();
}

struct left {
    weft_frame frame;
};

static weft_async(left) {
    weft_begin(left);
    for (int i = 0; i < 2; i++)
        weft_create_task(weft_to_thread(never_end, NULL));
    weft_await(weft_sleep(0));
    weft_end();
}

static void say_goodbye(void) {
    fputs("goodbye\n", stderr);
}

static int leaving_program(void) {
    alarm(60); /* rather than to wait for ever */
    atexit(say_goodbye);
    int status = weft_main(weft_call(left));
    exit(status == 0 ? 7 : status);
}

TEST(a_process_exits_without_functions_that_never_end) {
    CHECK_EQ_INT(status_of(leaving_program, "WEFT_JOIN_SECONDS", "0.01"), 7);
    CHECK(strstr(said, "2 functions in threads did not end within 0.01 seconds, and nobody waits any more: "
                       "never_end of ") != NULL);
    CHECK(strstr(said, "goodbye\n") != NULL); /* what was to be done at exit is done */
}

TEST_MAIN(TEST_CASE(a_program_that_ends_has_status_0), TEST_CASE(on_a_virtual_clock_sleeping_takes_no_time),
          TEST_CASE(a_virtual_clock_waits_for_other_threads),
          TEST_CASE(a_program_without_a_coroutine_has_status_1),
          TEST_CASE(an_unhandled_error_is_printed_and_gives_status_1),
          TEST_CASE(main_inside_a_running_loop_is_an_error), TEST_CASE(a_program_may_run_two_mains),
          TEST_CASE(main_has_threads), TEST_CASE(run_prints_the_error_that_nobody_takes),
          TEST_CASE(a_trace_is_written), TEST_CASE(a_trace_that_cannot_be_opened_is_said),
          TEST_CASE(a_trace_on_a_full_disk_is_said),
          TEST_CASE(a_process_exits_without_functions_that_never_end))
