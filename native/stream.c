#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The life of a stream, and what is known of it. */

#include "stream.h"

#include "stream_wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/*
 *     made ─ weft__stream_open → OPEN ─ close → LINGERING ─ written → CLOSING ─ libuv → gone
 *                                  └──── abort, or nothing to write ────┘
 *
 * OPEN: not closed. LINGERING: closed, and what was written is still sent. CLOSING: opened.host is NULL. It
 * is freed when it is gone and has no users.
 */

/* --- Its beginning --- */

static weft_coroutine *exit_block(void *object, const weft_error *error);

static void close_at_the_end(weft__opened *opened) {
    weft_stream_abort((weft_stream *)(void *)opened);
}

weft_stream *weft__stream_new(weft_uv *host) {
    weft_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->host = host;
    stream->limit = STREAM_LIMIT;
    stream->opened.resource.exit = exit_block;
    return stream;
}

void weft__stream_open(weft_stream *stream) {
    stream->wire.handle.data = stream;
    uv_unref(&stream->wire.handle); /* tasks keep the loop running, what is open does not */
    weft__open(&stream->opened, stream->host, "stream", close_at_the_end);
}

weft_stream *weft__stream_new_tcp(weft_uv *host) {
    weft_stream *stream = weft__stream_new(host);
    if (stream == NULL)
        return NULL;
    uv_tcp_init(host->uv, &stream->wire.tcp); /* cannot fail: it makes no socket yet */
    weft__stream_open(stream);
    return stream;
}

weft_stream *weft__stream_new_pipe(weft_uv *host) {
    weft_stream *stream = weft__stream_new(host);
    if (stream == NULL)
        return NULL;
    uv_pipe_init(host->uv, &stream->wire.pipe, 0); /* cannot fail either */
    weft__stream_open(stream);
    return stream;
}

static void close_value(void *stream) {
    weft_stream_close(stream);
}

weft_value weft__stream_value(weft_stream *stream) {
    return weft_owned_pointer(stream, close_value);
}

/* --- Who uses it --- */

const weft_error *weft__stream_refusal(const weft_stream *stream) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no stream"},
                            closed = {.code = WEFT_INVALID_STATE, .message = "the stream is closed"},
                            foreign = {.code = WEFT_RUNTIME, .message = "the stream belongs to another loop"};
    if (stream == NULL)
        return &null;
    if (stream->closed)
        return &closed;
    return weft__current == NULL || weft__current->host->world != stream->host ? &foreign : NULL;
}

weft_stream *weft__stream_use(weft_stream *stream) {
    if (stream != NULL)
        stream->users++;
    return stream;
}

static void free_unused(weft_stream *stream) {
    if (stream->users == 0 && stream->gone)
        free(stream);
}

void weft__stream_leave(weft_stream *stream) {
    if (stream == NULL)
        return;
    stream->users--;
    free_unused(stream);
}

/* --- Its end --- */

static void on_closed(uv_handle_t *handle) {
    weft_stream *stream = handle->data;
    weft_uv *host = stream->host;
    stream->gone = true;
    free_unused(stream);
    weft__uv_handle_closed(host);
}

/* Those who wait look at it again. */
static void wake_all(weft_stream *stream) {
    if (stream->reader != NULL)
        weft__waiting_end(&stream->reader->waiting);
    weft__writers_wake(stream);
    if (stream->filter != NULL && stream->filter->stopped != NULL)
        stream->filter->stopped(stream, stream->filter_state);
}

static void free_filter(weft_stream *stream) {
    const weft__filter *filter = stream->filter;
    weft_error_release(stream->filter_error);
    stream->filter_error = NULL;
    if (filter == NULL)
        return;
    stream->filter = NULL;
    filter->free(stream->filter_state);
}

/* What others share is as it was. */
static void restore(weft_stream *stream) {
    uv_os_fd_t file;
    if (stream->wire.handle.type == UV_TTY)
        uv_tty_set_mode(&stream->wire.tty, UV_TTY_MODE_NORMAL);
    if (stream->unblocks && uv_fileno(&stream->wire.handle, &file) == 0)
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
}

/* The handle goes; from here on nothing of libuv's calls but on_closed and requests that are cancelled. */
static void close_wire(weft_stream *stream, bool reset) {
    if (stream->opened.host == NULL)
        return;
    weft__open_ends(&stream->opened);
    restore(stream);
    if (stream->file != NULL)
        weft__stream_file_close(stream);
    uv_handle_t *handle = &stream->wire.handle;
    if (reset && handle->type == UV_TCP && uv_tcp_close_reset(&stream->wire.tcp, on_closed) == 0) {
        uv_ref(handle);
        stream->host->open_handles++;
    } else {
        weft__close_handle(stream->host, handle, on_closed);
    }
    if (stream->listener != NULL)
        weft__listener_count_out(stream->listener);
}

/* What the program sees of the end. */
static void end_for_program(weft_stream *stream) {
    stream->closed = true;
    wake_all(stream);
    free_filter(stream);
    weft__input_drop(stream);
}

void weft__stream_written(weft_stream *stream) {
    if (stream->closed && stream->outputs == 0)
        close_wire(stream, false);
}

void weft_stream_close(weft_stream *stream) {
    if (stream == NULL || stream->closed)
        return;
    if (stream->filter != NULL && !stream->shut && weft__stream_is_sound(stream))
        stream->filter->shutdown(stream, stream->filter_state);
    end_for_program(stream);
    if (stream->outputs == 0 || stream->write_error != 0) {
        close_wire(stream, false);
        return;
    }
    weft__stream_stop(stream);
    stream->opened.what = NULL; /* nobody has forgotten it */
}

void weft_stream_abort(weft_stream *stream) {
    if (stream == NULL)
        return;
    if (!stream->closed)
        end_for_program(stream);
    close_wire(stream, true);
}

struct stream_exit {
    weft_frame frame;
    weft_stream *stream;
};

static weft_async(stream_exit) {
    weft_begin(stream_exit);
    weft_await(weft_stream_flush(self->stream));
    weft_drop();
    weft_stream_close(self->stream);
    weft__stream_leave(self->stream);
    weft_end();
}

/* Of weft_with. */
static weft_coroutine *exit_block(void *object, const weft_error *error) {
    weft_stream *stream = object;
    if (error == NULL && !stream->closed && stream->outputs > 0)
        return weft_call(stream_exit, .stream = weft__stream_use(stream));
    if (error == NULL)
        weft_stream_close(stream);
    else
        weft_stream_abort(stream);
    return NULL;
}

/* --- Failing --- */

bool weft__stream_is_sound(const weft_stream *stream) {
    return stream->read_error == 0 && stream->write_error == 0 && stream->filter_error == NULL;
}

const weft_error *weft__stream_failure(const weft_stream *stream) {
    const weft_error *refusal = weft__stream_refusal(stream);
    if (refusal != NULL)
        return refusal;
    if (stream->filter_error != NULL)
        return weft_error_retain(stream->filter_error);
    if (stream->read_error != 0)
        return weft__system_error(stream->read_error, "cannot read");
    if (stream->write_error != 0)
        return weft__system_error(stream->write_error, "cannot write");
    return NULL;
}

void weft__stream_fail(weft_stream *stream, const weft_error *error) {
    if (stream->closed || stream->filter_error != NULL) {
        weft_error_release(error);
        return;
    }
    stream->filter_error = error;
    weft__stream_stop(stream);
    wake_all(stream);
}

/* --- What is known of it --- */

size_t weft__address_text(const struct sockaddr_storage *address, char *buffer, size_t size) {
    char name[INET6_ADDRSTRLEN] = "";
    const void *data = address; /* of which it is part */
    int length = 0;
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = data;
        uv_ip4_name(v4, name, sizeof name);
        length = snprintf(buffer, size, "%s:%d", name, ntohs(v4->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = data;
        uv_ip6_name(v6, name, sizeof name);
        length = snprintf(buffer, size, "[%s]:%d", name, ntohs(v6->sin6_port));
    } else if (size > 0) {
        buffer[0] = '\0';
    }
    return (size_t)length;
}

size_t weft__wire_address(const uv_handle_t *handle, bool peer, char *buffer, size_t size) {
    const void *wire = handle;
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    if (handle->type == UV_TCP) {
        int length = sizeof address;
        if ((peer ? uv_tcp_getpeername : uv_tcp_getsockname)(wire, (struct sockaddr *)&address, &length) != 0)
            address.ss_family = AF_UNSPEC;
    } else if (handle->type == UV_NAMED_PIPE) {
        char path[256] = "";
        size_t length = sizeof path - 1;
        if ((peer ? uv_pipe_getpeername : uv_pipe_getsockname)(wire, path, &length) != 0)
            length = 0;
        return (size_t)snprintf(buffer, size, "%.*s", (int)length, path);
    }
    return weft__address_text(&address, buffer, size);
}

static size_t address_of(const weft_stream *stream, bool peer, char *buffer, size_t size) {
    if (stream != NULL && !stream->closed)
        return weft__wire_address(&stream->wire.handle, peer, buffer, size);
    if (size > 0)
        buffer[0] = '\0';
    return 0;
}

size_t weft_stream_peer(const weft_stream *stream, char *buffer, size_t size) {
    return address_of(stream, true, buffer, size);
}

size_t weft_stream_local(const weft_stream *stream, char *buffer, size_t size) {
    return address_of(stream, false, buffer, size);
}

size_t weft_stream_unwritten(const weft_stream *stream) {
    return stream == NULL || stream->closed ? 0 : uv_stream_get_write_queue_size(&stream->wire.stream);
}

/* --- Options --- */

void weft_stream_set_limit(weft_stream *stream, size_t bytes) {
    if (stream != NULL && bytes > 0)
        stream->limit = bytes;
}

static const weft_error *tcp_refusal(const weft_stream *stream) {
    static const weft_error no_tcp = {.code = WEFT_INVALID_ARGUMENT,
                                      .message = "the stream is not one of TCP"};
    const weft_error *refusal = weft__stream_refusal(stream);
    if (refusal != NULL)
        return refusal;
    return stream->wire.handle.type == UV_TCP ? NULL : &no_tcp;
}

const weft_error *weft_stream_set_nodelay(weft_stream *stream, bool nodelay) {
    const weft_error *refusal = tcp_refusal(stream);
    if (refusal != NULL)
        return refusal;
    int code = uv_tcp_nodelay(&stream->wire.tcp, nodelay);
    return code == 0 ? NULL : weft__system_error(code, "cannot set the delay of a stream");
}

const weft_error *weft_stream_set_keepalive(weft_stream *stream, unsigned seconds) {
    const weft_error *refusal = tcp_refusal(stream);
    if (refusal != NULL)
        return refusal;
    int code = uv_tcp_keepalive(&stream->wire.tcp, seconds > 0, seconds);
    return code == 0 ? NULL : weft__system_error(code, "cannot set the keepalive of a stream");
}
