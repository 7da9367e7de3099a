#ifndef WEFT_AWAITABLE_H
#define WEFT_AWAITABLE_H

/* What weft_await and weft_with take, besides coroutines, tasks and futures. */

#include <weft/base.h>
#include <weft/value.h>

/* An operation that can be awaited in place, without memory of its own: a sleep, an acquire, a generator's
 * next item. */
typedef struct weft_op {
    void *object;
    weft_value value; /* for a generator or a queue */
    double seconds;
    uint32_t kind;
} weft_op;

enum {
    WEFT__OP_SLEEP = 1,
    WEFT__OP_SEMAPHORE,
    WEFT__OP_LOCK,
    WEFT__OP_EVENT,
    WEFT__OP_QUEUE_GET,
    WEFT__OP_QUEUE_PUT,
    WEFT__OP_QUEUE_JOIN,
    WEFT__OP_QUEUE_ROOM,
    WEFT__OP_GENERATOR_NEXT,
    WEFT__OP_GENERATOR_THROW,
    WEFT__OP_GENERATOR_CLOSE
};

struct weft__queue_type;

/*
 * Tasks that wait for a lock, an event, …: first come, first served. Zeroed it is empty. All internal.
 *
 * While tasks wait only their loop's thread can wake them, and only while their loop is current there, which
 * a runner's is during its runs. Elsewhere what would wake them has no effect: it returns RuntimeError, if it
 * returns an error, and debug mode reports it.
 */
typedef struct weft__wait_queue {
    weft_task *first, *last;
    const struct weft__queue_type *type; /* set when a task waits */
    uint32_t woken;                      /* tasks that were woken and have not resumed yet */
    uint32_t left;                       /* tasks that were cancelled at the head and have not resumed yet */
    uint32_t id;                         /* in the event log; 0: not there yet */
    uint8_t loop;                        /* the tag of the loop that gave it the id */
} weft__wait_queue;

/* Anything that can be awaited, as functions take it. At most one of the two is set. */
typedef struct weft_awaitable {
    weft_coroutine *coroutine;
    weft_future *future;
} weft_awaitable;

/*
 * What weft_with enters and leaves: an asynchronous context manager. `enter` and `exit` return a coroutine to
 * await, or NULL to do nothing; the value of enter's is what weft_with_as stores; exit is told the error that
 * left the block, or NULL, and suppresses it by returning true. Both calls get `object`, which the program
 * owns.
 */
typedef struct weft_manager {
    weft_coroutine *(*enter)(void *object);
    weft_coroutine *(*exit)(void *object, const weft_error *error);
    void *object;
    double seconds; /* of the built-in ones */
    uint32_t kind;  /* 0, or a built-in one */
} weft_manager;

/* The head of every structure that is open to the outside world: how weft_with closes it. Internal. */
typedef struct weft__resource {
    weft_coroutine *(*exit)(void *object, const weft_error *error);
} weft__resource;

/* Of anything that begins with one, or NULL. */
weft_manager weft__resource_manager(void *object);

#endif
