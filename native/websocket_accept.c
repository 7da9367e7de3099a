#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The server's side of WebSockets: a request becomes one. */

#include "argument.h"
#include "http_server.h"
#include "websocket_wire.h"

#include <strings.h>

static bool has_token(const weft_request *request, const char *name, const char *token) {
    size_t size = strlen(token);
    for (size_t i = 0; i < weft_request_header_count(request); i++)
        if (strcasecmp(weft_request_header_name(request, i), name) == 0 &&
            weft__list_has(weft_request_header_value(request, i), token, size))
            return true;
    return false;
}

bool weft_request_wants_websocket(const weft_request *request) {
    return has_token(request, "Upgrade", "websocket") && has_token(request, "Connection", "upgrade");
}

/* The answer says what would be right. */
static const weft_error *wrong_protocol(weft_request *request, const char *why) {
    request->fault = 426;
    weft_error_release(weft_respond_header(request, "Upgrade", "websocket"));
    weft_error_release(weft_respond_header(request, "Sec-WebSocket-Version", "13"));
    return weft_error_new(WEFT_HTTP, "%s", why);
}

/* Why it cannot become one, the caller's, with the status that says so; or NULL. */
static const weft_error *refusal(weft_request *request, char accept[WEBSOCKET_ACCEPT_SIZE]) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the request is NULL"},
                            over = {.code = WEFT_INVALID_STATE, .message = "the request is over"},
                            begun = {.code = WEFT_INVALID_STATE, .message = "the answer has begun already"};
    if (request == NULL)
        return &null;
    if (request->connection == NULL || request->connection->stream == NULL)
        return &over;
    if (request->begun)
        return &begun;
    const char *key = weft_request_header(request, "Sec-WebSocket-Key");
    const char *version = weft_request_header(request, "Sec-WebSocket-Version");
    request->fault = 400;
    if (!weft_request_wants_websocket(request) || request->method != HTTP_GET || request->minor == 0)
        return wrong_protocol(request, "the request asks for no WebSocket");
    if (version == NULL || strcmp(version, "13") != 0)
        return wrong_protocol(request, "the request asks for another version of WebSocket than 13");
    if (!request->complete || key == NULL || !weft__websocket_accept_of(key, accept))
        return weft_error_new(WEFT_HTTP, "the request has no Sec-WebSocket-Key, or a body");
    request->fault = 0;
    return NULL;
}

/* The first of the peer's subprotocols that this side speaks, too; NULL: none. */
static const char *choose(const weft_request *request, const char *spoken, size_t *size) {
    const char *at = weft_request_header(request, "Sec-WebSocket-Protocol");
    for (const char *one; at != NULL && (one = weft__list_next(&at, size)) != NULL;)
        if (weft__list_has(spoken, one, *size))
            return one;
    *size = 0;
    return NULL;
}

struct websocket_accept {
    weft_frame frame;
    weft_request *request; /* counted */
    weft_websocket_options options;
    char *protocols;         /* owned */
    weft_websocket *socket;  /* owned */
    const weft_error *error; /* of the call */
};

/* An error, the caller's; or NULL: the connection is the socket's. */
static const weft_error *accept_socket(struct websocket_accept *self) {
    weft_request *request = self->request;
    char accept[WEBSOCKET_ACCEPT_SIZE], head[512];
    const weft_error *error = refusal(request, accept);
    if (error != NULL)
        return error;
    self->socket = weft__websocket_new(&self->options);
    if (self->socket == NULL)
        return &weft_error_out_of_memory;
    weft__http_connection *connection = request->connection;
    size_t size;
    const char *protocol = choose(request, self->protocols, &size);
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n%s%.*s%s\r\n",
                          accept, size > 0 ? "Sec-WebSocket-Protocol: " : "", (int)size,
                          size > 0 ? protocol : "", size > 0 ? "\r\n" : "");
    if (length >= (int)sizeof head)
        return weft_error_new(WEFT_HTTP, "a subprotocol of %zu bytes", size);
    if ((error = weft__stream_put(connection->stream, head, (size_t)length)) != NULL)
        return error;
    request->begun = true;
    if ((error = weft__websocket_carry(self->socket, connection->stream, true)) != NULL)
        return error;
    connection->stream = NULL;
    weft__websocket_opened(self->socket, protocol, size);
    return NULL;
}

static weft_value socket_value(struct websocket_accept *self) {
    weft_websocket *socket = self->socket;
    self->socket = NULL;
    return weft__websocket_value(socket);
}

static weft_async(websocket_accept) {
    weft_begin(websocket_accept);
    if (self->error != NULL)
        weft_raise_error(self->error);
    {
        const weft_error *error = accept_socket(self);
        if (error != NULL)
            weft_return(weft__owned_failure(error));
    }
    weft_return(socket_value(self));
    weft_drop();
    weft_websocket_close(self->socket);
    weft__request_let_go(self->request);
    weft_free(self->protocols);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_websocket_accept(weft_request *request, const weft_websocket_options *options) {
    weft_websocket_options copy = options != NULL ? *options : (weft_websocket_options){.protocols = NULL};
    const weft_error *error = NULL;
    char *protocols = weft__copy_optional(copy.protocols, &error);
    return weft_call(websocket_accept, .request = weft__request_hold(request), .options = copy,
                     .protocols = protocols, .error = error);
}
