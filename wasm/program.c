/* What weft_main asks of its host. It does not return here: main unwinds, and the event loop turns weft's
 * loop. */

#include "../core/program.h"
#include "../core/internal.h"
#include "bridge.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/log.h>

/* clang-format off */

/* Leaves main without returning from it. */
WEFT__IMPORT(void, weft_js_unwind, (void), {
    throw "unwind";
})

/* Chrome's trace, in pieces: opens (part 0, text is the path), continues (1), ends (2). A code, 0 for success. */
WEFT__IMPORT(int, weft_js_trace, (int part, const char *text, int length), {
    try {
        const file = Module["weftTrace"] = Module["weftTrace"] || { open: -1 };
        const bytes = HEAPU8.slice(text, text + length);
        const fs = require("fs");
        if (part === 0) file.open = fs.openSync(new TextDecoder().decode(bytes), "w");
        if (part === 1) fs.appendFileSync(file.open, bytes);
        if (part === 2) fs.closeSync(file.open);
        return 0;
    } catch (error) {
        return 3;
    }
})

/* Records of the event log, to be copied; whether anybody wants them. */
WEFT__IMPORT(void, weft_js_events, (const void *records, int bytes, double base), {})
WEFT__IMPORT(int, weft_js_wants_events, (void), { return 0; })

/* weft_main's task has ended: JavaScript may read its outcome before it returns. */
WEFT__IMPORT(void, weft_js_main_ended, (weft_task * task), {})

/* clang-format on */

weft_host *weft__program_host(const weft_error **error) {
    (void)error;
    return weft__javascript_host();
}

const weft_error *weft__program_simulated(weft_host *host) {
    (void)host;
    return NULL;
}

static void give_events(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    (void)context;
    weft_js_events(records, (int)(count * sizeof *records), (double)base);
}

void weft__program_entered(weft_loop *loop) {
    (void)loop;
    if (weft_js_wants_events())
        weft_log_on(give_events, NULL);
}

/* As returning from main does elsewhere; Emscripten runs the functions of atexit where it has its own glue.
 */
static void end_program(weft_loop *loop) {
    if (loop->interruptible != NULL)
        weft_js_main_ended(loop->interruptible);
    int status = weft__program_finish();
    fflush(NULL); /* which exit leaves out in standalone modules */
    exit(status);
}

int weft__program_run(weft_loop *loop) {
    weft__drive(loop, end_program);
    weft_js_unwind();
    return 1;
}

/* As shells tell of a process that SIGINT ended: WebAssembly knows no signals. */
int weft__program_interrupted(void) {
    return 130;
}

/* --- The trace --- */

static bool trace_failed;

bool weft__program_trace_open(const char *path) {
    trace_failed = weft_js_trace(0, path, (int)strlen(path)) != 0;
    if (trace_failed)
        fprintf(stderr, "weft: cannot write the trace %s here\n", path);
    return !trace_failed;
}

void weft__program_trace_write(void *context, const char *text, size_t length) {
    (void)context;
    if (!trace_failed && weft_js_trace(1, text, (int)length) != 0)
        trace_failed = true;
}

void weft__program_trace_close(void) {
    if (weft_js_trace(2, "", 0) != 0 || trace_failed)
        fputs("weft: the trace is incomplete\n", stderr);
}

/* A module reads no files. */
char *weft__program_source(const char *path, size_t *length) {
    (void)path;
    (void)length;
    return NULL;
}
