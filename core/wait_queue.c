/*
 * The queue under every primitive: tasks that wait, first come first served, in O(1) and without memory.
 *
 * Who is woken leaves the queue at once and resumes in the next iteration; until then it counts as woken, so
 * that newcomers do not overtake it. Who is cancelled leaves the queue at once, too. asyncio keeps both in
 * the queue until they resume, and what it does next depends on whether the one at the head is such a one.
 * Since tasks resume in the order in which they became ready, one that was cancelled behind others never
 * comes to the head before it resumes; so the number of those that were cancelled at the head is all that
 * must be known.
 */

#include "wait_queue.h"

/* --- Waking --- */

const weft_error weft__waiters_elsewhere = {.code = WEFT_RUNTIME,
                                            .message = "tasks of a loop that does not run here wait for it"};

void weft__queue_wake_all(weft_loop *loop, weft__wait_queue *queue) {
    while (weft__queue_wake(loop, queue)) {
    }
}

bool weft__queue_resume(weft_loop *loop, weft_task *task, uint8_t wait, bool cancelled) {
    weft__wait_queue *queue = task->future.u.task.wait.queue;
    if (queue == NULL) {
        loop->transfer.value = weft__of_bool(true);
        return true;
    }
    if (wait == WAIT_WOKEN) {
        queue->woken--;
        return queue->type->resumed(loop, task, queue, cancelled ? RESUMED_CANCELLED : RESUMED_WOKEN);
    }
    queue->left -= wait == WAIT_LEFT_HEAD;
    return queue->type->resumed(loop, task, queue, RESUMED_LEFT);
}

/* --- Leaving --- */

static void take_out(weft__wait_queue *queue, weft_task *task) {
    weft_task *next = (weft_task *)(void *)task->future.handle.next;
    weft_task *previous = (weft_task *)(void *)task->future.previous;
    if (previous != NULL)
        previous->future.handle.next = (weft__handle *)(void *)next;
    else
        queue->first = next;
    if (next != NULL)
        next->future.previous = (weft_future *)(void *)previous;
    else
        queue->last = previous;
}

uint8_t weft__queue_cancel(weft_task *task) {
    weft__wait_queue *queue = task->future.u.task.wait.queue;
    bool at_head = queue->first == task;
    take_out(queue, task);
    if (queue->type->resumed == NULL)
        return WAIT_CANCELLED;
    queue->left += at_head;
    return at_head ? WAIT_LEFT_HEAD : WAIT_LEFT;
}

void weft__queue_wait_again(weft_loop *loop, weft_task *task, weft__wait_queue *queue,
                            const weft__queue_type *type) {
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_resume(loop, task, task->future.u.task.leaf);
    weft__queue_enter(loop, task, queue, type);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_suspend(loop, task->future.id, task->future.u.task.leaf);
}

void weft__queue_forget(weft_task *task) {
    weft__wait_queue *queue = task->future.u.task.wait.queue;
    uint8_t wait = task->future.handle.wait;
    if (wait == WAIT_QUEUE) {
        take_out(queue, task);
    } else if (queue != NULL) {
        queue->woken -= wait == WAIT_WOKEN;
        queue->left -= wait == WAIT_LEFT_HEAD;
    }
}

/* --- Telling of it --- */

static bool has_id(const weft_loop *loop, const weft__wait_queue *queue) {
    return queue->id != 0 && queue->loop == loop->tag;
}

/* It gets a number when it is first told of: then two tasks that wait for one thing are seen to. */
uint32_t weft__queue_id(weft_loop *loop, weft__wait_queue *queue) {
    if (queue->type != NULL)
        queue = (weft__wait_queue *)(void *)((char *)queue - queue->type->home);
    if (!has_id(loop, queue)) {
        queue->id = weft__new_id(loop);
        queue->loop = loop->tag;
    }
    return queue->id;
}

static uint16_t waiting(const weft__wait_queue *queue) {
    uint16_t count = 0;
    for (const weft_task *task = queue->first; task != NULL && count < UINT16_MAX;
         task = (const weft_task *)(const void *)task->future.handle.next)
        count++;
    return count;
}

/* An object is new in the log when it is first seen there: a zeroed one has no other beginning. */
void weft__queue_log(weft_loop *loop, weft__wait_queue *queue, const weft__queue_type *type, uint8_t kind,
                     uint32_t payload) {
    if (!has_id(loop, queue)) {
        weft__queue_id(loop, queue);
        weft__log_object_at(loop, queue->id, type->object, kind == WEFT_LOG_OBJECT_NEW ? payload : 0, queue,
                            0);
    }
    if (kind != WEFT_LOG_OBJECT_NEW)
        weft__log_record(loop, kind, 0, waiting(queue), weft__id_of(loop->current), 0, 0, queue->id, payload);
}

void weft__queue_log_wait(weft_loop *loop, weft_task *task, weft__wait_queue *queue) {
    weft__queue_log(loop, queue, queue->type, WEFT_LOG_OBJECT_NEW, 0);
    weft__log_wait_in(loop, task, queue);
}

void weft__queue_log_wake(weft_loop *loop, weft_task *task, weft__wait_queue *queue) {
    weft__log_record(loop, WEFT_LOG_WAKE, 0, 0, task->future.id, weft__id_of(loop->current), 0, queue->id, 0);
}
