#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* A file's position, and what concerns it as a whole. */

#include "open_file.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t weft_file_tell(const weft_file *file) {
    return file != NULL && file->seekable ? file->position : -1;
}

const char *weft_file_path(const weft_file *file) {
    return file == NULL ? "" : file->path;
}

int weft_file_descriptor(const weft_file *file) {
    return file == NULL ? -1 : file->descriptor;
}

typedef enum whole_operation { WHOLE_SEEK, WHOLE_TRUNCATE, WHOLE_SYNC, WHOLE_STATUS } whole_operation;

static const char *const whole_verbs[] = {"seek in", "truncate", "sync", "look at"};

struct file_whole {
    weft_frame frame;
    weft__file_turn turn;
    whole_operation operation;
    int whence;
    int64_t number;
    weft_file_status *status;
};

/* 0, or the code of why it cannot be. */
static int seek(weft_file *file, int64_t offset, int whence) {
    int64_t from = whence == SEEK_CUR ? file->position : 0;
    struct stat known;
    if (!file->seekable)
        return UV_ESPIPE;
    if (whence == SEEK_END && fstat(file->descriptor, &known) == 0)
        from = known.st_size;
    else if (whence == SEEK_END)
        from = lseek(file->descriptor, 0, SEEK_END);
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
        return UV_EINVAL;
    if (offset < -from || (offset > 0 && from > INT64_MAX - offset))
        return UV_EINVAL;
    if (from + offset != file->position)
        weft__file_drop_input(file);
    file->position = from + offset;
    return 0;
}

static void begin_whole(struct file_whole *self) {
    weft_file *file = self->turn.file;
    uv_loop_t *uv = file->host->uv;
    int late = self->operation == WHOLE_SYNC ? weft__file_take_late(file) : 0;
    switch (late < 0 ? WHOLE_SEEK : self->operation) {
    case WHOLE_TRUNCATE:
        weft__file_forget_input(file);
        weft__file_begun(file,
                         uv_fs_ftruncate(uv, &file->fs, file->descriptor, self->number, weft__file_ended));
        break;
    case WHOLE_SYNC:
        weft__file_begun(file, uv_fs_fsync(uv, &file->fs, file->descriptor, weft__file_ended));
        break;
    case WHOLE_STATUS:
        weft__file_begun(
            file, uv_fs_fstat(uv, &file->fs, file->descriptor, weft__file_ended)); /* its statbuf stays */
        break;
    default:
        file->request.status = late < 0 ? late : seek(file, self->number, self->whence);
    }
}

static weft_value finish_whole(struct file_whole *self) {
    weft_file *file = self->turn.file;
    if (file->request.status < 0)
        return weft__file_failure(file, whole_verbs[self->operation], file->request.status);
    if (self->operation == WHOLE_STATUS)
        weft__fill_status(self->status, &file->fs.statbuf);
    return self->operation == WHOLE_SEEK ? weft_value_of(file->position) : weft_none();
}

static weft_async(file_whole) {
    weft_begin(file_whole);
    WEFT__ENTER_FILE(self->turn);
    if (self->operation == WHOLE_STATUS && self->status == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "what is known of a file needs a place, not NULL");
    begin_whole(self);
    WEFT__AWAIT_POSITION(self->turn.file);
    weft_return(finish_whole(self));
    weft_drop();
    weft__file_leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_seek(weft_file *file, int64_t offset, int whence) {
    return weft_call(file_whole, .turn = {.file = weft__file_use(file)}, .operation = WHOLE_SEEK,
                     .number = offset, .whence = whence);
}

weft_coroutine *weft_file_truncate(weft_file *file, uint64_t size) {
    return weft_call(file_whole, .turn = {.file = weft__file_use(file)}, .operation = WHOLE_TRUNCATE,
                     .number = size > INT64_MAX ? -1 : (int64_t)size);
}

weft_coroutine *weft_file_sync(weft_file *file) {
    return weft_call(file_whole, .turn = {.file = weft__file_use(file)}, .operation = WHOLE_SYNC);
}

weft_coroutine *weft_file_fstat(weft_file *file, weft_file_status *status) {
    return weft_call(file_whole, .turn = {.file = weft__file_use(file)}, .operation = WHOLE_STATUS,
                     .status = status);
}
