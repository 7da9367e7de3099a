/* Responses, as programs ask them. */

#include "http.h"

/* --- What they say --- */

int weft_http_status(const weft_http_response *response) {
    return response == NULL ? 0 : response->status;
}

int weft_http_version(const weft_http_response *response) {
    return response == NULL ? 0 : response->version;
}

const char *weft_http_url(const weft_http_response *response) {
    return response == NULL ? NULL : response->url;
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
    return weft__http_words(weft_http_status(response));
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
    weft_free(self->text.data);
    weft_free(self->fields);
    weft_free(self->bytes);
    weft_free(self->gathered.data);
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
