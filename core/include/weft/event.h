#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

/*
 * Events: tasks wait until somebody says that something has happened. asyncio.Event
 *
 * A zeroed event is not set, so one in a coroutine's structure needs no initialising. It must live as long as
 * a task waits for it; it owns nothing, so there is nothing to free.
 */

#include <weft/awaitable.h>
#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_event {
    /* All internal. */
    weft__wait_queue waiters;
    bool set;
} weft_event;

/* Makes an event that is not set. */
void weft_event_init(weft_event *event);

/* Awaiting it waits until the event is set; not at all if it is. */
static inline weft_op weft_event_wait(weft_event *event) {
    weft_op op = {NULL, {{0}, NULL, WEFT_NONE}, 0.0, WEFT__OP_EVENT};
    op.object = event;
    return op;
}

/* Wakes all who wait, and lets everybody pass until it is cleared. Nothing where tasks of another loop wait:
 * their thread must set it. */
void weft_event_set(weft_event *event);

/* From now on tasks wait again. Those that were woken go on. */
void weft_event_clear(weft_event *event);

/* Whether tasks pass. */
bool weft_event_is_set(const weft_event *event);

WEFT_END_DECLARATIONS

#endif
