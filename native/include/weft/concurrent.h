#ifndef WEFT_CONCURRENT_H
#define WEFT_CONCURRENT_H

/*
 * Coroutines that another thread asks for: it gives a loop a coroutine to run, and gets a concurrent future,
 * which any thread may wait for, ask and cancel. Everything here may be called from every thread. NULL stands
 * for one that could not be made: it is done, with an OutOfMemory.
 *
 *     static void *ask(void *loop) {
 *         weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, fetch, .url = "a");
 *         if (weft_concurrent_wait(answer, 5.0) && weft_concurrent_error(answer) == NULL)
 *             puts(weft_value_string(weft_concurrent_value(answer)));
 *         weft_concurrent_release(answer);
 *         return NULL;
 *     }
 *
 * concurrent.futures.Future
 */

#include <weft/coroutine.h>
#include <weft/loop.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_concurrent_future weft_concurrent_future;

/* Called once, when it is done, by the thread that ends it: the loop's, or the one that cancels it. */
typedef void weft_concurrent_callback(weft_concurrent_future *future, void *argument);

/*
 * Waits until it is done, at most `seconds` (INFINITY: without end; not at all for NaN or less than zero),
 * and returns whether it is. The thread of its loop would wait for itself: there it does not wait.
 * future.result(timeout)
 */
bool weft_concurrent_wait(weft_concurrent_future *future, double seconds);

/* Whether it has an outcome; whether that is a cancellation, of the future or of its task. */
bool weft_concurrent_done(weft_concurrent_future *future);
bool weft_concurrent_cancelled(weft_concurrent_future *future);

/*
 * Its error: Cancelled if it was cancelled, InvalidState while it is pending, NULL if it has a value.
 * Borrowed while the future is held: it is a copy for all threads, which must neither retain nor release it.
 */
const weft_error *weft_concurrent_error(weft_concurrent_future *future);

/*
 * Its value, borrowed while the future is held; a failure holding weft_concurrent_error where there is none.
 * Taking it moves it out, once. Strings of weft_format are copied to malloc's memory on their way; other
 * values that own something must be such that any thread may free them.
 */
weft_value weft_concurrent_value(weft_concurrent_future *future);
weft_value weft_concurrent_take(weft_concurrent_future *future);

/* Cancels the future at once and its task soon, whose outcome counts no more. False if it is done. */
bool weft_concurrent_cancel(weft_concurrent_future *future);

/* Calls back when it is done, in the order of the calls; at once if it is done. False without memory. */
bool weft_concurrent_add_done_callback(weft_concurrent_future *future, weft_concurrent_callback *callback,
                                       void *argument);

/* Lets go of it, as its owner must, whatever becomes of the coroutine. NULL is allowed. */
void weft_concurrent_release(weft_concurrent_future *future);

weft_concurrent_future *weft__submit(weft_loop *loop, weft_frame *initialiser);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/*
 * Runs a coroutine as a task of `loop`, from a later tick on; the other arguments are those of weft_call. The
 * structure is copied, so what it points to must live as long as the coroutine. NULL without memory or
 * without a loop, after running what stands behind its weft_drop. A task that is cancelled or a loop that is
 * closed cancels the future. The loop does not wait for coroutines that are yet to come: see
 * weft_call_soon_threadsafe. asyncio.run_coroutine_threadsafe
 */
#define weft_run_coroutine_threadsafe(loop, ...) WEFT__SUBMIT(loop, __VA_ARGS__, )
#define WEFT__SUBMIT(loop, name, ...)                                             \
    weft__submit((loop), &(struct name){.frame = {.step = name##_weft_step,       \
                                                  .b = {.called_at = WEFT__HERE}, \
                                                  .size = sizeof(struct name)},   \
                                        __VA_ARGS__}                              \
                              .frame)

#endif
#endif
