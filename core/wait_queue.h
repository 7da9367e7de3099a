#ifndef WEFT_CORE_WAIT_QUEUE_H
#define WEFT_CORE_WAIT_QUEUE_H

/* The queue under every primitive that tasks wait for. wait_queue.c says how it works. */

#include "internal.h"

/* How a task resumes that stood in a queue. */
typedef enum weft__resumption {
    RESUMED_WOKEN,
    RESUMED_CANCELLED, /* woken, and cancelled before it resumed: what it was given must go on to the next */
    RESUMED_LEFT       /* cancelled while it waited */
} weft__resumption;

/* What is particular to the queues of a primitive. */
typedef struct weft__queue_type {
    const char *name; /* of the primitive */
    uint8_t waits;    /* what a `wait` record names */
    uint8_t object;   /* what an `object-new` record names */
    /* A task resumes. Returns false if it stands in a queue again instead. NULL: it is not told, and is not
     * touched after it has woken a task: the task's value is true. */
    bool (*resumed)(weft_loop *loop, weft_task *task, weft__wait_queue *queue, weft__resumption how);
    size_t home; /* bytes from the queue that has the number of the primitive to this one */
    uint8_t way; /* what the task wants, where the primitive has several queues: in its `wait` record */
} weft__queue_type;

void weft__queue_log(weft_loop *loop, weft__wait_queue *queue, const weft__queue_type *type, uint8_t kind,
                     uint32_t payload); /* acquire, release or object-new */
void weft__queue_log_wait(weft_loop *loop, weft_task *task, weft__wait_queue *queue);
void weft__queue_log_wake(weft_loop *loop, weft_task *task, weft__wait_queue *queue);
void weft__queue_wake_all(weft_loop *loop, weft__wait_queue *queue);
bool weft__queue_resume(weft_loop *loop, weft_task *task, uint8_t wait, bool cancelled);
uint8_t weft__queue_cancel(weft_task *task); /* takes it out; returns how it waits now */
void weft__queue_forget(weft_task *task);    /* it will never resume */
uint32_t weft__queue_id(weft_loop *loop, weft__wait_queue *queue);

void weft__queue_wait_again(weft_loop *loop, weft_task *task, weft__wait_queue *queue,
                            const weft__queue_type *type); /* of a task that resumes: all of its step */

static inline void weft__queue_enter(weft_loop *loop, weft_task *task, weft__wait_queue *queue,
                                     const weft__queue_type *type) {
    weft_future *future = &task->future;
    queue->type = type;
    future->u.task.wait.queue = queue;
    future->handle.wait = WAIT_QUEUE;
    future->handle.next = NULL;
    future->previous = (weft_future *)(void *)queue->last;
    if (queue->last != NULL)
        queue->last->future.handle.next = &future->handle;
    else
        queue->first = task;
    queue->last = task;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log_wait(loop, task, queue);
}

extern const weft_error weft__waiters_elsewhere;

/* Why this thread cannot wake who waits: they are of another loop, or none runs here. NULL if it can. */
static inline const weft_error *weft__queue_refusal(const weft__wait_queue *queue) {
    if (queue->first == NULL || weft__is_of(weft__current, queue->first->future.handle.loop))
        return NULL;
    return &weft__waiters_elsewhere;
}

/* An await that ends the step. */
static inline weft_frame *weft__queue_wait(weft_frame *frame, weft_loop *loop, weft__wait_queue *queue,
                                           const weft__queue_type *type, uint32_t at) {
    frame->b.run.at = at;
    loop->current->future.u.task.leaf = frame;
    weft__queue_enter(loop, loop->current, queue, type);
    return NULL;
}

/* Wakes the first; false if nobody waits. */
static inline bool weft__queue_wake(weft_loop *loop, weft__wait_queue *queue) {
    weft_task *task = queue->first;
    if (task == NULL)
        return false;
    weft_task *next = (weft_task *)(void *)task->future.handle.next;
    bool told = queue->type->resumed != NULL;
    queue->first = next;
    if (next != NULL)
        next->future.previous = NULL;
    else
        queue->last = NULL;
    queue->woken += told;
    task->future.u.task.wait.queue = told ? queue : NULL;
    task->future.handle.wait = WAIT_WOKEN;
    weft__push_ready(loop, &task->future.handle);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log_wake(loop, task, queue);
    weft__nudge(loop);
    return true;
}

/* weft_await in a queue, for bodies of the core's own. */
#define WEFT__AWAIT_IN(queue, type)                                                     \
    do {                                                                                \
        return weft__queue_wait(weft__frame, weft__loop, (queue), (type), WEFT__AT(0)); \
    case WEFT__AT(0):                                                                   \
        weft__drop_value(weft__loop);                                                   \
    } while (0)

/* Nobody waits, and nobody who was woken has yet to resume: a newcomer overtakes nobody. */
static inline bool weft__queue_idle(const weft__wait_queue *queue) {
    return queue->first == NULL && queue->woken == 0;
}

/* The one at the head resumes soon, and will pass on what is free. */
static inline bool weft__queue_moves(const weft__wait_queue *queue) {
    return queue->woken + queue->left > 0;
}

#endif
