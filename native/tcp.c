#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Connecting: by TCP, after a name was looked up, and to Unix sockets. */

#include "address.h"
#include "argument.h"
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
    const char *path; /* borrowed; NULL: it is by TCP, to the address */
    weft_address address;
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
        int code = weft__address_read(self->address.host, self->address.port, &address);
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
    return weft__system_failure(status, "cannot connect to %s port %d", self->address.host,
                                self->address.port);
}

static weft_async(stream_connect) {
    weft_begin(stream_connect);
    if ((self->error = begin(self)) != NULL)
        weft_raise_error(self->error);
    WEFT__AWAIT_REQUEST(&self->attempt->head, "a connection");
    weft_return(outcome(self));
    weft_drop();
    weft_stream_abort(self->stream);
    weft__request_leave(self->attempt == NULL ? NULL : &self->attempt->head);
    weft_end();
}

/* --- By name --- */

struct find_host {
    weft_frame frame;
    const char *host; /* borrowed */
    weft_addresses *addresses;
};

/* What is written in numbers needs no thread that looks it up. */
static weft_value address_in_numbers(const struct sockaddr_storage *address) {
    weft_addresses *addresses = weft_allocate(sizeof *addresses);
    if (addresses == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    *addresses = (weft_addresses){.count = 1};
    weft__address_tell((const struct sockaddr *)address, &addresses->items[0]);
    return weft_owned_pointer(addresses, weft_free);
}

static weft_async(find_host) {
    struct sockaddr_storage address; /* does not live across an await */
    weft_begin(find_host);
    if (weft__address_read(self->host, 0, &address) == 0)
        weft_return(address_in_numbers(&address));
    weft_await_to(self->addresses, weft_getaddrinfo(self->host, NULL, NULL));
    weft_return(weft_owned_pointer(self->addresses, weft_free));
    weft_end();
}

weft_coroutine *weft__find_host(const char *host) {
    return weft_call(find_host, .host = host);
}

/* --- Happy eyeballs --- */

enum { ATTEMPTS = 8 };                 /* at a time */
static const double HEAD_START = 0.25; /* seconds, of an address before the next; RFC 8305 */

struct tcp_connect {
    weft_frame frame;
    char *host; /* owned */
    int port;
    weft_addresses *addresses; /* owned */
    size_t next;               /* of them to try */
    weft_task *attempts[ATTEMPTS];
    int running, done;
    weft_stream *stream;
    const weft_error *error; /* of the call, then of the first attempt that failed; owned */
};

/* The families take turns, each in its order, and that of the first address begins. */
static void interleave(weft_addresses *addresses) {
    for (size_t i = 1; i + 1 < addresses->count; i++) {
        size_t other = i;
        while (other < addresses->count && addresses->items[other].family == addresses->items[i - 1].family)
            other++;
        if (other == addresses->count)
            return;
        weft_address moved = addresses->items[other];
        memmove(&addresses->items[i + 1], &addresses->items[i], (other - i) * sizeof moved);
        addresses->items[i] = moved;
    }
}

static weft_coroutine *next_attempt(struct tcp_connect *self) {
    weft_address *address = &self->addresses->items[self->next++];
    address->port = self->port;
    return weft_call(stream_connect, .address = *address);
}

static bool may_try_another(const struct tcp_connect *self) {
    return self->next < self->addresses->count && self->running < ATTEMPTS;
}

/* Of the attempts that are done, which come first: the first stream, or the first error. */
static void collect(struct tcp_connect *self) {
    for (int i = 0; i < self->done; i++) {
        weft_task *task = self->attempts[i];
        const weft_error *error = weft_task_error(task);
        if (error == NULL && self->stream == NULL) {
            weft_value value = weft_task_take(task);
            self->stream = weft_value_pointer(value);
        } else if (self->error == NULL) {
            self->error = weft_error_retain(error);
        }
        weft_release(task); /* with a stream that comes too late */
    }
    self->running -= self->done;
    memmove(self->attempts, self->attempts + self->done, (size_t)self->running * sizeof *self->attempts);
}

static void give_up(struct tcp_connect *self) {
    for (; self->running > 0; self->running--) {
        weft_cancel(self->attempts[self->running - 1]);
        weft_release(self->attempts[self->running - 1]);
    }
}

static weft_async(tcp_connect) {
    weft_begin(tcp_connect);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->port < 1 || self->port > 65535)
        weft_raise(WEFT_INVALID_ARGUMENT, "%d is no port to connect to", self->port);
    weft_await_to(self->addresses, weft__find_host(self->host));
    if (self->addresses->count == 1) {
        weft_await_to(self->stream, next_attempt(self));
        weft_return(weft__stream_value(self->stream));
    }
    interleave(self->addresses);
    weft_try {
        while (self->stream == NULL && (may_try_another(self) || self->running > 0)) {
            if (may_try_another(self))
                self->attempts[self->running++] = weft_create_task(next_attempt(self));
            weft_await_to(self->done,
                          weft_wait_array(self->attempts, (size_t)self->running, WEFT_FIRST_COMPLETED,
                                          may_try_another(self) ? HEAD_START : INFINITY));
            collect(self);
        }
    }
    weft_finally {
        give_up(self);
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

const weft_error *weft__refuse_path(const char *path) {
    struct sockaddr_un address;
    if (path[0] == '\0')
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a path without a character");
    return strlen(path) < sizeof address.sun_path
               ? NULL
               : weft__system_error(UV_ENAMETOOLONG, "%.40s… is too long for the path of a socket", path);
}
