/*
 * Semaphores. A release gives the permit to who waited longest, if anybody waits; it is taken when that task
 * resumes. If that was cancelled meanwhile, the permit goes on to the next.
 */

#include "wait_queue.h"

static bool resumed(weft_loop *loop, weft_task *task, weft__wait_queue *queue, weft__resumption how);

static const weft__queue_type type = {"semaphore", WAITS_SEMAPHORE, OBJECT_SEMAPHORE, resumed, 0, 0};

static void log_state(weft_loop *loop, weft_semaphore *semaphore, uint8_t kind) {
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log(loop, &semaphore->waiters, &type, kind, semaphore->value);
}

void weft_semaphore_init_bounded(weft_semaphore *semaphore, uint32_t permits) {
    weft_semaphore_init(semaphore, permits);
    semaphore->bound = permits;
}

void weft_semaphore_init(weft_semaphore *semaphore, uint32_t permits) {
    *semaphore = (weft_semaphore){.value = permits, .bound = UINT32_MAX};
    if (weft__current != NULL)
        log_state(weft__current, semaphore, WEFT_LOG_OBJECT_NEW);
}

bool weft_semaphore_locked(const weft_semaphore *semaphore) {
    return semaphore->value == 0 || !weft__queue_idle(&semaphore->waiters);
}

uint32_t weft_semaphore_value(const weft_semaphore *semaphore) {
    return semaphore->value;
}

weft_frame *weft__await_semaphore(weft_frame *frame, weft_loop *loop, weft_semaphore *semaphore,
                                  uint32_t at) {
    if (WEFT__UNLIKELY(semaphore == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    if (weft_semaphore_locked(semaphore))
        return weft__queue_wait(frame, loop, &semaphore->waiters, &type, at);
    frame->b.run.at = at;
    semaphore->value--;
    loop->transfer.value = weft__of_bool(true);
    log_state(loop, semaphore, WEFT_LOG_ACQUIRE);
    return frame;
}

/* Gives a free permit to who waited longest; false if nobody waits. */
static bool grant(weft_loop *loop, weft_semaphore *semaphore) {
    bool woken = weft__queue_wake(loop, &semaphore->waiters);
    semaphore->value -= woken;
    return woken;
}

const weft_error *weft_semaphore_release(weft_semaphore *semaphore) {
    static const weft_error too_often = {.code = WEFT_INVALID_ARGUMENT,
                                         .message = "a bounded semaphore was released too often"};
    weft_loop *loop = weft__current;
    const weft_error *refusal = weft__queue_refusal(&semaphore->waiters);
    if (semaphore->bound != UINT32_MAX && semaphore->value >= semaphore->bound)
        return &too_often;
    if (WEFT__UNLIKELY(refusal != NULL))
        return refusal;
    semaphore->value++;
    if (loop == NULL)
        return NULL;
    log_state(loop, semaphore, WEFT_LOG_RELEASE);
    grant(loop, semaphore);
    return NULL;
}

/* Newcomers had to wait behind this task even where permits were free: as many as there are go on now. */
static bool resumed(weft_loop *loop, weft_task *task, weft__wait_queue *queue, weft__resumption how) {
    weft_semaphore *semaphore = (weft_semaphore *)(void *)queue;
    (void)task;
    if (how == RESUMED_WOKEN) {
        loop->transfer.value = weft__of_bool(true);
        log_state(loop, semaphore, WEFT_LOG_ACQUIRE);
    } else if (how == RESUMED_CANCELLED) {
        semaphore->value++;
        log_state(loop, semaphore, WEFT_LOG_RELEASE);
    }
    while (semaphore->value > 0 && grant(loop, semaphore)) {
    }
    return true;
}

weft_manager weft__semaphore_manager(weft_semaphore *semaphore) {
    return (weft_manager){.object = semaphore, .kind = MANAGER_SEMAPHORE};
}
