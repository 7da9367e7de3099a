#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* What weft_main and runners ask of this host, besides own_loop.c. */

#include "decisions_file.h"
#include "sigint.h"

#include "../core/program.h"

#include <signal.h>
#include <stdio.h>
#include <weft/simulation.h>

/* Only other threads end the idleness of a simulated world; their time is not its time. */
static const weft_error *run_simulated(weft_host *host, weft_loop *loop) {
    while (weft_simulation_turn(weft__simulation_of(host), loop, 0) != WEFT_TURN_DONE)
        uv_sleep(1);
    return NULL;
}

static void interruptible(weft_host *host, weft_loop *loop) {
    (void)host;
    weft__catch_interrupts(loop, NULL);
}

void weft__program_simulated(weft_host *host) {
    host->run = run_simulated;
    host->interruptible = interruptible;
    weft__write_decisions(weft__simulation_of(host));
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
