/* Runners: one coroutine after the other in one loop, each to its end. */

#include "internal.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <weft/log.h>

/*
 * What entering leaves for the run that follows once the coroutine is made: the runner, or why there is none.
 * Making the coroutine may enter another in vain, so the two are apart.
 */
static _Thread_local weft_runner *entered;
static _Thread_local const weft_error *refusal;

/* --- Opening and closing --- */

void weft_runner_init(weft_runner *self, const weft_runner_options *options) {
    *self = (weft_runner){.main = NULL};
    if (options != NULL)
        self->options = *options;
}

static void open_simulation(weft_runner *self) {
    weft_simulation_init(&self->simulation, self->options.simulation);
    self->host = &self->simulation.host;
}

static void close_host(weft_runner *self) {
    if (self->host != NULL && self->host->close != NULL)
        self->host->close(self->host);
    self->host = NULL;
    free(self->decisions);
    free(self->injections);
    self->decisions = NULL;
    self->injections = NULL;
}

static void close_loop(weft_runner *self) {
    weft__current = self->loop;
    weft_context_release(self->context);
    weft_loop_close(self->loop);
    self->context = NULL;
    self->loop = NULL;
    close_host(self);
}

static const weft_error *open_loop(weft_runner *self) {
    const weft_error *error = NULL;
    if (self->options.simulation != NULL)
        open_simulation(self);
    else
        error = weft__world_open(self);
    self->loop = error == NULL ? weft_loop_new(self->host, self->options.allocator) : NULL;
    if (self->loop == NULL) {
        close_host(self);
        return error == NULL ? &weft_error_out_of_memory : error;
    }
    self->loop->kept = true;
    self->context = weft_context_copy();
    weft_loop_set_debug(self->loop, self->options.debug);
    if (self->options.join_seconds != 0)
        weft_loop_set_join_seconds(self->loop, self->options.join_seconds);
    /* Tasks that are to be cancelled are named by their numbers in a log. */
    bool numbered = self->injections == NULL || weft_log_on(NULL, NULL);
    weft__current = NULL;
    if (self->context != NULL && numbered)
        return NULL;
    close_loop(self);
    return &weft_error_out_of_memory;
}

weft_loop *weft_runner_loop(weft_runner *self) {
    if (self->loop == NULL && !self->closed) {
        weft_loop *outer = weft__current;
        weft__current = NULL;
        weft_error_release(open_loop(self));
        weft__current = outer;
    }
    return self->loop;
}

void weft_runner_close(weft_runner *self) {
    weft_loop *loop = self->loop;
    if (loop != NULL && loop->turning) {
        weft__report(loop, WEFT__NOTHING_KNOWN, "a runner cannot be closed by what it runs");
        return;
    }
    self->closed = true;
    if (loop == NULL)
        return;
    if (self->host->run != NULL && loop->kept) {
        weft__loop_finish(loop);
        weft_error_release(self->host->run(self->host, loop)); /* what cannot end is destroyed */
    }
    close_loop(self);
}

/* --- A run, in parts --- */

const weft_error *weft__runner_open(weft_runner *self) {
    if (weft__current != NULL)
        return weft_error_new(WEFT_RUNTIME,
                              "a coroutine cannot be run to its end where this thread has a loop");
    if (self->closed)
        return weft_error_new(WEFT_RUNTIME, "the runner is closed");
    const weft_error *error = self->loop == NULL ? open_loop(self) : NULL;
    if (error == NULL)
        weft__current = self->loop;
    return error;
}

void weft__runner_begin(weft_runner *self, weft_coroutine *coroutine) {
    self->main = weft_loop_start_in(self->loop, coroutine, self->context);
    weft__interruptible(self->loop, self->main);
    if (self->host->interruptible != NULL)
        self->host->interruptible(self->host, self->loop);
}

const weft_error *weft__runner_wait(weft_runner *self) {
    if (weft_task_done(self->main)) /* it could not even start */
        return NULL;
    return self->host->run(self->host, self->loop);
}

const weft_error *weft__runner_end(weft_runner *self, const weft_error *failure, weft_value *value) {
    static const weft_error interrupted = {.code = WEFT_INTERRUPTED, .message = ""};
    if (self->host->interruptible != NULL)
        self->host->interruptible(self->host, NULL);
    if (weft__interrupted(self->loop)) {
        weft_error_release(failure);
        return &interrupted;
    }
    if (failure != NULL)
        return failure;
    failure = weft_error_retain(weft_task_error(self->main));
    if (failure == NULL)
        *value = weft__value_detach(weft_task_take(self->main));
    return failure;
}

/* To stderr; a part of it where memory is short. */
void weft__print_task_error(weft_task *task) {
    char few[2048];
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

/* --- A run as a whole --- */

static const weft_error *enter(weft_runner *self) {
    const weft_error *error = weft__runner_open(self);
    if (error != NULL || self->host->run != NULL)
        return error;
    weft__current = NULL;
    return weft_error_new(WEFT_RUNTIME, "this host cannot wait for a coroutine's end: use weft_main");
}

bool weft__runner_enter(weft_runner *self) {
    refusal = enter(self);
    if (refusal == NULL)
        entered = self;
    return refusal == NULL;
}

/* Gives the outcome to whoever wants it; the error is printed if nobody does, with its traceback if it has
 * one. */
static bool settle(const weft_error *error, weft_task *task, weft_value *result, weft_value *value,
                   const weft_error **wanted) {
    bool succeeded = error == NULL;
    if (value != NULL)
        *value = *result;
    else
        weft_value_free(result);
    if (wanted != NULL) {
        *wanted = error;
        return succeeded;
    }
    if (!succeeded && task != NULL && error == weft_task_error(task))
        weft__print_task_error(task);
    else if (!succeeded)
        print_error(error);
    weft_error_release(error);
    return succeeded;
}

static bool run(weft_runner *self, weft_coroutine *coroutine, weft_value *value, const weft_error **error) {
    weft_value result = weft__of_none();
    weft__runner_begin(self, coroutine);
    weft_task *task = self->main;
    const weft_error *failure = weft__runner_end(self, weft__runner_wait(self), &result);
    bool succeeded = settle(failure, task, &result, value, error);
    weft_release(task);
    self->main = NULL;
    weft__current = NULL;
    return succeeded;
}

bool weft__runner_run(weft_coroutine *coroutine, weft_value *value, const weft_error **error) {
    weft_value none = weft__of_none();
    weft_runner *self = entered;
    const weft_error *refused = refusal;
    refusal = NULL;
    if (refused != NULL)
        return settle(refused, NULL, &none, value, error);
    entered = NULL;
    return run(self, coroutine, value, error);
}

/* --- Runners for one run --- */

bool weft__run_enter(void) {
    weft_runner *self = malloc(sizeof *self);
    if (self == NULL) {
        refusal = &weft_error_out_of_memory;
        return false;
    }
    weft_runner_init(self, NULL);
    if (weft__runner_enter(self))
        return true;
    free(self);
    return false;
}

bool weft__run(weft_coroutine *coroutine, weft_value *value, const weft_error **error) {
    weft_runner *self = refusal == NULL ? entered : NULL;
    bool succeeded = weft__runner_run(coroutine, value, error);
    if (self != NULL) {
        weft_runner_close(self);
        free(self);
    }
    return succeeded;
}

bool weft_simulation_run(const weft_simulation_options *options, const weft_allocator *allocator,
                         weft_coroutine *(*make)(void *argument), void *argument, weft_value *value,
                         const weft_error **error) {
    static const weft_simulation_options no_choices;
    weft_runner runner;
    weft_loop *outer = weft__current;
    weft_runner_init(&runner, &(weft_runner_options){.allocator = allocator,
                                                     .simulation = options != NULL ? options : &no_choices});
    weft__current = NULL;
    const weft_error *failure = enter(&runner), *unwanted = NULL;
    weft_value none = weft__of_none();
    bool succeeded = failure == NULL ? run(&runner, make(argument), value, error != NULL ? error : &unwanted)
                                     : settle(failure, NULL, &none, value, error != NULL ? error : &unwanted);
    weft_error_release(unwanted);
    weft_runner_close(&runner);
    weft__current = outer;
    return succeeded;
}
