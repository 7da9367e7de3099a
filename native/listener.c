#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* A listener's life, and accepting. */

#include "listener.h"

#include <stdlib.h>

enum { BACKLOG = 511 };

/* --- Its life --- */

static void free_unused(weft_listener *listener) {
    if (listener->users == 0 && listener->gone)
        free(listener);
}

weft_listener *weft__listener_use(weft_listener *listener) {
    if (listener != NULL)
        listener->users++;
    return listener;
}

void weft__listener_leave(weft_listener *listener) {
    if (listener == NULL)
        return;
    listener->users--;
    free_unused(listener);
}

const weft_error *weft__listener_refusal(const weft_listener *listener) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no listener"},
                            closed = {.code = WEFT_INVALID_STATE, .message = "the listener is closed"},
                            foreign = {.code = WEFT_RUNTIME,
                                       .message = "the listener belongs to another loop"};
    if (listener == NULL)
        return &null;
    if (listener->closed)
        return &closed;
    return weft__current == NULL || weft__current->host->world != listener->host ? &foreign : NULL;
}

static void on_closed(uv_handle_t *handle) {
    weft_listener *listener = handle->data;
    weft_uv *host = listener->host;
    listener->gone = true;
    free_unused(listener);
    weft__uv_handle_closed(host);
}

static void wake_all(weft_listener *listener) {
    for (weft__acceptor *one = listener->acceptors, *next; one != NULL; one = next) {
        next = one->next;
        weft__waiting_end(&one->waiting);
    }
}

void weft_listener_close(weft_listener *listener) {
    if (listener == NULL || listener->closed)
        return;
    listener->closed = true;
    wake_all(listener);
    for (; listener->count > 0; listener->count--, listener->first++)
        weft_stream_abort(listener->streams[listener->first % LISTENER_AHEAD]);
    weft__open_ends(&listener->opened);
    weft__close_handle(listener->host, &listener->wire.handle, on_closed);
}

static void close_opened(weft__opened *opened) {
    weft_listener_close((weft_listener *)(void *)opened);
}

static void close_value(void *listener) {
    weft_listener_close(listener);
}

weft_value weft__listener_value(weft_listener *listener) {
    return weft_owned_pointer(listener, close_value);
}

static weft_coroutine *exit_block(void *object, const weft_error *error) {
    (void)error;
    weft_listener_close(object);
    return NULL;
}

/* To be followed by the handle's init and open_listener, or by free. */
weft_listener *weft__listener_new(weft_uv *host) {
    weft_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return NULL;
    listener->host = host;
    listener->last = &listener->acceptors;
    listener->opened.resource.exit = exit_block;
    return listener;
}

void weft__listener_open(weft_listener *listener) {
    listener->wire.handle.data = listener;
    uv_unref(&listener->wire.handle);
    weft__open(&listener->opened, listener->host, "listener", close_opened);
}

/* --- Accepting --- */

static bool has_none(const weft_listener *listener) {
    return !listener->closed && listener->count == 0 && listener->error == 0;
}

static bool has_room(const weft_listener *listener) {
    return listener->count < LISTENER_AHEAD && (listener->limit == 0 || listener->open < listener->limit);
}

static void count_in(weft_listener *listener, weft_stream *stream) {
    if (listener->limit == 0)
        return;
    stream->listener = weft__listener_use(listener);
    listener->open++;
}

/* Takes what libuv holds into the ring, if it may. */
static void take_held(weft_listener *listener) {
    if (!listener->held || listener->closed || !has_room(listener))
        return;
    bool tcp = listener->wire.handle.type == UV_TCP;
    weft_stream *stream = tcp ? weft__stream_new_tcp(listener->host) : weft__stream_new_pipe(listener->host);
    if (stream == NULL) {
        listener->error = UV_ENOMEM; /* libuv holds it until there is memory */
        return;
    }
    listener->held = false;
    int code = uv_accept(&listener->wire.stream, &stream->wire.stream);
    if (code != 0) {
        listener->error = code;
        weft_stream_abort(stream);
        return;
    }
    if (tcp)
        uv_tcp_nodelay(&stream->wire.tcp, 1); /* as asyncio does; a failure is only slow */
    count_in(listener, stream);
    listener->streams[(listener->first + listener->count++) % LISTENER_AHEAD] = stream;
}

static void wake_one(weft_listener *listener) {
    if (listener->acceptors != NULL && !has_none(listener))
        weft__waiting_end(&listener->acceptors->waiting);
}

void weft__listener_count_out(weft_listener *listener) {
    listener->open--;
    take_held(listener);
    wake_one(listener);
    weft__listener_leave(listener);
}

static void on_connection(uv_stream_t *handle, int status) {
    weft_listener *listener = handle->data;
    if (status < 0) {
        listener->error = status;
    } else {
        listener->held = true;
        take_held(listener);
    }
    wake_one(listener);
}

int weft__listener_begin(weft_listener *listener, const weft_listen_options *options) {
    listener->limit = options->connection_limit;
    return uv_listen(&listener->wire.stream, options->backlog > 0 ? options->backlog : BACKLOG,
                     on_connection);
}

static void enter(weft_listener *listener, weft__acceptor *self) {
    self->next = NULL;
    self->link = listener->last;
    *listener->last = self;
    listener->last = &self->next;
}

static void leave_line(weft_listener *listener, weft__acceptor *self) {
    weft__waiting_leave(&self->waiting);
    if (self->link == NULL)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    else
        listener->last = self->link;
    self->link = NULL;
    /* There may be more than one, or this one was cancelled after it was woken. */
    wake_one(listener);
}

static weft_stream *take(weft_listener *listener) {
    weft_stream *stream = listener->streams[listener->first];
    listener->first = (listener->first + 1) % LISTENER_AHEAD;
    listener->count--;
    take_held(listener);
    return stream;
}

struct listener_accept {
    weft_frame frame;
    weft_listener *listener;
    weft__acceptor acceptor;
    const weft_error *error;
};

static weft_value accepted(weft_listener *listener) {
    const weft_error *refusal = weft__listener_refusal(listener);
    if (refusal != NULL)
        return weft__of_error(refusal);
    if (listener->count > 0)
        return weft__stream_value(take(listener));
    int code = listener->error;
    listener->error = 0;
    take_held(listener);
    return weft__system_failure(code, "cannot accept a connection");
}

static weft_async(listener_accept) {
    weft_begin(listener_accept);
    if ((self->error = weft__listener_refusal(self->listener)) != NULL)
        weft_raise_error(self->error);
    if (self->listener->acceptors != NULL || has_none(self->listener)) {
        enter(self->listener, &self->acceptor);
        do
            WEFT__WAIT_OUTSIDE(&self->acceptor.waiting, "a connection");
        while (has_none(self->listener));
    }
    weft_return(accepted(self->listener));
    weft_drop();
    if (self->listener != NULL)
        leave_line(self->listener, &self->acceptor);
    weft__listener_leave(self->listener);
    weft_end();
}

weft_coroutine *weft_listener_accept(weft_listener *listener) {
    return weft_call(listener_accept, .listener = weft__listener_use(listener));
}

/* --- What is known of it --- */

int weft_listener_port(const weft_listener *listener) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int length = sizeof address;
    if (listener == NULL || listener->closed || listener->wire.handle.type != UV_TCP ||
        uv_tcp_getsockname(&listener->wire.tcp, (struct sockaddr *)&address, &length) != 0)
        return 0;
    const void *data = &address;
    return ntohs(address.ss_family == AF_INET ? ((const struct sockaddr_in *)data)->sin_port
                                              : ((const struct sockaddr_in6 *)data)->sin6_port);
}

size_t weft_listener_address(const weft_listener *listener, char *buffer, size_t size) {
    if (listener != NULL && !listener->closed)
        return weft__wire_address(&listener->wire.handle, false, buffer, size);
    if (size > 0)
        buffer[0] = '\0';
    return 0;
}
