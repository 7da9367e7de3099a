#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The host of weft_main. */

#include "own_loop.h"

#include "../core/program.h"

#include <stdio.h>
#include <stdlib.h>

/* The host is the first member of the loop that carries it. */
static weft__own_loop *of_host(weft_host *host) {
    return (weft__own_loop *)(void *)host;
}

static void say_failure(weft__own_loop *self) {
    weft_uv *host = &self->host;
    fprintf(stderr, "weft: %s: %s\n", host->failed, host->host.describe(&host->host, host->failure));
}

weft_host *weft__program_host(void) {
    weft__own_loop *self = calloc(1, sizeof *self);
    if (self == NULL) {
        fputs("weft: out of memory\n", stderr);
        return NULL;
    }
    if (!weft__own_loop_open(self)) {
        say_failure(self);
        free(self);
        return NULL;
    }
    return &self->host.host;
}

int weft__program_run(weft_host *host, weft_loop *loop) {
    weft__own_loop *self = of_host(host);
    self->host.loop = loop;
    bool ran = weft__own_loop_run(self);
    if (!ran)
        say_failure(self);
    int status = weft__program_finish(loop);
    return ran ? status : 1;
}

void weft__program_close(weft_host *host) {
    weft__own_loop *self = of_host(host);
    weft__own_loop_close(self);
    free(self);
}
