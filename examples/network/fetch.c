/* Fetches documents by HTTP, all at once: from a server that the
 * program starts itself or, in a page, from the page's own. */
#include <stdio.h>
#include <weft/weft.h>

struct fetch {
    weft_frame frame;
    weft_http *client;
    const char *name;
    char url[32];
    weft_http_response *response;
};

weft_async(fetch) {
    weft_begin(fetch);
    snprintf(self->url, sizeof self->url, "data/%s.txt", self->name);
    weft_await(weft_sleep(0.2)); /* so slow is this network */
    weft_await_to(self->response, weft_http_get(self->client, self->url));
    weft_with(self->response) {
        weft_await(weft_http_raise_for_status(self->response));
        weft_return(weft_format("%s", weft_http_text(self->response)));
    }
    weft_end();
}

struct fetch_all {
    weft_frame frame;
    const char *base;
    weft_http *client;
    weft_values *data;
};

weft_async(fetch_all) {
    weft_begin(fetch_all);
    self->client = weft_http_open(&(weft_http_options){.base_url = self->base});
    weft_with(self->client) {
        weft_await_to(self->data, weft_gather(weft_call(fetch, .client = self->client, .name = "a"),
                                              weft_call(fetch, .client = self->client, .name = "b"),
                                              weft_call(fetch, .client = self->client, .name = "c")));
        for (size_t i = 0; i < self->data->count; i++)
            printf("%s", weft_value_string(self->data->items[i]));
    }
    weft_end();
}

#ifdef __wasm__
/* URLs are relative to the page's. */
int main(void) {
    return weft_main(weft_call(fetch_all));
}
#else

/* --- The server --- */

#include <weft/http_server.h>

struct answer {
    weft_frame frame;
    weft_request *request;
    char name[16];
};

weft_async(answer) {
    weft_begin(answer);
    if (sscanf(weft_request_path(self->request), "/data/%15[a-z0-9].txt", self->name) == 1)
        weft_await(weft_respond_printf(self->request, 200, "data from %s\n", self->name));
    else
        weft_await(weft_respond_text(self->request, 404, "not found\n"));
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
        weft_await(weft_call(fetch_all, .base = self->base));
    }
    weft_end();
}

int main(int count, char **arguments) {
    if (count == 2) /* the server's URL */
        return weft_main(weft_call(fetch_all, .base = arguments[1]));
    return weft_main(weft_call(program));
}
#endif
