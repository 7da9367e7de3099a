#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "own_loop.h"

static void close_uv(weft__own_loop *self) {
    uv_run(&self->uv, UV_RUN_DEFAULT);
    uv_loop_close(&self->uv); /* cannot be busy: nobody else has it, and uv_run has just emptied it */
}

bool weft__own_loop_open(weft__own_loop *self) {
    weft__uv_init(&self->host, &self->uv);
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

/*
 * The loop is done when its main task is, but where that could not even start it is empty from the beginning.
 * After a failure, too, threads are waited for: they hold what the loop lent them.
 */
bool weft__own_loop_run(weft__own_loop *self) {
    weft_uv *host = &self->host;
    weft__uv_turn(host);
    while (host->works > 0 || !(host->done || host->empty || host->failure != 0))
        uv_run(&self->uv, UV_RUN_ONCE);
    return host->failure == 0;
}

static void closed(weft_uv *host) {
    (void)host;
}

void weft__own_loop_close(weft__own_loop *self) {
    weft__call_graph_signal_close(self);
    weft__uv_close(&self->host, closed);
    close_uv(self);
}
