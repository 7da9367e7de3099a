#ifndef WEFT_NATIVE_OUTSIDE_H
#define WEFT_NATIVE_OUTSIDE_H

/*
 * What sockets, files and processes have in common: waits for what libuv does, and things that stay open
 * until they are closed. All of this is of the loop's thread, and of malloc's memory, since libuv lets go of
 * it when it likes, perhaps after the weft_loop is gone.
 */

#include "uv_host.h"

#include "../core/opened.h"
#include "../core/waiting.h"

/* The libuv host of this thread's loop, simulated or not; NULL with an error, static, if it has none. */
weft_uv *weft__uv_here(const weft_error **error);

/* "cannot …: connection refused (ECONNREFUSED)", for one of libuv's codes; the words are what stands before
 * the colon. */
const weft_error *weft__system_error(int code, const char *format, ...) WEFT__PRINTF(2, 3);

/* The same as a value that owns the error. */
weft_value weft__system_failure(int code, const char *format, ...) WEFT__PRINTF(2, 3);

/* --- A request: an operation of libuv's with an end --- */

/*
 * The head of a structure of malloc's that carries a uv_req_t, made for one coroutine's wait. The coroutine
 * lets go of it by weft__request_leave; the structure is freed then, or at its end if libuv still has it.
 *
 *     struct lookup { weft__request head; uv_getaddrinfo_t request; };
 *     …
 *     self->lookup = weft__request_new(sizeof *self->lookup, host, free_lookup);
 *     weft__request_begin(&self->lookup->head, (uv_req_t *)&…->request, uv_getaddrinfo(…, on_lookup, …));
 *     WEFT__AWAIT_REQUEST(&self->lookup->head, "the resolver");
 *     if (self->lookup->head.status < 0) …
 *     weft_drop();
 *     weft__request_leave(&self->lookup->head);
 */
typedef struct weft__request {
    weft_uv *host;
    weft__waiting waiting;
    uv_req_t *cancellable; /* while it is in libuv's thread pool, which counts in `works`; else NULL */
    int status;            /* libuv's, once it has ended */
    bool pending, left;
    void (*free)(struct weft__request *self); /* of all that it has, an outcome that nobody took included */
} weft__request;

/* Zeroed but for the head; NULL without memory. */
void *weft__request_new(size_t size, weft_uv *host, void (*free)(weft__request *self));

/* After libuv's call, with what it returned: a failure is the status then, and nothing is pending. `pooled`:
 * the request if libuv's threads do it, else NULL. */
void weft__request_begin(weft__request *self, uv_req_t *pooled, int code);

/* From the callback of libuv's. It may free `self`. */
void weft__request_end(weft__request *self, int status);

/* Of the coroutine. NULL is allowed. A pending request is cancelled where libuv can. */
void weft__request_leave(weft__request *self);

#define WEFT__AWAIT_REQUEST(request, name)                   \
    do {                                                     \
        if ((request)->pending)                              \
            WEFT__WAIT_OUTSIDE(&(request)->waiting, (name)); \
    } while (0)

/* --- What is open --- */

/* weft__opened (../core/opened.h) of malloc's memory, in the list of its host. */
void weft__open(weft__opened *self, weft_uv *host, const char *what, void (*close)(weft__opened *self));

/* From here on a write to what its peer has closed is EPIPE. Called by weft__open, and by who writes to
 * sockets without it. */
void weft__ignore_sigpipe(void);

/* uv_close of a handle of it: `closed` gets it from libuv, and must call weft__uv_handle_closed(host) last.
 */
void weft__close_handle(weft_uv *host, uv_handle_t *handle, uv_close_cb closed);

#endif
