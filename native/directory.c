#define _DEFAULT_SOURCE /* for DT_DIR, and for uv.h */

/* Directories: what is in them, making and removing them. */

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- What is in one --- */

enum { ENTRIES = 128 }; /* to ask for at a time */

/* The directory and the request on it, under way one after the other. */
typedef struct scanning {
    weft__fs fs;
    uv_dir_t *directory;
    uv_dirent_t entries[ENTRIES];
} scanning;

static void free_scan(weft__request *head) {
    scanning *self = (scanning *)(void *)head;
    uv_fs_t fs;
    if (self->fs.fs.fs_type == UV_FS_OPENDIR && head->status >= 0 && self->directory == NULL)
        self->directory = self->fs.fs.ptr; /* which came too late */
    uv_fs_req_cleanup(&self->fs.fs);
    if (self->directory != NULL) {
        uv_fs_closedir(NULL, &fs, self->directory, NULL);
        uv_fs_req_cleanup(&fs);
    }
    free(self);
}

struct directory_scan {
    weft_frame frame;
    weft__path path;
    scanning *scan;
    int at, count;
    weft_directory_entry entry;
    weft_file_status status;
    const weft_error *error;
    char *name; /* the entry's whole path, of malloc's memory */
};

static weft_file_kind kind_of(uv_dirent_type_t type) {
    static const weft_file_kind kinds[] = {
        [UV_DIRENT_UNKNOWN] = WEFT_FILE_UNKNOWN, [UV_DIRENT_FILE] = WEFT_FILE_REGULAR,
        [UV_DIRENT_DIR] = WEFT_FILE_DIRECTORY,   [UV_DIRENT_LINK] = WEFT_FILE_LINK,
        [UV_DIRENT_FIFO] = WEFT_FILE_PIPE,       [UV_DIRENT_SOCKET] = WEFT_FILE_SOCKET,
        [UV_DIRENT_CHAR] = WEFT_FILE_CHARACTERS, [UV_DIRENT_BLOCK] = WEFT_FILE_BLOCKS,
    };
    return kinds[type];
}

static const weft_error *begin_scan(struct directory_scan *self) {
    const weft_error *error = weft__path_refusal(&self->path);
    weft_uv *host = error == NULL ? weft__uv_here(&error) : NULL;
    if (error != NULL)
        return error;
    self->scan = weft__request_new(sizeof *self->scan, host, free_scan);
    if (self->scan == NULL)
        return &weft_error_out_of_memory;
    uv_fs_t *fs = &self->scan->fs.fs;
    fs->data = self->scan;
    weft__fs_begun(&self->scan->fs, uv_fs_opendir(host->uv, fs, self->path.text, weft__fs_ended));
    return NULL;
}

static void begin_read(struct directory_scan *self) {
    scanning *scan = self->scan;
    uv_fs_t *fs = &scan->fs.fs;
    if (scan->directory == NULL)
        scan->directory = fs->ptr;
    uv_fs_req_cleanup(fs);
    scan->directory->dirents = scan->entries;
    scan->directory->nentries = ENTRIES;
    weft__fs_begun(&scan->fs, uv_fs_readdir(scan->fs.head.host->uv, fs, scan->directory, weft__fs_ended));
}

static weft_value failure_of(const struct directory_scan *self) {
    return weft__path_failure(self->scan->fs.head.status, "scan the directory", self->path.text);
}

/* Some file systems do not tell what an entry is. */
static bool must_look(struct directory_scan *self) {
    const uv_dirent_t *entry = &self->scan->entries[self->at];
    self->entry = (weft_directory_entry){.name = entry->name, .kind = kind_of(entry->type)};
    return self->entry.kind == WEFT_FILE_UNKNOWN;
}

static const char *whole_name(struct directory_scan *self) {
    size_t size = strlen(self->path.text) + strlen(self->entry.name) + sizeof "/";
    free(self->name);
    self->name = malloc(size);
    if (self->name != NULL)
        snprintf(self->name, size, "%s/%s", self->path.text, self->entry.name);
    return self->name;
}

static weft_async(directory_scan) {
    weft_begin(directory_scan);
    self->error = begin_scan(self);
    if (self->error != NULL)
        weft_raise_error(self->error);
    for (;;) {
        WEFT__AWAIT_REQUEST(&self->scan->fs.head, "a directory");
        if (self->scan->fs.head.status < 0)
            weft_return(failure_of(self));
        self->count = self->scan->fs.fs.fs_type == UV_FS_READDIR ? (int)self->scan->fs.fs.result : -1;
        if (self->count == 0)
            break;
        for (self->at = 0; self->at < self->count; self->at++) {
            weft_try {
                if (must_look(self)) {
                    weft_await(weft_file_lstat(whole_name(self), &self->status));
                    self->entry.kind = self->status.kind;
                }
            }
            weft_catch_code(WEFT_SYSTEM, self->error) {
                self->entry.kind = WEFT_FILE_UNKNOWN; /* it went meanwhile */
            }
            weft_yield(&self->entry);
        }
        begin_read(self);
    }
    weft_drop();
    if (self->scan != NULL)
        weft__fs_leave(&self->scan->fs);
    weft__path_free(&self->path);
    free(self->name);
    weft_end();
}

weft_coroutine *weft_directory_scan(const char *path) {
    return weft_call(directory_scan, .path = weft__path_of(path));
}

/* --- One that nobody else has --- */

struct directory_temporary {
    weft_frame frame;
    weft__path prefix;
    char *template;
    weft__fs *request;
    const weft_error *error;
};

static void free_temporary(weft__request *head) {
    weft__fs *self = (weft__fs *)(void *)head;
    uv_fs_t fs;
    if (head->status >= 0 && self->fs.result >= 0 && self->fs.path != NULL) { /* nobody took it */
        uv_fs_rmdir(NULL, &fs, self->fs.path, NULL);
        uv_fs_req_cleanup(&fs);
    }
    weft__fs_free(head);
}

static const weft_error *begin_temporary(struct directory_temporary *self) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    if (error == NULL && !self->prefix.missing)
        error = weft__path_refusal(&self->prefix);
    if (error != NULL)
        return error;
    self->template = weft__temporary_template(self->prefix.text);
    self->request = weft__fs_new(host, free_temporary);
    if (self->template == NULL || self->request == NULL)
        return &weft_error_out_of_memory;
    weft__fs_begun(self->request,
                   uv_fs_mkdtemp(host->uv, &self->request->fs, self->template, weft__fs_ended));
    return NULL;
}

static weft_value finish_temporary(struct directory_temporary *self) {
    weft__fs *request = self->request;
    if (request->head.status < 0)
        return weft__path_failure(request->head.status, "create the directory", self->template);
    weft_value value = weft__text_value(request->fs.path);
    if (value.kind != WEFT_FAILURE)
        request->fs.result = -1; /* taken */
    return value;
}

static weft_async(directory_temporary) {
    weft_begin(directory_temporary);
    self->error = begin_temporary(self);
    if (self->error != NULL)
        weft_raise_error(self->error);
    WEFT__AWAIT_REQUEST(&self->request->head, "a directory");
    weft_return(finish_temporary(self));
    weft_drop();
    weft__fs_leave(self->request);
    weft__path_free(&self->prefix);
    free(self->template);
    weft_end();
}

weft_coroutine *weft_directory_create_temporary(const char *prefix) {
    return weft_call(directory_temporary, .prefix = weft__path_of(prefix));
}

/* --- Functions in threads --- */

typedef struct tree_job {
    weft__job job;
    char at[256]; /* the name in it at which something went wrong, or "" */
    char path[1]; /* in truth as long as it is */
} tree_job;

struct directory_tree {
    weft_frame frame;
    weft__path path;
    int (*run)(weft__job *job);
    const char *verb;
    tree_job *tree;
    const weft_error *error;
};

static const weft_error *begin_tree(struct directory_tree *self) {
    const weft_error *error = weft__path_refusal(&self->path);
    weft_uv *host = error == NULL ? weft__uv_here(&error) : NULL;
    if (error != NULL)
        return error;
    size_t length = strlen(self->path.text);
    self->tree = weft__job_new(host, sizeof *self->tree + length, self->run);
    if (self->tree == NULL)
        return &weft_error_out_of_memory;
    memcpy(self->tree->path, self->path.text, length + 1);
    weft__job_begin(&self->tree->job);
    return NULL;
}

static weft_value failure_of_tree(const struct directory_tree *self) {
    const tree_job *tree = self->tree;
    char path[SHOWN_SIZE], at[SHOWN_SIZE];
    int code = tree->job.head.status;
    if (tree->at[0] == '\0')
        return weft__path_failure(code, self->verb, self->path.text);
    return weft__system_failure(code, "cannot %s %s, for %s in it", self->verb,
                                weft__path_shown(self->path.text, path), weft__path_shown(tree->at, at));
}

static weft_async(directory_tree) {
    weft_begin(directory_tree);
    self->error = begin_tree(self);
    if (self->error != NULL)
        weft_raise_error(self->error);
    WEFT__AWAIT_REQUEST(&self->tree->job.head, "a directory");
    if (self->tree->job.head.status < 0)
        weft_return(failure_of_tree(self));
    weft_drop();
    if (self->tree != NULL)
        weft__job_leave(&self->tree->job);
    weft__path_free(&self->path);
    weft_end();
}

static int error_now(void) {
    return uv_translate_sys_error(errno);
}

/* --- Making all above it --- */

static bool is_directory(const char *path) {
    struct stat known;
    return stat(path, &known) == 0 && S_ISDIR(known.st_mode);
}

/* Somebody else may make the same at the same time: what is there is good. */
static int create_one(const char *path) {
    if (mkdir(path, 0777) == 0)
        return 0;
    int code = error_now();
    return code != UV_ENOENT && is_directory(path) ? 0 : code;
}

/* Downwards from the first that is missing. */
static int create_all(weft__job *job) {
    char *path = ((tree_job *)(void *)job)->path;
    int code = create_one(path);
    if (code != UV_ENOENT)
        return code;
    for (char *at = path + (path[0] == '/'); *at != '\0'; at++) {
        if (*at != '/' || at[1] == '/' || at[1] == '\0')
            continue;
        *at = '\0';
        code = create_one(path);
        *at = '/';
        if (code < 0)
            return code;
    }
    return create_one(path);
}

weft_coroutine *weft_directory_create_all(const char *path) {
    return weft_call(directory_tree, .path = weft__path_of(path), .run = create_all,
                     .verb = "create the directory");
}

/* --- Removing all in it --- */

/*
 * Where it is: a directory, and which ones are above. Only one is open at a time, however deep it is. Going
 * up, it makes sure that what is above is still what it came from.
 */
typedef struct tree_place {
    DIR *directory;
    struct level {
        dev_t device;
        ino_t file;
        char name[256]; /* in the level above */
    } * levels;
    size_t depth, room;
} tree_place;

static int descend(tree_place *self, int above, const char *name) {
    struct stat known;
    if (self->depth == self->room) {
        size_t room = self->room == 0 ? 16 : self->room * 2;
        struct level *levels = realloc(self->levels, room * sizeof *levels);
        if (levels == NULL)
            return UV_ENOMEM;
        self->levels = levels;
        self->room = room;
    }
    struct level *level = &self->levels[self->depth];
    snprintf(level->name, sizeof level->name, "%s", name);
    int descriptor = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0)
        return error_now();
    DIR *directory = fstat(descriptor, &known) == 0 ? fdopendir(descriptor) : NULL;
    if (directory == NULL) {
        int code = error_now();
        close(descriptor);
        return code;
    }
    level->device = known.st_dev;
    level->file = known.st_ino;
    if (self->directory != NULL)
        closedir(self->directory);
    self->directory = directory;
    self->depth++;
    return 0;
}

/* Out of the directory, which is empty, and it goes. */
static int ascend(tree_place *self) {
    struct stat known;
    const struct level *level = &self->levels[self->depth - 2];
    int above = openat(dirfd(self->directory), "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (above < 0)
        return error_now();
    bool same = fstat(above, &known) == 0 && known.st_dev == level->device && known.st_ino == level->file;
    DIR *directory = same ? fdopendir(above) : NULL;
    if (directory == NULL) {
        int code = same ? error_now() : UV_EBUSY; /* somebody moves what is being removed */
        close(above);
        return code;
    }
    closedir(self->directory);
    self->directory = directory;
    self->depth--;
    return unlinkat(above, self->levels[self->depth].name, AT_REMOVEDIR) == 0 ? 0 : error_now();
}

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes what can be removed at once; at the first directory it goes in there. `*empty`: nothing was left.
 */
static int remove_entries(tree_job *self, tree_place *place, bool *empty) {
    const struct dirent *entry;
    for (;;) {
        errno = 0;
        entry = readdir(place->directory);
        *empty = entry == NULL && errno == 0;
        if (entry == NULL)
            return error_now();
        if (is_dots(entry->d_name))
            continue;
        if (atomic_load(&self->job.cancelled))
            return UV_ECANCELED;
        int descriptor = dirfd(place->directory);
        snprintf(self->at, sizeof self->at, "%s", entry->d_name);
        if (entry->d_type != DT_DIR && unlinkat(descriptor, entry->d_name, 0) == 0)
            continue;
        if (entry->d_type != DT_DIR && errno == ENOENT) /* somebody else was faster */
            continue;
        int refused = entry->d_type == DT_DIR ? 0 : error_now();
        if (refused != 0 && refused != UV_EISDIR && refused != UV_EPERM) /* what it is for a directory */
            return refused;
        int code = descend(place, descriptor, self->at);
        return code == UV_ENOTDIR && refused != 0 ? refused : code;
    }
}

static int remove_within(tree_job *self, tree_place *place) {
    bool empty;
    for (;;) {
        int code = remove_entries(self, place, &empty);
        if (code < 0)
            return code;
        if (!empty)
            continue;
        if (place->depth == 1)
            return 0;
        snprintf(self->at, sizeof self->at, "%s", place->levels[place->depth - 1].name);
        code = ascend(place);
        if (code < 0)
            return code;
    }
}

static int remove_all(weft__job *job) {
    tree_job *self = (tree_job *)(void *)job;
    tree_place place = {.directory = NULL};
    struct stat known;
    if (lstat(self->path, &known) < 0)
        return error_now();
    if (!S_ISDIR(known.st_mode))
        return unlink(self->path) == 0 ? 0 : error_now();
    int code = descend(&place, AT_FDCWD, self->path);
    if (code == 0)
        code = remove_within(self, &place);
    if (place.directory != NULL)
        closedir(place.directory);
    free(place.levels);
    if (code < 0)
        return code;
    self->at[0] = '\0';
    return rmdir(self->path) == 0 ? 0 : error_now();
}

weft_coroutine *weft_directory_remove_all(const char *path) {
    return weft_call(directory_tree, .path = weft__path_of(path), .run = remove_all, .verb = "remove");
}
