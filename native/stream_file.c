#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * A file under a stream, of which libuv cannot tell when it is ready: one of its threads reads, a piece after
 * the other while the stream wants more. It is written at once, as files are by everybody.
 */

#include "stream_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 65536 };

/* A request for each piece, one after the other. The stream leaves it when it is closed. */
struct weft__stream_file {
    weft__request head;
    uv_fs_t fs;
    weft_stream *stream; /* while it is not left */
    int descriptor;
    char piece[PIECE];
};

static void free_file(weft__request *head) {
    weft__stream_file *self = (weft__stream_file *)(void *)head;
    close(self->descriptor);
    free(self);
}

bool weft__stream_file_open(weft_stream *stream, int descriptor) {
    weft__stream_file *self = weft__request_new(sizeof *self, stream->host, free_file);
    if (self == NULL)
        return false;
    self->stream = stream;
    self->descriptor = descriptor;
    stream->file = self;
    return true;
}

static void on_read(uv_fs_t *fs) {
    weft__stream_file *self = fs->data;
    weft_stream *stream = self->stream;
    ssize_t count = fs->result;
    bool left = self->head.left;
    uv_fs_req_cleanup(fs);
    weft__request_end(&self->head, count < 0 ? (int)count : 0);
    if (left)
        return;
    weft__stream_came(stream, count == 0 ? UV_EOF : count, self->piece);
    if (stream->reading)
        weft__stream_file_read(stream);
}

void weft__stream_file_read(weft_stream *stream) {
    weft__stream_file *self = stream->file;
    uv_buf_t buffer = {.base = self->piece, .len = PIECE};
    if (self->head.pending)
        return;
    self->fs.data = self;
    int code = uv_fs_read(stream->host->uv, &self->fs, self->descriptor, &buffer, 1, -1, on_read);
    weft__request_begin(&self->head, (uv_req_t *)&self->fs, code);
    if (code < 0)
        weft__stream_came(stream, code, NULL);
}

int weft__stream_file_write(weft_stream *stream, const char *data, size_t size) {
    while (size > 0) {
        ssize_t count = write(stream->file->descriptor, data, size);
        if (count < 0 && errno != EINTR)
            return uv_translate_sys_error(errno);
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

void weft__stream_file_close(weft_stream *stream) {
    weft__request_leave(&stream->file->head);
    stream->file = NULL;
}
