#ifndef WEFT_UDP_H
#define WEFT_UDP_H

/*
 * Datagrams over UDP. loop.create_datagram_endpoint
 *
 *     weft_await_to(self->socket, weft_udp_bind("127.0.0.1", 5353, NULL));
 *     weft_with(self->socket) {
 *         weft_for_await(self->datagram, weft_udp_datagrams(self->socket)) {
 *             weft_await(weft_udp_send_to(self->socket, self->datagram->sender.host,
 *                                         self->datagram->sender.port, "thanks", 6));
 *             weft_free(self->datagram);
 *         }
 *     }
 *
 * The network may lose datagrams, deliver them twice or in another order, and so does weft where nobody
 * receives: see weft_udp_options. What is sent is copied at the call.
 */

#include <weft/coroutine.h>
#include <weft/dns.h>

WEFT_BEGIN_DECLARATIONS

/* What has come. One block of memory, to be freed with weft_free. */
typedef struct weft_datagram {
    struct weft_datagram *next; /* internal */
    weft_address sender;
    bool truncated; /* it was larger than the limit: what is here is its beginning */
    size_t size;    /* bytes; there are empty datagrams */
    char data[1];   /* `size` bytes, and a zero behind them */
} weft_datagram;

/* What else can be said of a new socket; zero is as usual. */
typedef struct weft_udp_options {
    bool ipv6_only;     /* an IPv6 socket has nothing to do with IPv4; else "::" is for both */
    bool reuse_address; /* others may bind the same address: for multicast, and to share a port by threads */
    bool broadcast;     /* may send to broadcast addresses */
    size_t limit;       /* bytes kept of a datagram; 0: 65535, which is any */
    size_t queue; /* datagrams that wait to be received here; 0: 64. While so many wait, what comes is dropped
                     and counted */
} weft_udp_options;

/*
 * A socket at an address of this machine: "127.0.0.1", "::", a name; NULL: all interfaces. Port 0: any that
 * is free. Gives an owned weft_udp *. The options are copied; NULL: none. SystemError: EADDRINUSE, EACCES,
 * and what looking up gives. create_datagram_endpoint(local_addr=…)
 */
weft_coroutine *weft_udp_bind(const char *host, int port, const weft_udp_options *options);

/*
 * A socket that talks with one peer only: datagrams of others do not come, and where the peer's machine says
 * that nobody listens there, the next receive raises ECONNREFUSED. Gives an owned weft_udp *.
 * create_datagram_endpoint(remote_addr=…)
 */
weft_coroutine *weft_udp_connect(const char *host, int port, const weft_udp_options *options);

/*
 * Sends one datagram, whole or not at all, to the peer of a connected socket. It waits only while the
 * system's buffer is full; one that is cancelled then may still be sent. SystemError: EMSGSIZE, ENETUNREACH,
 * …; ENOTCONN or EDESTADDRREQ without a peer. transport.sendto(data)
 */
weft_coroutine *weft_udp_send(weft_udp *socket, const void *data, size_t size);

/* The same to an address; a host that is not written in numbers is looked up. transport.sendto(data, addr) */
weft_coroutine *weft_udp_send_to(weft_udp *socket, const char *host, int port, const void *data, size_t size);

/*
 * The next datagram, as an owned weft_datagram *. A cancelled one loses nothing. One task at a time:
 * RuntimeError for a second. SystemError for what the network told of datagrams that were sent.
 */
weft_coroutine *weft_udp_receive(weft_udp *socket);

/* The same, one after the other: an async generator without end. */
weft_coroutine *weft_udp_datagrams(weft_udp *socket);

/* How many datagrams were dropped since nobody received them in time. The system drops others, which nobody
 * counts. */
uint64_t weft_udp_dropped(const weft_udp *socket);

/* The socket's own address, and the peer's of a connected one. False if there is none. get_extra_info */
bool weft_udp_local(const weft_udp *socket, weft_address *address);
bool weft_udp_peer(const weft_udp *socket, weft_address *address);

/*
 * Multicast: joins a group ("239.1.2.3", "ff02::1") or leaves it, at an interface given by one of its
 * addresses (for IPv6 by its name: "::%eth0"); NULL: the system's choice. NULL, or why not: the
 * error is the caller's.
 */
const weft_error *weft_udp_join(weft_udp *socket, const char *group, const char *interface_address);
const weft_error *weft_udp_leave(weft_udp *socket, const char *group, const char *interface_address);

/* How what is sent to groups travels: how many routers it may pass (1 to 255, at first 1), whether this
 * machine's own sockets get it, too (at first yes), and from which interface. The same errors. */
const weft_error *weft_udp_set_multicast_hops(weft_udp *socket, int hops);
const weft_error *weft_udp_set_multicast_loop(weft_udp *socket, bool on);
const weft_error *weft_udp_set_multicast_interface(weft_udp *socket, const char *interface_address);

/* Closes it, and lets go of it: nothing may use it any more. A task that receives gets InvalidState. What is
 * yet to be sent is dropped. NULL is allowed. */
void weft_udp_close(weft_udp *socket);

WEFT_END_DECLARATIONS

#endif
