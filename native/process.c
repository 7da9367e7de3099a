#define _POSIX_C_SOURCE 200809L

/* Child processes while they run, and their end. */

#include "process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static void free_if_unused(weft_process *process) {
    if (process->handles == 0 && process->users == 0)
        free(process);
}

void weft__process_leave(weft_process *process) {
    if (process == NULL)
        return;
    process->users--;
    free_if_unused(process);
}

weft_process *weft__process_use(weft_process *process) {
    if (process != NULL)
        process->users++;
    return process;
}

static void on_closed(uv_handle_t *handle) {
    weft_process *process = handle->data;
    weft_uv *host = process->host;
    process->handles--;
    free_if_unused(process);
    weft__uv_handle_closed(host);
}

static void wake_all(weft_process *process) {
    for (weft__process_waiter *at = process->waiters; at != NULL; at = at->next)
        weft__waiting_end(&at->waiting);
}

void weft__process_has_ended(uv_process_t *handle, int64_t status, int number) {
    weft_process *process = handle->data;
    process->ended = true;
    process->status = number != 0 ? -number : (int)status;
    if (process->timed)
        uv_timer_stop(&process->timer);
    if (process->closed)
        uv_close((uv_handle_t *)handle, on_closed);
    wake_all(process);
}

/* The number is the child's until libuv has told of its end. */
bool weft__process_send(weft_process *process, int number) {
    if (process->ended)
        return false;
    return kill(process->session ? -process->pid : process->pid, number) == 0;
}

void weft__process_close_streams(weft_process *process) {
    for (int i = 0; i < 3; i++) {
        if (process->streams[i] == NULL)
            continue;
        weft_stream_abort(process->streams[i]);
        weft__stream_leave(process->streams[i]);
        process->streams[i] = NULL;
    }
}

/* While libuv waits for a child that was killed, the host counts its handle as one that is being closed. */
void weft__process_close(weft__opened *opened) {
    weft_process *process = (weft_process *)(void *)opened;
    if (process->closed)
        return;
    process->closed = true;
    weft__open_ends(opened);
    weft__process_close_streams(process);
    if (process->timed)
        weft__close_handle(process->host, (uv_handle_t *)&process->timer, on_closed);
    if (process->ended) {
        weft__close_handle(process->host, (uv_handle_t *)&process->handle, on_closed);
    } else {
        weft__process_send(process, SIGKILL);
        process->host->open_handles++;
        uv_ref((uv_handle_t *)&process->handle);
    }
    wake_all(process);
}

void weft_process_close(weft_process *process) {
    if (process != NULL)
        weft__process_close(&process->opened);
}

const weft_error weft__process_missing = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no process"};
const weft_error weft__process_closed = {.code = WEFT_INVALID_STATE, .message = "the process was closed"};

const weft_error *weft__process_refusal(const weft_process *process) {
    return process == NULL ? &weft__process_missing : process->closed ? &weft__process_closed : NULL;
}

/* --- For the program --- */

int weft_process_pid(const weft_process *process) {
    return process == NULL ? 0 : process->pid;
}

weft_stream *weft_process_input(const weft_process *process) {
    return process == NULL ? NULL : process->streams[0];
}

weft_stream *weft_process_output(const weft_process *process) {
    return process == NULL ? NULL : process->streams[1];
}

weft_stream *weft_process_errors(const weft_process *process) {
    return process == NULL ? NULL : process->streams[2];
}

bool weft_process_signal(weft_process *process, int number) {
    return process != NULL && !process->closed && weft__process_send(process, number);
}

bool weft_process_terminate(weft_process *process) {
    return weft_process_signal(process, SIGTERM);
}

bool weft_process_kill(weft_process *process) {
    return weft_process_signal(process, SIGKILL);
}

bool weft_process_ended(const weft_process *process, int *status) {
    if (process == NULL || !process->ended)
        return false;
    if (status != NULL)
        *status = process->status;
    return true;
}

const weft_error *weft_process_check(const weft_process *process) {
    if (process == NULL)
        return &weft__process_missing;
    if (!process->ended)
        return weft_error_new(WEFT_RUNTIME, "%s still runs", process->name);
    if (process->status == 0)
        return NULL;
    if (process->status > 0)
        return weft_error_new(WEFT_RUNTIME, "%s ended with status %d", process->name, process->status);
    return weft_error_new(WEFT_RUNTIME, "%s was ended by signal %d (%s)", process->name, -process->status,
                          strsignal(-process->status));
}
