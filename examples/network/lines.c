/* Reads a document line by line while it comes: from a server that
 * the program starts itself or, in a page, from the page's own. */
#include <stdio.h>
#include <weft/weft.h>

struct read_lines {
    weft_frame frame;
    const char *base;
    weft_http *client;
    weft_http_response *response;
    char *line;
    int count;
};

weft_async(read_lines) {
    weft_begin(read_lines);
    self->client = weft_http_open(&(weft_http_options){.base_url = self->base});
    weft_with(self->client) {
        weft_await_to(
            self->response,
            weft_http_send(self->client, &(weft_http_request){.url = "data/lines.txt", .stream = true}));
        weft_with(self->response) {
            weft_for_await (self->line, weft_http_lines(self->response)) {
                printf("%d: %s\n", ++self->count, self->line);
                weft_free(self->line);
                self->line = NULL;
            }
        }
    }
    printf("that was all\n");
    weft_drop();
    weft_free(self->line);
    weft_end();
}

#ifdef __wasm__
/* URLs are relative to the page's. */
int main(void) {
    return weft_main(weft_call(read_lines));
}
#else

/* --- The server --- */

#include <weft/http_server.h>

struct answer {
    weft_frame frame;
    weft_request *request;
    int i, length;
    char line[16];
};

weft_async(answer) {
    weft_begin(answer);
    weft_await(weft_respond_begin(self->request, 200, "text/plain"));
    for (self->i = 1; self->i <= 5; self->i++) {
        weft_await(weft_sleep(0.1)); /* so slow is this network */
        self->length = snprintf(self->line, sizeof self->line, "line %d\n", self->i);
        weft_await(weft_respond_write(self->request, self->line, (size_t)self->length));
    }
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

struct program {
    weft_frame frame;
    weft_http_server *server;
    char base[40];
};

weft_async(program) {
    weft_begin(program);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    weft_with(self->server) {
        snprintf(self->base, sizeof self->base, "http://127.0.0.1:%d/", weft_http_server_port(self->server));
        weft_await(weft_call(read_lines, .base = self->base));
    }
    weft_end();
}

int main(int count, char **arguments) {
    if (count == 2) /* the server's URL */
        return weft_main(weft_call(read_lines, .base = arguments[1]));
    return weft_main(weft_call(program));
}
#endif
