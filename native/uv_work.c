#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "uv_host.h"

#include <stdlib.h>

/* A blocking function in libuv's thread pool. The request is made and freed in the loop's thread; of malloc's
 * memory, since the loop may be closed before its end. */
typedef struct threaded {
    uv_work_t request;
    weft_uv *host;
    weft_work *work;
} threaded;

static void run(uv_work_t *request) {
    weft_work_run(((threaded *)request->data)->work);
}

/* Functions that ended together are told one after the other and resume their tasks in one turn. */
static void finish(uv_work_t *request, int status) {
    threaded *self = request->data;
    weft_uv *host = self->host;
    (void)status; /* never UV_ECANCELED: the request is nobody's but ours */
    weft_work_done(self->work);
    free(self);
    host->works--;
    host->functions--;
    weft__uv_turn_soon(host);
}

int weft__uv_work(weft_host *host, weft_work *work) {
    threaded *self = malloc(sizeof *self);
    if (self == NULL)
        return UV_ENOMEM;
    self->host = (weft_uv *)(void *)host;
    self->work = work;
    self->request.data = self;
    int code = uv_queue_work(self->host->uv, &self->request, run, finish);
    if (code != 0) {
        free(self);
        return code;
    }
    self->host->works++;
    self->host->functions++;
    return 0;
}
