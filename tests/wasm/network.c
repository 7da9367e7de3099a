/* What the tests of fetch and WebSockets run: exported coroutines, and a main for virtual time. */
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

/* --- HTTP --- */

/* Asks for a document, with all that a request can have, and says what the answer is. */
struct ask {
    weft_frame frame;
    const char *url, *method, *header, *value, *body, *base;
    int redirects, limit;
    double patience;
    weft_http *client;
    weft_http_response *response;
    const weft_error *error;
};
weft_async(ask) {
    weft_begin(ask);
    self->client = weft_http_open(&(weft_http_options){
        .max_redirects = self->redirects, .base_url = self->base, .timeout = self->patience});
    weft_try {
        weft_await_to(
            self->response,
            weft_http_send(self->client, &(weft_http_request){
                                             .url = self->url,
                                             .method = self->method,
                                             .headers = (weft_http_field[]){{self->header, self->value}, {0}},
                                             .content_type = self->body == NULL ? NULL : "text/plain",
                                             .body = self->body,
                                             .size = self->body == NULL ? 0 : strlen(self->body),
                                             .limit = (size_t)self->limit}));
        printf("%d %s\n", weft_http_status(self->response), weft_http_url(self->response));
        for (const weft_http_field *field = weft_http_headers(self->response); field->name != NULL; field++)
            if (field->name[0] == 'x' || strcmp(field->name, "set-cookie") == 0)
                printf("%s: %s\n", field->name, field->value);
        printf("%zu: %.60s\n", weft_http_body(self->response)->size, weft_http_text(self->response));
    }
    weft_catch(self->error) {
        if (self->error->code == WEFT_CANCELLED)
            weft_reraise;
        printf("%s %s: %s\n", weft_error_name(self->error->code),
               self->error->system == NULL ? "-" : self->error->system, self->error->message);
    }
    weft_drop();
    weft_http_response_close(self->response);
    weft_http_close(self->client);
    weft_end();
}
weft_export(ask, url, method, header, value, body, base, redirects, limit, patience);

/* Reads a body as it comes, so many bytes of it or all, with a pause between two reads. */
struct stream {
    weft_frame frame;
    const char *url;
    int64_t most, count;
    double pause;
    weft_http_response *response;
    weft_bytes *chunk;
    uint32_t sum;
    int chunks;
};
weft_async(stream) {
    weft_begin(stream);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = self->url, .stream = true}));
    weft_for_await (self->chunk, weft_http_chunks(self->response)) {
        for (size_t i = 0; i < self->chunk->size; i++)
            self->sum = self->sum * 31 + (unsigned char)self->chunk->data[i];
        self->count += (int64_t)self->chunk->size;
        self->chunks++;
        weft_free(self->chunk);
        self->chunk = NULL;
        if (self->most > 0 && self->count >= self->most)
            weft_break;
        if (self->pause > 0)
            weft_await(weft_sleep(self->pause));
    }
    printf("%lld bytes, %u\n", (long long)self->count, (unsigned)self->sum);
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}
weft_export(stream, url, most, pause);

struct lines {
    weft_frame frame;
    const char *url;
    weft_http_response *response;
    char *line;
};
weft_async(lines) {
    weft_begin(lines);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = self->url, .stream = true}));
    weft_for_await (self->line, weft_http_lines(self->response)) {
        printf("%g %s\n", weft_time(), self->line);
        weft_free(self->line);
        self->line = NULL;
    }
    weft_drop();
    weft_free(self->line);
    weft_http_response_close(self->response);
    weft_end();
}
weft_export(lines, url);

/* The whole of a document, or of several at once, three at a time. */
struct fetches_one {
    weft_frame frame;
    const char *base;
    int number;
    weft_semaphore *permits;
    char *url, *text;
};
static weft_async(fetches_one) {
    weft_begin(fetches_one);
    self->url = weft_allocate(strlen(self->base) + 16);
    sprintf(self->url, "%s/%d", self->base, self->number);
    weft_with(self->permits) {
        weft_await_to(self->text, weft_fetch(self->url));
        printf("%d %s at %g\n", self->number, self->text, weft_time());
    }
    weft_drop();
    weft_free(self->text);
    weft_free(self->url);
    weft_end();
}
struct crowd {
    weft_frame frame;
    const char *url;
    int count;
    weft_semaphore permits;
    weft_group group;
};
weft_async(crowd) {
    weft_begin(crowd);
    weft_semaphore_init(&self->permits, 3);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= self->count; i++)
            weft_group_create_task(&self->group, weft_call(fetches_one, .base = self->url, .number = i,
                                                           .permits = &self->permits));
    }
    weft_await(weft_sleep(1));
    printf("all at %g\n", weft_time());
    weft_end();
}
weft_export(crowd, url, count);

struct fetch {
    weft_frame frame;
    const char *url;
    char *text;
};
weft_async(fetch) {
    weft_begin(fetch);
    weft_await_to(self->text, weft_fetch(self->url));
    weft_return(weft_owned_string(self->text, weft_free));
    weft_end();
}
weft_export(fetch, url);

/* Begins a transfer that nobody waits for any more. */
struct forgets {
    weft_frame frame;
    const char *url;
    weft_http_response *response;
};
weft_async(forgets) {
    weft_begin(forgets);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = self->url, .stream = true}));
    weft_end();
}
weft_export(forgets, url);

/* Options that no fetch knows of. */
struct demands {
    weft_frame frame;
    const char *url, *what;
    weft_http *client;
    weft_http_response *response;
    const weft_error *error;
};
weft_async(demands) {
    weft_begin(demands);
    self->client = weft_http_open(
        &(weft_http_options){.proxy = strcmp(self->what, "proxy") == 0 ? "http://127.0.0.1:1" : NULL,
                             .ca_file = strcmp(self->what, "ca_file") == 0 ? "ca.pem" : NULL,
                             .insecure = strcmp(self->what, "insecure") == 0});
    weft_try {
        weft_await_to(self->response, weft_http_get(self->client, self->url));
    }
    weft_catch(self->error) {
        weft_return(weft_format("%s: %s", weft_error_name(self->error->code), self->error->message));
    }
    weft_drop();
    weft_http_response_close(self->response);
    weft_http_close(self->client);
    weft_end();
}
weft_export(demands, url, what);

/* --- WebSockets --- */

/* Sends texts, and says what comes back. */
struct ws_echo {
    weft_frame frame;
    const char *url, *protocols, *text;
    int times, i;
    weft_websocket *socket;
    weft_value answer;
};
weft_async(ws_echo) {
    weft_begin(ws_echo);
    weft_await_to(self->socket,
                  weft_websocket_connect(self->url, &(weft_websocket_options){.protocols = self->protocols}));
    weft_with(self->socket) {
        if (weft_websocket_protocol(self->socket)[0] != '\0')
            printf("speaks %s\n", weft_websocket_protocol(self->socket));
        for (self->i = 0; self->i < (self->times > 0 ? self->times : 1); self->i++) {
            weft_await(weft_websocket_send(self->socket, self->text));
            weft_await_to(self->answer, weft_websocket_receive(self->socket));
            if (self->times == 0)
                printf("%s at %g\n", weft_value_string(self->answer), weft_time());
            weft_value_free(&self->answer);
        }
    }
    printf("closed %d\n", weft_websocket_close_code(self->socket));
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}
weft_export(ws_echo, url, protocols, text, times);

/* Says what each message is, and how it ended. */
struct ws_listen {
    weft_frame frame;
    const char *url;
    int limit, queue;
    double pause;
    weft_websocket *socket;
    weft_value message;
    const weft_error *error;
};
weft_async(ws_listen) {
    weft_begin(ws_listen);
    weft_await_to(self->socket,
                  weft_websocket_connect(self->url, &(weft_websocket_options){.limit = (size_t)self->limit,
                                                                              .queue = (size_t)self->queue}));
    if (self->pause > 0)
        weft_await(weft_sleep(self->pause));
    weft_try {
        weft_for_await (self->message, weft_websocket_messages(self->socket)) {
            if (self->message.kind == WEFT_STRING) {
                printf("text %s\n", weft_value_string(self->message));
            } else {
                const weft_bytes *bytes = weft_value_pointer(self->message);
                printf("%zu bytes, the last %d\n", bytes->size, bytes->data[bytes->size - 1]);
            }
            weft_value_free(&self->message);
        }
        printf("end\n");
    }
    weft_catch(self->error) {
        printf("%s: %s\n", weft_error_name(self->error->code), self->error->message);
    }
    printf("code %d %s\n", weft_websocket_close_code(self->socket),
           weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}
weft_export(ws_listen, url, limit, queue, pause);

/* Sends many bytes, which nobody may read for a while. */
struct ws_flood {
    weft_frame frame;
    const char *url;
    int size, count, i;
    weft_websocket *socket;
    char *data;
    weft_value answer;
};
weft_async(ws_flood) {
    weft_begin(ws_flood);
    self->data = weft_allocate((size_t)self->size);
    memset(self->data, 7, (size_t)self->size);
    weft_await_to(self->socket, weft_websocket_connect(self->url, NULL));
    for (self->i = 0; self->i < self->count; self->i++)
        weft_await(weft_websocket_send_bytes(self->socket, self->data, (size_t)self->size));
    weft_await(weft_websocket_send(self->socket, "sum"));
    weft_await_to(self->answer, weft_websocket_receive(self->socket));
    printf("%s\n", weft_value_string(self->answer));
    weft_value_free(&self->answer);
    weft_await(weft_websocket_close_with(self->socket, 3001, "had enough"));
    printf("code %d %s\n", weft_websocket_close_code(self->socket),
           weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_websocket_close(self->socket);
    weft_free(self->data);
    weft_end();
}
weft_export(ws_flood, url, size, count);

/* What fails, in words. */
struct ws_fails {
    weft_frame frame;
    const char *url;
    int code;
    bool headers;
    double patience;
    weft_websocket *socket;
    const weft_error *error;
};
weft_async(ws_fails) {
    static const char *const lines[] = {"X: y", NULL};
    weft_begin(ws_fails);
    weft_try {
        weft_await_to(self->socket,
                      weft_websocket_connect(
                          self->url, &(weft_websocket_options){.headers = self->headers ? lines : NULL,
                                                               .open_timeout = self->patience}));
        weft_await(weft_websocket_close_with(self->socket, self->code, NULL));
    }
    weft_catch(self->error) {
        weft_return(weft_format("%s %s: %s", weft_error_name(self->error->code),
                                self->error->system == NULL ? "-" : self->error->system,
                                self->error->message));
    }
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}
weft_export(ws_fails, url, code, headers, patience);

/* --- In virtual time: main COROUTINE URL --- */

#define RUN(coroutine, ...)            \
    if (strcmp(what, #coroutine) == 0) \
    return weft_main(weft_call(coroutine, .url = url, __VA_ARGS__))

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "", *url = argc > 2 ? argv[2] : "";
    RUN(lines, .response = NULL);
    RUN(crowd, .count = 6);
    RUN(stream, .pause = 1);
    RUN(ws_echo, .text = "hello");
    RUN(ws_listen, .pause = 0);
    printf("there is no %s\n", what);
    return 3;
}
