#ifndef WEFT_CORE_WAITING_H
#define WEFT_CORE_WAITING_H

/* One task waits for the world outside: what every connection and transfer rests on, whatever the host. */

#include "wait_queue.h"

/* Who waits for something of the host's: part of a structure, zeroed, for any number of waits one after the
 * other. */
typedef struct weft__waiting {
    weft__wait_queue task;
    weft_loop *loop;                            /* which is held; NULL: no task waits */
    void (*notify)(struct weft__waiting *self); /* called in a task's place, if it is set: it may come at any
                                                   time, outside of turns and in them */
} weft__waiting;

extern const weft__queue_type weft__outside_type;

void weft__waiting_begin(weft__waiting *self, weft_loop *loop);
/* What was waited for has come: the task goes on in the next turn. Does nothing if no task waits. */
void weft__waiting_end(weft__waiting *self);
/* Behind weft_drop, and after every wait: a task that waited does so no more. */
void weft__waiting_leave(weft__waiting *self);

/* In a body: waits until weft__waiting_end is called. A cancellation is raised here; then, too,
 * weft__waiting_leave must be called, so it stands in weft_drop. */
#define WEFT__WAIT_OUTSIDE(waiting)                            \
    do {                                                       \
        weft__waiting_begin((waiting), weft__loop);            \
        WEFT__AWAIT_IN(&(waiting)->task, &weft__outside_type); \
    } while (0)

#endif
