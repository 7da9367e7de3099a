/*
 * Speaks TLS with other programs.
 *
 *     tls_peer serve CERTIFICATE KEY [OPTION…]       prints its port; echoes, or answers a GET with what it
 * knows tls_peer visit HOST PORT [OPTION…] [TEXT…]     says each text and shuts down; prints all it gets to
 * the end
 *
 * Options: ca=FILE certificate=FILE key=FILE alpn=LIST max=1.2 min=1.3 insecure truncation times=N
 * times=0: once, without shutting down
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/tls.h>
#include <weft/weft.h>

static const char *value_of(const char *argument, const char *name) {
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static weft_tls_protocol protocol_of(const char *text) {
    return strcmp(text, "1.2") == 0 ? WEFT_TLS_1_2 : WEFT_TLS_1_3;
}

/* True if the argument is an option. */
static bool take_option(weft_tls_options *options, int *times, const char *argument) {
    const char *value;
    if ((value = value_of(argument, "ca=")) != NULL)
        options->ca_file = value;
    else if ((value = value_of(argument, "certificate=")) != NULL)
        options->certificate_file = value;
    else if ((value = value_of(argument, "key=")) != NULL)
        options->key_file = value;
    else if ((value = value_of(argument, "alpn=")) != NULL)
        options->alpn = value;
    else if ((value = value_of(argument, "max=")) != NULL)
        options->maximum = protocol_of(value);
    else if ((value = value_of(argument, "min=")) != NULL)
        options->minimum = protocol_of(value);
    else if ((value = value_of(argument, "times=")) != NULL)
        *times = atoi(value);
    else if (strcmp(argument, "insecure") == 0)
        options->insecure = true;
    else if (strcmp(argument, "truncation") == 0)
        options->allow_truncation = true;
    else
        return false;
    return true;
}

/* "TLSv1.3 h2 CN=somebody resumed" */
static void describe(const weft_stream *stream, char *buffer, size_t size) {
    char subject[128];
    const char *alpn = weft_tls_alpn(stream);
    weft_tls_peer_subject(stream, subject, sizeof subject);
    snprintf(buffer, size, "%s %s %s %s", weft_tls_version(stream), alpn == NULL ? "-" : alpn,
             subject[0] == '\0' ? "-" : subject, weft_tls_resumed(stream) ? "resumed" : "new");
}

/* --- The server --- */

struct handle {
    weft_frame frame;
    weft_stream *stream;
    char *line;
    int64_t size;
    char buffer[65536];
};

static weft_async(handle) {
    weft_begin(handle);
    weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
    if (self->size >= 4 && memcmp(self->buffer, "GET ", 4) == 0) {
        describe(self->stream, self->buffer, sizeof self->buffer);
        weft_await(weft_stream_printf(
            self->stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s\n",
            strlen(self->buffer) + 1, self->buffer));
        weft_return_none();
    }
    while (self->size > 0) {
        weft_await(weft_stream_write(self->stream, self->buffer, (size_t)self->size));
        weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
    }
    weft_end();
}

static weft_coroutine *call_handle(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(handle, .stream = stream);
}

struct serve {
    weft_frame frame;
    int count;
    char **arguments;
    weft_tls_options options;
    weft_tls_context *context;
    weft_listener *listener;
    int times;
};

static weft_async(serve) {
    weft_begin(serve);
    for (int i = 2; i < self->count; i++)
        take_option(&self->options, &self->times, self->arguments[i]);
    weft_await_to(self->context, weft_tls_server(self->arguments[0], self->arguments[1], &self->options));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    printf("%d\n", weft_listener_port(self->listener));
    fflush(stdout);
    weft_with(self->listener) {
        weft_await(weft_tls_serve(self->listener, self->context, call_handle, NULL));
    }
    weft_drop();
    weft_tls_context_close(self->context);
    weft_end();
}

/* --- The client --- */

struct visit {
    weft_frame frame;
    int count;
    char **arguments;
    weft_tls_options options;
    weft_tls_context *context;
    weft_stream *stream;
    int times, i;
    int64_t size;
    char buffer[65536];
};

static weft_async(visit) {
    weft_begin(visit);
    for (int i = 2; i < self->count; i++)
        take_option(&self->options, &self->times, self->arguments[i]);
    weft_await_to(self->context, weft_tls_client(&self->options));
    do {
        weft_await_to(self->stream,
                      weft_tls_connect(self->arguments[0], atoi(self->arguments[1]), self->context));
        weft_with(self->stream) {
            describe(self->stream, self->buffer, sizeof self->buffer);
            printf("%s\n", self->buffer);
            for (self->i = 2; self->i < self->count; self->i++) {
                if (!take_option(&self->options, &(int){0}, self->arguments[self->i]))
                    weft_await(weft_stream_printf(self->stream, "%s\n", self->arguments[self->i]));
            }
            if (self->times > 0)
                weft_await(weft_stream_shutdown(self->stream));
            do {
                weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
                fwrite(self->buffer, 1, (size_t)self->size, stdout);
            } while (self->size > 0);
        }
    } while (--self->times > 0);
    weft_drop();
    weft_tls_context_close(self->context);
    weft_end();
}

int main(int argc, char **argv) {
    if (argc >= 4 && strcmp(argv[1], "serve") == 0)
        return weft_main(weft_call(serve, .count = argc - 2, .arguments = argv + 2));
    if (argc >= 4 && strcmp(argv[1], "visit") == 0)
        return weft_main(weft_call(visit, .count = argc - 2, .arguments = argv + 2, .times = 1));
    fputs("tls_peer serve CERTIFICATE KEY …, tls_peer visit HOST PORT …\n", stderr);
    return 2;
}
