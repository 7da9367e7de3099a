#define _POSIX_C_SOURCE 200809L

/* UDP sockets: opened, bound or connected, and closed. */

#include "udp.h"

#include <stdlib.h>

#include "address.h"
#include "argument.h"

const weft_error weft__udp_missing = {.code = WEFT_INVALID_ARGUMENT, .message = "a UDP socket is NULL"};
const weft_error weft__udp_closed = {.code = WEFT_INVALID_STATE, .message = "the UDP socket was closed"};

static void free_queue(weft_udp *self) {
    weft_datagram *next;
    for (weft_datagram *datagram = self->first; datagram != NULL; datagram = next) {
        next = datagram->next;
        weft_free(datagram);
    }
    self->first = NULL;
    self->count = 0;
}

static void free_if_unused(weft_udp *self) {
    if (!self->gone || self->users > 0)
        return;
    free(self->buffer);
    free(self);
}

void weft__udp_leave(weft_udp *self) {
    if (self == NULL)
        return;
    self->users--;
    free_if_unused(self);
}

weft_udp *weft__udp_use(weft_udp *self) {
    if (self != NULL)
        self->users++;
    return self;
}

static void on_closed(uv_handle_t *handle) {
    weft_udp *self = handle->data;
    weft_uv *host = self->host;
    self->gone = true;
    free_if_unused(self);
    weft__uv_handle_closed(host);
}

static void close_udp(weft__opened *head) {
    weft_udp *self = (weft_udp *)(void *)head;
    if (self->closed)
        return;
    self->closed = true;
    weft__open_ends(head);
    free_queue(self);
    weft__close_handle(self->host, (uv_handle_t *)&self->handle, on_closed);
    weft__waiting_end(&self->reader);
}

void weft_udp_close(weft_udp *socket) {
    if (socket != NULL)
        close_udp(&socket->head);
}

static weft_coroutine *exit_udp(void *object, const weft_error *error) {
    (void)error;
    weft_udp_close(object);
    return NULL;
}

static void release_udp(void *socket) {
    weft_udp_close(socket);
}

/* --- Opening --- */

struct open_udp {
    weft_frame frame;
    char *host; /* owned */
    int port;
    bool connect;
    const weft_error *error; /* of the call */
    weft_udp_options options;
    weft_addresses *found;
    size_t tried;
    weft_value outcome;
};

static weft_udp *new_udp(weft_uv *host, const weft_udp_options *options) {
    weft_udp *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->host = host;
    self->loop = weft__current;
    self->last = &self->first;
    self->limit = options->limit == 0 ? UDP_LIMIT : options->limit;
    self->most = options->queue == 0 ? UDP_QUEUE : options->queue;
    uv_udp_init(host->uv, &self->handle);   /* makes no socket yet, and so cannot fail */
    uv_unref((uv_handle_t *)&self->handle); /* tasks keep the loop running, what is open does not */
    self->handle.data = self;
    self->head.resource.exit = exit_udp;
    weft__open(&self->head, host, "UDP socket", close_udp);
    return self;
}

static int open_socket(weft_udp *self, const struct open_udp *how, const struct sockaddr *address) {
    const weft_udp_options *options = &how->options;
    unsigned flags = (options->reuse_address ? UV_UDP_REUSEADDR : 0) |
                     (options->ipv6_only && address->sa_family == AF_INET6 ? UV_UDP_IPV6ONLY : 0);
    self->family = address->sa_family;
    int code =
        how->connect ? uv_udp_connect(&self->handle, address) : uv_udp_bind(&self->handle, address, flags);
    if (code == 0 && options->broadcast)
        code = uv_udp_set_broadcast(&self->handle, 1);
    return code;
}

/* A socket at the address, or why not. */
static weft_value open_at(const struct open_udp *how, const char *host, weft_uv *world) {
    struct sockaddr_storage address;
    if (weft__address_read(host, how->port, &address) != 0)
        return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no port", how->port);
    weft_udp *made = new_udp(world, &how->options);
    if (made == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    int code = open_socket(made, how, (const struct sockaddr *)&address);
    if (code == 0)
        return weft_owned_pointer(made, release_udp);
    weft_udp_close(made);
    return weft__system_failure(code, "cannot %s %s port %d for UDP", how->connect ? "connect to" : "bind",
                                host, how->port);
}

/* The first of what the name stands for at which it can be. Without a name all interfaces: of IPv6 and IPv4,
 * where there is IPv6. */
static weft_value open_first(const struct open_udp *how) {
    static const char *const everywhere[] = {"::", "0.0.0.0"};
    const weft_error *error = NULL;
    weft_uv *world = weft__uv_here(&error);
    size_t count = how->found != NULL ? how->found->count : how->host == NULL ? 2 : 1;
    weft_value outcome = weft__of_error(error);
    for (size_t i = 0; world != NULL && i < count && outcome.kind == WEFT_FAILURE; i++) {
        weft_value_free(&outcome);
        outcome = open_at(how,
                          how->found != NULL  ? how->found->items[i].host
                          : how->host == NULL ? everywhere[i]
                                              : how->host,
                          world);
    }
    return outcome;
}

bool weft__udp_in_numbers(const char *host) {
    struct sockaddr_storage address;
    return host == NULL || weft__address_read(host, 0, &address) == 0;
}

static weft_coroutine *look_up(const struct open_udp *self) {
    weft_dns_options how = {.datagrams = true, .passive = !self->connect};
    return weft_getaddrinfo(self->host, NULL, &how);
}

static weft_async(open_udp) {
    weft_begin(open_udp);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->connect && self->host == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "weft_udp_connect needs a host");
    if (!weft__udp_in_numbers(self->host)) {
        weft_await_to(self->found, look_up(self));
    }
    weft_return(open_first(self));
    weft_drop();
    weft_free(self->host);
    weft_free(self->found);
    weft_error_release(self->error);
    weft_end();
}

static weft_coroutine *open_as(const char *host, int port, const weft_udp_options *options, bool connect) {
    const weft_error *error = NULL;
    char *copy = weft__copy_optional(host, &error);
    return weft_call(open_udp, .host = copy, .port = port, .connect = connect, .error = error,
                     .options = options == NULL ? (weft_udp_options){.limit = 0} : *options);
}

weft_coroutine *weft_udp_bind(const char *host, int port, const weft_udp_options *options) {
    return open_as(host, port, options, false);
}

weft_coroutine *weft_udp_connect(const char *host, int port, const weft_udp_options *options) {
    return open_as(host, port, options, true);
}
