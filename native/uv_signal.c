#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* weft_host's signals, each a handle of libuv's. They do not keep uv_run from returning: tasks do. */

#include "uv_host.h"

#include <stdlib.h>

struct weft__uv_signal {
    uv_signal_t handle; /* first, as libuv gives it back */
    weft__uv_signal *next;
    weft_uv *host;
};

static weft__uv_signal *of_handle(void *handle) {
    return handle;
}

static void on_signal(uv_signal_t *handle, int number) {
    weft_signal_arrived(of_handle(handle)->host->loop, number);
}

static void on_close(uv_handle_t *handle) {
    free(of_handle(handle));
}

static int watch(weft_uv *host, int number) {
    weft__uv_signal *self = malloc(sizeof *self);
    if (self == NULL)
        return UV_ENOMEM;
    int code = uv_signal_init(host->uv, &self->handle);
    if (code != 0) {
        free(self);
        return code;
    }
    code = uv_signal_start(&self->handle, on_signal, number);
    if (code != 0) {
        uv_close((uv_handle_t *)&self->handle, on_close);
        return code;
    }
    uv_unref((uv_handle_t *)&self->handle);
    self->host = host;
    self->next = host->signals;
    host->signals = self;
    return 0;
}

static int forget(weft_uv *host, int number) {
    weft__uv_signal **place = &host->signals;
    while ((*place)->handle.signum != number)
        place = &(*place)->next;
    weft__uv_signal *self = *place;
    *place = self->next;
    uv_close((uv_handle_t *)&self->handle, on_close);
    return 0;
}

int weft__uv_watch_signal(weft_host *host, int number, bool wanted) {
    weft_uv *self = (weft_uv *)(void *)host;
    return wanted ? watch(self, number) : forget(self, number);
}
