/* Reports of what goes wrong without anybody to tell, and debug mode, which looks for more of it. */

#include "internal.h"
#include "text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_MOST = 2048, MESSAGE_MOST = 1024 };

/* --- What is known --- */

weft_error_context weft__about_frame(weft_frame *frame, int line) {
    const weft_type *type = weft__type_of(frame);
    return (weft_error_context){
        .function = type->name, .file = type->file, .line = line == 0 ? (int)type->line : line};
}

/* The coroutine that runs a task, and where it stands; of one that failed, which its error went through
 * last. */
static weft_error_context about_task(weft_task *task) {
    weft_trace_entry outermost = {NULL, NULL, 0};
    weft_frame *leaf = weft__leaf_of(weft__current, task);
    if (leaf != NULL)
        return weft__about_frame(leaf, weft__line_of(leaf));
    weft_task_traceback(task, &outermost, 1);
    return (weft_error_context){
        .function = outermost.function, .file = outermost.file, .line = outermost.line};
}

weft_error_context weft__about_future(weft_future *future) {
    weft_error_context about = WEFT__NOTHING_KNOWN;
    if (future->handle.kind == HANDLE_TASK) {
        about = about_task((weft_task *)(void *)future);
        about.task = (weft_task *)(void *)future;
    }
    about.future = future;
    about.created_at = future->extra == NULL ? NULL : future->extra->created_at;
    return about;
}

/* --- As text --- */

static void print_to_stderr(void *context, const char *text) {
    (void)context;
    fflush(stdout);
    fprintf(stderr, "weft: %s\n", text);
}

/* "task 5 'reader' (fetch, file.c:10, created at main.c:22): " */
static void describe_future(weft__text *text, const weft_error_context *report) {
    const char *between = " (";
    const weft__extra *extra = report->future->extra;
    weft__text_add(text, "%s %u", report->task != NULL ? "task" : "future", report->future->id);
    if (report->task != NULL && extra != NULL && extra->name != NULL)
        weft__text_add(text, " '%s'", extra->name);
    if (report->function != NULL) {
        weft__text_add(text, "%s%s, %s:%d", between, report->function, report->file, report->line);
        between = ", ";
    }
    if (report->created_at != NULL) {
        weft__text_add(text, "%screated at %s", between, report->created_at);
        between = ", ";
    }
    weft__text_add(text, between[0] == ',' ? "): " : ": ");
}

static void describe_subject(weft__text *text, const weft_error_context *report) {
    if (report->future != NULL)
        describe_future(text, report);
    else if (report->created_at != NULL && report->function != NULL)
        weft__text_add(text, "coroutine '%s' called at %s ", report->function, report->created_at);
    else if (report->function != NULL)
        weft__text_add(text, "%s:%d: %s: ", report->file, report->line, report->function);
}

void weft_loop_default_exception_handler(weft_loop *loop, const weft_error_context *report) {
    char line[LINE_MOST];
    weft__text text = weft__text_in(line, sizeof line);
    describe_subject(&text, report);
    weft__text_add(&text, "%s", report->message == NULL ? "an error that nobody handles" : report->message);
    if (report->error != NULL && text.length + 2 < sizeof line) {
        weft__text_add(&text, ": ");
        weft_value_print(weft__of_error(report->error), line + text.length, sizeof line - text.length);
    }
    if (loop == NULL || loop->reporter == NULL)
        print_to_stderr(NULL, line);
    else
        loop->reporter(loop->reporter_context, line);
}

void weft_loop_set_reporter(weft_loop *loop, weft_reporter *reporter, void *context) {
    loop->reporter = reporter;
    loop->reporter_context = context;
}

/* --- The handler --- */

void weft_loop_set_exception_handler(weft_loop *loop, weft_exception_handler *handler, void *context) {
    loop->handler = handler;
    loop->handler_context = context;
}

weft_exception_handler *weft_loop_exception_handler(const weft_loop *loop) {
    return loop->handler;
}

/* In the context of the task that the report is about. */
static bool call_handler(weft_loop *loop, const weft_error_context *report) {
    weft_future *future = report->task != NULL ? &report->task->future : report->future;
    weft_context *context = NULL;
    if (future != NULL && future->extra != NULL)
        context = weft_context_retain(future->extra->context);
    weft_context **outer = loop->place;
    if (future != NULL)
        weft__context_enter(loop, &context);
    bool handled = loop->handler(loop->handler_context, report);
    weft__context_leave(loop, outer);
    weft__context_free(loop, context);
    return handled;
}

void weft_loop_call_exception_handler(weft_loop *loop, const weft_error_context *report) {
    bool handled = false;
    if (loop != NULL && loop->handler != NULL && !loop->handling) {
        loop->handling = true;
        handled = call_handler(loop, report);
        loop->handling = false;
    }
    if (!handled)
        weft_loop_default_exception_handler(loop, report);
}

void weft__report(weft_loop *loop, weft_error_context about, const char *format, ...) {
    char message[MESSAGE_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    about.message = message;
    weft_loop_call_exception_handler(loop, &about);
}

/* --- Debug mode --- */

/* Of all loops: threads without one ask it. */
static atomic_uint debugging;

void weft_loop_set_debug(weft_loop *loop, bool debug) {
    if (debug != loop->debug)
        atomic_fetch_add(&debugging, debug ? 1u : UINT_MAX);
    loop->debug = debug;
    weft__watch_creation(loop);
    loop->watched = debug || loop->log != NULL;
}

bool weft_loop_debug(const weft_loop *loop) {
    return loop->debug;
}

void weft_loop_set_slow_step(weft_loop *loop, double seconds) {
    loop->slow_step = seconds;
}

void weft__watch_callback(weft_loop *loop, double begin, const char *name) {
    double took = weft__now(loop) - begin;
    if (!(took >= loop->slow_step))
        return;
    WEFT__LOG(loop, WEFT_LOG_STEP_TOO_LONG, 0, 0, 0, 0, 0, 0, weft__float_bits(took));
    weft__report(loop, WEFT__NOTHING_KNOWN, "the callback %s took %.3f s and blocked all others", name, took);
}

/* --- The wrong thread --- */

bool weft__tell_no_loop(const char *what) {
    if (atomic_load(&debugging) > 0)
        weft__report(
            NULL, WEFT__NOTHING_KNOWN,
            "%s was asked for in a thread that has no loop: weft_call_soon_threadsafe calls one that has",
            what);
    return false;
}

bool weft__tell_other_loop(weft_loop *loop) {
    if (atomic_load(&debugging) > 0)
        weft__report(
            loop, WEFT__NOTHING_KNOWN,
            "what belongs to another thread's loop was used: weft_call_soon_threadsafe calls that thread");
    return false;
}
