#ifndef WEFT_LOCK_H
#define WEFT_LOCK_H

/*
 * Locks: one task at a time, first come first served. asyncio.Lock
 *
 *     weft_with(&self->lock) { … }
 *
 * A zeroed lock is free, so one in a coroutine's structure needs no initialising. It must outlive the tasks
 * that use it; it owns nothing, so there is nothing to free.
 */

#include <weft/awaitable.h>
#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_lock {
    /* All internal. */
    weft__wait_queue waiters;
    bool locked;
} weft_lock;

/* Makes a lock that is free. */
void weft_lock_init(weft_lock *lock);

/* Awaiting it takes the lock; at once, without giving up the turn, if it is free and nobody waits.
 * Lock.acquire */
static inline weft_op weft_lock_acquire(weft_lock *lock) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_LOCK};
    op.object = lock;
    return op;
}

/*
 * Gives the lock up, and who waited longest takes it when it resumes. Any task may do so. NULL, or
 * RuntimeError if nobody has the lock or tasks of another loop wait for it (the error is static: nothing to
 * release).
 */
const weft_error *weft_lock_release(weft_lock *lock);

/* Whether somebody has it. False, too, between a release and the moment when the next one resumes with it. */
bool weft_lock_locked(const weft_lock *lock);

weft_manager weft__lock_manager(weft_lock *lock);

WEFT_END_DECLARATIONS

#endif
