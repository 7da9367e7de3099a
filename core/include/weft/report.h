#ifndef WEFT_REPORT_H
#define WEFT_REPORT_H

/*
 * What goes wrong without anybody to tell: a coroutine never awaited, an error never retrieved, a task
 * destroyed while it was pending, an error raised in weft_drop. Each is one report to the loop's exception
 * handler; the default one makes a line of text of it and gives that to the reporter.
 */

#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

/* What is known of it. All of it is borrowed for the length of the call; what is not known is NULL or 0. */
typedef struct weft_error_context {
    const char *message;     /* what happened, in words */
    const weft_error *error; /* that nobody gets */
    weft_task *task;         /* that it happened to */
    weft_future *future;     /* the same as the future it is; or a future that is no task */
    const char *function;    /* the coroutine */
    const char *file;        /* where in it */
    int line;
    const char *created_at; /* "file.c:12": where the coroutine was called; of tasks and futures known in
                               debug mode only */
} weft_error_context;

/*
 * Returns whether it has taken care of the report; if not, the default handler is next. It runs in the
 * context (the variables) of the task, may create tasks and must not close the loop. What goes wrong within
 * it goes to the default handler.
 */
typedef bool weft_exception_handler(void *context, const weft_error_context *report);

/* NULL brings the default back. loop.set_exception_handler */
void weft_loop_set_exception_handler(weft_loop *loop, weft_exception_handler *handler, void *context);

/* The handler that was set, or NULL. loop.get_exception_handler */
weft_exception_handler *weft_loop_exception_handler(const weft_loop *loop);

/* Makes a report of the program's own. loop.call_exception_handler */
void weft_loop_call_exception_handler(weft_loop *loop, const weft_error_context *report);

/*
 * The default handler: "task 5 (fetch, file.c:10): its error was never retrieved: RuntimeError: no reply", as
 * one line to the reporter. loop.default_exception_handler
 */
void weft_loop_default_exception_handler(weft_loop *loop, const weft_error_context *report);

/* Gets the default handler's lines. NULL brings back the one that prints them to stderr. */
typedef void weft_reporter(void *context, const char *text);
void weft_loop_set_reporter(weft_loop *loop, weft_reporter *reporter, void *context);

/* --- Debug mode --- */

/* What WEFT_DEBUG=1 sets. Steps and callbacks of `seconds` or longer are reported (0.1). asyncio's debug mode
 */
void weft_loop_set_debug(weft_loop *loop, bool debug);
bool weft_loop_debug(const weft_loop *loop);
void weft_loop_set_slow_step(weft_loop *loop, double seconds);

WEFT_END_DECLARATIONS

#endif
