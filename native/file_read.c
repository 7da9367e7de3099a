#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Reading at a file's position: bytes, lines, pieces, the rest. */

#include "open_file.h"

#include <stdlib.h>

/* --- Reading ahead --- */

static void on_read(uv_fs_t *fs) {
    weft_file *self = fs->data;
    if (fs->result > 0)
        self->end += (size_t)fs->result;
    weft__file_ended(fs);
}

static void consume(weft_file *self, size_t size) {
    self->start += size;
    self->position += (int64_t)size;
    if (weft__file_available(self) > 0)
        return;
    self->start = self->end = 0;
    if (self->room > FILE_CHUNK)
        weft__file_drop_input(self);
}

static bool make_room(weft_file *self, size_t wanted) {
    if (self->start > 0) {
        memmove(self->input, self->input + self->start, weft__file_available(self));
        self->end -= self->start;
        self->start = 0;
    }
    if (self->room - self->end >= wanted)
        return true;
    char *input = realloc(self->input, self->end + wanted);
    if (input == NULL)
        return false;
    self->input = input;
    self->room = self->end + wanted;
    return true;
}

static void begin_fill(weft_file *self, size_t wanted) {
    if (!make_room(self, wanted)) {
        self->request.status = UV_ENOMEM;
        return;
    }
    uv_buf_t buffer = uv_buf_init(self->input + self->end, (unsigned)wanted);
    int64_t offset = self->seekable ? self->position + (int64_t)weft__file_available(self) : -1;
    weft__file_begun(self,
                     uv_fs_read(self->host->uv, &self->fs, self->descriptor, &buffer, 1, offset, on_read));
}

/* Adds to the input; its value is whether anything came, or the end did. */
struct file_fill {
    weft_frame frame;
    weft_file *file; /* of who has entered */
    size_t wanted;
};

static weft_async(file_fill) {
    weft_begin(file_fill);
    if (self->file->new_pipe) {
        WEFT__AWAIT_READY(self->file, UV_READABLE);
        self->file->new_pipe = false;
    }
    do {
        begin_fill(self->file, self->wanted);
        WEFT__AWAIT_POSITION(self->file);
        if (self->file->request.status != UV_EAGAIN)
            break;
        WEFT__AWAIT_READY(self->file, UV_READABLE);
    } while (self->file->request.status >= 0);
    if (self->file->request.status < 0)
        weft_return(weft__file_failure(self->file, "read", self->file->request.status));
    weft_return((bool)(self->file->request.status > 0));
    weft_end();
}

static weft_coroutine *fill(weft_file *file, size_t wanted) {
    wanted = wanted < FILE_CHUNK ? FILE_CHUNK : wanted > FILE_MOST_AT_ONCE ? FILE_MOST_AT_ONCE : wanted;
    return weft_call(file_fill, .file = file, .wanted = wanted);
}

/* --- What was read --- */

struct file_read {
    weft_frame frame;
    weft__file_turn turn;
    void *buffer;
    size_t size;
    bool more;
};

static size_t take_into(weft_file *file, void *buffer, size_t size) {
    size_t count = weft__file_available(file) < size ? weft__file_available(file) : size;
    if (count > 0)
        memcpy(buffer, file->input + file->start, count);
    consume(file, count);
    return count;
}

static weft_async(file_read) {
    weft_begin(file_read);
    WEFT__ENTER_FILE(self->turn);
    if (self->buffer == NULL && self->size > 0)
        weft_raise(WEFT_INVALID_ARGUMENT, "a read needs a buffer, not NULL");
    if (weft__file_available(self->turn.file) == 0 && self->size > 0)
        weft_await_to(self->more, fill(self->turn.file, self->size));
    weft_return(take_into(self->turn.file, self->buffer, self->size));
    weft_drop();
    weft__file_leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_read(weft_file *file, void *buffer, size_t size) {
    return weft_call(file_read, .turn = {.file = weft__file_use(file)}, .buffer = buffer, .size = size);
}

struct file_rest {
    weft_frame frame;
    weft__file_turn turn;
    size_t limit;
    bool more;
};

static weft_value take_bytes(weft_file *file, size_t size) {
    weft_bytes *bytes = weft__bytes_new(file->input == NULL ? NULL : file->input + file->start, size);
    if (bytes != NULL)
        consume(file, size);
    return weft_owned_pointer(bytes, weft_free);
}

static weft_async(file_rest) {
    weft_begin(file_rest);
    WEFT__ENTER_FILE(self->turn);
    do {
        weft_await_to(self->more, fill(self->turn.file, weft__file_available(self->turn.file)));
        if (weft__file_available(self->turn.file) > self->limit) {
            weft__file_forget_input(self->turn.file);
            weft_raise(WEFT_LIMIT, "%s holds more than %zu bytes", self->turn.file->path, self->limit);
        }
    } while (self->more);
    weft_return(take_bytes(self->turn.file, weft__file_available(self->turn.file)));
    weft_drop();
    weft__file_leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_read_rest(weft_file *file, size_t limit) {
    return weft_call(file_rest, .turn = {.file = weft__file_use(file)}, .limit = limit);
}

struct file_readline {
    weft_frame frame;
    weft__file_turn turn;
    size_t searched; /* of the input: holds no end of a line */
    bool more;
};

/* Moves on to where the line's end is, or to the input's. */
static bool find_end(struct file_readline *self) {
    const weft_file *file = self->turn.file;
    const char *line = file->input == NULL ? NULL : file->input + file->start;
    const char *end = line == NULL
                          ? NULL
                          : memchr(line + self->searched, '\n', weft__file_available(file) - self->searched);
    self->searched = end != NULL ? (size_t)(end - line) : weft__file_available(file);
    return end != NULL;
}

static weft_value take_line(struct file_readline *self, bool ended) {
    weft_file *file = self->turn.file;
    size_t length = self->searched, size = length + ended;
    if (size == 0)
        return weft_none();
    const char *line = file->input + file->start;
    length -= ended && length > 0 && line[length - 1] == '\r';
    bool whole = memchr(line, '\0', length) == NULL;
    weft_value value = whole
                           ? weft__string_value(line, length)
                           : weft_failure(WEFT_INVALID_ARGUMENT, "a line of %s has a zero byte", file->path);
    if (!whole || value.kind != WEFT_FAILURE) /* without memory the line is still there */
        consume(file, size);
    return value;
}

static void skip_line(struct file_readline *self) {
    consume(self->turn.file, self->searched + (self->searched < weft__file_available(self->turn.file)));
}

static weft_async(file_readline) {
    weft_begin(file_readline);
    WEFT__ENTER_FILE(self->turn);
    self->more = true;
    while (!find_end(self) && self->searched <= self->turn.file->limit && self->more)
        weft_await_to(self->more, fill(self->turn.file, FILE_CHUNK));
    if (self->searched > self->turn.file->limit) {
        skip_line(self);
        weft_raise(WEFT_LIMIT, "a line of %s is longer than %zu bytes", self->turn.file->path,
                   self->turn.file->limit);
    }
    weft_return(take_line(self, self->searched < weft__file_available(self->turn.file)));
    weft_drop();
    weft__file_leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_readline(weft_file *file) {
    return weft_call(file_readline, .turn = {.file = weft__file_use(file)});
}

void weft_file_set_limit(weft_file *file, size_t bytes) {
    if (file != NULL && bytes > 0)
        file->limit = bytes;
}

struct file_lines {
    weft_frame frame;
    weft_file *file;
    weft_value line;
};

static weft_async(file_lines) {
    weft_begin(file_lines);
    for (;;) {
        weft_await_to(self->line, weft_file_readline(self->file));
        if (self->line.kind == WEFT_NONE)
            break;
        weft_yield(self->line);
    }
    weft_drop();
    weft__file_unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_lines(weft_file *file) {
    return weft_call(file_lines, .file = weft__file_use(file));
}

struct file_chunk {
    weft_frame frame;
    weft__file_turn turn;
    bool more;
};

static weft_async(file_chunk) {
    weft_begin(file_chunk);
    WEFT__ENTER_FILE(self->turn);
    if (weft__file_available(self->turn.file) == 0)
        weft_await_to(self->more, fill(self->turn.file, FILE_CHUNK));
    if (weft__file_available(self->turn.file) > 0)
        weft_return(take_bytes(self->turn.file, weft__file_available(self->turn.file) < FILE_CHUNK
                                                    ? weft__file_available(self->turn.file)
                                                    : FILE_CHUNK));
    weft_drop();
    weft__file_leave(&self->turn);
    weft_end();
}

struct file_chunks {
    weft_frame frame;
    weft_file *file;
    weft_value chunk;
};

static weft_async(file_chunks) {
    weft_begin(file_chunks);
    for (;;) {
        weft_await_to(self->chunk, weft_call(file_chunk, .turn = {.file = weft__file_use(self->file)}));
        if (self->chunk.kind == WEFT_NONE)
            break;
        weft_yield(self->chunk);
    }
    weft_drop();
    weft__file_unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_chunks(weft_file *file) {
    return weft_call(file_chunks, .file = weft__file_use(file));
}
