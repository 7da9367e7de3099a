#ifndef WEFT_JAVASCRIPT_H
#define WEFT_JAVASCRIPT_H

/* Calls of JavaScript functions from C, and waits for the promises that they return. In WebAssembly only. */

#include <weft/coroutine.h>
#include <weft/future.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/*
 * Calls a function by its name, at once: one of `imports` given to loadWeft or, in programs linked with
 * Emscripten's own glue, of Module.weftImports. The future is the promise that it returns: awaiting it gives
 * what that resolves with.
 *
 *     weft_await_to(self->text, weft_javascript_call("fetch_text", self->url));
 *
 * null and undefined arrive as none, booleans, integers (bigints, too), other numbers and strings as their
 * namesakes; anything else, a rejection and an exception raise WEFT_JAVASCRIPT with the message. A string
 * belongs to the future, which is held for the coroutine that made the call until that ends (see future.h).
 *
 * Arguments are numbers, booleans, strings and none. After them JavaScript is given an AbortSignal, which
 * tells it that the future was cancelled, as when the waiting task is. While a promise is pending, a virtual
 * clock stands still.
 */
#define weft_javascript_call(...)                                                                      \
    weft_javascript_call_array(sizeof((weft_value[]){WEFT__VALUES(__VA_ARGS__)}) / sizeof(weft_value), \
                               (weft_value[]){WEFT__VALUES(__VA_ARGS__)})

/* The first value is the name, a string. They are copied. */
weft_future *weft_javascript_call_array(size_t count, const weft_value *values);

#define WEFT__VALUES(...)                                                                                   \
    WEFT__PICK(0, __VA_ARGS__, WEFT__V16, WEFT__V15, WEFT__V14, WEFT__V13, WEFT__V12, WEFT__V11, WEFT__V10, \
               WEFT__V9, WEFT__V8, WEFT__V7, WEFT__V6, WEFT__V5, WEFT__V4, WEFT__V3, WEFT__V2, WEFT__V1, )  \
    (__VA_ARGS__)
#define WEFT__V1(a) weft_value_of(a)
#define WEFT__V2(a, b) WEFT__V1(a), WEFT__V1(b)
#define WEFT__V3(a, ...) WEFT__V1(a), WEFT__V2(__VA_ARGS__)
#define WEFT__V4(a, ...) WEFT__V1(a), WEFT__V3(__VA_ARGS__)
#define WEFT__V5(a, ...) WEFT__V1(a), WEFT__V4(__VA_ARGS__)
#define WEFT__V6(a, ...) WEFT__V1(a), WEFT__V5(__VA_ARGS__)
#define WEFT__V7(a, ...) WEFT__V1(a), WEFT__V6(__VA_ARGS__)
#define WEFT__V8(a, ...) WEFT__V1(a), WEFT__V7(__VA_ARGS__)
#define WEFT__V9(a, ...) WEFT__V1(a), WEFT__V8(__VA_ARGS__)
#define WEFT__V10(a, ...) WEFT__V1(a), WEFT__V9(__VA_ARGS__)
#define WEFT__V11(a, ...) WEFT__V1(a), WEFT__V10(__VA_ARGS__)
#define WEFT__V12(a, ...) WEFT__V1(a), WEFT__V11(__VA_ARGS__)
#define WEFT__V13(a, ...) WEFT__V1(a), WEFT__V12(__VA_ARGS__)
#define WEFT__V14(a, ...) WEFT__V1(a), WEFT__V13(__VA_ARGS__)
#define WEFT__V15(a, ...) WEFT__V1(a), WEFT__V14(__VA_ARGS__)
#define WEFT__V16(a, ...) WEFT__V1(a), WEFT__V15(__VA_ARGS__)

WEFT_END_DECLARATIONS

#endif
