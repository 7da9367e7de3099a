#ifndef WEFT_RUNNER_H
#define WEFT_RUNNER_H

/*
 * Running coroutines to their end from plain C functions: weft_run for one, a runner for one after the other
 * in one loop. weft_main (weft/loop.h) is for whole programs.
 *
 * Both wait, so both need a host that can: libuv, or the simulation on any host. JavaScript cannot wait: on
 * its real clock they give an error, and weft_main, or weft.run called from JavaScript, takes their place.
 */

#include <weft/base.h>
#include <weft/context.h>
#include <weft/loop.h>
#include <weft/simulation.h>
#include <weft/value.h>

WEFT_BEGIN_DECLARATIONS

/* All may be zero. What they point to must outlive the runner. */
typedef struct weft_runner_options {
    bool debug;                      /* debug mode, as WEFT_DEBUG=1 switches it on */
    double join_seconds;             /* as weft_loop_set_join_seconds; 0: as WEFT_JOIN_SECONDS says */
    const weft_allocator *allocator; /* NULL: malloc's */
    /* A simulated world with these choices; NULL: the host's own, or a simulated one if the environment asks
     * for it (weft_main says how). */
    const weft_simulation_options *simulation;
} weft_runner_options;

/* One loop and its host. It is used in place and must not move; all of it is internal. */
typedef struct weft_runner {
    weft_runner_options options;
    weft_simulation simulation; /* the host, if it is simulated */
    uint32_t *decisions;        /* from the environment, as the next */
    weft_injection *injections;
    weft_host *host;
    weft_loop *loop;
    weft_context *context; /* of every run's coroutine */
    weft_task *main;       /* of the run that is on */
    bool closed;
} weft_runner;

/* Makes a runner that has no loop yet. NULL for the options: none. asyncio.Runner */
void weft_runner_init(weft_runner *runner, const weft_runner_options *options);

/*
 * Runs a coroutine in the runner's loop, which the first run makes, and waits until it has ended. Tasks that
 * it leaves are neither cancelled nor waited for: they go on during the next run, and what they wait for can
 * be set, released or put by that, not between the runs. True if it ended with a value, which moves to
 * *value; else the error moves to *error. All runs share one context: the variables that one sets are there
 * in the next.
 *
 *     weft_runner runner;
 *     weft_value value;
 *     weft_runner_init(&runner, NULL);
 *     weft_runner_run(&runner, weft_call(fetch, .url = "a"), &value, NULL);
 *     weft_runner_run(&runner, weft_call(fetch, .url = "b"), &value, NULL);
 *     weft_runner_close(&runner);
 *
 * The caller frees the value with weft_value_free and releases the error with weft_error_release. `value` may
 * be NULL: it is freed. `error` may be NULL: it is reported to stderr with its traceback. A value that
 * borrows memory must borrow it from what outlives the run. The coroutine is made inside the loop, so the
 * argument must be the call itself; it is not evaluated where it cannot run: RuntimeError if this thread has
 * a loop already, the runner is closed or the host cannot wait, SystemError with the host's words, or
 * out-of-memory.
 *
 * In a program's main thread SIGINT (Ctrl-C), unless the program handles it, cancels the coroutine; if it
 * ends by that, the error is WEFT_INTERRUPTED. A second SIGINT ends the process. Runner.run
 */
#define weft_runner_run(runner, coroutine, value, error) \
    weft__runner_run(weft__runner_enter(runner) ? (coroutine) : NULL, (value), (error))
bool weft__runner_enter(weft_runner *runner);
bool weft__runner_run(weft_coroutine *coroutine, weft_value *value, const weft_error **error);

/* The runner's loop, which this makes if no run has; NULL if it cannot. It is current in a thread while a run
 * is on. Other threads may give it to weft_call_soon_threadsafe until the runner is closed. Runner.get_loop
 */
weft_loop *weft_runner_loop(weft_runner *runner);

/*
 * Ends the loop as asyncio.run does: cancels the tasks that are left and waits for them, closes generators,
 * waits for functions in threads, and frees everything. Outside of any run; a second time does nothing.
 * Runner.close
 */
void weft_runner_close(weft_runner *runner);

/*
 * A runner for one run:
 *
 *     if (weft_run(weft_call(fetch, .url = "a"), &value, &error)) …
 *
 * asyncio.run
 */
#define weft_run(coroutine, value, error) weft__run(weft__run_enter() ? (coroutine) : NULL, (value), (error))
bool weft__run_enter(void);
bool weft__run(weft_coroutine *coroutine, weft_value *value, const weft_error **error);

WEFT_END_DECLARATIONS

#endif
