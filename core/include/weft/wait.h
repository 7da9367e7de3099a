#ifndef WEFT_WAIT_H
#define WEFT_WAIT_H

/*
 * Waiting for some of many tasks. asyncio.wait
 *
 *     weft_await_to(self->done, weft_wait(self->tasks, 10, WEFT_FIRST_COMPLETED, 5.0));
 *     for (int i = 0; i < self->done; i++) … self->tasks[i] …
 */

#include <weft/base.h>
#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* What to wait for: all, the first that is done, or the first that fails, with an error and not a
 * cancellation; all of them end it. asyncio.ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION */
typedef enum weft_wait_until { WEFT_ALL_COMPLETED, WEFT_FIRST_COMPLETED, WEFT_FIRST_ERROR } weft_wait_until;

/*
 * Waits for at most `seconds` (INFINITY: as long as it takes). The value is the number of those that are done
 * then, and the caller's array begins with them: those that are done, then the others, both in the order in
 * which they were. It never raises an error of theirs, nor TimedOut, and cancels none of them. One that is in
 * the array twice is waited for once, and stays in it twice. Raises InvalidArgument if there is none, and
 * OutOfMemory. The array must live until then. `array` is one of weft_task * or weft_future *.
 */
weft_coroutine *weft_wait_array(void *array, size_t count, weft_wait_until until, double seconds);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

static inline void *weft__array_of_tasks(weft_task **tasks) {
    return tasks;
}
static inline void *weft__array_of_futures(weft_future **futures) {
    return futures;
}

/* An array of weft_task * or weft_future *, and of nothing else. */
#define WEFT__ARRAY(array) \
    _Generic((array), weft_task * * : weft__array_of_tasks, weft_future * * : weft__array_of_futures)(array)

/* Waits for some of an array of tasks or futures, as weft_wait_array says. asyncio.wait */
#define weft_wait(array, count, until, seconds) \
    weft_wait_array(WEFT__ARRAY(array), (count), (until), (seconds))

#endif
#endif
