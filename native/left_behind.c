#define _DEFAULT_SOURCE /* for on_exit, and for uv.h */

/*
 * Loops that were closed while threads worked for them: what nobody waited for any longer, functions and
 * cancelled requests, comes back to their uv_loop. Whoever opens or closes another one looks after them, so a
 * process that runs many loops keeps none but those whose threads are still at work.
 */

#include "own_loop.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic(weft__own_loop *) left_behind;

static void leave_at_exit(void);

void weft__leave_behind(weft__own_loop *self) {
    if (self->host.functions > 0)
        leave_at_exit();
    self->next = atomic_load(&left_behind);
    while (!atomic_compare_exchange_weak(&left_behind, &self->next, self)) {
    }
}

/* Any thread may: a uv_loop is not of the thread that made it, but of the one that has it. */
void weft__end_left_behind(void) {
    if (atomic_load(&left_behind) == NULL)
        return;
    weft__own_loop *self, *next = atomic_exchange(&left_behind, NULL);
    while ((self = next) != NULL) {
        next = self->next;
        weft__own_loop_end(self);
    }
}

/* --- The end of the process --- */

/*
 * libuv waits for all of its threads when it is unloaded, and so would do for a function that never ends.
 * This ends the process before that: after all that was registered for exit, which the C library does first,
 * and with its status, which only glibc tells. Cancelled requests, a file that is being written, do end and
 * are waited for.
 */
#ifdef __GLIBC__

static atomic_flag registered = ATOMIC_FLAG_INIT;
static int exit_status;
static bool exits;

static void remember_status(int status, void *argument) {
    (void)argument;
    exit_status = status;
    exits = true;
}

static void leave_at_exit(void) {
    if (!atomic_flag_test_and_set(&registered))
        on_exit(remember_status, NULL);
}

__attribute__((destructor)) static void end_without_functions(void) {
    if (!exits)
        return;
    for (weft__own_loop *self = atomic_load(&left_behind); self != NULL; self = self->next)
        while (self->host.works > self->host.functions)
            uv_run(&self->uv, UV_RUN_ONCE);
    weft__end_left_behind();
    if (atomic_load(&left_behind) == NULL)
        return;
    fflush(NULL);
    _exit(exit_status);
}

#else

static void leave_at_exit(void) {}

#endif
