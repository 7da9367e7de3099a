#ifndef WEFT_BARRIER_H
#define WEFT_BARRIER_H

/*
 * Barriers: tasks wait until as many are there as the barrier has parties, and go on together; then it is
 * ready for the next round. asyncio.Barrier
 *
 *     weft_barrier_init(&self->barrier, 3);
 *     …
 *     weft_with_as(self->index, &self->barrier) { … }        a `weft_barrier *`: waits
 *
 * It must outlive the tasks that use it; it owns nothing, so there is nothing to free.
 */

#include <weft/base.h>
#include <weft/condition.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_barrier {
    /* All internal. */
    weft_condition condition; /* its lock guards the rest; all are notified when the state changes */
    int parties;
    int inside; /* tasks that have arrived and not left */
    uint8_t state;
} weft_barrier;

/* One that is not initialised, or has less than one party, refuses every use with InvalidArgument. */
void weft_barrier_init(weft_barrier *barrier, int parties);

/*
 * Waits until all parties are there. Its value is the task's number among them, an int from 0: how
 * many were there before it. Two of a round have the same only where one that waited was cancelled. Who comes
 * while those of the last round still leave waits until they have. BrokenBarrier if the barrier is broken, or
 * is reset or aborted meanwhile. Who is cancelled before all are there does not count any more. Barrier.wait
 */
weft_coroutine *weft_barrier_wait(weft_barrier *barrier) WEFT__MUST_USE;

/* Raises BrokenBarrier in all who wait, and makes the barrier ready again, a broken one, too. */
weft_coroutine *weft_barrier_reset(weft_barrier *barrier) WEFT__MUST_USE;

/* Raises BrokenBarrier in all who wait, and in all who come until the barrier is reset. */
weft_coroutine *weft_barrier_abort(weft_barrier *barrier) WEFT__MUST_USE;

/* How many must come. */
int weft_barrier_parties(const weft_barrier *barrier);

/* How many are there and wait for the others: n_waiting. */
int weft_barrier_waiting(const weft_barrier *barrier);

/* Whether it was aborted and not reset yet. */
bool weft_barrier_broken(const weft_barrier *barrier);

weft_manager weft__barrier_manager(weft_barrier *barrier);

WEFT_END_DECLARATIONS

#endif
