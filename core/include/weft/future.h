#ifndef WEFT_FUTURE_H
#define WEFT_FUTURE_H

/*
 * Futures and tasks. A future is a value that will be there; a task is a future that runs a coroutine.
 *
 * Ownership: what a coroutine creates (futures, tasks, gathers, shields) is held for it until it ends, so a
 * pointer to it is good as long as the creator's structure is. weft_release lets go sooner, as a loop that
 * creates without end must; weft_retain keeps it longer. A task runs on whoever holds it: the loop holds
 * every task until it is done. What is created outside any coroutine is held by the loop until that closes.
 *
 * No call here returns NULL: where memory or the state does not allow it, the result is a future that has
 * failed with the error that says why, and awaiting it raises that error.
 */

#include <weft/base.h>
#include <weft/context.h>
#include <weft/coroutine.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* Called once, by the loop, one tick after the future is done. `argument` is the caller's. */
typedef void weft_done_callback(weft_future *future, void *argument);

/*
 * A future that the program sets. loop.create_future()
 *
 *     weft_future *weft_create_future(void);
 */
#define weft_create_future() weft__create_future(WEFT__HERE)
weft_future *weft__create_future(const char *created_at);

/*
 * Set the future and wake who waits for it, one tick later. False with nothing changed if it is done already
 * (InvalidStateError). The future owns the value and frees it; it keeps its own reference of the error.
 * Setting a Cancelled error cancels the future.
 */
bool weft_future_set_value(weft_future *future, weft_value value);
bool weft_future_set_error(weft_future *future, const weft_error *error);

/* Whether it has a result, of whichever kind; whether it was cancelled. */
bool weft_future_done(const weft_future *future);
bool weft_future_cancelled(const weft_future *future);

/* Its error: Cancelled if it was cancelled, InvalidState while it is pending, NULL if it has a value.
 * Borrowed. */
const weft_error *weft_future_error(weft_future *future);

/* Its value, borrowed while the future lives; a failure holding weft_future_error where there is none. */
weft_value weft_future_value(weft_future *future);

/* Moves the value out: the caller owns what it owned, and later reads find none. */
weft_value weft_future_take(weft_future *future);

/*
 * Asks for its cancellation: cancels a plain future at once; a task, gather or group as asyncio does. False
 * if it was done already. The message, if any, is copied.
 */
bool weft_future_cancel(weft_future *future, const char *message);

/*
 * Calls back when it is done, in the order of the calls; one tick later if it is done already. False without
 * memory.
 *
 *     bool weft_future_add_done_callback(weft_future *future, weft_done_callback *callback, void *argument);
 */
#define weft_future_add_done_callback(future, callback, ...) \
    weft__add_done_callback((future), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
bool weft__add_done_callback(weft_future *future, weft_done_callback *callback, void *argument,
                             const char *name);

/* Takes back every such pair that has not been called yet; returns how many. */
size_t weft_future_remove_done_callback(weft_future *future, weft_done_callback *callback, void *argument);

/* The awaited thing itself if it is a future; a coroutine becomes a task. asyncio.ensure_future */
weft_future *weft_ensure_future_of(weft_awaitable awaitable);

/* See "Ownership" above. They return their argument; NULL is allowed. */
weft_future *weft_future_retain(weft_future *future);
void weft_future_release(weft_future *future);

/* --- Tasks --- */

/* Runs a coroutine as a task, from the next tick on. The name is copied; NULL for "Task-ID".
 * asyncio.create_task */
weft_task *weft_create_task_named(weft_coroutine *coroutine, const char *name);

/* What else can be said of a new task; zero is as usual. */
typedef struct weft_task_options {
    const char *name;      /* copied */
    weft_context *context; /* to share with whoever has it; NULL: a copy of the current one */
    bool eager;            /* runs at once to its first wait; without one it is done when the call returns */
} weft_task_options;

/* The same with options, or NULL; weft_create_task_with is the usual way to write it.
 * create_task(name=…, context=…) */
weft_task *weft_create_task_of(weft_coroutine *coroutine, const weft_task_options *options);

/* The task that runs now; NULL in a callback and outside the loop. asyncio.current_task */
weft_task *weft_current_task(void);

/* Every task that is not done, at most `size` of them, in the order of their creation; returns how many there
 * are. Borrowed. asyncio.all_tasks */
size_t weft_all_tasks(weft_task **tasks, size_t size);

/* A task as the future it is. */
weft_future *weft_task_future(weft_task *task);

/*
 * Cancels: Cancelled is raised in the task at its innermost await, one tick later, or at its next await. Each
 * call counts. False if it is done. The message is copied. task.cancel(msg)
 */
bool weft_task_cancel(weft_task *task, const char *message);

/* Takes back one call of cancel; at zero also a cancellation not delivered yet. Returns the calls left. */
unsigned weft_task_uncancel(weft_task *task);

/* Calls of cancel that were not taken back. */
unsigned weft_task_cancelling(const weft_task *task);

/* As their namesakes of futures. */
bool weft_task_done(const weft_task *task);
bool weft_task_cancelled(const weft_task *task);
const weft_error *weft_task_error(weft_task *task);
weft_value weft_task_value(weft_task *task);
weft_value weft_task_take(weft_task *task);
#define weft_task_add_done_callback(task, callback, ...) \
    weft__add_done_callback(weft_task_future(task), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)

/* Its number, in the event log too: one more for each, never used twice. */
uint32_t weft_task_id(const weft_task *task);

/* Its name; for a task without one "Task-ID", in a buffer that the next call overwrites. */
const char *weft_task_name(const weft_task *task);
bool weft_task_set_name(weft_task *task, const char *name);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

static inline weft_future *weft__future_of_task(weft_task *task) {
    return weft_task_future(task);
}
static inline weft_future *weft__future_of_future(weft_future *future) {
    return future;
}
#define WEFT__FUTURE(x) \
    _Generic((x), weft_task * : weft__future_of_task, weft_future * : weft__future_of_future)(x)

/*
 * A coroutine or operation as a task, which runs from the next tick on:
 * weft_create_task(weft_call(fetch, .url = "a")). asyncio.create_task
 */
#define weft_create_task(x) weft_create_task_named(weft_coroutine_of(x), NULL)
/* The same with options: weft_create_task_with(weft_call(fetch, .url = "a"), .name = "fetcher") */
#define weft_create_task_with(x, ...) \
    weft_create_task_of(weft_coroutine_of(x), &(weft_task_options){__VA_ARGS__})
/* The same, and it runs at once, up to its first wait. */
#define weft_create_eager_task(x) weft_create_task_with(x, .eager = true)
/* A task or future itself; a coroutine or operation as a task. asyncio.ensure_future */
#define weft_ensure_future(x) weft_ensure_future_of(weft_awaitable_of(x))

/* Of a task or a future: keeps it; lets it go (see "Ownership" above). */
#define weft_retain(x) weft_future_retain(WEFT__FUTURE(x))
#define weft_release(x) weft_future_release(WEFT__FUTURE(x))
/* Of a task or a future: asks for its cancellation. False if it was done already. task.cancel() */
#define weft_cancel(x) weft_future_cancel(WEFT__FUTURE(x), NULL)

#endif
#endif
