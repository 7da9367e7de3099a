#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* A uv_loop of weft's own, which the calling thread runs until weft's loop is done: the host of weft_main and
 * of runners. */

#include "own_loop.h"
#include "sigint.h"

#include "../core/program.h"

#include <stdlib.h>

/* The host is the first member of the loop that carries it. */
static weft__own_loop *of_host(weft_host *host) {
    return (weft__own_loop *)(void *)host;
}

static const weft_error *failure_of(weft_uv *host) {
    return weft_error_new(WEFT_SYSTEM, "%s: %s", host->failed,
                          host->host.describe(&host->host, host->failure));
}

/* After a failure threads are waited for: they hold what the loop lent them. */
static const weft_error *run(weft_host *self, weft_loop *loop) {
    weft_uv *host = &of_host(self)->host;
    host->loop = loop;
    host->done = false;
    weft__uv_turn(host);
    while (!host->done && host->failure == 0)
        uv_run(host->uv, UV_RUN_ONCE);
    while (host->failure != 0 && host->works > 0)
        uv_run(host->uv, UV_RUN_ONCE);
    return host->failure == 0 ? NULL : failure_of(host);
}

static void interruptible(weft_host *self, weft_loop *loop) {
    weft__catch_interrupts(loop, &of_host(self)->host.async);
}

static void close_uv(weft__own_loop *self) {
    uv_run(&self->uv, UV_RUN_DEFAULT);
    uv_loop_close(&self->uv); /* cannot be busy: nobody else has it, and uv_run has just emptied it */
}

static void closed(weft_uv *host) {
    (void)host;
}

/* What was cancelled in threads comes back at once, and what has ended meanwhile. */
void weft__own_loop_end(weft__own_loop *self) {
    if (self->host.works > 0)
        uv_run(&self->uv, UV_RUN_NOWAIT);
    if (self->host.works > 0) {
        weft__leave_behind(self);
        return;
    }
    weft__uv_close(&self->host, closed);
    close_uv(self);
    free(self);
}

void weft__own_loop_close(weft__own_loop *self) {
    self->host.loop = NULL;
    weft__end_left_behind();
    weft__call_graph_signal_close(self);
    weft__own_loop_end(self);
}

static void close_host(weft_host *host) {
    weft__own_loop_close(of_host(host));
}

static bool open_loop(weft__own_loop *self) {
    weft__uv_init(&self->host, &self->uv);
    self->host.host.run = run;
    self->host.host.interruptible = interruptible;
    self->host.host.close = close_host;
    int code = uv_loop_init(&self->uv);
    if (code != 0) {
        weft__uv_fail(&self->host, "uv_loop_init", code);
        return false;
    }
    if (weft__uv_open(&self->host) != 0) {
        close_uv(self);
        return false;
    }
    weft__call_graph_signal_open(self);
    return true;
}

weft__own_loop *weft__own_loop_open(const weft_error **error) {
    weft__end_left_behind();
    weft__own_loop *self = calloc(1, sizeof *self);
    if (self == NULL) {
        *error = &weft_error_out_of_memory;
        return NULL;
    }
    if (!open_loop(self)) {
        *error = failure_of(&self->host);
        free(self);
        return NULL;
    }
    return self;
}

weft_host *weft__program_host(const weft_error **error) {
    weft__own_loop *self = weft__own_loop_open(error);
    return self == NULL ? NULL : &self->host.host;
}
