#ifndef WEFT_CORE_TASK_H
#define WEFT_CORE_TASK_H

/* Tasks: created, started, run, ended. */

#include "frame.h"
#include "future.h"

weft_task *weft__task_make(weft_loop *loop, weft_coroutine *coroutine, const char *name,
                           const weft_error **error);
void weft__task_unmake(weft_loop *loop, weft_task *task);
void weft__task_schedule(weft_loop *loop, weft_task *task);
bool weft__start_eagerly(weft_loop *loop, weft_task *task); /* eager.c; false: it cannot now */
/* From here on the loop holds it until it is done: it may have run to its first wait, or to its end. */
static inline void weft__task_start(weft_loop *loop, weft_task *task, bool eager) {
    if (WEFT__LIKELY(!eager && !loop->eager) || !weft__start_eagerly(loop, task))
        weft__task_schedule(loop, task);
}
bool weft__deliver(weft_loop *loop, weft_task *task); /* false: it waits again */
void weft__run_watched(weft_loop *loop, weft_task *task, weft_frame *frame);
/* A task that was told to cancel in the step that has just run is told at its wait, if it waits. */
static inline void weft__step_ended(weft_loop *loop, weft_task *task) {
    if (WEFT__LIKELY(!loop->self_cancelled))
        return;
    loop->self_cancelled = false;
    if (loop->current != NULL && task->future.handle.flags & FUTURE_MUST_CANCEL)
        weft__cancel_at_wait(loop, task);
}
static inline void weft__run_frames(weft_loop *loop, weft_frame *frame) {
    do {
        loop->frame = frame;
        frame = frame->step(frame, loop);
    } while (frame != NULL);
}
/* Its outermost frame has; the loop has the outcome. */
void weft__task_ended(weft_loop *loop, weft_task *task);
static inline void weft__watch_creation(weft_loop *loop) {
    loop->creates_slowly = loop->has_variables || loop->debug;
}
weft__extra *weft__extra_of(weft_loop *loop, weft_future *future); /* makes it; NULL without memory */
void weft__remember_origin(weft_loop *loop, weft_future *future, const char *created_at); /* not static's */
void weft__extra_free(weft_loop *loop, weft_future *future);
bool weft__is_pending(const weft_task *task); /* not done, and not being destroyed */
/* Its innermost frame now; NULL if it is not pending. */
weft_frame *weft__leaf_of(const weft_loop *loop, const weft_task *task);
void weft__task_detach(weft_loop *loop, weft_task *task);
void weft__task_destroy(weft_loop *loop, weft_task *task);
/* Takes the error; false: only cancelled, without memory. */
bool weft__throw_into(weft_loop *loop, weft_task *task, const weft_error *error);
typedef bool weft__visit(weft_loop *loop, weft_task *task, void *context); /* false ends the walk */
void weft__each_task(weft_loop *loop, weft__visit *visit, void *context);

#endif
