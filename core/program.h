#ifndef WEFT_CORE_PROGRAM_H
#define WEFT_CORE_PROGRAM_H

/* Between weft_main and runners, which the core has, and the host library that the program is linked with. */

#include <weft/host.h>
#include <weft/loop.h>
#include <weft/runner.h>

/* --- The host library gives: --- */

/* A host on the real clock; NULL with an error, which is the caller's. */
weft_host *weft__program_host(const weft_error **error);

/* Gives a simulation's host what only this platform has: waiting for other threads, interrupts, a file of its
 * choices, input and output. NULL, or an error, and then nothing was given. */
const weft_error *weft__program_simulated(weft_host *host);

/* The loop of weft_main has been made, and nothing runs in it yet: where a host switches on a log of its own.
 */
void weft__program_entered(weft_loop *loop);

/* Runs weft_main's coroutine, which has been started, and returns weft__program_wait. A host that cannot wait
 * unwinds to its event loop instead, turns the loop from there until it is done and calls
 * weft__program_finish. */
int weft__program_run(weft_loop *loop);

/* Ends the process as an interrupted one ends here, or returns the exit status that says so. */
int weft__program_interrupted(void);

/* Where WEFT_TRACE goes. Open says on stderr why it cannot. */
bool weft__program_trace_open(const char *path);
void weft__program_trace_write(void *context, const char *text, size_t length);
void weft__program_trace_close(void);

/* threads.c: starts a thread that opens the loop of `self`, runs it to its end, closes it, and tells of that
 * last. 0, or a code of the host's. Called only if the host has threads (`work`). */
struct weft__thread;
int weft__program_thread(struct weft__thread *self);
/* Lets go of a thread: waits until it is gone, which it is about to be; or lets it run on. */
void weft__program_join(struct weft__thread *self);
void weft__program_detach(struct weft__thread *self);
/* Threads that can run at once, at least 1. */
unsigned weft__program_cores(void);

/* The text of a source file, for the trace; the caller frees it. NULL where it cannot be had. */
char *weft__program_source(const char *path, size_t *length);

/* --- The core gives: --- */

/* world.c: the runner's host, real or simulated, as the environment says. NULL, or an error. */
const weft_error *weft__world_open(weft_runner *runner);

/* param.c: NULL, or an error that says which of the environment's parameters has no such value, or does not
 * exist. */
const weft_error *weft__params_check(void);

/* runner.c: a run in parts. Open makes the loop if there is none, and it current. Begin starts the coroutine;
 * wait lets the host turn the loop until it has ended, and returns NULL or the host's failure; end takes
 * that, and returns the error, which is the caller's, or NULL with the value. */
const weft_error *weft__runner_open(weft_runner *runner);
void weft__runner_begin(weft_runner *runner, weft_coroutine *coroutine);
const weft_error *weft__runner_wait(weft_runner *runner);
const weft_error *weft__runner_end(weft_runner *runner, const weft_error *failure, weft_value *value);
void weft__print_task_error(weft_task *task); /* to stderr */

/* simulation.c: the simulation whose host this is, or NULL. */
struct weft_simulation *weft__simulation_of(weft_host *host);

/* simulation.c: the clock goes on to the next deadline. */
void weft__simulation_jump(struct weft_simulation *simulation, weft_loop *loop);

/* main.c: waits for weft_main's coroutine and finishes; once the loop is done: reports the error of
 * weft_main's task, if it was called, closes the loop and the trace. Both return the exit status. */
int weft__program_wait(void);
int weft__program_finish(void);

/* interrupt.c: SIGINT has come; the loop must be woken after it. Safe in signal handlers and other threads.
 */
void weft__interrupt(weft_loop *loop);

#endif
