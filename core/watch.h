#ifndef WEFT_CORE_WATCH_H
#define WEFT_CORE_WATCH_H

/* Watches many futures for somebody who is told of each end: under weft_wait and weft_as_completed. */

#include "internal.h"

typedef void weft__watch_done(weft_loop *loop, void *owner, weft_future *future);

/* Futures of which somebody is told when they end. */
typedef struct weft__watch {
    weft__watch_done *done;
    void *owner;      /* NULL: the watch has ended */
    size_t count;     /* of futures; counted, each as often as it is there */
    size_t room;      /* for futures */
    size_t callbacks; /* that have not run and were not taken back */
    weft_future *futures[];
} weft__watch;

/* A watch of no futures yet; NULL without memory. */
weft__watch *weft__watch_new(weft_loop *loop, size_t count, weft__watch_done *done, void *owner);
/* Returns how many there are, each taken once. */
size_t weft__watch_start(weft_loop *loop, weft__watch *watch, weft_future *follower);
/* One that is not done; each is given once; NULL at the end. */
weft_future *weft__watch_next(const weft__watch *watch, uint32_t *at);
/* Nobody asks any more: what it watches is let go of. */
void weft__watch_end(weft_loop *loop, weft__watch *watch);
/* Of a task in weft_wait, by its innermost frame; else NULL. */
const weft__watch *weft__watch_of_wait(const weft_frame *leaf);

#endif
