#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Receiving by UDP: what has come, and waiting for more. */

#include "udp.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"

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
        return &weft__udp_missing;
    if (self->closed)
        return &weft__udp_closed;
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
        weft_raise_error(&weft__udp_closed);
    if (self->socket->first == NULL)
        weft_return(receive_failure(self->socket));
    weft_return(weft_owned_pointer(take_first(self->socket), weft_free));
    weft_drop();
    if (self->inside) {
        weft__waiting_leave(&self->socket->reader);
        self->socket->read_by_task = false;
    }
    weft__udp_leave(self->socket);
    weft_end();
}

weft_coroutine *weft_udp_receive(weft_udp *socket) {
    return weft_call(receive_datagram, .socket = weft__udp_use(socket));
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
    weft__udp_leave(self->socket);
    weft_end();
}

weft_coroutine *weft_udp_datagrams(weft_udp *socket) {
    return weft_call(receive_all, .socket = weft__udp_use(socket));
}

uint64_t weft_udp_dropped(const weft_udp *socket) {
    return socket == NULL ? 0 : socket->dropped;
}
