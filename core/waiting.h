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

/* What is waited for. */
typedef struct weft__outside {
    weft__queue_type type; /* first; its name is a noun with its article: "an HTTP answer" */
    /* Which one, for people, when they ask: "GET http://localhost/". NULL: there is no more to say. */
    void (*tell)(const weft__waiting *self, char *buffer, size_t size);
} weft__outside;
#define WEFT__OUTSIDE(name, tell) \
    { {(name), WAITS_OUTSIDE, OBJECT_OUTSIDE, NULL, 0, 0}, (tell) }

/* What a task that stands in this queue waits for; NULL if that is nothing outside. */
static inline const weft__outside *weft__outside_of(const weft__wait_queue *queue) {
    return queue->type->waits == WAITS_OUTSIDE ? (const weft__outside *)(const void *)queue->type : NULL;
}

void weft__waiting_begin(weft__waiting *self, weft_loop *loop, const weft__outside *what);
/* What was waited for has come: the task goes on in the next turn. Does nothing if no task waits. */
void weft__waiting_end(weft__waiting *self);
/* Behind weft_drop, and after every wait: a task that waited does so no more. */
void weft__waiting_leave(weft__waiting *self);

/* In a body: waits until weft__waiting_end is called. A cancellation is raised here; then, too,
 * weft__waiting_leave must be called, so it stands in weft_drop. The name says what for: "a connection". */
#define WEFT__WAIT_OUTSIDE(waiting, name)                                    \
    do {                                                                     \
        static const weft__outside weft__what = WEFT__OUTSIDE((name), NULL); \
        WEFT__WAIT_FOR((waiting), &weft__what);                              \
    } while (0)
#define WEFT__WAIT_FOR(waiting, what)                       \
    do {                                                    \
        weft__waiting_begin((waiting), weft__loop, (what)); \
        WEFT__AWAIT_IN(&(waiting)->task, &(what)->type);    \
    } while (0)

#endif
