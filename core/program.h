#ifndef WEFT_CORE_PROGRAM_H
#define WEFT_CORE_PROGRAM_H

/* Between weft_main, which the core has, and the host library that the program is linked with. */

#include <weft/host.h>
#include <weft/loop.h>

/* --- The host library gives: --- */

/* The host for weft_main, made at the first call; NULL after saying why on stderr. */
weft_host *weft__program_host(void);

/* The loop has been made, and nothing runs in it yet: where a host switches on a log of its own. */
void weft__program_entered(weft_loop *loop);

/* Turns the loop, whose host is that of the program or a simulation, until it is done, and returns
 * weft__program_finish. A host that cannot wait unwinds to its event loop instead, turns from there and calls
 * weft__program_finish at the end. */
int weft__program_run(weft_host *host, weft_loop *loop);

/* Frees the host, after the loop has been closed. */
void weft__program_close(weft_host *host);

/* Where WEFT_TRACE goes. Open says on stderr why it cannot. */
bool weft__program_trace_open(const char *path);
void weft__program_trace_write(void *context, const char *text, size_t length);
void weft__program_trace_close(void);

/* --- The core gives: --- */

/* The simulation whose host this is, or NULL. */
struct weft_simulation *weft__simulation_of(weft_host *host);

/* Once the loop is done: reports the error of weft_main's task, if it was called, closes the loop and the
 * trace; the exit status. */
int weft__program_finish(weft_loop *loop);

#endif
