/* What tests/node/http-server.test.mjs talks to: http_server [SECONDS], the latter of all timeouts. Prints
 * its port; SIGTERM stops it, and then it says so. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/http_server.h>
#include <weft/weft.h>

struct answer {
    weft_frame frame;
    weft_request *request;
    weft_websocket *socket;
    weft_bytes *bytes;
    weft_value message;
    size_t total, i;
};

static bool is(const struct answer *self, const char *path) {
    return strcmp(weft_request_path(self->request), path) == 0;
}

/* What stands behind the "?". */
static size_t number(const struct answer *self) {
    return strtoul(weft_request_query(self->request), NULL, 10);
}

static weft_value what_came(weft_request *request) {
    char text[4096];
    int length =
        snprintf(text, sizeof text, "%s %s\n", weft_request_method(request), weft_request_target(request));
    for (size_t i = 0; i < weft_request_header_count(request) && length < 3500; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s: %.300s\n",
                           weft_request_header_name(request, i), weft_request_header_value(request, i));
    return weft_format("%s", text);
}

/* A header of whatever the peer says. */
static int try_header(weft_request *request) {
    const weft_error *error = weft_respond_header(request, "X-Said", weft_request_path(request));
    int code = error == NULL ? 200 : error->code == WEFT_INVALID_ARGUMENT ? 400 : 500;
    weft_error_release(error);
    return code;
}

static weft_coroutine *echo_message(weft_websocket *socket, const weft_value *message) {
    const weft_bytes *bytes = weft_value_pointer(*message);
    return bytes != NULL ? weft_websocket_send_bytes(socket, bytes->data, bytes->size)
                         : weft_websocket_send(socket, weft_value_string(*message));
}

weft_async(answer) {
    weft_begin(answer);
    if (is(self, "/echo")) {
        weft_await_to(self->bytes, weft_request_body(self->request));
        weft_await(weft_respond(self->request, 200, weft_request_header(self->request, "Content-Type"),
                                self->bytes->data, self->bytes->size));
    } else if (is(self, "/count")) {
        weft_request_set_body_limit(self->request, SIZE_MAX);
        weft_for_await (self->bytes, weft_request_chunks(self->request)) {
            self->total += self->bytes->size;
            weft_free(self->bytes);
            self->bytes = NULL;
        }
        weft_await(weft_respond_printf(self->request, 200, "%zu\n", self->total));
    } else if (is(self, "/what")) {
        self->message = what_came(self->request);
        weft_await(weft_respond_text(self->request, 200, weft_value_string(self->message)));
    } else if (is(self, "/parts")) {
        weft_await(weft_respond_begin(self->request, 200, "text/plain"));
        for (self->i = 0; self->i < number(self); self->i++)
            weft_await(weft_respond_write(self->request, "0123456789abcdefghijklmnopqrstuvwxyz\n", 37));
    } else if (is(self, "/short")) {
        weft_error_release(weft_respond_header(self->request, "Content-Length", "100"));
        weft_await(weft_respond_begin(self->request, 200, "text/plain"));
        weft_await(weft_respond_write(self->request, "too little", 10));
    } else if (is(self, "/large")) {
        self->message = weft_format("%*s", (int)number(self), "x");
        weft_await(weft_respond_text(self->request, 200, weft_value_string(self->message)));
    } else if (is(self, "/status")) {
        weft_await(weft_respond(self->request, (int)number(self), NULL, "body", 4));
    } else if (is(self, "/sleep")) {
        weft_await(weft_sleep((double)number(self) / 1000));
        weft_await(weft_respond_text(self->request, 200, "slept\n"));
    } else if (is(self, "/raise")) {
        weft_raise(WEFT_RUNTIME, "a secret");
    } else if (is(self, "/late")) {
        weft_await(weft_respond_begin(self->request, 200, NULL));
        weft_await(weft_respond_write(self->request, "begun", 5));
        weft_raise(WEFT_RUNTIME, "too late");
    } else if (is(self, "/cancel")) {
        weft_cancel(weft_current_task());
        weft_await(weft_sleep(1));
    } else if (is(self, "/silent")) {
        weft_return_none();
    } else if (is(self, "/ws")) {
        weft_await_to(self->socket, weft_websocket_accept(self->request, &(weft_websocket_options){
                                                                             .protocols = "echo",
                                                                             .limit = 100000,
                                                                         }));
        weft_with(self->socket) {
            weft_for_await (self->message, weft_websocket_messages(self->socket)) {
                weft_await(echo_message(self->socket, &self->message));
                weft_value_free(&self->message);
            }
        }
        self->socket = NULL;
    } else if (strncmp(weft_request_path(self->request), "/say/", 5) == 0) {
        weft_await(weft_respond_text(self->request, try_header(self->request), "said\n"));
    } else if (is(self, "/")) {
        weft_await(weft_respond_text(self->request, 200, "hello\n"));
    } else {
        weft_await(weft_respond_text(self->request, 404, "there is no such thing here\n"));
    }
    weft_drop();
    weft_free(self->bytes);
    weft_value_free(&self->message);
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

struct serves {
    weft_frame frame;
    weft_http_server *server;
    weft_http_server_options options;
    int signal;
};

weft_async(serves) {
    weft_begin(serves);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, &self->options));
    printf("%d\n", weft_http_server_port(self->server));
    fflush(stdout);
    weft_await_to(self->signal, weft_signal_wait(SIGTERM));
    weft_await(weft_http_server_stop(self->server));
    printf("stopped with %zu connections\n", weft_http_server_connections(self->server));
    weft_drop();
    weft_http_server_close(self->server);
    weft_end();
}

int main(int count, char **arguments) {
    double seconds = count > 1 ? strtod(arguments[1], NULL) : 0;
    weft_http_server_options options = {.idle_timeout = seconds,
                                        .head_timeout = seconds,
                                        .body_timeout = seconds,
                                        .stall_timeout = seconds,
                                        .grace = seconds};
    return weft_main(weft_call(serves, .options = options));
}
