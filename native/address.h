#ifndef WEFT_NATIVE_ADDRESS_H
#define WEFT_NATIVE_ADDRESS_H

/* Addresses between their forms: text, and what the system takes. */

#include <weft/dns.h>

#include <uv.h>

/* Of a host in numbers. 0, or UV_EINVAL. */
int weft__address_read(const char *host, int port, struct sockaddr_storage *address);

/* False if it is none of IP's. */
bool weft__address_tell(const struct sockaddr *address, weft_address *told);

#endif
