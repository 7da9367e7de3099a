#define _POSIX_C_SOURCE 200809L /* for sigaction, uv.h */

/*
 * SIGUSR1 asks a running program what it is waiting for: the tree of its tasks goes to stderr, between two
 * turns of the loop. A program that has set up the signal for itself, before the loop or while it runs, keeps
 * what it has.
 */

#include "own_loop.h"

#include <signal.h>
#include <stdio.h>
#include <weft/call_graph.h>

typedef void handler(int number);

/* libuv's, which is the same for every loop; NULL until it was seen. */
static _Atomic(handler *) of_libuv;

static struct sigaction current(void) {
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action); /* cannot fail for a signal that there is */
    return action;
}

static void on_signal(uv_signal_t *signal, int number) {
    size_t count = weft_all_tasks(NULL, 0);
    (void)signal;
    (void)number;
    fprintf(stderr, "weft: %zu task%s in process %d\n", count, count == 1 ? "" : "s", (int)uv_os_getpid());
    weft_print_task_tree();
}

/* Without it the program runs all the same. */
void weft__call_graph_signal_open(weft__own_loop *self) {
    handler *present = current().sa_handler;
    if (present != SIG_DFL && present != of_libuv)
        return;
    self->has_signal = uv_signal_init(&self->uv, &self->signal) == 0;
    if (!self->has_signal || uv_signal_start(&self->signal, on_signal, SIGUSR1) != 0)
        return;
    uv_unref((uv_handle_t *)&self->signal);
    of_libuv = current().sa_handler;
}

/* libuv goes back to the default, even from a handler that came after its own. */
void weft__call_graph_signal_close(weft__own_loop *self) {
    struct sigaction present = current();
    if (!self->has_signal)
        return;
    uv_close((uv_handle_t *)&self->signal, NULL);
    if (present.sa_handler != of_libuv)
        sigaction(SIGUSR1, &present, NULL);
}
