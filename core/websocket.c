/*
 * WebSockets, whoever carries them (websocket_transport.h): what was received and not taken yet, who waits,
 * how it ends. Every coroutine made for a socket keeps its memory, so that closing it under them is safe.
 */

#include "links.h"
#include "websocket_transport.h"

#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    LIMIT_USUAL = 1024 * 1024,
    QUEUE_USUAL = 16,
    MESSAGE_COST = 64, /* bytes that any message counts as, at least */
    CODE_NORMAL = 1000,
    CODE_GOING_AWAY = 1001,
    CODE_NONE = 1005,
    CODE_ABNORMAL = 1006,
    CODE_POLICY = 1008,
    CODE_TOO_BIG = 1009,
    CODE_INTERNAL = 1011
};

static const double timeout_usual = 10;

/* A message that nobody has taken yet. */
struct weft__websocket_message {
    weft__websocket_message_entry *next;
    weft_value value; /* a failure: it cannot be taken, and says why */
    size_t cost;
};

/* A task that waits until less is unsent; part of its frame. */
struct weft__websocket_sender {
    weft__waiting waiting;
    weft__websocket_sender *next, **link; /* NULL: it stands in no list */
};

static const weft_error closed_under = {.code = WEFT_INVALID_STATE, .message = "the WebSocket was closed"};

/* --- UTF-8 --- */

/* The bytes of the sequence that starts here, or 0 if it is none: no overlong ones, surrogates or numbers
 * beyond Unicode. */
static size_t sequence(const unsigned char *at, size_t left) {
    static const unsigned char second_least[] = {[0xe0] = 0xa0, [0xf0] = 0x90};
    unsigned char lead = at[0];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xc2 ? 0
                    : lead < 0xe0 ? 2
                    : lead < 0xf0 ? 3
                    : lead < 0xf5 ? 4
                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if (length > 2) {
        unsigned char least = lead <= 0xf0 ? second_least[lead] : 0;
        unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (at[1] < least || at[1] > most)
            return 0;
    }
    return length;
}

bool weft__is_utf8(const void *data, size_t size) {
    const unsigned char *at = data, *end = at + size;
    while (at < end) {
        size_t length = sequence(at, (size_t)(end - at));
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/* --- Life --- */

static weft_coroutine *exit_with(void *object, const weft_error *error);

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
        .head = {.resource = {.exit = exit_with}},
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

static void free_first(weft_websocket *self) {
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
        free_first(self);
    weft_error_release(self->failure);
    weft__free_text(self->loop, self->protocol);
    weft__delete(self->loop, self, sizeof *self);
}

/* Whoever waits goes on, and sees for himself. */
static void wake_senders(weft_websocket *self) {
    while (self->senders != NULL) {
        weft__websocket_sender *sender = self->senders;
        WEFT__UNLINK(sender);
        weft__waiting_end(&sender->waiting);
    }
}

static void end(weft_websocket *self, int code, const weft_error *failure) {
    self->state = WEBSOCKET_CLOSED;
    self->code = code;
    weft_error_release(self->failure);
    self->failure = failure;
    weft__waiting_end(&self->receiver);
    weft__waiting_end(&self->closer);
    wake_senders(self);
}

static void leave(weft_websocket *self) {
    const weft__websocket_transport *transport = self->transport;
    self->transport = NULL;
    if (transport != NULL)
        transport->leave(self);
}

void weft_websocket_close(weft_websocket *self) {
    if (self == NULL)
        return;
    leave(self);
    weft__open_ends(&self->head);
    self->gone = true;
    end(self, self->state == WEBSOCKET_CLOSED ? self->code : CODE_ABNORMAL, &closed_under);
    weft__websocket_let_go(self);
}

static void close_value(void *websocket) {
    weft_websocket_close(websocket);
}

weft_value weft__websocket_value(weft_websocket *self) {
    return weft_owned_pointer(self, close_value);
}

/* --- What the transport tells --- */

static const char *words_of(int code) {
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
        end(self, CODE_ABNORMAL, self->failure);
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
    wake_senders(self);
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

static bool has_room(const weft_websocket *self) {
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
    self->stopped = !has_room(self);
    weft__current = outer;
    return !self->stopped;
}

void weft__websocket_drained(weft_websocket *self) {
    wake_senders(self);
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
                                 words_of(code), size > 0 ? ": " : "", self->reason);
    end(self, code, failure);
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
    end(self, CODE_ABNORMAL, error);
    weft__current = outer;
}

/* --- Connecting --- */

/* Why this task cannot use it; NULL if it can. */
static const weft_error *misuse(const weft_websocket *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the WebSocket is NULL"};
    static const weft_error elsewhere = {.code = WEFT_RUNTIME, .message = "the WebSocket is of another loop"};
    if (self == NULL)
        return &null;
    if (self->loop != weft__current)
        return &elsewhere;
    return self->gone ? &closed_under : NULL;
}

struct connect {
    weft_frame frame;
    void *copies; /* of all strings; NULL: no memory */
    const char *url;
    weft_websocket_options options;
    weft_websocket *websocket;
};

static const weft_error *begin(struct connect *self) {
    static const weft_error no_url = {.code = WEFT_INVALID_ARGUMENT, .message = "the URL is NULL"};
    if (self->url == NULL)
        return &no_url;
    if (self->copies != NULL)
        self->websocket = weft__websocket_new(&self->options);
    if (self->websocket == NULL)
        return &weft_error_out_of_memory;
    return weft__websocket_dial(self->websocket, self->url, &self->options);
}

static weft_async(connect) {
    weft_begin(connect);
    {
        const weft_error *error = begin(self);
        if (error != NULL)
            weft_return(weft__owned_failure(error));
    }
    weft_with(weft_timeout(self->websocket->open_timeout)) {
        while (self->websocket->state == WEBSOCKET_CONNECTING)
            WEFT__WAIT_OUTSIDE(&self->websocket->receiver, "a WebSocket to open");
    }
    if (!self->websocket->was_open && self->websocket->failure != NULL)
        weft_raise_error(self->websocket->failure);
    if (!self->websocket->was_open)
        weft_raise(WEFT_WEBSOCKET, "the connection was closed before it was open");
    {
        weft_websocket *websocket = self->websocket;
        self->websocket = NULL;
        weft_return(weft__websocket_value(websocket));
    }
    weft_drop();
    if (self->websocket != NULL) {
        weft__waiting_leave(&self->websocket->receiver);
        weft_websocket_close(self->websocket);
    }
    weft_free(self->copies);
    weft_end();
}

static size_t size_of(const char *text) {
    return text == NULL ? 0 : strlen(text) + 1;
}

static const char *put(char **end, const char *text) {
    size_t size = size_of(text);
    char *copy = *end;
    if (text == NULL)
        return NULL;
    *end += size;
    return memcpy(copy, text, size);
}

/* Makes all strings those of one block, which it returns: the program's may be gone once they are needed. */
static void *copy_strings(const char **url, weft_websocket_options *options) {
    const char *const *lines = options->headers;
    size_t count = 0, size = size_of(*url) + size_of(options->protocols) + size_of(options->ca_file);
    while (lines != NULL && lines[count] != NULL)
        size += size_of(lines[count++]);
    const char **copies = weft_allocate((count + 1) * sizeof *copies + size);
    if (copies == NULL)
        return NULL;
    char *end = (char *)(copies + count + 1);
    *url = put(&end, *url);
    options->protocols = put(&end, options->protocols);
    options->ca_file = put(&end, options->ca_file);
    for (size_t i = 0; i < count; i++)
        copies[i] = put(&end, lines[i]);
    copies[count] = NULL;
    options->headers = copies;
    return copies;
}

weft_coroutine *weft_websocket_connect(const char *url, const weft_websocket_options *options) {
    weft_websocket_options copy = {.protocols = NULL};
    if (options != NULL)
        copy = *options;
    void *copies = copy_strings(&url, &copy);
    return weft_call(connect, .copies = copies, .url = url, .options = copy);
}

/* --- Sending --- */

struct send {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    bool text;
    const void *data;
    size_t size;
    weft_value owned; /* what the data is part of, or none */
    weft__websocket_sender sender;
};

static weft_value closed_failure(const weft_websocket *self) {
    if (self->code == 0)
        return weft_failure(WEFT_WEBSOCKET, "the WebSocket is being closed");
    return weft__owned_failure(weft_error_from(
        self->failure, WEFT_WEBSOCKET, "the WebSocket is closed: %d (%s)", self->code, words_of(self->code)));
}

/* None, or why the message was not sent. */
static weft_value transmit(struct send *self) {
    weft_websocket *websocket = self->websocket;
    const weft_error *error = misuse(websocket);
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

weft_coroutine *weft_websocket_send(weft_websocket *self, const char *text) {
    return weft_call(send, .websocket = weft__websocket_hold(self), .text = true, .data = text,
                     .size = text == NULL ? 0 : strlen(text));
}

weft_coroutine *weft_websocket_send_bytes(weft_websocket *self, const void *data, size_t size) {
    return weft_call(send, .websocket = weft__websocket_hold(self), .data = data, .size = size);
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

/* --- Receiving --- */

struct receive {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    bool waits;                /* this one, and no other */
};

static weft_value take_first(weft_websocket *self) {
    weft_value value = self->first->value;
    self->first->value = weft_none();
    free_first(self);
    if (self->stopped && has_room(self) && self->transport != NULL && self->transport->resume != NULL) {
        self->stopped = false;
        self->transport->resume(self);
    }
    return value;
}

static weft_async(receive) {
    weft_begin(receive);
    for (;;) {
        {
            const weft_error *error = misuse(self->websocket);
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

/* --- Closing --- */

struct close {
    weft_frame frame;
    weft_websocket *websocket; /* counted */
    int code;
    const char *reason; /* the caller's, or NULL */
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
    const char *reason = self->reason != NULL ? self->reason : "";
    size_t size = strlen(reason);
    if (!may_say(self->code))
        return weft_failure(WEFT_INVALID_ARGUMENT, "%d is no code to close a WebSocket with", self->code);
    if (size > WEBSOCKET_REASON_MOST || !weft__is_utf8(reason, size))
        return weft_failure(WEFT_INVALID_ARGUMENT, "a reason is UTF-8 of at most %d bytes",
                            WEBSOCKET_REASON_MOST);
    if (websocket->state != WEBSOCKET_OPEN && websocket->state != WEBSOCKET_CONNECTING)
        return weft_none();
    const weft_error *error = websocket->transport->close(websocket, self->code, reason);
    if (error != NULL)
        return weft__owned_failure(error);
    websocket->state = WEBSOCKET_CLOSING;
    websocket->ours = true;
    wake_senders(websocket);
    return weft_none();
}

static weft_async(close) {
    weft_begin(close);
    self->error = misuse(self->websocket);
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
                    weft_raise_error(&closed_under);
            }
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        leave(self->websocket);
        end(self->websocket, CODE_ABNORMAL, NULL);
    }
    weft_drop();
    if (self->waits)
        weft__waiting_leave(&self->websocket->closer);
    if (self->frees)
        weft_websocket_close(self->websocket);
    weft__websocket_let_go(self->websocket);
    weft_end();
}

weft_coroutine *weft_websocket_close_with(weft_websocket *self, int code, const char *reason) {
    return weft_call(close, .websocket = weft__websocket_hold(self), .code = code, .reason = reason);
}

/* weft_with: in order, or at once. */
static weft_coroutine *exit_with(void *object, const weft_error *error) {
    weft_websocket *self = object;
    if (error == NULL)
        return weft_call(close, .websocket = weft__websocket_hold(self), .code = CODE_NORMAL, .frees = true);
    if (self->transport != NULL && self->state == WEBSOCKET_OPEN)
        weft_error_release(self->transport->close(self, CODE_INTERNAL, ""));
    weft_websocket_close(self);
    return NULL;
}

/* --- What is known of it --- */

int weft_websocket_close_code(const weft_websocket *self) {
    return self == NULL ? 0 : self->code;
}

const char *weft_websocket_close_reason(const weft_websocket *self) {
    return self == NULL ? "" : self->reason;
}

const char *weft_websocket_protocol(const weft_websocket *self) {
    return self != NULL && self->protocol != NULL ? self->protocol : "";
}
