#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * An open file. Its memory is malloc's, and goes when it is closed, no thread works on it and no coroutine
 * made for it is left.
 *
 * The position is the file's own, not the descriptor's: then a read that was cancelled, and comes in the
 * thread all the same, has moved nothing. What it read goes to the input, where the next one finds it. One
 * operation at a time is under way for the position, its request part of the file; one that was abandoned is
 * waited for by the next. What has no positions, a pipe or a terminal, is read and written without blocking,
 * and libuv polls it.
 */

#include "file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 65536,         /* bytes to read ahead */
    MOST_AT_ONCE = 1 << 20 /* bytes that a thread reads or writes at a time */
};

typedef struct positioned positioned;

struct weft_file {
    weft__opened opened; /* first */
    weft_uv *host;
    uv_file descriptor;
    uint32_t users;        /* coroutines made for it */
    uint32_t threads;      /* requests under way */
    weft__request request; /* of the one operation at the position … */
    uv_fs_t fs;            /* … its status is the bytes read or written */
    weft__waiting ready;   /* for the poller */
    struct poller *poller; /* NULL: never needed */
    positioned *elsewhere; /* requests that tasks wait for */
    char *input;           /* read ahead, or NULL */
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

/* --- Being polled --- */

typedef struct poller {
    uv_poll_t handle;
    weft_uv *host;
} poller;

static void on_poller_closed(uv_handle_t *handle) {
    poller *self = (poller *)(void *)handle;
    weft_uv *host = self->host;
    free(self);
    weft__uv_handle_closed(host);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
    weft_file *file = handle->data;
    (void)status; /* the next read or write finds out itself */
    (void)events;
    uv_poll_stop(handle);
    weft__waiting_end(&file->ready);
}

static int make_poller(weft_file *file) {
    poller *self = malloc(sizeof *self);
    if (self == NULL)
        return UV_ENOMEM;
    int code = uv_poll_init(file->host->uv, &self->handle, file->descriptor);
    if (code < 0) {
        free(self);
        return code;
    }
    self->host = file->host;
    self->handle.data = file;
    file->poller = self;
    return 0;
}

/* The code of what went wrong, or 0: then a task can wait for `ready`. */
static int poll_for(weft_file *file, int events) {
    int code = file->poller != NULL ? 0 : make_poller(file);
    return code < 0 ? code : uv_poll_start(&file->poller->handle, events, on_poll);
}

/* --- Closing --- */

/* Requests of tasks of their own, elsewhere in the file. */
struct positioned {
    weft__fs fs;
    weft_file *file;
    positioned *next, **link; /* link NULL: no task waits for it */
    char data[1];             /* in truth as much as it moves */
};

static void close_descriptor(weft_file *self) {
    uv_fs_t fs;
    if (self->descriptor < 0)
        return;
    uv_fs_close(NULL, &fs, self->descriptor, NULL);
    uv_fs_req_cleanup(&fs);
    self->descriptor = -1;
}

/* After anything that kept it has gone. */
static void let_go(weft_file *self) {
    if (!self->closed || self->threads > 0)
        return;
    close_descriptor(self);
    if (self->users > 0)
        return;
    free(self->input);
    free(self);
}

static void close_file(weft__opened *opened) {
    weft_file *self = (weft_file *)(void *)opened;
    if (self->closed)
        return;
    self->closed = true;
    weft__open_ends(opened);
    if (self->poller != NULL)
        weft__close_handle(self->host, (uv_handle_t *)&self->poller->handle, on_poller_closed);
    weft__waiting_end(&self->ready);
    weft__waiting_end(&self->request.waiting);
    for (positioned *request = self->elsewhere; request != NULL; request = request->next)
        weft__waiting_end(&request->fs.head.waiting);
    let_go(self);
}

void weft_file_close(weft_file *self) {
    if (self != NULL)
        close_file(&self->opened);
}

static void release_file(void *file) {
    weft_file_close(file);
}

/* --- Coroutines on it --- */

static weft_file *use(weft_file *file) {
    if (file != NULL)
        file->users++;
    return file;
}

static void unuse(weft_file *file) {
    if (file == NULL)
        return;
    file->users--;
    let_go(file);
}

static const weft_error closed_file = {.code = WEFT_INVALID_STATE, .message = "the file is closed"};

static const weft_error *refusal_of(const weft_file *file) {
    static const weft_error none = {.code = WEFT_INVALID_ARGUMENT, .message = "a file is needed, not NULL"};
    static const weft_error foreign = {.code = WEFT_RUNTIME, .message = "the file is of another loop"};
    const weft_error *error = NULL;
    if (file == NULL)
        return &none;
    if (file->closed)
        return &closed_file;
    weft_uv *here = weft__uv_here(&error);
    return error == NULL && here != file->host ? &foreign : error;
}

/* Has the position from `enter` to `leave`, which stands behind weft_drop. */
typedef struct turn {
    weft_file *file;
    const weft_error *refusal; /* why it has not */
    bool entered;
} turn;

static bool enter(turn *self) {
    static const weft_error busy = {.code = WEFT_RUNTIME,
                                    .message = "another task is using the file at its position"};
    self->refusal = refusal_of(self->file);
    if (self->refusal == NULL && self->file->busy)
        self->refusal = &busy;
    if (self->refusal != NULL)
        return false;
    self->entered = true;
    self->file->busy = true;
    return true;
}

static void leave(turn *self) {
    weft_file *file = self->file;
    if (self->entered) {
        weft__waiting_leave(&file->request.waiting);
        weft__waiting_leave(&file->ready);
        if (file->poller != NULL && !file->closed)
            uv_poll_stop(&file->poller->handle);
        file->busy = false;
    }
    unuse(file);
}

/* For what is under way at the position. */
#define AWAIT_POSITION(file)                   \
    do {                                       \
        WEFT__AWAIT_REQUEST(&(file)->request); \
        if ((file)->closed)                    \
            weft_raise_error(&closed_file);    \
    } while (0)

/* One that was cancelled may have left something under way. */
#define ENTER(turn)                           \
    do {                                      \
        if (!enter(&(turn)))                  \
            weft_raise_error((turn).refusal); \
        AWAIT_POSITION((turn).file);          \
    } while (0)

#define AWAIT_READY(file, events)                            \
    do {                                                     \
        (file)->request.status = poll_for((file), (events)); \
        if ((file)->request.status < 0)                      \
            break;                                           \
        WEFT__WAIT_OUTSIDE(&(file)->ready);                  \
        if ((file)->closed)                                  \
            weft_raise_error(&closed_file);                  \
    } while (0)

static weft_value failure_of(const weft_file *file, const char *verb, int code) {
    return weft__path_failure(code, verb, file->path);
}

/* --- Requests at the position --- */

static void begun(weft_file *self, int code) {
    weft__request_begin(&self->request, (uv_req_t *)&self->fs, code);
    self->threads += self->request.pending;
    if (!self->request.pending)
        uv_fs_req_cleanup(&self->fs);
}

/* Whoever waited has what came by the status. */
static void on_ended(uv_fs_t *fs) {
    weft_file *self = fs->data;
    int status = (int)fs->result;
    uv_fs_req_cleanup(fs);
    self->threads--;
    if (self->output != NULL) {
        free(self->output);
        self->output = NULL;
        self->late = status < 0 && status != UV_ECANCELED ? status : self->late;
    }
    weft__request_end(&self->request, status);
    let_go(self);
}

static void on_read(uv_fs_t *fs) {
    weft_file *self = fs->data;
    if (fs->result > 0)
        self->end += (size_t)fs->result;
    on_ended(fs);
}

static void on_written(uv_fs_t *fs) {
    weft_file *self = fs->data;
    if (fs->result > 0 && self->appends)
        self->position = lseek(self->descriptor, 0, SEEK_CUR);
    else if (fs->result > 0)
        self->position += fs->result;
    on_ended(fs);
}

static size_t available(const weft_file *self) {
    return self->end - self->start;
}

static void drop_input(weft_file *self) {
    free(self->input);
    self->input = NULL;
    self->start = self->end = self->room = 0;
}

/* It can be read again, where there are positions. */
static void forget_input(weft_file *self) {
    if (self->seekable)
        drop_input(self);
}

static void consume(weft_file *self, size_t size) {
    self->start += size;
    self->position += (int64_t)size;
    if (available(self) > 0)
        return;
    self->start = self->end = 0;
    if (self->room > CHUNK)
        drop_input(self);
}

static bool make_room(weft_file *self, size_t wanted) {
    if (self->start > 0) {
        memmove(self->input, self->input + self->start, available(self));
        self->end -= self->start;
        self->start = 0;
    }
    if (self->room - self->end >= wanted)
        return true;
    char *input = realloc(self->input, self->end + wanted);
    if (input == NULL)
        return false;
    self->input = input;
    self->room = self->end + wanted;
    return true;
}

static void begin_fill(weft_file *self, size_t wanted) {
    if (!make_room(self, wanted)) {
        self->request.status = UV_ENOMEM;
        return;
    }
    uv_buf_t buffer = uv_buf_init(self->input + self->end, (unsigned)wanted);
    int64_t offset = self->seekable ? self->position + (int64_t)available(self) : -1;
    begun(self, uv_fs_read(self->host->uv, &self->fs, self->descriptor, &buffer, 1, offset, on_read));
}

/* Adds to the input; its value is whether anything came, or the end did. */
struct file_fill {
    weft_frame frame;
    weft_file *file; /* of who has entered */
    size_t wanted;
};

static weft_async(file_fill) {
    weft_begin(file_fill);
    if (self->file->new_pipe) {
        AWAIT_READY(self->file, UV_READABLE);
        self->file->new_pipe = false;
    }
    do {
        begin_fill(self->file, self->wanted);
        AWAIT_POSITION(self->file);
        if (self->file->request.status != UV_EAGAIN)
            break;
        AWAIT_READY(self->file, UV_READABLE);
    } while (self->file->request.status >= 0);
    if (self->file->request.status < 0)
        weft_return(failure_of(self->file, "read", self->file->request.status));
    weft_return(self->file->request.status > 0);
    weft_end();
}

static weft_coroutine *fill(weft_file *file, size_t wanted) {
    wanted = wanted < CHUNK ? CHUNK : wanted > MOST_AT_ONCE ? MOST_AT_ONCE : wanted;
    return weft_call(file_fill, .file = file, .wanted = wanted);
}

/* --- Reading --- */

struct file_read {
    weft_frame frame;
    turn turn;
    void *buffer;
    size_t size;
    bool more;
};

static size_t take_into(weft_file *file, void *buffer, size_t size) {
    size_t count = available(file) < size ? available(file) : size;
    if (count > 0)
        memcpy(buffer, file->input + file->start, count);
    consume(file, count);
    return count;
}

static weft_async(file_read) {
    weft_begin(file_read);
    ENTER(self->turn);
    if (self->buffer == NULL && self->size > 0)
        weft_raise(WEFT_INVALID_ARGUMENT, "a read needs a buffer, not NULL");
    if (available(self->turn.file) == 0 && self->size > 0)
        weft_await_to(self->more, fill(self->turn.file, self->size));
    weft_return(take_into(self->turn.file, self->buffer, self->size));
    weft_drop();
    leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_read(weft_file *file, void *buffer, size_t size) {
    return weft_call(file_read, .turn = {.file = use(file)}, .buffer = buffer, .size = size);
}

struct file_rest {
    weft_frame frame;
    turn turn;
    size_t limit;
    bool more;
};

static weft_value take_bytes(weft_file *file, size_t size) {
    weft_bytes *bytes = weft__bytes_new(file->input == NULL ? NULL : file->input + file->start, size);
    if (bytes != NULL)
        consume(file, size);
    return weft_owned_pointer(bytes, weft_free);
}

static weft_async(file_rest) {
    weft_begin(file_rest);
    ENTER(self->turn);
    do {
        weft_await_to(self->more, fill(self->turn.file, available(self->turn.file)));
        if (available(self->turn.file) > self->limit) {
            forget_input(self->turn.file);
            weft_raise(WEFT_LIMIT, "%s holds more than %zu bytes", self->turn.file->path, self->limit);
        }
    } while (self->more);
    weft_return(take_bytes(self->turn.file, available(self->turn.file)));
    weft_drop();
    leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_read_rest(weft_file *file, size_t limit) {
    return weft_call(file_rest, .turn = {.file = use(file)}, .limit = limit);
}

struct file_readline {
    weft_frame frame;
    turn turn;
    size_t searched; /* of the input: holds no end of a line */
    bool more;
};

/* Moves on to where the line's end is, or to the input's. */
static bool find_end(struct file_readline *self) {
    const weft_file *file = self->turn.file;
    const char *line = file->input == NULL ? NULL : file->input + file->start;
    const char *end =
        line == NULL ? NULL : memchr(line + self->searched, '\n', available(file) - self->searched);
    self->searched = end != NULL ? (size_t)(end - line) : available(file);
    return end != NULL;
}

static weft_value take_line(struct file_readline *self, bool ended) {
    weft_file *file = self->turn.file;
    size_t length = self->searched, size = length + ended;
    if (size == 0)
        return weft_none();
    const char *line = file->input + file->start;
    length -= ended && length > 0 && line[length - 1] == '\r';
    bool whole = memchr(line, '\0', length) == NULL;
    char *copy = whole ? weft_allocate(length + 1) : NULL;
    if (whole && copy == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    if (whole) {
        memcpy(copy, line, length);
        copy[length] = '\0';
    }
    consume(file, size);
    return whole ? weft_owned_string(copy, weft_free)
                 : weft_failure(WEFT_INVALID_ARGUMENT, "a line of %s has a zero byte", file->path);
}

static void skip_line(struct file_readline *self) {
    consume(self->turn.file, self->searched + (self->searched < available(self->turn.file)));
}

static weft_async(file_readline) {
    weft_begin(file_readline);
    ENTER(self->turn);
    self->more = true;
    while (!find_end(self) && self->searched <= self->turn.file->limit && self->more)
        weft_await_to(self->more, fill(self->turn.file, CHUNK));
    if (self->searched > self->turn.file->limit) {
        skip_line(self);
        weft_raise(WEFT_LIMIT, "a line of %s is longer than %zu bytes", self->turn.file->path,
                   self->turn.file->limit);
    }
    weft_return(take_line(self, self->searched < available(self->turn.file)));
    weft_drop();
    leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_readline(weft_file *file) {
    return weft_call(file_readline, .turn = {.file = use(file)});
}

void weft_file_set_limit(weft_file *file, size_t bytes) {
    if (file != NULL && bytes > 0)
        file->limit = bytes;
}

struct file_lines {
    weft_frame frame;
    weft_file *file;
    weft_value line;
};

static weft_async(file_lines) {
    weft_begin(file_lines);
    for (;;) {
        weft_await_to(self->line, weft_file_readline(self->file));
        if (self->line.kind == WEFT_NONE)
            break;
        weft_yield(self->line);
    }
    weft_drop();
    unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_lines(weft_file *file) {
    return weft_call(file_lines, .file = use(file));
}

struct file_chunk {
    weft_frame frame;
    turn turn;
    bool more;
};

static weft_async(file_chunk) {
    weft_begin(file_chunk);
    ENTER(self->turn);
    if (available(self->turn.file) == 0)
        weft_await_to(self->more, fill(self->turn.file, CHUNK));
    if (available(self->turn.file) > 0)
        weft_return(take_bytes(self->turn.file,
                               available(self->turn.file) < CHUNK ? available(self->turn.file) : CHUNK));
    weft_drop();
    leave(&self->turn);
    weft_end();
}

struct file_chunks {
    weft_frame frame;
    weft_file *file;
    weft_value chunk;
};

static weft_async(file_chunks) {
    weft_begin(file_chunks);
    for (;;) {
        weft_await_to(self->chunk, weft_call(file_chunk, .turn = {.file = use(self->file)}));
        if (self->chunk.kind == WEFT_NONE)
            break;
        weft_yield(self->chunk);
    }
    weft_drop();
    unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_chunks(weft_file *file) {
    return weft_call(file_chunks, .file = use(file));
}

/* --- Writing --- */

static char *copy_of(const void *data, size_t size) {
    char *copy = malloc(size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}

struct file_write {
    weft_frame frame;
    turn turn;
    bool missing; /* NULL was given */
    char *data;   /* malloc's; NULL: there was no memory */
    size_t size, done;
};

static void begin_write(struct file_write *self) {
    weft_file *file = self->turn.file;
    size_t size = self->size - self->done;
    uv_buf_t buffer =
        uv_buf_init(self->data + self->done, (unsigned)(size < MOST_AT_ONCE ? size : MOST_AT_ONCE));
    int64_t offset = file->seekable && !file->appends ? file->position : -1;
    begun(file, uv_fs_write(file->host->uv, &file->fs, file->descriptor, &buffer, 1, offset, on_written));
}

/* An earlier write that was cancelled has failed since. */
static int take_late(weft_file *file) {
    int late = file->late;
    file->late = 0;
    return late;
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
    ENTER(self->turn);
    self->turn.file->request.status = take_late(self->turn.file);
    forget_input(self->turn.file);
    while (self->done < self->size && self->turn.file->request.status >= 0) {
        begin_write(self);
        AWAIT_POSITION(self->turn.file);
        if (self->turn.file->request.status == UV_EAGAIN)
            AWAIT_READY(self->turn.file, UV_WRITABLE);
        else if (self->turn.file->request.status >= 0)
            self->done += (size_t)self->turn.file->request.status;
    }
    if (self->turn.file->request.status < 0)
        weft_return(failure_of(self->turn.file, "write to", self->turn.file->request.status));
    weft_drop();
    free_data(self);
    leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_write(weft_file *file, const void *data, size_t size) {
    bool missing = data == NULL && size > 0;
    return weft_call(file_write, .turn = {.file = use(file)}, .missing = missing,
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
    return weft_call(file_write, .turn = {.file = use(file)}, .data = text,
                     .size = length < 0 ? 0 : (size_t)length);
}

/* --- Elsewhere in the file --- */

static void end_wait(positioned *self) {
    if (self->link == NULL)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    self->link = NULL;
}

static positioned *new_positioned(weft_file *file, const void *data, size_t size) {
    positioned *self = weft__request_new(sizeof *self + size, file->host, weft__fs_free);
    if (self == NULL)
        return NULL;
    self->fs.fs.data = self;
    self->file = file;
    if (data != NULL)
        memcpy(self->data, data, size);
    return self;
}

static void on_positioned(uv_fs_t *fs) {
    positioned *self = fs->data;
    weft_file *file = self->file;
    int status = (int)fs->result;
    file->threads--;
    uv_fs_req_cleanup(fs);
    fs->data = self;
    weft__request_end(&self->fs.head, status);
    let_go(file);
}

static void begin_positioned(positioned *self, size_t at, size_t size, uint64_t offset, bool writes) {
    weft_file *file = self->file;
    uv_buf_t buffer = uv_buf_init(self->data + at, (unsigned)size);
    uv_loop_t *uv = file->host->uv;
    uv_fs_t *fs = &self->fs.fs;
    int code = writes ? uv_fs_write(uv, fs, file->descriptor, &buffer, 1, (int64_t)offset, on_positioned)
                      : uv_fs_read(uv, fs, file->descriptor, &buffer, 1, (int64_t)offset, on_positioned);
    weft__fs_begun(&self->fs, code);
    file->threads += self->fs.head.pending;
    if (self->link != NULL)
        return;
    self->next = file->elsewhere;
    self->link = &file->elsewhere;
    if (self->next != NULL)
        self->next->link = &self->next;
    file->elsewhere = self;
}

struct file_at {
    weft_frame frame;
    weft_file *file;
    positioned *request; /* of a write from the call on; NULL: there was no memory */
    void *buffer;        /* of a read; NULL: this is a write */
    size_t size, done;
    uint64_t offset;
    bool missing; /* NULL was given */
    const weft_error *refusal;
};

static const weft_error *refusal_at(struct file_at *self) {
    static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "reading and writing need memory, not NULL"};
    const weft_error *error = refusal_of(self->file);
    if (error == NULL && self->missing)
        error = &missing;
    if (error == NULL && self->request == NULL)
        self->request =
            new_positioned(self->file, NULL, self->size < MOST_AT_ONCE ? self->size : MOST_AT_ONCE);
    return error != NULL ? error : self->request == NULL ? &weft_error_out_of_memory : NULL;
}

static void begin_at(struct file_at *self) {
    size_t size = self->size - self->done < MOST_AT_ONCE ? self->size - self->done : MOST_AT_ONCE;
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
        WEFT__AWAIT_REQUEST(&self->request->fs.head);
        if (self->file->closed)
            weft_raise_error(&closed_file);
        if (!take_at(self))
            break;
    }
    if (self->request->fs.head.status < 0)
        weft_return(failure_of(self->file, self->buffer == NULL ? "write to" : "read",
                               self->request->fs.head.status));
    if (self->buffer != NULL)
        weft_return(self->done);
    weft_drop();
    if (self->request != NULL) {
        end_wait(self->request);
        weft__fs_leave(&self->request->fs);
    }
    unuse(self->file);
    weft_end();
}

weft_coroutine *weft_file_read_at(weft_file *file, void *buffer, size_t size, uint64_t offset) {
    static char nothing;
    return weft_call(file_at, .file = use(file), .buffer = buffer == NULL ? &nothing : buffer, .size = size,
                     .offset = offset, .missing = buffer == NULL && size > 0);
}

weft_coroutine *weft_file_write_at(weft_file *file, const void *data, size_t size, uint64_t offset) {
    bool missing = data == NULL && size > 0;
    return weft_call(file_at, .file = use(file),
                     .request = file == NULL || missing ? NULL : new_positioned(file, data, size),
                     .size = size, .offset = offset, .missing = missing);
}

/* --- The position, and the file as a whole --- */

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
    turn turn;
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
        drop_input(file);
    file->position = from + offset;
    return 0;
}

static void begin_whole(struct file_whole *self) {
    weft_file *file = self->turn.file;
    uv_loop_t *uv = file->host->uv;
    int late = self->operation == WHOLE_SYNC ? take_late(file) : 0;
    switch (late < 0 ? WHOLE_SEEK : self->operation) {
    case WHOLE_TRUNCATE:
        forget_input(file);
        begun(file, uv_fs_ftruncate(uv, &file->fs, file->descriptor, self->number, on_ended));
        break;
    case WHOLE_SYNC:
        begun(file, uv_fs_fsync(uv, &file->fs, file->descriptor, on_ended));
        break;
    case WHOLE_STATUS:
        begun(file, uv_fs_fstat(uv, &file->fs, file->descriptor, on_ended)); /* its statbuf stays */
        break;
    default:
        file->request.status = late < 0 ? late : seek(file, self->number, self->whence);
    }
}

static weft_value finish_whole(struct file_whole *self) {
    weft_file *file = self->turn.file;
    if (file->request.status < 0)
        return failure_of(file, whole_verbs[self->operation], file->request.status);
    if (self->operation == WHOLE_STATUS)
        weft__fill_status(self->status, &file->fs.statbuf);
    return self->operation == WHOLE_SEEK ? weft_value_of(file->position) : weft_none();
}

static weft_async(file_whole) {
    weft_begin(file_whole);
    ENTER(self->turn);
    if (self->operation == WHOLE_STATUS && self->status == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "what is known of a file needs a place, not NULL");
    begin_whole(self);
    AWAIT_POSITION(self->turn.file);
    weft_return(finish_whole(self));
    weft_drop();
    leave(&self->turn);
    weft_end();
}

weft_coroutine *weft_file_seek(weft_file *file, int64_t offset, int whence) {
    return weft_call(file_whole, .turn = {.file = use(file)}, .operation = WHOLE_SEEK, .number = offset,
                     .whence = whence);
}

weft_coroutine *weft_file_truncate(weft_file *file, uint64_t size) {
    return weft_call(file_whole, .turn = {.file = use(file)}, .operation = WHOLE_TRUNCATE,
                     .number = size > INT64_MAX ? -1 : (int64_t)size);
}

weft_coroutine *weft_file_sync(weft_file *file) {
    return weft_call(file_whole, .turn = {.file = use(file)}, .operation = WHOLE_SYNC);
}

weft_coroutine *weft_file_fstat(weft_file *file, weft_file_status *status) {
    return weft_call(file_whole, .turn = {.file = use(file)}, .operation = WHOLE_STATUS, .status = status);
}

/* --- The end of weft_with --- */

struct file_exit {
    weft_frame frame;
    weft_file *file;
    weft__fs *request;
    bool failed; /* the block has */
    int late;
};

/* Closes it even if it was cancelled before it could. */
static void free_close(weft__request *head) {
    weft__fs *self = (weft__fs *)(void *)head;
    if (head->status == UV_ECANCELED) {
        uv_fs_t again;
        uv_fs_close(NULL, &again, self->fs.file, NULL);
        uv_fs_req_cleanup(&again);
    }
    weft__fs_free(head);
}

static void begin_close(struct file_exit *self) {
    weft_file *file = self->file;
    self->late = take_late(file);
    self->request = self->failed || file->threads > 0 ? NULL : weft__fs_new(file->host, free_close);
    if (self->request == NULL) {
        weft_file_close(file);
        return;
    }
    uv_file descriptor = file->descriptor;
    file->descriptor = -1;
    weft_file_close(file);
    weft__fs_begun(self->request,
                   uv_fs_close(file->host->uv, &self->request->fs, descriptor, weft__fs_ended));
}

static weft_async(file_exit) {
    weft_begin(file_exit);
    if (self->file->closed)
        weft_return_none();
    if (!self->failed && !self->file->busy)
        WEFT__AWAIT_REQUEST(&self->file->request);
    begin_close(self);
    if (self->request != NULL)
        WEFT__AWAIT_REQUEST(&self->request->head);
    if (self->late < 0 && !self->failed)
        weft_return(failure_of(self->file, "write to", self->late));
    if (self->request != NULL && self->request->head.status < 0)
        weft_return(failure_of(self->file, "close", self->request->head.status));
    weft_drop();
    weft__fs_leave(self->request);
    if (!self->file->closed && !self->file->busy)
        weft__waiting_leave(&self->file->request.waiting);
    weft_file_close(self->file);
    unuse(self->file);
    weft_end();
}

static weft_coroutine *exit_file(void *object, const weft_error *error) {
    return weft_call(file_exit, .file = use(object), .failed = error != NULL);
}

/* --- Opening --- */

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
    self->limit = CHUNK;
    self->seekable = lseek(descriptor, 0, SEEK_CUR) >= 0;
    self->appends = (flags & O_APPEND) != 0;
    self->opened.resource.exit = exit_file;
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
    weft__open(&file->opened, file->host, "file", close_file);
    return weft_owned_pointer(file, release_file);
}

static weft_async(file_open) {
    weft_begin(file_open);
    self->value = begin_open(self);
    if (self->value.kind == WEFT_FAILURE)
        weft_return(self->value);
    WEFT__AWAIT_REQUEST(&self->request->head);
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
