/* weft_main: a program from its first coroutine to its exit status. */

#include "internal.h"
#include "program.h"
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>

static struct program {
    weft_runner runner;
    weft_trace *trace;
} program;

static bool begin_trace(void) {
    const char *path = getenv("WEFT_TRACE");
    if (path == NULL || path[0] == '\0')
        return true;
    if (!weft__program_trace_open(path))
        return false;
    program.trace = weft_trace_new(weft__program_trace_write, NULL);
    if (program.trace != NULL && weft_log_on(weft_trace_feed, program.trace)) {
        weft__trace_of_host(program.trace, program.runner.host->kind);
        return true;
    }
    fprintf(stderr, "weft: no memory for a trace\n");
    return false;
}

static void close_program(void) {
    weft_runner_close(&program.runner);
    if (program.trace != NULL) {
        weft__trace_sources(program.trace, weft__program_source);
        weft_trace_end(program.trace);
        weft__program_trace_close();
    }
    memset((void *)&program, 0, sizeof program);
}

static void say(const weft_error *error) {
    fprintf(stderr, "weft: %s\n", error->message[0] != '\0' ? error->message : weft_error_name(error->code));
    weft_error_release(error);
}

bool weft__main_enter(void) {
    if (weft__current != NULL) {
        fprintf(stderr, "weft: weft_main was called inside a running loop\n");
        return false;
    }
    weft_runner_init(&program.runner, NULL);
    const weft_error *error = weft__runner_open(&program.runner);
    if (error != NULL) {
        say(error);
        return false;
    }
    weft__program_entered(program.runner.loop);
    if (begin_trace())
        return true;
    close_program();
    return false;
}

int weft__main_run(weft_coroutine *coroutine) {
    weft__runner_begin(&program.runner, coroutine);
    return weft__program_run(program.runner.loop);
}

/* The exit status of weft_main's task. */
static int report_outcome(weft_task *task, const weft_error *error) {
    fflush(stdout);
    if (error == NULL)
        return 0;
    if (!weft_task_done(task))
        fprintf(stderr, "weft: the program stopped before its main coroutine had ended\n");
    else
        weft__print_task_error(task);
    return 1;
}

static int finish(const weft_error *failure) {
    weft_task *task = program.runner.main; /* NULL: the host started tasks of its own */
    weft_value value = weft__of_none();
    const weft_error *error = task == NULL ? NULL : weft__runner_end(&program.runner, failure, &value);
    bool interrupted = error != NULL && error->code == WEFT_INTERRUPTED;
    int status = interrupted ? 1 : report_outcome(task, error);
    weft_value_free(&value);
    weft_error_release(error);
    close_program();
    return interrupted ? weft__program_interrupted() : status;
}

int weft__program_wait(void) {
    const weft_error *failure = weft__runner_wait(&program.runner);
    if (failure != NULL)
        fprintf(stderr, "weft: %s\n", failure->message);
    return finish(failure);
}

int weft__program_finish(void) {
    return finish(NULL);
}
