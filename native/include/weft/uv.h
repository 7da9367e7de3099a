#ifndef WEFT_UV_H
#define WEFT_UV_H

/*
 * weft on libuv. Three ways to run a program:
 *
 *     weft_main (weft/loop.h)   the whole of a program, the same on every host
 *     weft_run (weft/runner.h)  one coroutine, from any C function, to its end; a weft_runner: several
 *     weft_uv_attach            tasks beside other libuv handles, in a uv_loop that the application runs
 *
 * Several threads can have a loop each. Sleeping takes one uv_timer however many tasks sleep, and never ends
 * early; it may end up to a millisecond late, libuv's resolution. Tasks that are always ready leave the
 * thread to libuv once a millisecond.
 */

#include <uv.h>
#include <weft/host.h>
#include <weft/loop.h>
#include <weft/runner.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* --- Living in a uv_loop that runs already --- */

/*
 * A loop of weft's whose turns a uv_loop drives. Used in place, as libuv's handles are: it must not move, and
 * must live until it is detached.
 */
typedef struct weft_uv weft_uv;
typedef void weft_uv_callback(weft_uv *attachment);

struct weft_uv {
    weft_host host;  /* internal, as is everything but the next two */
    weft_loop *loop; /* for weft_loop_start, weft_loop_set_reporter, weft_call_soon_threadsafe */
    void *data;      /* the program's own; weft leaves it alone */
    uv_loop_t *uv;
    uv_async_t async;
    uv_timer_t timer;
    uv_idle_t idle;
    uv_check_t check;
    double deadline; /* when the timer is for, on the loop's clock; INFINITY: it does not run */
    uint64_t origin; /* uv_hrtime at the clock's zero */
    struct weft__uv_signal *signals;
    struct weft__opened *opened; /* what of the outside world is open */
    size_t works;                /* functions and requests in threads */
    size_t functions;            /* the former alone */
    uint32_t open_handles;       /* not closed yet, those above among them */
    bool attached;               /* the program runs `uv` */
    bool done;                   /* the main tasks have ended once */
    bool empty;                  /* after the last turn no task was left */
    int failure;                 /* the first of libuv's errors that the loop cannot go on after, or 0 */
    const char *failed;          /* the call that gave it */
    weft_uv_callback *detached;
    char words[160]; /* of the latest failure that was described */
};

/*
 * Makes a loop whose turns happen in `uv`, and makes it current in this thread, which must be the one that
 * runs `uv`. Returns 0 or libuv's error code with nothing attached: UV_EALREADY if the thread has a loop,
 * UV_ENOMEM, or what libuv's own calls give (after one of these run `uv` once more before closing it: a
 * handle may be on its way out).
 *
 *     weft_uv_attach(&attachment, uv_default_loop(), NULL);
 *     task = weft_loop_start(attachment.loop, weft_call(serve));
 *     weft_task_add_done_callback(task, on_served, &attachment);
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);
 *
 * From then on callbacks of libuv's may call weft: start coroutines, set futures, cancel tasks. Tasks keep
 * uv_run from returning while they live, an attachment without any does not. A task that waits for what never
 * comes waits for ever: only libuv knows whether other handles will wake it, so there is no Deadlock here.
 * What weft_loop_start returns are main tasks: when the last one ends, tasks that they left are cancelled.
 * weft_task_value and weft_task_error read their outcome in the callback; nobody prints the error of a main
 * task here, but the loop reports one that was never retrieved. Other threads may call
 * weft_call_soon_threadsafe, until the attachment is detached. The allocator is borrowed; NULL: malloc's.
 *
 * asyncio has no twin: it is the loop there.
 */
int weft_uv_attach(weft_uv *attachment, uv_loop_t *uv, const weft_allocator *allocator);

/*
 * Cancels every task and, while `uv` goes on running, waits for them and for functions in threads, closes the
 * loop and its handles, and then calls back, once; NULL: no callback. After that nothing of weft is left in
 * `uv`, and the memory of the attachment is the program's again. It may be called from a task of the loop's.
 * Start nothing afterwards. Returns 0, or an error with nothing changed: UV_EALREADY if it is being detached,
 * UV_ENOMEM, or what uv_async_send gave.
 */
int weft_uv_detach(weft_uv *attachment, weft_uv_callback *detached);

WEFT_END_DECLARATIONS

#endif
