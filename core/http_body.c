/* Bodies as they come: chunks, lines, reads, all that is left. */

#include "http.h"

#include <string.h>

enum { LINE_MOST = 64 * 1024 };

/* Bytes, or the end, or an error: then there is no need to wait. */
static bool is_ready(const weft_http_response *self) {
    return weft__http_unread(self) > 0 || !weft__http_live(self);
}

/* At the end of what has arrived: why there is no more; NULL: because it was all. Borrowed. */
static const weft_error *end_of(const weft_http_response *self) {
    return self->state == HTTP_FAILED ? self->error : NULL;
}

/* --- Chunks and lines: generators of what has come --- */

struct http_items {
    weft_frame frame;
    weft_http_response *response; /* counted */
    /* The size of the next item; 0 if it is not all there yet. And that as a value, consumed. */
    size_t (*next)(weft_http_response *response);
    weft_value (*take)(weft_http_response *response, size_t size);
    const weft_error *error;
    size_t size;
    weft_value item; /* on its way: not owned here */
};

static bool has_item(struct http_items *self) {
    self->size = self->next(self->response);
    return self->size > 0 || !weft__http_live(self->response);
}

static weft_async(http_items) {
    weft_begin(http_items);
    for (;;) {
        if ((self->error = weft__http_refusal(self->response)) != NULL)
            weft_raise_error(self->error);
        while (!has_item(self))
            WEFT__HTTP_WAIT(self->response, HTTP_WAITS_BYTES);
        if (self->size == 0)
            break;
        self->item = self->take(self->response, self->size);
        if (self->item.kind == WEFT_FAILURE)
            weft_return(self->item);
        weft_yield(self->item);
    }
    if ((self->error = end_of(self->response)) != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    weft__http_release(self->response);
    weft_end();
}

static size_t next_chunk(weft_http_response *self) {
    return weft__http_unread(self);
}

static weft_value take_chunk(weft_http_response *self, size_t size) {
    (void)size;
    return weft_owned_pointer(weft__http_take(self), weft_free);
}

weft_coroutine *weft_http_chunks(weft_http_response *response) {
    return weft_call(http_items, .response = weft__http_retain(response), .next = next_chunk,
                     .take = take_chunk);
}

/* With its end. At the end of the body the rest is a line, and so is what is too long for one. */
static size_t next_line(weft_http_response *self) {
    size_t unread = weft__http_unread(self);
    if (unread == 0)
        return 0;
    const char *from = self->bytes->data + self->start;
    const char *end = memchr(from + self->scanned, '\n', unread - self->scanned);
    self->scanned = end != NULL ? (size_t)(end - from) : unread;
    if (end != NULL)
        return (size_t)(end - from) + 1;
    return self->state == HTTP_ENDED || unread > LINE_MOST + 2 ? unread : 0;
}

/* Without its end. One that is none is dropped, so that reading can go on behind it. */
static weft_value take_line(weft_http_response *self, size_t size) {
    const char *from = self->bytes->data + self->start;
    size_t length = size;
    if (from[length - 1] == '\n')
        length--;
    if (length < size && length > 0 && from[length - 1] == '\r')
        length--;
    weft_value line;
    if (length > LINE_MOST)
        line = weft__owned_failure(
            weft__http_error(self, WEFT_LIMIT, NULL, "a line is longer than %d bytes", LINE_MOST));
    else if (memchr(from, '\0', length) != NULL)
        line = weft__owned_failure(weft__http_error(self, WEFT_HTTP, NULL, "a line has a zero byte"));
    else {
        line = weft__string_value(from, length);
        if (line.kind == WEFT_FAILURE)
            return line; /* it is still there */
    }
    weft__http_consume(self, size);
    return line;
}

weft_coroutine *weft_http_lines(weft_http_response *response) {
    return weft_call(http_items, .response = weft__http_retain(response), .next = next_line,
                     .take = take_line);
}

/* --- Reads --- */

struct http_read {
    weft_frame frame;
    weft_http_response *response; /* counted */
    char *buffer;
    size_t size;
    const weft_error *error;
};

static size_t read_into(struct http_read *self) {
    weft_http_response *response = self->response;
    size_t size = weft__http_unread(response);
    if (size > self->size)
        size = self->size;
    memcpy(self->buffer, response->bytes->data + response->start, size);
    weft__http_consume(response, size);
    return size;
}

static weft_async(http_read) {
    weft_begin(http_read);
    if ((self->error = weft__http_refusal(self->response)) != NULL)
        weft_raise_error(self->error);
    if (self->buffer == NULL || self->size == 0)
        weft_raise(WEFT_INVALID_ARGUMENT, "a read needs a buffer");
    while (!is_ready(self->response))
        WEFT__HTTP_WAIT(self->response, HTTP_WAITS_BYTES);
    if (weft__http_unread(self->response) > 0)
        weft_return(read_into(self));
    if ((self->error = end_of(self->response)) != NULL)
        weft_raise_error(self->error);
    weft_return(0);
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    weft__http_release(self->response);
    weft_end();
}

weft_coroutine *weft_http_read(weft_http_response *response, void *buffer, size_t size) {
    return weft_call(http_read, .response = weft__http_retain(response), .buffer = buffer, .size = size);
}

/* --- All that is left --- */

struct http_read_all {
    weft_frame frame;
    weft_http_response *response; /* counted */
    const weft_error *error;
    bool gathers;
};

static weft_async(http_read_all) {
    weft_begin(http_read_all);
    if ((self->error = weft__http_refusal(self->response)) != NULL)
        weft_raise_error(self->error);
    self->gathers = self->response->whole = true;
    weft__http_resume_reading(self->response);
    while (weft__http_live(self->response))
        WEFT__HTTP_WAIT(self->response, HTTP_WAITS_END);
    if ((self->error = weft__http_gathered(self->response)) != NULL)
        weft_raise_error(self->error);
    self->gathers = false;
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    if (self->gathers) /* nothing is lost: it can be read again, in parts or whole */
        self->response->whole = false;
    weft__http_release(self->response);
    weft_end();
}

weft_coroutine *weft_http_read_all(weft_http_response *response) {
    return weft_call(http_read_all, .response = weft__http_retain(response));
}
