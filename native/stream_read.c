#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* What a program reads from a stream. */

#include "argument.h"
#include "stream_wire.h"

#include <stdlib.h>

/* --- One task reads --- */

/* Why it cannot begin to read. Static; or NULL. */
static const weft_error *refusal_to_read(const weft_stream *stream, const void *buffer, size_t size) {
    static const weft_error busy = {.code = WEFT_RUNTIME, .message = "another task reads from this stream"},
                            null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no buffer"};
    const weft_error *refusal = weft__stream_refusal(stream);
    if (refusal != NULL)
        return refusal;
    if (stream->reader != NULL)
        return &busy;
    return buffer == NULL && size > 0 ? &null : NULL;
}

/* Whether nothing more will come; what is in the input is still there. */
static bool is_over(const weft_stream *stream) {
    return stream->closed || stream->ended || stream->read_error != 0 || stream->filter_error != NULL;
}

/* Why it is over, owned; NULL at the end of the stream. */
static const weft_error *why_over(const weft_stream *stream) {
    if (stream->closed)
        return weft__stream_refusal(stream);
    if (stream->filter_error != NULL)
        return weft_error_retain(stream->filter_error);
    return stream->read_error == 0 ? NULL : weft__system_error(stream->read_error, "cannot read");
}

static void begin_wait(weft_stream *stream, weft__reader *reader) {
    stream->reader = reader;
    weft__stream_start(stream);
}

static void end_wait(weft_stream *stream, weft__reader *reader) {
    weft__waiting_leave(&reader->waiting);
    if (stream != NULL && stream->reader == reader)
        stream->reader = NULL;
}

/* Of a task that did not come to take what its buffer was filled with. */
static void put_back(weft_stream *stream, weft__reader *reader) {
    if (stream != NULL && stream->reader == reader)
        weft__input_put_back(stream, reader->buffer, reader->filled);
    reader->filled = 0;
    end_wait(stream, reader);
}

/* In a body with self->stream and self->reader: waits while the condition holds and more may come. */
#define WAIT_FOR_INPUT(condition)                                           \
    do {                                                                    \
        begin_wait(self->stream, &self->reader);                            \
        while ((condition) && !is_over(self->stream))                       \
            WEFT__WAIT_OUTSIDE(&self->reader.waiting, "bytes of a stream"); \
    } while (0)

/* Moves what is in the input into the rest of the reader's buffer. */
static void take_input(weft_stream *stream, weft__reader *reader) {
    size_t size = weft__input_size(stream), left = reader->size - reader->filled;
    size_t part = size < left ? size : left;
    if (part == 0)
        return;
    memcpy(reader->buffer + reader->filled, stream->input + stream->input_start, part);
    reader->filled += part;
    weft__input_consume(stream, part);
}

/* --- Into a buffer --- */

struct stream_read {
    weft_frame frame;
    weft_stream *stream;
    weft__reader reader;     /* with the buffer and its size */
    bool exactly;            /* all of it, or it is an error */
    const weft_error *error; /* owned */
};

static const weft_error *begin_read(struct stream_read *self) {
    const weft_error *refusal = refusal_to_read(self->stream, self->reader.buffer, self->reader.size);
    if (refusal == NULL)
        take_input(self->stream, &self->reader);
    return refusal;
}

static bool is_short(const weft__reader *reader) {
    return reader->filled < reader->wanted;
}

static weft_async(stream_read) {
    weft_begin(stream_read);
    if ((self->error = begin_read(self)) != NULL)
        weft_raise_error(self->error);
    if (is_short(&self->reader)) {
        WAIT_FOR_INPUT(is_short(&self->reader));
        if (is_short(&self->reader) && (self->error = why_over(self->stream)) != NULL)
            weft_raise_error(self->error);
        end_wait(self->stream, &self->reader);
    }
    if (self->exactly && is_short(&self->reader))
        weft_raise(WEFT_INCOMPLETE, "the stream ended after %zu of %zu bytes", self->reader.filled,
                   self->reader.size);
    weft_return(self->reader.filled);
    weft_drop();
    put_back(self->stream, &self->reader);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_read(weft_stream *stream, void *buffer, size_t size) {
    return weft_call(stream_read, .stream = weft__stream_use(stream),
                     .reader = {.buffer = buffer, .size = size, .wanted = size > 0 ? 1 : 0});
}

weft_coroutine *weft_stream_read_exactly(weft_stream *stream, void *buffer, size_t size) {
    return weft_call(stream_read, .stream = weft__stream_use(stream), .exactly = true,
                     .reader = {.buffer = buffer, .size = size, .wanted = size});
}

/* --- Up to a separator --- */

struct stream_read_until {
    weft_frame frame;
    weft_stream *stream;
    weft__reader reader;     /* without a buffer */
    char *separator;         /* owned; NULL: a line is wanted */
    size_t searched;         /* bytes of the input in which no separator begins */
    const weft_error *error; /* owned */
};

/* Where the first one ends, from the beginning of the input; 0: there is none yet. */
static size_t find(struct stream_read_until *self) {
    const weft_stream *stream = self->stream;
    const char *separator = self->separator == NULL ? "\n" : self->separator;
    const char *input = stream->input + stream->input_start, *at;
    size_t size = weft__input_size(stream), length = strlen(separator);
    while (size - self->searched >= length) {
        at = memchr(input + self->searched, separator[0], size - self->searched - length + 1);
        if (at == NULL) {
            self->searched = size - length + 1;
            break;
        }
        self->searched = (size_t)(at - input);
        if (memcmp(at, separator, length) == 0)
            return self->searched + length;
        self->searched++;
    }
    return 0;
}

/* Takes the first bytes of the input as a line. */
static weft_value take_line(weft_stream *stream, size_t size) {
    const char *input = stream->input + stream->input_start;
    size_t length = size;
    if (length > 0 && input[length - 1] == '\n')
        length -= length > 1 && input[length - 2] == '\r' ? 2 : 1;
    weft_value value;
    if (length > stream->limit)
        value = weft_failure(WEFT_LIMIT, "a line of more than %zu bytes", stream->limit);
    else if (memchr(input, '\0', length) != NULL)
        value = weft_failure(WEFT_INVALID_ARGUMENT, "a line with a zero byte in it");
    else {
        value = weft__string_value(input, length);
        if (value.kind == WEFT_FAILURE)
            return value; /* the line is still there */
    }
    weft__input_consume(stream, size);
    return value;
}

static weft_value take_bytes(weft_stream *stream, size_t size) {
    weft_bytes *bytes = weft__bytes_new(stream->input + stream->input_start, size);
    if (bytes != NULL)
        weft__input_consume(stream, size);
    return weft_owned_pointer(bytes, weft_free);
}

/* What is taken when `end` of a separator was found, or nothing more comes. */
static weft_value take_until(struct stream_read_until *self, size_t end) {
    weft_stream *stream = self->stream;
    size_t size = weft__input_size(stream), separator = self->separator == NULL ? 0 : strlen(self->separator);
    if (end == 0 && (self->error = why_over(stream)) != NULL)
        return weft__of_error(self->error);
    if (self->separator == NULL)
        return end == 0 && size == 0 ? weft__of_none() : take_line(stream, end == 0 ? size : end);
    if (end == 0)
        return weft_failure(WEFT_INCOMPLETE, "the stream ended before the separator: %zu bytes are left",
                            size);
    if (end - separator > stream->limit)
        return weft_failure(WEFT_LIMIT, "more than %zu bytes before the separator", stream->limit);
    return take_bytes(stream, end);
}

/* Too much has come without a separator. */
static weft_value refuse_until(struct stream_read_until *self) {
    size_t size = weft__input_size(self->stream), limit = self->stream->limit;
    if (self->separator != NULL)
        return weft_failure(WEFT_LIMIT, "more than %zu bytes without the separator", limit);
    weft__input_consume(self->stream, size);
    return weft_failure(WEFT_LIMIT, "a line of more than %zu bytes", limit);
}

static const weft_error *begin_until(struct stream_read_until *self) {
    static const weft_error empty = {.code = WEFT_INVALID_ARGUMENT, .message = "a separator without a byte"};
    const weft_error *refusal = self->error != NULL ? self->error : refusal_to_read(self->stream, NULL, 0);
    if (refusal != NULL)
        return refusal;
    return self->separator != NULL && self->separator[0] == '\0' ? &empty : NULL;
}

/* Bytes that may still be part of a separator count for none. */
static bool is_too_much(const struct stream_read_until *self) {
    size_t more = self->separator == NULL ? 2 : strlen(self->separator);
    return weft__input_size(self->stream) >= self->stream->limit + more;
}

static weft_async(stream_read_until) {
    size_t end; /* does not live across an await */
    weft_begin(stream_read_until);
    if ((self->error = begin_until(self)) != NULL)
        weft_raise_error(self->error);
    for (;;) {
        end = find(self);
        if (end > 0 || is_over(self->stream))
            weft_return(take_until(self, end));
        if (is_too_much(self))
            weft_return(refuse_until(self));
        self->reader.filled = weft__input_size(self->stream);
        WAIT_FOR_INPUT(weft__input_size(self->stream) == self->reader.filled);
    }
    weft_drop();
    end_wait(self->stream, &self->reader);
    weft_free(self->separator);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_readline(weft_stream *stream) {
    return weft_call(stream_read_until, .stream = weft__stream_use(stream));
}

weft_coroutine *weft_stream_read_until(weft_stream *stream, const char *separator) {
    const weft_error *error = NULL;
    char *copy = weft__copy_argument(separator == NULL ? "" : separator, "", &error);
    return weft_call(stream_read_until, .stream = weft__stream_use(stream), .separator = copy,
                     .error = error);
}

/* --- All of it --- */

enum { FIRST_OF_ALL = 4096, CHUNK = 65536 };

struct stream_read_all {
    weft_frame frame;
    weft_stream *stream;
    weft__reader reader; /* into the bytes */
    size_t limit;
    weft_bytes *bytes;       /* owned */
    const weft_error *error; /* owned */
};

/* Room for more, up to the limit. False without memory. */
static bool grow(struct stream_read_all *self) {
    weft__reader *reader = &self->reader;
    size_t size = weft__input_size(self->stream),
           room = reader->size < FIRST_OF_ALL ? FIRST_OF_ALL : reader->size * 2;
    if (room < reader->filled + size)
        room = reader->filled + size;
    if (room > self->limit)
        room = self->limit;
    weft_bytes *bytes =
        self->bytes == NULL ? weft__bytes_new(NULL, room) : weft__bytes_resize(self->bytes, room);
    if (bytes == NULL)
        return false;
    self->bytes = bytes;
    reader->buffer = bytes->data;
    reader->size = reader->wanted = room;
    return true;
}

static weft_value take_all(struct stream_read_all *self) {
    weft_bytes *bytes = weft__bytes_resize(self->bytes, self->reader.filled);
    if (bytes == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    self->bytes = NULL;
    return weft_owned_pointer(bytes, weft_free);
}

static weft_async(stream_read_all) {
    weft_begin(stream_read_all);
    if ((self->error = refusal_to_read(self->stream, NULL, 0)) != NULL)
        weft_raise_error(self->error);
    for (;;) {
        if (!grow(self))
            weft_raise_error(&weft_error_out_of_memory);
        take_input(self->stream, &self->reader);
        WAIT_FOR_INPUT(self->reader.filled < self->reader.size ||
                       (self->reader.filled == self->limit && weft__input_size(self->stream) == 0));
        if (self->reader.filled == self->limit && weft__input_size(self->stream) > 0)
            weft_raise(WEFT_LIMIT, "more than %zu bytes", self->limit);
        if (is_over(self->stream) && weft__input_size(self->stream) == 0)
            break;
    }
    if ((self->error = why_over(self->stream)) != NULL)
        weft_raise_error(self->error);
    end_wait(self->stream, &self->reader);
    weft_return(take_all(self));
    weft_drop();
    put_back(self->stream, &self->reader);
    weft_free(self->bytes);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_read_all(weft_stream *stream, size_t limit) {
    return weft_call(stream_read_all, .stream = weft__stream_use(stream), .limit = limit);
}

/* --- Generators --- */

struct stream_lines {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(stream_lines) {
    weft_begin(stream_lines);
    for (;;) {
        weft_await_to(self->line, weft_stream_readline(self->stream));
        if (self->line == NULL)
            break;
        weft_yield(weft_owned_string(self->line, weft_free));
    }
    weft_drop();
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_lines(weft_stream *stream) {
    return weft_call(stream_lines, .stream = weft__stream_use(stream));
}

struct stream_chunks {
    weft_frame frame;
    weft_stream *stream;
    weft__reader reader;     /* without a buffer: what comes is put into the input until it is asked for */
    weft_bytes *bytes;       /* on their way to who asked */
    const weft_error *error; /* owned */
};

static weft_bytes *take_chunk(weft_stream *stream) {
    size_t size = weft__input_size(stream);
    return weft_value_pointer(take_bytes(stream, size < CHUNK ? size : CHUNK));
}

static weft_async(stream_chunks) {
    weft_begin(stream_chunks);
    for (;;) {
        if ((self->error = refusal_to_read(self->stream, NULL, 0)) != NULL)
            weft_raise_error(self->error);
        WAIT_FOR_INPUT(weft__input_size(self->stream) == 0);
        if (weft__input_size(self->stream) == 0)
            break;
        end_wait(self->stream, &self->reader);
        self->bytes = take_chunk(self->stream);
        if (self->bytes == NULL)
            weft_raise_error(&weft_error_out_of_memory);
        weft_yield(weft_owned_pointer(self->bytes, weft_free));
    }
    if ((self->error = why_over(self->stream)) != NULL)
        weft_raise_error(self->error);
    weft_drop();
    end_wait(self->stream, &self->reader);
    weft_error_release(self->error);
    weft__stream_leave(self->stream);
    weft_end();
}

weft_coroutine *weft_stream_chunks(weft_stream *stream) {
    return weft_call(stream_chunks, .stream = weft__stream_use(stream));
}
