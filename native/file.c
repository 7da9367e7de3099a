#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* An open file: how it lives and is closed, who uses it, and the requests at its position. */

#include "open_file.h"

#include <stdlib.h>

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

int weft__file_poll(weft_file *file, int events) {
    int code = file->poller != NULL ? 0 : make_poller(file);
    return code < 0 ? code : uv_poll_start(&file->poller->handle, events, on_poll);
}

/* --- Closing --- */

static void close_descriptor(weft_file *self) {
    uv_fs_t fs;
    if (self->descriptor < 0)
        return;
    uv_fs_close(NULL, &fs, self->descriptor, NULL);
    uv_fs_req_cleanup(&fs);
    self->descriptor = -1;
}

void weft__file_let_go(weft_file *self) {
    if (!self->closed || self->threads > 0)
        return;
    close_descriptor(self);
    if (self->users > 0)
        return;
    free(self->input);
    free(self);
}

void weft__file_end(weft__opened *opened) {
    weft_file *self = (weft_file *)(void *)opened;
    if (self->closed)
        return;
    self->closed = true;
    weft__open_ends(opened);
    if (self->poller != NULL)
        weft__close_handle(self->host, (uv_handle_t *)&self->poller->handle, on_poller_closed);
    weft__waiting_end(&self->ready);
    weft__waiting_end(&self->request.waiting);
    for (weft__positioned *request = self->elsewhere; request != NULL; request = request->next)
        weft__waiting_end(&request->fs.head.waiting);
    weft__file_let_go(self);
}

void weft_file_close(weft_file *self) {
    if (self != NULL)
        weft__file_end(&self->opened);
}

/* --- Coroutines on it --- */

weft_file *weft__file_use(weft_file *file) {
    if (file != NULL)
        file->users++;
    return file;
}

void weft__file_unuse(weft_file *file) {
    if (file == NULL)
        return;
    file->users--;
    weft__file_let_go(file);
}

const weft_error weft__file_closed = {.code = WEFT_INVALID_STATE, .message = "the file is closed"};

const weft_error *weft__file_refusal(const weft_file *file) {
    static const weft_error none = {.code = WEFT_INVALID_ARGUMENT, .message = "a file is needed, not NULL"};
    static const weft_error foreign = {.code = WEFT_RUNTIME, .message = "the file is of another loop"};
    const weft_error *error = NULL;
    if (file == NULL)
        return &none;
    if (file->closed)
        return &weft__file_closed;
    weft_uv *here = weft__uv_here(&error);
    return error == NULL && here != file->host ? &foreign : error;
}

bool weft__file_enter(weft__file_turn *self) {
    static const weft_error busy = {.code = WEFT_RUNTIME,
                                    .message = "another task is using the file at its position"};
    self->refusal = weft__file_refusal(self->file);
    if (self->refusal == NULL && self->file->busy)
        self->refusal = &busy;
    if (self->refusal != NULL)
        return false;
    self->entered = true;
    self->file->busy = true;
    return true;
}

void weft__file_leave(weft__file_turn *self) {
    weft_file *file = self->file;
    if (self->entered) {
        weft__waiting_leave(&file->request.waiting);
        weft__waiting_leave(&file->ready);
        if (file->poller != NULL && !file->closed)
            uv_poll_stop(&file->poller->handle);
        file->busy = false;
    }
    weft__file_unuse(file);
}

weft_value weft__file_failure(const weft_file *file, const char *verb, int code) {
    return weft__path_failure(code, verb, file->path);
}

/* --- Requests at the position --- */

void weft__file_begun(weft_file *self, int code) {
    weft__request_begin(&self->request, (uv_req_t *)&self->fs, code);
    self->threads += self->request.pending;
    if (!self->request.pending)
        uv_fs_req_cleanup(&self->fs);
}

/* Whoever waited has what came by the status. */
void weft__file_ended(uv_fs_t *fs) {
    weft_file *self = fs->data;
    int status = (int)fs->result;
    uv_fs_req_cleanup(fs);
    self->threads--;
    if (self->output != NULL) {
        free(self->output);
        self->output = NULL;
        self->late = status < 0 && status != UV_ECANCELED && status != UV_EAGAIN ? status : self->late;
    }
    weft__request_end(&self->request, status);
    weft__file_let_go(self);
}

void weft__file_drop_input(weft_file *self) {
    free(self->input);
    self->input = NULL;
    self->start = self->end = self->room = 0;
}

void weft__file_forget_input(weft_file *self) {
    if (self->seekable)
        weft__file_drop_input(self);
}

int weft__file_take_late(weft_file *file) {
    int late = file->late;
    file->late = 0;
    return late;
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
    self->late = weft__file_take_late(file);
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
        WEFT__AWAIT_REQUEST(&self->file->request, "a file");
    begin_close(self);
    if (self->request != NULL)
        WEFT__AWAIT_REQUEST(&self->request->head, "a file to close");
    if (self->late < 0 && !self->failed)
        weft_return(weft__file_failure(self->file, "write to", self->late));
    if (self->request != NULL && self->request->head.status < 0)
        weft_return(weft__file_failure(self->file, "close", self->request->head.status));
    weft_drop();
    weft__fs_leave(self->request);
    if (!self->file->closed && !self->file->busy)
        weft__waiting_leave(&self->file->request.waiting);
    weft_file_close(self->file);
    weft__file_unuse(self->file);
    weft_end();
}

weft_coroutine *weft__file_exit(void *object, const weft_error *error) {
    return weft_call(file_exit, .file = weft__file_use(object), .failed = error != NULL);
}
