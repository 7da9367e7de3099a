/* WebSockets over streams: weft's own client and server, and peers that send frames byte for byte. What is
 * the same on every host: tests/core/test_websocket.c. */

#define _POSIX_C_SOURCE 200809L

#include "descriptors.h"
#include "weft_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/http_server.h>
#include <weft/tls.h>
#include <weft/weft.h>

#include "certificates.h"

static char said[8192];

static void say(const char *format, ...) WEFT__PRINTF(1, 2);
static void say(const char *format, ...) {
    size_t used = strlen(said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said + used, sizeof said - used, format, arguments);
    va_end(arguments);
}

static void hear(void *context, const char *text) {
    (void)context;
    say("[%s]", text);
}

/* --- The server: what it does depends on the path --- */

struct answer {
    weft_frame frame;
    weft_request *request;
    weft_websocket *socket;
    weft_value message;
    int i;
};

static bool is(const struct answer *self, const char *path) {
    return strcmp(weft_request_path(self->request), path) == 0;
}

static weft_coroutine *send_back(weft_websocket *socket, const weft_value *message) {
    const weft_bytes *bytes = weft_value_pointer(*message);
    return bytes != NULL ? weft_websocket_send_bytes(socket, bytes->data, bytes->size)
                         : weft_websocket_send(socket, weft_value_string(*message));
}

static const char zeros[1 << 20];

weft_async(answer) {
    weft_begin(answer);
    if (is(self, "/refused"))
        weft_await(weft_respond_text(self->request, 403, "no"));
    if (weft_request_answered(self->request))
        weft_return_none();
    weft_await_to(
        self->socket,
        weft_websocket_accept(
            self->request, &(weft_websocket_options){.protocols = "two, three", .limit = 1000, .queue = 2}));
    weft_with(self->socket) {
        if (is(self, "/bye"))
            weft_await(weft_websocket_close_with(self->socket, 4001, "go away"));
        else if (is(self, "/raise"))
            weft_raise(WEFT_RUNTIME, "oh");
        else if (is(self, "/flood"))
            for (self->i = 0; self->i < 20; self->i++)
                weft_await(weft_websocket_send_bytes(self->socket, zeros, sizeof zeros));
        else if (is(self, "/late"))
            weft_await(weft_sleep(0.02));
        weft_for_await (self->message, weft_websocket_messages(self->socket)) {
            weft_await(send_back(self->socket, &self->message));
            weft_value_free(&self->message);
        }
    }
    weft_drop();
    weft_value_free(&self->message);
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

/* --- weft's own client --- */

struct talk {
    weft_frame frame;
    const char *path;
    const weft_websocket_options *options;
    bool tls;
    weft_tls_context *context;
    weft_http_server *server;
    weft_websocket *socket;
    weft_value message;
    const weft_error *error;
    char url[128];
    int i;
    size_t total;
};

static weft_coroutine *connect_to(struct talk *self) {
    snprintf(self->url, sizeof self->url, "%s://127.0.0.1:%d%s", self->tls ? "wss" : "ws",
             weft_http_server_port(self->server), self->path);
    return weft_websocket_connect(self->url, self->options);
}

static const char *kind_of(const weft_value *message) {
    return message->kind == WEFT_NONE ? "none" : message->kind == WEFT_STRING ? "text" : "bytes";
}

static size_t size_of(const weft_value *message) {
    const weft_bytes *bytes = weft_value_pointer(*message);
    return bytes != NULL                  ? bytes->size
           : message->kind == WEFT_STRING ? strlen(weft_value_string(*message))
                                          : 0;
}

/* Echoes of several sizes, then what the server wants of its own. */
weft_async(talk) {
    weft_begin(talk);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    if (self->tls)
        weft_await_to(self->context, weft_tls_server(certificate("server.pem"), NULL, NULL));
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL,
                                                &(weft_http_server_options){.tls = self->context}));
    weft_await_to(self->socket, connect_to(self));
    say("<%s>", weft_websocket_protocol(self->socket));
    weft_await(weft_websocket_send(self->socket, "gr\xc3\xbc\xc3\x9f"));
    weft_await(weft_websocket_send(self->socket, ""));
    weft_await(weft_websocket_send_bytes(self->socket, "a\0b", 3));
    weft_await(weft_websocket_send_bytes(self->socket, zeros, 125));
    weft_await(weft_websocket_send_bytes(self->socket, zeros, 126));
    weft_await(weft_websocket_send_bytes(self->socket, zeros, 1000));
    for (self->i = 0; self->i < 6; self->i++) {
        weft_await_to(self->message, weft_websocket_receive(self->socket));
        say(" %s %zu", kind_of(&self->message), size_of(&self->message));
        weft_value_free(&self->message);
    }
    weft_await(weft_websocket_close_with(self->socket, 1000, "done"));
    say(" %d %s", weft_websocket_close_code(self->socket), weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_value_free(&self->message);
    weft_websocket_close(self->socket);
    weft_http_server_close(self->server);
    weft_tls_context_close(self->context);
    weft_end();
}

static const char *words_of(const weft_error *error) {
    static char text[1024];
    text[0] = '\0';
    if (error != NULL)
        weft_error_print(error, text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    weft_error_release(error);
    return text;
}

static const weft_error *raised;

/* Runs a coroutine, and says how it failed; "" if it did not. */
#define OUTCOME(...) (said[0] = '\0', raised = NULL, weft_run(__VA_ARGS__, NULL, &raised), words_of(raised))
#define ECHOES " text 6 text 0 bytes 3 bytes 125 bytes 126 bytes 1000"

TEST(messages_go_there_and_back) {
    CHECK_EQ_STR(OUTCOME(weft_call(talk, .path = "/echo")), "");
    int files = open_descriptors(); /* what the first run opens for all */
    CHECK_EQ_STR(said, "<>" ECHOES " 1000 done");
    CHECK_EQ_STR(
        OUTCOME(weft_call(talk, .path = "/late?x", /* more wait than the server's queue has room for */
                          .options = &(weft_websocket_options){.protocols = "one,three, two"})),
        "");
    CHECK_EQ_STR(said, "<three>" ECHOES " 1000 done");
    CHECK_EQ_INT(open_descriptors(), files);
}

TEST(they_do_by_tls) {
    CHECK_EQ_STR(OUTCOME(weft_call(talk, .path = "/echo", .tls = true,
                                   .options = &(weft_websocket_options){.ca_file = certificate("ca.pem")})),
                 "");
    CHECK_EQ_STR(said, "<>" ECHOES " 1000 done");
    CHECK(strncmp(OUTCOME(weft_call(talk, .path = "/echo", .tls = true)), "TlsError: ", 10) == 0);
}

/* --- How it can end --- */

struct ends {
    weft_frame frame;
    weft_value message;
    weft_websocket *socket;
    weft_http_server *server;
    const char *path;
    size_t limit, total;
    char url[128];
    const weft_error *error;
};

weft_async(ends) {
    weft_begin(ends);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    snprintf(self->url, sizeof self->url, "ws://127.0.0.1:%d%s", weft_http_server_port(self->server),
             self->path);
    weft_await_to(self->socket,
                  weft_websocket_connect(self->url, &(weft_websocket_options){.limit = self->limit}));
    weft_try {
        if (self->limit == 7)
            weft_await(weft_websocket_send_bytes(self->socket, zeros, 1001));
        weft_for_await (self->message, weft_websocket_messages(self->socket)) {
            self->total += size_of(&self->message);
            weft_value_free(&self->message);
            if (self->total == 20 * sizeof zeros)
                break;
        }
    }
    weft_catch(self->error) {
        say("%s: %s", weft_error_name(self->error->code), self->error->message);
    }
    say(" %d", weft_websocket_close_code(self->socket));
    weft_drop();
    weft_value_free(&self->message);
    weft_websocket_close(self->socket);
    weft_http_server_close(self->server);
    weft_end();
}

TEST(the_peers_end_is_told) {
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/bye")), "");
    CHECK_EQ_STR(said, "WebSocketError: the peer closed the WebSocket: 4001 (private): go away 4001");
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/raise")), "");
    CHECK(strstr(said, "WebSocketError: the peer closed the WebSocket: 1011 (internal error) 1011") != NULL);
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/refused")),
                 "WebSocketError: the server answered 403 (Forbidden)");
}

TEST(what_is_too_large_ends_it_on_either_side) {
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/flood", .limit = 100)), "");
    CHECK(strstr(said, "LimitExceeded: a message exceeds the limit of 100 bytes 1006") != NULL);
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/echo", .limit = 7)), "");
    CHECK(strstr(said, "WebSocketError: the peer closed the WebSocket: 1009 (message too big) 1009") != NULL);
}

TEST(a_flood_goes_through_a_small_queue) {
    CHECK_EQ_STR(OUTCOME(weft_call(ends, .path = "/flood")), "");
    CHECK(strstr(said, " 0") != NULL);
}

/* --- Peers that are no WebSockets --- */

struct wrong_server {
    weft_frame frame;
    const char *answer;
    weft_listener *listener;
    weft_stream *stream;
    weft_task *client;
    weft_bytes *request;
    char url[64];
    const weft_error *error;
};

weft_async(wrong_server) {
    weft_begin(wrong_server);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    snprintf(self->url, sizeof self->url, "ws://127.0.0.1:%d/", weft_listener_port(self->listener));
    self->client =
        weft_create_task(weft_websocket_connect(self->url, &(weft_websocket_options){.protocols = "x"}));
    weft_await_to(self->stream, weft_listener_accept(self->listener));
    weft_await_to(self->request, weft_stream_read_until(self->stream, "\r\n\r\n"));
    weft_await(weft_stream_write(self->stream, self->answer, strlen(self->answer)));
    weft_stream_close(self->stream);
    weft_await(self->client);
    weft_drop();
    weft_free(self->request);
    weft_listener_close(self->listener);
    weft_end();
}

#define SWITCH "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

TEST(a_server_that_is_none_is_told) {
    static const char *const pairs[][2] = {
        {"", "the server ended without an answer"},
        {"HTTP/1.1 101", "the server ended without an answer"},
        {"220 smtp\r\n", "the server's answer is malformed"},
        {"HTTP/1.1 302 x\r\nLocation: y\r\n\r\n", "the server answered 302 (Found)"},
        {"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "is not that of a WebSocket"},
        {SWITCH "\r\n", "wrong Sec-WebSocket-Accept"},
        {SWITCH "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "wrong Sec-WebSocket-Accept"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *outcome = OUTCOME(weft_call(wrong_server, .answer = pairs[i][0]));
        if (!CHECK(strstr(outcome, pairs[i][1]) != NULL))
            fprintf(stderr, "%zu: %s\n", i, outcome);
    }
}

TEST(a_url_that_is_none_is_told) {
    static const char *const urls[] = {
        "",          "http://x/",  "ws://",           "ws:///x",        "ws://x:0/",
        "ws://x:y/", "ws://x:/",   "ws://x:70000/",   "ws://[::1/",     "ws://[]/",
        "ws://a@b/", "ws://x/a b", "ws://x/\r\nA: b", "ws://x/\xc3\xa9"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (!CHECK(strncmp(OUTCOME(weft_websocket_connect(urls[i], NULL)), "InvalidArgument: ", 17) == 0))
            fprintf(stderr, "%s\n", urls[i]);
    CHECK_EQ_STR(OUTCOME(weft_websocket_connect("ws://127.0.0.1:1/", NULL)),
                 "SystemError: cannot connect to 127.0.0.1 port 1: connection refused (ECONNREFUSED)");
}

/* --- Frames byte for byte --- */

struct raw {
    weft_frame frame;
    const char *frames;
    size_t size, i;
    bool piecemeal;
    weft_http_server *server;
    weft_stream *stream;
    weft_bytes *head, *rest;
    const weft_error *error;
};

static const char handshake[] =
    "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, "
    "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

weft_async(raw) {
    weft_begin(raw);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", weft_http_server_port(self->server)));
    weft_await(weft_stream_write(self->stream, handshake, sizeof handshake - 1));
    for (; self->piecemeal && self->i + 1 < self->size; self->i++) {
        weft_await(weft_stream_write(self->stream, self->frames + self->i, 1));
        weft_await(weft_sleep(0.0002));
    }
    weft_await(weft_stream_write(self->stream, self->frames + self->i, self->size - self->i));
    weft_await(weft_stream_shutdown(self->stream));
    weft_await_to(self->head, weft_stream_read_until(self->stream, "\r\n\r\n"));
    CHECK(strstr(self->head->data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != NULL);
    weft_await_to(self->rest, weft_stream_read_all(self->stream, 100000));
    for (self->i = 0; self->i < self->rest->size; self->i++)
        say("%02x", (unsigned char)self->rest->data[self->i]);
    weft_drop();
    weft_free(self->head);
    weft_free(self->rest);
    weft_stream_close(self->stream);
    weft_http_server_close(self->server);
    weft_end();
}

/* Masked with zeros, so that they can be read here. */
#define MASK "\0\0\0\0"
#define FRAME(text) text, sizeof text - 1

static const struct {
    const char *frames;
    size_t size;
    const char *answer; /* in hexadecimal, its beginning */
} byte_for_byte[] = {
    {FRAME("\x81\x82" MASK "hi"), "81026869"},
    {FRAME("\x01\x81" MASK "h\x80\x81" MASK "i"), "81026869"}, /* in two fragments */
    {FRAME("\x01\x81" MASK "h\x89\x81" MASK "p\x80\x81" MASK "i"),
     "8a017081026869"},                               /* a ping between them */
    {FRAME("\x8a\x80" MASK "\x81\x80" MASK), "8100"}, /* a pong that nobody wanted */
    {FRAME("\x88\x82" MASK "\x03\xe8"), "880203e8"},
    {FRAME("\x88\x80" MASK), "8800"},
    {FRAME("\x81\x02hi"), "880203ea"},                /* not masked */
    {FRAME("\x81\x81" MASK "\xff"), "880203ef"},      /* not UTF-8 */
    {FRAME("\xc1\x81" MASK "x"), "880203ea"},         /* a reserved bit */
    {FRAME("\x83\x81" MASK "x"), "880203ea"},         /* an unknown kind */
    {FRAME("\x80\x81" MASK "x"), "880203ea"},         /* goes on with nothing */
    {FRAME("\x09\x80" MASK), "880203ea"},             /* a ping in fragments */
    {FRAME("\x88\x81" MASK "x"), "8800"},             /* half a code */
    {FRAME("\x82\xfe\x00\x01" MASK "x"), "880203ea"}, /* one byte, with a length of two */
    {FRAME("\x88\x82" MASK "\x03\xed"), "880203ea"},  /* 1005 is never sent */
    {FRAME("\x82\xfe\x03\xe9" MASK "x"), "880203f1"}, /* 1001 bytes, more than the limit */
    {FRAME("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK "x"), "880203f1"},
    {FRAME("\x81\x85" MASK "half"), ""},
    {FRAME(""), ""},
};

TEST(frames_are_those_of_the_standard) {
    for (size_t i = 0; i < sizeof byte_for_byte / sizeof *byte_for_byte; i++)
        for (int piecemeal = 0; piecemeal < 2; piecemeal++) {
            const char *outcome = OUTCOME(weft_call(raw, .frames = byte_for_byte[i].frames,
                                                    .size = byte_for_byte[i].size, .piecemeal = piecemeal));
            const char *wanted = byte_for_byte[i].answer;
            const char *from = strrchr(said, ']');
            from = from == NULL ? said : from + 1;
            if (!CHECK(strncmp(from, wanted, strlen(wanted)) == 0) || !CHECK_EQ_STR(outcome, ""))
                fprintf(stderr, "%zu: %s %s, not %s\n", i, said, outcome, wanted);
        }
}

/* --- Given up at any step --- */

struct gives_up {
    weft_frame frame;
    int steps;
    weft_task *task;
    const weft_error *error;
};

weft_async(gives_up) {
    weft_begin(gives_up);
    self->task = weft_create_task(weft_call(talk, .path = "/echo"));
    for (; self->steps > 0 && !weft_task_done(self->task); self->steps--)
        weft_await(weft_sleep(0));
    if (weft_task_done(self->task))
        weft_return("done");
    weft_cancel(self->task);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {}
    weft_end();
}

TEST(it_can_be_given_up_at_any_step) {
    CHECK_EQ_STR(OUTCOME(weft_call(talk, .path = "/echo")), "");
    int files = open_descriptors();
    weft_value value = weft_none();
    for (int steps = 0; weft_value_string(value) == NULL && steps < 10000000;
         steps += steps < 80 ? 1 : steps / 8)
        CHECK(weft_run(weft_call(gives_up, .steps = steps), &value, NULL));
    CHECK_EQ_STR(weft_value_string(value), "done");
    CHECK_EQ_INT(open_descriptors(), files);
}

int main(int argc, char **argv) {
    static const weft_test_case cases[] = {TEST_CASE(messages_go_there_and_back),
                                           TEST_CASE(they_do_by_tls),
                                           TEST_CASE(the_peers_end_is_told),
                                           TEST_CASE(what_is_too_large_ends_it_on_either_side),
                                           TEST_CASE(a_flood_goes_through_a_small_queue),
                                           TEST_CASE(a_server_that_is_none_is_told),
                                           TEST_CASE(a_url_that_is_none_is_told),
                                           TEST_CASE(frames_are_those_of_the_standard),
                                           TEST_CASE(it_can_be_given_up_at_any_step)};
    make_certificates();
    return weft_test_run(cases, sizeof cases / sizeof *cases, argc, argv);
}
