/* Responses, as programs ask them. */

#include "http.h"

#include <string.h>

/* --- What they say --- */

int weft_http_status(const weft_http_response *response) {
    return response == NULL ? 0 : response->status;
}

int weft_http_version(const weft_http_response *response) {
    return response == NULL ? 0 : response->version;
}

const char *weft_http_url(const weft_http_response *response) {
    if (response == NULL)
        return NULL;
    return response->url != NULL ? response->url : response->request_url;
}

const weft_http_field *weft_http_headers(const weft_http_response *response) {
    return response == NULL ? NULL : response->fields;
}

const char *weft_http_header(const weft_http_response *response, const char *name) {
    const weft_http_field *field =
        response == NULL || name == NULL ? NULL : weft__http_find(response->fields, name);
    return field == NULL ? NULL : field->value;
}

const char *weft_http_reason(const weft_http_response *response) {
    static const struct {
        int status;
        const char *words;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {418, "I'm a teapot"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
        {511, "Network Authentication Required"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == weft_http_status(response))
            return reasons[i].words;
    return "";
}

const weft_bytes *weft_http_body(const weft_http_response *response) {
    return response != NULL && response->whole && response->state == HTTP_ENDED ? response->bytes : NULL;
}

const char *weft_http_text(const weft_http_response *response) {
    const weft_bytes *body = weft_http_body(response);
    return body == NULL ? NULL : body->data;
}

/* --- Their life --- */

weft_http_response *weft__http_retain(weft_http_response *self) {
    if (self != NULL)
        self->references++;
    return self;
}

void weft__http_release(weft_http_response *self) {
    if (self == NULL || --self->references > 0)
        return;
    if (self->link != NULL) /* it has not come to an end */
        weft__http_fail(self, &weft_error_cancelled);
    weft_error_release(self->error);
    weft_free(self->request_url);
    weft_free(self->url);
    weft_free(self->text);
    weft_free(self->fields);
    weft_free(self->bytes);
    weft_free(self->gathered);
    weft_free(self->memory);
    weft_free(self);
}

static const weft_error closed_under = {.code = WEFT_INVALID_STATE, .message = "the response was closed"};

void weft__http_close(weft__opened *opened) {
    weft_http_response *self = (weft_http_response *)(void *)opened;
    weft__open_ends(opened);
    self->closed = true;
    if (weft__http_live(self))
        weft__http_fail(self, &closed_under);
    weft__http_release(self);
}

void weft_http_response_close(weft_http_response *response) {
    if (response != NULL)
        weft__http_close(&response->opened);
}

const weft_error *weft__http_refusal(const weft_http_response *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the response is NULL"};
    static const weft_error busy = {.code = WEFT_RUNTIME, .message = "another task reads this response"};
    static const weft_error whole = {.code = WEFT_INVALID_STATE,
                                     .message = "the body has been read: weft_http_body has it"};
    if (self == NULL)
        return &null;
    if (self->closed)
        return &closed_under;
    if (self->waiter != NULL)
        return &busy;
    return self->whole ? &whole : NULL;
}
