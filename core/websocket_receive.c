/* Receiving by WebSockets, one message or all. */

#include "websocket.h"

struct receive {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    bool waits;                /* this one, and no other */
};

static weft_value take_first(weft_websocket *self) {
    weft_value value = self->first->value;
    self->first->value = weft_none();
    weft__websocket_drop_first(self);
    if (self->stopped && weft__websocket_has_room(self) && self->transport != NULL &&
        self->transport->resume != NULL) {
        self->stopped = false;
        self->transport->resume(self);
    }
    return value;
}

static weft_async(receive) {
    weft_begin(receive);
    for (;;) {
        {
            const weft_error *error = weft__websocket_misuse(self->websocket);
            if (error != NULL)
                weft_raise_error(error);
        }
        self->waits = false;
        if (self->websocket->first != NULL)
            weft_return(take_first(self->websocket));
        if (self->websocket->failure != NULL)
            weft_raise_error(self->websocket->failure);
        if (self->websocket->state == WEBSOCKET_CLOSED)
            weft_return_none();
        if (self->websocket->receiver.loop != NULL)
            weft_raise(WEFT_RUNTIME, "another task receives from the WebSocket already");
        self->waits = true;
        WEFT__WAIT_OUTSIDE(&self->websocket->receiver, "a message of a WebSocket");
    }
    weft_drop();
    if (self->waits)
        weft__waiting_leave(&self->websocket->receiver);
    weft__websocket_let_go(self->websocket);
    weft_end();
}

weft_coroutine *weft_websocket_receive(weft_websocket *self) {
    return weft_call(receive, .websocket = weft__websocket_hold(self));
}

struct messages {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    weft_value message;
};

static weft_value handed_over(weft_value *value) {
    weft_value given = *value;
    *value = weft_none();
    return given;
}

static weft_async(messages) {
    weft_begin(messages);
    for (;;) {
        weft_await_to(self->message, weft_websocket_receive(self->websocket));
        if (self->message.kind == WEFT_NONE)
            weft_return_none();
        weft_yield(handed_over(&self->message));
    }
    weft_drop();
    weft__websocket_let_go(self->websocket);
    weft_end();
}

weft_coroutine *weft_websocket_messages(weft_websocket *self) {
    return weft_call(messages, .websocket = weft__websocket_hold(self));
}
