/* A program that is linked with Emscripten's own glue. */
#include <stdio.h>
#include <string.h>
#include <weft/javascript.h>
#include <weft/weft.h>

struct sleeper {
    weft_frame frame;
    int number;
};
weft_async(sleeper) {
    weft_begin(sleeper);
    weft_await(weft_sleep(0.01 * self->number));
    printf("sleeper %d\n", self->number);
    weft_end();
}

struct app {
    weft_frame frame;
    const char *text;
    double half;
    int64_t large;
    const weft_error *error;
};
weft_async(app) {
    weft_begin(app);
    weft_await(weft_gather(weft_call(sleeper, .number = 2), weft_call(sleeper, .number = 1)));
    weft_await_to(self->text, weft_javascript_call("greet", "wörld", 7, -3000000000LL));
    weft_await_to(self->half, weft_javascript_call("half", 5));
    weft_await_to(self->large, weft_javascript_call("large"));
    printf("%s, %g, %lld\n", self->text, self->half, (long long)self->large);
    weft_try {
        weft_await(weft_javascript_call("missing"));
    }
    weft_catch(self->error) {
        printf("%s\n", self->error->message);
    }
    weft_try {
        weft_with(weft_timeout(0.01)) {
            weft_await(weft_javascript_call("never"));
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        printf("timed out\n");
    }
    printf("no newline");
    weft_end();
}

/* With the addresses of two servers. */
struct network {
    weft_frame frame;
    const char *http, *websocket;
    char *text, *line, url[200];
    weft_http_response *response;
    weft_websocket *socket;
    weft_value message;
    int i;
    const weft_error *error;
};
weft_async(network) {
    weft_begin(network);
    snprintf(self->url, sizeof self->url, "%s/echo", self->http);
    weft_await_to(self->response, weft_http_post(NULL, self->url, "text/plain; charset=utf-8", "grüß dich",
                                                 strlen("grüß dich")));
    printf("%d %s: %s\n", weft_http_status(self->response), weft_http_header(self->response, "X-Type"),
           weft_http_text(self->response));
    weft_http_response_close(self->response);
    self->response = NULL;

    snprintf(self->url, sizeof self->url, "%s/lines", self->http);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = self->url, .stream = true}));
    weft_for_await (self->line, weft_http_lines(self->response)) {
        self->i++;
        weft_free(self->line);
        self->line = NULL;
    }
    printf("%d lines\n", self->i);
    weft_http_response_close(self->response);
    self->response = NULL;

    for (self->i = 0; self->i < 4; self->i++) {
        static const char *const paths[] = {"/missing", "/reset", "/never", NULL};
        weft_try {
            weft_with(weft_timeout(self->i == 2 ? 0.05 : 60)) {
                if (paths[self->i] == NULL)
                    strcpy(self->url, "relative");
                else
                    snprintf(self->url, sizeof self->url, "%s%s", self->http, paths[self->i]);
                weft_await_to(self->text, weft_fetch(self->url));
            }
        }
        weft_catch(self->error) {
            const char *words = strrchr(self->error->message, ':');
            printf("%s%s\n", weft_error_name(self->error->code), words == NULL ? "" : words);
        }
    }

    weft_await_to(self->socket,
                  weft_websocket_connect(self->websocket, &(weft_websocket_options){.protocols = "a, b"}));
    weft_with(self->socket) {
        printf("speaks %s\n", weft_websocket_protocol(self->socket));
        for (self->i = 0; self->i < 40; self->i++)
            weft_await(weft_websocket_send_bytes(self->socket, self->url, sizeof self->url));
        weft_await(weft_websocket_send(self->socket, "bye"));
        weft_for_await (self->message, weft_websocket_messages(self->socket)) {
            if (self->message.kind == WEFT_STRING)
                printf("%s\n", weft_value_string(self->message));
            weft_value_free(&self->message);
        }
    }
    printf("closed %d %s\n", weft_websocket_close_code(self->socket),
           weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_free(self->line);
    weft_http_response_close(self->response);
    weft_websocket_close(self->socket);
    weft_end();
}

int main(int argc, char **argv) {
    if (argc == 3)
        return weft_main(weft_call(network, .http = argv[1], .websocket = argv[2]));
    int status = weft_main(weft_call(app));
    printf("weft_main returned\n");
    return status;
}
