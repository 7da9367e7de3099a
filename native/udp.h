#ifndef WEFT_NATIVE_UDP_H
#define WEFT_NATIVE_UDP_H

/*
 * A UDP socket from the inside. From the first receive on libuv reads what comes; what nobody has received
 * yet waits in a list of bounded length.
 *
 * It is freed when its handle is closed and no coroutine that was made for it is left: `users` counts these,
 * from their call to their drop.
 */

#include "outside.h"

#include <weft/udp.h>

enum { UDP_LIMIT = 65535, UDP_QUEUE = 64 };

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

/* The socket, with one user more: the coroutine that is made with it, which leaves in its weft_drop. NULL is
 * allowed in both. */
weft_udp *weft__udp_use(weft_udp *self);
void weft__udp_leave(weft_udp *self);

/* What is raised for NULL, and for one that was closed. */
extern const weft_error weft__udp_missing, weft__udp_closed;

/* Whether a host needs no lookup: it is an address, or NULL. */
bool weft__udp_in_numbers(const char *host);

#endif
