#ifndef WEFT_LOOP_H
#define WEFT_LOOP_H

/*
 * The event loop: one a thread, current in the thread that entered it. Calls of weft are for that thread,
 * except where they say otherwise.
 */

#include <weft/base.h>
#include <weft/context.h>
#include <weft/coroutine.h>
#include <weft/future.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* Where all memory of a loop comes from. The three behave as malloc, realloc and free do; they may return
 * NULL. */
typedef struct weft_allocator {
    void *(*allocate)(void *context, size_t size);
    void *(*reallocate)(void *context, void *pointer, size_t size);
    void (*release)(void *context, void *pointer);
    void *context;
} weft_allocator;

/* Memory of the current loop, for what is to be freed with weft_free: strings and values handed over to weft.
 */
void *weft_allocate(size_t size);
void weft_free(void *pointer);

/* --- Running --- */

/*
 * The whole of a program: makes a loop on the host's own terms (libuv or JavaScript), runs the coroutine,
 * cancels what is left, and returns the exit status: 0, or 1 after printing an unhandled error with its
 * traceback. In a JavaScript host it does not return: the event loop must go on.
 *
 *     int main(void) { return weft_main(weft_call(hello)); }
 *
 * The loop is a simulated one (weft/simulation.h) if the environment has one of
 *
 *     WEFT_VIRTUAL=1               a clock that jumps
 *     WEFT_SEED=7                  choices drawn by this seed
 *     WEFT_DECISIONS="2 0 1"       the choices in order; what the list does not give, the seed draws, or is 0
 *     WEFT_INJECTIONS="12:3 40:7"  cancels task 3, as the event log numbers it, right before step 12, …
 *
 * and then WEFT_PERMUTE_READY=1 lets the order of ready tasks vary, too, and WEFT_DECISIONS_OUT=FILE,
 * natively, gets a line "KIND CANDIDATES CHOSEN" for each choice. With a text that is none of these it
 * returns 1.
 *
 * asyncio.run
 */
#define weft_main(coroutine) (weft__main_enter() ? weft__main_run(coroutine) : 1)
bool weft__main_enter(void);
int weft__main_run(weft_coroutine *coroutine);

/*
 * The parts, for hosts and for programs that make their own loop. NULL for the allocator means malloc's. The
 * loop does not own the host. weft_loop_new makes it current in this thread; NULL without memory, or if the
 * thread has one.
 */
weft_loop *weft_loop_new(weft_host *host, const weft_allocator *allocator);

/* The loop of this thread, or NULL. asyncio.get_running_loop */
weft_loop *weft_loop_current(void);

/*
 * Starts a main task: the loop is done when every main task has ended, the tasks they left were cancelled and
 * have ended, too, and generators are closed. It can start again then. Held by the loop until it closes;
 * weft_release lets go sooner. On failure a task that has failed.
 */
weft_task *weft_loop_start(weft_loop *loop, weft_coroutine *coroutine);

/* The same, in a context that it shares with others: what it sets there stays. NULL for a copy of the current
 * one. */
weft_task *weft_loop_start_in(weft_loop *loop, weft_coroutine *coroutine, weft_context *context);

/* Why weft_loop_turn has returned. */
typedef enum weft_turn {
    WEFT_TURN_MORE,   /* tasks are ready: turn again soon */
    WEFT_TURN_IDLE,   /* waiting for the armed deadline or for the world outside */
    WEFT_TURN_DONE,   /* the main tasks have ended, and every other one with them */
    WEFT_TURN_STOPPED /* at the step that was asked for */
} weft_turn;

/*
 * Runs what is ready until there is nothing, or the time slice is used up, or `stop_at_step` steps were made
 * since the loop began (0: no such stop): then it stands right behind that step. The host calls it.
 */
weft_turn weft_loop_turn(weft_loop *loop, uint64_t stop_at_step);

/*
 * How long the end waits for functions in threads (weft_to_thread), after their tokens were cancelled; 300
 * seconds unless this or the environment's WEFT_JOIN_SECONDS says another number; 0: not at all. Those that
 * still run then are reported by their names and left alone: what they return is freed, and the process can
 * exit without them (with glibc; elsewhere libuv waits for its threads there). NaN has no effect. On a
 * virtual clock, which stands still meanwhile, the end waits as long as they run. asyncio waits 300 seconds.
 */
void weft_loop_set_join_seconds(weft_loop *loop, double seconds);

/* Steps made since the loop began, each a `resume` record of the event log. */
uint64_t weft_loop_steps(const weft_loop *loop);

/* Drops what is left, reports what was forgotten, frees everything. */
void weft_loop_close(weft_loop *loop);

/* The error of a task with its traceback, as Python prints an unhandled one, as much as fits. Returns the
 * length of all. */
size_t weft_task_print_error(weft_task *task, char *buffer, size_t size);

/* The coroutines that a task's error went through, outermost first; counts those left out as well. */
typedef struct weft_trace_entry {
    const char *function;
    const char *file;
    int line;
} weft_trace_entry;
size_t weft_task_traceback(weft_task *task, weft_trace_entry *entries, size_t size);

/*
 * Whether every task that a program's coroutines and callbacks create starts eagerly, as with .eager of
 * weft_create_task_with: it runs at once, up to its first wait. Main tasks start as ever, and so does one
 * within 32 eager starts inside each other. asyncio.eager_task_factory
 */
void weft_loop_set_eager(weft_loop *loop, bool eager);

/* --- Callbacks --- */

/* Called by the loop in its thread. `argument` is the caller's. */
typedef void weft_callback(void *argument);

/* A callback that was asked for. Valid until it has run or was cancelled. */
typedef struct weft__callback weft_handle;

/* Seconds on the loop's clock. loop.time() */
double weft_time(void);

/*
 * Calls back in the next tick; after `delay` seconds; at `when`. NULL without memory, for NULL, for NaN, in a
 * thread without a loop. Debug mode names a callback that blocks by these words and this line.
 *
 *     weft_handle *weft_call_soon(weft_callback *callback, void *argument);
 *     weft_handle *weft_call_later(double delay, weft_callback *callback, void *argument);
 *     weft_handle *weft_call_at(double when, weft_callback *callback, void *argument);
 */
#define weft_call_soon(callback, ...) weft__call_soon((callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
#define weft_call_later(delay, callback, ...) \
    weft__call_later((delay), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
#define weft_call_at(when, callback, ...) \
    weft__call_at((when), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
weft_handle *weft__call_soon(weft_callback *callback, void *argument, const char *name);
weft_handle *weft__call_later(double delay, weft_callback *callback, void *argument, const char *name);
weft_handle *weft__call_at(double when, weft_callback *callback, void *argument, const char *name);

/* Takes the callback back. The handle is gone. NULL is allowed. */
void weft_handle_cancel(weft_handle *handle);

/*
 * The one call that other threads may make: calls back in a tick of `loop`. False without memory. From a
 * function of weft_to_thread the callback has the variables of who asked for that thread, if it is the same
 * loop's; else it has none. The loop does not wait for calls that it does not know of: announce them with
 * weft_loop_hold, or run them before the main task ends.
 *
 *     bool weft_call_soon_threadsafe(weft_loop *loop, weft_callback *callback, void *argument);
 */
#define weft_call_soon_threadsafe(loop, callback, ...) \
    weft__call_soon_threadsafe((loop), (callback), (__VA_ARGS__), #callback " of " WEFT__HERE)
bool weft__call_soon_threadsafe(weft_loop *loop, weft_callback *callback, void *argument, const char *name);

/* While held, the loop waits for the world outside: idleness is not a deadlock, and a virtual clock stands
 * still. */
void weft_loop_hold(weft_loop *loop);
void weft_loop_unhold(weft_loop *loop);

/* The memory that the loop has from its allocator now, bytes. */
size_t weft_loop_memory(const weft_loop *loop);

WEFT_END_DECLARATIONS

#endif
