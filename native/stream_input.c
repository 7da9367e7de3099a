#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * How bytes come into a stream. libuv is asked to read when the first task wants to, and goes on while there
 * is room, since stopping and starting costs two system calls. While a task waits with a buffer, and nothing
 * stands before it, libuv fills that; else the input, up to the limit.
 */

#include "stream_wire.h"

#include <stdlib.h>

enum {
    FIRST_ROOM = 4096,
    SCRATCH = 65536 /* what a filter is given at most */
};

/* Between libuv's question for memory and its answer; so one a thread is enough. */
static _Thread_local char scratch[SCRATCH];

/* --- The input --- */

void weft__input_drop(weft_stream *stream) {
    free(stream->input);
    stream->input = NULL;
    stream->input_start = stream->input_end = stream->input_room = 0;
}

void weft__input_consume(weft_stream *stream, size_t size) {
    stream->input_start += size;
    if (stream->input_start == stream->input_end && stream->input != NULL)
        weft__input_drop(stream);
}

/* Makes room for `more` bytes at the end. False without memory. */
static bool reserve(weft_stream *stream, size_t more) {
    size_t size = weft__input_size(stream);
    if (stream->input_room - stream->input_end >= more)
        return true;
    if (stream->input_room - size >= more && stream->input_start >= size) {
        memcpy(stream->input, stream->input + stream->input_start, size);
    } else {
        if (more > SIZE_MAX / 2 - size)
            return false;
        size_t room = stream->input_room * 2 > size + more ? stream->input_room * 2 : size + more;
        char *input = malloc(room);
        if (input == NULL)
            return false;
        if (size > 0)
            memcpy(input, stream->input + stream->input_start, size);
        free(stream->input);
        stream->input = input;
        stream->input_room = room;
    }
    stream->input_start = 0;
    stream->input_end = size;
    return true;
}

/* Bytes are lost for lack of memory: from here on nothing that is read would be true. */
static void lose(weft_stream *stream) {
    stream->read_error = UV_ENOMEM;
    weft__stream_stop(stream);
}

static void append(weft_stream *stream, const char *data, size_t size) {
    if (!reserve(stream, size)) {
        lose(stream);
        return;
    }
    memcpy(stream->input + stream->input_end, data, size);
    stream->input_end += size;
}

void weft__input_put_back(weft_stream *stream, const char *data, size_t size) {
    size_t old = weft__input_size(stream);
    if (size == 0 || stream->closed)
        return;
    if (stream->input_start >= size) {
        stream->input_start -= size;
    } else {
        if (!reserve(stream, size)) {
            lose(stream);
            return;
        }
        if (old > 0)
            memmove(stream->input + stream->input_start + size, stream->input + stream->input_start, old);
        stream->input_end += size;
    }
    memcpy(stream->input + stream->input_start, data, size);
}

/* --- What has come --- */

static void wake_reader(weft_stream *stream) {
    weft__reader *reader = stream->reader;
    if (reader != NULL && (reader->buffer == NULL || reader->filled >= reader->wanted ||
                           weft__input_size(stream) > 0 || stream->ended || !weft__stream_is_sound(stream)))
        weft__waiting_end(&reader->waiting);
}

static bool fills_reader(const weft_stream *stream) {
    const weft__reader *reader = stream->reader;
    return reader != NULL && reader->filled < reader->size && weft__input_size(stream) == 0;
}

void weft__stream_deliver(weft_stream *stream, const char *data, size_t size) {
    if (stream->closed || size == 0)
        return;
    if (fills_reader(stream)) {
        weft__reader *reader = stream->reader;
        size_t part = size < reader->size - reader->filled ? size : reader->size - reader->filled;
        memcpy(reader->buffer + reader->filled, data, part);
        reader->filled += part;
        data += part;
        size -= part;
    }
    if (size > 0)
        append(stream, data, size);
    wake_reader(stream);
}

void weft__stream_end(weft_stream *stream) {
    stream->ended = true;
    weft__stream_stop(stream);
    wake_reader(stream);
}

/* --- libuv --- */

/* Twice the limit, so that what ends a line at the limit still comes in, but ahead of the program no more
 * than the limit. */
static size_t room_left(const weft_stream *stream) {
    size_t size = weft__input_size(stream), limit = stream->limit;
    if (stream->reader == NULL)
        return size < limit ? limit - size : 0;
    limit = limit > SIZE_MAX / 2 - 64 ? limit : limit * 2 + 64;
    return size < limit ? limit - size : 0;
}

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    weft_stream *stream = handle->data;
    (void)suggested;
    stream->filling = false;
    *buffer = uv_buf_init(NULL, 0);
    size_t room = room_left(stream);
    if (stream->filter != NULL) {
        if (room > 0)
            *buffer = uv_buf_init(scratch, SCRATCH);
    } else if (fills_reader(stream)) {
        weft__reader *reader = stream->reader;
        stream->filling = true;
        size_t left = reader->size - reader->filled;
        *buffer = uv_buf_init(reader->buffer + reader->filled, left > INT32_MAX ? INT32_MAX : (unsigned)left);
    } else if (room > 0) {
        if (stream->next_room < FIRST_ROOM)
            stream->next_room = FIRST_ROOM;
        size_t more = stream->next_room < room ? stream->next_room : room;
        if (reserve(stream, more))
            *buffer = uv_buf_init(stream->input + stream->input_end, (unsigned)more);
        else
            stream->read_error = UV_ENOMEM;
    }
}

/* Larger reads for those that fill theirs. */
static void adapt(weft_stream *stream, size_t got, size_t asked) {
    if (got == asked && stream->next_room < stream->limit)
        stream->next_room *= 2;
    else if (got < asked / 4 && stream->next_room > FIRST_ROOM)
        stream->next_room /= 2;
}

static void receive(weft_stream *stream, size_t size, const uv_buf_t *buffer) {
    if (stream->filter != NULL) {
        const weft_error *error = stream->filter->received(stream, stream->filter_state, buffer->base, size);
        if (error != NULL)
            weft__stream_fail(stream, error);
        return;
    }
    if (stream->filling) {
        stream->reader->filled += size;
    } else {
        stream->input_end += size;
        adapt(stream, size, buffer->len);
    }
    wake_reader(stream);
}

static void fail(weft_stream *stream, int code) {
    stream->read_error = code;
    weft__stream_stop(stream);
    wake_reader(stream);
    if (stream->filter != NULL && stream->filter->stopped != NULL)
        stream->filter->stopped(stream, stream->filter_state);
}

/* libuv takes a reset right behind the last bytes for the end: the system knows better. */
static int error_at_the_end(const weft_stream *stream) {
    uv_os_fd_t file;
    int code = 0;
    socklen_t size = sizeof code;
    if (uv_fileno(&stream->wire.handle, &file) != 0 ||
        getsockopt(file, SOL_SOCKET, SO_ERROR, &code, &size) != 0) /* it is no socket */
        return 0;
    return uv_translate_sys_error(code);
}

static void come_to_the_end(weft_stream *stream) {
    int code = error_at_the_end(stream);
    if (code != 0) {
        fail(stream, code);
        return;
    }
    stream->reading = false;
    const weft_error *error =
        stream->filter == NULL ? NULL : stream->filter->ended(stream, stream->filter_state);
    if (error != NULL)
        weft__stream_fail(stream, error);
    else
        weft__stream_end(stream);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer) {
    weft_stream *stream = handle->data;
    weft_loop *outer = weft__current;
    weft__current = stream->host->loop; /* the filter's memory is the loop's */
    if (count > 0)
        receive(stream, (size_t)count, buffer);
    else if (count == UV_EOF)
        come_to_the_end(stream);
    else if (count == UV_ENOBUFS && stream->read_error == 0)
        weft__stream_stop(stream); /* until the program has read some */
    else if (count < 0)
        fail(stream, count == UV_ENOBUFS ? UV_ENOMEM : (int)count);
    if (stream->input_start == stream->input_end && stream->input != NULL)
        weft__input_drop(stream);
    weft__current = outer;
}

void weft__stream_came(weft_stream *stream, ssize_t count, const char *data) {
    if (count == UV_EOF)
        come_to_the_end(stream);
    else if (count < 0)
        fail(stream, (int)count);
    else
        weft__stream_deliver(stream, data, (size_t)count);
    if (room_left(stream) == 0)
        stream->reading = false;
}

void weft__stream_start(weft_stream *stream) {
    if (stream->reading || stream->ended || stream->closed || !weft__stream_is_sound(stream))
        return;
    if (stream->file != NULL) {
        stream->reading = true;
        weft__stream_file_read(stream);
        return;
    }
    int code = uv_read_start(&stream->wire.stream, on_memory, on_read);
    if (code == 0)
        stream->reading = true;
    else
        stream->read_error = code;
}

void weft__stream_stop(weft_stream *stream) {
    if (stream->reading && stream->file == NULL)
        uv_read_stop(&stream->wire.stream);
    stream->reading = false;
}

/* --- Filters --- */

void weft__stream_set_filter(weft_stream *stream, const weft__filter *filter, void *state) {
    char *input = stream->input, *data = input + stream->input_start;
    size_t size = weft__input_size(stream);
    stream->filter = filter;
    stream->filter_state = state;
    stream->input = NULL; /* what was in it is not the program's any more */
    weft__input_drop(stream);
    if (size > 0) {
        const weft_error *error = filter->received(stream, state, data, size);
        if (error != NULL)
            weft__stream_fail(stream, error);
    }
    free(input);
}
