#ifndef WEFT_NATIVE_OPEN_FILE_H
#define WEFT_NATIVE_OPEN_FILE_H

/*
 * An open file from the inside. Its memory is malloc's, and goes when it is closed, no thread works on it and
 * no coroutine made for it is left.
 *
 * The position is the file's own, not the descriptor's: then a read that was cancelled, and comes in the
 * thread all the same, has moved nothing. What it read goes to the input, where the next one finds it. One
 * operation at a time is under way for the position, its request part of the file; one that was abandoned is
 * waited for by the next. What has no positions, a pipe or a terminal, is read and written without blocking,
 * and libuv polls it.
 */

#include "file.h"

enum {
    FILE_CHUNK = 65536,         /* bytes to read ahead */
    FILE_MOST_AT_ONCE = 1 << 20 /* bytes that a thread reads or writes at a time */
};

typedef struct weft__positioned weft__positioned;

struct weft_file {
    weft__opened opened; /* first */
    weft_uv *host;
    uv_file descriptor;
    uint32_t users;              /* coroutines made for it */
    uint32_t threads;            /* requests under way */
    weft__request request;       /* of the one operation at the position … */
    uv_fs_t fs;                  /* … its status is the bytes read or written */
    weft__waiting ready;         /* for the poller */
    struct poller *poller;       /* NULL: never needed */
    weft__positioned *elsewhere; /* requests that tasks wait for */
    char *input;                 /* read ahead, or NULL */
    size_t start, end, room;
    size_t limit;
    int64_t position; /* of the next byte for the program */
    char *output;     /* what is being written, with its writer gone: freed at its end */
    int late;         /* how that failed; 0: it has not */
    bool seekable, appends;
    bool new_pipe; /* whose writer may be yet to come */
    bool busy;     /* a task has the position */
    bool closed;
    char path[1]; /* in truth as long as it is */
};

/* Requests of tasks of their own, elsewhere in the file. */
struct weft__positioned {
    weft__fs fs;
    weft_file *file;
    weft__positioned *next, **link; /* link NULL: no task waits for it */
    char data[1];                   /* in truth as much as it moves */
};

/* --- Life --- */

/* Closes it; of weft__opened. */
void weft__file_end(weft__opened *opened);
/* After anything that kept it has gone. */
void weft__file_let_go(weft_file *file);
/* What weft_with awaits. */
weft_coroutine *weft__file_exit(void *file, const weft_error *error);

/* Each coroutine made for a file counts from its call to its drop. NULL is allowed. */
weft_file *weft__file_use(weft_file *file);
void weft__file_unuse(weft_file *file);

extern const weft_error weft__file_closed;
const weft_error *weft__file_refusal(const weft_file *file); /* static; NULL if it can be used here */
weft_value weft__file_failure(const weft_file *file, const char *verb, int code);

/* --- The position --- */

/* Has the position from `enter` to `leave`, which stands behind weft_drop. */
typedef struct weft__file_turn {
    weft_file *file;
    const weft_error *refusal; /* why it has not */
    bool entered;
} weft__file_turn;

bool weft__file_enter(weft__file_turn *self);
void weft__file_leave(weft__file_turn *self);

/* For libuv's call: its callback, or the last step of that, and what it returned. */
void weft__file_ended(uv_fs_t *fs);
void weft__file_begun(weft_file *file, int code);

/* The code of what went wrong, or 0: then a task can wait for `ready`. */
int weft__file_poll(weft_file *file, int events);

/* For what is under way at the position. */
#define WEFT__AWAIT_POSITION(file)                       \
    do {                                                 \
        WEFT__AWAIT_REQUEST(&(file)->request, "a file"); \
        if ((file)->closed)                              \
            weft_raise_error(&weft__file_closed);        \
    } while (0)

/* One that was cancelled may have left something under way. */
#define WEFT__ENTER_FILE(turn)                \
    do {                                      \
        if (!weft__file_enter(&(turn)))       \
            weft_raise_error((turn).refusal); \
        WEFT__AWAIT_POSITION((turn).file);    \
    } while (0)

#define WEFT__AWAIT_READY(file, events)                             \
    do {                                                            \
        (file)->request.status = weft__file_poll((file), (events)); \
        if ((file)->request.status < 0)                             \
            break;                                                  \
        WEFT__WAIT_OUTSIDE(&(file)->ready, "a file");               \
        if ((file)->closed)                                         \
            weft_raise_error(&weft__file_closed);                   \
    } while (0)

/* --- What was read ahead, or written too late --- */

static inline size_t weft__file_available(const weft_file *self) {
    return self->end - self->start;
}

void weft__file_drop_input(weft_file *file);
/* The same where there are positions, since it can be read again. */
void weft__file_forget_input(weft_file *file);

/* How a write has failed that was cancelled, or 0: told once. */
int weft__file_take_late(weft_file *file);

#endif
