#ifndef WEFT_CONDITION_H
#define WEFT_CONDITION_H

/*
 * Conditions: a lock, and tasks that wait until somebody who had it has changed what it guards.
 * asyncio.Condition
 *
 *     weft_with(&self->condition) {                          a `weft_condition *`: takes its lock
 *         weft_await(weft_condition_wait_for(&self->condition, has_room, &self->store));
 *         …
 *     }
 *
 * A zeroed condition is ready and has a lock of its own, so one in a coroutine's structure needs no
 * initialising. It must outlive the tasks that use it; it owns nothing, so there is nothing to free.
 */

#include <weft/awaitable.h>
#include <weft/base.h>
#include <weft/lock.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_condition {
    /* All internal. */
    weft__wait_queue waiters;
    weft_lock own;
    weft_lock *shared; /* NULL: it uses its own */
} weft_condition;

/* A condition on `lock`, which is borrowed and may serve several conditions; NULL: on a lock of its own. */
void weft_condition_init(weft_condition *condition, weft_lock *lock);

/* The lock, to acquire, release or look at. Borrowed. */
weft_lock *weft_condition_lock(weft_condition *condition);

/*
 * Gives up the lock, waits until it is notified, takes the lock again and returns true. The lock is taken
 * even when the task is cancelled; cancellations that come meanwhile replace each other, and the last one is
 * raised then. A wake-up may be spurious, so look again at what you wait for. RuntimeError if nobody has the
 * lock. Condition.wait
 */
weft_coroutine *weft_condition_wait(weft_condition *condition) WEFT__MUST_USE;

/* Waits as often as needed until `predicate(argument)` is true, at once if it is. Returns true. wait_for */
weft_coroutine *weft_condition_wait_for(weft_condition *condition, bool (*predicate)(void *argument),
                                        void *argument) WEFT__MUST_USE;

/*
 * Wakes the `count` tasks that waited longest, or all if they are fewer; they go on one by one when they get
 * the lock, which the caller has to give up. NULL, or RuntimeError if nobody has the lock or tasks of another
 * loop wait (the error is static: nothing to release).
 */
const weft_error *weft_condition_notify(weft_condition *condition, uint32_t count);
const weft_error *weft_condition_notify_all(weft_condition *condition);

weft_manager weft__condition_manager(weft_condition *condition);

WEFT_END_DECLARATIONS

#endif
