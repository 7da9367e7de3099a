/*
 * Mangled answers to the HTTP client: the input says how the answer is read, in what pieces it comes and what
 * becomes of the connection; the rest is the answer. It ends with the whole of it or with an error that says
 * what is wrong with the peer, nothing stays open, and the loop lives on.
 *
 *     cmake --preset native && ninja -C build/native libweft.a
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Icore/include -Inative/include \
 *         tests/fuzz/fuzz_http_client.c build/native/libweft.a $(pkg-config --libs libuv libcurl openssl) \
 *         -lwslay -lm -pthread -o /tmp/fuzz_http && /tmp/fuzz_http -max_len=4096 -max_total_time=600
 *
 * tests/native/test_http_fuzz.c runs it on inputs of its own.
 */

#include <weft/bytes.h>
#include <weft/stream.h>
#include <weft/weft.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_input {
    uint8_t how, piece, end; /* how it is read; bytes at a time; what becomes of the connection */
    const char *answer;
    size_t size;
} fuzz_input;

/* --- The server --- */

struct fuzz_answer {
    weft_frame frame;
    weft_stream *stream;
    const fuzz_input *input;
    char request[4096];
    size_t at, piece;
    int got;
};

static weft_async(fuzz_answer) {
    weft_begin(fuzz_answer);
    weft_await_to(self->got, weft_stream_read(self->stream, self->request, sizeof self->request));
    while (self->at < self->input->size) {
        self->piece = (size_t)self->input->piece * self->input->piece + 1;
        if (self->piece > self->input->size - self->at)
            self->piece = self->input->size - self->at;
        weft_await(weft_stream_write(self->stream, self->input->answer + self->at, self->piece));
        self->at += self->piece;
        weft_await(weft_sleep(0));
    }
    if (self->input->end % 16 == 0)
        weft_await(weft_sleep(10)); /* the client gives up */
    if (self->input->end % 4 == 1)
        weft_stream_abort(self->stream);
    weft_end();
}

static weft_coroutine *fuzz_handler(weft_stream *stream, void *argument) {
    return weft_call(fuzz_answer, .stream = stream, .input = argument);
}

/* --- The client --- */

struct fuzz_ask {
    weft_frame frame;
    weft_http *client;
    const fuzz_input *input;
    weft_http_response *response;
    weft_bytes *chunk;
    char *line;
    char buffer[100];
    int got;
};

static weft_async(fuzz_ask) {
    weft_begin(fuzz_ask);
    weft_await_to(
        self->response,
        weft_http_send(self->client, &(weft_http_request){.url = "http://peer.invalid/",
                                                          .method = self->input->how & 64 ? "HEAD" : NULL,
                                                          .stream = self->input->how % 4 != 0}));
    weft_with(self->response) {
        for (const weft_http_field *field = weft_http_headers(self->response); field->name != NULL; field++)
            if (weft_http_header(self->response, field->name) == NULL)
                abort();
        if (self->input->how % 4 == 0 &&
            strlen(weft_http_text(self->response)) > weft_http_body(self->response)->size)
            abort();
        if (self->input->how % 4 == 1) {
            weft_for_await (self->line, weft_http_lines(self->response)) {
                weft_free(self->line);
            }
        }
        if (self->input->how % 4 == 2) {
            weft_for_await (self->chunk, weft_http_chunks(self->response)) {
                if (self->chunk->size == 0)
                    abort();
                weft_free(self->chunk);
            }
        }
        do {
            if (self->input->how % 4 == 0)
                break;
            weft_await_to(self->got, weft_http_read(self->response, self->buffer, sizeof self->buffer));
        } while (self->got > 0);
    }
    weft_end();
}

/* Every request goes to the one server, wherever a redirect leads. */
struct fuzz_program {
    weft_frame frame;
    const fuzz_input *input;
    weft_listener *listener;
    weft_http *client;
    weft_task *server, *asking;
    char proxy[40];
    int turns;
    const weft_error *error;
};

static weft_async(fuzz_program) {
    weft_begin(fuzz_program);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    snprintf(self->proxy, sizeof self->proxy, "http://127.0.0.1:%d", weft_listener_port(self->listener));
    self->server =
        weft_create_task(weft_listener_serve(self->listener, fuzz_handler, (void *)(uintptr_t)self->input));
    self->client = weft_http_open(&(weft_http_options){
        .proxy = self->proxy, .idle_timeout = 0.03, .timeout = 1, .limit = 100000, .max_redirects = 3});
    self->asking = weft_create_task(weft_call(fuzz_ask, .client = self->client, .input = self->input));
    if (self->input->how & 128) {
        for (self->turns = self->input->how; self->turns > 128; self->turns -= 16)
            weft_await(weft_sleep(0));
        weft_cancel(self->asking);
    }
    weft_try {
        weft_await(self->asking);
    }
    weft_catch_all(self->error) {
        int code = self->error->code;
        if (code != WEFT_HTTP && code != WEFT_LIMIT && code != WEFT_TIMED_OUT && code != WEFT_TLS &&
            (code != WEFT_CANCELLED || !(self->input->how & 128))) {
            fprintf(stderr, "%s: %s\n", weft_error_name(code), self->error->message);
            abort();
        }
    }
    weft_drop();
    weft_http_close(self->client);
    weft_listener_close(self->listener);
    weft_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3)
        return 0;
    const fuzz_input input = {data[0], data[1], data[2], (const char *)data + 3, size - 3};
    const weft_error *error = NULL;
    if (!weft_run(weft_call(fuzz_program, .input = &input), NULL, &error))
        abort();
    return 0;
}
