/* While a task waits for the outside the loop is held: then idleness is no deadlock, and a virtual clock
 * stands still. */

#include "waiting.h"

const weft__queue_type weft__outside_type = {"input or output", WAITS_OUTSIDE, OBJECT_OUTSIDE, NULL, 0, 0};

enum { EXTERNAL_OUTSIDE = 3 }; /* subkind of the records of a wait */

static void log_wait(weft__waiting *self, uint8_t kind) {
    weft_loop *loop = self->loop;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_record(loop, kind, EXTERNAL_OUTSIDE, 0, weft__id_of(loop->current), 0, 0,
                         weft__queue_id(loop, &self->task), 0);
}

void weft__waiting_begin(weft__waiting *self, weft_loop *loop) {
    self->loop = loop;
    weft_loop_hold(loop);
    log_wait(self, WEFT_LOG_EXTERNAL_BEGIN);
}

void weft__waiting_end(weft__waiting *self) {
    weft_loop *loop = self->loop, *outer = weft__current;
    if (WEFT__UNLIKELY(self->notify != NULL))
        self->notify(self);
    if (loop == NULL)
        return;
    weft__current = loop;
    weft__waiting_leave(self);
    weft__queue_wake(loop, &self->task);
    weft__current = outer;
}

void weft__waiting_leave(weft__waiting *self) {
    if (self->loop == NULL)
        return;
    log_wait(self, WEFT_LOG_EXTERNAL_END);
    weft_loop_unhold(self->loop);
    self->loop = NULL;
}
