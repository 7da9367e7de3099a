#ifndef WEFT_NATIVE_FILE_H
#define WEFT_NATIVE_FILE_H

/* What the files on files share. */

#include "outside.h"

#include <stdatomic.h>
#include <weft/file.h>

/* --- Paths in words --- */

enum { SHOWN_SIZE = 200 };

/* The path for a message: at most its last bytes, without what would disturb a terminal. Into a buffer of
 * SHOWN_SIZE. */
const char *weft__path_shown(const char *path, char *buffer);

/* A path that a coroutine was given, copied at the call. */
typedef struct weft__path {
    char *text;   /* of the loop's memory, or NULL */
    bool missing; /* NULL was given */
} weft__path;

weft__path weft__path_of(const char *path);
const weft_error *weft__path_refusal(const weft__path *path); /* static; NULL if it is one */
void weft__path_free(weft__path *path);

/* "cannot open notes.txt: no such file or directory (ENOENT)" */
weft_value weft__path_failure(int code, const char *verb, const char *path);

/* --- One of libuv's calls --- */

typedef struct weft__fs {
    weft__request head;
    uv_fs_t fs;
} weft__fs;

/* NULL without memory. `free` may be NULL if there is no outcome that would have to be undone. */
weft__fs *weft__fs_new(weft_uv *host, void (*free)(weft__request *self));

/* For libuv's call: its callback, and what that returned. */
void weft__fs_ended(uv_fs_t *fs);
void weft__fs_begun(weft__fs *self, int code);

/* How most are freed; the last step of others. */
void weft__fs_free(weft__request *head);

/* NULL is allowed. */
void weft__fs_leave(weft__fs *self);

/* The folder for temporary files, or `prefix`, and six X in malloc's memory; NULL without. */
char *weft__temporary_template(const char *prefix);

void weft__fill_status(weft_file_status *status, const uv_stat_t *from);

/* A string of the loop's for the taker; out-of-memory if there is none. */
weft_value weft__text_value(const char *text);

/* --- A function in a thread, for what takes many calls --- */

typedef struct weft__job {
    weft__request head;
    uv_work_t work;
    int (*run)(struct weft__job *self); /* 0 or a code of libuv's */
    atomic_bool cancelled;              /* nobody waits for it any more */
    int code;
} weft__job;

/* Zeroed but for the head; NULL without memory. It is freed as one block. */
void *weft__job_new(weft_uv *host, size_t size, int (*run)(weft__job *self));
void weft__job_begin(weft__job *self);
void weft__job_leave(weft__job *self); /* NULL is allowed */

#endif
