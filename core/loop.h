#ifndef WEFT_CORE_LOOP_H
#define WEFT_CORE_LOOP_H

/* The loop: all that a thread's scheduler knows. */

#include "message.h"
#include "pool.h"
#include "scope.h"
#include "timer.h"

typedef struct weft__log weft__log;
typedef struct weft__signal weft__signal; /* one that is not left to its default action */
typedef struct weft__listener weft__listener;

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

extern _Thread_local weft_loop *weft__current;

double weft__now(weft_loop *loop);
/* What weft_allocate gives there, NULL: without a loop. */
bool weft__memory_is_mallocs(const weft_loop *loop);

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
uint32_t weft__choose(weft_loop *loop, weft_choice kind, uint32_t candidates);
void weft__host_failed(weft_loop *loop, const char *what, int code);

/* ending.c: how far the end is */
enum { ENDING_NOT, ENDING_MAIN, ENDING_TASKS, ENDING_GENERATORS, ENDING_THREADS };
bool weft__finished(weft_loop *loop);     /* no main task runs: whether the loop is done */
void weft__loop_finish(weft_loop *loop);  /* one that was kept */
void weft__destroy_left(weft_loop *loop); /* every task */
void weft__drop_ended(weft_loop *loop);   /* what nobody can reach any more */

/* deadlock.c */
bool weft__resolve_deadlock(weft_loop *loop);

/* simulation.c */
uint32_t weft__simulation_choose(struct weft_simulation *simulation, weft_loop *loop, weft_choice kind,
                                 uint32_t candidates);
void weft__simulation_before_step(struct weft_simulation *simulation, weft_loop *loop);

#endif
