#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* What is done to a file by its name: one call of libuv's each. */

#include "file.h"

#include <stdio.h>
#include <stdlib.h>

/* --- Paths in words --- */

const char *weft__path_shown(const char *path, char *buffer) {
    static const char before[] = "...";
    size_t length = strlen(path), at = 0;
    if (length >= SHOWN_SIZE) {
        path += length - (SHOWN_SIZE - sizeof before);
        while (((unsigned char)*path & 0xC0) == 0x80) /* the middle of a character */
            path++;
        memcpy(buffer, before, sizeof before);
        at = sizeof before - 1;
    }
    for (; *path != '\0'; path++)
        buffer[at++] = (unsigned char)*path < ' ' || *path == 0x7F ? '?' : *path;
    buffer[at] = '\0';
    return buffer;
}

weft__path weft__path_of(const char *path) {
    weft_loop *loop = weft__current;
    return (weft__path){.text = loop == NULL ? NULL : weft__copy_text(loop, path), .missing = path == NULL};
}

const weft_error *weft__path_refusal(const weft__path *path) {
    static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a path is needed, not NULL"};
    if (path->missing)
        return &missing;
    return path->text == NULL ? &weft_error_out_of_memory : NULL;
}

void weft__path_free(weft__path *path) {
    if (path->text != NULL)
        weft__free_text(weft__current, path->text);
    path->text = NULL;
}

weft_value weft__path_failure(int code, const char *verb, const char *path) {
    char shown[SHOWN_SIZE];
    return weft__system_failure(code, "cannot %s %s", verb, weft__path_shown(path, shown));
}

/* --- Requests --- */

void weft__fs_free(weft__request *head) {
    weft__fs *self = (weft__fs *)(void *)head;
    uv_fs_req_cleanup(&self->fs);
    free(self);
}

weft__fs *weft__fs_new(weft_uv *host, void (*free)(weft__request *self)) {
    weft__fs *self = weft__request_new(sizeof *self, host, free != NULL ? free : weft__fs_free);
    if (self != NULL)
        self->fs.data = self;
    return self;
}

void weft__fs_ended(uv_fs_t *fs) {
    weft__fs *self = fs->data;
    weft__request_end(&self->head, fs->result < 0 ? (int)fs->result : 0);
}

void weft__fs_begun(weft__fs *self, int code) {
    weft__request_begin(&self->head, (uv_req_t *)&self->fs, code);
}

void weft__fs_leave(weft__fs *self) {
    if (self != NULL)
        weft__request_leave(&self->head);
}

/* --- Values --- */

static double seconds_of(uv_timespec_t time) {
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static weft_file_kind kind_of(uint64_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return WEFT_FILE_REGULAR;
    case S_IFDIR:
        return WEFT_FILE_DIRECTORY;
    case S_IFLNK:
        return WEFT_FILE_LINK;
    case S_IFIFO:
        return WEFT_FILE_PIPE;
    case S_IFSOCK:
        return WEFT_FILE_SOCKET;
    case S_IFCHR:
        return WEFT_FILE_CHARACTERS;
    case S_IFBLK:
        return WEFT_FILE_BLOCKS;
    default:
        return WEFT_FILE_UNKNOWN;
    }
}

void weft__fill_status(weft_file_status *status, const uv_stat_t *from) {
    *status = (weft_file_status){
        .size = from->st_size,
        .kind = kind_of(from->st_mode),
        .permissions = (uint32_t)(from->st_mode & 07777),
        .user = (uint32_t)from->st_uid,
        .group = (uint32_t)from->st_gid,
        .links = from->st_nlink,
        .device = from->st_dev,
        .file = from->st_ino,
        .used = from->st_blocks * 512,
        .accessed = seconds_of(from->st_atim),
        .modified = seconds_of(from->st_mtim),
        .changed = seconds_of(from->st_ctim),
        .born = seconds_of(from->st_birthtim),
    };
}

weft_value weft__text_value(const char *text) {
    return weft_format("%s", text);
}

char *weft__temporary_template(const char *prefix) {
    static const char unique[] = "XXXXXX";
    char folder[1024];
    size_t size = sizeof folder;
    const char *between = prefix == NULL ? "/weft-" : "";
    if (prefix == NULL && uv_os_tmpdir(folder, &size) < 0)
        memcpy(folder, "/tmp", sizeof "/tmp");
    if (prefix == NULL)
        prefix = folder;
    size = strlen(prefix) + strlen(between) + sizeof unique;
    char *template = malloc(size);
    if (template != NULL)
        snprintf(template, size, "%s%s%s", prefix, between, unique);
    return template;
}

/* --- Operations --- */

struct path_call;

/* An operation in words and in deeds. */
typedef struct path_operation {
    const char *verb;    /* cannot … it */
    const char *between; /* … and the other path; NULL: there is none */
    int (*begin)(const struct path_call *self, uv_loop_t *uv, uv_fs_t *fs);
    weft_value (*finish)(struct path_call *self); /* of one that has succeeded; NULL: none */
} path_operation;

struct path_call {
    weft_frame frame;
    const path_operation *operation;
    weft__path path, other;
    int number;
    double accessed, modified;
    weft_file_status *status;
    weft_value value;
    weft__fs *request;
};

static weft_value begin(struct path_call *self) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    if (host != NULL)
        error = weft__path_refusal(&self->path);
    if (error == NULL && self->operation->between != NULL)
        error = weft__path_refusal(&self->other);
    if (error != NULL)
        return weft__of_error(error);
    self->request = weft__fs_new(host, NULL);
    if (self->request == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    weft__fs_begun(self->request, self->operation->begin(self, host->uv, &self->request->fs));
    return weft_none();
}

static weft_value failure_of(const struct path_call *self) {
    char path[SHOWN_SIZE], other[SHOWN_SIZE];
    int code = self->request->head.status;
    if (self->operation->between == NULL)
        return weft__path_failure(code, self->operation->verb, self->path.text);
    return weft__system_failure(code, "cannot %s %s %s %s", self->operation->verb,
                                weft__path_shown(self->path.text, path), self->operation->between,
                                weft__path_shown(self->other.text, other));
}

static weft_value finish(struct path_call *self) {
    const path_operation *operation = self->operation;
    if (self->request->head.status < 0)
        return failure_of(self);
    return operation->finish == NULL ? weft_none() : operation->finish(self);
}

static weft_async(path_call) {
    weft_begin(path_call);
    self->value = begin(self);
    if (self->value.kind == WEFT_FAILURE)
        weft_return(self->value);
    WEFT__AWAIT_REQUEST(&self->request->head, "a file");
    weft_return(finish(self));
    weft_drop();
    weft__fs_leave(self->request);
    weft__path_free(&self->path);
    weft__path_free(&self->other);
    weft_end();
}

#define OPERATION(name, verb_of_it, between_paths, finish_it, ...)                      \
    static int begin_##name(const struct path_call *self, uv_loop_t *uv, uv_fs_t *fs) { \
        return uv_fs_##name(uv, fs, __VA_ARGS__, weft__fs_ended);                       \
    }                                                                                   \
    static const path_operation name##_operation = {                                    \
        .verb = (verb_of_it), .between = (between_paths), .begin = begin_##name, .finish = (finish_it)}

static weft_value give_status(struct path_call *self) {
    weft__fill_status(self->status, &self->request->fs.statbuf);
    return weft_none();
}

static weft_value give_text(struct path_call *self) {
    return weft__text_value(self->request->fs.ptr);
}

OPERATION(stat, "look at", NULL, give_status, self->path.text);
OPERATION(lstat, "look at", NULL, give_status, self->path.text);
OPERATION(access, "access", NULL, NULL, self->path.text, self->number);
OPERATION(realpath, "find", NULL, give_text, self->path.text);
OPERATION(readlink, "read the link", NULL, give_text, self->path.text);
OPERATION(unlink, "remove", NULL, NULL, self->path.text);
OPERATION(rename, "rename", "to", NULL, self->path.text, self->other.text);
OPERATION(link, "link", "as", NULL, self->path.text, self->other.text);
OPERATION(symlink, "link", "as", NULL, self->path.text, self->other.text, 0);
OPERATION(copyfile, "copy", "to", NULL, self->path.text, self->other.text, self->number);
OPERATION(chmod, "set the permissions of", NULL, NULL, self->path.text, self->number);
OPERATION(utime, "set the times of", NULL, NULL, self->path.text, self->accessed, self->modified);
OPERATION(mkdir, "create the directory", NULL, NULL, self->path.text, 0777);
OPERATION(rmdir, "remove the directory", NULL, NULL, self->path.text);

struct refuse_path {
    weft_frame frame;
    const char *words;
};

static weft_async(refuse_path) {
    weft_begin(refuse_path);
    weft_raise(WEFT_INVALID_ARGUMENT, "%s", self->words);
    weft_end();
}

static weft_coroutine *ask_status(const path_operation *operation, const char *path,
                                  weft_file_status *status) {
    if (status == NULL)
        return weft_call(refuse_path, .words = "what is known of a file needs a place, not NULL");
    return weft_call(path_call, .operation = operation, .path = weft__path_of(path), .status = status);
}

weft_coroutine *weft_file_stat(const char *path, weft_file_status *status) {
    return ask_status(&stat_operation, path, status);
}

weft_coroutine *weft_file_lstat(const char *path, weft_file_status *status) {
    return ask_status(&lstat_operation, path, status);
}

weft_coroutine *weft_file_access(const char *path, int mode) {
    return weft_call(path_call, .operation = &access_operation, .path = weft__path_of(path), .number = mode);
}

struct path_exists {
    weft_frame frame;
    weft__path path;
    const weft_error *error;
};

static bool is_missing(const weft_error *error) {
    const char *system = error->system;
    return system != NULL && (strcmp(system, "ENOENT") == 0 || strcmp(system, "ENOTDIR") == 0);
}

static weft_async(path_exists) {
    weft_begin(path_exists);
    weft_try {
        if (weft__path_refusal(&self->path) != NULL)
            weft_raise_error(weft__path_refusal(&self->path));
        weft_await(weft_file_access(self->path.text, 0));
    }
    weft_catch(self->error) {
        if (is_missing(self->error))
            weft_return((bool)false);
        weft_reraise;
    }
    weft_return((bool)true);
    weft_drop();
    weft__path_free(&self->path);
    weft_end();
}

weft_coroutine *weft_file_exists(const char *path) {
    return weft_call(path_exists, .path = weft__path_of(path));
}

weft_coroutine *weft_file_real_path(const char *path) {
    return weft_call(path_call, .operation = &realpath_operation, .path = weft__path_of(path));
}

weft_coroutine *weft_file_remove(const char *path) {
    return weft_call(path_call, .operation = &unlink_operation, .path = weft__path_of(path));
}

weft_coroutine *weft_file_rename(const char *from, const char *to) {
    return weft_call(path_call, .operation = &rename_operation, .path = weft__path_of(from),
                     .other = weft__path_of(to));
}

weft_coroutine *weft_file_link(const char *path, const char *name) {
    return weft_call(path_call, .operation = &link_operation, .path = weft__path_of(path),
                     .other = weft__path_of(name));
}

weft_coroutine *weft_file_symlink(const char *target, const char *path) {
    return weft_call(path_call, .operation = &symlink_operation, .path = weft__path_of(target),
                     .other = weft__path_of(path));
}

weft_coroutine *weft_file_readlink(const char *path) {
    return weft_call(path_call, .operation = &readlink_operation, .path = weft__path_of(path));
}

struct copy_file {
    weft_frame frame;
    weft__path path, other;
    bool exclusive;
    weft_file_status from, to;
    const weft_error *error;
};

/* A named pipe would keep one of libuv's threads, and the end of the program, until somebody comes to its
 * other end, so it is refused, as shutil does. */
static weft_async(copy_file) {
    weft_begin(copy_file);
    weft_try {
        weft_await(weft_file_stat(self->path.text, &self->from));
        weft_await(weft_file_stat(self->other.text, &self->to));
    }
    weft_catch_code(WEFT_SYSTEM, self->error) {
        /* The copying says it, if it matters. */
    }
    if (self->from.kind == WEFT_FILE_PIPE || self->to.kind == WEFT_FILE_PIPE) {
        char path[SHOWN_SIZE], other[SHOWN_SIZE];
        weft_raise(WEFT_INVALID_ARGUMENT, "cannot copy %s to %s: %s is a named pipe",
                   weft__path_shown(self->path.text, path), weft__path_shown(self->other.text, other),
                   self->from.kind == WEFT_FILE_PIPE ? "the first" : "the second");
    }
    weft_await(weft_call(path_call, .operation = &copyfile_operation, .path = weft__path_of(self->path.text),
                         .other = weft__path_of(self->other.text),
                         .number = self->exclusive ? UV_FS_COPYFILE_EXCL : 0));
    weft_drop();
    weft__path_free(&self->path);
    weft__path_free(&self->other);
    weft_end();
}

weft_coroutine *weft_file_copy(const char *from, const char *to, bool exclusive) {
    return weft_call(copy_file, .path = weft__path_of(from), .other = weft__path_of(to),
                     .exclusive = exclusive);
}

weft_coroutine *weft_file_set_permissions(const char *path, int permissions) {
    return weft_call(path_call, .operation = &chmod_operation, .path = weft__path_of(path),
                     .number = permissions);
}

weft_coroutine *weft_file_set_times(const char *path, double accessed, double modified) {
    return weft_call(path_call, .operation = &utime_operation, .path = weft__path_of(path),
                     .accessed = accessed, .modified = modified);
}

weft_coroutine *weft_directory_create(const char *path) {
    return weft_call(path_call, .operation = &mkdir_operation, .path = weft__path_of(path));
}

weft_coroutine *weft_directory_remove(const char *path) {
    return weft_call(path_call, .operation = &rmdir_operation, .path = weft__path_of(path));
}

/* --- Jobs --- */

static void free_job(weft__request *head) {
    free(head);
}

void *weft__job_new(weft_uv *host, size_t size, int (*run)(weft__job *self)) {
    weft__job *self = weft__request_new(size, host, free_job);
    if (self == NULL)
        return NULL;
    self->run = run;
    self->work.data = self;
    atomic_init(&self->cancelled, false);
    return self;
}

static void run_job(uv_work_t *work) {
    weft__job *self = work->data;
    self->code = self->run(self);
}

static void end_job(uv_work_t *work, int status) {
    weft__job *self = work->data;
    weft__request_end(&self->head, status < 0 ? status : self->code);
}

void weft__job_begin(weft__job *self) {
    int code = uv_queue_work(self->head.host->uv, &self->work, run_job, end_job);
    weft__request_begin(&self->head, (uv_req_t *)&self->work, code);
}

void weft__job_leave(weft__job *self) {
    if (self == NULL)
        return;
    if (self->head.pending)
        atomic_store(&self->cancelled, true);
    weft__request_leave(&self->head);
}
