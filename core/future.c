/* Futures: a result that is set once, those who wait for it, and cancellation. */

#include "internal.h"
#include "wait_queue.h"

/* What creating a future gives where there is no memory for one. Never written to. */
weft_future weft__out_of_memory_future = {
    .handle = {.kind = HANDLE_FUTURE, .state = STATE_ERROR, .flags = FUTURE_STATIC | FUTURE_RETRIEVED},
    .u = {.failed = {&weft_error_out_of_memory, NULL}},
    .references = 1,
};

static const weft_error no_loop = {.code = WEFT_RUNTIME, .message = "no loop runs in this thread"};
weft_future weft__no_loop_future = {
    .handle = {.kind = HANDLE_FUTURE, .state = STATE_ERROR, .flags = FUTURE_STATIC | FUTURE_RETRIEVED},
    .u = {.failed = {&no_loop, NULL}},
    .references = 1,
};

typedef struct user_callback {
    weft__callback base;
    weft_done_callback *function;
    void *argument;
    const char *name;
} user_callback;

/* --- Life --- */

weft_future *weft__future_new(weft_loop *loop, enum weft__handle_kind kind) {
    weft_future *future = weft__new(loop, sizeof *future);
    if (future != NULL)
        weft__future_init(loop, future, kind);
    return future;
}

static void free_callbacks(weft_loop *loop, weft_future *future) {
    weft__handle *last = future->callbacks, *next;
    if (last == NULL)
        return;
    future->callbacks = NULL;
    for (weft__handle *handle = last->next;; handle = next) {
        next = handle->next;
        bool end = handle == last;
        weft__callback *callback = (weft__callback *)(void *)handle;
        if (handle->kind == HANDLE_CALLBACK && handle->wait == CALLBACK_OF_PROGRAM)
            weft__callback_free(loop, callback);
        else if (handle->kind == HANDLE_CALLBACK) {
            callback->future = NULL; /* which tells it to let go of what it holds */
            callback->run(callback, loop);
        }
        if (end)
            return;
    }
}

static void report_unretrieved(weft_loop *loop, weft_future *future) {
    if (WEFT__UNLIKELY(loop->log != NULL)) {
        char text[1024];
        weft_value_print(weft__of_error(future->u.failed.error), text, sizeof text);
        weft__log_record(loop, WEFT_LOG_NEVER_RETRIEVED, 0, 0, future->id, 0, 0, 0,
                         weft__log_text(loop, text));
    }
    weft_error_context about = weft__about_future(future);
    about.error = future->u.failed.error;
    weft__report(loop, about, "its error was never retrieved");
}

static void free_memory(weft_loop *loop, weft_future *future) {
    if (future->handle.kind == HANDLE_TASK)
        weft__task_memory_free(loop, (weft_task *)(void *)future);
    else
        weft__delete(loop, future, sizeof *future);
}

static void free_future(weft_loop *loop, weft_future *future) {
    free_callbacks(loop, future);
    if (future->handle.kind == HANDLE_GATHER)
        weft__gather_free(loop, future);
    switch (future->handle.state) {
    case STATE_VALUE:
        if (future->u.value.release != NULL)
            future->u.value.release(future->u.value.as.pointer);
        break;
    case STATE_ERROR:
        if (!(future->handle.flags & FUTURE_RETRIEVED))
            report_unretrieved(loop, future);
        /* fall through */
    case STATE_CANCELLED:
        weft_error_release(future->u.failed.error);
        weft__traceback_free(loop, future->u.failed.traceback);
        break;
    default:
        break;
    }
    weft__extra_free(loop, future);
    free_memory(loop, future);
}

/* Nothing hangs on it but a result that needs no freeing. */
static bool is_plain(const weft_future *future) {
    if (future->callbacks != NULL || future->extra != NULL)
        return false;
    if (future->handle.state == STATE_VALUE)
        return future->u.value.release == NULL;
    return future->handle.state == STATE_CANCELLED && future->u.failed.error == &weft_error_cancelled &&
           future->u.failed.traceback == NULL;
}

/* Freeing one can release others without end (a gather of gathers, values that own futures): they queue up
 * here. */
void weft__future_free(weft_loop *loop, weft_future *future) {
    if (WEFT__LIKELY(is_plain(future))) {
        free_memory(loop, future);
        return;
    }
    future->previous = loop->dying;
    loop->dying = future;
    if (loop->freeing)
        return;
    loop->freeing = true;
    while ((future = loop->dying) != NULL) {
        loop->dying = future->previous;
        free_future(loop, future);
    }
    loop->freeing = false;
}

/* Counted, so that weft_release knows whether it takes back one of these or what the creator holds. */
weft_future *weft_future_retain(weft_future *future) {
    if (future == NULL || future->handle.flags & FUTURE_STATIC || weft__foreign(future))
        return future;
    if (future->handle.flags < UINT16_MAX / FUTURE_RETAINED * FUTURE_RETAINED)
        future->handle.flags = (uint16_t)(future->handle.flags + FUTURE_RETAINED);
    return weft__retain(future);
}

/* A task that runs, with no references but the loop's: its own, and one of the timer that will wake it. */
static bool is_loops_alone(const weft_future *future) {
    return future->handle.kind == HANDLE_TASK && !weft__done(future) &&
           future->references <= 1u + (future->handle.wait == WAIT_SLEEP);
}

void weft_future_release(weft_future *future) {
    weft_loop *loop = weft__current;
    if (future == NULL || future->handle.flags & FUTURE_STATIC || weft__foreign(future))
        return;
    if (future->handle.flags >= FUTURE_RETAINED) {
        future->handle.flags = (uint16_t)(future->handle.flags - FUTURE_RETAINED);
    } else if (!weft__unhold(loop, future) && is_loops_alone(future)) {
        weft__report(loop, weft__about_future(future), "released more often than it was held");
        return;
    }
    weft__release(loop, future);
}

/* Gives a new future to the frame that runs, or destroys it and stands for it with the failed one. */
weft_future *weft__keep(weft_loop *loop, weft_future *future) {
    if (future == NULL)
        return &weft__out_of_memory_future;
    if (weft__hold(loop, future))
        return future;
    future->handle.flags |= FUTURE_RETRIEVED;
    weft__release(loop, future);
    return &weft__out_of_memory_future;
}

weft_future *weft__future_failed(weft_loop *loop, const weft_error *error) {
    weft_future *future = loop == NULL ? NULL : weft__future_new(loop, HANDLE_FUTURE);
    if (future == NULL) {
        weft_error_release(error);
        return weft__not_there(loop);
    }
    weft__finish_error(loop, future, error, NULL);
    return weft__keep(loop, future);
}

weft_future *weft__create_future(const char *created_at) {
    weft_loop *loop = weft__current;
    if (!weft__has_loop(loop, created_at))
        return &weft__no_loop_future;
    weft_future *future = weft__keep(loop, weft__future_new(loop, HANDLE_FUTURE));
    if (WEFT__UNLIKELY(loop->debug))
        weft__remember_origin(loop, future, created_at);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_object(loop, future->id, OBJECT_FUTURE, 0);
    return future;
}

/* --- Those who wait --- */

void weft__wait_in(weft_future *future, weft__handle *handle) {
    weft__handle *last = future->callbacks;
    if (last == NULL) {
        handle->next = handle;
    } else {
        handle->next = last->next;
        last->next = handle;
    }
    future->callbacks = handle;
}

/* A callback knows who stands before it, so those of which a future has many leave it at no cost. */
bool weft__remove_callback(weft_future *future, weft__handle *handle) {
    weft__handle *last = future->callbacks, *before = last, *next = handle->next;
    if (last == NULL)
        return false;
    if (handle->kind == HANDLE_CALLBACK && handle != last->next)
        before = ((weft__callback *)(void *)handle)->before;
    while (before->next != handle) {
        before = before->next;
        if (before == last)
            return false;
    }
    before->next = next;
    if (next->kind == HANDLE_CALLBACK)
        ((weft__callback *)(void *)next)->before = before;
    if (handle == last)
        future->callbacks = before == handle ? NULL : before;
    return true;
}

static void schedule(weft_loop *loop, weft_future *future, weft__handle *handle) {
    if (handle->kind == HANDLE_CALLBACK)
        weft__retain(future); /* until the callback has run */
    else
        WEFT__LOG(loop, WEFT_LOG_WAKE, 0, 0, ((weft_task *)(void *)handle)->future.id,
                  loop->current == NULL && future->handle.kind == HANDLE_TASK ? future->id
                                                                              : weft__id_of(loop->current),
                  0, future->id, 0);
    weft__push_ready(loop, handle);
}

static void wake_each(weft_loop *loop, weft_future *future) {
    weft__handle *last = future->callbacks, *next;
    if (loop->log != NULL)
        weft__log_done(loop, future);
    if (last == NULL)
        return;
    future->callbacks = NULL;
    for (weft__handle *handle = last->next; handle != last; handle = next) {
        next = handle->next;
        schedule(loop, future, handle);
    }
    schedule(loop, future, last);
}

/* The future is done: everybody who waits becomes ready, in the order in which they came. Mostly that is one
 * task. */
static inline void wake_all(weft_loop *loop, weft_future *future) {
    weft__handle *last = future->callbacks;
    if (WEFT__LIKELY(loop->log == NULL && last != NULL && last->next == last && last->kind == HANDLE_TASK)) {
        future->callbacks = NULL;
        weft__push_ready(loop, last);
    } else if (last != NULL || loop->log != NULL) {
        wake_each(loop, future);
    }
    weft__nudge(loop);
}

void weft__callback_init(weft__callback *callback, size_t size, weft__callback_run *run, void *owner) {
    callback->handle = (weft__handle){.kind = HANDLE_CALLBACK, .flags = (uint16_t)size};
    callback->run = run;
    callback->future = NULL;
    callback->before = NULL;
    callback->owner = owner;
}

void weft__callback_free(weft_loop *loop, weft__callback *callback) {
    if (callback->handle.wait == CALLBACK_OF_PROGRAM)
        weft__context_free(loop, callback->owner);
    if (callback->handle.flags != 0) /* else it is part of something */
        weft__delete(loop, callback, callback->handle.flags);
}

void weft__attach_callback(weft_loop *loop, weft_future *future, weft__callback *callback) {
    callback->future = future;
    if (weft__done(future)) {
        schedule(loop, future, &callback->handle);
        weft__nudge(loop);
    } else {
        callback->before = future->callbacks;
        weft__wait_in(future, &callback->handle);
    }
}

static void run_user_callback(weft__callback *callback, weft_loop *loop) {
    user_callback user = *(user_callback *)(void *)callback;
    weft_context *context = weft__callback_context(callback), **outer = weft__context_enter(loop, &context);
    weft__callback_free(loop, callback);
    double begin = weft__callback_begins(loop);
    user.function(user.base.future, user.argument);
    weft__callback_ends(loop, begin, user.name);
    weft__context_leave(loop, outer);
    weft__context_free(loop, context);
    weft__release(loop, user.base.future);
}

bool weft__add_done_callback(weft_future *future, weft_done_callback *function, void *argument,
                             const char *name) {
    weft_loop *loop = weft__current;
    weft_context *context;
    if (function == NULL || future->handle.flags & FUTURE_STATIC || weft__foreign(future) ||
        !weft__context_snapshot(loop, &context))
        return false;
    user_callback *callback = weft__new(loop, sizeof *callback);
    if (callback == NULL) {
        weft__context_free(loop, context);
        return false;
    }
    weft__callback_init(&callback->base, sizeof *callback, run_user_callback, context);
    callback->base.handle.wait = CALLBACK_OF_PROGRAM;
    callback->function = function;
    callback->argument = argument;
    callback->name = name;
    weft__attach_callback(loop, future, &callback->base);
    return true;
}

size_t weft_future_remove_done_callback(weft_future *future, weft_done_callback *function, void *argument) {
    size_t removed = 0;
    weft__handle *last = future->callbacks;
    if (last == NULL || weft__foreign(future))
        return 0;
    for (weft__handle *handle = last->next, *next;; handle = next) {
        next = handle->next;
        bool end = handle == last;
        user_callback *user = (user_callback *)(void *)handle;
        if (handle->kind == HANDLE_CALLBACK && user->base.run == run_user_callback &&
            user->function == function && user->argument == argument) {
            weft__remove_callback(future, handle);
            weft__callback_free(weft__current, &user->base);
            removed++;
        }
        if (end)
            return removed;
    }
}

/* --- Results --- */

bool weft__finish_value(weft_loop *loop, weft_future *future, const weft_value *value) {
    if (weft__done(future))
        return false;
    future->handle.state = STATE_VALUE;
    future->handle.wait = value->kind;
    memcpy(&future->u.value.as, &value->as, sizeof value->as);
    future->u.value.release = value->release;
    wake_all(loop, future);
    return true;
}

/* Takes the error and the traceback. */
bool weft__finish_error(weft_loop *loop, weft_future *future, const weft_error *error,
                        weft__traceback *traceback) {
    if (weft__done(future)) {
        weft_error_release(error);
        weft__traceback_free(loop, traceback);
        return false;
    }
    future->handle.state = error->code == WEFT_CANCELLED ? STATE_CANCELLED : STATE_ERROR;
    future->u.failed.error = error;
    future->u.failed.traceback = traceback;
    wake_all(loop, future);
    return true;
}

bool weft_future_set_value(weft_future *future, weft_value value) {
    if (weft__done(future) || future->handle.kind != HANDLE_FUTURE || weft__foreign(future)) {
        weft_value_free(&value);
        return false;
    }
    if (value.kind == WEFT_FAILURE) {
        bool set = weft_future_set_error(future, value.as.error);
        weft_value_free(&value);
        return set;
    }
    return weft__finish_value(weft__current, future, &value);
}

bool weft_future_set_error(weft_future *future, const weft_error *error) {
    if (weft__done(future) || future->handle.kind != HANDLE_FUTURE || error == NULL || weft__foreign(future))
        return false;
    return weft__finish_error(weft__current, future, weft_error_retain(error), NULL);
}

bool weft_future_done(const weft_future *future) {
    return weft__done(future);
}

bool weft_future_cancelled(const weft_future *future) {
    return future->handle.state == STATE_CANCELLED;
}

const weft_error *weft_future_error(weft_future *future) {
    static const weft_error pending = {.code = WEFT_INVALID_STATE, .message = "the result is not there yet"};
    if (!weft__done(future))
        return &pending;
    if (future->handle.state == STATE_VALUE)
        return NULL;
    if (!(future->handle.flags & FUTURE_STATIC))
        future->handle.flags |= FUTURE_RETRIEVED;
    return future->u.failed.error;
}

weft_value weft_future_value(weft_future *future) {
    if (future->handle.state == STATE_VALUE)
        return weft__borrowed(future);
    return weft__of_error(weft_future_error(future));
}

weft_value weft_future_take(weft_future *future) {
    weft_value value = weft_future_value(future);
    if (future->handle.state == STATE_VALUE) {
        value.release = future->u.value.release;
        future->u.value.release = NULL;
        future->handle.wait = WEFT_NONE;
    }
    return value;
}

/* --- Cancellation --- */

const weft_error *weft__cancel_reason(const char *message) {
    return message == NULL ? &weft_error_cancelled : weft_error_new(WEFT_CANCELLED, "%s", message);
}

static void remember(weft_loop *loop, weft_future *task, const weft_error *reason) {
    if (reason == &weft_error_cancelled && task->extra == NULL)
        return;
    weft__extra *extra = weft__extra_of(loop, task);
    if (extra == NULL)
        return; /* the message is lost, the cancellation is not */
    weft_error_release(extra->reason);
    extra->reason = weft_error_retain(reason);
}

/*
 * Ends what the task waits for, or names the future that is to be cancelled in its place. False if there is
 * nothing to cancel: then the task is told at its next step.
 */
static bool cancel_wait(weft_loop *loop, weft_future *task, const weft_error *reason, weft_future **instead) {
    weft_future *target = task->u.task.wait.future;
    uint8_t wait = WAIT_CANCELLED;
    switch (task->handle.wait) {
    case WAIT_SLEEP:
        weft__timer_stale(loop);
        WEFT__LOG(loop, WEFT_LOG_TIMER_DROP, 1, 0, task->id, 0, 0, 0, 0);
        break;
    case WAIT_QUEUE:
        wait = weft__queue_cancel((weft_task *)(void *)task);
        break;
    case WAIT_GROUP:
        task->u.task.wait.group->waiting = false;
        break;
    case WAIT_FUTURE:
        if (weft__done(target) || (target->handle.kind == HANDLE_GATHER && !weft__gather_live(target)))
            return false;
        *instead = target;
        return true;
    default:
        return false;
    }
    task->handle.wait = wait;
    remember(loop, task, reason);
    weft__push_ready(loop, &task->handle);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_woken(loop, (const weft_task *)(const void *)task, WOKEN_BY_CANCEL);
    return true;
}

/* Cancels one future; returns the one that is to be cancelled in its place. Gathers go to `gathers`. */
static weft_future *cancel_one(weft_loop *loop, weft_future *future, const weft_error *reason,
                               weft_future **gathers) {
    weft_future *instead = NULL;
    if (weft__done(future))
        return NULL;
    if (future->handle.kind == HANDLE_GATHER) {
        weft__gather_cancel(future, gathers);
        return NULL;
    }
    if (future->handle.kind != HANDLE_TASK) {
        if (future->handle.kind == HANDLE_SHIELD)
            weft__shield_cancelled(future);
        weft__finish_error(loop, future, weft_error_retain(reason), NULL);
        return NULL;
    }
    future->handle.cancelling++;
    WEFT__LOG(loop, WEFT_LOG_CANCEL_REQUEST, 0, future->handle.cancelling, future->id,
              weft__id_of(loop->current), 0, 0,
              reason->message[0] == '\0' ? 0 : weft__log_text(loop, reason->message));
    if (!cancel_wait(loop, future, reason, &instead)) {
        future->handle.flags |= FUTURE_MUST_CANCEL;
        loop->self_cancelled |= loop->current == (weft_task *)(void *)future;
        if (future->handle.wait < WAIT_LEFT) /* else an error is on its way already */
            remember(loop, future, reason);
    }
    return instead;
}

/*
 * Down the chain of tasks that await each other, and through every child of a gather, in order and without
 * recursion: the gathers on the way are a stack. Tasks in a cycle are passed a few times and left.
 */
static void cancel_all(weft_loop *loop, weft_future *future, const weft_error *reason) {
    weft_future *gathers = NULL;
    do {
        const weft_future *mark = NULL; /* moves on ever more rarely: meeting it again is a cycle */
        for (size_t steps = 1, next = 1; future != NULL && future != mark; steps++) {
            if (steps == next) {
                mark = future;
                next *= 2;
            }
            future = cancel_one(loop, future, reason, &gathers);
        }
        future = weft__gather_next(&gathers);
    } while (future != NULL);
}

bool weft__cancel(weft_loop *loop, weft_future *future, const weft_error *reason) {
    if (weft__done(future) || (future->handle.kind == HANDLE_GATHER && !weft__gather_live(future)))
        return false;
    cancel_all(loop, future, reason);
    weft__nudge(loop);
    return true;
}

/* A task that was told to cancel during its step has come to a wait: that is cancelled in its place. */
void weft__cancel_at_wait(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future, *instead = NULL;
    const weft_error *reason = future->extra != NULL && future->extra->reason != NULL ? future->extra->reason
                                                                                      : &weft_error_cancelled;
    weft_error_retain(reason);
    if (cancel_wait(loop, future, reason, &instead))
        future->handle.flags &= (uint16_t)~FUTURE_MUST_CANCEL;
    if (instead != NULL)
        cancel_all(loop, instead, reason);
    weft_error_release(reason);
}

bool weft_future_cancel(weft_future *future, const char *message) {
    if (weft__foreign(future))
        return false;
    if (weft__done(future)) {
        if (future->handle.kind != HANDLE_GATHER && !(future->handle.flags & FUTURE_STATIC))
            future->handle.flags |= FUTURE_RETRIEVED; /* who gives it up needs no report of its error */
        return false;
    }
    const weft_error *reason = weft__cancel_reason(message);
    bool cancelled = weft__cancel(weft__current, future, reason);
    weft_error_release(reason);
    return cancelled;
}

weft_future *weft_ensure_future_of(weft_awaitable awaitable) {
    if (awaitable.future != NULL && !weft__done(awaitable.future) && weft__foreign(awaitable.future))
        return weft__future_failed(weft__current,
                                   weft_error_new(WEFT_RUNTIME, "the future belongs to another loop"));
    if (awaitable.future != NULL)
        return awaitable.future;
    return weft_task_future(weft_create_task_named(awaitable.coroutine, NULL));
}
