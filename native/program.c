#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* What weft_main and runners ask of this host, besides own_loop.c. */

#include "decisions_file.h"
#include "own_loop.h"
#include "sigint.h"

#include "../core/program.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <weft/simulation.h>

static weft_uv *world_of(weft_host *host) {
    return host->world;
}

static void do_nothing(uv_timer_t *timer) {
    (void)timer;
}

/* Until something comes from outside, or the real time has come that is `seconds` away. */
static void wait_outside(weft_uv *world, double seconds) {
    static const double longest = 1e9; /* milliseconds: 11 days */
    uv_update_time(world->uv);
    if (seconds < INFINITY)
        uv_timer_start(&world->timer, do_nothing, (uint64_t)fmin(ceil(seconds * 1e3), longest), 0);
    uv_run(world->uv, UV_RUN_ONCE);
    uv_timer_stop(&world->timer);
}

/*
 * Only input, output and other threads end the idleness of a simulated world, whose clock stands still
 * meanwhile. But they may wait for one of its deadlines, as the client of a server in the same program does:
 * so that comes when as much real time has passed.
 */
static const weft_error *run_simulated(weft_host *host, weft_loop *loop) {
    weft_simulation *simulation = weft__simulation_of(host);
    double clock = simulation->clock;
    uint64_t since = uv_hrtime();
    world_of(host)->loop = loop;
    while (weft_simulation_turn(simulation, loop, 0) != WEFT_TURN_DONE) {
        if (simulation->clock != clock)
            since = uv_hrtime();
        clock = simulation->clock;
        double left = simulation->deadline - clock - (double)(uv_hrtime() - since) * 1e-9;
        if (left > 0)
            wait_outside(world_of(host), left);
        else
            weft__simulation_jump(simulation, loop);
    }
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
