/* Records of the event log of which several files write the same. Called only while the log is on. */

#include "wait_queue.h"

static uint32_t site_of(weft_loop *loop, const weft_type *type, int line) {
    return weft__log_site(loop, type->name, type->file, line == 0 ? (int)type->line : line);
}

/* The line at which the frame stands. */
uint32_t weft__frame_site(weft_loop *loop, weft_frame *frame) {
    return site_of(loop, weft__type_of(frame), weft__line_of(frame));
}

enum { DEPTH_LIMIT = 255 }; /* so that a chain of a million frames is not walked a million times */

static uint16_t depth_of(const weft_frame *frame) {
    uint16_t depth = 0;
    while ((frame = frame->caller) != NULL && depth < DEPTH_LIMIT)
        depth++;
    return depth;
}

/* A frame gets its number when it is first seen. */
static uint32_t frame_id(weft_loop *loop, weft_frame *frame) {
    if (frame->b.run.id == 0)
        frame->b.run.id = weft__new_id(loop);
    return frame->b.run.id;
}

void weft__log_push(weft_loop *loop, weft_frame *frame) {
    const weft_type *type = weft__type_of(frame);
    uint32_t from = frame->caller == NULL ? 0 : weft__frame_site(loop, frame->caller);
    weft__log_record(loop, WEFT_LOG_FRAME_PUSH, 0, depth_of(frame), weft__id_of(loop->current), 0,
                     site_of(loop, type, 0), frame_id(loop, frame), from);
}

static uint8_t outcome_of(const weft_error *error) {
    return error == NULL ? 0 : error->code == WEFT_CANCELLED ? 2 : 1;
}

static void log_pop(weft_loop *loop, weft_frame *frame, uint8_t how) {
    weft__log_record(loop, WEFT_LOG_FRAME_POP, how, depth_of(frame), weft__id_of(loop->current), 0,
                     site_of(loop, weft__type_of(frame), 0), frame_id(loop, frame), 0);
}

void weft__log_pop(weft_loop *loop, weft_frame *frame) {
    log_pop(loop, frame, outcome_of(loop->error));
}

void weft__log_yield(weft_loop *loop, weft_frame *generator) {
    log_pop(loop, generator, FRAME_YIELDED);
}

void weft__log_resume(weft_loop *loop, weft_task *task, weft_frame *frame) {
    weft__log_record(loop, WEFT_LOG_RESUME, outcome_of(loop->error), 0, task->future.id, 0,
                     weft__frame_site(loop, frame), frame_id(loop, frame), 0);
}

void weft__log_suspend(weft_loop *loop, uint32_t task, weft_frame *leaf) {
    weft__log_record(loop, WEFT_LOG_SUSPEND, 0, 0, task, 0, leaf == NULL ? 0 : weft__frame_site(loop, leaf),
                     leaf == NULL ? 0 : leaf->b.run.id, 0);
}

void weft__log_wait(weft_loop *loop, weft_task *task, uint8_t what, uint32_t other, uint32_t object) {
    weft__log_record(loop, WEFT_LOG_WAIT, what, 0, task->future.id, other,
                     weft__frame_site(loop, task->future.u.task.leaf), object, 0);
}

void weft__log_wait_in(weft_loop *loop, weft_task *task, const weft__wait_queue *queue) {
    const weft__queue_type *type = queue->type;
    uint32_t site = weft__frame_site(loop, task->future.u.task.leaf);
    uint32_t name = type->waits == WAITS_OUTSIDE ? weft__log_text(loop, type->name) : 0;
    weft__log_record(loop, WEFT_LOG_WAIT, type->waits, type->way, task->future.id, 0, site, queue->id, name);
}

void weft__log_wait_future(weft_loop *loop, weft_task *task, const weft_future *future) {
    static const uint8_t kinds[] = {[HANDLE_TASK] = WAITS_TASK,
                                    [HANDLE_FUTURE] = WAITS_FUTURE,
                                    [HANDLE_GATHER] = WAITS_GATHER,
                                    [HANDLE_SHIELD] = WAITS_SHIELD};
    weft__log_wait(loop, task, kinds[future->handle.kind], future->id, 0);
}

/* Not by what it waits for. */
void weft__log_woken(weft_loop *loop, const weft_task *task, uint8_t how) {
    weft__log_record(loop, WEFT_LOG_WAKE, how, 0, task->future.id, weft__id_of(loop->current), 0, 0, 0);
}

void weft__log_done(weft_loop *loop, weft_future *future) {
    char text[256];
    bool failed = future->handle.state != STATE_VALUE;
    uint32_t payload = 0;
    if (failed) {
        weft_value_print(weft__of_error(future->u.failed.error), text, sizeof text);
        payload = weft__log_text(loop, text);
    } else if (future->handle.wait != WEFT_NONE && future->handle.wait != WEFT_POINTER) {
        weft_value_print(weft__borrowed(future), text, sizeof text);
        payload = weft__log_text(loop, text);
    }
    weft__log_record(loop, WEFT_LOG_DONE, failed ? outcome_of(future->u.failed.error) : 0, 0, future->id, 0,
                     0, 0, payload);
}

void weft__log_error(weft_loop *loop, weft_frame *frame, const weft_error *error, int line) {
    char text[256];
    weft_value_print(weft__of_error(error), text, sizeof text);
    weft__log_record(loop, WEFT_LOG_ERROR, 0, (uint16_t)error->code, weft__id_of(loop->current), 0,
                     site_of(loop, weft__type_of(frame), line), frame_id(loop, frame),
                     weft__log_text(loop, text));
}

void weft__log_created(weft_loop *loop, weft_task *task, weft_frame *frame, bool eager) {
    const weft__extra *extra = task->future.extra;
    uint32_t name = extra == NULL || extra->name == NULL ? 0 : weft__log_text(loop, extra->name);
    weft__log_record(loop, WEFT_LOG_CREATED, eager, 0, task->future.id, weft__id_of(loop->current),
                     site_of(loop, weft__type_of(frame), 0), frame_id(loop, frame), name);
}

/* It has no id yet: its address tells it from others that were not awaited yet, either. */
static void log_forgotten(weft_loop *loop, uint8_t kind, uint32_t task, weft_frame *frame) {
    uint32_t place = weft__log_place(loop, frame->b.called_at);
    const weft_type *type = weft__type_of(frame);
    if (place == 0)
        place = site_of(loop, type, 0);
    weft__log_record(loop, kind, 0, 0, task, (uint32_t)(uintptr_t)frame, place, 0,
                     weft__log_text(loop, type->name));
}

void weft__log_never_awaited(weft_loop *loop, weft_frame *frame) {
    log_forgotten(loop, WEFT_LOG_NEVER_AWAITED, 0, frame);
}

/* Mostly there is none: what a step calls it awaits, or gives to a task. An eager start may stand amid that.
 */
void weft__log_unawaited(weft_loop *loop, uint32_t task) {
    enum { MOST = 100 }; /* so that a list that only grows is not walked again and again */
    weft_frame *frame = loop->depth > 0 ? NULL : weft__next_unstarted(loop);
    const void *told = loop->told, *newest = frame;
    for (int i = 0; frame != NULL && frame != told && i < MOST; i++) {
        log_forgotten(loop, WEFT_LOG_UNAWAITED, task, frame);
        frame = frame == loop->newest ? loop->unstarted : frame->a.next;
    }
    loop->told = newest;
}

void weft__log_object(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number) {
    weft__log_object_at(loop, object, type, number, NULL, 0);
}

void weft__log_object_at(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number, const void *address,
                         uint32_t site) {
    weft__log_record(loop, WEFT_LOG_OBJECT_NEW, type, 0, weft__id_of(loop->current),
                     (uint32_t)(uintptr_t)address, site, object, number);
}

/* The line at which the block begins that the running frame enters. */
uint32_t weft__block_site(weft_loop *loop) {
    weft_frame *frame = loop->frame;
    return frame == NULL || frame->a.scopes == NULL
               ? 0
               : site_of(loop, weft__type_of(frame), weft__line_at(frame->a.scopes->at));
}

/* The two words that a record has left hold the deadline, since seconds in 32 bits are not all of it. */
void weft__log_arm(weft_loop *loop, uint8_t what, uint32_t task, uint32_t timer, double when, double now) {
    uint64_t bits;
    memcpy(&bits, &when, sizeof bits);
    weft__log_record(loop, WEFT_LOG_TIMER_ARM, what, 0, task, (uint32_t)bits, (uint32_t)(bits >> 32), timer,
                     weft__float_bits(when > now ? when - now : 0));
}
