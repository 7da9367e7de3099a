/* Events. Nothing touches an event after it has woken its waiters, so it may end before they resume. */

#include "wait_queue.h"

static const weft__queue_type type = {"event", WAITS_EVENT, OBJECT_EVENT, NULL, 0, 0};

void weft_event_init(weft_event *event) {
    *event = (weft_event){.set = false};
}

bool weft_event_is_set(const weft_event *event) {
    return event->set;
}

weft_frame *weft__await_event(weft_frame *frame, weft_loop *loop, weft_event *event, uint32_t at) {
    if (WEFT__UNLIKELY(event == NULL || frame->b.run.at == WEFT__AT_DROP))
        return weft__refuse_operation(frame, loop, at);
    if (!event->set)
        return weft__queue_wait(frame, loop, &event->waiters, &type, at);
    frame->b.run.at = at;
    loop->transfer.value = weft__of_bool(true);
    return frame;
}

void weft_event_set(weft_event *event) {
    weft_loop *loop = weft__current;
    if (event->set || weft__queue_refusal(&event->waiters) != NULL)
        return;
    event->set = true;
    if (loop == NULL)
        return;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__queue_log(loop, &event->waiters, &type, WEFT_LOG_RELEASE, 1);
    weft__queue_wake_all(loop, &event->waiters);
}

void weft_event_clear(weft_event *event) {
    weft_loop *loop = weft__current;
    if (event->set && WEFT__UNLIKELY(loop != NULL && loop->log != NULL))
        weft__queue_log(loop, &event->waiters, &type, WEFT_LOG_ACQUIRE, 0);
    event->set = false;
}
