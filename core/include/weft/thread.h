#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

/* Blocking work in a thread of the host's. */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* Runs elsewhere, so of weft it must call only what any thread may (weft_call_soon_threadsafe, weft_format,
 * weft_failure, weft/concurrent.h, what follows) and weft_context_get, which finds the variables of who asked
 * for the thread; nothing of its loop's once that is closed. Returns its value, or weft_failure(code, …). */
typedef weft_value weft_thread_function(void *argument);

/*
 * Awaiting it runs `function(argument)` in a thread and gives its value. A cancellation ends the wait; the
 * function runs on until it asks whether it was cancelled, and its value is freed. On hosts without threads
 * it runs in place, and debug mode says so. asyncio.to_thread
 *
 *     weft_coroutine *weft_to_thread(weft_thread_function *function, void *argument);
 *
 * The end of the loop waits for functions that still run, for weft_loop_set_join_seconds at most; the report
 * of those that do not end has these words and this line.
 */
#define weft_to_thread(function, ...) weft__to_thread((function), (__VA_ARGS__), #function " of " WEFT__HERE)
weft_coroutine *weft__to_thread(weft_thread_function *function, void *argument,
                                const char *name) WEFT__MUST_USE;

/*
 * In such a function: whether nobody waits for its value any more, since the task that did was cancelled, or
 * the loop comes to its end. A function that takes long asks from time to time, and returns what it likes:
 *
 *     for (size_t i = 0; i < count && !weft_thread_cancelled(); i++)
 *         hash(pieces[i]);
 *
 * It costs a few nanoseconds. Elsewhere it is false.
 */
bool weft_thread_cancelled(void);

/* The same, to be asked by other threads: those that the function starts to share its work. */
typedef struct weft_thread_token weft_thread_token;

/* The token of the function that runs here, which the caller releases; NULL where there is none. */
weft_thread_token *weft_thread_token_here(void);

/* From any thread. NULL is allowed, and is never cancelled. */
bool weft_thread_token_cancelled(const weft_thread_token *token);
void weft_thread_token_release(weft_thread_token *token);

WEFT_END_DECLARATIONS

#endif
