#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The server: its beginning and end, its connections, and the look at their deadlines. */

#include "http_server.h"
#include "../core/links.h"

#include <stdlib.h>

/* --- Life --- */

weft_http_server *weft__http_server_hold(weft_http_server *self) {
    if (self != NULL)
        self->references++;
    return self;
}

void weft__http_server_let_go(weft_http_server *self) {
    if (self == NULL || --self->references > 0)
        return;
    while (self->spares != NULL) {
        weft_request *spare = self->spares;
        self->spares = spare->next;
        weft__request_free(spare);
    }
    free(self->scratch.data);
    free(self);
}

static void close_opened(weft__opened *opened) {
    weft_http_server_close((weft_http_server *)(void *)opened);
}

static weft_coroutine *exit_block(void *object, const weft_error *error);

static size_t or_usual(size_t value, size_t usual) {
    return value > 0 ? value : usual;
}

static double seconds_or_usual(double value, double usual) {
    return value > 0 ? value : usual;
}

static weft_http_server_options completed(weft_http_server_options options) {
    options.target_limit = or_usual(options.target_limit, 8192);
    options.head_limit = or_usual(options.head_limit, 16384);
    options.header_limit = or_usual(options.header_limit, 100);
    options.body_limit = or_usual(options.body_limit, 1024 * 1024);
    options.idle_timeout = seconds_or_usual(options.idle_timeout, 60);
    options.head_timeout = seconds_or_usual(options.head_timeout, 10);
    options.body_timeout = seconds_or_usual(options.body_timeout, 60);
    options.stall_timeout = seconds_or_usual(options.stall_timeout, 60);
    options.grace = seconds_or_usual(options.grace, 10);
    return options;
}

/* A deadline may be seen a quarter too late, and no more than a second. */
static double period_of(const weft_http_server_options *options) {
    double least = fmin(fmin(options->idle_timeout, options->head_timeout),
                        fmin(options->body_timeout, options->stall_timeout));
    return fmin(fmax(least / 4, 0.01), 1);
}

static weft_http_server *make(weft_http_handler *handler, void *argument,
                              const weft_http_server_options *options, const weft_error **error) {
    weft_uv *host = weft__uv_here(error);
    weft_http_server *self = host == NULL ? NULL : calloc(1, sizeof *self);
    if (self == NULL) {
        *error = host == NULL ? *error : &weft_error_out_of_memory;
        return NULL;
    }
    self->handler = handler;
    self->argument = argument;
    self->options = completed(*options);
    self->period = period_of(&self->options);
    self->references = 1;
    self->opened.resource.exit = exit_block;
    weft__open(&self->opened, host, "HTTP server", close_opened);
    return self;
}

static void close_value(void *server) {
    weft_http_server_close(server);
}

/* --- Connections, and their deadlines --- */

static void expire(weft__http_connection *connection) {
    connection->expired = true;
    connection->deadline = INFINITY;
    weft__http_connection_wake(connection);
}

/* A peer that takes nothing of what was written for it. */
static bool stalls(weft__http_connection *connection, double now) {
    size_t unwritten = weft_stream_unwritten(connection->stream);
    if (unwritten == 0 || unwritten != connection->unwritten) {
        connection->unwritten = unwritten;
        connection->stalled_since = now;
    }
    return unwritten > 0 && now - connection->stalled_since > connection->server->options.stall_timeout;
}

static void sweep(void *argument) {
    weft_http_server *self = argument;
    double now = weft_time();
    for (weft__http_connection *connection = self->connections; connection != NULL;
         connection = connection->next) {
        if (connection->deadline <= now)
            expire(connection);
        if (connection->stream != NULL && stalls(connection, now))
            weft_stream_abort(connection->stream);
    }
    self->sweep =
        self->connections == NULL || self->closed ? NULL : weft_call_later(self->period, sweep, self);
}

void weft__http_server_enter(weft__http_connection *connection) {
    weft_http_server *self = connection->server;
    WEFT__LINK(&self->connections, connection);
    self->connection_count++;
    if (self->sweep == NULL)
        self->sweep = weft_call_later(self->period, sweep, self);
}

void weft__http_server_leave(weft__http_connection *connection) {
    weft_http_server *self = connection->server;
    if (connection->link == NULL)
        return;
    WEFT__UNLINK(connection);
    if (--self->connection_count > 0)
        return;
    weft_handle_cancel(self->sweep);
    self->sweep = NULL;
    if (self->stopping)
        weft_event_set(&self->ended);
}

size_t weft_http_server_connections(const weft_http_server *self) {
    return self == NULL ? 0 : self->connection_count;
}

/* --- Accepting --- */

struct http_acceptor {
    weft_frame frame;
    weft_http_server *server; /* counted */
    weft_stream *stream;
    weft_task *task;
    const weft_error *error;
};

static weft_coroutine *serve_stream(struct http_acceptor *self) {
    weft_stream *stream = self->stream;
    self->stream = NULL;
    return weft__http_connection_new(self->server, stream);
}

static void report_accept(const weft_error *error) {
    weft_loop_call_exception_handler(
        weft__current,
        &(weft_error_context){.message = "an HTTP server cannot accept connections", .error = error});
}

static weft_async(http_acceptor) {
    weft_begin(http_acceptor);
    while (!self->server->stopping) {
        weft_try {
            weft_await_to(self->stream, weft_listener_accept(self->server->listener));
            self->task = weft_create_task_named(serve_stream(self), "HTTP connection");
            weft_release(self->task);
        }
        weft_catch(self->error) {
            if (!self->server->stopping) {
                report_accept(self->error);
                weft_await(weft_sleep(0.1));
            }
        }
    }
    weft_drop();
    weft_stream_close(self->stream);
    weft__http_server_let_go(self->server);
    weft_end();
}

struct http_serve {
    weft_frame frame;
    weft_coroutine *listen;  /* until it is awaited; NULL: there is a listener */
    weft_listener *listener; /* owned */
    weft_http_handler *handler;
    void *argument;
    weft_http_server_options options;
    weft_http_server *server; /* owned */
    weft_task *acceptor;
    const weft_error *error;
};

static const weft_error *begin(struct http_serve *self) {
    static const weft_error no_handler = {.code = WEFT_INVALID_ARGUMENT, .message = "the handler is NULL"},
                            no_listener = {.code = WEFT_INVALID_ARGUMENT, .message = "the listener is NULL"};
    const weft_error *error = NULL;
    if (self->handler == NULL || self->listener == NULL)
        return self->handler == NULL ? &no_handler : &no_listener;
    self->server = make(self->handler, self->argument, &self->options, &error);
    if (self->server == NULL)
        return error;
    self->server->listener = self->listener;
    self->listener = NULL;
    return NULL;
}

static weft_value server_value(struct http_serve *self) {
    weft_http_server *server = self->server;
    self->server = NULL;
    return weft_owned_pointer(server, close_value);
}

static weft_coroutine *take_listen(struct http_serve *self) {
    weft_coroutine *listen = self->listen;
    self->listen = NULL;
    return listen;
}

static weft_async(http_serve) {
    weft_begin(http_serve);
    if (self->listen != NULL)
        weft_await_to(self->listener, take_listen(self));
    if ((self->error = begin(self)) != NULL)
        weft_raise_error(self->error);
    self->acceptor = weft_create_task_named(
        weft_call(http_acceptor, .server = weft__http_server_hold(self->server)), "HTTP server");
    if (weft_task_done(self->acceptor))
        weft_raise_error(weft_task_error(self->acceptor));
    weft_return(server_value(self));
    weft_drop();
    weft_coroutine_close(self->listen);
    weft_listener_close(self->listener);
    weft_http_server_close(self->server);
    weft_end();
}

static weft_coroutine *serve(weft_coroutine *listen, weft_listener *listener, weft_http_handler *handler,
                             void *argument, const weft_http_server_options *options) {
    weft_http_server_options usual = {.target_limit = 0};
    return weft_call(http_serve, .listen = listen, .listener = listener, .handler = handler,
                     .argument = argument, .options = options != NULL ? *options : usual);
}

weft_coroutine *weft_http_serve(const char *host, int port, weft_http_handler *handler, void *argument,
                                const weft_http_server_options *options) {
    return serve(weft_tcp_listen(host, port, options == NULL ? NULL : &options->listen), NULL, handler,
                 argument, options);
}

weft_coroutine *weft_http_serve_listener(weft_listener *listener, weft_http_handler *handler, void *argument,
                                         const weft_http_server_options *options) {
    return serve(NULL, listener, handler, argument, options);
}

int weft_http_server_port(const weft_http_server *self) {
    return self == NULL || self->listener == NULL ? 0 : weft_listener_port(self->listener);
}

/* --- The end --- */

/* No more connections; those that are idle end. */
static void stop_accepting(weft_http_server *self) {
    self->stopping = true;
    weft_listener_close(self->listener);
    self->listener = NULL;
    for (weft__http_connection *connection = self->connections; connection != NULL;
         connection = connection->next)
        if (connection->state == CONNECTION_IDLE)
            weft__http_connection_wake(connection);
}

static void cancel_all(weft_http_server *self) {
    for (weft__http_connection *connection = self->connections; connection != NULL;
         connection = connection->next)
        weft_cancel(connection->task);
}

void weft_http_server_close(weft_http_server *self) {
    if (self == NULL || self->closed)
        return;
    self->closed = true;
    stop_accepting(self);
    cancel_all(self);
    weft_handle_cancel(self->sweep);
    self->sweep = NULL;
    weft__open_ends(&self->opened);
    weft_event_set(&self->ended);
    weft__http_server_let_go(self);
}

struct http_stop {
    weft_frame frame;
    weft_http_server *server; /* counted */
    bool closes;
    const weft_error *error;
};

static const weft_error *refusal(const weft_http_server *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the server is NULL"},
                            closed = {.code = WEFT_INVALID_STATE, .message = "the server is closed"};
    return self == NULL ? &null : self->closed ? &closed : NULL;
}

static weft_async(http_stop) {
    weft_begin(http_stop);
    if ((self->error = refusal(self->server)) != NULL)
        weft_raise_error(self->error);
    if (!self->server->stopping)
        stop_accepting(self->server);
    if (self->server->connection_count == 0)
        weft_event_set(&self->server->ended);
    weft_try {
        weft_with(weft_timeout(self->server->options.grace)) {
            weft_await(weft_event_wait(&self->server->ended));
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        cancel_all(self->server);
        weft_await(weft_event_wait(&self->server->ended));
    }
    weft_drop();
    if (self->closes)
        weft_http_server_close(self->server);
    weft__http_server_let_go(self->server);
    weft_end();
}

weft_coroutine *weft_http_server_stop(weft_http_server *self) {
    return weft_call(http_stop, .server = weft__http_server_hold(self));
}

static weft_coroutine *exit_block(void *object, const weft_error *error) {
    weft_http_server *self = object;
    if (error == NULL && !self->closed)
        return weft_call(http_stop, .server = weft__http_server_hold(self), .closes = true);
    weft_http_server_close(self);
    return NULL;
}

struct http_wait {
    weft_frame frame;
    weft_http_server *server; /* counted */
    const weft_error *error;
};

static weft_async(http_wait) {
    weft_begin(http_wait);
    if ((self->error = refusal(self->server)) != NULL)
        weft_raise_error(self->error);
    weft_await(weft_event_wait(&self->server->ended));
    weft_drop();
    weft__http_server_let_go(self->server);
    weft_end();
}

weft_coroutine *weft_http_server_wait(weft_http_server *self) {
    return weft_call(http_wait, .server = weft__http_server_hold(self));
}
