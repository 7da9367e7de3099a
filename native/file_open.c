#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Opening files. */

#include "open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void release_file(void *file) {
    weft_file_close(file);
}

static bool is_directory(const struct stat *known) {
    return S_ISDIR(known->st_mode);
}

struct file_open {
    weft_frame frame;
    weft__path path;
    weft__path mode; /* that is none, for the message */
    int flags, permissions;
    bool temporary;
    char *template; /* malloc's */
    weft__fs *request;
    weft_value value;
};

/* Of a descriptor that nobody took. */
static void free_open(weft__request *head) {
    weft__fs *self = (weft__fs *)(void *)head;
    uv_fs_t fs;
    if (head->status >= 0 && self->fs.result >= 0) {
        uv_fs_close(NULL, &fs, (uv_file)self->fs.result, NULL);
        if (self->fs.fs_type == UV_FS_MKSTEMP)
            uv_fs_unlink(NULL, &fs, self->fs.path, NULL);
        uv_fs_req_cleanup(&fs);
    }
    weft__fs_free(head);
}

static weft_file *new_file(weft_uv *host, const char *path, uv_file descriptor, int flags) {
    size_t length = strlen(path);
    weft_file *self = calloc(1, sizeof *self + length);
    if (self == NULL)
        return NULL;
    memcpy(self->path, path, length + 1);
    self->host = host;
    self->request.host = host;
    self->fs.data = self;
    self->descriptor = descriptor;
    self->limit = FILE_CHUNK;
    self->seekable = lseek(descriptor, 0, SEEK_CUR) >= 0;
    self->appends = (flags & O_APPEND) != 0;
    self->opened.resource.exit = weft__file_exit;
    return self;
}

/* fopen's modes as flags; -1 for what is none. */
static int flags_of(const char *mode) {
    int flags = *mode == 'r'   ? O_RDONLY
                : *mode == 'w' ? O_CREAT | O_TRUNC
                : *mode == 'a' ? O_CREAT | O_APPEND
                               : -1;
    if (flags < 0)
        return -1;
    bool both = false, exclusive = false;
    for (const char *at = mode + 1; *at != '\0'; at++) {
        if (strchr("+xbe", *at) == NULL)
            return -1;
        both |= *at == '+';
        exclusive |= *at == 'x';
    }
    if (exclusive && *mode != 'w')
        return -1;
    return flags | (both ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY) | (exclusive ? O_EXCL : 0);
}

static weft_value begin_open(struct file_open *self) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    if (error == NULL && !(self->temporary && self->path.missing))
        error = weft__path_refusal(&self->path);
    if (error != NULL)
        return weft__of_error(error);
    if (self->flags < 0)
        return weft_failure(WEFT_INVALID_ARGUMENT, "\"%s\" is no mode to open a file in",
                            self->mode.text == NULL ? "NULL" : self->mode.text);
    self->request = weft__fs_new(host, free_open);
    if (self->temporary)
        self->template = weft__temporary_template(self->path.text);
    if (self->request == NULL || (self->temporary && self->template == NULL))
        return weft__of_error(&weft_error_out_of_memory);
    uv_fs_t *fs = &self->request->fs;
    int flags = self->flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    weft__fs_begun(self->request,
                   self->temporary
                       ? uv_fs_mkstemp(host->uv, fs, self->template, weft__fs_ended)
                       : uv_fs_open(host->uv, fs, self->path.text, flags, self->permissions, weft__fs_ended));
    return weft_none();
}

static weft_value finish_open(struct file_open *self) {
    weft__fs *request = self->request;
    const char *path = self->temporary ? self->template : self->path.text;
    int code = request->head.status;
    struct stat known;
    if (code >= 0 && fstat((int)request->fs.result, &known) < 0)
        code = uv_translate_sys_error(errno);
    else if (code >= 0 && is_directory(&known))
        code = UV_EISDIR;
    if (code < 0)
        return weft__path_failure(code, "open", path);
    weft_file *file = new_file(request->head.host, self->temporary ? request->fs.path : path,
                               (uv_file)request->fs.result, self->flags);
    if (file == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    request->fs.result = -1; /* taken */
    file->new_pipe = S_ISFIFO(known.st_mode);
    weft__open(&file->opened, file->host, "file", weft__file_end);
    return weft_owned_pointer(file, release_file);
}

static weft_async(file_open) {
    weft_begin(file_open);
    self->value = begin_open(self);
    if (self->value.kind == WEFT_FAILURE)
        weft_return(self->value);
    WEFT__AWAIT_REQUEST(&self->request->head, "a file to open");
    weft_return(finish_open(self));
    weft_drop();
    weft__fs_leave(self->request);
    weft__path_free(&self->path);
    weft__path_free(&self->mode);
    free(self->template);
    weft_end();
}

weft_coroutine *weft_file_open(const char *path, const char *mode) {
    int flags = mode == NULL ? -1 : flags_of(mode);
    return weft_call(file_open, .path = weft__path_of(path), .flags = flags, .permissions = 0666,
                     .mode = weft__path_of(flags < 0 ? mode : NULL));
}

weft_coroutine *weft_file_open_with(const char *path, int flags, int permissions) {
    return weft_call(file_open, .path = weft__path_of(path), .flags = flags, .permissions = permissions);
}

weft_coroutine *weft_file_open_temporary(const char *prefix) {
    return weft_call(file_open, .path = weft__path_of(prefix), .flags = O_RDWR, .temporary = true);
}
