#ifndef WEFT_QUEUE_H
#define WEFT_QUEUE_H

/*
 * Queues: tasks put values in, others get them out. asyncio.Queue, LifoQueue and PriorityQueue
 *
 *     weft_await(weft_queue_put(&self->queue, weft_format("page %d", 1)));
 *     weft_await_to(self->page, weft_queue_get(&self->queue));
 *
 * A zeroed queue is a first-in, first-out one without a limit, so one in a coroutine's structure needs no
 * initialising; weft_queue_free stands after its weft_drop. A queue must live as long as a task waits for it,
 * and is used within one loop, which its memory is from: where another loop is current, or none, what would
 * wake a task gives RuntimeError, and a shutdown does nothing.
 *
 * Values move through a queue. The one that is put is the queue's from then on, whatever comes of the put: if
 * that fails or is cancelled, what the value owns is freed. The one that is got is the caller's.
 */

#include <weft/awaitable.h>
#include <weft/base.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* The order of a priority queue: below zero if `a` comes before `b`, zero if they are equal. It must leave
 * the queue alone. */
typedef int weft_queue_compare(weft_value a, weft_value b);

typedef struct weft_queue {
    /* All internal. */
    weft__wait_queue getters, putters, joiners;
    weft_value *items; /* a ring of the first `count` from `head` on, or a heap; NULL: none yet */
    weft_queue_compare *compare;
    uint64_t orders; /* given out: to each item of a heap the next */
    size_t capacity, head, count, most, unfinished;
    uint8_t kind;
    bool shut, freed;
} weft_queue;

/* First in, first out, for at most `most` values; 0: any number. */
void weft_queue_init(weft_queue *queue, size_t most);

/* Last in, first out. asyncio.LifoQueue */
void weft_queue_init_lifo(weft_queue *queue, size_t most);

/*
 * The lowest first, and those that are equal in the order in which they were put in. Without `compare` it
 * takes numbers, NaN after all others, or strings, in the order of strcmp; a put of anything else, or of
 * both, raises TypeMismatch. asyncio.PriorityQueue
 */
void weft_queue_init_priority(weft_queue *queue, size_t most, weft_queue_compare *compare);

/*
 * Frees what is in it and its memory. Tasks that wait for it wait on, until they are cancelled; what is put
 * from now on is freed at once.
 */
void weft_queue_free(weft_queue *queue);

/*
 * Awaiting it puts a value in; at once, without giving up the turn, if there is room. Raises QueueShutDown,
 * OutOfMemory, and the error of a value that could not be made (weft_format without memory).
 */
static inline weft_op weft_queue_put_value(weft_queue *queue, weft_value value) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_QUEUE_PUT};
    op.object = queue;
    op.value = value;
    return op;
}

/* Awaiting it takes a value out; at once, without giving up the turn, if there is one. Raises QueueShutDown,
 * and needs no memory. Queue.get */
static inline weft_op weft_queue_get(weft_queue *queue) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_QUEUE_GET};
    op.object = queue;
    return op;
}

/* The same without waiting. NULL, or the error, QueueFull among them (it is static: nothing to release). */
const weft_error *weft_queue_put_value_nowait(weft_queue *queue, weft_value value);

/* The value, or a failure that holds QueueEmpty or QueueShutDown. */
weft_value weft_queue_get_nowait(weft_queue *queue);

/*
 * Says that the work on a value that was got is done: once for each. NULL, or InvalidArgument if it was
 * called more often than values were put in (the error is static).
 */
const weft_error *weft_queue_task_done(weft_queue *queue);

/* Awaiting it waits until the work on every value that was put in is done; not at all if it is. */
static inline weft_op weft_queue_join(weft_queue *queue) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_QUEUE_JOIN};
    op.object = queue;
    return op;
}

/*
 * From now on every put raises QueueShutDown, and every get once the queue is empty; who waits for either is
 * woken. `immediate` frees what is in it, and counts it as done.
 */
void weft_queue_shutdown(weft_queue *queue, bool immediate);

/* Values in it; whether there are none; whether there are as many as it takes; how many that is, 0: any. */
size_t weft_queue_size(const weft_queue *queue);
bool weft_queue_empty(const weft_queue *queue);
bool weft_queue_full(const weft_queue *queue);
size_t weft_queue_maxsize(const weft_queue *queue);

/* Internal: waits until there may be room. */
static inline weft_op weft__queue_room(weft_queue *queue) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_QUEUE_ROOM};
    op.object = queue;
    return op;
}

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/* Awaiting it puts any number, boolean, string, pointer or weft_value in. Queue.put */
#define weft_queue_put(queue, v) weft_queue_put_value((queue), weft_value_of(v))
/* The same without waiting: NULL, or the error, QueueFull among them. Queue.put_nowait */
#define weft_queue_put_nowait(queue, v) weft_queue_put_value_nowait((queue), weft_value_of(v))
#endif
#endif
