#ifndef WEFT_CORE_LOG_H
#define WEFT_CORE_LOG_H

/* The event log. Nothing here is called while loop->log is NULL. */

#include <string.h>

#include "future.h"

uint32_t weft__log_text(weft_loop *loop, const char *text);
uint32_t weft__log_site(weft_loop *loop, const char *function, const char *file, int line);
uint32_t weft__log_place(weft_loop *loop, const char *here); /* a site from WEFT__HERE; static */
void weft__log_record(weft_loop *loop, uint8_t kind, uint8_t subkind, uint16_t count, uint32_t task,
                      uint32_t other, uint32_t site, uint32_t object, uint32_t payload);
void weft__log_flush(weft_loop *loop);
void weft__log_close(weft_loop *loop);
static inline uint32_t weft__float_bits(double x) {
    float narrow = (float)x;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

/* Records that several files write. */
void weft__log_push(weft_loop *loop, weft_frame *frame);
void weft__log_pop(weft_loop *loop, weft_frame *frame);
void weft__log_yield(weft_loop *loop, weft_frame *generator);
void weft__log_wait(weft_loop *loop, weft_task *task, uint8_t what, uint32_t other, uint32_t object);
void weft__log_wait_in(weft_loop *loop, weft_task *task, const weft__wait_queue *queue);
void weft__log_wait_future(weft_loop *loop, weft_task *task, const weft_future *future);
void weft__log_done(weft_loop *loop, weft_future *future);
void weft__log_resume(weft_loop *loop, weft_task *task, weft_frame *frame);
void weft__log_suspend(weft_loop *loop, uint32_t task, weft_frame *leaf); /* NULL: the task has ended */
void weft__log_error(weft_loop *loop, weft_frame *frame, const weft_error *error, int line);
void weft__log_created(weft_loop *loop, weft_task *task, weft_frame *frame, bool eager);
void weft__log_object(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number);
void weft__log_object_at(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number, const void *address,
                         uint32_t site);
void weft__log_arm(weft_loop *loop, uint8_t what, uint32_t task, uint32_t timer, double when, double now);
void weft__log_woken(weft_loop *loop, const weft_task *task, uint8_t how);
void weft__log_unawaited(weft_loop *loop, uint32_t task); /* what its step has called and left */
void weft__log_never_awaited(weft_loop *loop, weft_frame *frame);
uint32_t weft__block_site(weft_loop *loop);
uint32_t weft__frame_site(weft_loop *loop, weft_frame *frame);

#define WEFT__LOG(loop, ...)                       \
    do {                                           \
        if (WEFT__UNLIKELY((loop)->log != NULL))   \
            weft__log_record((loop), __VA_ARGS__); \
    } while (0)

static inline uint32_t weft__new_id(weft_loop *loop) {
    return ++loop->last_id;
}
static inline uint32_t weft__id_of(const weft_task *task) {
    return task == NULL ? 0 : task->future.id;
}

/* What `wait` and `object-new` records name. */
enum {
    WAITS_SLEEP = 1,
    WAITS_TASK,
    WAITS_FUTURE,
    WAITS_GATHER,
    WAITS_SHIELD,
    WAITS_GROUP,
    WAITS_SEMAPHORE,
    WAITS_LOCK,
    WAITS_EVENT,
    WAITS_CONDITION,
    WAITS_BARRIER,
    WAITS_QUEUE,
    WAITS_THREAD,
    WAITS_TICK = 15,
    WAITS_OUTSIDE
};
enum { TIMER_OF_SLEEP, TIMER_OF_DEADLINE, TIMER_OF_CALL };
enum { WOKEN_BY_CANCEL = 1, WOKEN_BY_ERROR };
enum { FRAME_YIELDED = 3 }; /* in place of an outcome */
enum {
    OBJECT_FUTURE = 1,
    OBJECT_GATHER,
    OBJECT_SHIELD,
    OBJECT_GROUP,
    OBJECT_TIMEOUT,
    OBJECT_SEMAPHORE,
    OBJECT_LOCK,
    OBJECT_EVENT,
    OBJECT_CONDITION,
    OBJECT_BARRIER,
    OBJECT_QUEUE,
    OBJECT_TIMER,
    OBJECT_OUTSIDE
};

#endif
