#define _DEFAULT_SOURCE /* for SO_REUSEPORT, uv.h */

/* Listening at an address of TCP, or at a path. */

#include "address.h"
#include "argument.h"
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- TCP --- */

/* libuv binds when it listens, and has no flag for sharing a port: so the socket is made and bound here. */
static int open_socket(weft_listener *listener, const struct sockaddr_storage *address,
                       const weft_listen_options *options) {
    int on = 1, only = options->ipv6_only || address->ss_family == AF_INET;
    socklen_t length =
        address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int file = socket(address->ss_family, SOCK_STREAM, 0);
    if (file < 0)
        return uv_translate_sys_error(errno);
    fcntl(file, F_SETFD, FD_CLOEXEC); /* a child would keep the port */
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
    weft_listener *listener = code == 0 ? weft__listener_new(world) : NULL;
    if (listener == NULL)
        return weft__system_failure(code == 0 ? UV_ENOMEM : code, "cannot listen at %s port %d", host,
                                    self->port);
    uv_tcp_init(world->uv, &listener->wire.tcp);
    weft__listener_open(listener);
    code = open_socket(listener, &address, &self->options);
    if (code == 0)
        code = weft__listener_begin(listener, &self->options);
    if (code == 0)
        return weft__listener_value(listener);
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
    weft_listener *listener = weft__listener_new(world);
    if (listener == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    if (self->left)
        unlink(self->path); /* if it cannot be, binding says so */
    uv_pipe_init(world->uv, &listener->wire.pipe, 0);
    weft__listener_open(listener);
    int code = uv_pipe_bind(&listener->wire.pipe, self->path);
    if (code == 0)
        code = weft__listener_begin(listener, &self->options);
    if (code == 0)
        return weft__listener_value(listener);
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
