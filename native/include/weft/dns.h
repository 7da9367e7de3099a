#ifndef WEFT_DNS_H
#define WEFT_DNS_H

/*
 * Names of hosts and services, looked up as the system does (its files, DNS, whatever else it knows), in
 * libuv's threads. A coroutine that is cancelled ends at once; a lookup that its thread has begun already
 * runs on and is forgotten.
 *
 *     weft_await_to(self->found, weft_getaddrinfo("localhost", "http", NULL));
 *     for (size_t i = 0; i < self->found->count; i++)
 *         printf("%s port %d\n", self->found->items[i].host, self->found->items[i].port);
 *     weft_free(self->found);
 */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* The address of a socket. */
typedef struct weft_address {
    char host[64]; /* in numbers: "127.0.0.1", "::1", "fe80::1%eth0" */
    int port;
    int family; /* 4 or 6 */
} weft_address;

/* What a host's name stands for, the best first. One block of memory, to be freed with weft_free. */
typedef struct weft_addresses {
    size_t count;
    const char *canonical; /* the host's own name, if that was asked for; else NULL */
    weft_address items[1]; /* `count` of them, at least one */
} weft_addresses;

/* What else can be said of a lookup; zero is as usual. */
typedef struct weft_dns_options {
    int family;     /* 4 or 6: only such addresses; 0: both */
    bool datagrams; /* the service is one of UDP's, not of TCP's */
    bool passive;   /* without a host: the addresses of all interfaces, to listen at; not the loopback's */
    bool numeric;   /* the host is written in numbers, and nothing is looked up */
    bool canonical; /* tells the host's own name, too */
} weft_dns_options;

/*
 * The addresses of a host at which it offers a service: a name ("http"), a number ("80"), or NULL for port 0.
 * Either of the two may be NULL. Each address comes once. Gives an owned weft_addresses *. The options are
 * copied; NULL: none. SystemError with the system's name of it: EAI_NONAME for an unknown host, EAI_AGAIN
 * where nobody could be asked, EAI_SERVICE for an unknown service. loop.getaddrinfo
 */
weft_coroutine *weft_getaddrinfo(const char *host, const char *service, const weft_dns_options *options);

/* The names of an address. One block of memory, to be freed with weft_free. */
typedef struct weft_name {
    const char *host;
    const char *service;
} weft_name;

/* What else can be said of a lookup of names; zero is as usual. */
typedef struct weft_name_options {
    bool numeric;   /* in numbers, without asking anybody */
    bool required;  /* a host without a name is EAI_NONAME; else it is named in numbers */
    bool datagrams; /* the service is one of UDP's, not of TCP's */
} weft_name_options;

/*
 * The names of the host and the service that an address stands for; `host` is in numbers. Gives an owned
 * weft_name *. The options are copied; NULL: none. InvalidArgument for what is no address, SystemError as
 * above. loop.getnameinfo
 */
weft_coroutine *weft_getnameinfo(const char *host, int port, const weft_name_options *options);

WEFT_END_DECLARATIONS

#endif
