/* Blocking work in a thread of the host's. */

#include "internal.h"

#include <stdlib.h>

/*
 * Belongs to the thread from weft_work_run on, and to the loop again in weft_work_done. Of malloc's memory,
 * since it outlives a loop that waits for it no longer.
 */
struct weft_work {
    weft_work *next, **link; /* in the loop's list */
    weft_loop *loop;
    weft_thread_function *function;
    void *argument;
    weft_value value;
    weft_future *future;   /* counted */
    weft_context *context; /* of who asked for it, for reading; counted */
};

struct to_thread {
    weft_frame frame;
    weft_thread_function *function;
    void *argument;
    weft_future *future; /* counted */
    weft_value value;
};

void weft_work_run(weft_work *work) {
    weft__context_of_thread(work->context);
    work->value = work->function(work->argument);
    weft__context_of_thread(NULL);
}

static void remember(weft_loop *loop, weft_work *work) {
    work->next = loop->works;
    work->link = &loop->works;
    if (loop->works != NULL)
        loop->works->link = &work->next;
    loop->works = work;
}

static void forget(weft_work *work) {
    *work->link = work->next;
    if (work->next != NULL)
        work->next->link = work->link;
    weft__release(work->loop, work->future);
    weft__context_free(work->loop, work->context);
}

void weft__leave_works(weft_loop *loop) {
    while (loop->works != NULL)
        forget(loop->works);
}

void weft_work_done(weft_work *work) {
    weft_loop *loop = work->loop, *outer = weft__current;
    weft__current = loop;
    WEFT__LOG(loop, WEFT_LOG_EXTERNAL_END, 1, 0, 0, 0, 0, work->future->id, 0);
    if (work->context != NULL)
        weft__take_messages(loop); /* those of the thread run in this context */
    if (work->value.kind != WEFT_FAILURE) {
        if (!weft__finish_value(loop, work->future, &work->value))
            weft_value_free(&work->value); /* the wait was given up */
    } else {
        weft__finish_error(loop, work->future, weft_error_retain(work->value.as.error), NULL);
        weft_value_free(&work->value);
    }
    forget(work);
    free(work);
    weft_loop_unhold(loop);
    weft__current = outer;
}

/* Sends the work off. Returns none, or a failure that says why it could not. */
static weft_value send(weft_loop *loop, struct to_thread *self) {
    weft_context *context;
    weft_work *work = weft__context_snapshot(loop, &context) ? malloc(sizeof *work) : NULL;
    self->future = work == NULL ? NULL : weft__future_new(loop, HANDLE_FUTURE);
    if (self->future == NULL) {
        free(work);
        weft__context_free(loop, context);
        return weft__of_error(&weft_error_out_of_memory);
    }
    *work = (weft_work){.loop = loop,
                        .function = self->function,
                        .argument = self->argument,
                        .future = weft__retain(self->future),
                        .context = context};
    remember(loop, work);
    int code = loop->host->work(loop->host, work);
    if (code == 0) {
        weft_loop_hold(loop);
        WEFT__LOG(loop, WEFT_LOG_EXTERNAL_BEGIN, 1, 0, weft__id_of(loop->current), 0, 0, self->future->id, 0);
        return weft__of_none();
    }
    forget(work);
    free(work);
    weft__release(loop, self->future);
    const char *words = loop->host->describe == NULL ? NULL : loop->host->describe(loop->host, code);
    return weft_failure(WEFT_SYSTEM, "cannot start a thread: %s", words == NULL ? "the host failed" : words);
}

/* As in a thread: with a copy of the variables. */
static weft_value run_in_place(weft_loop *loop, struct to_thread *self) {
    weft_context *context;
    if (!weft__context_snapshot(loop, &context))
        return weft__of_error(&weft_error_out_of_memory);
    weft_context **outer = weft__context_enter(loop, &context);
    weft_value value = self->function(self->argument);
    weft__context_leave(loop, outer);
    weft__context_free(loop, context);
    return value;
}

static weft_async(to_thread) {
    weft_begin(to_thread);
    if (self->function == NULL)
        weft_raise(WEFT_TYPE_MISMATCH, "a thread needs a function, not NULL");
    if (weft__current->host->work == NULL) {
        if (weft__current->debug)
            weft__report(weft__current, weft__about_future(&weft__current->current->future),
                         "this host has no threads: a function for one runs in place");
        weft_return(run_in_place(weft__current, self));
    }
    self->value = send(weft__current, self);
    if (self->value.kind == WEFT_FAILURE)
        weft_return(self->value);
    /* Its one other holder lets go when it is done: the value moves through, and a value nobody waits for is
     * freed. */
    weft__release(weft__current, self->future);
    weft_await_to(self->value, self->future);
    weft_return(self->value);
    weft_end();
}

bool weft__is_in_thread(const weft_frame *leaf) {
    return leaf->step == to_thread_weft_step;
}

weft_coroutine *weft_to_thread(weft_thread_function *function, void *argument) {
    return weft_call(to_thread, .function = function, .argument = argument);
}
