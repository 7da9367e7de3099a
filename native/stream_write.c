#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* How bytes go out of a stream: at once what the system takes, the rest as requests of libuv's. */

#include "../core/links.h"
#include "stream_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What could not be written at once. */
typedef struct output {
    uv_write_t request;
    weft_stream *stream;
    char data[];
} output;

enum { TURN_AFTER = 1048576 }; /* bytes written at once, after which others have their turn */

/* --- Waiting --- */

void weft__writer_enter(weft_stream *stream, weft__writer *writer, size_t until) {
    writer->until = until;
    WEFT__LINK(&stream->writers, writer);
}

void weft__writer_leave(weft__writer *writer) {
    weft__waiting_leave(&writer->waiting);
    WEFT__UNLINK(writer);
}

static bool has_to_wait(const weft_stream *stream, size_t until) {
    return !stream->closed && stream->write_error == 0 && stream->filter_error == NULL &&
           (weft_stream_unwritten(stream) > until || (until == 0 && stream->outputs > 0));
}

void weft__writers_wake(weft_stream *stream) {
    for (weft__writer *writer = stream->writers, *next; writer != NULL; writer = next) {
        next = writer->next;
        if (!has_to_wait(stream, writer->until))
            weft__waiting_end(&writer->waiting);
    }
}

/* --- The wire --- */

static void on_written(uv_write_t *request, int status) {
    output *self = (output *)(void *)request;
    weft_stream *stream = self->stream;
    free(self);
    stream->outputs--;
    if (status < 0 && stream->write_error == 0)
        stream->write_error = status;
    weft__writers_wake(stream);
    weft__stream_written(stream);
}

static const weft_error *fail(weft_stream *stream, int code) {
    if (stream->write_error == 0)
        stream->write_error = code;
    return weft__system_error(code, "cannot write");
}

static const weft_error *queue(weft_stream *stream, const char *data, size_t size) {
    output *self = size > SIZE_MAX - sizeof *self ? NULL : malloc(sizeof *self + size);
    if (self == NULL)
        return fail(stream, UV_ENOMEM); /* a part that is missing must not be followed by others */
    self->stream = stream;
    memcpy(self->data, data, size);
    uv_buf_t buffer = {.base = self->data, .len = size};
    int code = uv_write(&self->request, &stream->wire.stream, &buffer, 1, on_written);
    if (code != 0) {
        free(self);
        return fail(stream, code);
    }
    stream->outputs++;
    return NULL;
}

const weft_error *weft__stream_send(weft_stream *stream, const void *data, size_t size) {
    const char *rest = data;
    if (stream->write_error != 0)
        return weft__system_error(stream->write_error, "cannot write");
    if (stream->file != NULL) {
        int code = weft__stream_file_write(stream, rest, size);
        return code == 0 ? NULL : fail(stream, code);
    }
    while (size > 0 && stream->outputs == 0) {
        uv_buf_t buffer = {.base = (char *)(uintptr_t)rest, .len = size > INT32_MAX ? INT32_MAX : size};
        int count = uv_try_write(&stream->wire.stream, &buffer, 1);
        if (count == UV_EAGAIN)
            break;
        if (count < 0)
            return fail(stream, count);
        rest += count;
        size -= (size_t)count;
    }
    return size > 0 ? queue(stream, rest, size) : NULL;
}

const weft_error *weft__stream_put(weft_stream *stream, const void *data, size_t size) {
    static const weft_error shut = {.code = WEFT_INVALID_STATE,
                                    .message = "the stream was shut down for writing"},
                            null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no data"};
    const weft_error *refusal = weft__stream_refusal(stream);
    if (refusal != NULL)
        return refusal;
    if (stream->shut)
        return &shut;
    if (data == NULL && size > 0)
        return &null;
    if (stream->filter_error != NULL)
        return weft_error_retain(stream->filter_error);
    stream->unheld += size;
    if (size == 0)
        return NULL;
    if (stream->filter == NULL)
        return weft__stream_send(stream, data, size);
    return stream->filter->send(stream, stream->filter_state, data, size);
}

/* --- Writing --- */

struct stream_write {
    weft_frame frame;
    weft_stream *stream;
    const weft_error *error; /* of the call; owned */
    weft__writer writer;
};

/* What the task finds after its wait. */
static const weft_error *refusal_after_wait(const weft_stream *stream) {
    const weft_error *refusal = weft__stream_refusal(stream);
    if (refusal != NULL)
        return refusal;
    if (stream->filter_error != NULL)
        return weft_error_retain(stream->filter_error);
    return stream->write_error == 0 ? NULL : weft__system_error(stream->write_error, "cannot write");
}

static weft_async(stream_write) {
    weft_begin(stream_write);
    if (self->error == NULL && weft_stream_unwritten(self->stream) > STREAM_HIGH_WATER) {
        weft__writer_enter(self->stream, &self->writer, STREAM_LOW_WATER);
        while (has_to_wait(self->stream, self->writer.until))
            WEFT__WAIT_OUTSIDE(&self->writer.waiting, "room in a stream");
        self->stream->unheld = 0;
        self->error = refusal_after_wait(self->stream);
    } else if (self->error == NULL && self->stream->unheld > TURN_AFTER) {
        self->stream->unheld = 0;
        weft_await(weft_sleep(0));
    }
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft__writer_leave(&self->writer);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

static weft_coroutine *write_ended(weft_stream *stream, const weft_error *error) {
    return weft_call(stream_write, .stream = weft__stream_use(stream), .error = error);
}

weft_coroutine *weft_stream_write(weft_stream *stream, const void *data, size_t size) {
    return write_ended(stream, weft__stream_put(stream, data, size));
}

weft_coroutine *weft_stream_printf(weft_stream *stream, const char *format, ...) {
    char text[512], *made = NULL;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(text, sizeof text, format, arguments);
    const weft_error *error = NULL;
    if (length < 0)
        error = weft_error_new(WEFT_INVALID_ARGUMENT, "a text that cannot be formatted");
    else if ((size_t)length < sizeof text)
        error = weft__stream_put(stream, text, (size_t)length);
    else if ((made = malloc((size_t)length + 1)) == NULL)
        error = &weft_error_out_of_memory;
    else {
        vsnprintf(made, (size_t)length + 1, format, again);
        error = weft__stream_put(stream, made, (size_t)length);
        free(made);
    }
    va_end(again);
    va_end(arguments);
    return write_ended(stream, error);
}

struct stream_flush {
    weft_frame frame;
    weft_stream *stream;
    weft__writer writer;
    const weft_error *error; /* owned */
};

static weft_async(stream_flush) {
    weft_begin(stream_flush);
    if ((self->error = weft__stream_refusal(self->stream)) != NULL)
        weft_raise_error(self->error);
    weft__writer_enter(self->stream, &self->writer, 0);
    while (has_to_wait(self->stream, 0))
        WEFT__WAIT_OUTSIDE(&self->writer.waiting, "room in a stream");
    if ((self->error = refusal_after_wait(self->stream)) != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft__writer_leave(&self->writer);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_flush(weft_stream *stream) {
    return weft_call(stream_flush, .stream = weft__stream_use(stream));
}

/* --- Half-close --- */

typedef struct half_close {
    weft__request head;
    uv_shutdown_t request;
} half_close;

struct stream_shutdown {
    weft_frame frame;
    weft_stream *stream;
    half_close *request;
    const weft_error *error; /* owned */
};

static void free_half_close(weft__request *request) {
    free(request);
}

/* A pipe that is no socket has one direction and no half-close: its reader sees the end when no descriptor of
 * it is open any more. The handle keeps the number. */
static int end_pipe(const uv_handle_t *handle) {
    uv_os_fd_t pipe;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), code = uv_fileno(handle, &pipe);
    if (code == 0 && (nowhere < 0 || dup2(nowhere, pipe) < 0 || fcntl(pipe, F_SETFD, FD_CLOEXEC) < 0))
        code = uv_translate_sys_error(errno);
    if (nowhere >= 0)
        close(nowhere);
    return code;
}

/* libuv has written everything. */
static void on_shutdown(uv_shutdown_t *request, int status) {
    const uv_handle_t *handle = (const uv_handle_t *)request->handle;
    if (status == UV_ENOTSOCK && handle->type == UV_NAMED_PIPE)
        status = end_pipe(handle);
    weft__request_end(request->data, status);
}

static const weft_error *begin_shutdown(struct stream_shutdown *self) {
    weft_stream *stream = self->stream;
    const weft_error *refusal = refusal_after_wait(stream);
    if (refusal != NULL || stream->shut)
        return refusal;
    if (stream->file != NULL) { /* all is written, and it has no end of its own */
        stream->shut = true;
        return NULL;
    }
    self->request = weft__request_new(sizeof *self->request, stream->host, free_half_close);
    if (self->request == NULL)
        return &weft_error_out_of_memory;
    if (stream->filter != NULL)
        stream->filter->shutdown(stream, stream->filter_state);
    stream->shut = true;
    self->request->request.data = self->request;
    int code = uv_shutdown(&self->request->request, &stream->wire.stream, on_shutdown);
    weft__request_begin(&self->request->head, NULL, code);
    return NULL;
}

static weft_async(stream_shutdown) {
    weft_begin(stream_shutdown);
    if ((self->error = begin_shutdown(self)) != NULL)
        weft_raise_error(self->error);
    if (self->request == NULL)
        weft_return_none();
    WEFT__AWAIT_REQUEST(&self->request->head, "room in a stream");
    if ((self->error = refusal_after_wait(self->stream)) != NULL)
        weft_raise_error(self->error);
    if (self->request->head.status < 0)
        weft_return(weft__system_failure(self->request->head.status, "cannot end a stream"));
    weft_drop();
    weft__request_leave(self->request == NULL ? NULL : &self->request->head);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_shutdown(weft_stream *stream) {
    return weft_call(stream_shutdown, .stream = weft__stream_use(stream));
}
