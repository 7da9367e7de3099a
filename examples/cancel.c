/* Cancelling a task raises an error where it waits. It can clean
 * up, even wait as it does, and then ends. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, patience, 1.0, 0.1, 2); /* Patience, s */

struct download {
    weft_frame frame;
    char *buffer;
    int percent;
    const weft_error *error;
};

weft_async(download) {
    weft_begin(download);
    self->buffer = weft_allocate(1000);
    weft_try {
        for (;;) {
            weft_await(weft_sleep(0.4));
            printf("%d %%\n", self->percent += 20);
        }
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("cancelled: %s\n", self->error->message);
        weft_reraise; /* the task ends cancelled */
    }
    weft_finally {
        weft_await(weft_sleep(0.2));
        printf("the connection is closed\n");
    }

    /* Runs last however the coroutine ends, even if it was cancelled
     * before it began: frees what its structure owns. */
    weft_drop();
    weft_free(self->buffer);
    weft_end();
}

struct cancel {
    weft_frame frame;
    weft_task *task;
    const weft_error *error;
};

weft_async(cancel) {
    weft_begin(cancel);
    self->task = weft_create_task(weft_call(download));
    weft_await(weft_sleep(patience));

    weft_task_cancel(self->task, "it takes too long");
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("the download is %s\n", weft_task_cancelled(self->task) ? "cancelled" : "done");
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(cancel));
}
