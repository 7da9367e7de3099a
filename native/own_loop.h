#ifndef WEFT_NATIVE_OWN_LOOP_H
#define WEFT_NATIVE_OWN_LOOP_H

/* A uv_loop of weft's own, which the calling thread runs until weft's loop has ended. */

#include "uv_host.h"

typedef struct weft__own_loop {
    weft_uv host;
    uv_loop_t uv;
    uv_signal_t signal;
    bool has_signal;
} weft__own_loop;

/* False if libuv refuses: host.failure and host.failed say why, and there is nothing to close. */
bool weft__own_loop_open(weft__own_loop *self);

/* Turns host.loop, in its thread, until it has ended. False if libuv failed meanwhile; host says how. */
bool weft__own_loop_run(weft__own_loop *self);

/* After host.loop was closed. */
void weft__own_loop_close(weft__own_loop *self);

/* call_graph_signal.c: while the loop is open, SIGUSR1 prints what the tasks of the thread wait for. */
void weft__call_graph_signal_open(weft__own_loop *self);
void weft__call_graph_signal_close(weft__own_loop *self);

#endif
