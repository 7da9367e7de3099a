#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Sending by UDP: at once, or when there is room. */

#include "udp.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "argument.h"

typedef struct sending {
    weft__request head;
    uv_udp_send_t request;
    char data[];
} sending;

struct send_datagram {
    weft_frame frame;
    weft_udp *socket;
    char *host; /* owned; NULL: to the peer */
    int port;
    bool to_peer;
    weft_bytes *data; /* owned; NULL: there was an error, or it is too large */
    size_t size;
    weft_addresses *found;
    sending *sending;
    weft_value outcome;
    const weft_error *error; /* of the call */
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
        return weft__of_error(&weft__udp_closed);
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
    memcpy(made->data, self->data->data, self->size);
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
        return weft__of_error(&weft__udp_closed);
    if (!self->to_peer) {
        if (read_receiver(self, &address) != 0)
            return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no port", self->port);
        to = (const struct sockaddr *)&address;
    }
    if (self->size > UDP_LIMIT)
        return send_failure(self, UV_EMSGSIZE);
    uv_buf_t buffer = uv_buf_init(self->data->data, (unsigned)self->size);
    int code = uv_udp_try_send(&self->socket->handle, &buffer, 1, to);
    if (code == UV_EAGAIN)
        return queue_datagram(self, to);
    return code < 0 ? send_failure(self, code) : weft__of_none();
}

static weft_coroutine *look_up_receiver(const struct send_datagram *self) {
    weft_dns_options how = {.family = self->socket->family == AF_INET ? 4 : 0, .datagrams = true};
    return weft_getaddrinfo(self->host, NULL, &how);
}

static const weft_error something_is_null = {.code = WEFT_INVALID_ARGUMENT,
                                             .message = "a UDP socket, its data or a host is NULL"};

static weft_async(send_datagram) {
    weft_begin(send_datagram);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->socket == NULL || (!self->to_peer && self->host == NULL))
        weft_raise_error(&something_is_null);
    if (!self->to_peer && !weft__udp_in_numbers(self->host)) {
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
    weft_free(self->host);
    weft_free(self->data);
    weft_free(self->found);
    weft_error_release(self->error);
    weft__udp_leave(self->socket);
    weft_end();
}

/* What is larger than any datagram is refused without a copy. */
static weft_bytes *copy_data(const void *data, size_t size, const weft_error **error) {
    if (data == NULL && size > 0)
        *error = &something_is_null;
    if (*error != NULL || size > UDP_LIMIT)
        return NULL;
    weft_bytes *copy = weft__bytes_new(data, size);
    if (copy == NULL)
        *error = &weft_error_out_of_memory;
    return copy;
}

weft_coroutine *weft_udp_send(weft_udp *socket, const void *data, size_t size) {
    const weft_error *error = NULL;
    weft_bytes *copy = copy_data(data, size, &error);
    return weft_call(send_datagram, .socket = weft__udp_use(socket), .to_peer = true, .data = copy,
                     .size = size, .error = error);
}

weft_coroutine *weft_udp_send_to(weft_udp *socket, const char *host, int port, const void *data,
                                 size_t size) {
    const weft_error *error = NULL;
    char *named = weft__copy_optional(host, &error);
    weft_bytes *copy = copy_data(data, size, &error);
    return weft_call(send_datagram, .socket = weft__udp_use(socket), .host = named, .port = port,
                     .data = copy, .size = size, .error = error);
}
