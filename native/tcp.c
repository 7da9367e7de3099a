#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Connecting: by TCP, after a name was looked up, and to Unix sockets. */

#include "address.h"
#include "stream_wire.h"

#include <stdlib.h>
#include <sys/un.h>

/* --- One attempt --- */

typedef struct attempt {
    weft__request head;
    uv_connect_t request;
} attempt;

struct stream_connect {
    weft_frame frame;
    weft_stream *stream; /* owned until it is connected */
    attempt *attempt;
    const weft_address *address; /* borrowed, as is the path; the one or the other */
    const char *path;
    const weft_error *error; /* owned */
};

static void free_attempt(weft__request *request) {
    free(request);
}

static void on_connect(uv_connect_t *request, int status) {
    weft__request_end(request->data, status);
}

static int start(struct stream_connect *self) {
    uv_connect_t *request = &self->attempt->request;
    struct sockaddr_storage address;
    if (self->path == NULL) {
        int code = weft__address_read(self->address->host, self->address->port, &address);
        return code != 0 ? code
                         : uv_tcp_connect(request, &self->stream->wire.tcp, (struct sockaddr *)&address,
                                          on_connect);
    }
    uv_pipe_connect(request, &self->stream->wire.pipe, self->path, on_connect);
    return 0;
}

static const weft_error *begin(struct stream_connect *self) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    if (host == NULL)
        return error;
    self->attempt = weft__request_new(sizeof *self->attempt, host, free_attempt);
    self->stream = self->path == NULL ? weft__stream_new_tcp(host) : weft__stream_new_pipe(host);
    if (self->stream == NULL || self->attempt == NULL)
        return &weft_error_out_of_memory;
    self->attempt->request.data = self->attempt;
    weft__request_begin(&self->attempt->head, NULL, start(self));
    return NULL;
}

static weft_value outcome(struct stream_connect *self) {
    int status = self->attempt->head.status;
    weft_stream *stream = self->stream;
    if (status == 0) {
        self->stream = NULL;
        if (stream->wire.handle.type == UV_TCP)
            uv_tcp_nodelay(&stream->wire.tcp, 1); /* as asyncio does; a failure is only slow */
        return weft__stream_value(stream);
    }
    if (self->path != NULL)
        return weft__system_failure(status, "cannot connect to %s", self->path);
    return weft__system_failure(status, "cannot connect to %s port %d", self->address->host,
                                self->address->port);
}

static weft_async(stream_connect) {
    weft_begin(stream_connect);
    if ((self->error = begin(self)) != NULL)
        weft_raise_error(self->error);
    WEFT__AWAIT_REQUEST(&self->attempt->head);
    weft_return(outcome(self));
    weft_drop();
    weft_stream_abort(self->stream);
    weft__request_leave(self->attempt == NULL ? NULL : &self->attempt->head);
    weft_end();
}

/* --- By name --- */

struct tcp_connect {
    weft_frame frame;
    char *host; /* owned */
    int port;
    weft_addresses *addresses; /* owned */
    size_t next;
    weft_stream *stream;
    const weft_error *error; /* of the call, then of the first attempt; owned */
    const weft_error *caught;
};

static bool is_numeric(const char *host) {
    struct sockaddr_storage address;
    return weft__address_read(host, 0, &address) == 0;
}

static weft_async(tcp_connect) {
    weft_begin(tcp_connect);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->port < 1 || self->port > 65535)
        weft_raise(WEFT_INVALID_ARGUMENT, "%d is no port to connect to", self->port);
    weft_await_to(self->addresses,
                  weft_getaddrinfo(self->host, NULL, &(weft_dns_options){.numeric = is_numeric(self->host)}));
    while (self->stream == NULL && self->next < self->addresses->count) {
        self->addresses->items[self->next].port = self->port;
        weft_try {
            weft_await_to(self->stream,
                          weft_call(stream_connect, .address = &self->addresses->items[self->next]));
        }
        weft_catch(self->caught) {
            if (self->error == NULL)
                self->error = weft_error_retain(self->caught);
        }
        self->next++;
    }
    if (self->stream == NULL)
        weft_raise_error(self->error);
    weft_return(weft__stream_value(self->stream));
    weft_drop();
    weft_free(self->host);
    weft_free(self->addresses);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_tcp_connect(const char *host, int port) {
    const weft_error *error = NULL;
    char *copy = weft__copy_argument(host, "NULL is no host to connect to", &error);
    return weft_call(tcp_connect, .host = copy, .port = port, .error = error);
}

/* --- Unix sockets --- */

struct unix_connect {
    weft_frame frame;
    char *path; /* owned */
    weft_stream *stream;
    const weft_error *error; /* owned */
};

static weft_async(unix_connect) {
    weft_begin(unix_connect);
    if (self->error == NULL)
        self->error = weft__refuse_path(self->path);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_await_to(self->stream, weft_call(stream_connect, .path = self->path));
    weft_return(weft__stream_value(self->stream));
    weft_drop();
    weft_free(self->path);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_unix_connect(const char *path) {
    const weft_error *error = NULL;
    char *copy = weft__copy_argument(path, "NULL is no path to connect to", &error);
    return weft_call(unix_connect, .path = copy, .error = error);
}

/* --- Arguments --- */

char *weft__copy_argument(const char *text, const char *refusal, const weft_error **error) {
    if (text == NULL) {
        *error = weft_error_new(WEFT_INVALID_ARGUMENT, "%s", refusal);
        return NULL;
    }
    size_t size = strlen(text) + 1;
    char *copy = weft_allocate(size);
    if (copy == NULL)
        *error = &weft_error_out_of_memory;
    else
        memcpy(copy, text, size);
    return copy;
}

const weft_error *weft__refuse_path(const char *path) {
    struct sockaddr_un address;
    if (path[0] == '\0')
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a path without a character");
    return strlen(path) < sizeof address.sun_path
               ? NULL
               : weft__system_error(UV_ENAMETOOLONG, "%.40s… is too long for the path of a socket", path);
}
