/* Arguments are copied at the call: what the caller does with its own before the await makes no difference.
 */

#include "weft_test.h"

#include <stdio.h>
#include <string.h>
#include <weft/dns.h>
#include <weft/file.h>
#include <weft/http_server.h>
#include <weft/process.h>
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

static weft_coroutine *tls_client(const char *text) {
    return weft_tls_client(&(weft_tls_options){.ca_file = text, .alpn = text});
}

static weft_coroutine *tls_server(const char *text) {
    return weft_tls_server(text, NULL, NULL);
}

static weft_coroutine *tls_protocols(const char *text) {
    return weft_tls_client(&(weft_tls_options){.alpn = text});
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
    {tls_client, "/nowhere", "cannot use the certificates in /nowhere"},
    {tls_server, "/nowhere", "cannot use the certificate in /nowhere"},
    {tls_protocols, "h2,,http", "\"h2,,http\" is no list"},
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

struct send_data {
    weft_frame frame;
    char text[32];
    weft_udp *receiver;
    weft_process *process;
    weft_address address;
    int i;
    weft_coroutine *coroutine;
    weft_datagram *datagram;
    weft_process_result *result;
};

static weft_coroutine *change(char *text, size_t size, weft_coroutine *coroutine) {
    memset(text, '?', size);
    return coroutine;
}

static weft_coroutine *send_as(struct send_data *self) {
    snprintf(self->text, sizeof self->text, "hello");
    return change(self->text, sizeof self->text,
                  self->i == 0
                      ? weft_udp_send(sender, self->text, 5)
                      : weft_udp_send_to(sender, self->address.host, self->address.port, self->text, 5));
}

static weft_coroutine *communicate(struct send_data *self) {
    snprintf(self->text, sizeof self->text, "hello");
    return change(self->text, sizeof self->text, weft_process_communicate(self->process, self->text, 5, 100));
}

static weft_async(send_data) {
    weft_begin(send_data);
    weft_await_to(self->receiver, weft_udp_bind("127.0.0.1", 0, NULL));
    CHECK(weft_udp_local(self->receiver, &self->address));
    for (self->i = 0; self->i < 2; self->i++) {
        if (self->i == 0)
            weft_await_to(sender, weft_udp_connect("127.0.0.1", self->address.port, NULL));
        else
            weft_await_to(sender, weft_udp_bind("127.0.0.1", 0, NULL));
        weft_await(send_as(self));
        weft_await_to(self->datagram, weft_udp_receive(self->receiver));
        CHECK_EQ_STR(self->datagram->data, "hello");
        weft_free(self->datagram);
        weft_udp_close(sender);
    }
    weft_udp_close(self->receiver);
    weft_await_to(self->process, weft_process_start(.shell = "cat", .input = weft_stdio_pipe(),
                                                    .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, communicate(self));
        CHECK_EQ_STR(self->result->output->data, "hello");
    }
    weft_drop();
    weft_process_result_free(self->result);
    weft_end();
}

TEST(data_is_the_coroutines_from_the_call_on) {
    CHECK(weft_run(weft_call(send_data), NULL, NULL));
}

struct serve_socket {
    weft_frame frame;
    weft_request *request;
    weft_websocket *socket;
    char text[32];
};

static weft_coroutine *accept_socket(struct serve_socket *self) {
    snprintf(self->text, sizeof self->text, "one, two");
    return change(self->text, sizeof self->text,
                  weft_websocket_accept(self->request, &(weft_websocket_options){.protocols = self->text}));
}

static weft_coroutine *send_message(struct serve_socket *self, bool text) {
    snprintf(self->text, sizeof self->text, "hello");
    return change(self->text, sizeof self->text,
                  text ? weft_websocket_send(self->socket, self->text)
                       : weft_websocket_send_bytes(self->socket, self->text, 5));
}

static weft_async(serve_socket) {
    weft_begin(serve_socket);
    weft_await_to(self->socket, accept_socket(self));
    weft_with(self->socket) {
        weft_await(send_message(self, true));
        weft_await(send_message(self, false));
        weft_await(weft_websocket_close_with(self->socket, 1000, NULL));
    }
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(serve_socket, .request = request);
}

struct talk {
    weft_frame frame;
    weft_http_server *server;
    weft_websocket *socket;
    char url[64];
    weft_value message;
    weft_bytes *bytes;
};

static weft_coroutine *connect_socket(struct talk *self) {
    char protocol[] = "two";
    snprintf(self->url, sizeof self->url, "ws://127.0.0.1:%d/", weft_http_server_port(self->server));
    return change(
        self->url, sizeof self->url,
        change(protocol, sizeof protocol - 1,
               weft_websocket_connect(self->url, &(weft_websocket_options){.protocols = protocol})));
}

static weft_async(talk) {
    weft_begin(talk);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    weft_await_to(self->socket, connect_socket(self));
    CHECK_EQ_STR(weft_websocket_protocol(self->socket), "two");
    weft_await_to(self->message, weft_websocket_receive(self->socket));
    CHECK_EQ_STR(weft_value_string(self->message), "hello");
    weft_await_to(self->bytes, weft_websocket_receive(self->socket));
    CHECK_EQ_STR(self->bytes->data, "hello");
    weft_drop();
    weft_value_free(&self->message);
    weft_free(self->bytes);
    weft_websocket_close(self->socket);
    weft_http_server_close(self->server);
    weft_end();
}

TEST(messages_and_protocols_are_the_coroutines_from_the_call_on) {
    CHECK(weft_run(weft_call(talk), NULL, NULL));
}

TEST(strings_are_the_coroutines_from_the_call_on) {
    CHECK(weft_run(weft_call(call_all), NULL, NULL));
}

TEST_MAIN(TEST_CASE(strings_are_the_coroutines_from_the_call_on),
          TEST_CASE(data_is_the_coroutines_from_the_call_on),
          TEST_CASE(messages_and_protocols_are_the_coroutines_from_the_call_on))
