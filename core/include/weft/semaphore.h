#ifndef WEFT_SEMAPHORE_H
#define WEFT_SEMAPHORE_H

/*
 * Semaphores: at most so many at a time, first come first served. asyncio.Semaphore, asyncio.BoundedSemaphore
 *
 *     weft_semaphore_init(&self->permits, 3);
 *     …
 *     weft_with(self->permits) { … }                         a `weft_semaphore *permits`, or &self->permits
 *
 * It must outlive the tasks that use it; it owns nothing, so there is nothing to free.
 */

#include <weft/awaitable.h>
#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_semaphore {
    /* All internal. */
    weft__wait_queue waiters;
    uint32_t value;
    uint32_t bound; /* UINT32_MAX: none */
} weft_semaphore;

/* One that so many can have at a time. */
void weft_semaphore_init(weft_semaphore *semaphore, uint32_t permits);

/* One that refuses more releases than acquires. asyncio.BoundedSemaphore */
void weft_semaphore_init_bounded(weft_semaphore *semaphore, uint32_t permits);

/* Awaiting it takes a permit; at once, without giving up the turn, if one is free and nobody waits.
 * Semaphore.acquire */
static inline weft_op weft_semaphore_acquire(weft_semaphore *semaphore) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_SEMAPHORE};
    op.object = semaphore;
    return op;
}

/*
 * Gives a permit back, and it goes to who waited longest. NULL, or InvalidArgument if a bounded one would
 * exceed its number, or RuntimeError where tasks of another loop wait (the error is static: nothing to
 * release).
 */
const weft_error *weft_semaphore_release(weft_semaphore *semaphore);

/* Whether acquiring would wait. */
bool weft_semaphore_locked(const weft_semaphore *semaphore);

/* Permits that are free. */
uint32_t weft_semaphore_value(const weft_semaphore *semaphore);

weft_manager weft__semaphore_manager(weft_semaphore *semaphore);

WEFT_END_DECLARATIONS

#endif
