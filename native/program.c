#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The host of weft_main, one a process. */

#include "own_loop.h"

#include "../core/program.h"

#include <stdio.h>

static weft__own_loop program;

static void say_failure(void) {
    weft_uv *host = &program.host;
    fprintf(stderr, "weft: %s: %s\n", host->failed, host->host.describe(&host->host, host->failure));
}

weft_host *weft__program_host(void) {
    if (weft__own_loop_open(&program))
        return &program.host.host;
    say_failure();
    return NULL;
}

int weft__program_run(weft_host *host, weft_loop *loop) {
    (void)host;
    program.host.loop = loop;
    bool ran = weft__own_loop_run(&program);
    if (!ran)
        say_failure();
    int status = weft__program_finish(loop);
    return ran ? status : 1;
}

void weft__program_close(weft_host *host) {
    (void)host;
    weft__own_loop_close(&program);
}
