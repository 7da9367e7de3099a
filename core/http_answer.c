/* An answer as it comes from the transport: its head, and its body until the program has read it. */

#include "http.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNREAD_MOST = 128 * 1024,   /* from so many unread bytes on the transport keeps the rest */
    HEADERS_MOST = 256 * 1024,  /* bytes of the headers of one answer */
    ROOM_LEAST = 4096,          /* of a body, bytes */
    ROOM_EXPECTED = 1024 * 1024 /* at most so much is made because of a Content-Length alone */
};

/* --- The head --- */

void weft__http_status(weft__exchange *exchange, int status, int version) {
    weft_http_response *self = weft__http_of(exchange);
    self->status = status;
    self->version = version;
    self->text.size = self->field_count = self->header_size = 0;
    weft__http_alive(self);
}

/* A zero byte would end a string too early: it becomes a space, as RFC 9110 allows. */
static void add_text(weft__buffer *buffer, const char *text, size_t size) {
    char *to = buffer->data + buffer->size;
    for (size_t i = 0; i < size; i++)
        to[i] = text[i] == '\0' ? ' ' : text[i];
    to[size] = '\0';
    buffer->size += size + 1;
}

static weft__http_verdict stop(weft_http_response *self, const weft_error *error) {
    weft__http_lose(self, error);
    return WEFT__HTTP_STOP;
}

weft__http_verdict weft__http_field(weft__exchange *exchange, const char *name, size_t name_size,
                                    const char *value, size_t value_size) {
    weft_http_response *self = weft__http_of(exchange);
    weft_loop *outer = weft__http_enter(self);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    size_t most = HEADERS_MOST - self->header_size, size = name_size + value_size + 4; /* as it is sent */
    if (name_size > most || value_size > most || size > most) {
        verdict =
            stop(self, weft__http_error(self, WEFT_LIMIT, NULL,
                                        "the headers of the answer are longer than %d bytes", HEADERS_MOST));
    } else if (!weft__buffer_reserve(&self->text, name_size + value_size + 2, weft__loop_reallocate)) {
        verdict = stop(self, &weft_error_out_of_memory);
    } else {
        self->header_size += size;
        add_text(&self->text, name, name_size);
        add_text(&self->text, value, value_size);
        self->field_count++;
    }
    weft__current = outer;
    return verdict;
}

static bool make_fields(weft_http_response *self) {
    weft_http_field *fields = weft_allocate((self->field_count + 1) * sizeof *fields);
    const char *at = self->text.data;
    if (fields == NULL)
        return false;
    for (size_t i = 0; i < self->field_count; i++) {
        fields[i].name = at;
        fields[i].value = at + strlen(at) + 1;
        at = fields[i].value + strlen(fields[i].value) + 1;
    }
    fields[self->field_count] = (weft_http_field){NULL, NULL};
    self->fields = fields;
    return true;
}

/* --- The body --- */

static const weft_error *too_long(weft_http_response *self) {
    return weft__http_error(self, WEFT_LIMIT, NULL, "the body is longer than %zu bytes", self->limit);
}

/* Room for so many bytes more, and a zero. What was read makes way first. */
static bool make_room(weft_http_response *self, size_t size) {
    size_t unread = weft__http_unread(self);
    if (self->bytes != NULL && self->room - self->bytes->size >= size)
        return true;
    if (self->bytes != NULL && self->room - unread >= size && self->start >= unread) {
        memmove(self->bytes->data, self->bytes->data + self->start, unread);
        self->bytes->size = unread;
        self->start = 0;
        return true;
    }
    size_t room = self->room > ROOM_LEAST ? self->room : ROOM_LEAST;
    while (room - unread < size)
        if ((room *= 2) > SIZE_MAX / 4)
            return false;
    weft_bytes *bytes = weft_allocate(sizeof *bytes + room);
    if (bytes == NULL)
        return false;
    if (unread > 0)
        memcpy(bytes->data, self->bytes->data + self->start, unread);
    bytes->size = unread;
    bytes->data[unread] = '\0';
    weft_free(self->bytes);
    self->bytes = bytes;
    self->start = 0;
    self->room = room;
    return true;
}

/* What the answer says of its length; 0 if nothing. It is none of what is decoded. */
static size_t expected(const weft_http_response *self) {
    const weft_http_field *length = weft__http_find(self->fields, "Content-Length");
    if (length == NULL || weft__http_find(self->fields, "Content-Encoding") != NULL ||
        strcmp(self->exchange.method, "HEAD") == 0)
        return 0;
    unsigned long long value = strtoull(length->value, NULL, 10);
    return value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

static const weft_error *take_head(weft_http_response *self, const char *url) {
    self->url = weft__http_url_without_user(url != NULL ? url : self->request_url);
    if (self->url == NULL || !make_fields(self))
        return &weft_error_out_of_memory;
    size_t size = expected(self);
    if (self->whole && size > self->limit)
        return too_long(self);
    if (self->whole && size > 0 && !make_room(self, size < ROOM_EXPECTED ? size : ROOM_EXPECTED))
        return &weft_error_out_of_memory;
    return NULL;
}

weft__http_verdict weft__http_head(weft__exchange *exchange, const char *url) {
    weft_http_response *self = weft__http_of(exchange);
    weft_loop *outer = weft__http_enter(self);
    const weft_error *error = take_head(self, url);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    if (error != NULL) {
        verdict = stop(self, error);
    } else {
        self->state = HTTP_ANSWERED;
        weft__http_alive(self);
        weft__http_wake(self, HTTP_WAITS_HEAD | HTTP_WAITS_UPLOAD);
    }
    weft__current = outer;
    return verdict;
}

weft__http_verdict weft__http_bytes(weft__exchange *exchange, const char *data, size_t size) {
    weft_http_response *self = weft__http_of(exchange);
    size_t unread = weft__http_unread(self);
    if (!self->whole && unread >= UNREAD_MOST) {
        self->refused = true;
        return WEFT__HTTP_REFUSED;
    }
    weft_loop *outer = weft__http_enter(self);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    if (self->whole && (unread > self->limit || size > self->limit - unread)) {
        verdict = stop(self, too_long(self));
    } else if (!make_room(self, size)) {
        verdict = stop(self, &weft_error_out_of_memory);
    } else {
        memcpy(self->bytes->data + self->bytes->size, data, size);
        self->bytes->size += size;
        self->bytes->data[self->bytes->size] = '\0';
        weft__http_alive(self);
        weft__http_wake(self, HTTP_WAITS_BYTES);
    }
    weft__current = outer;
    return verdict;
}

/* --- Reading what has arrived --- */

void weft__http_resume_reading(weft_http_response *self) {
    if (!self->refused || (!self->whole && weft__http_unread(self) >= UNREAD_MOST / 2))
        return;
    self->refused = false;
    weft__http_resume(&self->exchange);
}

void weft__http_consume(weft_http_response *self, size_t size) {
    self->start += size;
    self->scanned = 0;
    weft__http_resume_reading(self);
}

/* The memory itself, if nothing of it was read. */
weft_bytes *weft__http_take(weft_http_response *self) {
    weft_bytes *bytes = self->bytes;
    if (self->start > 0) {
        bytes = weft__bytes_new(bytes->data + self->start, weft__http_unread(self));
        if (bytes == NULL)
            return NULL;
        weft_free(self->bytes);
    }
    self->bytes = NULL;
    self->room = 0;
    self->start = 0;
    weft__http_consume(self, 0);
    return bytes;
}

/* All has come that was to come: the body stands at the beginning of its memory. NULL, or why not; borrowed.
 */
const weft_error *weft__http_gathered(weft_http_response *self) {
    size_t unread = weft__http_unread(self);
    if (self->state == HTTP_FAILED)
        return self->error;
    if (unread > self->limit) {
        self->error = too_long(self);
        return self->error;
    }
    if (self->start == 0 && self->bytes != NULL)
        return NULL;
    if (unread == 0) {
        weft_free(self->bytes);
        self->bytes = weft__bytes_new("", 0);
        self->start = self->room = 0;
        return self->bytes == NULL ? &weft_error_out_of_memory : NULL;
    }
    memmove(self->bytes->data, self->bytes->data + self->start, unread + 1);
    self->bytes->size = unread;
    self->start = 0;
    return NULL;
}
