#ifndef WEFT_AS_COMPLETED_H
#define WEFT_AS_COMPLETED_H

/*
 * Results in the order in which they come. asyncio.as_completed, in both of its forms:
 *
 *     weft_for_await(self->task, weft_as_completed(a, b, c)) { … }         each task, once it is done
 *
 *     weft_completion_init(&self->all, a, b, c);                           each result
 *     while (weft_completion_left(&self->all) > 0)
 *         weft_await_to(self->value, weft_completion_next(&self->all));
 *
 * Coroutines become tasks, at once, which the coroutine that runs holds as all that it creates. What is given
 * twice comes once. Nothing is ever cancelled: what has not come when the iteration ends runs on.
 */

#include <weft/coroutine.h>
#include <weft/future.h>
#include <weft/gather.h>

WEFT_BEGIN_DECLARATIONS

/*
 * A generator for weft_for_await, of pointers: the task or future that was given, or the task of a coroutine.
 * It raises TimedOut when `seconds` have passed since this call (INFINITY: never) and not all have come,
 * InvalidArgument for NaN, and OutOfMemory.
 */
weft_coroutine *weft_as_completed_array(size_t count, const weft_awaitable *awaitables, double seconds);

/* The same of results, for as many tasks to take from as like. Zeroed there are none. */
typedef struct weft_completion {
    /* All internal. */
    struct weft__completion *all;
    const weft_error *error; /* static; for the first who asks */
} weft_completion;

/* Ends with weft_completion_free, in the weft_drop of whose it is. */
void weft_completion_init_array(weft_completion *completion, size_t count, const weft_awaitable *awaitables,
                                double seconds);
void weft_completion_free(weft_completion *completion);

/* How many results nobody has asked for yet. */
size_t weft_completion_left(const weft_completion *completion);

/*
 * Asks for the next result: awaited, the coroutine gives its value, borrowed from the task, or raises its
 * error; or TimedOut, for each that has not come in time. StopIteration if all were asked for.
 */
weft_coroutine *weft_completion_next(weft_completion *completion);

/* A generator of those that nobody has asked for yet, as weft_as_completed gives them: to go on with after
 * another. */
weft_coroutine *weft_completion_iterate(weft_completion *completion);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/* weft_as_completed(weft_call(a), self->task): at most 16, without a limit in time. */
#define weft_as_completed(...)                                                                             \
    weft__as_completed(sizeof((weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}) / sizeof(weft_awaitable), \
                       (weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)})
/* weft_completion_init(&self->all, weft_call(a), self->task): at most 16, without a limit in time. */
#define weft_completion_init(completion, ...)                                                             \
    weft__completion_init(                                                                                \
        (completion), sizeof((weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}) / sizeof(weft_awaitable), \
        (weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)})

weft_coroutine *weft__as_completed(size_t count, const weft_awaitable *awaitables);
void weft__completion_init(weft_completion *completion, size_t count, const weft_awaitable *awaitables);

#endif
#endif
