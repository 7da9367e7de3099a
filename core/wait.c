/* Wait: until enough of many are done. What is done already counts by its callback, too, one tick later. */

#include "watch.h"

struct wait {
    weft_frame frame;
    void *array;
    size_t count;
    double seconds;
    weft_wait_until until;
    size_t left; /* that are not done, as far as their callbacks have told */
    weft__watch *watch;
    weft_future *enough;
    weft__timer *timer; /* NULL: no limit */
};

static void finish(weft_loop *loop, struct wait *self) {
    weft_value none = weft__of_none();
    if (self->timer != NULL)
        weft__timer_disarm(loop, self->timer);
    weft__finish_value(loop, self->enough, &none);
}

static void one_done(weft_loop *loop, void *owner, weft_future *future) {
    struct wait *self = owner;
    self->left--;
    if (self->left == 0 || self->until == WEFT_FIRST_COMPLETED ||
        (self->until == WEFT_FIRST_ERROR && future->handle.state == STATE_ERROR))
        finish(loop, self);
}

static void expire(weft__callback *callback, weft_loop *loop) {
    finish(loop, callback->owner);
}

/* The array is one of pointers to either type, so its elements are moved as bytes. */
static weft_future *element(const struct wait *self, size_t i) {
    weft_future *future;
    memcpy((void *)&future, (const char *)self->array + i * sizeof future, sizeof future);
    return future;
}

static void set_element(struct wait *self, size_t i, weft_future *future) {
    memcpy((char *)self->array + i * sizeof future, (const void *)&future, sizeof future);
}

static const weft_error *refusal(const weft_loop *loop, const struct wait *self) {
    static const weft_error nothing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "there is nothing to wait for"},
                            not_a_number = {.code = WEFT_INVALID_ARGUMENT,
                                            .message = "a time that is not a number"},
                            unknown = {.code = WEFT_INVALID_ARGUMENT, .message = "an unknown way to wait"},
                            null = {.code = WEFT_TYPE_MISMATCH,
                                    .message = "waited for NULL, which is no task"},
                            foreign = {.code = WEFT_RUNTIME, .message = "the future belongs to another loop"};
    if (self->array == NULL || self->count == 0)
        return &nothing;
    if (self->seconds != self->seconds)
        return &not_a_number;
    if (self->until > WEFT_FIRST_ERROR)
        return &unknown;
    for (size_t i = 0; i < self->count; i++) {
        const weft_future *future = element(self, i);
        if (future == NULL)
            return &null;
        if (future->handle.loop != loop->tag && !(future->handle.flags & FUTURE_STATIC))
            return &foreign;
    }
    return NULL;
}

/* Returns why it cannot, or NULL. What was made is taken back at the end in any case. */
static const weft_error *begin(weft_loop *loop, struct wait *self) {
    const weft_error *error = refusal(loop, self);
    if (error != NULL)
        return error;
    if ((self->enough = weft__future_new(loop, HANDLE_FUTURE)) == NULL ||
        (self->watch = weft__watch_new(loop, self->count, one_done, self)) == NULL)
        return &weft_error_out_of_memory;
    if (self->seconds < INFINITY && ((self->timer = weft__timer_new(loop, expire, self)) == NULL ||
                                     !weft__timer_arm(loop, self->timer, weft__now(loop) + self->seconds)))
        return &weft_error_out_of_memory;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_object(loop, self->enough->id, OBJECT_FUTURE, 0);
    for (size_t i = 0; i < self->count; i++)
        self->watch->futures[self->watch->count++] = weft__retain(element(self, i));
    self->left = weft__watch_start(loop, self->watch, self->enough);
    return NULL;
}

static size_t put_done_first(struct wait *self) {
    size_t done = 0, end = 0;
    for (size_t i = 0; i < self->count; i++)
        if (weft__done(self->watch->futures[i]))
            set_element(self, done++, self->watch->futures[i]);
    for (size_t i = 0; i < self->count; i++)
        if (!weft__done(self->watch->futures[i]))
            set_element(self, done + end++, self->watch->futures[i]);
    return done;
}

static void end(weft_loop *loop, struct wait *self) {
    if (self->timer != NULL) {
        weft__timer_disarm(loop, self->timer);
        weft__timer_release(loop, self->timer);
    }
    if (self->watch != NULL)
        weft__watch_end(loop, self->watch);
    if (self->enough != NULL)
        weft__release(loop, self->enough);
}

static weft_async(wait) {
    weft_begin(wait);
    {
        const weft_error *error = begin(weft__loop, self);
        if (error != NULL)
            weft_raise_error(error);
    }
    weft_await(self->enough);
    weft_return(put_done_first(self));
    weft_drop();
    end(weft__current, self);
    weft_end();
}

const weft__watch *weft__watch_of_wait(const weft_frame *leaf) {
    return leaf->step == wait_weft_step ? ((const struct wait *)(const void *)leaf)->watch : NULL;
}

weft_coroutine *weft_wait_array(void *array, size_t count, weft_wait_until until, double seconds) {
    return weft_call(wait, .array = array, .count = count, .until = until, .seconds = seconds);
}
