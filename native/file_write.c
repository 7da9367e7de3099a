#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Writing at a file's position. */

#include "open_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_written(uv_fs_t *fs) {
    weft_file *self = fs->data;
    if (fs->result > 0 && self->appends)
        self->position = lseek(self->descriptor, 0, SEEK_CUR);
    else if (fs->result > 0)
        self->position += fs->result;
    weft__file_ended(fs);
}

static char *copy_of(const void *data, size_t size) {
    char *copy = malloc(size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}

struct file_write {
    weft_frame frame;
    weft__file_turn turn;
    bool missing; /* NULL was given */
    char *data;   /* malloc's; NULL: there was no memory */
    size_t size, done;
};

static void begin_write(struct file_write *self) {
    weft_file *file = self->turn.file;
    size_t size = self->size - self->done;
    uv_buf_t buffer =
        uv_buf_init(self->data + self->done, (unsigned)(size < FILE_MOST_AT_ONCE ? size : FILE_MOST_AT_ONCE));
    int64_t offset = file->seekable && !file->appends ? file->position : -1;
    weft__file_begun(
        file, uv_fs_write(file->host->uv, &file->fs, file->descriptor, &buffer, 1, offset, on_written));
}

/* The data stays while a thread still writes it. */
static void free_data(struct file_write *self) {
    weft_file *file = self->turn.file;
    if (self->turn.entered && file->request.pending && file->fs.cb == on_written && file->output == NULL)
        file->output = self->data;
    else
        free(self->data);
}

static weft_async(file_write) {
    weft_begin(file_write);
    if (self->missing)
        weft_raise(WEFT_INVALID_ARGUMENT, "a write needs data, not NULL");
    if (self->data == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    WEFT__ENTER_FILE(self->turn);
    self->turn.file->request.status = weft__file_take_late(self->turn.file);
    weft__file_forget_input(self->turn.file);
    while (self->done < self->size && self->turn.file->request.status >= 0) {
        begin_write(self);
        WEFT__AWAIT_POSITION(self->turn.file);
        if (self->turn.file->request.status == UV_EAGAIN)
            WEFT__AWAIT_READY(self->turn.file, UV_WRITABLE);
        else if (self->turn.file->request.status >= 0)
            self->done += (size_t)self->turn.file->request.status;
    }
    if (self->turn.file->request.status < 0)
        weft_return(weft__file_failure(self->turn.file, "write to", self->turn.file->request.status));
    weft_drop();
    free_data(self);
    weft__file_leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_write(weft_file *file, const void *data, size_t size) {
    bool missing = data == NULL && size > 0;
    return weft_call(file_write, .turn = {.file = weft__file_use(file)}, .missing = missing,
                     .data = missing ? NULL : copy_of(data, size), .size = size);
}

weft_coroutine *weft_file_printf(weft_file *file, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return weft_call(file_write, .turn = {.file = weft__file_use(file)}, .data = text,
                     .size = length < 0 ? 0 : (size_t)length);
}
