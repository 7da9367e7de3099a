/*
 * As completed: a queue that the callbacks of all put the futures into when they end, and the timeout nothing
 * for each that has not. Who asks for a result gets the next of the queue.
 */

#include "watch.h"

struct weft__completion {
    weft_queue done;
    weft__watch *watch;
    weft__timer *timer; /* NULL: no limit */
    size_t coming;      /* that the queue will yet be given */
    size_t left;        /* that nobody has asked for */
    uint32_t references;
};

typedef struct weft__completion results;

/* --- What comes --- */

/* The queue has room for all. */
static void one_done(weft_loop *loop, void *owner, weft_future *future) {
    results *self = owner;
    if (self->coming == 0)
        return; /* too late */
    weft_queue_put_nowait(&self->done, future);
    if (--self->coming == 0 && self->timer != NULL)
        weft__timer_disarm(loop, self->timer);
}

static void expire(weft__callback *callback, weft_loop *loop) {
    results *self = callback->owner;
    (void)loop;
    for (; self->coming > 0; self->coming--)
        weft_queue_put_nowait(&self->done, weft_none());
}

/* --- Life --- */

static void release(weft_loop *loop, results *self) {
    if (self == NULL || --self->references > 0)
        return;
    if (self->timer != NULL) {
        weft__timer_disarm(loop, self->timer);
        weft__timer_release(loop, self->timer);
    }
    if (self->watch != NULL)
        weft__watch_end(loop, self->watch);
    weft_queue_free(&self->done);
    weft__delete(loop, self, sizeof *self);
}

/* With the memory for all that it will be told; or NULL. */
static results *results_new(weft_loop *loop, size_t count, double seconds) {
    results *self = weft__new(loop, sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (results){.references = 1};
    weft_queue_init(&self->done, count);
    self->watch = weft__watch_new(loop, count, one_done, self);
    if (self->watch != NULL && weft__items_reserve(&self->done, count) &&
        (seconds == INFINITY || count == 0 || (self->timer = weft__timer_new(loop, expire, self)) != NULL))
        return self;
    release(loop, self);
    return NULL;
}

/* A mark tells a coroutine that is given again. One that was used already is refused later, and not touched.
 */
static bool mark(weft_awaitable given) {
    weft_frame *frame = (weft_frame *)(void *)given.coroutine;
    bool again = frame != NULL && frame->flags == FRAME_SEEN;
    if (frame != NULL && frame->flags == 0)
        frame->flags = FRAME_SEEN;
    return again;
}

static weft_future *future_of(weft_loop *loop, weft_awaitable given) {
    weft_frame *frame = (weft_frame *)(void *)given.coroutine;
    if (frame != NULL && frame->flags == FRAME_SEEN)
        frame->flags = 0;
    if (given.future != NULL && given.future->handle.loop != loop->tag &&
        !(given.future->handle.flags & FUTURE_STATIC))
        return weft__future_failed(loop, weft_error_new(WEFT_RUNTIME, "the future belongs to another loop"));
    return weft_ensure_future_of(given);
}

static void make_futures(weft_loop *loop, weft__watch *watch, size_t count,
                         const weft_awaitable *awaitables) {
    for (size_t i = 0; i < count; i++)
        watch->futures[i] = mark(awaitables[i]) ? NULL : &weft__out_of_memory_future;
    for (size_t i = 0; i < count; i++)
        if (watch->futures[i] != NULL)
            watch->futures[watch->count++] = weft__retain(future_of(loop, awaitables[i]));
}

static const weft_error *start(results **all, size_t count, const weft_awaitable *awaitables,
                               double seconds) {
    static const weft_error not_a_number = {.code = WEFT_INVALID_ARGUMENT,
                                            .message = "a time that is not a number"};
    weft_loop *loop = weft__current;
    bool is_number = seconds == seconds;
    results *self = *all = loop == NULL || !is_number ? NULL : results_new(loop, count, seconds);
    if (self == NULL) {
        for (size_t i = 0; i < count; i++)
            weft_coroutine_close(awaitables[i].coroutine);
        return is_number ? &weft_error_out_of_memory : &not_a_number;
    }
    make_futures(loop, self->watch, count, awaitables);
    self->coming = self->left = weft__watch_start(loop, self->watch, NULL);
    if (self->timer == NULL || weft__timer_arm(loop, self->timer, weft__now(loop) + seconds))
        return NULL;
    release(loop, self); /* the tasks run on */
    *all = NULL;
    return &weft_error_out_of_memory;
}

/* --- Iterating --- */

/* The next result is the caller's to wait for. */
static bool claim(results *all) {
    bool any = all->left > 0;
    all->left -= any;
    return any;
}

struct as_completed {
    weft_frame frame;
    results *all;
    const weft_error *error;
    weft_future *future;
};

static weft_async(as_completed) {
    weft_begin(as_completed);
    if (self->error != NULL)
        weft_raise_error(self->error);
    while (self->all != NULL && claim(self->all)) {
        weft_await_to(self->future, weft_queue_get(&self->all->done));
        if (self->future == NULL)
            weft_raise_error(&weft_error_timed_out);
        weft_yield(self->future);
    }
    weft_drop();
    release(weft__current, self->all);
    weft_end();
}

weft_coroutine *weft_as_completed_array(size_t count, const weft_awaitable *awaitables, double seconds) {
    results *all;
    const weft_error *error = start(&all, count, awaitables, seconds);
    return weft_call(as_completed, .all = all, .error = error);
}

weft_coroutine *weft__as_completed(size_t count, const weft_awaitable *awaitables) {
    return weft_as_completed_array(count, awaitables, INFINITY);
}

/* --- One by one --- */

void weft_completion_init_array(weft_completion *completion, size_t count, const weft_awaitable *awaitables,
                                double seconds) {
    completion->error = start(&completion->all, count, awaitables, seconds);
}

void weft__completion_init(weft_completion *completion, size_t count, const weft_awaitable *awaitables) {
    weft_completion_init_array(completion, count, awaitables, INFINITY);
}

void weft_completion_free(weft_completion *completion) {
    release(weft__current, completion->all);
    *completion = (weft_completion){NULL, NULL};
}

size_t weft_completion_left(const weft_completion *completion) {
    return completion->all != NULL ? completion->all->left : completion->error != NULL;
}

static const weft_error *take_error(weft_completion *completion) {
    const weft_error *error = completion->error;
    completion->error = NULL;
    return error;
}

static results *retain(results *all) {
    if (all != NULL)
        all->references++;
    return all;
}

weft_coroutine *weft_completion_iterate(weft_completion *completion) {
    return weft_call(as_completed, .all = retain(completion->all), .error = take_error(completion));
}

struct next_completed {
    weft_frame frame;
    results *all;
    const weft_error *error;
    weft_future *future;
    weft_value value;
};

static weft_async(next_completed) {
    weft_begin(next_completed);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_await_to(self->future, weft_queue_get(&self->all->done));
    if (self->future == NULL)
        weft_raise_error(&weft_error_timed_out);
    weft_await_to(self->value, self->future);
    weft_return(self->value);
    weft_drop();
    release(weft__current, self->all);
    weft_end();
}

weft_coroutine *weft_completion_next(weft_completion *completion) {
    static const weft_error stop = {.code = WEFT_STOP_ITERATION, .message = ""};
    const weft_error *error = take_error(completion);
    if (error == NULL && (completion->all == NULL || !claim(completion->all)))
        error = &stop;
    return weft_call(next_completed, .all = retain(completion->all), .error = error);
}
