#define _POSIX_C_SOURCE 200809L

/* Lookups of names and addresses, by libuv's threads. */

#include "address.h"
#include "argument.h"
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library calls every name unknown while it cannot open a file or a socket. */
static int without_descriptors(int code) {
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == EMFILE || errno == ENFILE ? uv_translate_sys_error(errno) : code;
    close(file);
    return code;
}

/* Some of libuv's are one here, and some have another reason. */
static int code_of(int code) {
    if (code == UV_EAI_NONAME || code == UV_EAI_AGAIN || code == UV_EAI_FAIL)
        return without_descriptors(code);
    return code == UV_EAI_MEMORY ? UV_ENOMEM : code;
}

/* --- Addresses of a name --- */

typedef struct lookup {
    weft__request head;
    uv_getaddrinfo_t request;
    struct addrinfo *found;
} lookup;

struct find_addresses {
    weft_frame frame;
    char *host, *service; /* owned */
    weft_dns_options options;
    lookup *lookup;
    weft_value outcome;
    const weft_error *error; /* of the call */
};

static void free_lookup(weft__request *head) {
    lookup *self = (lookup *)(void *)head;
    uv_freeaddrinfo(self->found);
    free(self);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
    lookup *self = request->data;
    self->found = found;
    weft__request_end(&self->head, status);
}

static weft_value begin_find(struct find_addresses *self) {
    const weft_dns_options *options = &self->options;
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    if (host == NULL)
        return weft__of_error(error);
    if (self->host == NULL && self->service == NULL)
        return weft_failure(WEFT_INVALID_ARGUMENT, "weft_getaddrinfo needs a host or a service");
    if (options->family != 0 && options->family != 4 && options->family != 6)
        return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no family of addresses: 4 and 6 are",
                            options->family);
    self->lookup = weft__request_new(sizeof *self->lookup, host, free_lookup);
    if (self->lookup == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    /* One type of socket: else each address comes several times. */
    struct addrinfo hints = {
        .ai_family = options->family == 0   ? AF_UNSPEC
                     : options->family == 4 ? AF_INET
                                            : AF_INET6,
        .ai_socktype = options->datagrams ? SOCK_DGRAM : SOCK_STREAM,
        .ai_flags = (options->passive ? AI_PASSIVE : 0) | (options->numeric ? AI_NUMERICHOST : 0) |
                    (options->canonical && self->host != NULL ? AI_CANONNAME : 0),
    };
    self->lookup->request.data = self->lookup;
    weft__request_begin(
        &self->lookup->head, (uv_req_t *)&self->lookup->request,
        uv_getaddrinfo(host->uv, &self->lookup->request, on_found, self->host, self->service, &hints));
    return weft__of_none();
}

static weft_value addresses_of(const struct addrinfo *found) {
    const char *canonical = found->ai_canonname;
    size_t count = 0, name = canonical == NULL ? 0 : strlen(canonical) + 1;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        count++;
    size_t items = offsetof(weft_addresses, items) + count * sizeof(weft_address);
    weft_addresses *made = weft_allocate(items + name);
    if (made == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    made->count = 0;
    made->canonical = name == 0 ? NULL : memcpy((char *)made + items, canonical, name);
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        made->count += weft__address_tell(at->ai_addr, &made->items[made->count]);
    return weft_owned_pointer(made, weft_free);
}

static weft_value found_addresses(const struct find_addresses *self) {
    int code = code_of(self->lookup->head.status);
    if (code == 0)
        return addresses_of(self->lookup->found);
    if (self->host == NULL)
        return weft__system_failure(code, "cannot find the service %s", self->service);
    if (self->service == NULL)
        return weft__system_failure(code, "cannot find the host %s", self->host);
    return weft__system_failure(code, "cannot find the service %s of the host %s", self->service, self->host);
}

static weft_async(find_addresses) {
    weft_begin(find_addresses);
    if (self->error != NULL)
        weft_raise_error(self->error);
    self->outcome = begin_find(self);
    if (self->outcome.kind == WEFT_FAILURE)
        weft_return(self->outcome);
    WEFT__AWAIT_REQUEST(&self->lookup->head, "the resolver");
    weft_return(found_addresses(self));
    weft_drop();
    if (self->lookup != NULL)
        weft__request_leave(&self->lookup->head);
    weft_free(self->host);
    weft_free(self->service);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_getaddrinfo(const char *host, const char *service, const weft_dns_options *options) {
    const weft_error *error = NULL;
    char *named = weft__copy_optional(host, &error), *wanted = weft__copy_optional(service, &error);
    return weft_call(find_addresses, .host = named, .service = wanted, .error = error,
                     .options = options == NULL ? (weft_dns_options){.family = 0} : *options);
}

/* --- Names of an address --- */

typedef struct naming {
    weft__request head;
    uv_getnameinfo_t request;
} naming;

struct find_names {
    weft_frame frame;
    char *host; /* owned */
    int port;
    weft_name_options options;
    naming *naming;
    weft_value outcome;
    const weft_error *error; /* of the call */
};

static void free_naming(weft__request *head) {
    free(head);
}

static void on_named(uv_getnameinfo_t *request, int status, const char *host, const char *service) {
    naming *self = request->data;
    (void)host; /* they stay in the request */
    (void)service;
    weft__request_end(&self->head, status);
}

static weft_value begin_naming(struct find_names *self) {
    const weft_name_options *options = &self->options;
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    struct sockaddr_storage address;
    if (host == NULL)
        return weft__of_error(error);
    if (weft__address_read(self->host, self->port, &address) != 0)
        return weft_failure(WEFT_INVALID_ARGUMENT, "%s port %d is no address",
                            self->host == NULL ? "NULL" : self->host, self->port);
    self->naming = weft__request_new(sizeof *self->naming, host, free_naming);
    if (self->naming == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    int flags = (options->numeric ? NI_NUMERICHOST | NI_NUMERICSERV : 0) |
                (options->required ? NI_NAMEREQD : 0) | (options->datagrams ? NI_DGRAM : 0);
    self->naming->request.data = self->naming;
    weft__request_begin(
        &self->naming->head, (uv_req_t *)&self->naming->request,
        uv_getnameinfo(host->uv, &self->naming->request, on_named, (const struct sockaddr *)&address, flags));
    return weft__of_none();
}

static weft_value names_of(const uv_getnameinfo_t *request) {
    size_t host = strlen(request->host) + 1, service = strlen(request->service) + 1;
    weft_name *made = weft_allocate(sizeof *made + host + service);
    if (made == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    made->host = memcpy(made + 1, request->host, host);
    made->service = memcpy((char *)(made + 1) + host, request->service, service);
    return weft_owned_pointer(made, weft_free);
}

static weft_value found_names(const struct find_names *self) {
    int code = code_of(self->naming->head.status);
    if (code == 0)
        return names_of(&self->naming->request);
    return weft__system_failure(code, "cannot find the name of %s port %d", self->host, self->port);
}

static weft_async(find_names) {
    weft_begin(find_names);
    if (self->error != NULL)
        weft_raise_error(self->error);
    self->outcome = begin_naming(self);
    if (self->outcome.kind == WEFT_FAILURE)
        weft_return(self->outcome);
    WEFT__AWAIT_REQUEST(&self->naming->head, "the resolver");
    weft_return(found_names(self));
    weft_drop();
    if (self->naming != NULL)
        weft__request_leave(&self->naming->head);
    weft_free(self->host);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_getnameinfo(const char *host, int port, const weft_name_options *options) {
    const weft_error *error = NULL;
    char *copy = weft__copy_optional(host, &error);
    return weft_call(find_names, .host = copy, .port = port, .error = error,
                     .options = options == NULL ? (weft_name_options){.numeric = false} : *options);
}
