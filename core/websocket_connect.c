/* Connecting WebSockets. */

#include "websocket.h"

struct connect {
    weft_frame frame;
    void *copies; /* of all strings; NULL: no memory */
    const char *url;
    weft_websocket_options options;
    weft_websocket *websocket;
};

static const weft_error *begin(struct connect *self) {
    static const weft_error no_url = {.code = WEFT_INVALID_ARGUMENT, .message = "the URL is NULL"};
    if (self->url == NULL)
        return &no_url;
    if (self->copies != NULL)
        self->websocket = weft__websocket_new(&self->options);
    if (self->websocket == NULL)
        return &weft_error_out_of_memory;
    return weft__websocket_dial(self->websocket, self->url, &self->options);
}

static weft_async(connect) {
    weft_begin(connect);
    {
        const weft_error *error = begin(self);
        if (error != NULL)
            weft_return(weft__owned_failure(error));
    }
    weft_with(weft_timeout(self->websocket->open_timeout)) {
        while (self->websocket->state == WEBSOCKET_CONNECTING)
            WEFT__WAIT_OUTSIDE(&self->websocket->receiver, "a WebSocket to open");
    }
    if (!self->websocket->was_open && self->websocket->failure != NULL)
        weft_raise_error(self->websocket->failure);
    if (!self->websocket->was_open)
        weft_raise(WEFT_WEBSOCKET, "the connection was closed before it was open");
    {
        weft_websocket *websocket = self->websocket;
        self->websocket = NULL;
        weft_return(weft__websocket_value(websocket));
    }
    weft_drop();
    if (self->websocket != NULL) {
        weft__waiting_leave(&self->websocket->receiver);
        weft_websocket_close(self->websocket);
    }
    weft_free(self->copies);
    weft_end();
}

static size_t size_of(const char *text) {
    return text == NULL ? 0 : strlen(text) + 1;
}

static const char *put(char **end, const char *text) {
    size_t size = size_of(text);
    char *copy = *end;
    if (text == NULL)
        return NULL;
    *end += size;
    return memcpy(copy, text, size);
}

/* Makes all strings those of one block, which it returns: the program's may be gone once they are needed. */
static void *copy_strings(const char **url, weft_websocket_options *options) {
    const char *const *lines = options->headers;
    size_t count = 0, size = size_of(*url) + size_of(options->protocols) + size_of(options->ca_file);
    while (lines != NULL && lines[count] != NULL)
        size += size_of(lines[count++]);
    const char **copies = weft_allocate((count + 1) * sizeof *copies + size);
    if (copies == NULL)
        return NULL;
    char *end = (char *)(copies + count + 1);
    *url = put(&end, *url);
    options->protocols = put(&end, options->protocols);
    options->ca_file = put(&end, options->ca_file);
    for (size_t i = 0; i < count; i++)
        copies[i] = put(&end, lines[i]);
    copies[count] = NULL;
    options->headers = copies;
    return copies;
}

weft_coroutine *weft_websocket_connect(const char *url, const weft_websocket_options *options) {
    weft_websocket_options copy = {.protocols = NULL};
    if (options != NULL)
        copy = *options;
    void *copies = copy_strings(&url, &copy);
    return weft_call(connect, .copies = copies, .url = url, .options = copy);
}
