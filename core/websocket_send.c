/* Sending by WebSockets, and waiting while too much is unsent. */

#include <stdarg.h>

#include "links.h"
#include "utf8.h"
#include "websocket.h"

struct send {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    bool text;
    const void *data;
    size_t size;
    weft_value owned; /* what the data is part of; none: it is NULL */
    weft__websocket_sender sender;
};

static weft_value closed_failure(const weft_websocket *self) {
    if (self->code == 0)
        return weft_failure(WEFT_WEBSOCKET, "the WebSocket is being closed");
    return weft__owned_failure(weft_error_from(self->failure, WEFT_WEBSOCKET,
                                               "the WebSocket is closed: %d (%s)", self->code,
                                               weft__websocket_words(self->code)));
}

/* None, or why the message was not sent. */
static weft_value transmit(struct send *self) {
    weft_websocket *websocket = self->websocket;
    const weft_error *error = weft__websocket_misuse(websocket);
    if (self->owned.kind == WEFT_FAILURE) {
        weft_value failure = self->owned;
        self->owned = weft_none();
        return failure;
    }
    if (error == NULL && websocket->state != WEBSOCKET_OPEN)
        return closed_failure(websocket);
    if (error == NULL && self->data == NULL && (self->size > 0 || self->text))
        return weft_failure(WEFT_INVALID_ARGUMENT, "the message is NULL");
    if (error == NULL && self->text && !weft__is_utf8(self->data, self->size))
        return weft_failure(WEFT_INVALID_ARGUMENT, "the text is not UTF-8");
    if (error == NULL)
        error = websocket->transport->send(websocket, self->text, self->data, self->size);
    return error == NULL ? weft_none() : weft__owned_failure(error);
}

static bool must_wait(const weft_websocket *self) {
    return self->state == WEBSOCKET_OPEN && self->transport->unsent(self) > WEBSOCKET_UNSENT_MOST;
}

static void leave_line(weft__websocket_sender *sender) {
    weft__waiting_leave(&sender->waiting);
    WEFT__UNLINK(sender);
}

static weft_async(send) {
    weft_begin(send);
    {
        weft_value failure = transmit(self);
        if (failure.kind == WEFT_FAILURE)
            weft_return(failure);
    }
    while (must_wait(self->websocket)) {
        WEFT__LINK(&self->websocket->senders, &self->sender);
        WEFT__WAIT_OUTSIDE(&self->sender.waiting, "room in a WebSocket");
    }
    weft_drop();
    leave_line(&self->sender);
    weft_value_free(&self->owned);
    weft__websocket_let_go(self->websocket);
    weft_end();
}

static weft_coroutine *send_copy(weft_websocket *self, bool text, const void *data, size_t size) {
    weft_bytes *copy = data == NULL ? NULL : weft__bytes_new(data, size);
    return weft_call(send, .websocket = weft__websocket_hold(self), .text = text,
                     .data = copy == NULL ? NULL : copy->data, .size = size,
                     .owned = data == NULL ? weft_none() : weft_owned_pointer(copy, weft_free));
}

weft_coroutine *weft_websocket_send(weft_websocket *self, const char *text) {
    return send_copy(self, true, text, text == NULL ? 0 : strlen(text));
}

weft_coroutine *weft_websocket_send_bytes(weft_websocket *self, const void *data, size_t size) {
    return send_copy(self, false, data, size);
}

weft_coroutine *weft_websocket_printf(weft_websocket *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_value text = weft__format_list(format, arguments);
    va_end(arguments);
    const char *string = weft_value_string(text);
    return weft_call(send, .websocket = weft__websocket_hold(self), .text = true, .data = string,
                     .size = string == NULL ? 0 : strlen(string), .owned = text);
}
