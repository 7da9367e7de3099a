/*
 * WebSockets, whoever carries them (websocket_transport.h): what was received and not taken yet, who waits,
 * how it ends. Every coroutine made for a socket keeps its memory, so that closing it under them is safe.
 */

#include "websocket.h"

#include "links.h"

enum {
    LIMIT_USUAL = 1024 * 1024,
    QUEUE_USUAL = 16,
    MESSAGE_COST = 64 /* bytes that any message counts as, at least */
};

static const double timeout_usual = 10;

const weft_error weft__websocket_closed_under = {.code = WEFT_INVALID_STATE,
                                                 .message = "the WebSocket was closed"};

/* --- Life --- */

static void close_opened(weft__opened *head) {
    weft_websocket_close((weft_websocket *)(void *)head);
}

weft_websocket *weft__websocket_new(const weft_websocket_options *options) {
    static const weft_websocket_options usual = {.protocols = NULL};
    weft_loop *loop = weft__current;
    weft_websocket *self = loop == NULL ? NULL : weft__new(loop, sizeof *self);
    if (self == NULL)
        return NULL;
    if (options == NULL)
        options = &usual;
    *self = (weft_websocket){
        .head = {.resource = {.exit = weft__websocket_exit}},
        .loop = loop,
        .references = 1,
        .limit = options->limit > 0 ? options->limit : LIMIT_USUAL,
        .queue = options->queue > 0 ? options->queue : QUEUE_USUAL,
        .open_timeout = options->open_timeout > 0 ? options->open_timeout : timeout_usual,
        .close_timeout = options->close_timeout > 0 ? options->close_timeout : timeout_usual,
    };
    self->last = &self->first;
    weft__open_in(&loop->opened, &self->head, "WebSocket", close_opened);
    return self;
}

weft_websocket *weft__websocket_hold(weft_websocket *self) {
    if (self != NULL)
        self->references++;
    return self;
}

void weft__websocket_drop_first(weft_websocket *self) {
    weft__websocket_message_entry *message = self->first;
    self->first = message->next;
    if (self->first == NULL)
        self->last = &self->first;
    self->count--;
    self->bytes -= message->cost;
    weft_value_free(&message->value);
    weft__delete(self->loop, message, sizeof *message);
}

void weft__websocket_let_go(weft_websocket *self) {
    if (self == NULL || --self->references > 0)
        return;
    while (self->first != NULL)
        weft__websocket_drop_first(self);
    weft_error_release(self->failure);
    weft__free_text(self->loop, self->protocol);
    weft__delete(self->loop, self, sizeof *self);
}

void weft__websocket_wake_senders(weft_websocket *self) {
    while (self->senders != NULL) {
        weft__websocket_sender *sender = self->senders;
        WEFT__UNLINK(sender);
        weft__waiting_end(&sender->waiting);
    }
}

void weft__websocket_end(weft_websocket *self, int code, const weft_error *failure) {
    self->state = WEBSOCKET_CLOSED;
    self->code = code;
    weft_error_release(self->failure);
    self->failure = failure;
    weft__waiting_end(&self->receiver);
    weft__waiting_end(&self->closer);
    weft__websocket_wake_senders(self);
}

void weft__websocket_leave(weft_websocket *self) {
    const weft__websocket_transport *transport = self->transport;
    self->transport = NULL;
    if (transport != NULL)
        transport->leave(self);
}

void weft_websocket_close(weft_websocket *self) {
    if (self == NULL)
        return;
    weft__websocket_leave(self);
    weft__open_ends(&self->head);
    self->gone = true;
    weft__websocket_end(self, self->state == WEBSOCKET_CLOSED ? self->code : CODE_ABNORMAL,
                        &weft__websocket_closed_under);
    weft__websocket_let_go(self);
}

static void close_value(void *websocket) {
    weft_websocket_close(websocket);
}

weft_value weft__websocket_value(weft_websocket *self) {
    return weft_owned_pointer(self, close_value);
}

/* --- What the transport tells --- */

const char *weft__websocket_words(int code) {
    static const struct {
        int code;
        const char *words;
    } table[] = {{1000, "normal closure"},    {1001, "going away"},       {1002, "protocol error"},
                 {1003, "unsupported data"},  {1005, "no code"},          {1006, "no goodbye"},
                 {1007, "invalid data"},      {1008, "policy violation"}, {1009, "message too big"},
                 {1010, "extension missing"}, {1011, "internal error"},   {1012, "service restart"},
                 {1013, "try again later"},   {1014, "bad gateway"},      {1015, "TLS handshake failed"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return table[i].words;
    return code < 4000 ? "registered" : "private";
}

void weft__websocket_opened(weft_websocket *self, const char *protocol, size_t size) {
    if (self->state != WEBSOCKET_CONNECTING)
        return;
    if (size > 0 && (self->protocol = weft__new(self->loop, size + 1)) != NULL) {
        memcpy(self->protocol, protocol, size);
        self->protocol[size] = '\0';
    }
    if (size > 0 && self->protocol == NULL) {
        self->failure = &weft_error_out_of_memory;
        weft__websocket_end(self, CODE_ABNORMAL, self->failure);
        return;
    }
    self->state = WEBSOCKET_OPEN;
    self->was_open = true;
    weft__waiting_end(&self->receiver);
}

/* The connection ends for a fault of the peer's that the carrier could not see. */
static void refuse(weft_websocket *self, int code, const char *reason, const weft_error *error) {
    if (self->state != WEBSOCKET_OPEN) {
        weft_error_release(error);
        return;
    }
    self->state = WEBSOCKET_CLOSING;
    weft_error_release(self->failure);
    self->failure = error;
    weft_error_release(self->transport->close(self, code, reason));
    weft__waiting_end(&self->receiver);
    weft__websocket_wake_senders(self);
}

/* A text becomes a string that owns its memory, other bytes a weft_bytes. */
static weft_value message_value(bool text, const void *data, size_t size) {
    if (text && size > 0 && memchr(data, '\0', size) != NULL)
        return weft_failure(WEFT_WEBSOCKET,
                            "a text message of %zu bytes has a zero byte in it, which no C string can have",
                            size);
    if (text)
        return weft__string_value(data, size);
    return weft_owned_pointer(weft__bytes_new(data, size), weft_free);
}

bool weft__websocket_has_room(const weft_websocket *self) {
    return self->count < self->queue;
}

static void add(weft_websocket *self, bool text, const void *data, size_t size) {
    weft__websocket_message_entry *message = weft__new(self->loop, sizeof *message);
    if (message == NULL) {
        refuse(self, CODE_INTERNAL, "out of memory", &weft_error_out_of_memory);
        return;
    }
    *message = (weft__websocket_message_entry){.value = message_value(text, data, size),
                                               .cost = size > MESSAGE_COST ? size : MESSAGE_COST};
    *self->last = message;
    self->last = &message->next;
    self->count++;
    self->bytes += message->cost;
    weft__waiting_end(&self->receiver);
}

/* Where reading cannot be stopped, memory must end somewhere. */
static bool too_many(const weft_websocket *self) {
    return self->transport->resume == NULL && self->bytes / self->queue > self->limit;
}

bool weft__websocket_message(weft_websocket *self, bool text, const void *data, size_t size) {
    weft_loop *outer = weft__current;
    if (self->state != WEBSOCKET_OPEN && self->state != WEBSOCKET_CLOSING)
        return false;
    weft__current = self->loop;
    if (size > self->limit)
        refuse(
            self, CODE_TOO_BIG, "the message is too big",
            weft_error_new(WEFT_LIMIT, "a message of %zu bytes exceeds the limit of %zu", size, self->limit));
    else if (self->failure == NULL)
        add(self, text, data, size);
    if (too_many(self))
        refuse(self, CODE_POLICY, "too many messages",
               weft_error_new(WEFT_LIMIT, "%zu messages of %zu bytes wait to be received", self->count,
                              self->bytes));
    self->stopped = !weft__websocket_has_room(self);
    weft__current = outer;
    return !self->stopped;
}

void weft__websocket_drained(weft_websocket *self) {
    weft__websocket_wake_senders(self);
}

static bool in_order(const weft_websocket *self, int code) {
    return self->ours || code == CODE_NORMAL || code == CODE_GOING_AWAY || code == CODE_NONE;
}

void weft__websocket_closed(weft_websocket *self, int code, const char *reason, size_t size) {
    weft_loop *outer = weft__current;
    if (self->state == WEBSOCKET_CLOSED)
        return;
    weft__current = self->loop;
    size = size > WEBSOCKET_REASON_MOST ? WEBSOCKET_REASON_MOST : size;
    if (size > 0)
        memcpy(self->reason, reason, size);
    const weft_error *failure = weft_error_retain(self->failure);
    if (failure == NULL && code == CODE_ABNORMAL)
        failure = weft_error_new(WEFT_WEBSOCKET, "the connection ended without a goodbye (1006)");
    else if (failure == NULL && !in_order(self, code))
        failure = weft_error_new(WEFT_WEBSOCKET, "the peer closed the WebSocket: %d (%s)%s%s", code,
                                 weft__websocket_words(code), size > 0 ? ": " : "", self->reason);
    weft__websocket_end(self, code, failure);
    weft__current = outer;
}

void weft__websocket_failed(weft_websocket *self, const weft_error *error) {
    weft_loop *outer = weft__current;
    if (self->state == WEBSOCKET_CLOSED) {
        weft_error_release(error);
        return;
    }
    weft__current = self->loop;
    if (self->failure != NULL) { /* the first one says why */
        weft_error_release(error);
        error = weft_error_retain(self->failure);
    }
    weft__websocket_end(self, CODE_ABNORMAL, error);
    weft__current = outer;
}

/* --- What is known of it --- */

const weft_error *weft__websocket_misuse(const weft_websocket *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the WebSocket is NULL"};
    static const weft_error elsewhere = {.code = WEFT_RUNTIME, .message = "the WebSocket is of another loop"};
    if (self == NULL)
        return &null;
    if (self->loop != weft__current)
        return &elsewhere;
    return self->gone ? &weft__websocket_closed_under : NULL;
}

int weft_websocket_close_code(const weft_websocket *self) {
    return self == NULL ? 0 : self->code;
}

const char *weft_websocket_close_reason(const weft_websocket *self) {
    return self == NULL ? "" : self->reason;
}

const char *weft_websocket_protocol(const weft_websocket *self) {
    return self != NULL && self->protocol != NULL ? self->protocol : "";
}
