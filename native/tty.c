#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Streams of descriptors that are open already: standard input and output; terminals. */

#include "stream_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <weft/tty.h>

/* --- Opening --- */

/* The same file once more. Not blocking of a description of its own, if it can have one: then those who share
 * the old one do not see that. Else `*shared`. */
static int reopen(int descriptor, bool *shared) {
    char path[40];
    int mode = fcntl(descriptor, F_GETFL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int again = mode < 0 ? -1 : open(path, (mode & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *shared = again < 0;
    return again >= 0 ? again : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

static int open_terminal(weft_stream *stream, int descriptor) {
    /* libuv opens it once more by itself, and closes neither of the first three. */
    int own = descriptor <= STDERR_FILENO ? descriptor : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int code =
        own < 0 ? uv_translate_sys_error(errno) : uv_tty_init(stream->host->uv, &stream->wire.tty, own, 0);
    if (code != 0 && own > STDERR_FILENO)
        close(own);
    return code;
}

static int open_socket(weft_stream *stream, int descriptor, bool tcp) {
    int mode = fcntl(descriptor, F_GETFL);
    int own = tcp ? fcntl(descriptor, F_DUPFD_CLOEXEC, 3) : reopen(descriptor, &stream->unblocks);
    if (own < 0)
        return uv_translate_sys_error(errno);
    stream->unblocks = (tcp || stream->unblocks) && !(mode & O_NONBLOCK);
    int code;
    if (tcp) {
        uv_tcp_init(stream->host->uv, &stream->wire.tcp);
        code = uv_tcp_open(&stream->wire.tcp, own);
    } else {
        uv_pipe_init(stream->host->uv, &stream->wire.pipe, 0);
        code = uv_pipe_open(&stream->wire.pipe, own);
    }
    if (code != 0)
        close(own);
    return code;
}

static int open_file(weft_stream *stream, int descriptor) {
    int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return uv_translate_sys_error(errno);
    uv_pipe_init(stream->host->uv, &stream->wire.pipe, 0); /* a handle that carries nothing */
    if (weft__stream_file_open(stream, own))
        return 0;
    close(own);
    return UV_ENOMEM;
}

static weft_value open_descriptor(int descriptor) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    weft_stream *stream = host == NULL ? NULL : weft__stream_new(host);
    if (stream == NULL)
        return weft__of_error(host == NULL ? error : &weft_error_out_of_memory);
    uv_handle_type type = uv_guess_handle(descriptor);
    int code = UV_EINVAL;
    if (fcntl(descriptor, F_GETFD) < 0)
        code = uv_translate_sys_error(errno);
    else if (type == UV_TTY)
        code = open_terminal(stream, descriptor);
    else if (type == UV_NAMED_PIPE || type == UV_TCP)
        code = open_socket(stream, descriptor, type == UV_TCP);
    else if (type == UV_FILE)
        code = open_file(stream, descriptor);
    if (code == 0) {
        weft__stream_open(stream);
        return weft__stream_value(stream);
    }
    if (stream->wire.handle.type == UV_UNKNOWN_HANDLE || stream->wire.handle.type == UV_TTY) {
        free(stream); /* libuv has none, or has taken it back */
    } else {
        weft__stream_open(stream);
        weft_stream_abort(stream);
    }
    return weft__system_failure(code, "cannot open descriptor %d", descriptor);
}

struct descriptor_open {
    weft_frame frame;
    int descriptor;
};

static weft_async(descriptor_open) {
    weft_begin(descriptor_open);
    weft_return(open_descriptor(self->descriptor));
    weft_end();
}

weft_coroutine *weft_descriptor_open(int descriptor) {
    return weft_call(descriptor_open, .descriptor = descriptor);
}

weft_coroutine *weft_stdin(void) {
    return weft_descriptor_open(STDIN_FILENO);
}

weft_coroutine *weft_stdout(void) {
    return weft_descriptor_open(STDOUT_FILENO);
}

weft_coroutine *weft_stderr(void) {
    return weft_descriptor_open(STDERR_FILENO);
}

/* --- Terminals --- */

bool weft_stream_is_terminal(const weft_stream *stream) {
    return stream != NULL && !stream->closed && stream->wire.handle.type == UV_TTY;
}

static const weft_error *terminal_refusal(const weft_stream *stream) {
    static const weft_error none = {.code = WEFT_INVALID_ARGUMENT, .message = "the stream is no terminal"};
    const weft_error *refusal = weft__stream_refusal(stream);
    return refusal != NULL || weft_stream_is_terminal(stream) ? refusal : &none;
}

static void reset(void) {
    uv_tty_reset_mode();
}

const weft_error *weft_tty_set_raw(weft_stream *stream, bool raw) {
    static bool once;
    const weft_error *refusal = terminal_refusal(stream);
    if (refusal != NULL)
        return refusal;
    if (!once)
        atexit(reset);
    once = true;
    int code = uv_tty_set_mode(&stream->wire.tty, raw ? UV_TTY_MODE_RAW : UV_TTY_MODE_NORMAL);
    return code == 0 ? NULL : weft__system_error(code, "cannot set the mode of a terminal");
}

const weft_error *weft_tty_size(const weft_stream *stream, int *columns, int *rows) {
    const weft_error *refusal = terminal_refusal(stream);
    if (refusal != NULL)
        return refusal;
    union {
        const uv_tty_t *from;
        uv_tty_t *to;
    } cast = {&stream->wire.tty}; /* which is only read */
    int code = uv_tty_get_winsize(cast.to, columns, rows);
    return code == 0 ? NULL : weft__system_error(code, "cannot get the size of a terminal");
}
