#ifndef WEFT_THREADS_H
#define WEFT_THREADS_H

/*
 * Loops in threads of their own, for work on several cores. (Blocking functions: weft/thread.h.)
 *
 *     static weft_coroutine *serve_all(void *argument) { return weft_call(serve, .port = argument); }
 *     …
 *     weft_await(weft_thread_run(serve_all, &self->port));
 *
 * Loops share nothing by themselves: tasks, futures, locks, streams and the rest belong to the loop that they
 * were made in. What two of them share goes through a channel (weft/channel.h), or is the program's own
 * business. On hosts without threads, and in a simulated world, the coroutines run in the loop of who asks
 * for them, where a seed chooses their order; so they should not block, and debug mode says that it is so.
 */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* Makes the coroutine that a thread runs. Called in that thread, in its loop. */
typedef weft_coroutine *weft_thread_main(void *argument);

/*
 * Awaiting it starts a thread, runs the coroutine that `main(argument)` makes in a loop there, as weft_run
 * does, and gives its value or raises its error. The thread has ended then. As a task it runs beside others:
 * weft_create_task(weft_thread_run(main, argument)). A cancellation cancels that coroutine, and its outcome
 * counts: it is waited for, so that `argument` lives as long as who awaits it. Strings of weft_format move;
 * other values that own something must be such that any thread may free them. SystemError if there can be no
 * thread.
 */
weft_coroutine *weft_thread_run(weft_thread_main *main, void *argument) WEFT__MUST_USE;

/* Makes the coroutine that one of several threads runs; they are numbered from 0. */
typedef weft_coroutine *weft_threads_main(unsigned number, void *argument);

/* Awaiting it does the same with `count` threads, 0: one a core, and waits for all, as weft_task_group does:
 * the first error cancels the others, and a group of all errors is raised. */
weft_coroutine *weft_threads_run(unsigned count, weft_threads_main *main, void *argument) WEFT__MUST_USE;

/* Threads that can run at the same time here, at least 1; 1 on hosts without threads. os.process_cpu_count */
unsigned weft_cores(void);

WEFT_END_DECLARATIONS

#endif
