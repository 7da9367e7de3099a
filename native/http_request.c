#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* A request: its life, what is known of it, and how its body is read. */

#include "http_server.h"

#include <stdlib.h>

/* --- Life --- */

static weft__buffer emptied(weft__buffer buffer) {
    buffer.size = 0;
    return buffer;
}

/* One that was used before brings its memory along. */
weft_request *weft__request_take(weft__http_connection *connection) {
    weft_http_server *server = connection->server;
    weft_request *self = server->spares;
    if (self != NULL) {
        server->spares = self->next;
        server->spare_count--;
    } else if ((self = calloc(1, sizeof *self)) == NULL) {
        return NULL;
    }
    *self = (weft_request){.connection = connection,
                           .server = weft__http_server_hold(server),
                           .references = 1,
                           .text = emptied(self->text),
                           .headers = self->headers,
                           .header_room = self->header_room,
                           .added = emptied(self->added),
                           .body_limit = server->options.body_limit};
    return self;
}

void weft__request_free(weft_request *self) {
    free(self->text.data);
    free(self->headers);
    free(self->added.data);
    free(self);
}

weft_request *weft__request_hold(weft_request *self) {
    if (self != NULL)
        self->references++;
    return self;
}

void weft__request_let_go(weft_request *self) {
    if (self == NULL || --self->references > 0)
        return;
    weft_http_server *server = self->server;
    if (server->spare_count == HTTP_SPARES_MOST || self->text.room + self->added.room > HTTP_TEXT_KEPT) {
        weft__request_free(self);
    } else {
        self->next = server->spares;
        server->spares = self;
        server->spare_count++;
    }
    weft__http_server_let_go(server);
}

void weft__request_over(weft_request *self) {
    if (self == NULL)
        return;
    self->connection = NULL;
    weft__request_let_go(self);
}

/* --- What is known of it --- */

const char *weft_request_method(const weft_request *self) {
    return self == NULL ? NULL : llhttp_method_name((llhttp_method_t)self->method);
}

const char *weft_request_target(const weft_request *self) {
    return self == NULL ? NULL : self->text.data;
}

const char *weft_request_path(const weft_request *self) {
    return self == NULL ? NULL : self->text.data + self->path;
}

const char *weft_request_query(const weft_request *self) {
    return self == NULL ? NULL : self->text.data + self->query;
}

size_t weft_request_header_count(const weft_request *self) {
    return self == NULL ? 0 : self->header_count;
}

const char *weft_request_header_name(const weft_request *self, size_t index) {
    return index < weft_request_header_count(self) ? self->text.data + self->headers[index].name : NULL;
}

const char *weft_request_header_value(const weft_request *self, size_t index) {
    return index < weft_request_header_count(self) ? self->text.data + self->headers[index].value : NULL;
}

const char *weft_request_header(const weft_request *self, const char *name) {
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < weft_request_header_count(self); i++)
        if (weft__http_same_name(self->text.data + self->headers[i].name, name))
            return self->text.data + self->headers[i].value;
    return NULL;
}

size_t weft_request_peer(const weft_request *self, char *buffer, size_t size) {
    return weft_stream_peer(self == NULL || self->connection == NULL ? NULL : self->connection->stream,
                            buffer, size);
}

bool weft_request_answered(const weft_request *self) {
    return self != NULL && self->begun;
}

void weft_request_set_body_limit(weft_request *self, size_t limit) {
    if (self != NULL)
        self->body_limit = limit;
}

/* --- The body --- */

struct request_read {
    weft_frame frame;
    weft_request *request; /* counted */
    weft__reader reader;   /* without a buffer */
    char *buffer;          /* or, of a read of all, the bytes' */
    size_t size;
    size_t filled;
    bool whole;
    weft_bytes *bytes;
    const weft_error *error; /* owned */
};

static const weft_error *fault(weft_request *request, int status, const weft_error *error) {
    request->fault = status;
    return error;
}

static const weft_error *too_large(weft_request *request) {
    return fault(request, 413,
                 weft_error_new(WEFT_LIMIT, "the body of the request exceeds the limit of %zu bytes",
                                request->body_limit));
}

/* Why it cannot be read now, owned; NULL if it can. */
static const weft_error *refusal(const struct request_read *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the request is NULL"},
                            no_buffer = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no buffer"},
                            over = {.code = WEFT_INVALID_STATE, .message = "the request is over"},
                            busy = {.code = WEFT_RUNTIME, .message = "another task reads this request"};
    weft_request *request = self->request;
    if (request == NULL)
        return &null;
    if (!self->whole && self->buffer == NULL && self->size > 0)
        return &no_buffer;
    if (request->connection == NULL || request->connection->stream == NULL)
        return &over;
    if (!request->complete && request->connection->stream->reader != NULL)
        return &busy;
    return request->length > request->body_limit ? too_large(request) : NULL;
}

/* Room for more of a whole body: as much as is known to come, but no more than twice what has. */
static bool grow(struct request_read *self) {
    const weft_request *request = self->request;
    size_t size = self->size > 0 ? self->size * 2 : 4096;
    if (request->length > 0 && request->length < size)
        size = (size_t)request->length;
    if (size <= self->filled) /* the last chunk's end is still to come */
        size = self->filled + 64;
    weft_bytes *bytes =
        self->bytes == NULL ? weft__bytes_new(NULL, size) : weft__bytes_resize(self->bytes, size);
    if (bytes == NULL)
        return false;
    self->bytes = bytes;
    self->buffer = bytes->data;
    self->size = size;
    return true;
}

/* Takes what is in the input. */
static const weft_error *take_input(struct request_read *self) {
    weft_request *request = self->request;
    weft__http_connection *connection = request->connection;
    if (self->whole && self->filled == self->size && !grow(self))
        return &weft_error_out_of_memory;
    request->into = self->buffer + self->filled;
    request->filled = 0;
    bool sound = weft__http_feed(connection, self->size - self->filled);
    self->filled += request->filled;
    request->into = NULL;
    if (!sound)
        return fault(request, connection->refused,
                     weft_error_new(connection->refused == 413 ? WEFT_LIMIT : WEFT_HTTP,
                                    "the body of the request is malformed: %s", connection->reason));
    return request->received > request->body_limit ? too_large(request) : NULL;
}

static bool is_enough(const struct request_read *self) {
    return self->request->complete || (!self->whole && (self->filled > 0 || self->size == 0));
}

/* Why there is no point in waiting for more. */
static const weft_error *no_more(struct request_read *self) {
    weft_request *request = self->request;
    weft__http_connection *connection = request->connection;
    if (connection == NULL || connection->stream == NULL)
        return refusal(self);
    if (connection->expired)
        return fault(request, 408,
                     weft_error_new(WEFT_TIMED_OUT, "the body of the request did not come in time"));
    if (!weft__http_is_over(connection->stream))
        return NULL;
    const weft_error *failure = weft__stream_failure(connection->stream);
    return failure != NULL ? failure
                           : fault(request, 400,
                                   weft_error_new(WEFT_INCOMPLETE,
                                                  "the peer ended after %llu bytes of the request's body",
                                                  (unsigned long long)request->received));
}

/* Takes what is there. True: more must come. */
static bool must_wait(struct request_read *self) {
    while (self->error == NULL && !is_enough(self)) {
        weft__http_connection *connection = self->request->connection;
        if (connection == NULL || connection->stream == NULL || weft__input_size(connection->stream) == 0) {
            self->error = no_more(self);
            return self->error == NULL;
        }
        self->error = take_input(self);
    }
    return false;
}

/* The peer may wait for a word, and has no more than so long from now on. */
static const weft_error *before_wait(weft_request *request) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    weft__http_connection *connection = request->connection;
    if (connection->deadline == INFINITY)
        connection->deadline = weft_time() + request->server->options.body_timeout;
    if (!request->expects || request->begun)
        return NULL;
    request->expects = false;
    return weft__stream_put(connection->stream, go_on, sizeof go_on - 1);
}

static weft_value read_value(struct request_read *self) {
    if (self->request->complete && self->request->connection != NULL)
        self->request->connection->deadline = INFINITY;
    if (!self->whole)
        return weft__of_int((int64_t)self->filled);
    weft_bytes *bytes = self->bytes == NULL ? weft__bytes_new(NULL, 0) : self->bytes;
    if (self->bytes != NULL) {
        bytes->size = self->filled;
        bytes->data[self->filled] = '\0';
    }
    self->bytes = NULL;
    return weft_owned_pointer(bytes, weft_free);
}

static weft_async(request_read) {
    weft_begin(request_read);
    if ((self->error = refusal(self)) != NULL)
        weft_raise_error(self->error);
    while (must_wait(self)) {
        if ((self->error = before_wait(self->request)) != NULL)
            break;
        WEFT__AWAIT_INPUT(self->request->connection->stream, &self->reader, "more of an HTTP request");
    }
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_return(read_value(self));
    weft_drop();
    weft__waiting_leave(&self->reader.waiting);
    if (self->request != NULL && self->request->connection != NULL)
        weft__http_reader_leave(self->request->connection->stream, &self->reader);
    weft_free(self->bytes);
    weft_error_release(self->error);
    weft__request_let_go(self->request);
    weft_end();
}

weft_coroutine *weft_request_body(weft_request *self) {
    return weft_call(request_read, .request = weft__request_hold(self), .whole = true);
}

weft_coroutine *weft_request_read(weft_request *self, void *buffer, size_t size) {
    return weft_call(request_read, .request = weft__request_hold(self), .buffer = buffer, .size = size);
}

struct request_chunks {
    weft_frame frame;
    weft_request *request; /* counted */
    weft_bytes *bytes;
    size_t size;
};

enum { CHUNK = 16384 };

static weft_value chunk(struct request_chunks *self) {
    weft_bytes *bytes = weft__bytes_resize(self->bytes, self->size); /* smaller */
    if (bytes == NULL) {
        bytes = self->bytes;
        bytes->size = self->size;
        bytes->data[self->size] = '\0';
    }
    self->bytes = NULL;
    return weft_owned_pointer(bytes, weft_free);
}

static weft_async(request_chunks) {
    weft_begin(request_chunks);
    for (;;) {
        self->bytes = weft__bytes_new(NULL, CHUNK);
        if (self->bytes == NULL)
            weft_raise_error(&weft_error_out_of_memory);
        weft_await_to(self->size, weft_request_read(self->request, self->bytes->data, CHUNK));
        if (self->size == 0)
            break;
        weft_yield(chunk(self));
    }
    weft_drop();
    weft_free(self->bytes);
    weft__request_let_go(self->request);
    weft_end();
}

weft_coroutine *weft_request_chunks(weft_request *self) {
    return weft_call(request_chunks, .request = weft__request_hold(self));
}
