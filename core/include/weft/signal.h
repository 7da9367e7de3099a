#ifndef WEFT_SIGNAL_H
#define WEFT_SIGNAL_H

/*
 * Signals of the operating system, awaited or as callbacks of the loop. Ctrl-C needs none of this: see
 * weft/runner.h. Hosts without signals (JavaScript, the simulation) refuse.
 *
 *     weft_for_await(self->number, weft_signals(SIGHUP, SIGTERM)) {
 *         if (self->number == SIGTERM)
 *             weft_break;
 *         read_settings_again();
 *     }
 */

#include <weft/base.h>
#include <weft/coroutine.h>
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

/* Gives the signal its default action back, unless a coroutine waits for it. False if it had no handler.
 * loop.remove_signal_handler */
bool weft_remove_signal_handler(int number);

weft_coroutine *weft__signals(const int *numbers, bool once); /* the last number is 0 */

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/*
 * The signals that arrive, one after the other: an async generator without end, of ints. From its first item
 * until it is closed these signals have no other effect than this, and callbacks that they have; what arrives
 * while the loop's body runs is kept, each number once. Of several that are there the lowest comes first.
 * Raises as weft_add_signal_handler fails. trio.open_signal_receiver
 */
#define weft_signals(...) weft__signals((const int[]){__VA_ARGS__, 0}, false)

/*
 * Waits for the first of these signals, and gives its number. Before and after that they have the effect that
 * they had; so use weft_signals for those that may come again. signal.sigwait, without blocking the loop
 */
#define weft_signal_wait(...) weft__signals((const int[]){__VA_ARGS__, 0}, true)

#endif
#endif
