/*
 * Locks. A release wakes who waited longest, and the lock is taken when that task resumes: until then nobody
 * has it, but newcomers queue up all the same.
 */

#include "wait_queue.h"

static bool resumed(weft_loop *loop, weft_task *task, weft__wait_queue *queue, weft__resumption how);

static const weft__queue_type type = {"lock", WAITS_LOCK, OBJECT_LOCK, resumed, 0, 0};

void weft_lock_init(weft_lock *lock) {
    *lock = (weft_lock){.locked = false};
}

bool weft_lock_locked(const weft_lock *lock) {
    return lock->locked;
}

static void take(weft_loop *loop, weft_lock *lock) {
    lock->locked = true;
    loop->transfer.value = weft__of_bool(true);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log(loop, &lock->waiters, &type, WEFT_LOG_ACQUIRE, 0);
}

weft_frame *weft__await_lock(weft_frame *frame, weft_loop *loop, weft_lock *lock, uint32_t at) {
    if (WEFT__UNLIKELY(lock == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    if (lock->locked || !weft__queue_idle(&lock->waiters))
        return weft__queue_wait(frame, loop, &lock->waiters, &type, at);
    frame->b.run.at = at;
    take(loop, lock);
    return frame;
}

/* Unless the one at the head resumes soon: then it passes the lock on if it does not take it. */
static void wake_next(weft_loop *loop, weft_lock *lock) {
    if (!lock->locked && !weft__queue_moves(&lock->waiters))
        weft__queue_wake(loop, &lock->waiters);
}

const weft_error *weft_lock_release(weft_lock *lock) {
    static const weft_error not_locked = {.code = WEFT_RUNTIME, .message = "the lock is not acquired"};
    weft_loop *loop = weft__current;
    const weft_error *refusal = weft__queue_refusal(&lock->waiters);
    if (!lock->locked)
        return &not_locked;
    if (WEFT__UNLIKELY(refusal != NULL))
        return refusal;
    lock->locked = false;
    if (loop == NULL)
        return NULL;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log(loop, &lock->waiters, &type, WEFT_LOG_RELEASE, 1);
    wake_next(loop, lock);
    return NULL;
}

static bool resumed(weft_loop *loop, weft_task *task, weft__wait_queue *queue, weft__resumption how) {
    weft_lock *lock = (weft_lock *)(void *)queue;
    (void)task;
    if (how == RESUMED_WOKEN)
        take(loop, lock);
    else
        wake_next(loop, lock);
    return true;
}

weft_manager weft__lock_manager(weft_lock *lock) {
    return (weft_manager){.object = lock, .kind = MANAGER_LOCK};
}
