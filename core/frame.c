/* Frames: how a coroutine is made, entered, ended and dropped. */

#include "internal.h"

#include <stdio.h>

static weft_frame *static_step(weft_frame *frame, weft_loop *loop) {
    (void)loop;
    return frame;
}

/* What weft_call returns where it cannot make a coroutine. Awaiting one raises why. */
static weft_frame no_memory = {static_step, NULL, {NULL}, {NULL}, sizeof(weft_frame), FRAME_STATIC};
static weft_frame no_loop = {static_step, NULL, {NULL}, {NULL}, sizeof(weft_frame), FRAME_STATIC};

/* Why weft_call could not make this one. */
const weft_error *weft__not_made(const weft_frame *frame) {
    static const weft_error early = {.code = WEFT_RUNTIME,
                                     .message = "the coroutine was called before there was a loop"};
    return frame == &no_loop ? &early : &weft_error_out_of_memory;
}

/* Runs what stands after weft_drop, and nothing else. */
static void drop(weft_frame *frame, weft_loop *loop) {
    frame->flags |= FRAME_CLOSING;
    frame->b.run.at = WEFT__AT_DROP;
    frame->step(frame, loop);
}

/* A coroutine that is awaited at once, as most are, never gets on the list of those that nobody awaited yet.
 */
static void link_unstarted(weft_loop *loop, weft_frame *frame) {
    frame->caller = NULL;
    frame->a.next = loop->unstarted;
    if (loop->unstarted != NULL)
        loop->unstarted->caller = frame;
    loop->unstarted = frame;
}

#if defined(__GNUC__)
typedef uintptr_t __attribute__((may_alias)) word;

/*
 * Word by word: the initialiser was stored in parts just now, and a processor that loads wider than it stored
 * must wait until the stores have reached the cache.
 */
static void copy_words(void *to, const void *from, size_t size) {
    const volatile word *source = from;
    word *target = to;
    for (size_t i = 0; i < size / sizeof(word); i++)
        target[i] = source[i];
}
#else
static void copy_words(void *to, const void *from, size_t size) {
    memcpy(to, from, size);
}
#endif

/* What it owns is freed at once, and one that raises why takes its place. */
static weft_coroutine *not_made(weft_frame *initialiser, weft_loop *loop) {
    weft_loop nowhere;
    if (loop == NULL)
        memset((void *)&nowhere, 0, sizeof nowhere);
    drop(initialiser, loop == NULL ? &nowhere : loop);
    return (weft_coroutine *)(void *)(loop == NULL ? &no_loop : &no_memory);
}

weft_coroutine *weft__make(weft_frame *initialiser) {
    weft_loop *loop = weft__current;
    weft_frame *frame = loop == NULL ? NULL : weft__new(loop, initialiser->size);
    if (WEFT__UNLIKELY(frame == NULL))
        return not_made(initialiser, loop);
    frame->step = initialiser->step;
    frame->b.called_at = initialiser->b.called_at;
    frame->size = initialiser->size;
    frame->flags = 0;
    copy_words(frame + 1, initialiser + 1, initialiser->size - sizeof *frame);
    if (WEFT__UNLIKELY(loop->newest != NULL))
        link_unstarted(loop, loop->newest);
    loop->newest = frame;
    return (weft_coroutine *)(void *)frame;
}

void weft__unlink_listed(weft_loop *loop, weft_frame *frame) {
    if (frame->a.next != NULL)
        frame->a.next->caller = frame->caller;
    if (frame->caller != NULL)
        frame->caller->a.next = frame->a.next;
    else
        loop->unstarted = frame->a.next;
}

/* The next coroutine that nobody awaited; NULL if there is none. */
weft_frame *weft__next_unstarted(weft_loop *loop) {
    return loop->newest != NULL ? loop->newest : loop->unstarted;
}

void weft__frame_free(weft_loop *loop, weft_frame *frame) {
    size_t size = frame->size;
    frame->flags = FRAME_STARTED | FRAME_FREED;
    weft__delete(loop, frame, size);
    WEFT__UNPOISON(frame, sizeof *frame);
}

void weft__frame_drop(weft_loop *loop, weft_frame *frame) {
    if (frame->flags & FRAME_STARTED)
        weft__scopes_free(loop, frame);
    else
        weft__unlink_unstarted(loop, frame);
    frame->a.scopes = NULL;
    drop(frame, loop);
    weft__scopes_free(loop, frame);
}

void weft__frame_close(weft_loop *loop, weft_frame *frame) {
    if (frame->flags & FRAME_STATIC)
        return;
    weft__frame_drop(loop, frame);
    weft__frame_free(loop, frame);
}

void weft_coroutine_close(weft_coroutine *coroutine) {
    weft_frame *frame = (weft_frame *)(void *)coroutine;
    weft_loop *loop = weft__current;
    if (frame == NULL || frame->flags & (FRAME_STATIC | FRAME_STARTED))
        return;
    weft__frame_close(loop, frame);
}

/* A frame tells what it is when its step is asked to. */
const weft_type *weft__type_of(weft_frame *frame) {
    static const weft__fields no_fields = {NULL};
    static const weft_type unknown = {"(no coroutine)", "", static_step, &no_fields, sizeof(weft_frame), 0};
    if (frame->flags & FRAME_STATIC)
        return &unknown;
    weft_frame copy = *frame;
    struct weft__transfer transfer = {weft__of_pointer(NULL), false};
    copy.b.run.at = WEFT__AT_DESCRIBE;
    frame->step(&copy, (weft_loop *)(void *)&transfer);
    return transfer.value.as.pointer;
}

weft_frame *weft__describe(weft_frame *frame, weft_loop *loop, const weft_type *type) {
    weft__transfer_of(loop)->value = weft__of_pointer(type);
    return frame;
}

const weft_type *weft_coroutine_type(const weft_coroutine *coroutine) {
    union {
        const weft_coroutine *from;
        weft_frame *to;
    } cast = {coroutine};
    return weft__type_of(cast.to);
}

int weft__line_of(const weft_frame *frame) {
    return weft__line_at(frame->b.run.at);
}

/* An await that cannot be: in weft_drop it is only reported, since nobody is there to catch. */
static weft_frame *refuse(weft_frame *frame, weft_loop *loop, uint32_t at, int code, const char *why) {
    if (frame->b.run.at == WEFT__AT_DROP) {
        weft__report(loop, weft__about_frame(frame, weft__line_at(at)), "an await in weft_drop");
        frame->b.run.at = WEFT__AT_END;
        return frame;
    }
    frame->b.run.at = at;
    weft__throw_new(frame, loop, code, "%s", why);
    return frame;
}

static weft_frame *refuse_coroutine(weft_frame *frame, weft_loop *loop, weft_frame *callee, uint32_t at) {
    if (callee == NULL)
        return refuse(frame, loop, at, WEFT_TYPE_MISMATCH, "awaited NULL, which is no coroutine");
    if (callee->flags & FRAME_STATIC && frame->b.run.at != WEFT__AT_DROP) {
        frame->b.run.at = at;
        weft__set_error(loop, weft__not_made(callee), NULL);
        return weft__throw(frame, loop);
    }
    if (callee->flags & FRAME_GENERATOR)
        return refuse(frame, loop, at, WEFT_TYPE_MISMATCH, "awaited a generator: use weft_for_await");
    return refuse(frame, loop, at, WEFT_RUNTIME, "the coroutine was awaited already");
}

weft_frame *weft__await_coroutine(weft_frame *frame, weft_loop *loop, weft_coroutine *coroutine,
                                  uint32_t at) {
    weft_frame *callee = (weft_frame *)(void *)coroutine;
    if (WEFT__UNLIKELY(callee == NULL || callee->flags != 0))
        return refuse_coroutine(frame, loop, callee, at);
    if (WEFT__UNLIKELY(frame->b.run.at == WEFT__AT_DROP))
        return refuse(frame, loop, at, WEFT_RUNTIME, "");
    frame->b.run.at = at;
    weft__begin_frame(loop, callee, frame);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_push(loop, callee);
    return callee;
}

static weft_frame *await_tick_slowly(weft_frame *frame, weft_loop *loop, uint32_t at) {
    if (frame->b.run.at == WEFT__AT_DROP)
        return refuse(frame, loop, at, WEFT_RUNTIME, "");
    weft_task *task = loop->current;
    frame->b.run.at = at;
    task->future.u.task.leaf = frame;
    weft__push_ready(loop, &task->future.handle);
    weft__log_wait(loop, task, WAITS_TICK, 0, 0);
    return NULL;
}

/* The shortest wait there is: one turn for everybody else. */
weft_frame *weft__await_tick(weft_frame *frame, weft_loop *loop, uint32_t at) {
    if (WEFT__UNLIKELY(frame->b.run.at == WEFT__AT_DROP || loop->log != NULL))
        return await_tick_slowly(frame, loop, at);
    weft_task *task = loop->current;
    frame->b.run.at = at;
    task->future.u.task.leaf = frame;
    weft__push_ready(loop, &task->future.handle);
    return NULL;
}

weft_frame *weft__await_sleep(weft_frame *frame, weft_loop *loop, double seconds, uint32_t at) {
    if (WEFT__UNLIKELY(frame->b.run.at == WEFT__AT_DROP))
        return refuse(frame, loop, at, WEFT_RUNTIME, "");
    weft_task *task = loop->current;
    frame->b.run.at = at;
    task->future.u.task.leaf = frame;
    if (seconds != seconds)
        return refuse(frame, loop, at, WEFT_INVALID_ARGUMENT, "a delay that is not a number");
    if (!weft__timer_arm_task(loop, task, weft__now(loop) + seconds)) {
        weft__set_error(loop, &weft_error_out_of_memory, NULL);
        return weft__throw(frame, loop);
    }
    return NULL;
}

/* Whether a task that stands behind `future` in a chain of awaits waits, at last, for `task`. */
static bool closes_cycle(const weft_future *future, const weft_task *task) {
    for (int i = 0; i < 1000 && future != NULL; i++) {
        if (future == &task->future)
            return true;
        if (future->handle.kind != HANDLE_TASK || weft__done(future) || future->handle.wait != WAIT_FUTURE)
            return false;
        future = future->u.task.wait.future;
    }
    return false;
}

static weft_frame *await_done(weft_frame *frame, weft_loop *loop, weft_future *future) {
    if (future->handle.state == STATE_VALUE) {
        weft__borrow(future, &loop->transfer.value);
        return frame;
    }
    weft__set_error_of(loop, future);
    return weft__throw(frame, loop);
}

weft_frame *weft__await_future(weft_frame *frame, weft_loop *loop, weft_future *future, uint32_t at) {
    if (WEFT__UNLIKELY(future == NULL || frame->b.run.at == WEFT__AT_DROP))
        return refuse(frame, loop, at, WEFT_TYPE_MISMATCH, "awaited NULL, which is no task and no future");
    weft_task *task = loop->current;
    frame->b.run.at = at;
    if (weft__done(future))
        return await_done(frame, loop, future);
    if (WEFT__UNLIKELY(future->handle.loop != loop->tag))
        return refuse(frame, loop, at, WEFT_RUNTIME, "the future belongs to another loop");
    if (WEFT__UNLIKELY(future->handle.kind == HANDLE_TASK &&
                       (future == &task->future || future->handle.wait == WAIT_FUTURE) &&
                       closes_cycle(future, task)))
        return refuse(frame, loop, at, WEFT_RUNTIME,
                      future == &task->future ? "a task cannot await itself"
                                              : "a cycle: the awaited task waits for this one");
    future->references++;
    task->future.u.task.leaf = frame;
    task->future.u.task.wait.future = future;
    task->future.handle.wait = WAIT_FUTURE;
    weft__wait_in(future, &task->future.handle);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_wait_future(loop, task, future);
    return NULL;
}

weft_frame *weft__await_task(weft_frame *frame, weft_loop *loop, weft_task *task, uint32_t at) {
    return weft__await_future(frame, loop, (weft_future *)(void *)task, at);
}

weft_frame *weft__refuse_operation(weft_frame *frame, weft_loop *loop, uint32_t at) {
    return refuse(frame, loop, at, WEFT_TYPE_MISMATCH, "awaited an operation on NULL");
}

/* An operation as a coroutine, for gather and the like. */
struct operation {
    weft_frame frame;
    weft_op op;
    weft_value value;
};

/* What is to be sent moves. */
static weft_op hand_over(weft_op *op) {
    weft_op given = *op;
    op->value = weft__of_none();
    return given;
}

static weft_async(operation) {
    weft_begin(operation);
    if (self->op.kind == WEFT__OP_SLEEP)
        weft_await(weft_sleep(self->op.seconds));
    else
        weft_await_to(self->value, hand_over(&self->op));
    weft_return(self->value);
    weft_drop();
    weft_value_free(&self->op.value);
    weft_end();
}

weft_coroutine *weft__wrap(weft_op op) {
    return weft_call(operation, .op = op);
}

/* The label to resume at is none of the body's: an await stands inside a switch of the program's own. */
static weft_frame *lost_label(weft_frame *frame, weft_loop *loop) {
    weft__throw_new(frame, loop, WEFT_RUNTIME, "an await inside a switch statement cannot be resumed");
    return frame;
}

weft_frame *weft__finish(weft_frame *frame, weft_loop *loop) {
    uint32_t at = frame->b.run.at;
    if (WEFT__UNLIKELY(at != WEFT__AT_DROP && at != WEFT__AT_END))
        return lost_label(frame, loop);
    if (WEFT__UNLIKELY(frame->flags & (FRAME_CLOSING | FRAME_GENERATOR)))
        return frame->flags & FRAME_CLOSING ? NULL : weft__generator_ended(frame, loop);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_pop(loop, frame);
    if (frame->a.scopes != NULL)
        weft__scopes_free(loop, frame);
    weft_frame *caller = frame->caller;
    if (caller != NULL) {
        weft__frame_free(loop, frame);
        if (WEFT__UNLIKELY(loop->error != NULL))
            weft__throw(caller, loop);
        return caller;
    }
    if (WEFT__UNLIKELY(loop->current->future.handle.flags & FUTURE_MAIN)) {
        frame->a.next = loop->retired;
        loop->retired = frame;
    } else {
        weft__frame_free(loop, frame);
    }
    weft__task_ended(loop, loop->current);
    return NULL;
}

weft_frame *weft__stray_break(weft_frame *frame, weft_loop *loop, int line) {
    if (frame->b.run.at != WEFT__AT_DROP)
        weft__throw_new(frame, loop, WEFT_RUNTIME, "a break outside of any loop, before line %d", line);
    else
        frame->b.run.at = WEFT__AT_END;
    return frame;
}

void weft__task_unwind(weft_loop *loop, weft_task *task) {
    for (weft_frame *frame = task->future.u.task.leaf, *caller; frame != NULL; frame = caller) {
        caller = frame->caller;
        if (!(frame->flags & FRAME_GENERATOR)) {
            weft__frame_close(loop, frame);
            continue;
        }
        frame->flags &= ~(uint32_t)FRAME_RUNNING;
        if (frame->flags & FRAME_LEFT) /* else its owner drops it */
            weft__generator_free(loop, frame);
    }
    task->future.u.task.leaf = NULL;
}
