/*
 * Conditions. A task that waits leaves its lock, stands in the condition's queue, and comes back with the
 * lock whatever ends the wait; an error, if one does, is kept until then:
 *
 *     OUTSIDE  not waiting yet, and the task has the lock
 *     WAITING  in the queue                     notified or an error → RETURNING
 *     RETURNING  in the lock's queue            cancelled → RETURNING, with that error; the lock → BACK
 *     BACK     the task has the lock again, and what was kept is raised
 *
 * Nothing here needs memory once the lock was given up.
 */

#include "wait_queue.h"

static const weft__queue_type type = {"condition", WAITS_CONDITION, OBJECT_CONDITION, NULL, 0, 0};
static const weft_error not_acquired = {.code = WEFT_RUNTIME,
                                        .message = "the condition's lock is not acquired"};

void weft_condition_init(weft_condition *condition, weft_lock *lock) {
    *condition = (weft_condition){.shared = lock};
}

weft_lock *weft_condition_lock(weft_condition *condition) {
    return condition->shared != NULL ? condition->shared : &condition->own;
}

weft_manager weft__condition_manager(weft_condition *condition) {
    return weft__lock_manager(condition == NULL ? NULL : weft_condition_lock(condition));
}

/* --- Notifying --- */

/* What the log and the reports call it: a barrier's is named after that. */
static const weft__queue_type *type_of(const weft_condition *condition) {
    return condition->waiters.type != NULL ? condition->waiters.type : &type;
}

static void notify(weft_loop *loop, weft_condition *condition, uint32_t count) {
    if (loop == NULL)
        return;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log(loop, &condition->waiters, type_of(condition), WEFT_LOG_RELEASE, count);
    while (count-- > 0 && weft__queue_wake(loop, &condition->waiters)) {
    }
}

const weft_error *weft_condition_notify(weft_condition *condition, uint32_t count) {
    if (!weft_lock_locked(weft_condition_lock(condition)))
        return &not_acquired;
    const weft_error *refusal = weft__queue_refusal(&condition->waiters);
    if (refusal == NULL)
        notify(weft__current, condition, count);
    return refusal;
}

const weft_error *weft_condition_notify_all(weft_condition *condition) {
    return weft_condition_notify(condition, UINT32_MAX);
}

/* --- Waiting --- */

enum { OUTSIDE, WAITING, RETURNING, BACK };

struct condition_wait {
    weft_frame frame;
    weft_condition *condition;
    const weft_error *error; /* to be raised with the lock in hand; counted */
    weft__traceback *traceback;
    int state;
};

static const weft_error *refusal(weft_condition *condition) {
    static const weft_error null = {.code = WEFT_TYPE_MISMATCH,
                                    .message = "awaited a condition that is NULL"};
    if (condition == NULL)
        return &null;
    return weft_lock_locked(weft_condition_lock(condition)) ? NULL : &not_acquired;
}

static void forget(struct condition_wait *self, weft_loop *loop) {
    weft_error_release(self->error);
    weft__traceback_free(loop, self->traceback);
    self->error = NULL;
    self->traceback = NULL;
}

/* The body is about to end. True if it must get the lock first: the error that ended it is kept. */
static bool goes_back(struct condition_wait *self, weft_loop *loop) {
    if (self->frame.flags & FRAME_CLOSING || loop->error == NULL)
        return false;
    if (self->state == WAITING || (self->state == RETURNING && loop->error->code == WEFT_CANCELLED)) {
        forget(self, loop);
        self->error = loop->error;
        self->traceback = loop->traceback;
        loop->error = NULL;
        loop->traceback = NULL;
        return true;
    }
    if (self->state != OUTSIDE) /* it may have been notified: then another one is in its place */
        notify(loop, self->condition, 1);
    return false;
}

static void raise_kept(struct condition_wait *self, weft_loop *loop) {
    weft__set_error(loop, self->error, self->traceback);
    self->error = NULL;
    self->traceback = NULL;
    weft__propagate(&self->frame, loop);
}

static weft_async(condition_wait) {
    weft_begin(condition_wait);
    if (self->state == OUTSIDE) {
        if (refusal(self->condition) != NULL)
            weft_raise_error(refusal(self->condition));
        self->state = WAITING;
        weft_lock_release(weft_condition_lock(self->condition));
        WEFT__AWAIT_IN(&self->condition->waiters, type_of(self->condition));
    }
    self->state = RETURNING;
    weft_await(weft_lock_acquire(weft_condition_lock(self->condition)));
    self->state = BACK;
    if (self->error != NULL) {
        raise_kept(self, weft__loop);
        goto weft__again;
    }
    weft_return(weft__of_bool(true));
    weft_drop();
    if (goes_back(self, weft__loop)) {
        weft__frame->b.run.at = WEFT__AT_START;
        goto weft__again;
    }
    forget(self, weft__loop);
    weft_end();
}

weft_coroutine *weft_condition_wait(weft_condition *condition) {
    return weft_call(condition_wait, .condition = condition);
}

struct condition_wait_for {
    weft_frame frame;
    weft_condition *condition;
    bool (*predicate)(void *argument);
    void *argument;
};

static weft_async(condition_wait_for) {
    weft_begin(condition_wait_for);
    if (self->predicate == NULL)
        weft_raise(WEFT_TYPE_MISMATCH, "a condition's predicate is NULL");
    while (!self->predicate(self->argument))
        weft_await(weft_condition_wait(self->condition));
    weft_return(weft__of_bool(true));
    weft_end();
}

weft_coroutine *weft_condition_wait_for(weft_condition *condition, bool (*predicate)(void *argument),
                                        void *argument) {
    return weft_call(condition_wait_for, .condition = condition, .predicate = predicate,
                     .argument = argument);
}
