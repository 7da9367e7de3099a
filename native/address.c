#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

int weft__address_read(const char *host, int port, struct sockaddr_storage *address) {
    if (host == NULL || port < 0 || port > 65535)
        return UV_EINVAL;
    memset(address, 0, sizeof *address);
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)address) == 0)
        return 0;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)address) == 0 ? 0 : UV_EINVAL;
}

/* The zone of an address that is good on one link only: "%eth0", or "%3" if that interface is gone. */
static void tell_zone(unsigned zone, char *host, size_t size) {
    size_t length = strlen(host);
    char name[UV_IF_NAMESIZE];
    size_t room = sizeof name;
    if (zone == 0)
        return;
    if (uv_if_indextoiid(zone, name, &room) == 0)
        snprintf(host + length, size - length, "%%%s", name);
    else
        snprintf(host + length, size - length, "%%%u", zone);
}

bool weft__address_tell(const struct sockaddr *address, weft_address *told) {
    const void *any = address;
    memset(told, 0, sizeof *told);
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *from = any;
        told->family = 4;
        told->port = ntohs(from->sin_port);
        return uv_inet_ntop(AF_INET, &from->sin_addr, told->host, sizeof told->host) == 0;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *from = any;
        told->port = ntohs(from->sin6_port);
        told->family = IN6_IS_ADDR_V4MAPPED(&from->sin6_addr) ? 4 : 6;
        if (told->family == 4) /* as an IPv6 socket sees a peer of IPv4's */
            return uv_inet_ntop(AF_INET, &from->sin6_addr.s6_addr[12], told->host, sizeof told->host) == 0;
        if (uv_inet_ntop(AF_INET6, &from->sin6_addr, told->host, sizeof told->host) != 0)
            return false;
        tell_zone(from->sin6_scope_id, told->host, sizeof told->host);
        return true;
    }
    return false;
}
