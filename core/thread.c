/* Blocking work in a thread of the host's. */

#include "internal.h"
#include "links.h"

#include <stdio.h>
#include <stdlib.h>

/* Of the one who waits, of the work, and of any thread that has asked for it: whoever lets go last frees it.
 */
struct weft_thread_token {
    atomic_uint references;
    atomic_bool cancelled;
};

/*
 * Belongs to the thread from weft_work_run on, and to the loop again in weft_work_done. Of malloc's memory,
 * since it outlives a loop that waits for it no longer.
 */
struct weft_work {
    weft_work *next, **link; /* in the loop's list */
    weft_loop *loop;         /* NULL: it was closed, and nobody waits any more */
    const char *name;        /* of the function, and where it was asked for; static */
    weft_thread_token *token;
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
    const char *name;
    weft_thread_token *token; /* counted; NULL: nothing was sent off */
    weft_future *future;      /* counted */
    weft_value value;
    bool waits;
};

/* --- Tokens --- */

static _Thread_local weft_thread_token *here; /* of the function that this thread runs */

static weft_thread_token *retain(weft_thread_token *token) {
    atomic_fetch_add_explicit(&token->references, 1, memory_order_relaxed);
    return token;
}

void weft_thread_token_release(weft_thread_token *token) {
    if (token != NULL && atomic_fetch_sub_explicit(&token->references, 1, memory_order_acq_rel) == 1)
        free(token);
}

bool weft_thread_token_cancelled(const weft_thread_token *token) {
    return token != NULL && atomic_load_explicit(&token->cancelled, memory_order_acquire);
}

weft_thread_token *weft_thread_token_here(void) {
    return here == NULL ? NULL : retain(here);
}

bool weft_thread_cancelled(void) {
    return weft_thread_token_cancelled(here);
}

static weft_thread_token *new_token(void) {
    weft_thread_token *token = malloc(sizeof *token);
    if (token != NULL) {
        atomic_init(&token->references, 1);
        atomic_init(&token->cancelled, false);
    }
    return token;
}

/* A thread may run a loop of its own, which runs a function in place: the outer one's token comes back. */
static weft_value call(weft_thread_function *function, void *argument, weft_thread_token *token) {
    weft_thread_token *outer = here;
    here = token;
    weft_value value = function(argument);
    here = outer;
    return value;
}

static void cancel(weft_thread_token *token) {
    atomic_store_explicit(&token->cancelled, true, memory_order_release);
}

/* --- Works --- */

void weft_work_run(weft_work *work) {
    weft__context_of_thread(work->context);
    work->value = call(work->function, work->argument, work->token);
    weft__context_of_thread(NULL);
}

static void forget(weft_work *work) {
    WEFT__UNLINK(work);
    weft__release(work->loop, work->future);
    weft__context_free(work->loop, work->context);
}

void weft__cancel_works(weft_loop *loop) {
    for (weft_work *work = loop->works; work != NULL; work = work->next)
        cancel(work->token);
}

void weft__leave_works(weft_loop *loop) {
    weft__cancel_works(loop);
    while (loop->works != NULL) {
        weft_work *work = loop->works;
        forget(work);
        work->loop = NULL;
    }
}

size_t weft__name_works(const weft_loop *loop, char *buffer, size_t size) {
    size_t count = 0, length = 0;
    for (const weft_work *work = loop->works; work != NULL; work = work->next, count++)
        if (length < size)
            length +=
                (size_t)snprintf(buffer + length, size - length, "%s%s", count == 0 ? "" : ", ", work->name);
    if (length >= size)
        memcpy(buffer + size - sizeof "...", "...", sizeof "...");
    return count;
}

static void free_work(weft_work *work) {
    weft_thread_token_release(work->token);
    free(work);
}

/* What nobody waits for any more comes back to the host alone. */
static void drop_left(weft_work *work) {
    weft_value_free(&work->value);
    free_work(work);
}

void weft_work_done(weft_work *work) {
    weft_loop *loop = work->loop, *outer = weft__current;
    if (loop == NULL) {
        drop_left(work);
        return;
    }
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
    free_work(work);
    weft_loop_unhold(loop);
    weft__current = outer;
}

/* Sends the work off. Returns none, or a failure that says why it could not. */
static weft_value send(weft_loop *loop, struct to_thread *self) {
    weft_context *context;
    weft_work *work = weft__context_snapshot(loop, &context) ? malloc(sizeof *work) : NULL;
    self->token = work == NULL ? NULL : new_token();
    self->future = self->token == NULL ? NULL : weft__future_new(loop, HANDLE_FUTURE);
    if (self->future == NULL) {
        free(work);
        weft__context_free(loop, context);
        return weft__of_error(&weft_error_out_of_memory);
    }
    *work = (weft_work){.loop = loop,
                        .function = self->function,
                        .argument = self->argument,
                        .name = self->name,
                        .token = retain(self->token),
                        .future = weft__retain(self->future),
                        .context = context};
    WEFT__LINK(&loop->works, work);
    int code = loop->host->work(loop->host, work);
    if (code == 0) {
        weft_loop_hold(loop);
        WEFT__LOG(loop, WEFT_LOG_EXTERNAL_BEGIN, 1, 0, weft__id_of(loop->current), 0, 0, self->future->id, 0);
        return weft__of_none();
    }
    forget(work);
    free_work(work);
    weft__release(loop, self->future);
    const char *words = loop->host->describe == NULL ? NULL : loop->host->describe(loop->host, code);
    return weft_failure(WEFT_SYSTEM, "cannot start a thread: %s", words == NULL ? "the host failed" : words);
}

/* As in a thread: with a copy of the variables. */
static weft_value run_in_place(weft_loop *loop, struct to_thread *self) {
    weft_context *context;
    self->token = new_token();
    if (self->token == NULL || !weft__context_snapshot(loop, &context))
        return weft__of_error(&weft_error_out_of_memory);
    weft_context **outer = weft__context_enter(loop, &context);
    weft_value value = call(self->function, self->argument, self->token);
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
    self->waits = true;
    weft_await_to(self->value, self->future);
    self->waits = false;
    weft_return(self->value);
    weft_drop();
    if (self->waits)
        cancel(self->token);
    weft_thread_token_release(self->token);
    weft_end();
}

bool weft__is_in_thread(const weft_frame *leaf) {
    return leaf->step == to_thread_weft_step;
}

weft_coroutine *weft__to_thread(weft_thread_function *function, void *argument, const char *name) {
    return weft_call(to_thread, .function = function, .argument = argument, .name = name);
}
