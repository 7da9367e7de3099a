#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "own_loop.h"

#include "../core/internal.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * What weft__run_enter leaves for the weft__run_entered that follows once the coroutine is made: a loop, or
 * why there is none. Making the coroutine may call weft_run in vain, so the two are apart.
 */
static _Thread_local weft__own_loop *entered;
static _Thread_local const weft_error *refusal;

static const weft_error *failure_of(weft__own_loop *own) {
    weft_uv *host = &own->host;
    return weft_error_new(WEFT_SYSTEM, "%s: %s", host->failed,
                          host->host.describe(&host->host, host->failure));
}

static const weft_error *enter(void) {
    if (weft_loop_current() != NULL)
        return weft_error_new(WEFT_RUNTIME, "weft_run cannot be called while this thread has a loop");
    weft__own_loop *own = calloc(1, sizeof *own);
    if (own == NULL)
        return &weft_error_out_of_memory;
    if (!weft__own_loop_open(own)) {
        const weft_error *error = failure_of(own);
        free(own);
        return error;
    }
    if (!weft__uv_make_loop(&own->host, NULL)) {
        weft__own_loop_close(own);
        free(own);
        return &weft_error_out_of_memory;
    }
    entered = own;
    return NULL;
}

bool weft__run_enter(void) {
    refusal = enter();
    return refusal == NULL;
}

/* To stderr; a part of it where memory is short. */
static void print_task_error(weft_task *task) {
    char few[512];
    size_t length = weft_task_print_error(task, few, sizeof few);
    char *all = length < sizeof few ? NULL : malloc(length + 1);
    if (all != NULL)
        weft_task_print_error(task, all, length + 1);
    fflush(stdout);
    fputs(all != NULL ? all : few, stderr);
    free(all);
}

static void print_error(const weft_error *error) {
    char text[512];
    weft_error_print(error, text, sizeof text);
    fflush(stdout);
    fputs(text, stderr);
}

/* NULL with the value, or the error, which is the caller's; it is printed if nobody wants it. */
static const weft_error *outcome_of(weft_task *task, weft_value *value, bool error_wanted) {
    const weft_error *error = weft_task_error(task);
    if (error == NULL)
        *value = weft__value_detach(weft_task_take(task));
    else if (!error_wanted)
        print_task_error(task);
    return weft_error_retain(error);
}

/* Runs the loop that was entered, and leaves nothing of it but the outcome. */
static const weft_error *run(weft_coroutine *coroutine, weft_value *value, bool error_wanted) {
    weft__own_loop *own = entered;
    entered = NULL;
    const weft_error *error;
    weft_task *task = weft_loop_start(own->host.loop, coroutine);
    if (weft__own_loop_run(own)) {
        error = outcome_of(task, value, error_wanted);
    } else {
        error = failure_of(own);
        if (!error_wanted)
            print_error(error);
    }
    weft_loop_close(own->host.loop);
    weft__own_loop_close(own);
    free(own);
    return error;
}

bool weft__run_entered(weft_coroutine *coroutine, weft_value *value, const weft_error **error) {
    weft_value result = weft__of_none();
    const weft_error *failure = refusal;
    if (failure == NULL)
        failure = run(coroutine, &result, error != NULL);
    else if (error == NULL)
        print_error(failure);
    refusal = NULL;
    if (value != NULL)
        *value = result;
    else
        weft_value_free(&result);
    if (error != NULL)
        *error = failure;
    else
        weft_error_release(failure);
    return failure == NULL;
}
