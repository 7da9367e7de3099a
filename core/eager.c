/*
 * Eager starts: a new task runs at once, inside the call that creates it, up to its first wait.
 *
 * That is a step within a step. What the loop knows of the outer one is put aside meanwhile: who runs, what
 * is on its way from frame to frame, whether it was told to cancel, whose variables are current; and the
 * outer task is told where it stands, which others may ask now. A task that has nothing to wait for is done
 * when the call returns.
 */

#include "internal.h"

/* Each start nests in C. Beyond this depth a task starts as others do. */
enum { DEPTH_MOST = 32 };

typedef struct outer_step {
    struct weft__transfer transfer;
    weft_task *current;
    weft_frame *frame;
    const weft_error *error;
    weft__traceback *traceback;
    weft_context **place;
    bool self_cancelled;
} outer_step;

static outer_step put_aside(weft_loop *loop) {
    outer_step outer = {loop->transfer,  loop->current, loop->frame,         loop->error,
                        loop->traceback, loop->place,   loop->self_cancelled};
    if (loop->current != NULL)
        loop->current->future.u.task.leaf = loop->frame;
    loop->transfer.value = weft__of_none();
    loop->transfer.block_failed = false;
    loop->current = NULL;
    loop->frame = NULL;
    loop->error = NULL;
    loop->traceback = NULL;
    loop->place = NULL;
    loop->self_cancelled = false;
    return outer;
}

static void take_up(weft_loop *loop, const outer_step *outer) {
    loop->transfer = outer->transfer;
    loop->current = outer->current;
    loop->frame = outer->frame;
    loop->error = outer->error;
    loop->traceback = outer->traceback;
    loop->place = outer->place;
    bool told = loop->current != NULL && loop->current->future.handle.flags & FUTURE_MUST_CANCEL;
    loop->self_cancelled = outer->self_cancelled || told; /* the new task may have told the one that runs */
}

bool weft__start_eagerly(weft_loop *loop, weft_task *task) {
    if (!loop->in_iteration || loop->shut || loop->depth == DEPTH_MOST)
        return false;
    weft_frame *frame = weft__begin_frame(loop, task->future.u.task.leaf, NULL);
    task->future.references++;
    loop->tasks++;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_created(loop, task, frame, true);
    outer_step outer = put_aside(loop);
    loop->depth++;
    loop->steps++;
    loop->budget -= loop->budget > 0;
    weft__run_step(loop, task);
    loop->depth--;
    take_up(loop, &outer);
    return true;
}

void weft_loop_set_eager(weft_loop *loop, bool eager) {
    loop->eager = eager;
}
