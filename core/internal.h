#ifndef WEFT_CORE_INTERNAL_H
#define WEFT_CORE_INTERNAL_H

/* The structures of the scheduler, for the core's own files. */

#include <weft/weft.h>

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

/* --- Handles: what the ready queue holds --- */

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

typedef struct weft__timer weft__timer;
typedef struct weft__traceback weft__traceback;
typedef struct weft__gathering weft__gathering;
typedef struct weft__group_child weft__group_child;

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

/* --- Frames and their blocks --- */

enum {
    FRAME_STARTED = 1,   /* awaited or given to a task */
    FRAME_GENERATOR = 2, /* resumed by weft_for_await or a generator operation */
    FRAME_LEFT = 4,      /* a generator without an owner: who runs it closes it, or a task that is to */
    FRAME_RUNNING = 8,   /* a generator between a resume and its yield */
    FRAME_FINISHED = 16, /* a generator that has ended and is still held */
    FRAME_CLOSING = 32,  /* being dropped without a caller to tell */
    FRAME_STATIC = 64,   /* stands for one that could not be made, and raises why */
    FRAME_SEEN = 256,    /* seen by a gather under construction */
    FRAME_EXITING = 512, /* a generator that is being closed */
    FRAME_FREED = 1024   /* kept readable, to tell an await of what is gone */
};

enum weft__scope_kind { SCOPE_HOLD, SCOPE_TRY, SCOPE_WITH, SCOPE_FOR, SCOPE_LOOP };
enum weft__scope_state {
    SCOPE_ENTER,
    SCOPE_BODY = WEFT__BODY_STATE,
    SCOPE_CATCH = WEFT__CATCH_STATE,
    SCOPE_FINALLY = WEFT__FINALLY_STATE,
    SCOPE_EXIT,
    SCOPE_CLOSED
};
/* How far the current state is. */
enum weft__scope_mark { MARK_ARMED, MARK_INSIDE, MARK_ENDED, MARK_WAITING };
/* What happens once the block has closed. */
enum weft__scope_pending { PENDING_NONE, PENDING_ERROR, PENDING_RETURN, PENDING_BREAK, PENDING_CONTINUE };

/* An open block of a frame. */
struct weft__scope {
    weft__scope *outer;
    uint32_t at; /* the block's label */
    uint8_t kind, state, mark, pending;
    uint8_t wanted;          /* weft_kind of the variable that takes a value */
    bool offered;            /* the clauses of this state have been asked whether they want it */
    bool ended;              /* SCOPE_FOR: the generator has */
    const weft_error *error; /* pending; counted */
    weft__traceback *traceback;
    const weft_error *caught; /* in a catch: what weft_reraise raises; counted */
    weft__traceback *caught_traceback;
    weft_value value; /* pending return, or what the body is given */
};

typedef struct weft__with_scope {
    weft__scope scope;
    weft_manager manager;
    union { /* of a timeout or group that has no variable */
        weft_deadline deadline;
        weft_group group;
    } own;
} weft__with_scope;

typedef struct weft__for_scope {
    weft__scope scope;
    weft_frame *generator;
} weft__for_scope;

/* The outermost scope of a frame that has created something: what is held for it. */
typedef struct weft__held {
    void *object; /* a future or a generator's frame; NULL: let go of early */
    uint32_t id;  /* growing along the list */
    bool generator;
} weft__held;

typedef struct weft__hold_scope {
    weft__scope scope;
    weft__held *items;
    uint32_t count, room;
    uint32_t first; /* before it all are gone */
    uint32_t gone;  /* items that were let go of early */
} weft__hold_scope;

enum {
    MANAGER_USER,
    MANAGER_TIMEOUT,
    MANAGER_TIMEOUT_AT,
    MANAGER_GROUP,
    MANAGER_NEW_GROUP,
    MANAGER_SEMAPHORE,
    MANAGER_LOCK
};

/* --- Timers --- */

enum weft__timer_state { TIMER_IDLE, TIMER_ARMED, TIMER_READY };

/* A timer that is not a task's own sleep. */
struct weft__timer {
    weft__callback callback;
    uint32_t sequence;
    uint32_t id;
    uint32_t references; /* of its owner, its entries in the heap, its place in the ready queue */
    uint8_t state;
    weft__callback_run *action; /* what to run when it fires */
    bool queued;                /* stands in the ready queue */
    weft_callback *function;    /* of weft_call_later */
    void *argument;
    const char *name;
};

typedef struct weft__timer_entry {
    double when;
    weft__handle *owner; /* a task or a timer; counted, and valid if its sequence number is this */
    uint32_t sequence;
} weft__timer_entry;

enum { TIMER_SEGMENT = 1024 };

typedef struct weft__timers {
    weft__timer_entry **segments;
    uint32_t segment_count, segment_room;
    uint32_t count; /* entries, the stale ones too */
    uint32_t stale;
    uint32_t sequence;
} weft__timers;

/* --- Memory --- */

/* Small objects come from pools: one for each multiple of 16 bytes, one for tasks, so that all of them can be
 * found. A build for tests turns pools off: then every object is an allocation of its own, which can fail,
 * and its memory is not used again, so that a use after free is always seen. */
#ifndef WEFT_POOLS
#define WEFT_POOLS 1
#endif
enum { POOL_STEP = 16, POOL_LARGEST = 512, POOL_TASKS = POOL_LARGEST / POOL_STEP, POOLS };

typedef struct weft__chunk weft__chunk;
typedef struct weft__pool {
    void *free;
    weft__chunk *chunks, *newest; /* in the order in which they were made */
    uint32_t chunk_size;          /* of the next, bytes */
} weft__pool;

typedef struct weft__log weft__log;

/* --- The loop --- */

typedef struct weft__signal weft__signal; /* one that is not left to its default action */
typedef struct weft__listener weft__listener;

/* From another thread, or a signal handler: a call, or what has a way of its own to arrive. */
typedef struct weft__message weft__message;
typedef void weft__message_arrive(weft_loop *loop, weft__message *message);

struct weft__message {
    weft__message *next;
    weft__message_arrive
        *arrive; /* of the core's own: called when the loop takes it; the message is the sender's */
    weft_callback *function;
    void *argument;
    const char *name;
    weft_context *context; /* of who called; NULL: no variables */
    bool owned;            /* the context is the message's own, else of the thread that called */
};

/* channel.c: tasks of a loop that a channel has something to tell. */
typedef struct weft__news {
    atomic_bool locked;
    bool sent; /* the message is under way */
    struct weft__channel_use *first, **last;
    weft__message message;
} weft__news;

struct weft_loop {
    struct weft__transfer transfer; /* must come first: the macros reach it */
    weft_task *current;
    weft_frame *frame;          /* that runs now */
    const weft_error *error;    /* on its way from frame to frame; counted */
    weft__traceback *traceback; /* of that error */

    weft__handle *ready, **ready_end;
    weft__handle *batch; /* what this iteration runs */
    uint64_t steps;      /* of tasks */
    uint32_t budget;     /* handles to run before looking at the clock */
    weft__log *log;      /* NULL: off */
    bool watched;        /* the log is on or debug mode is: steps take the long way */
    bool debug;
    bool eager;          /* every task starts eagerly */
    bool creates_slowly; /* there is more to creating a task than usual: has_variables, … */
    bool turning;        /* inside weft_loop_turn */
    bool woken;          /* the host was asked for a turn */
    bool in_iteration;
    bool self_cancelled; /* the task that runs was told to cancel */
    bool firing;         /* timers were due when this iteration began */
    bool slice_over;
    bool shut;      /* being closed: nothing new is started */
    bool started;   /* a main task was, and the loop is not done */
    bool kept;      /* a runner's: done when its main task is, and what that left goes on in the next run */
    bool counted;   /* this iteration is one of the end's, even if nothing is ready */
    uint8_t ending; /* how far the end is, once the main tasks have ended */
    uint8_t iterations_left; /* that this step of the end still takes */
    bool sweep;              /* most timer entries are stale */
    bool freeing;            /* futures are being freed */
    bool handling;           /* the exception handler runs */
    bool has_variables;      /* a context variable was set */
    uint8_t depth;           /* of eager starts within each other */
    uint8_t tag;

    double now;       /* of this iteration */
    double slow_step; /* seconds */
    double slice_end;
    double armed;                    /* what the host was asked for */
    double join_seconds, join_until; /* how long the end waits for functions in threads */
    uint32_t cutoff;                 /* timers set from this sequence number on are not of this iteration */
    uint32_t last_id;
    uint32_t graphs;             /* call graphs that were written */
    uint32_t mains;              /* main tasks not done; at the end, those that it waits for */
    uint32_t tasks;              /* tasks not done */
    uint32_t holds;              /* operations pending outside */
    weft_http *http;             /* the client of requests without one; NULL until the first */
    struct weft__opened *opened; /* what of the core's is open to the outside: opened.h */
    weft__signal *signals;
    weft__listener *listeners; /* coroutines that wait for signals */
    weft_work *works;          /* functions in threads; each is one of the holds, too */
    uint64_t decisions;        /* of the simulation */

    weft__timers timers;
    weft__pool pools[POOLS];
    size_t memory;  /* from the allocator, bytes */
    size_t objects; /* taken from pools and not given back */

    weft_future *dying;    /* to be freed */
    weft_frame *newest;    /* the coroutine made last, if nobody awaited it yet */
    weft_frame *unstarted; /* and the others coroutines that nobody awaited yet */
    const void *told;      /* the newest of them that the log has told of */
    weft_frame *retired;   /* frames of main tasks that have ended: others may still point into them */
    weft__hold_scope held; /* what was created outside any coroutine */

    weft_host *host;
    weft_allocator allocator;
    weft_context **place;  /* where the context is of the callback or function that runs; NULL: the task's */
    weft_context *context; /* outside of all tasks and callbacks; counted */

    weft_exception_handler *handler; /* NULL: the default one */
    void *handler_context;
    weft_reporter *reporter; /* of the default handler; NULL: stderr */
    void *reporter_context;
    struct weft_simulation *simulation; /* the host, if it is one */
    _Atomic(weft__message *) inbox;
    atomic_uint senders; /* threads between a message and its wake-up */
    weft__news news;

    weft_task *interruptible; /* what SIGINT cancels, or NULL */
    bool interrupt_told;      /* it was cancelled for that */
    atomic_bool interrupt_queued;
    atomic_uint interrupts;  /* of this run */
    weft__message interrupt; /* stands in the inbox while it is queued */
};

/* loop.c */
double weft__now(weft_loop *loop);
bool weft__memory_is_mallocs(
    const weft_loop *loop); /* what weft_allocate gives there, NULL: without a loop */

/* memory.c */
extern _Thread_local weft_loop *weft__current;
void *weft__pool_grow(weft_loop *loop, unsigned pool);
void *weft__large_new(weft_loop *loop, size_t size);
void weft__large_delete(weft_loop *loop, void *pointer, size_t size);
void *weft__resize(weft_loop *loop, void *pointer, size_t old_size, size_t size); /* never from a pool */
void weft__task_memory_free(weft_loop *loop, weft_task *task);
void weft__memory_close(weft_loop *loop);
char *weft__copy_text(weft_loop *loop,
                      const char *text); /* freed with weft__free_text; NULL for NULL or no memory */
void weft__free_text(weft_loop *loop, char *text);

#if defined(__SANITIZE_ADDRESS__)
#define WEFT__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT__ASAN 1
#endif
#endif
#ifdef WEFT__ASAN
/* What a pool has free is poisoned, so that the sanitizer sees a use after free there, too. */
void __asan_poison_memory_region(void const volatile *, size_t);
void __asan_unpoison_memory_region(void const volatile *, size_t);
#define WEFT__POISON(p, size) __asan_poison_memory_region((p), (size))
#define WEFT__UNPOISON(p, size) __asan_unpoison_memory_region((p), (size))
#else
#define WEFT__POISON(p, size) ((void)0)
#define WEFT__UNPOISON(p, size) ((void)0)
#endif

/* Memory that is not zeroed; NULL if there is none. */
static inline void *weft__new(weft_loop *loop, size_t size) {
    if (WEFT__UNLIKELY(size > POOL_LARGEST))
        return weft__large_new(loop, size);
    unsigned pool = (unsigned)(size - 1) / POOL_STEP;
    void *object = loop->pools[pool].free;
    if (WEFT__UNLIKELY(object == NULL) && (object = weft__pool_grow(loop, pool)) == NULL)
        return NULL;
    WEFT__UNPOISON(object, (pool + 1) * POOL_STEP);
    loop->pools[pool].free = *(void **)object;
    loop->objects++;
    return object;
}

static inline void weft__delete(weft_loop *loop, void *object, size_t size) {
    if (WEFT__UNLIKELY(size > POOL_LARGEST)) {
        weft__large_delete(loop, object, size);
        return;
    }
    unsigned pool = (unsigned)(size - 1) / POOL_STEP;
    if (WEFT_POOLS) {
        *(void **)object = loop->pools[pool].free;
        loop->pools[pool].free = object;
    }
    loop->objects--;
    WEFT__POISON(object, (pool + 1) * POOL_STEP);
}

static inline weft_task *weft__task_memory(weft_loop *loop) {
    weft__pool *pool = &loop->pools[POOL_TASKS];
    if (WEFT__UNLIKELY(pool->free == NULL) && weft__pool_grow(loop, POOL_TASKS) == NULL)
        return NULL;
    weft_task *task = (weft_task *)pool->free;
    pool->free = *(void **)pool->free;
    WEFT__UNPOISON(task, sizeof *task);
    loop->objects++;
    return task;
}

/* frame.c: making, running and ending frames */
const weft_error *weft__not_made(const weft_frame *frame); /* static */
void weft__frame_free(weft_loop *loop, weft_frame *frame);
void weft__frame_close(weft_loop *loop, weft_frame *frame); /* drops it without running its body */
void weft__frame_drop(weft_loop *loop, weft_frame *frame);  /* the same, but keeps its memory */
void weft__unlink_listed(weft_loop *loop, weft_frame *frame);
weft_frame *weft__next_unstarted(weft_loop *loop);
static inline void weft__unlink_unstarted(weft_loop *loop, weft_frame *frame) {
    if (WEFT__LIKELY(loop->newest == frame))
        loop->newest = NULL;
    else
        weft__unlink_listed(loop, frame);
}
const weft_type *weft__type_of(weft_frame *frame);
/* The line of a label; 0 if it is none of the body's. */
static inline int weft__line_at(uint32_t at) {
    return at & 0x40000000u ? (int)((at - 0x40000000u) / 16) : 0;
}
int weft__line_of(const weft_frame *frame);
/* From here on the frame's links mean its caller and its blocks. Returns the frame. */
static inline weft_frame *weft__begin_frame(weft_loop *loop, weft_frame *frame, weft_frame *caller) {
    weft__unlink_unstarted(loop, frame);
    frame->caller = caller;
    frame->a.scopes = NULL;
    frame->b.run.at = WEFT__AT_START;
    frame->b.run.id = 0;
    frame->flags |= FRAME_STARTED;
    return frame;
}
void weft__task_unwind(weft_loop *loop,
                       weft_task *task); /* drops every frame of a task that will not run again */

/* scope.c: blocks, and how errors, returns and breaks travel through them */
void weft__set_error(weft_loop *loop, const weft_error *error, weft__traceback *traceback); /* takes both */
void weft__set_error_of(weft_loop *loop,
                        weft_future *future); /* a failed or cancelled future's, on its way again */
extern const weft_error weft__raised_null;
weft_frame *weft__throw(weft_frame *frame,
                        weft_loop *loop); /* the loop's error arrives in a frame; returns the frame */
void weft__throw_new(weft_frame *frame, weft_loop *loop, int code, const char *format, ...)
    WEFT__PRINTF(4, 5);
void weft__propagate(weft_frame *frame, weft_loop *loop);
void weft__scope_clear(weft_loop *loop, weft__scope *scope); /* nothing is pending any more */
void weft__scope_fail(weft_loop *loop, weft__scope *scope, const weft_error *error); /* takes the error */
void weft__scopes_free(weft_loop *loop, weft_frame *frame); /* all of a frame, with what is held */
weft_frame *weft__scopes_free_to_generator(weft_loop *loop, weft_frame *frame);

/* hold.c: what is held for a frame, or for the loop where no frame runs */
bool weft__hold_slowly(weft_loop *loop, weft_future *future, weft_frame *generator);
bool weft__unhold_slowly(weft_loop *loop, weft_future *future);

/* The list of the frame that runs, if that has one and no block is open around it; else NULL. */
static inline weft__hold_scope *weft__hold_at_hand(const weft_loop *loop) {
    weft__scope *scope = loop->frame == NULL ? NULL : loop->frame->a.scopes;
    return scope != NULL && scope->kind == SCOPE_HOLD ? (weft__hold_scope *)(void *)scope : NULL;
}

static inline bool weft__hold(weft_loop *loop, weft_future *future) {
    weft__hold_scope *hold = weft__hold_at_hand(loop);
    if (WEFT__UNLIKELY(hold == NULL || hold->count == hold->room))
        return weft__hold_slowly(loop, future, NULL);
    weft__held *item = &hold->items[hold->count++];
    item->object = future;
    item->id = future->id;
    item->generator = false;
    future->handle.flags |= FUTURE_HELD;
    return true;
}

static inline bool weft__unhold(weft_loop *loop, weft_future *future) {
    if (!(future->handle.flags & FUTURE_HELD))
        return false;
    weft__hold_scope *hold = weft__hold_at_hand(loop);
    if (WEFT__UNLIKELY(hold == NULL || hold->count == 0 || hold->gone > 0 ||
                       hold->items[hold->count - 1].object != future))
        return weft__unhold_slowly(loop, future);
    hold->count--;
    future->handle.flags &= (uint16_t)~FUTURE_HELD;
    return true;
}

bool weft__unhold_generator(weft_loop *loop, weft_frame *generator);
weft_frame *weft__hold_free(weft_loop *loop,
                            weft__hold_scope *hold); /* again while it returns a generator to free */

/* value.c: the first is a copy of so many bytes as a string, the taker's; out-of-memory if there is none. */
weft_value weft__string_value(const char *text, size_t length);
weft_value weft__value_detach(weft_value value);
weft_value weft__format_list(const char *format, va_list arguments) WEFT__PRINTF(1, 0);
static inline weft_value weft__value_move(weft_value *from) {
    weft_value value = *from;
    *from = weft__of_none();
    return value;
}

/* error.c */
const weft_error *weft__error_copy(const weft_error *error); /* for another thread: in memory of malloc's */
const weft_error *weft__error_of_system(const char *name, const char *format, ...)
    WEFT__PRINTF(2, 3); /* `name` is static */
const weft_error *weft__error_named(int code, const char *name, const char *format, ...)
    WEFT__PRINTF(3, 4);                                  /* of any code; the system's name may be NULL */
weft_value weft__owned_failure(const weft_error *error); /* takes the error */
const weft_error *
weft__error_at(const char *function, const char *file, int line, const weft_error *cause, int code,
               const char *message); /* the strings but for the message are static; copies that */

/* thread.c */
void weft__leave_works(weft_loop *loop);  /* to their threads: nobody waits for them any more */
void weft__cancel_works(weft_loop *loop); /* by their tokens */
/* Names them, as many as fit into the buffer. Returns their number. */
size_t weft__name_works(const weft_loop *loop, char *buffer, size_t size);

/* traceback.c */
weft__traceback *weft__traceback_add(weft_loop *loop, weft__traceback *traceback, weft_frame *frame,
                                     int line);
weft__traceback *weft__traceback_copy(weft_loop *loop, const weft__traceback *traceback);
void weft__traceback_free(weft_loop *loop, weft__traceback *traceback);
bool weft__traceback_wanted(const weft_error *error);

/* report.c */
#define WEFT__NOTHING_KNOWN ((weft_error_context){.message = NULL})
weft_error_context weft__about_frame(weft_frame *frame, int line); /* line 0: where its body begins */
weft_error_context weft__about_future(weft_future *future);
void weft__report(weft_loop *loop, weft_error_context about, const char *format, ...) WEFT__PRINTF(3, 4);
void weft__watch_callback(weft_loop *loop, double begin, const char *name); /* it has run since then */
bool weft__tell_no_loop(const char *what);   /* debug mode tells of it; false */
bool weft__tell_other_loop(weft_loop *loop); /* the same */
/* Whether this thread has a loop. */
static inline bool weft__has_loop(const weft_loop *loop, const char *what) {
    return WEFT__LIKELY(loop != NULL) || weft__tell_no_loop(what);
}
/* Whether what has this tag is the loop's. */
static inline bool weft__is_of(weft_loop *loop, uint8_t tag) {
    return WEFT__LIKELY(loop != NULL && loop->tag == tag) || weft__tell_other_loop(loop);
}
/* Another loop's, and not to be touched. */
static inline bool weft__foreign(const weft_future *future) {
    return !(future->handle.flags & FUTURE_STATIC) && !weft__is_of(weft__current, future->handle.loop);
}

/* context.c: NULL stands for a context without variables */
bool weft__context_snapshot(weft_loop *loop, weft_context **copy); /* of the current; false without memory */
bool weft__context_again(weft_loop *loop, const weft_context *from, weft_context **copy); /* of that one */
bool weft__context_inherit(weft_loop *loop, weft_future *task); /* a copy of the current one */
bool weft__context_share(weft_loop *loop, weft_future *task, weft_context *context);
void weft__context_free(weft_loop *loop, weft_context *context); /* takes back a reference */
void weft__context_of_thread(weft_context *context);             /* of this thread, which has no loop */
weft_context *weft__context_in_thread(const weft_loop *loop);    /* NULL if it is not of that loop */
/* From here on `*place` is the current context. Returns what weft__context_leave goes back to. */
static inline weft_context **weft__context_enter(weft_loop *loop, weft_context **place) {
    weft_context **outer = loop->place;
    loop->place = place;
    return outer;
}
static inline void weft__context_leave(weft_loop *loop, weft_context **outer) {
    loop->place = outer;
}
/* Before and after a callback of the program's; in debug mode one that took long is reported by its name. */
static inline double weft__callback_begins(weft_loop *loop) {
    return WEFT__UNLIKELY(loop->debug) ? weft__now(loop) : INFINITY;
}
static inline void weft__callback_ends(weft_loop *loop, double begin, const char *name) {
    if (WEFT__UNLIKELY(loop->debug))
        weft__watch_callback(loop, begin, name);
}
/* Calls a function of the program's in a context, which it takes. */
static inline void weft__call(weft_loop *loop, weft_context *context, weft_callback *function, void *argument,
                              const char *name) {
    weft_context **outer = weft__context_enter(loop, &context);
    double begin = weft__callback_begins(loop);
    function(argument);
    weft__callback_ends(loop, begin, name);
    weft__context_leave(loop, outer);
    if (context != NULL)
        weft__context_free(loop, context);
}

/* future.c */
weft_future *weft__keep(weft_loop *loop, weft_future *future); /* holds it; never NULL */
weft_future *weft__future_new(weft_loop *loop,
                              enum weft__handle_kind kind); /* one reference, the caller's; or NULL */
weft_future *weft__future_failed(weft_loop *loop,
                                 const weft_error *error); /* takes the error; held; never NULL */
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
void weft__callback_init(weft__callback *callback, size_t size, weft__callback_run *run,
                         void *owner); /* size 0: part of something */
void weft__callback_free(weft_loop *loop, weft__callback *callback);
/* The context that a callback of the program's runs in, which is the caller's from now on. */
static inline weft_context *weft__callback_context(weft__callback *callback) {
    weft_context *context = callback->owner;
    callback->owner = NULL;
    return context;
}
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

/* task.c */
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
void weft__task_ended(weft_loop *loop,
                      weft_task *task); /* its outermost frame has; the loop has the outcome */
static inline void weft__watch_creation(weft_loop *loop) {
    loop->creates_slowly = loop->has_variables || loop->debug;
}
weft__extra *weft__extra_of(weft_loop *loop, weft_future *future); /* makes it; NULL without memory */
void weft__remember_origin(weft_loop *loop, weft_future *future, const char *created_at); /* not static's */
void weft__extra_free(weft_loop *loop, weft_future *future);
bool weft__is_pending(const weft_task *task); /* not done, and not being destroyed */
weft_frame *weft__leaf_of(const weft_loop *loop,
                          const weft_task *task); /* its innermost frame now; NULL if it is not pending */
void weft__task_detach(weft_loop *loop, weft_task *task);
void weft__task_destroy(weft_loop *loop, weft_task *task);
bool weft__throw_into(weft_loop *loop, weft_task *task,
                      const weft_error *error); /* takes the error; false: only cancelled, without memory */
typedef bool weft__visit(weft_loop *loop, weft_task *task, void *context); /* false ends the walk */
void weft__each_task(weft_loop *loop, weft__visit *visit, void *context);

/* timer.c */
bool weft__timer_arm_task(weft_loop *loop, weft_task *task, double when);
weft__timer *weft__timer_new(weft_loop *loop, weft__callback_run *run, void *owner);
bool weft__timer_arm(weft_loop *loop, weft__timer *timer, double when);
double weft__timer_of_task(weft_loop *loop, weft_task *task); /* when one that sleeps is due */
void weft__timer_arm_soon(weft_loop *loop, weft__timer *timer);
void weft__timer_disarm(weft_loop *loop, weft__timer *timer);
void weft__timer_take_back(weft_loop *loop, weft__timer *timer); /* of weft_call_later */
void weft__timer_release(weft_loop *loop, weft__timer *timer);
void weft__timer_stale(weft_loop *loop);       /* one more entry is */
double weft__timers_next(weft_loop *loop);     /* the earliest deadline; INFINITY */
void weft__timers_fire(weft_loop *loop);       /* those due in this iteration */
void weft__timers_order_ties(weft_loop *loop); /* the simulation's choice among those due at once */
void weft__timers_close(weft_loop *loop);

/* loop.c */
static inline void weft__push_ready(weft_loop *loop, weft__handle *handle) {
    handle->next = NULL;
    *loop->ready_end = handle;
    loop->ready_end = &handle->next;
}
void weft__run_step(weft_loop *loop, weft_task *task);
void weft__ask_for_turn(weft_loop *loop);
static inline void
weft__nudge(weft_loop *loop) { /* something is ready: the host must give a turn if none is on */
    if (WEFT__UNLIKELY(!loop->turning))
        weft__ask_for_turn(loop);
}
void weft__send(weft_loop *loop,
                weft__message *message); /* from any thread; the host must be woken after it */
void weft__send_from_thread(weft_loop *loop, weft__message *message); /* the same, and wakes the host */
uint32_t weft__choose(weft_loop *loop, weft_choice kind, uint32_t candidates);
void weft__host_failed(weft_loop *loop, const char *what, int code);

/* callback.c */
weft_handle *weft__call_soon_in(weft_loop *loop, weft_context *context, weft_callback *function,
                                void *argument, const char *name); /* takes the context */
void weft__take_messages(weft_loop *loop); /* calls of other threads become callbacks */

/* ending.c: how far the end is */
enum { ENDING_NOT, ENDING_MAIN, ENDING_TASKS, ENDING_GENERATORS, ENDING_THREADS };
bool weft__finished(weft_loop *loop);     /* no main task runs: whether the loop is done */
void weft__loop_finish(weft_loop *loop);  /* one that was kept */
void weft__destroy_left(weft_loop *loop); /* every task */
void weft__drop_ended(weft_loop *loop);   /* what nobody can reach any more */

/* deadlock.c */
bool weft__resolve_deadlock(weft_loop *loop);

/* queue_items.c */
enum { QUEUE_FIFO, QUEUE_LIFO, QUEUE_PRIORITY };
bool weft__items_reserve(weft_queue *queue, size_t count);                     /* room for so many in all */
const weft_error *weft__items_add(weft_queue *queue, const weft_value *value); /* static; or NULL: it is in */
weft_value weft__items_take(weft_queue *queue);                                /* of one that is not empty */

/* wait.c */
const struct weft__watch *weft__watch_of_wait(const weft_frame *leaf); /* of a task in weft_wait; else NULL */

/* signal.c */
void weft__remove_signals(weft_loop *loop);
const weft_error *weft__signal_listen(weft_loop *loop, int number); /* the error is the caller's */
void weft__signal_leave(weft_loop *loop, int number);               /* once for each that listens */

/* signal_wait.c */
void weft__tell_listeners(weft_loop *loop, int number);

/* interrupt.c */
void weft__interruptible(weft_loop *loop, weft_task *main);
bool weft__interrupted(weft_loop *loop);

/* group.c, timeout.c, generator.c, gather.c: how blocks and waits reach them */
const weft_error *weft__timeout_enter(weft_loop *loop, weft_deadline *deadline, const weft_manager *manager);
void weft__timeout_exit(weft_loop *loop, weft_frame *frame, weft_deadline *deadline, weft__scope *scope);
void weft__timeout_forget(weft_loop *loop, weft_deadline *deadline);
const weft_error *weft__group_enter(weft_loop *loop, weft_group *group);
void weft__group_forget(weft_loop *loop, weft_group *group);
bool weft__group_wait(weft_loop *loop, weft_frame *frame, weft_group *group,
                      const weft_error *error); /* false: no need */
void weft__group_interrupted(weft_loop *loop, weft_group *group, const weft_error *error);
void weft__group_finish(weft_loop *loop, weft_frame *frame, weft_group *group, weft__scope *scope);
weft_frame *weft__refuse_operation(weft_frame *frame, weft_loop *loop, uint32_t at);
weft_frame *weft__generator_claim(weft_loop *loop,
                                  weft_coroutine *coroutine); /* for weft_for_await; or sets the error */
weft_frame *weft__generator_ended(weft_frame *generator, weft_loop *loop);
weft_frame *weft__generator_leave(weft_frame *generator);
weft_frame *weft__generator_abandon(weft_loop *loop, weft_frame *generator);
void weft__generator_free(weft_loop *loop, weft_frame *generator);
void weft__gather_cancel(weft_future *gather, weft_future **stack);
weft_future *weft__gather_next(weft_future **stack);
bool weft__gather_live(weft_future *gather);
void weft__gather_free(weft_loop *loop, weft_future *gather);
void weft__shield_cancelled(weft_future *shield);

/* What the call graph asks: the open group of a block, or NULL; the next that is waited for, or NULL. */
weft_group *weft__group_of(const weft__scope *scope);
weft_future *weft__group_next_child(const weft_group *group, const weft__group_child **at);
weft_future *weft__gather_next_child(const weft_future *gather, uint32_t *at);
bool weft__is_in_thread(const weft_frame *leaf);

/* call_graph.c */
void weft__describe_wait(weft_loop *loop, weft_task *task, char *buffer,
                         size_t size); /* "a timer", "future 5" */
void weft__describe_task(weft_loop *loop, weft_task *task, char *buffer,
                         size_t size); /* "Task-1 (task 1) waits for … at file.c:3 in fetch" */

/* simulation.c */
uint32_t weft__simulation_choose(struct weft_simulation *simulation, weft_loop *loop, weft_choice kind,
                                 uint32_t candidates);
void weft__simulation_before_step(struct weft_simulation *simulation, weft_loop *loop);

/* log.c: nothing here is called while loop->log is NULL */
uint32_t weft__log_text(weft_loop *loop, const char *text);
uint32_t weft__log_site(weft_loop *loop, const char *function, const char *file, int line);
uint32_t weft__log_place(weft_loop *loop, const char *here); /* a site from WEFT__HERE; static */
void weft__log_record(weft_loop *loop, uint8_t kind, uint8_t subkind, uint16_t count, uint32_t task,
                      uint32_t other, uint32_t site, uint32_t object, uint32_t payload);
void weft__log_flush(weft_loop *loop);
void weft__log_close(weft_loop *loop);
static inline uint32_t weft__float_bits(double x) {
    float narrow = (float)x;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

/* log_records.c: records of which several files write the same */
void weft__log_push(weft_loop *loop, weft_frame *frame);
void weft__log_pop(weft_loop *loop, weft_frame *frame);
void weft__log_yield(weft_loop *loop, weft_frame *generator);
void weft__log_wait(weft_loop *loop, weft_task *task, uint8_t what, uint32_t other, uint32_t object);
void weft__log_wait_in(weft_loop *loop, weft_task *task, uint8_t what, uint8_t way, uint32_t object);
void weft__log_wait_future(weft_loop *loop, weft_task *task, const weft_future *future);
void weft__log_done(weft_loop *loop, weft_future *future);
void weft__log_resume(weft_loop *loop, weft_task *task, weft_frame *frame);
void weft__log_suspend(weft_loop *loop, uint32_t task, weft_frame *leaf); /* NULL: the task has ended */
void weft__log_error(weft_loop *loop, weft_frame *frame, const weft_error *error, int line);
void weft__log_created(weft_loop *loop, weft_task *task, weft_frame *frame, bool eager);
void weft__log_object(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number);
void weft__log_object_at(weft_loop *loop, uint32_t object, uint8_t type, uint32_t number, const void *address,
                         uint32_t site);
void weft__log_arm(weft_loop *loop, uint8_t what, uint32_t task, uint32_t timer, double when, double now);
void weft__log_woken(weft_loop *loop, const weft_task *task, uint8_t how);
void weft__log_unawaited(weft_loop *loop, uint32_t task); /* what its step has called and left */
void weft__log_never_awaited(weft_loop *loop, weft_frame *frame);
uint32_t weft__block_site(weft_loop *loop);
uint32_t weft__frame_site(weft_loop *loop, weft_frame *frame);

#define WEFT__LOG(loop, ...)                       \
    do {                                           \
        if (WEFT__UNLIKELY((loop)->log != NULL))   \
            weft__log_record((loop), __VA_ARGS__); \
    } while (0)

static inline uint32_t weft__new_id(weft_loop *loop) {
    return ++loop->last_id;
}
static inline uint32_t weft__id_of(const weft_task *task) {
    return task == NULL ? 0 : task->future.id;
}

/* What `wait` and `object-new` records name. */
enum {
    WAITS_SLEEP = 1,
    WAITS_TASK,
    WAITS_FUTURE,
    WAITS_GATHER,
    WAITS_SHIELD,
    WAITS_GROUP,
    WAITS_SEMAPHORE,
    WAITS_LOCK,
    WAITS_EVENT,
    WAITS_CONDITION,
    WAITS_BARRIER,
    WAITS_QUEUE,
    WAITS_THREAD,
    WAITS_TICK = 15,
    WAITS_OUTSIDE
};
enum { TIMER_OF_SLEEP, TIMER_OF_DEADLINE, TIMER_OF_CALL };
enum { WOKEN_BY_CANCEL = 1, WOKEN_BY_ERROR };
enum { FRAME_YIELDED = 3 }; /* in place of an outcome */
enum {
    OBJECT_FUTURE = 1,
    OBJECT_GATHER,
    OBJECT_SHIELD,
    OBJECT_GROUP,
    OBJECT_TIMEOUT,
    OBJECT_SEMAPHORE,
    OBJECT_LOCK,
    OBJECT_EVENT,
    OBJECT_CONDITION,
    OBJECT_BARRIER,
    OBJECT_QUEUE,
    OBJECT_TIMER,
    OBJECT_OUTSIDE
};

#endif
