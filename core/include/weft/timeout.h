#ifndef WEFT_TIMEOUT_H
#define WEFT_TIMEOUT_H

/*
 * Timeouts: a block that is cancelled at its deadline and then raises TimedOut. asyncio.timeout
 *
 *     weft_with(weft_timeout(5.0)) { … }
 *     weft_with_as(self->deadline, weft_timeout(5.0)) { … }      a weft_deadline of the structure, to ask and
 * to move
 *
 * Deadlines are points in time of weft_time, in seconds; INFINITY is none.
 */

#include <weft/awaitable.h>
#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

struct weft__timer;

/* The deadline of a weft_timeout's block, to ask and to move while the block is open. asyncio.Timeout */
typedef struct weft_deadline {
    /* All internal. */
    weft_task *task;
    struct weft__timer *timer;
    double when;
    unsigned cancelling; /* of the task when the block was entered */
    uint32_t id;
    uint8_t state;
} weft_deadline;

/* At most `seconds` from entering the block. Zero or less: at the first await. NaN raises InvalidArgument.
 * asyncio.timeout */
weft_manager weft_timeout(double seconds);

/* At most until `when`. asyncio.timeout_at */
weft_manager weft_timeout_at(double when);

/* The deadline. INFINITY if there is none. */
double weft_deadline_when(const weft_deadline *deadline);

/*
 * Moves the deadline, inside the block. NULL, or a static error that says why not: RuntimeError before,
 * after, and once it has expired; InvalidArgument for NaN; out-of-memory. There is nothing to release.
 */
const weft_error *weft_deadline_reschedule(weft_deadline *deadline, double when);

/* Whether the deadline cancelled the block. */
bool weft_deadline_expired(const weft_deadline *deadline);

/* Waits for the awaitable for at most `seconds`, cancels it then, and raises TimedOut once it has ended. */
weft_coroutine *weft_wait_for_of(weft_awaitable awaitable, double seconds);

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/*
 * Waits for a coroutine, task, future or operation for at most `seconds` (INFINITY: as long as it takes),
 * cancels it then, and raises TimedOut once it has ended. asyncio.wait_for
 */
#define weft_wait_for(x, seconds) weft_wait_for_of(weft_awaitable_of(x), (seconds))
#endif
#endif
