#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "uv_host.h"

#include <weft/future.h>

int weft_uv_attach(weft_uv *self, uv_loop_t *uv, const weft_allocator *allocator) {
    if (weft_loop_current() != NULL)
        return UV_EALREADY;
    weft__uv_init(self, uv);
    if (!weft__uv_make_loop(self, allocator))
        return UV_ENOMEM;
    int code = weft__uv_open(self);
    if (code != 0) {
        weft_loop_close(self->loop);
        return code;
    }
    self->attached = true;
    weft_loop_hold(self->loop); /* for the other handles of `uv`, which may wake any task */
    return 0;
}

static bool cancel_all(void) {
    size_t count = weft_all_tasks(NULL, 0);
    weft_task **tasks = weft_allocate(count * sizeof *tasks + 1); /* not zero bytes, which might be NULL */
    if (tasks == NULL)
        return false;
    weft_all_tasks(tasks, count);
    for (size_t i = 0; i < count; i++)
        weft_task_cancel(tasks[i], NULL);
    weft_free(tasks);
    return true;
}

static void tell_nobody(weft_uv *self) {
    (void)self;
}

/* The turn that is asked for here closes the loop if there is nothing to wait for, outside of any task. */
int weft_uv_detach(weft_uv *self, weft_uv_callback *detached) {
    if (self->detached != NULL)
        return UV_EALREADY;
    int code = uv_async_send(&self->async);
    if (code != 0)
        return code;
    if (!cancel_all())
        return UV_ENOMEM;
    uv_ref((uv_handle_t *)&self->async); /* so that libuv gets there */
    self->detached = detached != NULL ? detached : tell_nobody;
    return 0;
}
