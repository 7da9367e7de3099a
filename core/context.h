#ifndef WEFT_CORE_CONTEXT_H
#define WEFT_CORE_CONTEXT_H

/* Context variables: NULL stands for a context without any. */

#include <math.h>

#include "loop.h"
#include "report.h"

bool weft__context_snapshot(weft_loop *loop, weft_context **copy); /* of the current; false without memory */
bool weft__context_again(weft_loop *loop, const weft_context *from, weft_context **copy); /* of that one */
bool weft__context_inherit(weft_loop *loop, weft_future *task); /* a copy of the current one */
bool weft__context_share(weft_loop *loop, weft_future *task, weft_context *context);
void weft__context_free(weft_loop *loop, weft_context *context); /* takes back a reference */
void weft__context_of_thread(weft_context *context);             /* of this thread, which has no loop */
weft_context *weft__context_in_thread(const weft_loop *loop);    /* NULL if it is not of that loop */
/* From here on `*place` is the current context. Returns what weft__context_leave goes back to. */
static inline weft_context **weft__context_enter(weft_loop *loop, weft_context **place) {
    weft_context **outer = loop->place;
    loop->place = place;
    return outer;
}
static inline void weft__context_leave(weft_loop *loop, weft_context **outer) {
    loop->place = outer;
}
/* Before and after a callback of the program's; in debug mode one that took long is reported by its name. */
static inline double weft__callback_begins(weft_loop *loop) {
    return WEFT__UNLIKELY(loop->debug) ? weft__now(loop) : INFINITY;
}
static inline void weft__callback_ends(weft_loop *loop, double begin, const char *name) {
    if (WEFT__UNLIKELY(loop->debug))
        weft__watch_callback(loop, begin, name);
}
/* Calls a function of the program's in a context, which it takes. */
static inline void weft__call(weft_loop *loop, weft_context *context, weft_callback *function, void *argument,
                              const char *name) {
    weft_context **outer = weft__context_enter(loop, &context);
    double begin = weft__callback_begins(loop);
    function(argument);
    weft__callback_ends(loop, begin, name);
    weft__context_leave(loop, outer);
    if (context != NULL)
        weft__context_free(loop, context);
}

#endif
