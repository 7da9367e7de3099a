#ifndef WEFT_SIGNAL_H
#define WEFT_SIGNAL_H

/*
 * Signals of the operating system as callbacks of the loop. Ctrl-C needs none of this: see weft/runner.h.
 * Hosts without signals (JavaScript, the simulation) refuse.
 */

#include <weft/base.h>
#include <weft/error.h>
#include <weft/loop.h>

WEFT_BEGIN_DECLARATIONS

/*
 * From now on the signal calls back in a tick of this thread's loop, in the variables of this moment, and has
 * no other effect; a second handler for it takes the first one's place. What arrives several times before the
 * loop sees it may call once. While there is a handler, waiting for nothing else is no deadlock. It is
 * removed when the loop is closed. NULL, or why it cannot be, which is the caller's: InvalidArgument for a
 * number that is none or cannot be handled, RuntimeError without a loop or where the host has no signals,
 * out-of-memory. loop.add_signal_handler
 *
 *     const weft_error *weft_add_signal_handler(int number, weft_callback *callback, void *argument);
 */
#define weft_add_signal_handler(number, callback, ...) \
    weft__add_signal_handler((number), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
const weft_error *weft__add_signal_handler(int number, weft_callback *callback, void *argument,
                                           const char *name);

/* Gives the signal its default action back. False if it had no handler. loop.remove_signal_handler */
bool weft_remove_signal_handler(int number);

WEFT_END_DECLARATIONS

#endif
