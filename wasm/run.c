/* Coroutines run by name from JavaScript, each a main task of one loop, and the outcome that JavaScript
 * reads. */

#include "../core/internal.h"
#include "../core/program.h"
#include "bridge.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

/* The task has ended: JavaScript reads its outcome with the functions below, before it returns. */
WEFT__IMPORT(void, weft_js_ended, (weft_task * task), {})

/* What JavaScript waits for. */
typedef struct run {
    struct run *next, **link;
    weft_task *task;
} run;

static run *runs;

static void report_end(run *self) {
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    weft_js_ended(self->task);
    weft_release(self->task); /* which the loop held */
    free(self);
}

static void on_done(weft_future *future, void *self) {
    (void)future;
    report_end(self);
}

/* --- The loop --- */

/* The loop ends in the tick of its last main task, one before that one's callbacks. */
static void end_loop(weft_loop *loop) {
    while (runs != NULL) {
        weft_future_remove_done_callback(weft_task_future(runs->task), on_done, runs);
        report_end(runs);
    }
    fflush(NULL); /* while the log is there to have it */
    (void)loop;
    weft__program_finish();
    fflush(NULL);
}

static bool enter_loop(void) {
    if (weft__driven() != NULL)
        return true;
    if (!weft__main_enter())
        return false;
    weft__drive(weft_loop_current(), end_loop);
    return true;
}

/* --- Starting and cancelling --- */

/* The structure of a coroutine, zeroed, for JavaScript to set its fields. NULL without memory. */
WEFT__CALLABLE(weft_wasm_frame) weft_frame *weft_wasm_frame(const weft_type *type) {
    weft_frame *frame = calloc(1, type->size);
    if (frame != NULL)
        *frame = (weft_frame){.step = type->step, .b = {.called_at = "JavaScript"}, .size = type->size};
    return frame;
}

/* Takes its own structure; the caller keeps the coroutine's. */
static weft_task *start(run *self, weft_frame *frame) {
    self->task = weft_loop_start(weft_loop_current(), weft__make(frame));
    weft__hop();
    if (!weft_task_add_done_callback(self->task, on_done, self)) {
        weft_task_cancel(self->task, NULL);
        free(self);
        return NULL;
    }
    self->next = runs;
    self->link = &runs;
    if (runs != NULL)
        runs->link = &self->next;
    runs = self;
    return self->task;
}

/* Runs a coroutine as a main task, and frees the structure that it was given. NULL without memory. */
WEFT__CALLABLE(weft_wasm_start) weft_task *weft_wasm_start(weft_frame *frame) {
    run *self = malloc(sizeof *self);
    bool entered = self != NULL && enter_loop();
    weft_task *task = entered ? start(self, frame) : NULL;
    if (!entered)
        free(self);
    free(frame);
    return task;
}

WEFT__CALLABLE(weft_wasm_cancel) void weft_wasm_cancel(weft_task *task, const char *message) {
    weft_task_cancel(task, message);
    weft__hop();
}

weft_task *weft_wasm_task(uint32_t id); /* of frames.c */

/* Cancels the task of that number; 0 if there is none, or it is done. */
WEFT__CALLABLE(weft_wasm_cancel_task) int weft_wasm_cancel_task(uint32_t id, const char *message) {
    weft_task *task = weft_wasm_task(id);
    bool told = task != NULL && weft_task_cancel(task, message);
    weft__hop();
    return told;
}

/* The coroutine that was given to weft_main, or NULL. */
static weft_task *main_task(void) {
    return weft__driven() == NULL ? NULL : weft__driven()->interruptible;
}

/* Cancels it. */
WEFT__CALLABLE(weft_wasm_cancel_main) void weft_wasm_cancel_main(const char *message) {
    if (main_task() == NULL)
        return;
    weft_task_cancel(main_task(), message);
    weft__hop();
}

/* Its number, or 0. */
WEFT__CALLABLE(weft_wasm_main_task) uint32_t weft_wasm_main_task(void) {
    return weft__id_of(main_task());
}

/* Cancels it as SIGINT does elsewhere; 0 if there is none. */
WEFT__CALLABLE(weft_wasm_interrupt) int weft_wasm_interrupt(void) {
    if (main_task() == NULL)
        return 0;
    weft__interrupt(weft__driven());
    weft__hop();
    return 1;
}

/* Leaves the program as returning from main does. */
WEFT__CALLABLE(weft_wasm_exit) void weft_wasm_exit(int status) {
    fflush(NULL);
    exit(status);
}

/* What the program prints, for the event log; 1 stdout, 2 stderr. */
WEFT__CALLABLE(weft_wasm_output) void weft_wasm_output(int stream, const char *text) {
    weft_loop *loop = weft_loop_current();
    if (loop == NULL || loop->log == NULL)
        return;
    uint32_t words = weft__log_text(loop, text);
    weft__log_record(loop, WEFT_LOG_OUTPUT, (uint8_t)stream, 0, weft__id_of(loop->current), 0, 0, 0, words);
}

/* Hands over the records of a program that comes to its end within a step. */
WEFT__CALLABLE(weft_wasm_flush) void weft_wasm_flush(void) {
    if (weft_loop_current() != NULL && weft_loop_current()->log != NULL)
        weft__log_flush(weft_loop_current());
}

/* --- Outcomes --- */

WEFT__CALLABLE(weft_wasm_task_error) const weft_error *weft_wasm_task_error(weft_task *task) {
    return weft_task_error(task);
}

/* Its value; good until the next call. */
WEFT__CALLABLE(weft_wasm_task_value) const weft_value *weft_wasm_task_value(weft_task *task) {
    static weft_value value;
    value = weft_task_value(task);
    return &value;
}

static weft_trace_entry trace[64];

/* How many coroutines its error went through. The first and the last 32 are there to be read until the next
 * call. */
WEFT__CALLABLE(weft_wasm_task_trace) size_t weft_wasm_task_trace(weft_task *task) {
    return weft_task_traceback(task, trace, sizeof trace / sizeof *trace);
}
WEFT__CALLABLE(weft_wasm_trace_function) const char *weft_wasm_trace_function(size_t i) {
    return trace[i].function;
}
WEFT__CALLABLE(weft_wasm_trace_file) const char *weft_wasm_trace_file(size_t i) {
    return trace[i].file;
}
WEFT__CALLABLE(weft_wasm_trace_line) int weft_wasm_trace_line(size_t i) {
    return trace[i].line;
}

/* --- What runs --- */

/* Every task that is not done, at most `size` of them; returns how many there are. */
WEFT__CALLABLE(weft_wasm_tasks) size_t weft_wasm_tasks(weft_task **tasks, size_t size) {
    return weft_all_tasks(tasks, size);
}
WEFT__CALLABLE(weft_wasm_awaited_by)
size_t weft_wasm_awaited_by(weft_task *task, weft_task **tasks, size_t size) {
    return weft_awaited_by(task, tasks, size);
}
WEFT__CALLABLE(weft_wasm_task_id) uint32_t weft_wasm_task_id(const weft_task *task) {
    return weft_task_id(task);
}
WEFT__CALLABLE(weft_wasm_task_name) const char *weft_wasm_task_name(const weft_task *task) {
    return weft_task_name(task);
}
WEFT__CALLABLE(weft_wasm_task_runs) int weft_wasm_task_runs(const weft_task *task) {
    return task == weft_current_task();
}

/* How many coroutines it stands in. The innermost 64 are there to be read, as those of an error are. */
WEFT__CALLABLE(weft_wasm_task_stack) size_t weft_wasm_task_stack(weft_task *task) {
    return weft_task_stack(task, trace, sizeof trace / sizeof *trace);
}

static weft_task_wait wait;

/* What it waits for, or NULL; with its number and seconds, good until the next call. */
WEFT__CALLABLE(weft_wasm_task_wait) const char *weft_wasm_task_wait(weft_task *task) {
    wait = weft_task_waits_for(task);
    return wait.what;
}
WEFT__CALLABLE(weft_wasm_wait_id) uint32_t weft_wasm_wait_id(void) {
    return wait.id;
}
WEFT__CALLABLE(weft_wasm_wait_seconds) double weft_wasm_wait_seconds(void) {
    return wait.seconds;
}

WEFT__CALLABLE(weft_wasm_task_tree) size_t weft_wasm_task_tree(char *buffer, size_t size) {
    return weft_format_task_tree(buffer, size);
}
