#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * Concurrent futures. One belongs to its owner and to its loop's part: from the submission until its task has
 * ended, or never came to be. Each holds it, and so does a cancellation on its way. While it is pending its
 * loop is there: the loop's part ends under the mutex, before the loop can be closed.
 */

#include "../core/internal.h"

#include <stdlib.h>
#include <uv.h>
#include <weft/concurrent.h>

typedef struct done_callback {
    struct done_callback *next;
    weft_concurrent_callback *function;
    void *argument;
} done_callback;

struct weft_concurrent_future {
    atomic_uint references;
    weft_loop *loop;

    uv_mutex_t mutex; /* for what follows */
    uv_cond_t ended;
    bool done;
    weft_value value;
    const weft_error *error; /* NULL: the value; else the future's own, or static */
    done_callback *callbacks, **last;

    /* Of the loop's thread. */
    weft__message start, cancellation;
    weft__callback started, task_ended;
    weft_context *context;
    weft_frame *initialiser; /* malloc's */
    weft_task *task;         /* while it runs */
};

static void release(weft_concurrent_future *self) {
    if (atomic_fetch_sub(&self->references, 1) > 1)
        return;
    weft_value_free(&self->value);
    weft_error_release(self->error);
    uv_cond_destroy(&self->ended);
    uv_mutex_destroy(&self->mutex);
    free(self);
}

/* --- Its end, in any thread --- */

/* With the mutex locked, of one that is not done. Takes value and error; returns who is to be called. */
static done_callback *end_locked(weft_concurrent_future *self, weft_value value, const weft_error *error) {
    done_callback *callbacks = self->callbacks;
    self->callbacks = NULL;
    self->value = value;
    self->error = error;
    self->done = true;
    uv_cond_broadcast(&self->ended);
    return callbacks;
}

static void call_all(weft_concurrent_future *self, done_callback *callbacks) {
    while (callbacks != NULL) {
        done_callback *callback = callbacks;
        callbacks = callback->next;
        callback->function(self, callback->argument);
        free(callback);
    }
}

/* Takes both. What comes after its end is freed. */
static void end(weft_concurrent_future *self, weft_value value, const weft_error *error) {
    done_callback *callbacks = NULL;
    uv_mutex_lock(&self->mutex);
    bool late = self->done;
    if (!late)
        callbacks = end_locked(self, value, error);
    uv_mutex_unlock(&self->mutex);
    call_all(self, callbacks);
    if (!late)
        return;
    weft_value_free(&value);
    weft_error_release(error);
}

/* --- The loop's part, in its thread --- */

static void end_with(weft_concurrent_future *self, weft_task *task) {
    const weft_error *error = weft_task_error(task);
    if (error == NULL)
        end(self, weft__value_detach(weft_task_take(task)), NULL);
    else
        end(self, weft__of_none(), weft__error_copy(error));
}

/* The task has ended, or is gone without: then it is as good as cancelled. */
static void on_task_ended(weft__callback *callback, weft_loop *loop) {
    weft_concurrent_future *self = callback->owner;
    if (callback->future == NULL) {
        end(self, weft__of_none(), &weft_error_cancelled);
    } else {
        end_with(self, self->task);
        weft__release(loop, callback->future);
    }
    self->task = NULL;
    release(self);
}

static void on_started(weft__callback *callback, weft_loop *loop) {
    weft_concurrent_future *self = callback->owner;
    weft_coroutine *coroutine = weft__make(self->initialiser);
    weft_context *context = self->context;
    free(self->initialiser);
    if (loop->shut) {
        weft_coroutine_close(coroutine);
        end(self, weft__of_none(), &weft_error_cancelled);
    } else {
        self->task = weft_create_task_of(coroutine, &(weft_task_options){.context = context});
    }
    weft__context_free(loop, context);
    if (self->task == NULL || weft_task_done(self->task)) { /* it could not be made */
        if (self->task != NULL)
            end_with(self, self->task);
        weft_release(self->task);
        self->task = NULL;
        release(self);
        return;
    }
    weft__attach_callback(loop, weft_task_future(self->task), &self->task_ended);
    weft_release(self->task); /* the loop holds it until it ends */
    if (weft_concurrent_done(self))
        weft__cancel(loop, weft_task_future(self->task), &weft_error_cancelled);
}

static void on_start(weft_loop *loop, weft__message *message) {
    weft_concurrent_future *self = message->argument;
    if (!message->owned && !weft__context_again(loop, message->context, &self->context))
        self->context = NULL; /* there is no memory for its variables */
    weft__push_ready(loop, &self->started.handle);
}

static void on_cancellation(weft_loop *loop, weft__message *message) {
    weft_concurrent_future *self = message->argument;
    if (self->task != NULL)
        weft__cancel(loop, weft_task_future(self->task), &weft_error_cancelled);
    release(self);
}

/* --- Submitting --- */

static weft_concurrent_future *new_future(weft_loop *loop, const weft_frame *initialiser) {
    weft_concurrent_future *self = calloc(1, sizeof *self);
    weft_frame *copy = malloc(initialiser->size);
    if (self == NULL || copy == NULL || uv_mutex_init(&self->mutex) != 0)
        goto without;
    if (uv_cond_init(&self->ended) != 0) {
        uv_mutex_destroy(&self->mutex);
        goto without;
    }
    memcpy((void *)copy, initialiser, initialiser->size);
    atomic_init(&self->references, 2);
    self->loop = loop;
    self->initialiser = copy;
    self->last = &self->callbacks;
    self->start = (weft__message){.arrive = on_start, .argument = self};
    self->cancellation = (weft__message){.arrive = on_cancellation, .argument = self};
    weft__callback_init(&self->started, 0, on_started, self);
    weft__callback_init(&self->task_ended, 0, on_task_ended, self);
    return self;
without:
    free(copy);
    free(self);
    return NULL;
}

weft_concurrent_future *weft__submit(weft_loop *loop, weft_frame *initialiser) {
    weft_concurrent_future *self = loop == NULL ? NULL : new_future(loop, initialiser);
    if (self == NULL) {
        weft_coroutine_close(weft__make(initialiser)); /* in whatever thread: its drop runs */
        return NULL;
    }
    self->start.owned = weft__current == loop && weft__context_snapshot(loop, &self->context);
    self->start.context = weft__context_in_thread(loop);
    weft__send_from_thread(loop, &self->start);
    return self;
}

/* --- What every thread may ask --- */

bool weft_concurrent_wait(weft_concurrent_future *self, double seconds) {
    if (self == NULL)
        return true;
    uint64_t now = uv_hrtime(), most = (uint64_t)INT64_MAX - now;
    double wished = fmax(seconds * 1e9, 0); /* 0 for NaN */
    uint64_t until = now + (wished < (double)most ? (uint64_t)wished : most);
    bool waits = weft__current != self->loop;
    uv_mutex_lock(&self->mutex);
    while (!self->done && waits && (now = uv_hrtime()) < until)
        uv_cond_timedwait(&self->ended, &self->mutex, until - now);
    bool done = self->done;
    uv_mutex_unlock(&self->mutex);
    return done;
}

bool weft_concurrent_done(weft_concurrent_future *self) {
    if (self == NULL)
        return true;
    uv_mutex_lock(&self->mutex);
    bool done = self->done;
    uv_mutex_unlock(&self->mutex);
    return done;
}

const weft_error *weft_concurrent_error(weft_concurrent_future *self) {
    static const weft_error pending = {.code = WEFT_INVALID_STATE, .message = "the result is not there yet"};
    static const weft_error never = {.code = WEFT_OUT_OF_MEMORY,
                                     .message = "the coroutine could not be given to its loop"};
    if (self == NULL)
        return &never;
    uv_mutex_lock(&self->mutex);
    const weft_error *error = self->done ? self->error : &pending;
    uv_mutex_unlock(&self->mutex);
    return error;
}

bool weft_concurrent_cancelled(weft_concurrent_future *self) {
    const weft_error *error = weft_concurrent_error(self);
    return error != NULL && error->code == WEFT_CANCELLED;
}

static weft_value value_of(weft_concurrent_future *self, bool taken) {
    const weft_error *error = weft_concurrent_error(self);
    if (error != NULL)
        return weft__of_error(error);
    uv_mutex_lock(&self->mutex);
    weft_value value = self->value;
    if (taken)
        self->value = weft__of_none();
    uv_mutex_unlock(&self->mutex);
    if (!taken)
        value.release = NULL;
    return value;
}

weft_value weft_concurrent_value(weft_concurrent_future *self) {
    return value_of(self, false);
}

weft_value weft_concurrent_take(weft_concurrent_future *self) {
    return value_of(self, true);
}

bool weft_concurrent_cancel(weft_concurrent_future *self) {
    done_callback *callbacks = NULL;
    if (self == NULL)
        return false;
    uv_mutex_lock(&self->mutex);
    bool pending = !self->done;
    if (pending) {
        atomic_fetch_add(&self->references, 1);
        weft__send_from_thread(self->loop, &self->cancellation);
        callbacks = end_locked(self, weft__of_none(), &weft_error_cancelled);
    }
    uv_mutex_unlock(&self->mutex);
    call_all(self, callbacks);
    return pending;
}

bool weft_concurrent_add_done_callback(weft_concurrent_future *self, weft_concurrent_callback *function,
                                       void *argument) {
    done_callback *callback = self == NULL || function == NULL ? NULL : malloc(sizeof *callback);
    if (callback == NULL)
        return false;
    *callback = (done_callback){NULL, function, argument};
    uv_mutex_lock(&self->mutex);
    bool late = self->done;
    if (!late) {
        *self->last = callback;
        self->last = &callback->next;
    }
    uv_mutex_unlock(&self->mutex);
    if (late)
        call_all(self, callback);
    return true;
}

void weft_concurrent_release(weft_concurrent_future *self) {
    if (self != NULL)
        release(self);
}
