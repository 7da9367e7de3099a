#ifndef WEFT_WASM_THREADS_H
#define WEFT_WASM_THREADS_H

/*
 * Threads, where a program is linked with -pthread: each is a worker with an event loop of its own, and may
 * have a loop of weft's on it. Without -pthread there are none, and all of this is nothing.
 */

#include <weft/host.h>

#if defined(__EMSCRIPTEN_PTHREADS__)
#include <pthread.h>
#include <stdatomic.h>

/* The part of a thread's host that other threads reach. */
typedef struct weft__home {
    weft_host host; /* first: what they have of it */
    pthread_t thread;
    atomic_bool called;                    /* a call of another thread's is on its way */
    atomic_uint callers;                   /* threads that are about to call */
    _Atomic(struct weft__threaded *) done; /* functions in threads that have ended, the newest first */
    unsigned works;                        /* those that have not come back */
    bool leaves;                           /* the thread ends once nothing is on its way to it */
} weft__home;

void weft__home_open(weft__home *self);
/* From another thread: a turn there, soon. */
int weft__home_call(weft__home *self);
/* In its thread: gives back the functions that have ended. */
void weft__home_take(weft__home *self);
/* In its thread, which has no loop any more and to which no hop is on its way. Perhaps its end. */
void weft__home_leave(weft__home *self);

#else
typedef struct weft__home {
    weft_host host;
} weft__home;

static inline void weft__home_open(weft__home *self) {
    (void)self;
}
static inline int weft__home_call(weft__home *self) {
    (void)self;
    return 0;
}
static inline void weft__home_take(weft__home *self) {
    (void)self;
}
static inline void weft__home_leave(weft__home *self) {
    (void)self;
}
#endif

#endif
