#ifndef WEFT_WASM_HOST_H
#define WEFT_WASM_HOST_H

/* The JavaScript event loop of this thread as a host. It turns one loop at a time. */

#include "threads.h"

#include <weft/host.h>
#include <weft/loop.h>

/* The host on the real clock, which starts at zero now. */
weft_host *weft__javascript_host(void);

/*
 * Turns the loop from the event loop's tasks until it is done, and then calls `ended`, which closes it. A
 * loop of the simulation's is turned in slices, too, so that the page stays responsive.
 */
typedef void weft__ended(weft_loop *loop);
void weft__drive(weft_loop *loop, weft__ended *ended);

/* The loop that is being turned, or NULL. */
weft_loop *weft__driven(void);

/* Asks for a turn soon; calls in between ask for the same. A code of the host's, or 0. */
int weft__hop(void);

/* The same where there may be no loop. */
int weft__hop_anyway(void);

/* What other threads reach of this one's host. */
weft__home *weft__home_of_thread(void);

/* Gives up every call of JavaScript that is still pending: before its loop is closed. */
void weft__javascript_forget(void);

#endif
