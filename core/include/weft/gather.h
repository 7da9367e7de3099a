#ifndef WEFT_GATHER_H
#define WEFT_GATHER_H

/* Many awaitables as one: gather, and shield, which keeps a cancellation from what it waits for. */

#include <weft/coroutine.h>
#include <weft/future.h>

WEFT_BEGIN_DECLARATIONS

/*
 * A future of the values of all, in their order: a pointer to weft_values, which lives as long as the future.
 * The first error ends it at once, and the others run on; with `return_errors` errors and cancellations are
 * items (WEFT_FAILURE) instead. Coroutines become tasks. Cancelling it cancels all of them. asyncio.gather
 */
weft_future *weft_gather_array(size_t count, const weft_awaitable *awaitables, bool return_errors);

/* A future that follows `awaitable` without passing a cancellation on to it. asyncio.shield */
weft_future *weft_shield_of(weft_awaitable awaitable);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/*
 * A future of the values of all: weft_gather(weft_call(a), self->task, weft_sleep(1)), at most 16. The first
 * error ends it, or with return_errors is an item. weft_gather_array takes any number, and says it in full.
 * asyncio.gather
 */
#define weft_gather(...)                                                                                  \
    weft_gather_array(sizeof((weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}) / sizeof(weft_awaitable), \
                      (weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}, false)
#define weft_gather_return_errors(...)                                                                    \
    weft_gather_array(sizeof((weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}) / sizeof(weft_awaitable), \
                      (weft_awaitable[]){WEFT__AWAITABLES(__VA_ARGS__)}, true)
/* A future that follows x without passing a cancellation on to it. asyncio.shield */
#define weft_shield(x) weft_shield_of(weft_awaitable_of(x))

#define WEFT__AWAITABLES(...)                                                                               \
    WEFT__PICK(0, __VA_ARGS__, WEFT__A16, WEFT__A15, WEFT__A14, WEFT__A13, WEFT__A12, WEFT__A11, WEFT__A10, \
               WEFT__A9, WEFT__A8, WEFT__A7, WEFT__A6, WEFT__A5, WEFT__A4, WEFT__A3, WEFT__A2, WEFT__A1, )  \
    (__VA_ARGS__)
#define WEFT__A1(a) weft_awaitable_of(a)
#define WEFT__A2(a, b) WEFT__A1(a), WEFT__A1(b)
#define WEFT__A3(a, ...) WEFT__A1(a), WEFT__A2(__VA_ARGS__)
#define WEFT__A4(a, ...) WEFT__A1(a), WEFT__A3(__VA_ARGS__)
#define WEFT__A5(a, ...) WEFT__A1(a), WEFT__A4(__VA_ARGS__)
#define WEFT__A6(a, ...) WEFT__A1(a), WEFT__A5(__VA_ARGS__)
#define WEFT__A7(a, ...) WEFT__A1(a), WEFT__A6(__VA_ARGS__)
#define WEFT__A8(a, ...) WEFT__A1(a), WEFT__A7(__VA_ARGS__)
#define WEFT__A9(a, ...) WEFT__A1(a), WEFT__A8(__VA_ARGS__)
#define WEFT__A10(a, ...) WEFT__A1(a), WEFT__A9(__VA_ARGS__)
#define WEFT__A11(a, ...) WEFT__A1(a), WEFT__A10(__VA_ARGS__)
#define WEFT__A12(a, ...) WEFT__A1(a), WEFT__A11(__VA_ARGS__)
#define WEFT__A13(a, ...) WEFT__A1(a), WEFT__A12(__VA_ARGS__)
#define WEFT__A14(a, ...) WEFT__A1(a), WEFT__A13(__VA_ARGS__)
#define WEFT__A15(a, ...) WEFT__A1(a), WEFT__A14(__VA_ARGS__)
#define WEFT__A16(a, ...) WEFT__A1(a), WEFT__A15(__VA_ARGS__)

#endif
#endif
