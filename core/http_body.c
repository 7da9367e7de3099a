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

/* --- Chunks --- */

struct http_chunks {
    weft_frame frame;
    weft_http_response *response; /* counted */
    const weft_error *error;
    weft_value chunk; /* on its way: not owned here */
};

static weft_async(http_chunks) {
    weft_begin(http_chunks);
    for (;;) {
        if ((self->error = weft__http_refusal(self->response)) != NULL)
            weft_raise_error(self->error);
        while (!is_ready(self->response))
            WEFT__HTTP_WAIT(self->response, HTTP_WAITS_BYTES);
        if (weft__http_unread(self->response) == 0)
            break;
        self->chunk = weft_owned_pointer(weft__http_take(self->response), weft_free);
        if (self->chunk.kind == WEFT_FAILURE)
            weft_return(self->chunk);
        weft_yield(self->chunk);
    }
    if ((self->error = end_of(self->response)) != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    weft__http_release(self->response);
    weft_end();
}

weft_coroutine *weft_http_chunks(weft_http_response *response) {
    return weft_call(http_chunks, .response = weft__http_retain(response));
}

/* --- Lines --- */

struct http_lines {
    weft_frame frame;
    weft_http_response *response; /* counted */
    const weft_error *error;
    size_t size;     /* of the next line, with its end */
    weft_value line; /* on its way: not owned here */
};

/* The size of the next line with its end; 0 if it is not all there yet. At the end of the body the rest is
 * one, and so is what is too long for one. */
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

static bool has_line(weft_http_response *self, size_t *size) {
    *size = next_line(self);
    return *size > 0 || !weft__http_live(self);
}

/* A line of so many bytes, with its end, as a value. */
static weft_value take_line(weft_http_response *self, size_t size) {
    const char *from = self->bytes->data + self->start;
    size_t length = size;
    if (from[length - 1] == '\n')
        length--;
    if (length < size && length > 0 && from[length - 1] == '\r')
        length--;
    if (length > LINE_MOST)
        return weft__owned_failure(
            weft__http_error(self, WEFT_LIMIT, NULL, "a line is longer than %d bytes", LINE_MOST));
    if (memchr(from, '\0', length) != NULL)
        return weft__owned_failure(weft__http_error(self, WEFT_HTTP, NULL, "a line has a zero byte"));
    weft_value line = weft__string_value(from, length);
    if (line.kind != WEFT_FAILURE)
        weft__http_consume(self, size);
    return line;
}

static weft_async(http_lines) {
    weft_begin(http_lines);
    for (;;) {
        if ((self->error = weft__http_refusal(self->response)) != NULL)
            weft_raise_error(self->error);
        while (!has_line(self->response, &self->size))
            WEFT__HTTP_WAIT(self->response, HTTP_WAITS_BYTES);
        if (self->size == 0)
            break;
        self->line = take_line(self->response, self->size);
        if (self->line.kind == WEFT_FAILURE)
            weft_return(self->line);
        weft_yield(self->line);
    }
    if ((self->error = end_of(self->response)) != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    weft__http_release(self->response);
    weft_end();
}

weft_coroutine *weft_http_lines(weft_http_response *response) {
    return weft_call(http_lines, .response = weft__http_retain(response));
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
