#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The addresses of UDP sockets, and multicast. */

#include "address.h"
#include "udp.h"

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
    return socket == NULL ? &weft__udp_missing : socket->closed ? &weft__udp_closed : NULL;
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
