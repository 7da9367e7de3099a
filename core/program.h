#ifndef WEFT_CORE_PROGRAM_H
#define WEFT_CORE_PROGRAM_H

/* Between weft_main, which the core has, and the host library that the program is linked with. */

#include <weft/host.h>
#include <weft/loop.h>

/* --- The host library gives: --- */

/* The host for weft_main, made at the first call; NULL after saying why on stderr. */
weft_host *weft__program_host(void);

/* Turns the loop until it is done and returns weft__program_finish. A host that cannot wait unwinds to its
 * event loop instead, turns from there and calls weft__program_finish at the end. */
int weft__program_run(weft_host *host, weft_loop *loop);

/* Frees the host, after the loop has been closed. */
void weft__program_close(weft_host *host);

/* Where WEFT_TRACE goes. Open says on stderr why it cannot. */
bool weft__program_trace_open(const char *path);
void weft__program_trace_write(void *context, const char *text, size_t length);
void weft__program_trace_close(void);

/* --- The core gives: --- */

/* Once the loop is done: reports the main task's error, closes the loop and the trace; the exit status. */
int weft__program_finish(weft_loop *loop);

#endif
