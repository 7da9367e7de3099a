#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "outside.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

weft_uv *weft__uv_here(const weft_error **error) {
    static const weft_error no_loop = {.code = WEFT_RUNTIME, .message = "no loop runs in this thread"};
    static const weft_error no_world = {.code = WEFT_RUNTIME,
                                        .message = "this host has no sockets, files and processes"};
    weft_loop *loop = weft__current;
    weft_uv *host = loop == NULL ? NULL : loop->host->world;
    if (host == NULL)
        *error = loop == NULL ? &no_loop : &no_world;
    return host;
}

/* --- Errors --- */

static const weft_error *system_error(int code, const char *format, va_list arguments) {
    char said[512], words[96];
    vsnprintf(said, sizeof said, format, arguments);
    if (code == UV_ENOMEM)
        return &weft_error_out_of_memory;
    const char *name = uv_err_name(code); /* static for a code of libuv's, and these are */
    return weft__error_of_system(name, "%s: %s (%s)", said, uv_strerror_r(code, words, sizeof words), name);
}

const weft_error *weft__system_error(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = system_error(code, format, arguments);
    va_end(arguments);
    return error;
}

weft_value weft__system_failure(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_value value = weft__owned_failure(system_error(code, format, arguments));
    va_end(arguments);
    return value;
}

/* --- Requests --- */

void *weft__request_new(size_t size, weft_uv *host, void (*free)(weft__request *self)) {
    weft__request *self = calloc(1, size);
    if (self != NULL) {
        self->host = host;
        self->free = free;
    }
    return self;
}

void weft__request_begin(weft__request *self, uv_req_t *pooled, int code) {
    self->status = code;
    self->pending = code >= 0;
    self->cancellable = self->pending ? pooled : NULL;
    self->host->works += self->cancellable != NULL;
}

void weft__request_end(weft__request *self, int status) {
    bool pooled = self->cancellable != NULL;
    self->status = status;
    self->pending = false;
    self->host->works -= pooled;
    if (pooled && self->host->detached != NULL) /* who waited for this in order to close */
        weft__uv_turn_soon(self->host);
    if (self->left)
        self->free(self);
    else
        weft__waiting_end(&self->waiting);
}

void weft__request_leave(weft__request *self) {
    if (self == NULL)
        return;
    weft__waiting_leave(&self->waiting);
    self->left = true;
    if (!self->pending)
        self->free(self);
    else if (self->cancellable != NULL)
        uv_cancel(self->cancellable); /* the callback comes all the same */
}

/* --- What is open --- */

/*
 * Who writes to a socket or pipe that its peer has closed gets EPIPE, and is not killed: libuv's write has no
 * MSG_NOSIGNAL, and there is none for pipes. For the whole process, once, and only if nobody handles SIGPIPE;
 * a program that opens nothing keeps it, so that `program | head` ends. The children of weft_process_start
 * have it as ever.
 */
void weft__ignore_sigpipe(void) {
    static atomic_flag done = ATOMIC_FLAG_INIT;
    struct sigaction now;
    if (atomic_flag_test_and_set(&done))
        return;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

void weft__open(weft__opened *self, weft_uv *host, const char *what, void (*close)(weft__opened *self)) {
    weft__ignore_sigpipe();
    self->host = host;
    weft__open_in(&host->opened, self, what, close);
}

void weft__uv_leave(weft_host *host, weft_loop *loop) {
    weft_uv *world = host->world;
    weft__leave_opened(loop, &world->opened);
}

void weft__close_handle(weft_uv *host, uv_handle_t *handle, uv_close_cb closed) {
    uv_ref(handle); /* so that libuv comes to it */
    host->open_handles++;
    uv_close(handle, closed);
}
