/*
 * Semaphores, and the queue under them.
 *
 * A task that waits stands in the queue; a release takes the first one out, gives it the permit and makes it
 * ready. Until it resumes the permit counts as granted, and newcomers queue up behind it: nobody overtakes.
 * If it is cancelled before it resumes, the permit goes on to the next.
 */

#include "internal.h"

/* --- The queue --- */

static void enqueue(weft__queue *queue, weft_task *task) {
    weft_future *future = &task->future;
    future->handle.next = NULL;
    future->previous = (weft_future *)(void *)queue->last;
    if (queue->last != NULL)
        queue->last->future.handle.next = &future->handle;
    else
        queue->first = task;
    queue->last = task;
}

static void remove_from(weft__queue *queue, weft_task *task) {
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

/* --- Semaphores --- */

static uint16_t waiting(const weft_semaphore *semaphore) {
    uint16_t count = 0;
    for (const weft_task *task = semaphore->waiters.first; task != NULL && count < UINT16_MAX;
         task = (const weft_task *)(const void *)task->future.handle.next)
        count++;
    return count;
}

static void log_state(weft_loop *loop, const weft_semaphore *semaphore, uint8_t kind, uint32_t task) {
    weft__log_record(loop, kind, 0, waiting(semaphore), task, 0, 0, semaphore->id, semaphore->value);
}

void weft_semaphore_init_bounded(weft_semaphore *semaphore, uint32_t permits) {
    weft_semaphore_init(semaphore, permits);
    semaphore->bound = permits;
}

void weft_semaphore_init(weft_semaphore *semaphore, uint32_t permits) {
    weft_loop *loop = weft__current;
    *semaphore = (weft_semaphore){.value = permits, .bound = UINT32_MAX};
    semaphore->id = loop == NULL ? 0 : weft__new_id(loop);
    if (WEFT__UNLIKELY(loop != NULL && loop->log != NULL))
        weft__log_object(loop, semaphore->id, OBJECT_SEMAPHORE, permits);
}

bool weft_semaphore_locked(const weft_semaphore *semaphore) {
    return semaphore->value == 0 || semaphore->granted > 0 || semaphore->waiters.first != NULL;
}

uint32_t weft_semaphore_value(const weft_semaphore *semaphore) {
    return semaphore->value;
}

weft_frame *weft__await_semaphore(weft_frame *frame, weft_loop *loop, weft_semaphore *semaphore,
                                  uint32_t at) {
    if (WEFT__UNLIKELY(semaphore == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    weft_task *task = loop->current;
    frame->b.run.at = at;
    if (!weft_semaphore_locked(semaphore)) {
        semaphore->value--;
        loop->transfer.value = weft__of_bool(true);
        if (WEFT__UNLIKELY(loop->log != NULL))
            log_state(loop, semaphore, WEFT_LOG_ACQUIRE, task->future.id);
        return frame;
    }
    task->future.u.task.leaf = frame;
    task->future.u.task.wait.semaphore = semaphore;
    task->future.handle.wait = WAIT_SEMAPHORE;
    enqueue(&semaphore->waiters, task);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_wait(loop, task, WAITS_SEMAPHORE, 0, semaphore->id);
    return NULL;
}

/* Gives a permit to who waited longest; false if there is none, or nobody. */
static bool grant(weft_loop *loop, weft_semaphore *semaphore) {
    weft_task *task = semaphore->waiters.first;
    if (semaphore->value == 0 || task == NULL)
        return false;
    remove_from(&semaphore->waiters, task);
    semaphore->value--;
    semaphore->granted++;
    task->future.handle.wait = WAIT_GRANTED;
    weft__push_ready(loop, &task->future.handle);
    WEFT__LOG(loop, WEFT_LOG_WAKE, 0, 0, task->future.id, weft__id_of(loop->current), 0, semaphore->id, 0);
    return true;
}

const weft_error *weft_semaphore_release(weft_semaphore *semaphore) {
    static const weft_error too_often = {.code = WEFT_INVALID_ARGUMENT,
                                         .message = "a bounded semaphore was released too often"};
    weft_loop *loop = weft__current;
    if (semaphore->bound != UINT32_MAX && semaphore->value >= semaphore->bound)
        return &too_often;
    semaphore->value++;
    if (loop == NULL)
        return NULL;
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_state(loop, semaphore, WEFT_LOG_RELEASE, weft__id_of(loop->current));
    grant(loop, semaphore);
    weft__nudge(loop);
    return NULL;
}

/* The task that was granted a permit runs: it has it now, or, cancelled, gives it back. */
void weft__semaphore_resume(weft_loop *loop, weft_task *task, bool cancelled) {
    weft_semaphore *semaphore = task->future.u.task.wait.semaphore;
    semaphore->granted--;
    if (cancelled) {
        semaphore->value++;
    } else {
        loop->transfer.value = weft__of_bool(true);
        if (WEFT__UNLIKELY(loop->log != NULL))
            log_state(loop, semaphore, WEFT_LOG_ACQUIRE, task->future.id);
    }
    while (grant(loop, semaphore)) {
    }
}

void weft__semaphore_cancel(weft_loop *loop, weft_task *task) {
    (void)loop;
    remove_from(&task->future.u.task.wait.semaphore->waiters, task);
}

weft_manager weft__semaphore_manager(weft_semaphore *semaphore) {
    return (weft_manager){.object = semaphore, .kind = MANAGER_SEMAPHORE};
}
