#ifndef WEFT_PROCESS_H
#define WEFT_PROCESS_H

/*
 * Child processes. asyncio.create_subprocess_exec
 *
 *     weft_await_to(self->child, weft_process_start(.argv = WEFT_ARGV("sort", "-r"), .input =
 * weft_stdio_pipe(), .output = weft_stdio_pipe())); weft_with(self->child) {
 *         weft_await(weft_stream_write(weft_process_input(self->child), "a\nb\n", 4));
 *         weft_stream_close(weft_process_input(self->child));
 *         weft_for_await(self->line, weft_stream_lines(weft_process_output(self->child))) {
 *             puts(self->line);
 *             weft_free(self->line);
 *         }
 *         weft_await_to(self->status, weft_process_wait(self->child));
 *     }
 *
 * weft_with ends a child that still runs: it closes its stdin and sends SIGTERM, SIGKILL after a time of
 * grace, and waits until it is gone. weft_process_close kills it at once and does not wait. Either way
 * nothing is left of it, no zombie either: libuv collects its status while the loop runs. What a child has
 * started itself is its own affair, unless it has a session of its own (weft_process_options).
 *
 * Writing to a child that has closed its stdin is EPIPE. SIGPIPE, which would end this process, is ignored
 * from the first thing on that a program opens; children have all signals as usual.
 */

#include <weft/base.h>
#include <weft/bytes.h>
#include <weft/coroutine.h>
#include <weft/stream.h>

WEFT_BEGIN_DECLARATIONS

/* --- Where stdin, stdout and stderr of a child lead --- */

/* Made by one of the functions below; zeroed: where this process's own leads. */
typedef struct weft_stdio {
    int kind, descriptor; /* both internal, as is the stream */
    weft_stream *stream;
} weft_stdio;

enum {
    WEFT__STDIO_PIPE = 1,
    WEFT__STDIO_NULL,
    WEFT__STDIO_OUTPUT,
    WEFT__STDIO_DESCRIPTOR,
    WEFT__STDIO_STREAM
};

static inline weft_stdio weft__stdio(int kind, int descriptor, weft_stream *stream) {
    weft_stdio made;
    made.kind = kind;
    made.descriptor = descriptor;
    made.stream = stream;
    return made;
}

/* To this process, which has the other end as a stream: weft_process_input, weft_process_output,
 * weft_process_errors. subprocess.PIPE */
static inline weft_stdio weft_stdio_pipe(void) {
    return weft__stdio(WEFT__STDIO_PIPE, -1, NULL);
}

/* Nowhere: nothing can be read there, and what is written is lost. subprocess.DEVNULL */
static inline weft_stdio weft_stdio_null(void) {
    return weft__stdio(WEFT__STDIO_NULL, -1, NULL);
}

/* For stderr: to where the child's stdout leads. subprocess.STDOUT */
static inline weft_stdio weft_stdio_output(void) {
    return weft__stdio(WEFT__STDIO_OUTPUT, -1, NULL);
}

/* To an open file descriptor, which stays the program's; weft_file_descriptor gives a file's. It is made to
 * block, for this process, too. */
static inline weft_stdio weft_stdio_descriptor(int descriptor) {
    return weft__stdio(WEFT__STDIO_DESCRIPTOR, descriptor, NULL);
}

/*
 * To what a stream is connected with: the child takes it over without anything being copied, and here it is
 * closed once the child has started. Another child's stdout makes a pipeline:
 *
 *     .input = weft_stdio_stream(weft_process_output(self->first))
 *
 * Nothing may have been read from it, written to it and not sent yet, and no TLS may be on it: InvalidState.
 */
static inline weft_stdio weft_stdio_stream(weft_stream *stream) {
    return weft__stdio(WEFT__STDIO_STREAM, -1, stream);
}

/* --- Starting --- */

/* What is to run, and how; zero is as usual. One of `argv` and `shell` must be set. */
typedef struct weft_process_options {
    const char *const *argv; /* its arguments, the first being its name, and a NULL: WEFT_ARGV makes them */
    const char *program;     /* the file to run; without a slash searched in PATH. NULL: argv's first */
    const char *shell;       /* a command for /bin/sh instead: what comes from others must be quoted */
    const char *const *environment; /* "NAME=value" each, and a NULL; NULL: that of this process */
    const char *folder;             /* its working directory; NULL: that of this process */
    weft_stdio input, output, errors;
    bool session; /* has a session of its own: it gets no Ctrl-C of the terminal's, and signals that are sent
                     to it go to what it has started, too */
    double grace; /* seconds from SIGTERM to SIGKILL at the end of weft_with; 0: 5 */
} weft_process_options;

/*
 * Starts a child. Gives an owned weft_process *, whose program runs already. The options are copied at
 * the call, with all strings; streams in them are handed over when it has started. SystemError with what the
 * system says: ENOENT where there is no such program or folder, EACCES, EMFILE, EAGAIN, …; InvalidArgument,
 * InvalidState (see weft_stdio_stream). weft_process_start is the usual way to write it.
 */
weft_coroutine *weft_process_start_of(const weft_process_options *options);

/* --- While it runs --- */

/* Its number. pid */
int weft_process_pid(const weft_process *process);

/*
 * Streams to its stdin and from its stdout and stderr, if they are pipes to this process; else NULL. They are
 * borrowed, and closed with the process at the latest. Closing the first ends the child's input.
 */
weft_stream *weft_process_input(const weft_process *process);
weft_stream *weft_process_output(const weft_process *process);
weft_stream *weft_process_errors(const weft_process *process);

/*
 * Sends it a signal: any; SIGTERM, to ask it to end; SIGKILL, to end it. False if it has ended, or the system
 * refuses. send_signal, terminate, kill
 */
bool weft_process_signal(weft_process *process, int number);
bool weft_process_terminate(weft_process *process);
bool weft_process_kill(weft_process *process);

/* --- Its end --- */

/*
 * Waits for its end. Gives an int: its exit status from 0 on, or the signal that ended it as a number below
 * zero, -9 for SIGKILL. Any number of tasks may wait, and as often as they like. A child that fills a pipe
 * which nobody reads does not end. process.wait
 */
weft_coroutine *weft_process_wait(weft_process *process);

/* Whether it has ended; `status`, as above, is set then. It may be NULL. returncode */
bool weft_process_ended(const weft_process *process, int *status);

/*
 * NULL if it ended with status 0; else an error that says how it ended, or that it has not: RuntimeError, the
 * caller's. "sort ended with status 2", "sort was ended by signal 9 (Killed)". check_returncode
 */
const weft_error *weft_process_check(const weft_process *process);

/* What weft_process_communicate gives. */
typedef struct weft_process_result {
    int status;         /* as weft_process_wait gives it */
    weft_bytes *output; /* NULL: its stdout is no pipe to this process, or closed */
    weft_bytes *errors; /* the same of its stderr */
} weft_process_result;

/* NULL is allowed. */
void weft_process_result_free(weft_process_result *result);

/*
 * Writes `size` bytes to its stdin and closes that, reads its stdout and its stderr to their ends, all at
 * once, and waits for the child. Gives an owned weft_process_result *. The input is copied at the call; a
 * child that does not want all of it is no error. LimitExceeded if it writes more than `limit` bytes to one
 * of the two; then, or cancelled, what has come is lost, and the child runs on. process.communicate
 */
weft_coroutine *weft_process_communicate(weft_process *process, const void *input, size_t size, size_t limit);

/* Kills it if it runs, closes its pipes, and lets go of it: nothing may use it any more. Tasks that wait for
 * it get InvalidState. NULL is allowed. */
void weft_process_close(weft_process *process);

WEFT_END_DECLARATIONS

#ifndef __cplusplus

/*
 * Starts a child with these weft_process_options:
 *
 *     weft_process_start(.argv = WEFT_ARGV("grep", "-c", self->word), .output = weft_stdio_pipe())
 *     weft_process_start(.shell = "ls | wc -l")
 *
 * create_subprocess_exec, create_subprocess_shell
 */
#define weft_process_start(...) weft_process_start_of(&(weft_process_options){__VA_ARGS__})

/* Strings as a list that ends in NULL. */
#define WEFT_ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
#endif
