#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The host of weft_main. */

#include "own_loop.h"

#include "../core/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <weft/future.h>
#include <weft/simulation.h>

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

void weft__program_entered(weft_loop *loop) {
    (void)loop;
}

static bool run_real(weft__own_loop *self, weft_loop *loop) {
    self->host.loop = loop;
    bool ran = weft__own_loop_run(self);
    if (!ran)
        say_failure(self);
    return ran;
}

/* Only other threads end the idleness of a simulated world; their time is not its time. Once done it is
 * turned again, for the callbacks that wait for its last tasks. */
static bool run_simulated(weft_host *host, weft_loop *loop) {
    weft_simulation *simulation = (weft_simulation *)(void *)host;
    while (weft_simulation_turn(simulation, loop, 0) != WEFT_TURN_DONE && weft_all_tasks(NULL, 0) > 0)
        uv_sleep(1);
    weft_loop_turn(loop, 0);
    return true;
}

int weft__program_run(weft_host *host, weft_loop *loop) {
    enum { SIMULATION = 3 };
    bool ran = host->kind == SIMULATION ? run_simulated(host, loop) : run_real(of_host(host), loop);
    int status = weft__program_finish(loop);
    return ran ? status : 1;
}

void weft__program_close(weft_host *host) {
    weft__own_loop *self = of_host(host);
    weft__own_loop_close(self);
    free(self);
}
