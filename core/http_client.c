/* Clients: options, and the connections that the requests share. */

#include "http.h"

#include <string.h>

static weft_coroutine *exit_client(void *object, const weft_error *error) {
    (void)error;
    weft_http_close(object);
    return NULL;
}

/* --- Options --- */

static const weft_http_field no_fields[] = {{NULL, NULL}};

static double seconds(double wanted, double usual) {
    return wanted == 0 ? usual : wanted;
}

static int number(int wanted, int usual) {
    return wanted == 0 ? usual : wanted;
}

static void fill_in(weft_http_options *options) {
    if (options->headers == NULL)
        options->headers = no_fields;
    options->connect_timeout = seconds(options->connect_timeout, 10);
    options->idle_timeout = seconds(options->idle_timeout, 30);
    options->timeout = seconds(options->timeout, INFINITY);
    if (options->limit == 0)
        options->limit = (size_t)64 << 20;
    options->max_redirects = options->max_redirects < 0 ? 0 : number(options->max_redirects, 20);
    options->max_connections = number(options->max_connections, 100);
    options->max_connections_of_a_server =
        number(options->max_connections_of_a_server, options->max_connections);
}

static void copy_fields(weft__http_packing *pack, weft_http_options *options) {
    size_t count = 0;
    while (options->headers[count].name != NULL)
        count++;
    weft_http_field *copy = weft__http_pack(pack, options->headers, (count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        const char *name = weft__http_pack_text(pack, options->headers[i].name);
        const char *value = weft__http_pack_text(pack, options->headers[i].value);
        if (copy != NULL)
            copy[i] = (weft_http_field){name, value};
    }
    if (copy != NULL)
        options->headers = copy;
}

static void copy_options(weft__http_packing *pack, weft_http_options *to, const weft_http_options *from) {
    *to = *from;
    copy_fields(pack, to);
    to->base_url = weft__http_pack_text(pack, from->base_url);
    to->proxy = weft__http_pack_text(pack, from->proxy);
    to->ca_file = weft__http_pack_text(pack, from->ca_file);
}

static bool keep_options(weft_http *self, weft_http_options options) {
    weft__http_packing pack = {NULL, 0};
    fill_in(&options);
    copy_options(&pack, &self->options, &options);
    pack.memory = self->memory = weft_allocate(pack.size);
    if (self->memory == NULL)
        return false;
    pack.size = 0;
    copy_options(&pack, &self->options, &options);
    return true;
}

/* --- Opening and closing --- */

static void close_client(weft__opened *opened) {
    weft_http *self = (weft_http *)(void *)opened;
    weft__open_ends(opened);
    if (self->loop->http == self)
        self->loop->http = NULL;
    while (self->transfers != NULL)
        weft__http_fail(self->transfers,
                        weft__http_error(self->transfers, WEFT_INVALID_STATE, NULL, "the client was closed"));
    if (self->pool != NULL)
        weft__http_pool_close(self->pool);
    weft_error_release(self->refusal);
    weft_free(self->memory);
    weft_free(self);
}

static const weft_error no_loop = {.code = WEFT_RUNTIME, .message = "no loop runs in this thread"};
static weft_http without_memory = {
    .opened = {.resource = {exit_client}}, .refusal = &weft_error_out_of_memory, .fixed = true};
static weft_http without_loop = {.opened = {.resource = {exit_client}}, .refusal = &no_loop, .fixed = true};

static weft_http *open_client(const weft_http_options *options, const char *what) {
    static const weft_http_options usual;
    weft_loop *loop = weft__current;
    weft_http *self = loop == NULL ? NULL : weft_allocate(sizeof *self);
    if (self == NULL)
        return loop == NULL ? &without_loop : &without_memory;
    *self = (weft_http){.opened = {.resource = {exit_client}}, .loop = loop};
    if (options == NULL)
        options = &usual;
    self->refusal = weft__http_check_options(options);
    if (self->refusal == NULL && !keep_options(self, *options)) {
        weft_free(self);
        return &without_memory;
    }
    weft__open_in(&loop->opened, &self->opened, what, close_client);
    return self;
}

weft_http *weft_http_open(const weft_http_options *options) {
    return open_client(options, "HTTP client");
}

void weft_http_close(weft_http *client) {
    if (client != NULL && !client->fixed)
        close_client(&client->opened);
}

weft_http *weft__http_client(weft_http *client) {
    weft_loop *loop = weft__current;
    if (client != NULL)
        return client;
    if (loop == NULL || loop->shut)
        return &without_loop;
    if (loop->http == NULL) {
        weft_http *made = open_client(NULL, NULL);
        if (made->fixed)
            return made;
        loop->http = made;
    }
    return loop->http;
}

const weft_error *weft__http_client_ready(weft_http *client) {
    const weft_error *error = NULL;
    const weft_http_options *options = &client->options;
    if (client->pool != NULL)
        return NULL;
    const weft__http_settings settings = {.proxy = options->proxy,
                                          .ca_file = options->ca_file,
                                          .insecure = options->insecure,
                                          .http1 = options->http1,
                                          .connections = options->max_connections,
                                          .connections_of_a_server = options->max_connections_of_a_server};
    client->pool = weft__http_pool_open(client->loop, &settings, &error);
    return client->pool == NULL ? error : NULL;
}
