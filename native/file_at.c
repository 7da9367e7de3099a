#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Reading and writing elsewhere in a file than at its position, by any number of tasks. */

#include "../core/links.h"
#include "open_file.h"

static weft__positioned *new_positioned(weft_file *file, const void *data, size_t size) {
    weft__positioned *self = weft__request_new(sizeof *self + size, file->host, weft__fs_free);
    if (self == NULL)
        return NULL;
    self->fs.fs.data = self;
    self->file = file;
    if (data != NULL)
        memcpy(self->data, data, size);
    return self;
}

static void on_positioned(uv_fs_t *fs) {
    weft__positioned *self = fs->data;
    weft_file *file = self->file;
    int status = (int)fs->result;
    file->threads--;
    uv_fs_req_cleanup(fs);
    fs->data = self;
    weft__request_end(&self->fs.head, status);
    weft__file_let_go(file);
}

static void begin_positioned(weft__positioned *self, size_t at, size_t size, uint64_t offset, bool writes) {
    weft_file *file = self->file;
    uv_buf_t buffer = uv_buf_init(self->data + at, (unsigned)size);
    uv_loop_t *uv = file->host->uv;
    uv_fs_t *fs = &self->fs.fs;
    int code = writes ? uv_fs_write(uv, fs, file->descriptor, &buffer, 1, (int64_t)offset, on_positioned)
                      : uv_fs_read(uv, fs, file->descriptor, &buffer, 1, (int64_t)offset, on_positioned);
    weft__fs_begun(&self->fs, code);
    file->threads += self->fs.head.pending;
    if (self->link == NULL)
        WEFT__LINK(&file->elsewhere, self);
}

struct file_at {
    weft_frame frame;
    weft_file *file;
    weft__positioned *request; /* of a write from the call on; NULL: there was no memory */
    void *buffer;              /* of a read; NULL: this is a write */
    size_t size, done;
    uint64_t offset;
    bool missing; /* NULL was given */
    const weft_error *refusal;
};

static const weft_error *refusal_at(struct file_at *self) {
    static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "reading and writing need memory, not NULL"};
    const weft_error *error = weft__file_refusal(self->file);
    if (error == NULL && self->missing)
        error = &missing;
    if (error == NULL && self->request == NULL)
        self->request =
            new_positioned(self->file, NULL, self->size < FILE_MOST_AT_ONCE ? self->size : FILE_MOST_AT_ONCE);
    return error != NULL ? error : self->request == NULL ? &weft_error_out_of_memory : NULL;
}

static void begin_at(struct file_at *self) {
    size_t size = self->size - self->done < FILE_MOST_AT_ONCE ? self->size - self->done : FILE_MOST_AT_ONCE;
    begin_positioned(self->request, self->buffer == NULL ? self->done : 0, size, self->offset + self->done,
                     self->buffer == NULL);
}

/* What came; false at the end. */
static bool take_at(struct file_at *self) {
    int status = self->request->fs.head.status;
    if (status <= 0)
        return false;
    if (self->buffer != NULL)
        memcpy((char *)self->buffer + self->done, self->request->data, (size_t)status);
    self->done += (size_t)status;
    return true;
}

static weft_async(file_at) {
    weft_begin(file_at);
    self->refusal = refusal_at(self);
    if (self->refusal != NULL)
        weft_raise_error(self->refusal);
    while (self->done < self->size) {
        begin_at(self);
        WEFT__AWAIT_REQUEST(&self->request->fs.head, "a file");
        if (self->file->closed)
            weft_raise_error(&weft__file_closed);
        if (!take_at(self))
            break;
    }
    if (self->request->fs.head.status < 0)
        weft_return(weft__file_failure(self->file, self->buffer == NULL ? "write to" : "read",
                                       self->request->fs.head.status));
    if (self->buffer != NULL)
        weft_return(self->done);
    weft_drop();
    if (self->request != NULL) {
        WEFT__UNLINK(self->request);
        weft__fs_leave(&self->request->fs);
    }
    weft__file_unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_read_at(weft_file *file, void *buffer, size_t size, uint64_t offset) {
    static char nothing;
    return weft_call(file_at, .file = weft__file_use(file), .buffer = buffer == NULL ? &nothing : buffer,
                     .size = size, .offset = offset, .missing = buffer == NULL && size > 0);
}

weft_coroutine *weft_file_write_at(weft_file *file, const void *data, size_t size, uint64_t offset) {
    bool missing = data == NULL && size > 0;
    return weft_call(file_at, .file = weft__file_use(file),
                     .request = file == NULL || missing ? NULL : new_positioned(file, data, size),
                     .size = size, .offset = offset, .missing = missing);
}
