/* A request's body that comes in parts: each waits until the transport has taken it. */

#include "http.h"

#include <string.h>

static void read_part(const weft_value *part, const char **data, size_t *size) {
    const weft_bytes *bytes = part->as.pointer;
    *data = part->kind == WEFT_STRING ? part->as.string : bytes->data;
    *size = part->kind == WEFT_STRING ? strlen(part->as.string) : bytes->size;
}

/* For a transport that sends bodies in one piece. */
bool weft__http_gather_part(weft_http_response *self, weft_value part) {
    const char *data;
    size_t size;
    read_part(&part, &data, &size);
    bool added = weft__buffer_reserve(&self->gathered, size + 1, weft__loop_reallocate) &&
                 weft__buffer_add(&self->gathered, data, size, weft__loop_reallocate);
    self->exchange.body = self->gathered.data;
    self->exchange.size = self->gathered.size;
    weft_value_free(&part);
    return added;
}

void weft__http_put_part(weft_http_response *self, weft_value part) {
    const char *data;
    size_t size;
    read_part(&part, &data, &size);
    if (size == 0) {
        weft_value_free(&part);
        return;
    }
    self->part = part;
    self->sent = 0;
    self->has_part = true;
    if (!self->starved)
        return;
    self->starved = false;
    weft__http_upload_resume(&self->exchange);
}

void weft__http_put_end(weft_http_response *self) {
    self->parts_end = true;
    if (!self->starved)
        return;
    self->starved = false;
    weft__http_upload_resume(&self->exchange);
}

ptrdiff_t weft__http_upload(weft__exchange *exchange, char *buffer, size_t size) {
    weft_http_response *self = weft__http_of(exchange);
    const char *data;
    size_t whole;
    if (!self->has_part && self->parts_end)
        return 0;
    if (!self->has_part) {
        self->starved = true;
        return WEFT__HTTP_NOT_YET;
    }
    read_part(&self->part, &data, &whole);
    if (size > whole - self->sent)
        size = whole - self->sent;
    memcpy(buffer, data + self->sent, size);
    self->sent += size;
    if (self->sent == whole) {
        weft_loop *outer = weft__http_enter(self);
        weft_value_free(&self->part);
        self->has_part = false;
        weft__http_wake(self, HTTP_WAITS_UPLOAD);
        weft__current = outer;
    }
    weft__http_alive(self);
    return (ptrdiff_t)size;
}

void weft__http_sent(weft__exchange *exchange) {
    weft__http_alive(weft__http_of(exchange));
}
