#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* How llhttp's findings become a request. It is strict here: what two servers could take for different
 * requests is refused. */

#include "http_server.h"

#include <stdlib.h>

static weft__http_connection *of(llhttp_t *parser) {
    return parser->data;
}

/* What is wrong with the request; ends llhttp's work on it. */
static int refuse(weft__http_connection *self, int status, const char *reason) {
    self->refused = status;
    self->reason = reason;
    return HPE_USER;
}

static int add(weft__http_connection *self, const char *text, size_t size) {
    return weft__buffer_add(&self->request->text, text, size, realloc) ? 0
                                                                       : refuse(self, 503, "out of memory");
}

static int on_message_begin(llhttp_t *parser) {
    weft__http_connection *self = of(parser);
    self->request = weft__request_take(self);
    return self->request != NULL ? 0 : refuse(self, 503, "out of memory");
}

static int on_url(llhttp_t *parser, const char *at, size_t size) {
    weft__http_connection *self = of(parser);
    if (self->request->text.size + size > self->server->options.target_limit)
        return refuse(self, 414, "the target is too long");
    return add(self, at, size);
}

static int on_url_complete(llhttp_t *parser) {
    return add(of(parser), "", 1);
}

/* --- Headers --- */

static bool begin_header(weft_request *request) {
    if (request->header_count == request->header_room) {
        uint32_t room = request->header_room > 0 ? request->header_room * 2 : 16;
        weft__http_header *headers = realloc(request->headers, room * sizeof *headers);
        if (headers == NULL)
            return false;
        request->headers = headers;
        request->header_room = room;
    }
    request->headers[request->header_count++] =
        (weft__http_header){(uint32_t)request->text.size, (uint32_t)request->text.size};
    return true;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t size) {
    weft__http_connection *self = of(parser);
    weft_request *request = self->request;
    if (request->headed) /* a trailer: dropped */
        return 0;
    if (!request->in_name) {
        if (request->header_count == self->server->options.header_limit)
            return refuse(self, 431, "too many headers");
        if (!begin_header(request))
            return refuse(self, 503, "out of memory");
        request->in_name = true;
    }
    return add(self, at, size);
}

static int on_header_field_complete(llhttp_t *parser) {
    weft__http_connection *self = of(parser);
    weft_request *request = self->request;
    if (request->headed)
        return 0;
    weft__http_header *header = &request->headers[request->header_count - 1];
    if (header->name == request->text.size)
        return refuse(self, 400, "a header without a name");
    request->in_name = false;
    int code = add(self, "", 1);
    header->value = (uint32_t)request->text.size;
    return code;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t size) {
    return of(parser)->request->headed ? 0 : add(of(parser), at, size);
}

/* What is blank at its end is none of it. */
static int on_header_value_complete(llhttp_t *parser) {
    weft_request *request = of(parser)->request;
    weft__buffer *text = &request->text;
    if (request->headed)
        return 0;
    size_t start = request->headers[request->header_count - 1].value;
    while (text->size > start && (text->data[text->size - 1] == ' ' || text->data[text->size - 1] == '\t'))
        text->size--;
    return add(of(parser), "", 1);
}

/* --- The head as a whole --- */

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Decodes the path behind all other text. False if that cannot be done. */
static bool decode(weft_request *request, size_t from, size_t to) {
    size_t start = request->text.size, at = start;
    for (size_t i = from; i < to; i++) {
        char c = request->text.data[i];
        if (c == '%') {
            int high = i + 2 < to ? digit(request->text.data[i + 1]) : -1;
            int low = high >= 0 ? digit(request->text.data[i + 2]) : -1;
            c = (char)(high * 16 + low);
            if (low < 0 || c == '\0')
                return false;
            i += 2;
        }
        request->text.data[at++] = c;
    }
    request->text.data[at++] = '\0';
    request->text.size = at;
    request->path = (uint32_t)start;
    return true;
}

/* "/path?query", "http://host/path?query", or "*" */
static int split_target(weft__http_connection *self) {
    weft_request *request = self->request;
    size_t size = strlen(request->text.data), from = 0, to = size;
    if (!weft__buffer_reserve(&request->text, size + 2, realloc)) /* room for the path: it is no longer */
        return refuse(self, 503, "out of memory");
    const char *scheme = request->text.data[0] == '/' ? NULL : strstr(request->text.data, "://");
    if (scheme != NULL)
        from = (size_t)(scheme + 3 - request->text.data) + strcspn(scheme + 3, "/?");
    const char *query = strchr(request->text.data + from, '?');
    if (query != NULL)
        to = (size_t)(query - request->text.data);
    request->query = (uint32_t)(query != NULL ? to + 1 : size);
    if (from == to && scheme != NULL) {
        request->path = (uint32_t)request->text.size;
        return add(self, "/", 2);
    }
    return decode(request, from, to) ? 0 : refuse(self, 400, "a % in the path that says no character");
}

/* What llhttp lets pass. */
static int check_headers(weft__http_connection *self) {
    weft_request *request = self->request;
    unsigned hosts = 0, codings = 0;
    for (uint32_t i = 0; i < request->header_count; i++) {
        const char *name = request->text.data + request->headers[i].name;
        const char *value = request->text.data + request->headers[i].value;
        if (weft__http_same_name(name, "Host") && strpbrk(value, " \t/?#@\\") != NULL)
            return refuse(self, 400, "a Host that is none");
        else if (weft__http_same_name(name, "Host"))
            hosts++;
        else if (weft__http_same_name(name, "Transfer-Encoding") &&
                 (!weft__http_same_name(value, "chunked") || codings++ > 0))
            return refuse(self, 501, "a transfer coding other than chunked");
        else if (weft__http_same_name(name, "Expect") && weft__http_same_name(value, "100-continue"))
            request->expects = request->minor > 0;
        else if (weft__http_same_name(name, "Expect"))
            return refuse(self, 417, "it expects what is not known here");
    }
    if (hosts > 1 || (hosts == 0 && request->minor > 0))
        return refuse(self, 400, hosts > 1 ? "more than one Host" : "there is no Host");
    if (codings > 0 && request->minor == 0)
        return refuse(self, 400, "chunks in HTTP/1.0");
    return 0;
}

static int on_headers_complete(llhttp_t *parser) {
    weft__http_connection *self = of(parser);
    weft_request *request = self->request;
    request->method = parser->method;
    request->minor = parser->http_minor;
    if (parser->method == HTTP_CONNECT)
        return refuse(self, 501, "this is no proxy");
    if (parser->http_major != 1 || parser->http_minor > 1)
        return refuse(self, 505, "this is a server of HTTP/1.1");
    int code = check_headers(self);
    if (code == 0)
        code = split_target(self);
    if (code != 0)
        return code;
    bool chunked = weft_request_header(request, "Transfer-Encoding") != NULL;
    request->keep_alive = llhttp_should_keep_alive(parser);
    request->headed = true;
    request->length = chunked ? 0 : parser->content_length;
    if (request->length > 0 || chunked)
        return HPE_PAUSED; /* the body is read when the handler asks for it */
    request->expects = false;
    return 0;
}

/* --- The body --- */

static int on_body(llhttp_t *parser, const char *at, size_t size) {
    weft_request *request = of(parser)->request;
    request->received += size;
    if (request->into != NULL) { /* there is room: llhttp was given no more than fits */
        memcpy(request->into + request->filled, at, size);
        request->filled += size;
    }
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    of(parser)->request->complete = true;
    return HPE_PAUSED;
}

const llhttp_settings_t weft__http_callbacks = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_url_complete = on_url_complete,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

int weft__http_status_of(llhttp_errno_t code, const char **reason) {
    switch (code) {
    case HPE_INVALID_METHOD:
        *reason = "the method is not known here";
        return 501;
    case HPE_PAUSED_H2_UPGRADE:
        *reason = "this is a server of HTTP/1.1";
        return 505;
    default:
        return 400; /* llhttp has said why */
    }
}
