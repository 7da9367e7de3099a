#define _POSIX_C_SOURCE 200809L

/*
 * UDP sockets. From the first receive on libuv reads what comes; what nobody has received yet waits in a list
 * of bounded length.
 *
 * A weft_udp is freed when its handle is closed and no coroutine that was made for it is left: `users` counts
 * these, from their call to their drop.
 */

#include "address.h"
#include "outside.h"

#include <stdlib.h>
#include <string.h>
#include <weft/udp.h>

enum { LIMIT = 65535, QUEUE = 64 };

struct weft_udp {
    weft__opened head;
    uv_udp_t handle;
    weft_uv *host;
    weft_loop *loop;
    weft__waiting reader;
    weft_datagram *first, **last; /* received, and not yet taken */
    char *buffer;                 /* `limit` bytes to receive into, from the first receive on */
    size_t limit, most, count;
    uint64_t dropped;
    uint32_t users;
    int family;
    int failure;                /* that the next receive raises, or 0 */
    bool reading, read_by_task; /* libuv reads; a task is in receive */
    bool closed, gone;          /* by us; by libuv */
};

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

static void leave(weft_udp *self) {
    if (self == NULL)
        return;
    self->users--;
    free_if_unused(self);
}

/* The socket, with one user more: the coroutine that is made with it, which leaves in its weft_drop. */
static weft_udp *use(weft_udp *self) {
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

static const weft_error no_socket = {.code = WEFT_INVALID_ARGUMENT, .message = "a UDP socket is NULL"};
static const weft_error closed_socket = {.code = WEFT_INVALID_STATE, .message = "the UDP socket was closed"};

/* --- Opening --- */

struct open_udp {
    weft_frame frame;
    const char *host;
    int port;
    bool connect;
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
    self->limit = options->limit == 0 ? LIMIT : options->limit;
    self->most = options->queue == 0 ? QUEUE : options->queue;
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

static bool in_numbers(const char *host) {
    struct sockaddr_storage address;
    return host == NULL || weft__address_read(host, 0, &address) == 0;
}

static weft_coroutine *look_up(const struct open_udp *self) {
    weft_dns_options how = {.datagrams = true, .passive = !self->connect};
    return weft_getaddrinfo(self->host, NULL, &how);
}

static weft_async(open_udp) {
    weft_begin(open_udp);
    if (self->connect && self->host == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "weft_udp_connect needs a host");
    if (!in_numbers(self->host)) {
        weft_await_to(self->found, look_up(self));
    }
    weft_return(open_first(self));
    weft_drop();
    weft_free(self->found);
    weft_end();
}

weft_coroutine *weft_udp_bind(const char *host, int port, const weft_udp_options *options) {
    return weft_call(open_udp, .host = host, .port = port,
                     .options = options == NULL ? (weft_udp_options){.limit = 0} : *options);
}

weft_coroutine *weft_udp_connect(const char *host, int port, const weft_udp_options *options) {
    return weft_call(open_udp, .host = host, .port = port, .connect = true,
                     .options = options == NULL ? (weft_udp_options){.limit = 0} : *options);
}

/* --- Receiving --- */

struct receive_datagram {
    weft_frame frame;
    weft_udp *socket;
    bool inside;
    const weft_error *refusal;
};

static weft_datagram *new_datagram(weft_udp *self, const char *data, size_t size) {
    weft_loop *outer = weft__current;
    weft__current = self->loop; /* whose memory it is */
    weft_datagram *made = weft_allocate(sizeof *made + size);
    weft__current = outer;
    if (made == NULL)
        return NULL;
    made->next = NULL;
    made->size = size;
    if (size > 0)
        memcpy(made->data, data, size);
    made->data[size] = '\0';
    return made;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    weft_udp *self = handle->data;
    (void)suggested;
    *room = uv_buf_init(self->buffer, (unsigned)self->limit);
}

static void on_datagram(uv_udp_t *handle, ssize_t size, const uv_buf_t *room, const struct sockaddr *sender,
                        unsigned flags) {
    weft_udp *self = handle->data;
    if (size == 0 && sender == NULL)
        return; /* nothing more for now */
    if (size < 0) {
        self->failure = (int)size;
        weft__waiting_end(&self->reader);
        return;
    }
    weft_datagram *made = self->count < self->most ? new_datagram(self, room->base, (size_t)size) : NULL;
    if (made == NULL) {
        self->dropped++;
        if (self->count < self->most) {
            self->failure = UV_ENOMEM;
            weft__waiting_end(&self->reader);
        }
        return;
    }
    weft__address_tell(sender, &made->sender);
    made->truncated = (flags & UV_UDP_PARTIAL) != 0;
    *self->last = made;
    self->last = &made->next;
    self->count++;
    weft__waiting_end(&self->reader);
}

static weft_datagram *take_first(weft_udp *self) {
    weft_datagram *taken = self->first;
    self->first = taken->next;
    if (self->first == NULL)
        self->last = &self->first;
    self->count--;
    return taken;
}

/* Static, or made for the caller. */
static const weft_error *begin_receive(weft_udp *self) {
    if (self == NULL)
        return &no_socket;
    if (self->closed)
        return &closed_socket;
    if (self->read_by_task) {
        static const weft_error twice = {.code = WEFT_RUNTIME,
                                         .message = "another task receives from the UDP socket"};
        return &twice;
    }
    if (self->buffer == NULL && (self->buffer = malloc(self->limit)) == NULL)
        return &weft_error_out_of_memory;
    int code = self->reading ? 0 : uv_udp_recv_start(&self->handle, on_room, on_datagram);
    if (code != 0)
        return weft__system_error(code, "cannot receive by UDP");
    self->reading = true;
    return NULL;
}

static weft_value receive_failure(weft_udp *self) {
    int code = self->failure;
    self->failure = 0;
    return weft__system_failure(code, "cannot receive by UDP");
}

static weft_async(receive_datagram) {
    weft_begin(receive_datagram);
    self->refusal = begin_receive(self->socket);
    if (self->refusal != NULL)
        weft_return(weft__owned_failure(self->refusal));
    self->inside = self->socket->read_by_task = true;
    while (self->socket->first == NULL && self->socket->failure == 0 && !self->socket->closed)
        WEFT__WAIT_OUTSIDE(&self->socket->reader, "a datagram");
    if (self->socket->closed)
        weft_raise_error(&closed_socket);
    if (self->socket->first == NULL)
        weft_return(receive_failure(self->socket));
    weft_return(weft_owned_pointer(take_first(self->socket), weft_free));
    weft_drop();
    if (self->inside) {
        weft__waiting_leave(&self->socket->reader);
        self->socket->read_by_task = false;
    }
    leave(self->socket);
    weft_end();
}

weft_coroutine *weft_udp_receive(weft_udp *socket) {
    return weft_call(receive_datagram, .socket = use(socket));
}

struct receive_all {
    weft_frame frame;
    weft_udp *socket;
    weft_datagram *datagram;
};

static weft_async(receive_all) {
    weft_begin(receive_all);
    for (;;) {
        weft_await_to(self->datagram, weft_udp_receive(self->socket));
        weft_yield(weft_owned_pointer(self->datagram, weft_free));
    }
    weft_drop();
    leave(self->socket);
    weft_end();
}

weft_coroutine *weft_udp_datagrams(weft_udp *socket) {
    return weft_call(receive_all, .socket = use(socket));
}

uint64_t weft_udp_dropped(const weft_udp *socket) {
    return socket == NULL ? 0 : socket->dropped;
}

/* --- Sending --- */

typedef struct sending {
    weft__request head;
    uv_udp_send_t request;
    char data[];
} sending;

struct send_datagram {
    weft_frame frame;
    weft_udp *socket;
    const char *host; /* NULL: to the peer */
    int port;
    bool to_peer;
    const void *data;
    size_t size;
    weft_addresses *found;
    sending *sending;
    weft_value outcome;
};

static void free_sending(weft__request *head) {
    free(head);
}

static void on_sent(uv_udp_send_t *request, int status) {
    sending *self = request->data;
    weft__request_end(&self->head, status);
}

/* An address of IPv4's as IPv6 sockets write it. */
static void map_to_ipv6(struct sockaddr_storage *address) {
    struct sockaddr_in from = *(struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)(void *)address;
    memset(to, 0, sizeof *to);
    to->sin6_family = AF_INET6;
    to->sin6_port = from.sin_port;
    to->sin6_addr.s6_addr[10] = to->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&to->sin6_addr.s6_addr[12], &from.sin_addr, 4);
}

static int read_receiver(const struct send_datagram *self, struct sockaddr_storage *address) {
    int code = weft__address_read(self->found != NULL ? self->found->items[0].host : self->host, self->port,
                                  address);
    if (code == 0 && self->socket->family == AF_INET6 && address->ss_family == AF_INET)
        map_to_ipv6(address);
    return code;
}

static weft_value send_failure(const struct send_datagram *self, int code) {
    if (self->socket->closed)
        return weft__of_error(&closed_socket);
    if (self->to_peer)
        return weft__system_failure(code, "cannot send %zu bytes by UDP", self->size);
    return weft__system_failure(code, "cannot send %zu bytes by UDP to %s port %d", self->size, self->host,
                                self->port);
}

/* libuv keeps the data until there is room. */
static weft_value queue_datagram(struct send_datagram *self, const struct sockaddr *to) {
    self->sending = weft__request_new(sizeof *self->sending + self->size, self->socket->host, free_sending);
    if (self->sending == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    sending *made = self->sending;
    memcpy(made->data, self->data, self->size);
    made->request.data = made;
    uv_buf_t buffer = uv_buf_init(made->data, (unsigned)self->size);
    weft__request_begin(&made->head, NULL,
                        uv_udp_send(&made->request, &self->socket->handle, &buffer, 1, to, on_sent));
    return weft__of_none();
}

static weft_value begin_send(struct send_datagram *self) {
    struct sockaddr_storage address;
    const struct sockaddr *to = NULL;
    if (self->socket->closed)
        return weft__of_error(&closed_socket);
    if (!self->to_peer) {
        if (read_receiver(self, &address) != 0)
            return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no port", self->port);
        to = (const struct sockaddr *)&address;
    }
    if (self->size > LIMIT)
        return send_failure(self, UV_EMSGSIZE);
    union {
        const void *from;
        char *to;
    } data = {self->size > 0 ? self->data : ""};
    uv_buf_t buffer = uv_buf_init(data.to, (unsigned)self->size);
    int code = uv_udp_try_send(&self->socket->handle, &buffer, 1, to);
    if (code == UV_EAGAIN)
        return queue_datagram(self, to);
    return code < 0 ? send_failure(self, code) : weft__of_none();
}

static weft_coroutine *look_up_receiver(const struct send_datagram *self) {
    weft_dns_options how = {.family = self->socket->family == AF_INET ? 4 : 0, .datagrams = true};
    return weft_getaddrinfo(self->host, NULL, &how);
}

static weft_async(send_datagram) {
    weft_begin(send_datagram);
    if (self->socket == NULL || (self->data == NULL && self->size > 0) ||
        (!self->to_peer && self->host == NULL))
        weft_raise(WEFT_INVALID_ARGUMENT, "a UDP socket, its data or a host is NULL");
    if (!self->to_peer && !in_numbers(self->host)) {
        weft_await_to(self->found, look_up_receiver(self));
    }
    self->outcome = begin_send(self);
    if (self->outcome.kind == WEFT_FAILURE)
        weft_return(self->outcome);
    if (self->sending != NULL) {
        WEFT__AWAIT_REQUEST(&self->sending->head, "room for a datagram");
        if (self->sending->head.status < 0)
            weft_return(send_failure(self, self->sending->head.status));
    }
    weft_drop();
    if (self->sending != NULL)
        weft__request_leave(&self->sending->head);
    weft_free(self->found);
    leave(self->socket);
    weft_end();
}

weft_coroutine *weft_udp_send(weft_udp *socket, const void *data, size_t size) {
    return weft_call(send_datagram, .socket = use(socket), .to_peer = true, .data = data, .size = size);
}

weft_coroutine *weft_udp_send_to(weft_udp *socket, const char *host, int port, const void *data,
                                 size_t size) {
    return weft_call(send_datagram, .socket = use(socket), .host = host, .port = port, .data = data,
                     .size = size);
}

/* --- Addresses and options --- */

static bool tell(int code, const struct sockaddr_storage *from, weft_address *address) {
    return code == 0 && weft__address_tell((const struct sockaddr *)from, address);
}

bool weft_udp_local(const weft_udp *socket, weft_address *address) {
    struct sockaddr_storage from;
    int size = sizeof from;
    return socket != NULL && !socket->closed &&
           tell(uv_udp_getsockname(&socket->handle, (struct sockaddr *)&from, &size), &from, address);
}

bool weft_udp_peer(const weft_udp *socket, weft_address *address) {
    struct sockaddr_storage from;
    int size = sizeof from;
    return socket != NULL && !socket->closed &&
           tell(uv_udp_getpeername(&socket->handle, (struct sockaddr *)&from, &size), &from, address);
}

static const weft_error *unusable(const weft_udp *socket) {
    return socket == NULL ? &no_socket : socket->closed ? &closed_socket : NULL;
}

static const weft_error *told(int code, const char *words) {
    return code == 0 ? NULL : weft__system_error(code, "%s", words);
}

static const weft_error *change_membership(weft_udp *socket, const char *group, const char *interface_address,
                                           uv_membership how) {
    const weft_error *error = unusable(socket);
    if (error != NULL)
        return error;
    if (group == NULL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a multicast group is NULL");
    int code = uv_udp_set_membership(&socket->handle, group, interface_address, how);
    return code == 0 ? NULL
                     : weft__system_error(code, "cannot %s the multicast group %s",
                                          how == UV_JOIN_GROUP ? "join" : "leave", group);
}

const weft_error *weft_udp_join(weft_udp *socket, const char *group, const char *interface_address) {
    return change_membership(socket, group, interface_address, UV_JOIN_GROUP);
}

const weft_error *weft_udp_leave(weft_udp *socket, const char *group, const char *interface_address) {
    return change_membership(socket, group, interface_address, UV_LEAVE_GROUP);
}

const weft_error *weft_udp_set_multicast_hops(weft_udp *socket, int hops) {
    const weft_error *error = unusable(socket);
    return error != NULL
               ? error
               : told(uv_udp_set_multicast_ttl(&socket->handle, hops), "cannot limit multicast's hops");
}

const weft_error *weft_udp_set_multicast_loop(weft_udp *socket, bool on) {
    const weft_error *error = unusable(socket);
    return error != NULL
               ? error
               : told(uv_udp_set_multicast_loop(&socket->handle, on), "cannot set multicast's loop");
}

const weft_error *weft_udp_set_multicast_interface(weft_udp *socket, const char *interface_address) {
    const weft_error *error = unusable(socket);
    return error != NULL ? error
                         : told(uv_udp_set_multicast_interface(&socket->handle, interface_address),
                                "cannot set multicast's interface");
}
