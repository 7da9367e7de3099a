#ifndef WEFT_CORE_HANDLE_H
#define WEFT_CORE_HANDLE_H

/* What the ready queue holds: handles, and callbacks on their way. */

#include <weft/weft.h>

enum weft__handle_kind {
    HANDLE_TASK,
    HANDLE_CALLBACK,
    HANDLE_FUTURE,
    HANDLE_GATHER,
    HANDLE_SHIELD,
    HANDLE_FREE
};

enum weft__state { STATE_PENDING, STATE_VALUE, STATE_ERROR, STATE_CANCELLED };

/* Why a task does not run. From WAIT_SLEEP on something must be taken apart before it runs again. */
enum weft__wait {
    WAIT_READY,  /* in the ready queue, or running: nothing to deliver */
    WAIT_SLEEP,  /* a timer will wake it */
    WAIT_FUTURE, /* it stands in a future's list of callbacks, or that has spliced it into the ready queue */
    WAIT_QUEUE,  /* it stands in the queue of a lock, an event, … */
    WAIT_GROUP,  /* at the end of a group's block; its last child will wake it */
    WAIT_WOKEN,  /* in the ready queue; the wait queue, if it has one, will be told that it resumes */
    WAIT_LEFT,   /* the same, but cancelled in the queue, where others stood before it */
    WAIT_LEFT_HEAD, /* the same, but at the head of the queue */
    WAIT_CANCELLED, /* in the ready queue; Cancelled will be raised: the wait itself was cancelled */
    WAIT_THROWN,    /* in the ready queue; the error in its extras will be raised */
    WAIT_UNSTARTED  /* in a gather, until those before it have started eagerly: not a task yet */
};

enum {
    FUTURE_MUST_CANCEL = 1,       /* Cancelled is raised at the next step */
    FUTURE_RETRIEVED = 2,         /* somebody knows of its error, or nobody needs to */
    FUTURE_MAIN = 4,              /* a main task */
    FUTURE_STATIC = 8,            /* not to be written: the failed future for lack of memory */
    FUTURE_CANCEL_REQUESTED = 16, /* a gather that was cancelled */
    FUTURE_LISTED = 32,  /* a gather whose children are being cancelled, or seen by one under construction */
    FUTURE_HELD = 64,    /* a frame or the loop holds it */
    FUTURE_CLOSER = 128, /* a task that closes an abandoned generator: shutdown lets it run */
    FUTURE_SHOWN = 256,  /* a task that the call graph being written has told of */
    FUTURE_DETACHED = 512, /* a task that is being destroyed */
    FUTURE_RETAINED = 1024 /* times the calls of weft_retain not taken back, as many as there is room for */
};

/* In a callback's `wait`: who stands behind it. */
enum weft__callback_kind {
    CALLBACK_OF_CORE,
    CALLBACK_OF_PROGRAM,
    CALLBACK_OF_FUTURE, /* its owner is a future that follows the one it was added to */
    CALLBACK_OF_GROUP   /* its owner is a group, or NULL */
};

/* Stands in one list at a time: the ready queue, a future's callbacks, a wait queue. */
typedef struct weft__handle {
    struct weft__handle *next;
    uint8_t kind;  /* weft__handle_kind */
    uint8_t state; /* of a future: weft__state */
    uint8_t wait;  /* of a task that is not done: weft__wait; of a future with a value: its weft_kind */
    uint8_t loop;  /* the loop's tag, so that a future of another loop is told */
    uint16_t flags;
    uint16_t cancelling; /* calls of cancel not taken back */
} weft__handle;

typedef struct weft__callback weft__callback;
typedef void weft__callback_run(weft__callback *callback, weft_loop *loop);

/* A callback on its way. Its handle's flags are the size to free it with; 0: it is part of something. */
struct weft__callback {
    weft__handle handle;
    weft__callback_run *run;
    weft_future *future;  /* that it was added to; counted from when that is done until run releases it; NULL:
                             it ended without a result */
    weft__handle *before; /* who came before it to its future, unless it is the first there */
    void *owner;          /* what it belongs to; of the program's own: the context that it runs in, counted */
};

/* Size 0: part of something. */
void weft__callback_init(weft__callback *callback, size_t size, weft__callback_run *run, void *owner);
void weft__callback_free(weft_loop *loop, weft__callback *callback);
/* The context that a callback of the program's runs in, which is the caller's from now on. */
static inline weft_context *weft__callback_context(weft__callback *callback) {
    weft_context *context = callback->owner;
    callback->owner = NULL;
    return context;
}
/* Takes the context. */
weft_handle *weft__call_soon_in(weft_loop *loop, weft_context *context, weft_callback *function,
                                void *argument, const char *name);

#endif
