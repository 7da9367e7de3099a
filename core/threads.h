#ifndef WEFT_CORE_THREADS_H
#define WEFT_CORE_THREADS_H

/* A thread with a loop of its own, between the core and the host library. threads.c says who owns what. */

#include "internal.h"
#include "spin.h"

#include <weft/runner.h>
#include <weft/threads.h>

typedef struct weft__thread {
    weft_thread_main *main;
    void *argument;
    atomic_uint references;
    uintptr_t handle; /* the host's */

    weft__spin locked; /* for what follows */
    weft_loop *parent; /* NULL: nobody waits for it any more */
    weft_loop *loop;   /* its own, while it runs */
    bool cancelled;    /* before that */
    bool sent;         /* the cancellation is under way */
    weft__message cancellation, ended;

    /* Of the thread, and of its parent once it has ended. */
    weft_runner runner;
    weft_value value;
    const weft_error *error; /* NULL: the value */

    /* Of the parent's thread. */
    weft__wait_queue task; /* who waits for it */
    bool done;
} weft__thread;

/* In the new thread: makes the loop and starts the coroutine. False if that failed, which is the outcome
 * then. */
bool weft__thread_open(weft__thread *self);
/* The loop is done: takes the outcome, and closes it. `failure` is the host's, or NULL. */
void weft__thread_close(weft__thread *self, const weft_error *failure);
/* The last thing that the thread does: `self` is not its any more. */
void weft__thread_tell(weft__thread *self);

#endif
