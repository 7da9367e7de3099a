/* Closing WebSockets in order: a goodbye to the peer, and its answer. */

#include <stdio.h>

#include "utf8.h"
#include "websocket.h"

/* What is said to the peer, a character more than may be if it is too long. */
typedef struct goodbye {
    char text[WEBSOCKET_REASON_MOST + 2];
} goodbye;

struct close {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    int code;
    goodbye reason;
    bool waits, frees;
    const weft_error *error;
};

static bool may_say(int code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014 && code != 1010) ||
           (code >= 3000 && code <= 4999);
}

/* None, or why it cannot say goodbye so. */
static weft_value say_goodbye(struct close *self) {
    weft_websocket *websocket = self->websocket;
    size_t size = strlen(self->reason.text);
    if (!may_say(self->code))
        return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no code to close a WebSocket with", self->code);
    if (size > WEBSOCKET_REASON_MOST || !weft__is_utf8(self->reason.text, size))
        return weft_failure(WEFT_INVALID_ARGUMENT, "a reason is UTF-8 of at most %d bytes",
                            WEBSOCKET_REASON_MOST);
    if (websocket->state != WEBSOCKET_OPEN && websocket->state != WEBSOCKET_CONNECTING)
        return weft_none();
    const weft_error *error = websocket->transport->close(websocket, self->code, self->reason.text);
    if (error != NULL)
        return weft__owned_failure(error);
    websocket->state = WEBSOCKET_CLOSING;
    websocket->ours = true;
    weft__websocket_wake_senders(websocket);
    return weft_none();
}

static weft_async(close) {
    weft_begin(close);
    self->error = weft__websocket_misuse(self->websocket);
    if (self->error != NULL)
        weft_raise_error(self->error);
    {
        weft_value failure = say_goodbye(self);
        if (failure.kind == WEFT_FAILURE)
            weft_return(failure);
    }
    weft_try {
        weft_with(weft_timeout(self->websocket->close_timeout)) {
            while (self->websocket->state == WEBSOCKET_CLOSING) {
                if (self->websocket->closer.loop != NULL)
                    weft_raise(WEFT_RUNTIME, "another task closes the WebSocket already");
                self->waits = true;
                WEFT__WAIT_OUTSIDE(&self->websocket->closer, "the end of a WebSocket");
                self->waits = false;
                if (self->websocket->gone)
                    weft_raise_error(&weft__websocket_closed_under);
            }
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        weft__websocket_leave(self->websocket);
        weft__websocket_end(self->websocket, CODE_ABNORMAL, NULL);
    }
    weft_drop();
    if (self->waits)
        weft__waiting_leave(&self->websocket->closer);
    if (self->frees)
        weft_websocket_close(self->websocket);
    weft__websocket_let_go(self->websocket);
    weft_end();
}

static goodbye copied(const char *reason) {
    goodbye copy;
    snprintf(copy.text, sizeof copy.text, "%s", reason == NULL ? "" : reason);
    return copy;
}

weft_coroutine *weft_websocket_close_with(weft_websocket *self, int code, const char *reason) {
    return weft_call(close, .websocket = weft__websocket_hold(self), .code = code, .reason = copied(reason));
}

/* weft_with: in order, or at once. */
weft_coroutine *weft__websocket_exit(void *object, const weft_error *error) {
    weft_websocket *self = object;
    if (error == NULL)
        return weft_call(close, .websocket = weft__websocket_hold(self), .code = CODE_NORMAL, .frees = true);
    if (self->transport != NULL && self->state == WEBSOCKET_OPEN)
        weft_error_release(self->transport->close(self, CODE_INTERNAL, ""));
    weft_websocket_close(self);
    return NULL;
}
