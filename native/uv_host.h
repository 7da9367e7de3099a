#ifndef WEFT_NATIVE_UV_HOST_H
#define WEFT_NATIVE_UV_HOST_H

/* What the files of the libuv host share. A weft_uv (weft/uv.h) is the host, whoever runs its uv_loop. */

#include <weft/uv.h>

/* Makes it a host whose clock stands at zero; its `data` stays. */
void weft__uv_init(weft_uv *self, uv_loop_t *uv);

/* Puts its handles into the uv_loop. 0, or libuv's code: then one of them may go with the next uv_run. */
int weft__uv_open(weft_uv *self);

/* Takes them out, after the weft_loop was closed; `closed` is called from the uv_loop when they are gone. */
void weft__uv_close(weft_uv *self, weft_uv_callback *closed);

/* Turns the loop now; closes it if that was asked for and this was the last turn. */
void weft__uv_turn(weft_uv *self);

/* Remembers the first failure that turns cannot go on after; a code of 0 is none. */
void weft__uv_fail(weft_uv *self, const char *call, int code);

/* uv_work.c: weft_host's work. */
int weft__uv_work(weft_host *host, weft_work *work);

#endif
