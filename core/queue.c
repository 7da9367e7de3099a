/*
 * Queues. A put wakes the getter that waited longest, which takes its item when it resumes: a newcomer may
 * have taken it before, and then the getter waits again, behind the others. The same holds for a get and the
 * putters. Whoever is woken and then cancelled wakes the next, if there is still something to be had.
 */

#include "wait_queue.h"

/* --- The log --- */

static bool getter_resumed(weft_loop *loop, weft_task *task, weft__wait_queue *waiters, weft__resumption how);
static bool putter_resumed(weft_loop *loop, weft_task *task, weft__wait_queue *waiters, weft__resumption how);

enum { TO_GET = 1, TO_PUT, TO_JOIN }; /* docs/events.md */

static const weft__queue_type getters = {"queue", WAITS_QUEUE, OBJECT_QUEUE, getter_resumed, 0, TO_GET};
static const weft__queue_type putters = {
    "queue", WAITS_QUEUE, OBJECT_QUEUE, putter_resumed, offsetof(weft_queue, putters), TO_PUT};
static const weft__queue_type joiners = {
    "queue", WAITS_QUEUE, OBJECT_QUEUE, NULL, offsetof(weft_queue, joiners), TO_JOIN};

/* The three queues of tasks are one object there. */
static void log_queue(weft_loop *loop, weft_queue *queue, uint8_t kind) {
    bool is_new = kind == WEFT_LOG_OBJECT_NEW;
    size_t number = is_new ? queue->most : queue->count;
    weft__queue_log(loop, &queue->getters, &getters, kind,
                    number > UINT32_MAX ? UINT32_MAX : (uint32_t)number);
    queue->putters.id = queue->joiners.id = queue->getters.id;
    queue->putters.loop = queue->joiners.loop = queue->getters.loop;
}

static weft_frame *wait_in(weft_frame *frame, weft_loop *loop, weft_queue *queue, weft__wait_queue *waiters,
                           const weft__queue_type *type, uint32_t at) {
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_queue(loop, queue, WEFT_LOG_OBJECT_NEW);
    return weft__queue_wait(frame, loop, waiters, type, at);
}

/* --- Life --- */

static void init(weft_queue *queue, size_t most, uint8_t kind, weft_queue_compare *compare) {
    *queue = (weft_queue){.most = most, .kind = kind, .compare = compare};
    if (weft__current != NULL && weft__current->log != NULL)
        log_queue(weft__current, queue, WEFT_LOG_OBJECT_NEW);
}

void weft_queue_init(weft_queue *queue, size_t most) {
    init(queue, most, QUEUE_FIFO, NULL);
}

void weft_queue_init_lifo(weft_queue *queue, size_t most) {
    init(queue, most, QUEUE_LIFO, NULL);
}

void weft_queue_init_priority(weft_queue *queue, size_t most, weft_queue_compare *compare) {
    init(queue, most, QUEUE_PRIORITY, compare);
}

/* An item can use the queue while it is freed: each is out before it goes. */
static void drain(weft_queue *queue) {
    while (queue->count > 0) {
        weft_value item = weft__items_take(queue);
        queue->unfinished -= queue->unfinished > 0;
        weft_value_free(&item);
    }
}

void weft_queue_free(weft_queue *queue) {
    queue->freed = true;
    drain(queue);
    weft_free(queue->items);
    queue->items = NULL;
    queue->capacity = queue->head = 0;
}

/* --- Putting --- */

static const weft_error shut_down = {.code = WEFT_QUEUE_SHUT_DOWN, .message = "the queue was shut down"};

static void raise(weft_frame *frame, weft_loop *loop, const weft_error *error) {
    weft__set_error(loop, error, NULL);
    weft__throw(frame, loop);
}

/* Why the value cannot be put in now. */
static const weft_error *refusal(const weft_queue *queue, const weft_value *value) {
    static const weft_error full = {.code = WEFT_QUEUE_FULL, .message = "the queue is full"};
    static const weft_error failure = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a queue takes values, not errors"};
    static const weft_error no_loop = {.code = WEFT_RUNTIME, .message = "there is no loop"};
    if (weft__current == NULL)
        return &no_loop;
    if (value->kind == WEFT_FAILURE)
        return value->as.error->references == 0 ? value->as.error : &failure;
    if (queue->shut)
        return &shut_down;
    return weft_queue_full(queue) ? &full : weft__queue_refusal(&queue->getters);
}

const weft_error *weft_queue_put_value_nowait(weft_queue *queue, weft_value value) {
    weft_loop *loop = weft__current;
    const weft_error *error = refusal(queue, &value);
    if (error == NULL && !queue->freed)
        error = weft__items_add(queue, &value);
    if (error != NULL || queue->freed) {
        weft_value_free(&value);
        return error;
    }
    queue->unfinished++;
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_queue(loop, queue, WEFT_LOG_RELEASE);
    weft__queue_wake(loop, &queue->getters);
    return NULL;
}

/* A put that must wait: the frame keeps the value. */
struct put {
    weft_frame frame;
    weft_queue *queue;
    weft_value value;
};

/* A put that fails leaves the room to the next. */
static const weft_error *put_after_wait(weft_loop *loop, struct put *self) {
    weft_value value = self->value;
    self->value = weft__of_none();
    const weft_error *error = weft_queue_put_value_nowait(self->queue, value);
    if (error != NULL && !weft_queue_full(self->queue))
        weft__queue_wake(loop, &self->queue->putters);
    return error;
}

static weft_async(put) {
    weft_begin(put);
    weft_await(weft__queue_room(self->queue));
    {
        const weft_error *error = put_after_wait(weft__loop, self);
        if (error != NULL)
            weft_raise_error(error);
    }
    weft_drop();
    weft_value_free(&self->value);
    weft_end();
}

weft_frame *weft__await_queue_room(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at) {
    return wait_in(frame, loop, queue, &queue->putters, &putters, at);
}

weft_frame *weft__await_queue_put(weft_frame *frame, weft_loop *loop, weft_queue *queue,
                                  const weft_value *value, uint32_t at) {
    weft_value item = *value;
    if (WEFT__UNLIKELY(queue == NULL || frame->b.run.at == WEFT__AT_DROP)) {
        weft_value_free(&item);
        return weft__refuse_operation(frame, loop, at);
    }
    if (weft_queue_full(queue) && !queue->shut && item.kind != WEFT_FAILURE)
        return weft__await_coroutine(frame, loop, weft_call(put, .queue = queue, .value = item), at);
    frame->b.run.at = at;
    const weft_error *error = weft_queue_put_value_nowait(queue, item);
    if (WEFT__UNLIKELY(error != NULL))
        raise(frame, loop, error);
    return frame;
}

static bool putter_resumed(weft_loop *loop, weft_task *task, weft__wait_queue *waiters,
                           weft__resumption how) {
    weft_queue *queue = (weft_queue *)(void *)((char *)waiters - putters.home);
    bool full = weft_queue_full(queue);
    if (how == RESUMED_WOKEN && full && !queue->shut) {
        weft__queue_wait_again(loop, task, waiters, &putters);
        return false;
    }
    if (how == RESUMED_CANCELLED && !full)
        weft__queue_wake(loop, waiters);
    return true;
}

/* --- Getting --- */

static weft_value take(weft_loop *loop, weft_queue *queue) {
    weft_value item = weft__items_take(queue);
    if (WEFT__UNLIKELY(loop != NULL && loop->log != NULL))
        log_queue(loop, queue, WEFT_LOG_ACQUIRE);
    weft__queue_wake(loop, &queue->putters);
    return item;
}

weft_value weft_queue_get_nowait(weft_queue *queue) {
    static const weft_error empty = {.code = WEFT_QUEUE_EMPTY, .message = "the queue is empty"};
    if (queue->count == 0)
        return weft__of_error(queue->shut ? &shut_down : &empty);
    const weft_error *refusal = weft__queue_refusal(&queue->putters);
    return refusal != NULL ? weft__of_error(refusal) : take(weft__current, queue);
}

/* Gives the frame the first item, or raises that there will be none. */
static void hand_out(weft_frame *frame, weft_loop *loop, weft_queue *queue) {
    if (WEFT__LIKELY(queue->count > 0))
        loop->transfer.value = take(loop, queue);
    else
        raise(frame, loop, &shut_down);
}

weft_frame *weft__await_queue_get(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at) {
    if (WEFT__UNLIKELY(queue == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    if (queue->count == 0 && !queue->shut)
        return wait_in(frame, loop, queue, &queue->getters, &getters, at);
    frame->b.run.at = at;
    hand_out(frame, loop, queue);
    return frame;
}

static bool getter_resumed(weft_loop *loop, weft_task *task, weft__wait_queue *waiters,
                           weft__resumption how) {
    weft_queue *queue = (weft_queue *)(void *)waiters;
    if (how == RESUMED_WOKEN && queue->count == 0 && !queue->shut) {
        weft__queue_wait_again(loop, task, waiters, &getters);
        return false;
    }
    if (how == RESUMED_WOKEN)
        hand_out(task->future.u.task.leaf, loop, queue);
    else if (how == RESUMED_CANCELLED && queue->count > 0)
        weft__queue_wake(loop, waiters);
    return true;
}

/* --- The end of the work --- */

const weft_error *weft_queue_task_done(weft_queue *queue) {
    static const weft_error too_often = {.code = WEFT_INVALID_ARGUMENT,
                                         .message = "weft_queue_task_done was called too often"};
    const weft_error *refusal = weft__queue_refusal(&queue->joiners);
    if (queue->unfinished == 0)
        return &too_often;
    if (refusal == NULL && --queue->unfinished == 0)
        weft__queue_wake_all(weft__current, &queue->joiners);
    return refusal;
}

weft_frame *weft__await_queue_join(weft_frame *frame, weft_loop *loop, weft_queue *queue, uint32_t at) {
    if (WEFT__UNLIKELY(queue == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    if (queue->unfinished > 0)
        return wait_in(frame, loop, queue, &queue->joiners, &joiners, at);
    frame->b.run.at = at;
    loop->transfer.value = weft__of_bool(true);
    return frame;
}

void weft_queue_shutdown(weft_queue *queue, bool immediate) {
    weft_loop *loop = weft__current;
    if (weft__queue_refusal(&queue->getters) != NULL || weft__queue_refusal(&queue->putters) != NULL ||
        weft__queue_refusal(&queue->joiners) != NULL)
        return;
    queue->shut = true;
    if (immediate)
        drain(queue);
    if (queue->unfinished == 0)
        weft__queue_wake_all(loop, &queue->joiners);
    weft__queue_wake_all(loop, &queue->getters);
    weft__queue_wake_all(loop, &queue->putters);
}

/* --- What is in it --- */

size_t weft_queue_size(const weft_queue *queue) {
    return queue->count;
}

bool weft_queue_empty(const weft_queue *queue) {
    return queue->count == 0;
}

bool weft_queue_full(const weft_queue *queue) {
    return queue->most > 0 && queue->count >= queue->most;
}

size_t weft_queue_maxsize(const weft_queue *queue) {
    return queue->most;
}
