#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* What weft_main and runners ask of this host, besides own_loop.c. */

#include "decisions_file.h"
#include "own_loop.h"
#include "sigint.h"

#include "../core/program.h"

#include <signal.h>
#include <stdio.h>
#include <weft/simulation.h>

static weft_uv *world_of(weft_host *host) {
    return host->world;
}

/* Only input, output and other threads end the idleness of a simulated world; their time is not its time. */
static const weft_error *run_simulated(weft_host *host, weft_loop *loop) {
    while (weft_simulation_turn(weft__simulation_of(host), loop, 0) != WEFT_TURN_DONE)
        uv_run(world_of(host)->uv, UV_RUN_ONCE);
    return NULL;
}

/* Its own thread looks at the loop anyway, once libuv returns. */
static int wake_simulated(weft_host *host) {
    return uv_async_send(&world_of(host)->async);
}

static void interruptible(weft_host *host, weft_loop *loop) {
    weft__catch_interrupts(loop, &world_of(host)->async);
}

static void close_simulated(weft_host *host) {
    weft__own_loop_close(world_of(host)->data);
    weft_simulation_destroy(weft__simulation_of(host));
}

const weft_error *weft__program_simulated(weft_host *host) {
    const weft_error *error = NULL;
    weft__own_loop *own = weft__own_loop_open(&error);
    if (own == NULL)
        return error;
    own->host.data = own;
    uv_ref((uv_handle_t *)&own->host.async); /* uv_run waits while nobody knows what for */
    host->world = &own->host;
    host->wake = wake_simulated;
    host->leave = weft__uv_leave;
    host->run = run_simulated;
    host->interruptible = interruptible;
    host->close = close_simulated;
    weft__write_decisions(weft__simulation_of(host));
    return NULL;
}

void weft__program_entered(weft_loop *loop) {
    (void)loop;
}

int weft__program_run(weft_loop *loop) {
    (void)loop;
    return weft__program_wait();
}

/* Whoever started this process sees that SIGINT ended it: a shell ends its loop then. */
int weft__program_interrupted(void) {
    fflush(NULL);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    return 128 + SIGINT; /* it is blocked */
}
