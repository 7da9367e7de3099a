#ifndef WEFT_CORE_FUTURE_H
#define WEFT_CORE_FUTURE_H

/* Futures, of which tasks, gathers and shields are kinds. */

#include <string.h>

#include "handle.h"
#include "loop.h"
#include "report.h"

typedef struct weft__gathering weft__gathering;

/* What few tasks have. */
typedef struct weft__extra {
    char *name;
    const weft_error *reason; /* why it is cancelled, or what is thrown into it; counted */
    weft__gathering *gather;  /* of a gather */
    weft_future *inner;       /* of a shield; counted once it is done with a value, valid before */
    uint32_t graph;           /* the last call graph that told of this gather or shield */
    weft_context *context;    /* its variables; counted */
    const char *created_at;   /* known in debug mode */
} weft__extra;

struct weft_future {
    weft__handle handle;
    weft__handle *callbacks; /* last of a circle in order of arrival; NULL: none */
    weft_future *previous;   /* in a wait queue; of a gather on the stack of a cancellation; of a task that
                                sleeps a guess at its timer's place */
    weft__extra *extra;
    union {
        struct { /* a task that is not done */
            weft_frame *leaf;
            union {
                weft_future *future;     /* counted */
                weft__wait_queue *queue; /* NULL: woken by one that is not told of it */
                weft_group *group;
                uint32_t timer; /* sequence number of its entry in the heap */
            } wait;
        } task;
        struct {
            union {
                int64_t integer;
                double real;
                const char *string;
                void *pointer;
                const weft_error *error;
            } as;
            void (*release)(void *);
        } value;
        struct {
            const weft_error *error; /* counted */
            weft__traceback *traceback;
        } failed;
    } u;
    uint32_t id;
    uint32_t references;
};

struct weft_task {
    weft_future future;
};

weft_future *weft__keep(weft_loop *loop, weft_future *future); /* holds it; never NULL */
/* One reference, the caller's; or NULL. */
weft_future *weft__future_new(weft_loop *loop, enum weft__handle_kind kind);
/* Takes the error; held; never NULL. */
weft_future *weft__future_failed(weft_loop *loop, const weft_error *error);
extern weft_future weft__out_of_memory_future;
extern weft_future weft__no_loop_future; /* in a thread without a loop */
/* What stands for a future that cannot be made. */
static inline weft_future *weft__not_there(const weft_loop *loop) {
    return loop == NULL ? &weft__no_loop_future : &weft__out_of_memory_future;
}
bool weft__finish_value(weft_loop *loop, weft_future *future, const weft_value *value);
bool weft__finish_error(weft_loop *loop, weft_future *future, const weft_error *error,
                        weft__traceback *traceback);
void weft__future_free(weft_loop *loop, weft_future *future);
static inline void weft__release(weft_loop *loop, weft_future *future) {
    if (!(future->handle.flags & FUTURE_STATIC) && --future->references == 0)
        weft__future_free(loop, future);
}
void weft__wait_in(weft_future *future, weft__handle *handle); /* appends to its callbacks */
bool weft__remove_callback(weft_future *future, weft__handle *handle);
bool weft__cancel(weft_loop *loop, weft_future *future, const weft_error *reason);
const weft_error *weft__cancel_reason(const char *message); /* counted */
void weft__cancel_at_wait(weft_loop *loop, weft_task *task);
void weft__attach_callback(weft_loop *loop, weft_future *future, weft__callback *callback);
/* For the core's own references. NULL is allowed. */
static inline weft_future *weft__retain(weft_future *future) {
    if (future != NULL && !(future->handle.flags & FUTURE_STATIC))
        future->references++;
    return future;
}
static inline bool weft__done(const weft_future *future) {
    return future->handle.state != STATE_PENDING;
}
static inline void weft__borrow(const weft_future *future, weft_value *value) {
    memcpy(&value->as, &future->u.value.as, sizeof value->as);
    value->release = NULL;
    value->kind = future->handle.wait;
}
static inline weft_value weft__borrowed(const weft_future *future) {
    weft_value value;
    weft__borrow(future, &value);
    return value;
}

static inline void weft__future_init(weft_loop *loop, weft_future *future, enum weft__handle_kind kind) {
    *future = (weft_future){
        .handle = {.kind = (uint8_t)kind, .loop = loop->tag}, .id = ++loop->last_id, .references = 1};
}

/* Another loop's, and not to be touched. */
static inline bool weft__foreign(const weft_future *future) {
    return !(future->handle.flags & FUTURE_STATIC) && !weft__is_of(weft__current, future->handle.loop);
}

#endif
