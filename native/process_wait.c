#define _POSIX_C_SOURCE 200809L

/* Waiting for the end of a child process, and bringing it about at the end of weft_with. */

#include <signal.h>

#include "../core/links.h"
#include "process.h"
#include "stream.h"

struct wait_for_process {
    weft_frame frame;
    weft_process *process;
    weft__process_waiter waiter;
    const weft_error *error; /* static */
};

static void end_wait(weft__process_waiter *self) {
    weft__waiting_leave(&self->waiting);
    WEFT__UNLINK(self);
}

static bool is_awaited(const weft_process *process) {
    return !process->ended && !process->closed;
}

static weft_async(wait_for_process) {
    weft_begin(wait_for_process);
    if ((self->error = weft__process_refusal(self->process)) != NULL)
        weft_raise_error(self->error);
    WEFT__LINK(&self->process->waiters, &self->waiter);
    while (is_awaited(self->process))
        WEFT__WAIT_OUTSIDE(&self->waiter.waiting, "another program");
    if (!self->process->ended)
        weft_raise_error(&weft__process_closed);
    weft_return(self->process->status);
    weft_drop();
    end_wait(&self->waiter);
    weft__process_leave(self->process);
    weft_end();
}

weft_coroutine *weft_process_wait(weft_process *process) {
    return weft_call(wait_for_process, .process = weft__process_use(process));
}

/* --- weft_with --- */

struct end_process {
    weft_frame frame;
    weft_process *process;
    weft__process_waiter waiter;
};

static void on_grace(uv_timer_t *timer) {
    weft__process_send(timer->data, SIGKILL);
}

/* Its time is real, even where weft's clock is not: the child's is. */
static void begin_end(weft_process *process) {
    weft_stream_close(process->streams[0]);
    weft__process_send(process, SIGTERM);
    if (!process->timed) {
        uv_timer_init(process->host->uv, &process->timer); /* cannot fail */
        uv_unref((uv_handle_t *)&process->timer);
        process->timer.data = process;
        process->timed = true;
        process->handles++;
    }
    uv_update_time(process->host->uv);
    uv_timer_start(&process->timer, on_grace, process->grace, 0);
}

static weft_async(end_process) {
    weft_begin(end_process);
    begin_end(self->process);
    WEFT__LINK(&self->process->waiters, &self->waiter);
    while (is_awaited(self->process))
        WEFT__WAIT_OUTSIDE(&self->waiter.waiting, "another program");
    weft_drop();
    end_wait(&self->waiter);
    weft_process_close(self->process);
    weft__process_leave(self->process);
    weft_end();
}

weft_coroutine *weft__process_exit(void *object, const weft_error *error) {
    weft_process *process = object;
    (void)error;
    if (is_awaited(process))
        return weft_call(end_process, .process = weft__process_use(process));
    weft_process_close(process);
    return NULL;
}
