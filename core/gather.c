/* Gather: many results as one. */

#include "internal.h"

struct weft__gathering {
    _Alignas(weft_values) size_t size; /* of this block, bytes; the values follow it */
    uint32_t count, unique, finished;
    bool return_errors;
    bool reached;              /* a cancellation under way has found something to cancel */
    uint32_t cancelled;        /* children that a cancellation under way has passed */
    uint32_t settled;          /* the first children, of whom none can be cancelled ever again */
    weft_future *around;       /* the gather on whose behalf this one is searched */
    weft__callback *callbacks; /* one a child */
    weft_future **children;    /* counted once they are done; one that was given twice is there twice */
    weft_values *values;
};

static weft__gathering *gathering_new(weft_loop *loop, size_t count, bool return_errors) {
    size_t values = sizeof(weft_values) + count * sizeof(weft_value);
    size_t size = sizeof(weft__gathering) + values + count * (sizeof(weft__callback) + sizeof(weft_future *));
    weft__gathering *self = weft__large_new(loop, size);
    if (self == NULL)
        return NULL;
    memset((void *)self, 0, size);
    self->size = size;
    self->count = (uint32_t)count;
    self->return_errors = return_errors;
    self->values = (weft_values *)(void *)(self + 1);
    self->callbacks = (weft__callback *)(void *)((char *)self->values + values);
    self->children = (weft_future **)(void *)(self->callbacks + count);
    return self;
}

static void free_gathering(weft_loop *loop, weft__gathering *self) {
    bool started = self->unique > 0;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->children[i] != NULL && (!started || weft__done(self->children[i])))
            weft__release(loop, self->children[i]);
    weft__large_delete(loop, self, self->size);
}

void weft__gather_free(weft_loop *loop, weft_future *gather) {
    if (gather->extra != NULL && gather->extra->gather != NULL)
        free_gathering(loop, gather->extra->gather);
}

static weft__gathering *gathering_of(const weft_future *gather) {
    return gather->extra->gather;
}

/* --- Results --- */

/* A child's cancellation is an error of the gather, which itself was not cancelled. */
static void fail(weft_loop *loop, weft_future *gather, const weft_error *error, weft__traceback *traceback) {
    weft__finish_error(loop, gather, weft_error_retain(error), traceback);
    gather->handle.state = STATE_ERROR;
}

/* It was cancelled, and its last child has the word: the error is that one's, if it was cancelled, too. */
static void fail_cancelled(weft_loop *loop, weft_future *gather) {
    weft__gathering *self = gathering_of(gather);
    weft_future *last = self->children[self->count - 1];
    fail(loop, gather, weft_future_cancelled(last) ? weft_future_error(last) : &weft_error_cancelled, NULL);
}

static void succeed(weft_loop *loop, weft_future *gather) {
    weft__gathering *self = gathering_of(gather);
    weft_value all = weft__of_pointer(self->values);
    self->values->count = self->count;
    for (uint32_t i = 0; i < self->count; i++) {
        weft_value value = weft_future_value(self->children[i]);
        value.release = NULL;
        self->values->items[i] = value;
    }
    if (gather->handle.flags & FUTURE_CANCEL_REQUESTED)
        fail_cancelled(loop, gather);
    else
        weft__finish_value(loop, gather, &all);
}

static void child_done(weft_loop *loop, weft_future *gather, weft_future *child) {
    weft__gathering *self = gathering_of(gather);
    bool failed = child->handle.state != STATE_VALUE;
    self->finished++;
    if (weft__done(gather)) {
        if (failed)
            weft_future_error(child); /* nobody else will */
        return;
    }
    if (failed && !self->return_errors)
        fail(loop, gather, weft_future_error(child), weft__traceback_copy(loop, child->u.failed.traceback));
    else if (self->finished == self->unique)
        succeed(loop, gather);
}

/* The places of the child that a callback belongs to: kept from now on, or, if it is gone, forgotten. */
static void settle_places(weft__gathering *self, const weft__callback *callback) {
    uint32_t own = (uint32_t)(callback - self->callbacks);
    weft_future *child = self->children[own];
    for (uint32_t i = own; i < (self->unique == self->count ? own + 1 : self->count); i++)
        if (self->children[i] == child)
            self->children[i] = weft__retain(callback->future);
}

/* While a child is pending it does not belong to the gather, whose callback belongs to it: else two that
 * nobody else knows would keep each other. */
static void run_child_done(weft__callback *callback, weft_loop *loop) {
    weft_future *gather = callback->owner, *child = callback->future;
    settle_places(gathering_of(gather), callback);
    if (child != NULL) {
        child_done(loop, gather, child);
        weft__release(loop, child);
    }
    weft__release(loop, gather);
}

/* --- Cancellation --- */

/*
 * Whether there is anything to cancel: a child that is pending and, if it is a gather, has such a child
 * itself. What has none will never have one, so nothing is searched twice.
 */
bool weft__gather_live(weft_future *gather) {
    gathering_of(gather)->around = NULL;
    while (gather != NULL) {
        weft__gathering *self = gathering_of(gather);
        weft_future *child = self->settled < self->count ? self->children[self->settled] : NULL;
        if (self->settled == self->count) {
            gather = self->around;
        } else if (child == NULL || weft__done(child)) {
            self->settled++;
        } else if (child->handle.kind != HANDLE_GATHER) {
            return true;
        } else if (gathering_of(child)->settled == gathering_of(child)->count) {
            self->settled++;
        } else {
            gathering_of(child)->around = gather;
            gather = child;
        }
    }
    return false;
}

/* Puts it on the stack of those whose children are being cancelled, unless it is there. */
void weft__gather_cancel(weft_future *gather, weft_future **stack) {
    weft__gathering *self = gathering_of(gather);
    if (gather->handle.flags & FUTURE_LISTED)
        return;
    gather->handle.flags |= FUTURE_LISTED;
    self->cancelled = 0;
    self->reached = false;
    gather->previous = *stack;
    *stack = gather;
}

/* Takes the gather on top from the stack. It was cancelled if one of its children was. */
static void leave_stack(weft_future **stack) {
    weft_future *gather = *stack;
    *stack = gather->previous;
    gather->handle.flags &= (uint16_t)~FUTURE_LISTED;
    if (!gathering_of(gather)->reached)
        return;
    gather->handle.flags |= FUTURE_CANCEL_REQUESTED;
    if (*stack != NULL)
        gathering_of(*stack)->reached = true;
}

/* The next child to cancel of the gather on top; those that have no more leave the stack. NULL: it is empty.
 */
weft_future *weft__gather_next(weft_future **stack) {
    for (; *stack != NULL; leave_stack(stack)) {
        weft__gathering *self = gathering_of(*stack);
        while (self->cancelled < self->count) {
            weft_future *child = self->children[self->cancelled++];
            if (child == NULL || weft__done(child))
                continue;
            self->reached |= child->handle.kind != HANDLE_GATHER;
            return child;
        }
    }
    return NULL;
}

/* The next child that is not done; each is given once. */
weft_future *weft__gather_next_child(const weft_future *gather, uint32_t *at) {
    const weft__gathering *self = gathering_of(gather);
    while (*at < self->count) {
        uint32_t i = (*at)++;
        if (self->callbacks[i].owner != NULL && self->children[i] != NULL && !weft__done(self->children[i]))
            return self->children[i];
    }
    return NULL;
}

/* --- Creation --- */

static weft_future *seen_before(weft__gathering *self, const weft_awaitable *awaitables, uint32_t i) {
    for (uint32_t k = 0; k < i; k++)
        if (awaitables[k].coroutine == awaitables[i].coroutine &&
            awaitables[k].future == awaitables[i].future)
            return self->children[k];
    return NULL;
}

/* Makes a child of each awaitable, tasks not scheduled yet. Returns why it cannot, or NULL. */
static const weft_error *collect(weft_loop *loop, weft__gathering *self, const weft_awaitable *awaitables) {
    for (uint32_t i = 0; i < self->count; i++) {
        weft_frame *frame = (weft_frame *)(void *)awaitables[i].coroutine;
        weft_future *future = awaitables[i].future;
        const weft_error *error = NULL;
        if (future != NULL && future->handle.loop != loop->tag && !(future->handle.flags & FUTURE_STATIC))
            return weft_error_new(WEFT_RUNTIME, "the future belongs to another loop");
        bool again = future != NULL ? future->handle.flags & FUTURE_LISTED
                                    : frame != NULL && frame->flags & FRAME_SEEN;
        if (again)
            future = weft__retain(seen_before(self, awaitables, i));
        else if (future != NULL)
            weft__retain(future);
        else
            future = (weft_future *)(void *)weft__task_make(loop, awaitables[i].coroutine, NULL, &error);
        if (future == NULL)
            return error;
        self->children[i] = future;
        if (!(future->handle.flags & FUTURE_STATIC))
            future->handle.flags |= FUTURE_LISTED;
        if (frame != NULL)
            frame->flags |= FRAME_SEEN;
    }
    return NULL;
}

/* Takes the marks of collect away; returns whether child `i` is the first of its kind. */
static bool unmark(const weft_awaitable *awaitables, weft_future *child, uint32_t i) {
    bool first = child->handle.flags & (FUTURE_LISTED | FUTURE_STATIC);
    if (child->handle.flags & FUTURE_LISTED)
        child->handle.flags &= (uint16_t)~FUTURE_LISTED;
    if (first && awaitables[i].coroutine != NULL)
        ((weft_frame *)(void *)awaitables[i].coroutine)->flags &= ~(uint32_t)FRAME_SEEN;
    return first;
}

/* Nothing of it has run: the coroutines are closed, those that were not looked at, too. */
static void give_up(weft_loop *loop, weft__gathering *self, const weft_awaitable *awaitables) {
    for (uint32_t i = 0; i < self->count; i++) {
        weft_future *child = self->children[i];
        if (child == NULL) {
            weft_coroutine_close(awaitables[i].coroutine);
        } else if (unmark(awaitables, child, i) && awaitables[i].coroutine != NULL) {
            weft__frame_close(loop, child->u.task.leaf);
            child->handle.state = STATE_VALUE;
        }
    }
    free_gathering(loop, self);
}

static void close_all(size_t count, const weft_awaitable *awaitables) {
    for (size_t i = 0; i < count; i++)
        weft_coroutine_close(awaitables[i].coroutine);
}

/* The future with its gathering; NULL without memory. */
static weft_future *gather_new(weft_loop *loop, size_t count, bool return_errors) {
    weft_future *gather = count > UINT32_MAX ? NULL : weft__future_new(loop, HANDLE_GATHER);
    if (gather == NULL)
        return NULL;
    weft__extra *extra = weft__extra_of(loop, gather);
    if (extra != NULL)
        extra->gather = gathering_new(loop, count, return_errors);
    if (extra != NULL && extra->gather != NULL && weft__hold(loop, gather))
        return gather;
    gather->handle.state = STATE_VALUE;
    weft__release(loop, gather);
    return NULL;
}

/* Starts child `i`, if it is a coroutine's, and waits for it unless it is done. */
static inline void start_child(weft_loop *loop, weft_future *gather, const weft_awaitable *awaitables,
                               uint32_t i) {
    weft__gathering *self = gathering_of(gather);
    weft_future *child = self->children[i];
    self->unique++;
    self->callbacks[i].owner = gather;
    if (awaitables[i].coroutine != NULL)
        weft__task_start(loop, (weft_task *)(void *)child, false);
    if (weft__done(child))
        return;
    weft__callback_init(&self->callbacks[i], 0, run_child_done, gather);
    self->callbacks[i].handle.wait = CALLBACK_OF_FUTURE;
    weft__retain(gather);
    weft__attach_callback(loop, child, &self->callbacks[i]);
    if (loop->current != NULL)
        WEFT__LOG(loop, WEFT_LOG_AWAITED_BY, 0, 0, child->id, loop->current->future.id, 0, gather->id, 0);
}

static void start_children(weft_loop *loop, weft_future *gather, const weft_awaitable *awaitables) {
    weft__gathering *self = gathering_of(gather);
    for (uint32_t i = 0; i < self->count; i++)
        if (unmark(awaitables, self->children[i], i))
            start_child(loop, gather, awaitables, i);
}

/* What starts eagerly may gather, too: it runs when no child has its mark any more. */
static void start_eagerly(weft_loop *loop, weft_future *gather, const weft_awaitable *awaitables) {
    weft__gathering *self = gathering_of(gather);
    for (uint32_t i = 0; i < self->count; i++)
        if (unmark(awaitables, self->children[i], i)) {
            self->callbacks[i].owner = gather;
            if (awaitables[i].coroutine != NULL)
                self->children[i]->handle.wait = WAIT_UNSTARTED;
        }
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->callbacks[i].owner == NULL)
            continue;
        if (awaitables[i].coroutine != NULL)
            self->children[i]->handle.wait = WAIT_READY;
        start_child(loop, gather, awaitables, i);
    }
}

/* Whether the gather waits for the child in place `i`, although an eager start of a later one has ended it.
 */
static bool is_awaited(const weft__gathering *self, uint32_t i) {
    uint32_t first = i;
    if (self->callbacks[i].owner == NULL) /* it is there twice */
        for (first = 0; self->children[first] != self->children[i]; first++) {
        }
    return self->callbacks[first].run != NULL;
}

/* Lets go of the children that it waits for, and counts those that were done already. */
static void count_done(weft_loop *loop, weft_future *gather, bool eager) {
    weft__gathering *self = gathering_of(gather);
    for (uint32_t i = 0; i < self->count; i++) {
        weft_future *child = self->children[i];
        if (child != NULL && (!weft__done(child) || (eager && is_awaited(self, i))))
            weft__release(loop, child);
        else if (child != NULL && self->callbacks[i].owner != NULL)
            child_done(loop, gather, child);
    }
    if (self->count == 0)
        succeed(loop, gather);
}

weft_future *weft_gather_array(size_t count, const weft_awaitable *awaitables, bool return_errors) {
    weft_loop *loop = weft__current;
    weft_future *gather = loop == NULL ? NULL : gather_new(loop, count, return_errors);
    if (gather == NULL) {
        close_all(count, awaitables);
        return weft__not_there(loop);
    }
    const weft_error *error = collect(loop, gathering_of(gather), awaitables);
    if (error != NULL) {
        give_up(loop, gathering_of(gather), awaitables);
        gather->extra->gather = NULL;
        weft__finish_error(loop, gather, error, NULL);
        return gather;
    }
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_object(loop, gather->id, OBJECT_GATHER, (uint32_t)count);
    bool eager = loop->eager;
    if (eager)
        start_eagerly(loop, gather, awaitables);
    else
        start_children(loop, gather, awaitables);
    count_done(loop, gather, eager);
    return gather;
}
