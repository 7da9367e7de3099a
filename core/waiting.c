/* While a task waits for the outside the loop is held: then idleness is no deadlock, and a virtual clock
 * stands still. */

#include "waiting.h"

enum { EXTERNAL_OUTSIDE = 3 }; /* subkind of the records of a wait */

static void log_wait(weft__waiting *self, uint8_t kind, const char *text) {
    weft_loop *loop = self->loop;
    uint32_t words = weft__log_text(loop, text);
    weft__log_record(loop, kind, EXTERNAL_OUTSIDE, 0, weft__id_of(loop->current), 0, 0,
                     weft__queue_id(loop, &self->task), words);
}

static void log_begin(weft__waiting *self, const weft__outside *what) {
    char text[256] = "";
    if (what->tell != NULL)
        what->tell(self, text, sizeof text);
    log_wait(self, WEFT_LOG_EXTERNAL_BEGIN, text[0] != '\0' ? text : what->type.name);
}

void weft__waiting_begin(weft__waiting *self, weft_loop *loop, const weft__outside *what) {
    self->loop = loop;
    self->task.type = &what->type;
    weft_loop_hold(loop);
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_begin(self, what);
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
    if (WEFT__UNLIKELY(self->loop->log != NULL))
        log_wait(self, WEFT_LOG_EXTERNAL_END, NULL);
    weft_loop_unhold(self->loop);
    self->loop = NULL;
}
