#ifndef WEFT_NATIVE_PROCESS_H
#define WEFT_NATIVE_PROCESS_H

/*
 * A child process from the inside. libuv forks, and collects the status when SIGCHLD says so.
 *
 *     made ─ uv_spawn → RUNNING ─ its end → ENDED
 *                          │ close: killed      │ close
 *                       KILLED ─ its end → CLOSING ─ libuv → gone
 *
 * RUNNING, ENDED: open; `ended` tells them apart. KILLED: `closed`, and libuv still waits for the child.
 * CLOSING: uv_close was called. It is freed when it is gone and has no users: as with streams, these are the
 * coroutines made for it.
 */

#include "outside.h"

#include <weft/process.h>

/* A task that waits for the end. Part of its frame. */
typedef struct weft__process_waiter {
    weft__waiting waiting;
    struct weft__process_waiter *next, **link; /* link NULL: it stands in no list */
} weft__process_waiter;

struct weft_process {
    weft__opened opened;
    weft_uv *host;
    uv_process_t handle;
    uv_timer_t timer; /* of the grace, once it is `timed` */
    weft__process_waiter *waiters;
    weft_stream *streams[3]; /* to stdin, from stdout and stderr; NULL: no pipes. It is a user of them */
    uint64_t grace;          /* milliseconds */
    int pid, status;
    uint32_t users, handles; /* handles: not closed yet */
    bool session, timed, ended, closed;
    char name[]; /* for people */
};

/* The process, with one user more: the coroutine that is made with it, which leaves in its weft_drop. NULL is
 * allowed in both. */
weft_process *weft__process_use(weft_process *process);
void weft__process_leave(weft_process *process);

/* What is raised for NULL, and for one that was closed; and which of the two is to be, or NULL. */
extern const weft_error weft__process_missing, weft__process_closed;
const weft_error *weft__process_refusal(const weft_process *process);

void weft__process_has_ended(uv_process_t *handle, int64_t status, int number); /* libuv tells */
bool weft__process_send(weft_process *process, int number);                     /* false: it has ended */
void weft__process_close_streams(weft_process *process);
void weft__process_close(weft__opened *opened); /* of weft__opened */
/* process_wait.c: of weft_with */
weft_coroutine *weft__process_exit(void *object, const weft_error *error);

#endif
