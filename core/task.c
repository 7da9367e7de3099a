/* Tasks: a coroutine that the loop runs, step by step, and its outcome. */

#include "internal.h"
#include "wait_queue.h"

#include <stdio.h>
#include <stdlib.h>

/* --- What few tasks have --- */

weft__extra *weft__extra_of(weft_loop *loop, weft_future *future) {
    if (future->extra == NULL && (future->extra = weft__new(loop, sizeof *future->extra)) != NULL)
        *future->extra = (weft__extra){.name = NULL};
    return future->extra;
}

/* Without memory it is not known, no more. */
void weft__remember_origin(weft_loop *loop, weft_future *future, const char *created_at) {
    weft__extra *extra = future->handle.flags & FUTURE_STATIC ? NULL : weft__extra_of(loop, future);
    if (extra != NULL)
        extra->created_at = created_at;
}

void weft__extra_free(weft_loop *loop, weft_future *future) {
    if (future->extra == NULL)
        return;
    weft__free_text(loop, future->extra->name);
    weft_error_release(future->extra->reason);
    if (future->extra->inner != NULL)
        weft__release(loop, future->extra->inner);
    weft__context_free(loop, future->extra->context);
    weft__delete(loop, future->extra, sizeof *future->extra);
    future->extra = NULL;
}

/* The error to raise in the task, and forgets it. Counted. */
static const weft_error *take_reason(weft_future *task) {
    const weft_error *reason = task->extra == NULL ? NULL : task->extra->reason;
    if (reason == NULL)
        return &weft_error_cancelled;
    task->extra->reason = NULL;
    return reason;
}

/* --- Creation --- */

/* From here on the loop holds it until it is done. */
void weft__task_schedule(weft_loop *loop, weft_task *task) {
    weft_frame *frame = weft__begin_frame(loop, task->future.u.task.leaf, NULL);
    task->future.references++;
    loop->tasks++;
    weft__push_ready(loop, &task->future.handle);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_created(loop, task, frame, false);
    weft__nudge(loop);
}

/* Why a coroutine cannot become a task. */
static const weft_error *refuse(const weft_frame *frame) {
    if (frame == NULL)
        return weft_error_new(WEFT_TYPE_MISMATCH, "a task needs a coroutine, not NULL");
    if (frame->flags & FRAME_STATIC)
        return weft__not_made(frame);
    return weft_error_new(WEFT_RUNTIME, "the coroutine was awaited already");
}

/* Takes a task back that was made and not scheduled, its coroutine with it. */
void weft__task_unmake(weft_loop *loop, weft_task *task) {
    weft__frame_close(loop, task->future.u.task.leaf);
    task->future.handle.state = STATE_VALUE;
    weft__release(loop, &task->future);
}

/* What is particular to tasks of this loop. */
static bool prepare(weft_loop *loop, weft_task *task) {
    if (loop->debug)
        weft__remember_origin(loop, &task->future, task->future.u.task.leaf->b.called_at);
    return !loop->has_variables || weft__context_inherit(loop, &task->future);
}

/* A task that nobody was given yet: with the reference of the caller. NULL after storing why there is none.
 */
weft_task *weft__task_make(weft_loop *loop, weft_coroutine *coroutine, const char *name,
                           const weft_error **error) {
    weft_frame *frame = (weft_frame *)(void *)coroutine;
    if (WEFT__UNLIKELY(frame == NULL || frame->flags != 0)) {
        *error = refuse(frame);
        return NULL;
    }
    weft_task *task = weft__task_memory(loop);
    if (WEFT__UNLIKELY(task == NULL)) {
        weft__frame_close(loop, frame);
        *error = &weft_error_out_of_memory;
        return NULL;
    }
    weft__future_init(loop, &task->future, HANDLE_TASK);
    task->future.u.task.leaf = frame;
    if (WEFT__UNLIKELY((loop->creates_slowly && !prepare(loop, task)) ||
                       (name != NULL && !weft_task_set_name(task, name)))) {
        weft__task_unmake(loop, task);
        *error = &weft_error_out_of_memory;
        return NULL;
    }
    return task;
}

/* Stands for a task that could not be made. */
static weft_task *failed_task(weft_loop *loop, const weft_error *error) {
    return (weft_task *)(void *)weft__future_failed(loop, error);
}

/* Holds a task for who creates it and starts it; NULL stands for one that could not be made. */
static inline weft_task *start(weft_loop *loop, weft_task *task, bool eager, const weft_error *error) {
    if (WEFT__UNLIKELY(task == NULL))
        return failed_task(loop, error);
    if (WEFT__UNLIKELY(!weft__hold(loop, &task->future))) {
        weft__task_unmake(loop, task);
        return failed_task(loop, &weft_error_out_of_memory);
    }
    weft__task_start(loop, task, eager);
    return task;
}

weft_task *weft_create_task_named(weft_coroutine *coroutine, const char *name) {
    weft_loop *loop = weft__current;
    const weft_error *error = NULL;
    if (!weft__has_loop(loop, "a new task"))
        return failed_task(NULL, &weft_error_out_of_memory);
    weft_task *task = weft__task_make(loop, coroutine, name, &error);
    return start(loop, task, false, error);
}

weft_task *weft_create_task_of(weft_coroutine *coroutine, const weft_task_options *options) {
    weft_loop *loop = weft__current;
    const weft_error *error = NULL;
    if (options == NULL)
        return weft_create_task_named(coroutine, NULL);
    if (!weft__has_loop(loop, "a new task"))
        return failed_task(NULL, &weft_error_out_of_memory);
    weft_task *task = weft__task_make(loop, coroutine, options->name, &error);
    if (task != NULL && options->context != NULL &&
        !weft__context_share(loop, &task->future, options->context)) {
        weft__task_unmake(loop, task);
        task = NULL;
        error = &weft_error_out_of_memory;
    }
    return start(loop, task, options->eager, error);
}

/* --- Where it stands --- */

bool weft__is_pending(const weft_task *task) {
    return !weft__done(&task->future) && !(task->future.handle.flags & FUTURE_DETACHED);
}

/* What is stored is where its step began, and may be gone since. */
weft_frame *weft__leaf_of(const weft_loop *loop, const weft_task *task) {
    if (!weft__is_pending(task))
        return NULL;
    return loop->current == task ? loop->frame : task->future.u.task.leaf;
}

/* --- Running --- */

/* Hands the awaited result to the frame that awaited it. A value that nobody else holds moves. */
static void deliver_result(weft_loop *loop, weft_frame *frame, weft_future *future) {
    if (future->handle.state != STATE_VALUE) {
        weft__set_error_of(loop, future);
        weft__throw(frame, loop);
    } else if (future->references == 1) {
        weft__borrow(future, &loop->transfer.value);
        loop->transfer.value.release = future->u.value.release;
        future->u.value.release = NULL;
    } else {
        weft__borrow(future, &loop->transfer.value);
    }
}

/* Whether Cancelled is on its way to the task, whatever else is. */
static bool is_cancelled(const weft__handle *handle) {
    return handle->flags & FUTURE_MUST_CANCEL ||
           (handle->wait >= WAIT_LEFT && handle->wait <= WAIT_CANCELLED);
}

static void log_delivered(weft_loop *loop, const weft_task *task, const weft_error *reason) {
    WEFT__LOG(loop, WEFT_LOG_CANCEL_DELIVERED, 0, 0, task->future.id, 0, 0, 0,
              reason->message[0] == '\0' ? 0 : weft__log_text(loop, reason->message));
}

/* Ends the wait of a task that runs again. */
static bool deliver_slowly(weft_loop *loop, weft_task *task) {
    weft_frame *frame = task->future.u.task.leaf;
    weft__handle *handle = &task->future.handle;
    uint8_t wait = handle->wait;
    bool cancelled = is_cancelled(handle);
    loop->frame = frame; /* what is freed on the way may look */
    handle->flags &= (uint16_t)~FUTURE_MUST_CANCEL;
    handle->wait = WAIT_READY;
    if (wait >= WAIT_WOKEN && wait <= WAIT_LEFT_HEAD && !weft__queue_resume(loop, task, wait, cancelled))
        return false;
    if (wait == WAIT_FUTURE) {
        weft_future *future = task->future.u.task.wait.future;
        if (future->handle.state != STATE_VALUE && future->u.failed.error->code == WEFT_CANCELLED) {
            if (cancelled || handle->cancelling > 0)
                log_delivered(loop, task, future->u.failed.error);
            cancelled = false; /* it brings a Cancelled of its own, with the message of the first call */
        }
        if (cancelled)
            future->handle.flags |= FUTURE_RETRIEVED;
        else
            deliver_result(loop, frame, future);
        weft__release(loop, future);
    }
    if (cancelled || wait == WAIT_THROWN) {
        weft__set_error(loop, take_reason(&task->future), NULL);
        if (cancelled)
            log_delivered(loop, task, loop->error);
        weft__throw(frame, loop);
    }
    return true;
}

bool weft__deliver(weft_loop *loop, weft_task *task) {
    weft__handle *handle = &task->future.handle;
    weft_future *future = task->future.u.task.wait.future;
    if (WEFT__UNLIKELY(handle->wait != WAIT_FUTURE || handle->flags & FUTURE_MUST_CANCEL ||
                       future->handle.state != STATE_VALUE || future->references == 1))
        return deliver_slowly(loop, task);
    handle->wait = WAIT_READY;
    weft__borrow(future, &loop->transfer.value);
    future->references--;
    return true;
}

/* In debug mode what is below the step's stack is overwritten, so that a local kept across an await is seen
 * to be lost. */
static void overwrite_stack(void) {
    volatile unsigned char below[2048];
    for (size_t i = 0; i < sizeof below; i++)
        below[i] = 0xA5;
}

/* The body has left its function by a return of its own: the task neither waits nor is ready. */
static bool returned_plainly(const weft_loop *loop, const weft_task *task) {
    const weft__handle *handle = &task->future.handle;
    return handle->wait == WAIT_READY && loop->ready_end != &handle->next;
}

static void refuse_plain_return(weft_loop *loop, weft_task *task) {
    weft_frame *frame = loop->frame;
    task->future.u.task.leaf = frame;
    weft__throw_new(frame, loop, WEFT_RUNTIME, "%s left its body without weft_return",
                    weft__type_of(frame)->name);
    weft__push_ready(loop, &task->future.handle);
}

/* A step with the log or debug mode on. */
void weft__run_watched(weft_loop *loop, weft_task *task, weft_frame *frame) {
    uint32_t id = task->future.id;
    weft_error_context about = weft__about_frame(frame, weft__line_of(frame));
    double begin = loop->debug ? weft__now(loop) : 0;
    if (loop->log != NULL)
        weft__log_resume(loop, task, frame);
    if (loop->debug)
        overwrite_stack();
    weft__run_frames(loop, frame);
    if (loop->current != NULL && returned_plainly(loop, task))
        refuse_plain_return(loop, task);
    if (loop->debug) {
        double took = weft__now(loop) - begin;
        if (took >= loop->slow_step) {
            WEFT__LOG(loop, WEFT_LOG_STEP_TOO_LONG, 0, 0, id, 0,
                      weft__log_site(loop, about.function, about.file, about.line), 0,
                      weft__float_bits(took));
            about.task = loop->current; /* NULL if it has ended */
            weft__report(loop, about, "a step of task %u took %.3f s and blocked all others", id, took);
        }
    }
    weft__step_ended(loop, task);
    weft_frame *leaf = loop->current == NULL ? NULL : task->future.u.task.leaf;
    if (loop->log != NULL) {
        weft__log_unawaited(loop, id);
        weft__log_suspend(loop, id, leaf);
    }
}

void weft__task_ended(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future;
    const weft_error *error = loop->error;
    weft__traceback *traceback = loop->traceback;
    loop->error = NULL;
    loop->traceback = NULL;
    loop->current = NULL;
    loop->frame = NULL;
    loop->tasks--;
    if (future->handle.flags & FUTURE_MAIN)
        loop->mains--;
    if (error == NULL && future->handle.flags & FUTURE_MUST_CANCEL) { /* told in its very last step */
        weft__drop_value(loop);
        error = take_reason(future);
    }
    if (error != NULL) {
        weft__finish_error(loop, future, error, traceback);
    } else {
        weft__finish_value(loop, future, &loop->transfer.value);
        loop->transfer.value.kind = WEFT_NONE;
        loop->transfer.value.release = NULL;
    }
    weft__release(loop, future);
}

/* Takes a task out of whatever it waits in. */
static void leave_wait(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future, *target = future->u.task.wait.future;
    switch (future->handle.wait) {
    case WAIT_FUTURE:
        weft__remove_callback(target, &future->handle);
        weft__release(loop, target);
        break;
    case WAIT_QUEUE:
    case WAIT_WOKEN:
    case WAIT_LEFT_HEAD:
        weft__queue_forget(task);
        break;
    case WAIT_GROUP:
        future->u.task.wait.group->waiting = false;
        break;
    case WAIT_SLEEP:
        weft__timer_stale(loop);
        break;
    default:
        break;
    }
}

bool weft__throw_into(weft_loop *loop, weft_task *task, const weft_error *error) {
    weft_future *future = &task->future;
    weft__extra *extra = weft__extra_of(loop, future);
    leave_wait(loop, task);
    future->handle.wait = extra == NULL ? WAIT_CANCELLED : WAIT_THROWN;
    if (extra != NULL) {
        weft_error_release(extra->reason);
        extra->reason = error;
    } else {
        weft_error_release(error);
    }
    weft__push_ready(loop, &future->handle);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_woken(loop, task, WOKEN_BY_ERROR);
    return extra != NULL;
}

/* --- What the program asks --- */

weft_future *weft_task_future(weft_task *task) {
    return task == NULL ? NULL : &task->future;
}

weft_task *weft_current_task(void) {
    return weft__current == NULL ? NULL : weft__current->current;
}

typedef struct collection {
    weft_task **tasks;
    size_t size, count;
} collection;

static bool collect(weft_loop *loop, weft_task *task, void *context) {
    collection *self = context;
    (void)loop;
    if (weft__done(&task->future) || task->future.handle.wait == WAIT_UNSTARTED)
        return true;
    if (self->count < self->size)
        self->tasks[self->count] = task;
    self->count++;
    return true;
}

static int by_id(const void *left, const void *right) {
    uint32_t a = (*(weft_task *const *)left)->future.id, b = (*(weft_task *const *)right)->future.id;
    return (a > b) - (a < b);
}

size_t weft_all_tasks(weft_task **tasks, size_t size) {
    collection all = {tasks, size, 0};
    if (weft__current != NULL)
        weft__each_task(weft__current, collect, &all);
    if (size > 0)
        qsort(tasks, all.count < size ? all.count : size, sizeof *tasks, by_id);
    return all.count;
}

bool weft_task_cancel(weft_task *task, const char *message) {
    return weft_future_cancel(&task->future, message);
}

unsigned weft_task_uncancel(weft_task *task) {
    weft__handle *handle = &task->future.handle;
    if (handle->cancelling > 0 && --handle->cancelling == 0)
        handle->flags &= (uint16_t)~FUTURE_MUST_CANCEL;
    return handle->cancelling;
}

unsigned weft_task_cancelling(const weft_task *task) {
    return task->future.handle.cancelling;
}

bool weft_task_done(const weft_task *task) {
    return weft__done(&task->future);
}

bool weft_task_cancelled(const weft_task *task) {
    return weft_future_cancelled(&task->future);
}

const weft_error *weft_task_error(weft_task *task) {
    return weft_future_error(&task->future);
}

weft_value weft_task_value(weft_task *task) {
    return weft_future_value(&task->future);
}

weft_value weft_task_take(weft_task *task) {
    return weft_future_take(&task->future);
}

uint32_t weft_task_id(const weft_task *task) {
    return task->future.id;
}

const char *weft_task_name(const weft_task *task) {
    static _Thread_local char buffer[24];
    if (task->future.extra != NULL && task->future.extra->name != NULL)
        return task->future.extra->name;
    snprintf(buffer, sizeof buffer, "Task-%u", task->future.id);
    return buffer;
}

bool weft_task_set_name(weft_task *task, const char *name) {
    weft_loop *loop = weft__current;
    if (task->future.handle.flags & FUTURE_STATIC || weft__foreign(&task->future))
        return false;
    char *copy = weft__copy_text(loop, name);
    weft__extra *extra = copy == NULL ? NULL : weft__extra_of(loop, &task->future);
    if (extra == NULL) {
        weft__free_text(loop, copy);
        return false;
    }
    weft__free_text(loop, extra->name);
    extra->name = copy;
    return true;
}

/* Takes a task that will never run again out of what it waits in, and keeps its memory until it is destroyed.
 */
void weft__task_detach(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future;
    leave_wait(loop, task);
    future->handle.wait = WAIT_READY;
    future->handle.flags |= FUTURE_DETACHED;
    future->references++;
}

/* Ends a task that was detached: its frames are dropped, and it counts as cancelled. */
void weft__task_destroy(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future;
    weft__task_unwind(loop, task);
    loop->tasks--;
    if (future->handle.flags & FUTURE_MAIN)
        loop->mains--;
    weft__finish_error(loop, future, &weft_error_cancelled, NULL);
    weft__release(loop, future);
}
