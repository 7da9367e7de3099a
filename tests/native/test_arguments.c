/* Strings are copied at the call: what the caller does with its own before the await makes no difference. */

#include "weft_test.h"

#include <stdio.h>
#include <string.h>
#include <weft/dns.h>
#include <weft/file.h>
#include <weft/stream.h>
#include <weft/tls.h>
#include <weft/udp.h>
#include <weft/weft.h>

enum { NOBODY = 1 }; /* a port at which nobody listens */

static weft_udp *sender;

static weft_coroutine *find_host(const char *text) {
    return weft_getaddrinfo(text, NULL, &(weft_dns_options){.numeric = true});
}

static weft_coroutine *find_service(const char *text) {
    return weft_getaddrinfo(NULL, text, NULL);
}

static weft_coroutine *find_name(const char *text) {
    return weft_getnameinfo(text, 80, &(weft_name_options){.numeric = true});
}

static weft_coroutine *bind_udp(const char *text) {
    return weft_udp_bind(text, 0, NULL);
}

static weft_coroutine *connect_udp(const char *text) {
    return weft_udp_connect(text, 9, NULL);
}

static weft_coroutine *send_udp(const char *text) {
    return weft_udp_send_to(sender, text, 9, "x", 1);
}

static weft_coroutine *connect_tcp(const char *text) {
    return weft_tcp_connect(text, NOBODY);
}

static weft_coroutine *connect_tls(const char *text) {
    return weft_tls_connect(text, NOBODY, NULL);
}

static weft_coroutine *listen_tcp(const char *text) {
    return weft_tcp_listen(text, 0, NULL);
}

static weft_coroutine *connect_unix(const char *text) {
    return weft_unix_connect(text);
}

static weft_coroutine *open_file(const char *text) {
    return weft_file_open(text, "r");
}

static weft_coroutine *remove_directory(const char *text) {
    return weft_directory_remove_all(text);
}

/* A call for each kind of string, and a part of what is raised, or NULL. */
static const struct {
    weft_coroutine *(*call)(const char *text);
    const char *text, *raises;
} calls[] = {
    {find_host, "127.0.0.1", NULL},
    {find_service, "80", NULL},
    {find_name, "127.0.0.1", NULL},
    {bind_udp, "127.0.0.1", NULL},
    {connect_udp, "127.0.0.1", NULL},
    {send_udp, "127.0.0.1", NULL},
    {connect_tcp, "127.0.0.1", "cannot connect to 127.0.0.1 port 1: connection refused"},
    {connect_tls, "127.0.0.1", "cannot connect to 127.0.0.1 port 1: connection refused"},
    {listen_tcp, "127.0.0.1", NULL},
    {connect_unix, "/nowhere", "/nowhere"},
    {open_file, "/nowhere", "/nowhere"},
    {remove_directory, "/nowhere", "/nowhere"},
};

struct call_all {
    weft_frame frame;
    char text[32];
    size_t i;
    weft_coroutine *coroutine;
    const weft_error *error;
};

static weft_async(call_all) {
    weft_begin(call_all);
    weft_await_to(sender, weft_udp_bind("127.0.0.1", 0, NULL));
    for (self->i = 0; self->i < sizeof calls / sizeof *calls; self->i++) {
        snprintf(self->text, sizeof self->text, "%s", calls[self->i].text);
        self->coroutine = calls[self->i].call(self->text);
        memset(self->text, '?', sizeof self->text);
        weft_try {
            weft_await(self->coroutine);
            CHECK(calls[self->i].raises == NULL);
        }
        weft_catch(self->error) {
            bool expected =
                calls[self->i].raises != NULL && strstr(self->error->message, calls[self->i].raises) != NULL;
            if (!CHECK(expected))
                fprintf(stderr, "call %zu: %s\n", self->i, self->error->message);
        }
    }
    weft_udp_close(sender);
    weft_end();
}

TEST(strings_are_the_coroutines_from_the_call_on) {
    CHECK(weft_run(weft_call(call_all), NULL, NULL));
}

TEST_MAIN(TEST_CASE(strings_are_the_coroutines_from_the_call_on))
