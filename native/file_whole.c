#define _DEFAULT_SOURCE /* for realpath, and for uv.h */

/* Whole files: read in pieces by the loop, written by one function in a thread. */

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Reading --- */

struct file_read_all {
    weft_frame frame;
    weft__path path;
    size_t limit;
    weft_file *file;
    weft_value bytes;
};

static weft_async(file_read_all) {
    weft_begin(file_read_all);
    if (weft__path_refusal(&self->path) != NULL)
        weft_raise_error(weft__path_refusal(&self->path));
    weft_await_to(self->file, weft_file_open(self->path.text, "r"));
    weft_await_to(self->bytes, weft_file_read_rest(self->file, self->limit));
    weft_return(self->bytes);
    weft_drop();
    weft_file_close(self->file);
    weft__path_free(&self->path);
    weft_end();
}

weft_coroutine *weft_file_read_all(const char *path, size_t limit) {
    return weft_call(file_read_all, .path = weft__path_of(path), .limit = limit);
}

/* --- Writing --- */

enum {
    PIECE = 1 << 20, /* bytes between two looks at whether it was cancelled */
    TEMPORARY_NAME = sizeof ".weft-00000000-00000000"
};

typedef struct replacement {
    weft__job job;
    char *path;
    size_t size;
    char data[1]; /* in truth so many, and the path behind them */
} replacement;

static int error_now(void) {
    return uv_translate_sys_error(errno);
}

static int write_data(replacement *self, int descriptor) {
    for (size_t done = 0; done < self->size;) {
        if (atomic_load(&self->job.cancelled))
            return UV_ECANCELED;
        size_t size = self->size - done < PIECE ? self->size - done : PIECE;
        ssize_t count = write(descriptor, self->data + done, size);
        if (count < 0 && errno != EINTR)
            return error_now();
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

/* A device or a pipe, which nothing could take the place of. */
static int write_in_place(replacement *self) {
    int descriptor = open(self->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0)
        return error_now();
    int code = write_data(self, descriptor);
    if (close(descriptor) < 0 && code == 0)
        code = error_now();
    return code;
}

/* What the rename has done is on the disk once the directory is. Some file systems have no such thing. */
static void sync_directory(const char *path, size_t length) {
    char *directory = malloc(length + 2);
    if (directory == NULL)
        return;
    memcpy(directory, length == 0 ? "./" : path, length == 0 ? 2 : length);
    directory[length == 0 ? 2 : length] = '\0';
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

/* Of a temporary file: what is to be there when it gets its name. */
static int fill_temporary(replacement *self, int descriptor, const struct stat *old) {
    int code = write_data(self, descriptor);
    if (code == 0 && old != NULL) {
        /* another owner's permissions would be too much for a file that is not that owner's */
        mode_t kept = fchown(descriptor, old->st_uid, old->st_gid) == 0 ? 07777 : 0777;
        if (fchmod(descriptor, old->st_mode & kept) < 0)
            code = error_now();
    }
    if (code == 0 && fsync(descriptor) < 0)
        code = error_now();
    if (close(descriptor) < 0 && code == 0)
        code = error_now();
    return code;
}

/* Opened as any new file is, for the umask's sake, which mkstemp would not look at. */
static int open_temporary(char *path, size_t folder, mode_t permissions) {
    static atomic_uint last;
    int descriptor = -1;
    for (int tries = 0; tries < 100 && descriptor < 0; tries++) {
        unsigned number = (unsigned)uv_hrtime() ^ (atomic_fetch_add(&last, 1) << 16);
        snprintf(path + folder, TEMPORARY_NAME, ".weft-%08x-%08x", (unsigned)getpid(), number);
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
        if (descriptor < 0 && errno != EEXIST)
            break;
    }
    return descriptor;
}

static int replace(replacement *self, const char *target, const struct stat *old) {
    const char *slash = strrchr(target, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - target);
    char *temporary = malloc(folder + TEMPORARY_NAME);
    if (temporary == NULL)
        return UV_ENOMEM;
    memcpy(temporary, target, folder);
    int descriptor = open_temporary(temporary, folder, old != NULL ? 0600 : 0666);
    int code = descriptor < 0 ? error_now() : fill_temporary(self, descriptor, old);
    if (code == 0 && rename(temporary, target) < 0)
        code = error_now();
    if (code == 0)
        sync_directory(target, folder);
    else if (descriptor >= 0)
        unlink(temporary);
    free(temporary);
    return code;
}

static int run_replacement(weft__job *job) {
    replacement *self = (replacement *)(void *)job;
    struct stat old;
    if (stat(self->path, &old) < 0) {
        int code = error_now();
        bool leads_nowhere = lstat(self->path, &old) == 0; /* a link */
        return code == UV_ENOENT && !leads_nowhere ? replace(self, self->path, NULL) : code;
    }
    if (S_ISDIR(old.st_mode))
        return UV_EISDIR;
    if (!S_ISREG(old.st_mode))
        return write_in_place(self);
    char *target = realpath(self->path, NULL);
    if (target == NULL)
        return error_now();
    int code = replace(self, target, &old);
    free(target);
    return code;
}

struct file_write_all {
    weft_frame frame;
    weft__path path;
    bool missing;             /* NULL was given as data */
    replacement *replacement; /* NULL: there was no memory */
    const weft_error *error;
};

static const weft_error *begin_replacement(struct file_write_all *self) {
    static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a write needs data, not NULL"};
    const weft_error *error = weft__path_refusal(&self->path);
    weft_uv *host = error == NULL ? weft__uv_here(&error) : NULL;
    if (error != NULL)
        return error;
    if (self->missing)
        return &missing;
    if (self->replacement == NULL)
        return &weft_error_out_of_memory;
    self->replacement->job.head.host = host;
    weft__job_begin(&self->replacement->job);
    return NULL;
}

static weft_async(file_write_all) {
    weft_begin(file_write_all);
    self->error = begin_replacement(self);
    if (self->error != NULL)
        weft_raise_error(self->error);
    WEFT__AWAIT_REQUEST(&self->replacement->job.head, "a file");
    if (self->replacement->job.head.status < 0)
        weft_return(weft__path_failure(self->replacement->job.head.status, "write to", self->path.text));
    weft_drop();
    if (self->replacement != NULL)
        weft__job_leave(&self->replacement->job);
    weft__path_free(&self->path);
    weft_end();
}

static replacement *new_replacement(const char *path, const void *data, size_t size) {
    size_t length = strlen(path);
    replacement *self = weft__job_new(NULL, sizeof *self + size + length, run_replacement);
    if (self == NULL)
        return NULL;
    if (size > 0)
        memcpy(self->data, data, size);
    self->size = size;
    self->path = memcpy(self->data + size, path, length + 1);
    return self;
}

weft_coroutine *weft_file_write_all(const char *path, const void *data, size_t size) {
    bool missing = data == NULL && size > 0;
    return weft_call(file_write_all, .path = weft__path_of(path), .missing = missing,
                     .replacement = path == NULL || missing ? NULL : new_replacement(path, data, size));
}
