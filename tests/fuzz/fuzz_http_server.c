/*
 * Mangled requests and WebSocket frames: a server gets what the input says, in pieces as the input says,
 * after an ordinary beginning or none. It may not crash, leak or hang, and what it answers begins with
 * HTTP/1.1.
 *
 *     cmake --preset native && ninja -C build/native libweft.a
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Icore/include -Inative/include \
 *         tests/fuzz/fuzz_http_server.c build/native/libweft.a $(pkg-config --libs libuv openssl) -lwslay \
 *         -lm -pthread -o /tmp/fuzz_http && /tmp/fuzz_http -max_len=512 -max_total_time=600
 *
 * tests/native/test_http_server.c runs it on inputs of its own.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <weft/http_server.h>
#include <weft/weft.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an input begins with, by its first byte. */
static const char *const fuzz_beginnings[] = {
    "",
    "GET /a HTTP/1.1\r\nHost: x\r\n",
    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
    "13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
};
enum { FUZZ_BEGINNINGS = sizeof fuzz_beginnings / sizeof *fuzz_beginnings };

struct fuzz_answer {
    weft_frame frame;
    weft_request *request;
    weft_websocket *socket;
    weft_bytes *body;
    weft_value message;
};

static weft_async(fuzz_answer) {
    weft_begin(fuzz_answer);
    if (weft_request_wants_websocket(self->request)) {
        weft_await_to(self->socket, weft_websocket_accept(
                                        self->request, &(weft_websocket_options){.limit = 300, .queue = 2}));
        weft_with(self->socket) {
            weft_for_await (self->message, weft_websocket_messages(self->socket)) {
                weft_value_free(&self->message);
                weft_await(weft_websocket_send(self->socket, "so"));
            }
        }
        weft_return_none();
    }
    weft_await_to(self->body, weft_request_body(self->request));
    weft_await(weft_respond(self->request, 200, NULL, self->body->data, self->body->size));
    weft_drop();
    weft_free(self->body);
    weft_value_free(&self->message);
    weft_end();
}

static weft_coroutine *fuzz_handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(fuzz_answer, .request = request);
}

struct fuzz {
    weft_frame frame;
    const uint8_t *data;
    size_t size, piece;
    weft_http_server *server;
    weft_stream *stream;
    weft_bytes *answer;
    const weft_error *error;
};

static bool fuzz_ignore(void *context, const weft_error_context *report) {
    (void)context;
    (void)report;
    return true;
}

static size_t fuzz_next(struct fuzz *self) {
    self->piece = self->piece < self->size ? self->piece : self->size;
    self->data += self->piece;
    self->size -= self->piece;
    return self->piece;
}

static weft_async(fuzz) {
    weft_begin(fuzz);
    weft_loop_set_exception_handler(weft_loop_current(), fuzz_ignore, NULL);
    weft_await_to(self->server,
                  weft_http_serve("127.0.0.1", 0, fuzz_handle, NULL,
                                  &(weft_http_server_options){.head_limit = 400, .body_limit = 200}));
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", weft_http_server_port(self->server)));
    weft_try {
        weft_await(weft_stream_printf(self->stream, "%s", fuzz_beginnings[self->piece % FUZZ_BEGINNINGS]));
        self->piece = 1 + self->piece / FUZZ_BEGINNINGS;
        while (fuzz_next(self) > 0) {
            weft_await(weft_stream_write(self->stream, self->data - self->piece, self->piece));
            weft_await(weft_sleep(0));
        }
        weft_await(weft_stream_shutdown(self->stream));
        weft_await_to(self->answer, weft_stream_read_all(self->stream, 1 << 20));
        if (self->answer->size > 0 && strncmp(self->answer->data, "HTTP/1.1 ", 9) != 0)
            abort();
    }
    weft_catch(self->error) { /* a reset */
    }
    weft_drop();
    weft_free(self->answer);
    weft_stream_close(self->stream);
    weft_http_server_close(self->server);
    weft_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const weft_error *error = NULL;
    size_t first = size > 0 ? data[0] : 0;
    weft_run(weft_call(fuzz, .data = data + (size > 0), .size = size - (size > 0), .piece = first), NULL,
             &error);
    if (error != NULL)
        abort();
    return 0;
}
