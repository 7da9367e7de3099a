#ifndef WEFT_NATIVE_UV_HOST_H
#define WEFT_NATIVE_UV_HOST_H

/* What the files of the libuv host share. A weft_uv (weft/uv.h) is the host, whoever runs its uv_loop. */

#include <weft/uv.h>

/* Makes it a host whose clock stands at zero; its `data` stays. */
void weft__uv_init(weft_uv *self, uv_loop_t *uv);

/* Makes the loop that it serves, current in this thread. False without memory. */
bool weft__uv_make_loop(weft_uv *self, const weft_allocator *allocator);

/* Puts its handles into the uv_loop. 0, or libuv's code: then one of them may go with the next uv_run. */
int weft__uv_open(weft_uv *self);

/* Takes them out, after the weft_loop was closed; `closed` is called from the uv_loop when they are gone. */
void weft__uv_close(weft_uv *self, weft_uv_callback *closed);

/* Turns the loop before libuv waits again. Of the thread that runs libuv's loop. */
void weft__uv_turn_soon(weft_uv *self);

/* Turns the loop now; closes it if that was asked for and this was the last turn. */
void weft__uv_turn(weft_uv *self);

/* A handle beside the host's own was closed; it was counted in open_handles when it was opened. */
void weft__uv_handle_closed(weft_uv *self);

/* After a failure of libuv's that the core does not hear of: a loop of weft's own ends with it, an attached
 * one reports it. A code of 0 is none. */
void weft__uv_fail(weft_uv *self, const char *call, int code);

/* uv_signal.c: weft_host's signal. */
typedef struct weft__uv_signal weft__uv_signal;
int weft__uv_watch_signal(weft_host *host, int number, bool wanted);

/* outside.c: weft_host's leave. */
void weft__uv_leave(weft_host *host, weft_loop *loop);

/* uv_work.c: weft_host's work. */
int weft__uv_work(weft_host *host, weft_work *work);

#endif
