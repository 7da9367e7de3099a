#ifndef WEFT_NATIVE_OWN_LOOP_H
#define WEFT_NATIVE_OWN_LOOP_H

/* A uv_loop of weft's own, which the calling thread runs until weft's loop is done. */

#include "uv_host.h"

typedef struct weft__own_loop {
    weft_uv host;
    uv_loop_t uv;
    uv_signal_t signal;
    bool has_signal;
    struct weft__own_loop *next;
} weft__own_loop;

/* NULL with an error. */
weft__own_loop *weft__own_loop_open(const weft_error **error);
void weft__own_loop_close(weft__own_loop *self);

/* Of one whose weft_loop was closed: frees it, or leaves it behind while threads work for it. */
void weft__own_loop_end(weft__own_loop *self);

/* left_behind.c: keeps it until they have come back; ends those to which they have. */
void weft__leave_behind(weft__own_loop *self);
void weft__end_left_behind(void);

/* call_graph_signal.c: while the loop is open, SIGUSR1 prints what the tasks of the thread wait for. */
void weft__call_graph_signal_open(weft__own_loop *self);
void weft__call_graph_signal_close(weft__own_loop *self);

#endif
