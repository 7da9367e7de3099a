#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

/* Blocking work in a thread of the host's. */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* Runs elsewhere, so of weft it must call only what any thread may (weft_call_soon_threadsafe, weft_format,
 * weft_failure, weft/concurrent.h) and weft_context_get, which finds the variables of who asked for the
 * thread; nothing of its loop's once that is closed. Returns its value, or weft_failure(code, …). */
typedef weft_value weft_thread_function(void *argument);

/*
 * Awaiting it runs `function(argument)` in a thread and gives its value. A cancellation ends the wait; the
 * function runs on, and its value is freed. On hosts without threads it runs in place, and debug mode says
 * so. asyncio.to_thread
 */
weft_coroutine *weft_to_thread(weft_thread_function *function, void *argument) WEFT__MUST_USE;

WEFT_END_DECLARATIONS

#endif
