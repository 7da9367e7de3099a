/* Timeouts: a block that its deadline cancels, and wait_for, which is one around a single await. */

#include "internal.h"

enum { DEADLINE_CREATED, DEADLINE_ENTERED, DEADLINE_EXPIRING, DEADLINE_EXPIRED, DEADLINE_EXITED };

weft_manager weft_timeout(double seconds) {
    return (weft_manager){.kind = MANAGER_TIMEOUT, .seconds = seconds};
}

weft_manager weft_timeout_at(double when) {
    return (weft_manager){.kind = MANAGER_TIMEOUT_AT, .seconds = when};
}

static void expire(weft__callback *callback, weft_loop *loop) {
    weft_deadline *deadline = callback->owner;
    deadline->state = DEADLINE_EXPIRING;
    weft__cancel(loop, &deadline->task->future, &weft_error_cancelled);
}

static void drop_timer(weft_loop *loop, weft_deadline *deadline) {
    if (deadline->timer == NULL)
        return;
    weft__timer_disarm(loop, deadline->timer);
    weft__timer_release(loop, deadline->timer);
    deadline->timer = NULL;
}

/* One that still stands in the ready queue would fire in its old place there. */
static bool provide_timer(weft_loop *loop, weft_deadline *deadline) {
    if (deadline->timer != NULL && !deadline->timer->queued)
        return true;
    weft__timer *timer = weft__timer_new(loop, expire, deadline);
    if (timer == NULL)
        return false;
    drop_timer(loop, deadline);
    timer->id = deadline->id; /* one thing in the log */
    deadline->timer = timer;
    return true;
}

static const weft_error *set(weft_loop *loop, weft_deadline *deadline, double when) {
    static const weft_error not_a_number = {.code = WEFT_INVALID_ARGUMENT,
                                            .message = "a deadline that is not a number"};
    if (when != when)
        return &not_a_number;
    if (when != INFINITY && !provide_timer(loop, deadline))
        return &weft_error_out_of_memory;
    if (deadline->timer != NULL)
        weft__timer_disarm(loop, deadline->timer);
    deadline->when = when;
    if (when == INFINITY)
        return NULL;
    if (when <= weft__now(loop))
        weft__timer_arm_soon(loop, deadline->timer);
    else if (!weft__timer_arm(loop, deadline->timer, when))
        return &weft_error_out_of_memory;
    return NULL;
}

const weft_error *weft__timeout_enter(weft_loop *loop, weft_deadline *deadline, const weft_manager *manager) {
    double when = manager->seconds;
    if (manager->kind == MANAGER_TIMEOUT)
        when += weft__now(loop);
    *deadline = (weft_deadline){.task = loop->current, .when = when};
    deadline->cancelling = loop->current->future.handle.cancelling;
    deadline->id = weft__new_id(loop);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_object_at(loop, deadline->id, OBJECT_TIMEOUT, 0, deadline, weft__block_site(loop));
    const weft_error *error = set(loop, deadline, when);
    if (error == NULL) {
        deadline->state = DEADLINE_ENTERED;
        weft__retain(&deadline->task->future); /* in a generator the block may outlive it */
    } else {
        drop_timer(loop, deadline);
    }
    return error;
}

/* Tells the deadline's own cancellation from a foreign one: only its own becomes TimedOut. */
static void settle(weft_loop *loop, weft_frame *frame, weft_deadline *deadline, weft__scope *scope) {
    if (deadline->state != DEADLINE_EXPIRING) {
        deadline->state = DEADLINE_EXITED;
        return;
    }
    deadline->state = DEADLINE_EXPIRED;
    if (weft_task_uncancel(deadline->task) > deadline->cancelling || scope->pending != PENDING_ERROR ||
        scope->error->code != WEFT_CANCELLED)
        return;
    weft__scope_fail(loop, scope, &weft_error_timed_out);
    scope->traceback = weft__traceback_add(loop, NULL, frame, weft__line_of(frame));
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_error(loop, frame, scope->error, weft__line_of(frame));
}

void weft__timeout_exit(weft_loop *loop, weft_frame *frame, weft_deadline *deadline, weft__scope *scope) {
    settle(loop, frame, deadline, scope);
    weft__timeout_forget(loop, deadline);
}

void weft__timeout_forget(weft_loop *loop, weft_deadline *deadline) {
    drop_timer(loop, deadline);
    if (deadline->task != NULL)
        weft__release(loop, &deadline->task->future);
    deadline->task = NULL;
}

double weft_deadline_when(const weft_deadline *deadline) {
    return deadline->when;
}

bool weft_deadline_expired(const weft_deadline *deadline) {
    return deadline->state == DEADLINE_EXPIRING || deadline->state == DEADLINE_EXPIRED;
}

const weft_error *weft_deadline_reschedule(weft_deadline *deadline, double when) {
    static const weft_error refusals[] = {
        [DEADLINE_CREATED] = {.code = WEFT_RUNTIME, .message = "the timeout has not been entered"},
        [DEADLINE_EXPIRING] = {.code = WEFT_RUNTIME, .message = "the timeout is expiring"},
        [DEADLINE_EXPIRED] = {.code = WEFT_RUNTIME, .message = "the timeout has expired"},
        [DEADLINE_EXITED] = {.code = WEFT_RUNTIME, .message = "the timeout is finished"}};
    if (deadline->state != DEADLINE_ENTERED)
        return &refusals[deadline->state];
    return set(weft__current, deadline, when);
}

/* --- wait_for --- */

struct wait_for {
    weft_frame frame;
    weft_awaitable awaitable; /* the coroutine is closed with this one if it was not awaited */
    double seconds;
    weft_value value;
};

static weft_coroutine *hand_over(weft_awaitable *awaitable) {
    weft_coroutine *coroutine = awaitable->coroutine;
    awaitable->coroutine = NULL;
    return coroutine;
}

/* The waiter may have ended before: its own task was cancelled. */
static void wake_waiter(weft__callback *callback, weft_loop *loop) {
    weft_future *waiter = callback->owner, *future = callback->future;
    weft_value none = weft__of_none();
    weft__callback_free(loop, callback);
    weft__finish_value(loop, waiter, &none);
    weft__release(loop, waiter);
    weft__release(loop, future);
}

/* Waits for a future's end, whichever it is, and not for its result. */
struct end_of {
    weft_frame frame;
    weft_future *future, *waiter;
    weft__callback *callback; /* gone once the future is done */
};

static weft_async(end_of) {
    weft_begin(end_of);
    self->waiter = weft_create_future();
    self->callback = weft__new(weft__loop, sizeof *self->callback);
    if (self->callback == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft__callback_init(self->callback, sizeof *self->callback, wake_waiter, weft__retain(self->waiter));
    self->callback->handle.wait = CALLBACK_OF_FUTURE;
    weft__attach_callback(weft__loop, self->future, self->callback);
    weft_future_cancel(self->future, NULL);
    weft_await(self->waiter);
    weft_drop();
    if (self->callback != NULL && !weft_future_done(self->future)) {
        weft__remove_callback(self->future, &self->callback->handle);
        weft__callback_free(weft__loop, self->callback);
        weft__release(weft__loop, self->waiter);
    }
    weft_end();
}

/* No time at all: what is not done yet is cancelled, and awaited to its end. */
struct wait_for_none {
    weft_frame frame;
    weft_awaitable awaitable;
    weft_future *future; /* counted */
    weft_value value;
};

static weft_async(wait_for_none) {
    weft_begin(wait_for_none);
    self->future = weft__retain(
        weft_ensure_future_of((weft_awaitable){hand_over(&self->awaitable), self->awaitable.future}));
    if (!weft_future_done(self->future)) {
        weft_await(weft_call(end_of, .future = self->future));
        const weft_error *error = weft_future_error(self->future);
        if (error != NULL && error->code == WEFT_CANCELLED)
            weft_raise_error(&weft_error_timed_out);
    }
    weft_await_to(self->value, self->future);
    weft_return(self->value);
    weft_drop();
    weft_coroutine_close(self->awaitable.coroutine);
    if (self->future != NULL)
        weft__release(weft__loop, self->future);
    weft_end();
}

static weft_async(wait_for) {
    weft_begin(wait_for);
    if (self->seconds <= 0) {
        weft_await_to(self->value, weft_call(wait_for_none, .awaitable = {hand_over(&self->awaitable),
                                                                          self->awaitable.future}));
        weft_return(self->value);
    }
    weft_with(weft_timeout(self->seconds)) {
        if (self->awaitable.future != NULL)
            weft_await_to(self->value, self->awaitable.future);
        else
            weft_await_to(self->value, hand_over(&self->awaitable));
        weft_return(self->value);
    }
    weft_drop();
    weft_coroutine_close(self->awaitable.coroutine);
    weft_end();
}

weft_coroutine *weft_wait_for_of(weft_awaitable awaitable, double seconds) {
    return weft_call(wait_for, .awaitable = awaitable, .seconds = seconds);
}
