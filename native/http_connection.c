#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * A connection: one task, which reads a request's head, runs its handler, ends the answer, and begins anew.
 *
 *     IDLE ─ a byte → HEAD ─ all headers → ANSWER ─┬─ all is well → IDLE
 *       │              │  malformed, too late      ├─ "Connection: close", a body that is too long → LINGER
 *       └── over ──────┴────────→ LINGER → over    └─ broken → over, with a reset
 *
 * LINGER: the answer is out; what still comes is dropped, since closing over unread input would reset the
 * connection, and the peer might lose the answer.
 */

#include "http_server.h"

#include <weft/tls.h>

static const double linger_seconds = 2;
enum { STREAK_MOST = 16 }; /* requests answered without a wait, after which others have their turn */

/* --- Input --- */

bool weft__http_is_over(const weft_stream *stream) {
    return stream->closed || stream->ended || !weft__stream_is_sound(stream);
}

void weft__http_reader_leave(weft_stream *stream, weft__reader *reader) {
    weft__waiting_leave(&reader->waiting);
    if (stream != NULL && stream->reader == reader)
        stream->reader = NULL;
}

void weft__http_connection_wake(weft__http_connection *self) {
    if (self->stream != NULL && self->stream->reader != NULL)
        weft__waiting_end(&self->stream->reader->waiting);
}

static void refuse(weft__http_connection *self, llhttp_errno_t code) {
    if (self->refused != 0)
        return;
    self->reason = llhttp_get_error_reason(&self->parser);
    self->refused = weft__http_status_of(code, &self->reason);
}

static bool has_head(const weft__http_connection *self) {
    return self->request != NULL && self->request->headed;
}

/* Extensions of chunks, trailers and the sizes of tiny chunks belong to no body, and have no limit of theirs:
 * all of them together may not be much more than the body. */
static bool is_too_much(const weft__http_connection *self) {
    uint64_t received = self->request == NULL ? 0 : self->request->received;
    return has_head(self) && self->taken - received > 2 * (uint64_t)self->server->options.head_limit &&
           (self->taken - received) / 16 > received;
}

/* llhttp takes an empty line that ends without a CR, and lines that go on in the next one: in a head both are
 * refused, since others may read another request. */
static void check_lines(weft__http_connection *self, const char *data, size_t size) {
    for (size_t i = 0; i < size && self->refused == 0; i++) {
        bool folded = self->last == '\n' && (data[i] == ' ' || data[i] == '\t');
        if (folded || (data[i] == '\n' && self->last != '\r')) {
            self->refused = 400;
            self->reason =
                folded ? "a header that goes on in the next line" : "a line that ends without a CR";
        }
        self->last = data[i];
    }
}

bool weft__http_feed(weft__http_connection *self, size_t most) {
    weft_stream *stream = self->stream;
    const char *data = stream->input + stream->input_start;
    size_t size = weft__input_size(stream);
    bool in_head = !has_head(self);
    if (size > most)
        size = most;
    llhttp_errno_t code = llhttp_execute(&self->parser, data, size);
    size_t taken = code == HPE_OK ? size : (size_t)(llhttp_get_error_pos(&self->parser) - data);
    if (in_head)
        check_lines(self, data, taken);
    weft__input_consume(stream, taken);
    self->taken += taken;
    if (code == HPE_PAUSED)
        llhttp_resume(&self->parser);
    else if (code == HPE_PAUSED_UPGRADE) /* nobody has taken it up: it was a request like any other */
        llhttp_resume_after_upgrade(&self->parser);
    else if (code != HPE_OK)
        refuse(self, code);
    if (self->refused == 0 && is_too_much(self)) {
        self->refused = 413;
        self->reason = "there is too much around its chunks";
    }
    return self->refused == 0;
}

/* --- A request --- */

static void begin_request(weft__http_connection *self) {
    self->state = CONNECTION_IDLE;
    self->taken = 0;
    self->last = '\0';
    self->deadline = weft_time() + self->server->options.idle_timeout;
}

static void take_head(weft__http_connection *self) {
    size_t limit = self->server->options.head_limit;
    if (self->state == CONNECTION_IDLE) {
        self->state = CONNECTION_HEAD;
        self->deadline = weft_time() + self->server->options.head_timeout;
    }
    if (weft__http_feed(self, limit - (size_t)self->taken) && !has_head(self) && self->taken >= limit) {
        self->refused = 431;
        self->reason = "the headers are too long";
    }
}

/* Takes what is there. True: more must come. */
static bool must_wait_for_head(weft__http_connection *self) {
    while (self->refused == 0 && !has_head(self)) {
        if (weft__input_size(self->stream) == 0)
            return !self->expired && !weft__http_is_over(self->stream) &&
                   !(self->server->stopping && self->state == CONNECTION_IDLE);
        take_head(self);
    }
    return false;
}

/* Why there is no request to be handled; 0: there is one, or the peer has gone. */
static int status_without_head(weft__http_connection *self) {
    if (self->expired && self->state == CONNECTION_HEAD) {
        self->reason = "the request did not come in time";
        return 408;
    }
    return self->refused;
}

/* --- Its answer --- */

static weft_coroutine *call_handler(weft__http_connection *self) {
    static const weft_error none = {.code = WEFT_RUNTIME, .message = "the handler gave no coroutine"};
    self->state = CONNECTION_ANSWER;
    self->deadline = INFINITY;
    weft_coroutine *coroutine = self->server->handler(self->request, self->server->argument);
    return coroutine != NULL ? coroutine : weft__http_raising(&none);
}

static void report(weft__http_connection *self, const weft_error *error, const char *what) {
    char message[256];
    snprintf(message, sizeof message, "the handler of %s %.160s %s", weft_request_method(self->request),
             weft_request_target(self->request), what);
    weft_loop_call_exception_handler(
        weft__current, &(weft_error_context){.message = message, .error = error, .task = self->task});
}

/* Whether the error says no more than that the peer has left, which is no fault of the handler's. */
static bool peer_has_left(const weft__http_connection *self) {
    int code = self->error->code;
    return (code == WEFT_SYSTEM || code == WEFT_TLS) && self->stream != NULL &&
           !weft__stream_is_sound(self->stream);
}

/* The handler has raised. */
static void handler_failed(weft__http_connection *self) {
    weft_request *request = self->request;
    if ((request->fault == 0 || request->begun) && (weft__current->debug || !peer_has_left(self)))
        report(self, self->error, "failed");
    if (request->begun || self->stream == NULL)
        self->broken = true;
    else if (request->fault != 0)
        weft__respond_plainly(self, request->fault, self->error->message);
    else
        weft__respond_plainly(self, 500, NULL);
}

/* The handler has ended. False: another request cannot follow. */
static bool end_answer(weft__http_connection *self) {
    weft_request *request = self->request;
    if (self->stream == NULL || self->broken)
        return false;
    if (!request->begun) {
        report(self, NULL, "has ended without an answer");
        weft__respond_plainly(self, 500, NULL);
    }
    if (!weft__respond_end(request)) {
        report(self, NULL, "has written less than it had said");
        self->broken = true;
    }
    return !self->broken && request->keep_alive && !self->server->stopping && self->refused == 0;
}

/* Drops what nobody read of the body. True: more of it must come. */
static bool must_wait_for_rest(weft__http_connection *self) {
    weft_request *request = self->request;
    uint64_t most = request->received + HTTP_DRAIN_MOST;
    if (self->deadline == INFINITY)
        self->deadline = weft_time() + self->server->options.body_timeout;
    while (!request->complete && self->refused == 0 && request->received < most) {
        if (weft__input_size(self->stream) == 0)
            return !self->expired && !weft__http_is_over(self->stream);
        weft__http_feed(self, SIZE_MAX);
    }
    return false;
}

static void end_request(weft__http_connection *self) {
    weft__request_over(self->request);
    self->request = NULL;
}

/* --- The end --- */

/* Whether the peer may still be sending. */
static bool must_linger(weft__http_connection *self) {
    bool unread = self->refused != 0 || self->expired || weft__input_size(self->stream) > 0 ||
                  (self->request != NULL && !self->request->complete);
    self->state = CONNECTION_LINGER;
    self->deadline = weft_time() + linger_seconds;
    self->expired = false;
    return unread && !weft__http_is_over(self->stream);
}

static bool must_wait_for_end(weft__http_connection *self) {
    weft__input_consume(self->stream, weft__input_size(self->stream));
    return !self->expired && !weft__http_is_over(self->stream);
}

static bool is_done(weft__http_connection *self) {
    return self->stream == NULL || self->broken || self->stream->closed;
}

/* A peer that does not come that far has sent no request that could be answered. */
static void tls_failed(weft__http_connection *self) {
    self->broken = true;
    if (weft_loop_debug(weft__current))
        weft_loop_call_exception_handler(
            weft__current, &(weft_error_context){.message = "a connection's TLS", .error = self->error});
}

/* Until the peer has all that was written. */
struct http_farewell {
    weft_frame frame;
    weft__http_connection *connection;
};

static weft_async(http_farewell) {
    weft_begin(http_farewell);
    if (must_linger(self->connection)) {
        weft_await(weft_stream_shutdown(self->connection->stream));
        while (must_wait_for_end(self->connection))
            WEFT__AWAIT_INPUT(self->connection->stream, &self->connection->reader, "an HTTP request");
    } else {
        weft_await(weft_stream_flush(self->connection->stream));
    }
    weft_end();
}

static weft_async(http_connection) {
    weft_begin(http_connection);
    if (self->server->closed)
        weft_return_none();
    self->task = weft__loop->current;
    llhttp_init(&self->parser, HTTP_REQUEST, &weft__http_callbacks);
    self->parser.data = self;
    weft__http_server_enter(self);
    if (self->server->options.tls != NULL) {
        self->state = CONNECTION_HEAD;
        self->deadline = INFINITY; /* the handshake has one of its own */
        weft_try {
            weft_await(weft_tls_accept(self->stream, self->server->options.tls));
        }
        weft_catch(self->error) {
            tls_failed(self);
        }
    }
    while (!self->broken) {
        begin_request(self);
        while (must_wait_for_head(self)) {
            self->streak = 0;
            WEFT__AWAIT_INPUT(self->stream, &self->reader, "an HTTP request");
        }
        weft__http_reader_leave(self->stream, &self->reader);
        if (!has_head(self) || self->refused != 0) {
            if (status_without_head(self) != 0)
                weft__respond_plainly(self, status_without_head(self), self->reason);
            break;
        }
        weft_try {
            weft_await(call_handler(self));
        }
        weft_catch(self->error) {
            handler_failed(self);
        }
        if (!end_answer(self))
            break;
        if (!self->request->complete) {
            while (must_wait_for_rest(self))
                WEFT__AWAIT_INPUT(self->stream, &self->reader, "an HTTP request");
            weft__http_reader_leave(self->stream, &self->reader);
            if (!self->request->complete)
                break;
        }
        end_request(self);
        if (++self->streak == STREAK_MOST) {
            self->streak = 0;
            weft_await(weft_sleep(0));
        }
    }
    if (is_done(self))
        weft_return_none();
    weft_try {
        weft_await(weft_call(http_farewell, .connection = self));
    }
    weft_catch(self->error) {
        weft_return_none(); /* the peer has left meanwhile */
    }
    weft_stream_close(self->stream);
    weft__stream_leave(self->stream);
    self->stream = NULL;
    weft_drop();
    end_request(self);
    weft__http_reader_leave(self->stream, &self->reader);
    if (self->stream != NULL) { /* it was cancelled, or broke */
        weft_stream_abort(self->stream);
        weft__stream_leave(self->stream);
    }
    weft__http_server_leave(self);
    weft__http_server_let_go(self->server);
    weft_end();
}

weft_coroutine *weft__http_connection_new(weft_http_server *server, weft_stream *stream) {
    return weft_call(http_connection, .server = weft__http_server_hold(server),
                     .stream = weft__stream_use(stream));
}
