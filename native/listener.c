#define _DEFAULT_SOURCE /* for SO_REUSEPORT, uv.h */

/* Listeners: sockets of TCP and Unix that accept. */

#include "address.h"
#include "argument.h"
#include "stream_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 511, AHEAD = 64 /* connections accepted before a task takes them */ };

/* A task that waits for a connection. Part of its frame. */
typedef struct acceptor {
    weft__waiting waiting;
    struct acceptor *next, **link; /* link NULL: it stands in no list */
} acceptor;

/*
 * libuv accepts into `streams`, which is a ring; if that is full, or as many connections are open as may be,
 * one more is held by libuv, which then accepts no more. Its memory is malloc's, and goes as a stream's does.
 */
struct weft_listener {
    weft__opened opened; /* first */
    weft_uv *host;
    acceptor *acceptors, **last;
    weft_stream *streams[AHEAD];
    unsigned first, count;
    unsigned limit; /* of the connections that are open; 0: none */
    unsigned open;  /* connections, which are counted if there is a limit */
    int error;      /* libuv's, of an accept that failed and nobody was told of; 0: none */
    uint32_t users; /* coroutines made for it, and connections that are counted */
    bool held;      /* libuv holds a connection */
    bool closed;
    bool gone; /* libuv has let go of the handle */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } wire;
};

/* --- Its life --- */

static void free_unused(weft_listener *listener) {
    if (listener->users == 0 && listener->gone)
        free(listener);
}

static weft_listener *use(weft_listener *listener) {
    if (listener != NULL)
        listener->users++;
    return listener;
}

static void leave(weft_listener *listener) {
    if (listener == NULL)
        return;
    listener->users--;
    free_unused(listener);
}

static const weft_error *refusal_of(const weft_listener *listener) {
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
    for (acceptor *one = listener->acceptors, *next; one != NULL; one = next) {
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
        weft_stream_abort(listener->streams[listener->first % AHEAD]);
    weft__open_ends(&listener->opened);
    weft__close_handle(listener->host, &listener->wire.handle, on_closed);
}

static void close_opened(weft__opened *opened) {
    weft_listener_close((weft_listener *)(void *)opened);
}

static void close_value(void *listener) {
    weft_listener_close(listener);
}

static weft_coroutine *exit_block(void *object, const weft_error *error) {
    (void)error;
    weft_listener_close(object);
    return NULL;
}

/* To be followed by the handle's init and open_listener, or by free. */
static weft_listener *new_listener(weft_uv *host) {
    weft_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return NULL;
    listener->host = host;
    listener->last = &listener->acceptors;
    listener->opened.resource.exit = exit_block;
    return listener;
}

static void open_listener(weft_listener *listener) {
    listener->wire.handle.data = listener;
    uv_unref(&listener->wire.handle);
    weft__open(&listener->opened, listener->host, "listener", close_opened);
}

/* --- Accepting --- */

static bool has_none(const weft_listener *listener) {
    return !listener->closed && listener->count == 0 && listener->error == 0;
}

static bool has_room(const weft_listener *listener) {
    return listener->count < AHEAD && (listener->limit == 0 || listener->open < listener->limit);
}

static void count_in(weft_listener *listener, weft_stream *stream) {
    if (listener->limit == 0)
        return;
    stream->listener = use(listener);
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
    listener->streams[(listener->first + listener->count++) % AHEAD] = stream;
}

static void wake_one(weft_listener *listener) {
    if (listener->acceptors != NULL && !has_none(listener))
        weft__waiting_end(&listener->acceptors->waiting);
}

void weft__listener_count_out(weft_listener *listener) {
    listener->open--;
    take_held(listener);
    wake_one(listener);
    leave(listener);
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

static void enter(weft_listener *listener, acceptor *self) {
    self->next = NULL;
    self->link = listener->last;
    *listener->last = self;
    listener->last = &self->next;
}

static void leave_line(weft_listener *listener, acceptor *self) {
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
    listener->first = (listener->first + 1) % AHEAD;
    listener->count--;
    take_held(listener);
    return stream;
}

struct listener_accept {
    weft_frame frame;
    weft_listener *listener;
    acceptor acceptor;
    const weft_error *error;
};

static weft_value accepted(weft_listener *listener) {
    const weft_error *refusal = refusal_of(listener);
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
    if ((self->error = refusal_of(self->listener)) != NULL)
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
    leave(self->listener);
    weft_end();
}

weft_coroutine *weft_listener_accept(weft_listener *listener) {
    return weft_call(listener_accept, .listener = use(listener));
}

/* --- Serving --- */

static void report(const weft_error *error, const char *what) {
    weft_loop *loop = weft__current;
    weft_loop_call_exception_handler(loop, &(weft_error_context){.message = what,
                                                                 .error = error,
                                                                 .task = loop->current,
                                                                 .future = weft_task_future(loop->current)});
}

struct connection {
    weft_frame frame;
    weft_stream *stream; /* used, and owned: it is closed at the end of all */
    weft_stream_handler *handler;
    void *argument;
    weft_coroutine *coroutine;
    const weft_error *error;
};

static weft_async(connection) {
    weft_begin(connection);
    weft_try {
        weft_with(self->stream) {
            self->coroutine = self->handler(self->stream, self->argument);
            weft_await(self->coroutine);
        }
    }
    weft_catch(self->error) {
        report(self->error, "a connection failed");
    }
    weft_drop();
    weft_stream_abort(self->stream);
    weft__stream_leave(self->stream);
    weft_end();
}

enum { PAUSE_MILLISECONDS = 100 }; /* after a failure to accept, which would only come again */

struct listener_serve {
    weft_frame frame;
    weft_listener *listener;
    weft_stream_handler *handler;
    void *argument;
    weft_group group;
    weft_stream *stream;
    const weft_error *error;
    bool told; /* that accepting fails; once for each time it begins to */
};

/* What failed, if that is news. */
static void tell_of(struct listener_serve *self) {
    if (!self->told)
        report(self->error, "a server cannot accept");
    self->told = true;
}

static void start_connection(struct listener_serve *self) {
    weft_stream *stream = self->stream;
    self->stream = NULL;
    self->told = false;
    weft_release(weft_group_create_task(/* the group has it, and this goes on without end */
                                        &self->group,
                                        weft_call(connection, .stream = weft__stream_use(stream),
                                                  .handler = self->handler, .argument = self->argument)));
}

static weft_async(listener_serve) {
    weft_begin(listener_serve);
    if ((self->error = refusal_of(self->listener)) != NULL)
        weft_raise_error(self->error);
    if (self->handler == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "a server needs a handler, not NULL");
    weft_with_as(self->group, weft_task_group()) {
        weft_while(!self->listener->closed) {
            self->error = NULL;
            weft_try {
                weft_await_to(self->stream, weft_listener_accept(self->listener));
                start_connection(self);
            }
            weft_catch(self->error) {
                if (!self->listener->closed)
                    tell_of(self);
            }
            if (self->error != NULL && !self->listener->closed)
                weft_await(weft_sleep(PAUSE_MILLISECONDS * 1e-3));
        }
        weft_group_cancel(&self->group);
    }
    weft_drop();
    leave(self->listener);
    weft_end();
}

weft_coroutine *weft_listener_serve(weft_listener *listener, weft_stream_handler *handler, void *argument) {
    return weft_call(listener_serve, .listener = use(listener), .handler = handler, .argument = argument);
}

/* --- Listening --- */

/* libuv binds when it listens, and has no flag for sharing a port: so the socket is made and bound here. */
static int open_socket(weft_listener *listener, const struct sockaddr_storage *address,
                       const weft_listen_options *options) {
    int on = 1, only = options->ipv6_only || address->ss_family == AF_INET;
    socklen_t length =
        address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int file = socket(address->ss_family, SOCK_STREAM, 0);
    if (file < 0)
        return uv_translate_sys_error(errno);
    bool fine = setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                (!options->reuse_port || setsockopt(file, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
                (address->ss_family == AF_INET ||
                 setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
                bind(file, (const struct sockaddr *)address, length) == 0;
    int code = fine ? uv_tcp_open(&listener->wire.tcp, file) : uv_translate_sys_error(errno);
    if (code != 0)
        close(file);
    return code;
}

static int listen_to(weft_listener *listener, const weft_listen_options *options) {
    listener->limit = options->connection_limit;
    return uv_listen(&listener->wire.stream, options->backlog > 0 ? options->backlog : BACKLOG,
                     on_connection);
}

struct tcp_listen {
    weft_frame frame;
    char *host; /* owned; NULL: all addresses */
    int port;
    weft_listen_options options;
    weft_addresses *addresses; /* owned */
    const weft_error *error;   /* owned */
};

/* Of an address: the listener, or an error as a value. */
static weft_value listen_at(const struct tcp_listen *self, const char *host) {
    const weft_error *error = NULL;
    weft_uv *world = weft__uv_here(&error);
    if (world == NULL)
        return weft__of_error(error);
    struct sockaddr_storage address;
    int code = weft__address_read(host, self->port, &address);
    weft_listener *listener = code == 0 ? new_listener(world) : NULL;
    if (listener == NULL)
        return weft__system_failure(code == 0 ? UV_ENOMEM : code, "cannot listen at %s port %d", host,
                                    self->port);
    uv_tcp_init(world->uv, &listener->wire.tcp);
    open_listener(listener);
    code = open_socket(listener, &address, &self->options);
    if (code == 0)
        code = listen_to(listener, &self->options);
    if (code == 0)
        return weft_owned_pointer(listener, close_value);
    weft_listener_close(listener);
    return weft__system_failure(code, "cannot listen at %s port %d", host, self->port);
}

static bool lacks_ipv6(weft_value outcome) {
    return outcome.kind == WEFT_FAILURE && outcome.as.error->system != NULL &&
           (strcmp(outcome.as.error->system, "EAFNOSUPPORT") == 0 ||
            strcmp(outcome.as.error->system, "EADDRNOTAVAIL") == 0);
}

static weft_value listen_everywhere(const struct tcp_listen *self) {
    weft_value outcome = listen_at(self, "::");
    if (!lacks_ipv6(outcome))
        return outcome;
    weft_value_free(&outcome);
    return listen_at(self, "0.0.0.0");
}

static weft_async(tcp_listen) {
    weft_begin(tcp_listen);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->port < 0 || self->port > 65535)
        weft_raise(WEFT_INVALID_ARGUMENT, "%d is no port to listen at", self->port);
    if (self->host == NULL)
        weft_return(listen_everywhere(self));
    weft_await_to(self->addresses, weft__find_host(self->host));
    weft_return(listen_at(self, self->addresses->items[0].host));
    weft_drop();
    weft_free(self->host);
    weft_free(self->addresses);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_tcp_listen(const char *host, int port, const weft_listen_options *options) {
    const weft_error *error = NULL;
    char *copy = host == NULL ? NULL : weft__copy_argument(host, "", &error);
    weft_listen_options usual = {.backlog = 0};
    return weft_call(tcp_listen, .host = copy, .port = port, .error = error,
                     .options = options == NULL ? usual : *options);
}

/* --- Unix sockets --- */

struct unix_listen {
    weft_frame frame;
    char *path; /* owned */
    weft_listen_options options;
    weft_stream *stream;     /* of who listens there already */
    bool left;               /* there is a socket, and nobody listens */
    const weft_error *error; /* owned */
    const weft_error *caught;
};

/* A socket that was left behind refuses connections. */
static bool was_left(const weft_error *error) {
    return error->system != NULL && strcmp(error->system, "ECONNREFUSED") == 0;
}

static bool is_socket(const char *path) {
    struct stat found;
    return lstat(path, &found) == 0 && S_ISSOCK(found.st_mode);
}

static weft_value listen_at_path(const struct unix_listen *self) {
    const weft_error *error = NULL;
    weft_uv *world = weft__uv_here(&error);
    if (world == NULL)
        return weft__of_error(error);
    weft_listener *listener = new_listener(world);
    if (listener == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    if (self->left)
        unlink(self->path); /* if it cannot be, binding says so */
    uv_pipe_init(world->uv, &listener->wire.pipe, 0);
    open_listener(listener);
    int code = uv_pipe_bind(&listener->wire.pipe, self->path);
    if (code == 0)
        code = listen_to(listener, &self->options);
    if (code == 0)
        return weft_owned_pointer(listener, close_value);
    weft_listener_close(listener);
    return weft__system_failure(code, "cannot listen at %s", self->path);
}

static weft_async(unix_listen) {
    weft_begin(unix_listen);
    if (self->error == NULL)
        self->error = weft__refuse_path(self->path);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (is_socket(self->path)) {
        weft_try {
            weft_await_to(self->stream, weft_unix_connect(self->path));
            weft_stream_abort(self->stream);
        }
        weft_catch(self->caught) {
            self->left = was_left(self->caught);
        }
    }
    weft_return(listen_at_path(self));
    weft_drop();
    weft_free(self->path);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_unix_listen(const char *path, const weft_listen_options *options) {
    const weft_error *error = NULL;
    char *copy = weft__copy_argument(path, "NULL is no path to listen at", &error);
    weft_listen_options usual = {.backlog = 0};
    return weft_call(unix_listen, .path = copy, .error = error,
                     .options = options == NULL ? usual : *options);
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
