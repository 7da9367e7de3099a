/* WebSockets over a carrier that the test plays: what is kept, who waits, how it ends. With real peers:
 * tests/native/test_websocket.c and tests/node/. */

#include "../../core/utf8.h"
#include "../../core/websocket_transport.h"

#include "world.h"

/* --- A carrier that does what the test says, and says what it is told --- */

static struct {
    weft_websocket *socket;
    size_t unsent;
    const weft_error *refuses; /* what sending gives */
    bool opens, fails;         /* what dialling leads to */
    bool says_more;            /* of the options */
} fake;

static const weft_error *fake_send(weft_websocket *self, bool text, const void *data, size_t size) {
    (void)self;
    say("sent:%s:%.*s", text ? "text" : "bytes", (int)(size < 40 ? size : 40), (const char *)data);
    return weft_error_retain(fake.refuses);
}

static size_t fake_unsent(const weft_websocket *self) {
    (void)self;
    return fake.unsent;
}

static void fake_resume(weft_websocket *self) {
    (void)self;
    say("resumed");
}

static const weft_error *fake_close(weft_websocket *self, int code, const char *reason) {
    (void)self;
    if (code == 1011)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "not here");
    say("goodbye:%d:%s", code, reason);
    return NULL;
}

static void fake_leave(weft_websocket *self) {
    (void)self;
    fake.socket = NULL;
    say("left");
}

static const weft__websocket_transport stopping = {fake_send, fake_unsent, fake_resume, fake_close,
                                                   fake_leave};
static const weft__websocket_transport unstoppable = {fake_send, fake_unsent, NULL, fake_close, fake_leave};

static void answer_dial(void *argument) {
    (void)argument;
    if (fake.socket != NULL && fake.opens)
        weft__websocket_opened(fake.socket, "chat", 4);
    else if (fake.socket != NULL && fake.fails)
        weft__websocket_failed(fake.socket, weft_error_new(WEFT_WEBSOCKET, "nobody there"));
}

const weft_error *weft__websocket_dial(weft_websocket *self, const char *url,
                                       const weft_websocket_options *options) {
    if (strcmp(url, "nonsense") == 0)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "no URL");
    say("dial:%s:%s", url, options->protocols != NULL ? options->protocols : "");
    if (fake.says_more)
        say("header:%s file:%s", options->headers[0], options->ca_file);
    self->transport = &stopping;
    fake.socket = self;
    if ((fake.opens || fake.fails) && weft_call_soon(answer_dial, NULL) == NULL) {
        self->transport = NULL;
        return &weft_error_out_of_memory;
    }
    return NULL;
}

/* An open socket without dialling. */
static weft_websocket *open_socket(const weft_websocket_options *options,
                                   const weft__websocket_transport *transport) {
    weft_websocket *socket = weft__websocket_new(options);
    memset(&fake, 0, sizeof fake);
    if (socket == NULL)
        return NULL;
    fake.socket = socket;
    socket->transport = transport;
    weft__websocket_opened(socket, NULL, 0);
    return socket;
}

static bool message(const char *text) {
    return fake.socket != NULL && weft__websocket_message(fake.socket, true, text, strlen(text));
}

static void goodbye(int code, const char *reason) {
    if (fake.socket != NULL)
        weft__websocket_closed(fake.socket, code, reason, strlen(reason));
}

static void say_message(weft_value *value) {
    if (value->kind == WEFT_POINTER)
        say("bytes:%zu:%s", ((weft_bytes *)value->as.pointer)->size, ((weft_bytes *)value->as.pointer)->data);
    else
        say("%s", value->kind == WEFT_NONE ? "none" : weft_value_string(*value));
    weft_value_free(value);
}

/* --- Connecting --- */

struct connects {
    weft_frame frame;
    const char *url;
    weft_websocket *socket;
};

weft_async(connects) {
    weft_begin(connects);
    weft_await_to(self->socket,
                  weft_websocket_connect(self->url, &(weft_websocket_options){.protocols = "chat"}));
    say("protocol:%s code:%d reason:%s", weft_websocket_protocol(self->socket),
        weft_websocket_close_code(self->socket), weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(a_socket_is_given_once_it_is_open) {
    memset(&fake, 0, sizeof fake);
    fake.opens = true;
    CHECK_EQ_STR(RUN(weft_call(connects, .url = "ws://x/")), "none");
    CHECK_EQ_STR(world.said, "dial:ws://x/:chat protocol:chat code:0 reason: left");
}

TEST(one_that_cannot_be_made_says_why) {
    memset(&fake, 0, sizeof fake);
    CHECK_EQ_STR(RUN(weft_call(connects, .url = "nonsense")), "InvalidArgument: no URL");
    CHECK_EQ_STR(RUN(weft_call(connects, .url = NULL)), "InvalidArgument: the URL is NULL");
    fake.fails = true;
    CHECK_EQ_STR(RUN(weft_call(connects, .url = "ws://x/")), "WebSocketError: nobody there");
    CHECK_EQ_STR(world.said, "dial:ws://x/:chat left");
}

struct connects_later {
    weft_frame frame;
    weft_coroutine *made;
    weft_websocket *socket;
};

static weft_coroutine *connect_with_what_is_gone_then(void) {
    char url[] = "ws://x/", protocols[] = "chat", header[] = "A: b", file[] = "ca.pem";
    const char *headers[] = {header, NULL};
    weft_coroutine *made = weft_websocket_connect(
        url, &(weft_websocket_options){.protocols = protocols, .headers = headers, .ca_file = file});
    memset(url, 'x', sizeof url - 1);
    memset(protocols, 'x', sizeof protocols - 1);
    memset(header, 'x', sizeof header - 1);
    memset(file, 'x', sizeof file - 1);
    headers[0] = NULL;
    return made;
}

weft_async(connects_later) {
    weft_begin(connects_later);
    self->made = connect_with_what_is_gone_then();
    weft_await_to(self->socket, self->made);
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(connecting_copies_all_strings) {
    memset(&fake, 0, sizeof fake);
    fake.opens = true;
    fake.says_more = true;
    CHECK_EQ_STR(RUN(weft_call(connects_later)), "none");
    CHECK_EQ_STR(world.said, "dial:ws://x/:chat header:A: b file:ca.pem left");
}

struct gives_up {
    weft_frame frame;
    weft_task *task;
    int steps;
};

weft_async(gives_up) {
    weft_begin(gives_up);
    self->task = weft_create_task(weft_call(connects, .url = "ws://x/"));
    for (; self->steps > 0; self->steps--)
        weft_await(weft_sleep(0));
    weft_cancel(self->task);
    weft_await(self->task);
    weft_end();
}

TEST(connecting_can_be_given_up_at_any_time) {
    for (int steps = 0; steps < 4; steps++) {
        memset(&fake, 0, sizeof fake);
        CHECK_EQ_STR(RUN(weft_call(gives_up, .steps = steps)), "Cancelled");
        CHECK_EQ_STR(world.said, steps == 0 ? "" : "dial:ws://x/:chat left");
    }
}

/* --- Receiving --- */

struct receives {
    weft_frame frame;
    weft_websocket *socket;
    weft_value value;
    const weft_error *error;
    int count;
};

weft_async(receives) {
    weft_begin(receives);
    while (self->count-- > 0 && fake.socket != NULL) {
        weft_try {
            weft_await_to(self->value, weft_websocket_receive(self->socket));
            say_message(&self->value);
        }
        weft_catch(self->error) {
            say("%s: %s.", name_of(self->error), self->error->message);
        }
    }
    weft_drop();
    weft_value_free(&self->value);
    weft_end();
}

struct feeds {
    weft_frame frame;
    weft_websocket *socket;
    weft_task *task;
    weft_coroutine *(*part)(int step);
    void (*does)(int step);
    int step, steps, receives;
};

/* A task receives, while this one plays the peer: a step a turn. */
weft_async(feeds) {
    weft_begin(feeds);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    self->task = weft_create_task(weft_call(receives, .socket = self->socket, .count = self->receives));
    for (; self->step < self->steps; self->step++) {
        weft_await(weft_sleep(0));
        weft_await(weft_sleep(0));
        self->does(self->step);
    }
    weft_await(self->task);
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

static const char *feed(const weft_websocket_options *options, const weft__websocket_transport *transport,
                        void (*does)(int), int steps, int receives) {
    if (!world_open())
        return world_without_memory();
    return world_finish(weft_call(feeds, .socket = open_socket(options, transport), .does = does,
                                  .steps = steps, .receives = receives));
}

static void play_messages(int step) {
    if (step == 0)
        message("one");
    if (step == 1) {
        message("two");
        weft__websocket_message(fake.socket, false, "a\0b", 3);
        message("");
    }
    if (step == 2)
        goodbye(1000, "enough");
}

TEST(messages_come_in_order_and_the_end_is_none) {
    CHECK_EQ_STR(feed(NULL, &stopping, play_messages, 3, 6), "none");
    CHECK_EQ_STR(world.said, "one two bytes:3:a  none none left");
}

static void play_zero(int step) {
    if (step == 0)
        weft__websocket_message(fake.socket, true, "a\0b", 3);
    if (step == 1)
        message("on");
}

TEST(a_text_with_a_zero_is_an_error_and_the_next_one_is_not) {
    CHECK_EQ_STR(feed(NULL, &stopping, play_zero, 2, 2), "none");
    CHECK_EQ_STR(world.said, "WebSocketError: a text message of 3 bytes has a zero byte in it, which no C "
                             "string can have. on left");
}

static int code_of_end;

static void play_end(int step) {
    if (step == 0)
        message("last words");
    if (step == 0 && code_of_end == 0)
        weft__websocket_failed(fake.socket, weft_error_new(WEFT_SYSTEM, "reset"));
    else if (step == 0)
        goodbye(code_of_end, "because");
}

static const char *ended_with(int code) {
    code_of_end = code;
    feed(NULL, &stopping, play_end, 1, 2);
    return world.said;
}

TEST(what_came_before_the_end_is_received_and_then_how_it_ended) {
    CHECK_EQ_STR(ended_with(1001), "last words none left");
    CHECK_EQ_STR(ended_with(1005), "last words none left");
    CHECK_EQ_STR(ended_with(1006), "last words WebSocketError: the connection ended without a goodbye "
                                   "(1006). left");
    CHECK_EQ_STR(ended_with(1011), "last words WebSocketError: the peer closed the WebSocket: 1011 (internal "
                                   "error): because. left");
    CHECK_EQ_STR(ended_with(4000), "last words WebSocketError: the peer closed the WebSocket: 4000 "
                                   "(private): because. left");
    CHECK_EQ_STR(ended_with(0), "last words SystemError: reset. left");
}

static void play_big(int step) {
    if (step == 0)
        message("small");
    if (step == 1 && !message("large, much larger than the limit"))
        message("not wanted any more");
    if (step == 2)
        goodbye(1009, "");
}

TEST(a_message_that_is_too_large_ends_the_connection) {
    CHECK_EQ_STR(feed(&(weft_websocket_options){.limit = 10}, &stopping, play_big, 3, 3), "none");
    CHECK_EQ_STR(world.said,
                 "small goodbye:1009:the message is too big LimitExceeded: a message of 33 bytes "
                 "exceeds the limit of 10. LimitExceeded: a message of 33 bytes exceeds the limit "
                 "of 10. left");
}

/* --- No room --- */

struct lags {
    weft_frame frame;
    weft_websocket *socket;
    weft_value value;
};

weft_async(lags) {
    weft_begin(lags);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    say("%s", message("a") ? "more" : "stop");
    say("%s", message("b") ? "more" : "stop");
    say("%s", message("c") ? "more" : "stop");
    weft_await_to(self->value, weft_websocket_receive(self->socket));
    say_message(&self->value);
    weft_await_to(self->value, weft_websocket_receive(self->socket));
    say_message(&self->value);
    weft_await_to(self->value, weft_websocket_receive(self->socket));
    say_message(&self->value);
    weft_drop();
    weft_value_free(&self->value);
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(a_carrier_that_can_stop_reading_stops_until_there_is_room) {
    if (!world_open())
        return;
    CHECK_EQ_STR(world_finish(weft_call(
                     lags, .socket = open_socket(&(weft_websocket_options){.queue = 2}, &stopping))),
                 "none");
    CHECK_EQ_STR(world.said, "more stop stop a resumed b c left");
}

TEST(one_that_cannot_ends_where_memory_must) {
    if (!world_open())
        return;
    CHECK_EQ_STR(
        world_finish(weft_call(
            lags, .socket = open_socket(&(weft_websocket_options){.queue = 2, .limit = 70}, &unstoppable))),
        "none");
    CHECK_EQ_STR(world.said, "more stop goodbye:1008:too many messages stop a b c left");
}

/* --- Sending --- */

struct sends {
    weft_frame frame;
    weft_websocket *socket;
    const char *text;
};

weft_async(sends) {
    weft_begin(sends);
    weft_await(weft_websocket_send(self->socket, self->text));
    say("%s.", self->text);
    weft_end();
}

struct crowd {
    weft_frame frame;
    weft_websocket *socket;
    weft_task *tasks[3];
    const weft_error *error;
    bool closes;
};

/* Three tasks send while too much is unsent; the second is cancelled. */
weft_async(crowd) {
    weft_begin(crowd);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft_await(weft_websocket_printf(self->socket, "%d bottles", 99));
    weft_await(weft_websocket_send_bytes(self->socket, NULL, 0));
    fake.unsent = WEBSOCKET_UNSENT_MOST + 1;
    self->tasks[0] = weft_create_task(weft_call(sends, .socket = self->socket, .text = "a"));
    self->tasks[1] = weft_create_task(weft_call(sends, .socket = self->socket, .text = "b"));
    self->tasks[2] = weft_create_task(weft_call(sends, .socket = self->socket, .text = "c"));
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    say("all wait");
    weft_cancel(self->tasks[1]);
    weft_await(weft_sleep(0));
    fake.unsent = 0;
    if (self->closes)
        goodbye(1000, "");
    else
        weft__websocket_drained(self->socket);
    weft_await(self->tasks[0]);
    weft_await(self->tasks[2]);
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(who_sends_waits_while_too_much_is_unsent) {
    for (int closes = 0; closes < 2; closes++) {
        if (!world_open())
            return;
        CHECK_EQ_STR(world_finish(weft_call(crowd, .socket = open_socket(NULL, &stopping), .closes = closes)),
                     "none");
        CHECK_EQ_STR(world.said, "sent:text:99 bottles sent:bytes: sent:text:a sent:text:b sent:text:c all "
                                 "wait c. a. left");
    }
}

/* --- Closing --- */

struct closes {
    weft_frame frame;
    weft_websocket *socket;
    int code;
    const char *reason;
};

weft_async(closes) {
    weft_begin(closes);
    weft_await(weft_websocket_close_with(self->socket, self->code, self->reason));
    say("closed:%d:%s", weft_websocket_close_code(self->socket), weft_websocket_close_reason(self->socket));
    weft_end();
}

struct parts {
    weft_frame frame;
    weft_websocket *socket;
    weft_task *receiver, *closer;
    int code;
    const char *reason;
};

/* This side closes while a task receives. */
weft_async(parts) {
    weft_begin(parts);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    self->receiver = weft_create_task(weft_call(receives, .socket = self->socket, .count = 2));
    self->closer = weft_create_task(
        weft_call(closes, .socket = self->socket, .code = self->code, .reason = self->reason));
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    message("still");
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    goodbye(4321, "you too");
    weft_await(self->closer);
    weft_await(self->receiver);
    weft_await(weft_websocket_close_with(self->socket, 1000, NULL));
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

static const char *part(int code, const char *reason) {
    if (!world_open())
        return world_without_memory();
    return world_finish(
        weft_call(parts, .socket = open_socket(NULL, &stopping), .code = code, .reason = reason));
}

TEST(this_sides_goodbye_waits_for_the_peers) {
    CHECK_EQ_STR(part(3000, "done"), "none");
    CHECK_EQ_STR(world.said, "goodbye:3000:done still none closed:4321:you too left");
}

TEST(a_goodbye_that_cannot_be_said_is_an_error) {
    char long_reason[125];
    memset(long_reason, 'x', 124);
    long_reason[124] = '\0';
    CHECK_EQ_STR(part(1005, ""), "InvalidArgument: 1005 is no code to close a WebSocket with");
    CHECK_EQ_STR(part(999, ""), "InvalidArgument: 999 is no code to close a WebSocket with");
    CHECK_EQ_STR(part(5000, ""), "InvalidArgument: 5000 is no code to close a WebSocket with");
    CHECK_EQ_STR(part(1000, long_reason), "InvalidArgument: a reason is UTF-8 of at most 123 bytes");
    CHECK_EQ_STR(part(1000, "\xff"), "InvalidArgument: a reason is UTF-8 of at most 123 bytes");
    CHECK_EQ_STR(part(1011, ""), "InvalidArgument: not here");
}

struct pulls_away {
    weft_frame frame;
    weft_websocket *socket;
    weft_task *receiver, *sender, *closer;
    const weft_error *error;
};

/* The socket goes under three tasks that wait in it, and under a coroutine that has not begun. */
weft_async(pulls_away) {
    weft_begin(pulls_away);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    self->receiver = weft_create_task(weft_call(receives, .socket = self->socket, .count = 1));
    fake.unsent = WEBSOCKET_UNSENT_MOST + 1;
    self->sender = weft_create_task(weft_call(sends, .socket = self->socket, .text = "a"));
    weft_await(weft_sleep(0));
    self->closer = weft_create_task(weft_call(closes, .socket = self->socket, .code = 1000));
    weft_await(weft_sleep(0));
    weft_websocket_close(self->socket);
    self->socket = NULL;
    weft_await(self->sender);
    weft_await(self->receiver);
    weft_try {
        weft_await(self->closer);
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

struct forgets {
    weft_frame frame;
    weft_websocket *socket;
};

weft_async(forgets) {
    weft_begin(forgets);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    message("never read");
    weft_end();
}

TEST(one_that_nobody_closes_goes_with_the_loop_and_debug_mode_says_so) {
    world.debug = true;
    if (!world_open())
        return;
    CHECK_EQ_STR(world_finish(weft_call(forgets, .socket = open_socket(NULL, &stopping))), "none");
    CHECK_EQ_STR(world.said, "left");
    CHECK(strstr(world.reports, "a WebSocket was never closed") != NULL);
}

TEST(closing_it_under_tasks_that_wait_ends_their_waits) {
    if (!world_open())
        return;
    CHECK_EQ_STR(world_finish(weft_call(pulls_away, .socket = open_socket(NULL, &stopping))), "none");
    CHECK_EQ_STR(world.said, "sent:text:a goodbye:1000: left a. InvalidState: the WebSocket was closed. "
                             "InvalidState");
}

struct within {
    weft_frame frame;
    weft_websocket *socket;
    bool fails;
};

static void answer_goodbye(void *argument) {
    (void)argument;
    goodbye(1000, "");
}

weft_async(within) {
    weft_begin(within);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft_with(self->socket) {
        if (self->fails)
            weft_raise(WEFT_RUNTIME, "no");
        if (weft_call_soon(answer_goodbye, NULL) == NULL)
            weft_raise_error(&weft_error_out_of_memory);
    }
    weft_end();
}

TEST(a_block_closes_it_however_it_is_left) {
    for (int fails = 0; fails < 2; fails++) {
        if (!world_open())
            return;
        CHECK_EQ_STR(world_finish(weft_call(within, .socket = open_socket(NULL, &stopping), .fails = fails)),
                     fails ? "RuntimeError: no" : "none");
        CHECK_EQ_STR(world.said, fails ? "left" : "goodbye:1000: left");
    }
}

/* --- Generators --- */

struct iterates {
    weft_frame frame;
    weft_websocket *socket;
    weft_value value;
};

weft_async(iterates) {
    weft_begin(iterates);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    message("a");
    message("b");
    message("c");
    weft_for_await (self->value, weft_websocket_messages(self->socket)) {
        say_message(&self->value);
        if (strcmp(world.said, "a b") == 0)
            break;
    }
    goodbye(1000, "");
    weft_for_await (self->value, weft_websocket_messages(self->socket)) {
        say_message(&self->value);
    }
    weft_drop();
    weft_value_free(&self->value);
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(a_loop_over_messages_can_be_left_and_taken_up_again) {
    if (!world_open())
        return;
    CHECK_EQ_STR(world_finish(weft_call(iterates, .socket = open_socket(NULL, &stopping))), "none");
    CHECK_EQ_STR(world.said, "a b c left");
}

/* --- Misuse --- */

struct misuses {
    weft_frame frame;
    weft_websocket *socket;
    weft_task *other;
    const weft_error *error;
    weft_value value;
    int which;
};

static weft_coroutine *misuse(struct misuses *self) {
    switch (self->which) {
    case 0:
        return weft_websocket_send(NULL, "x");
    case 1:
        return weft_websocket_send(self->socket, NULL);
    case 2:
        return weft_websocket_send(self->socket, "\xc0\x80");
    case 3:
        return weft_websocket_send_bytes(self->socket, NULL, 1);
    case 4:
        return weft_websocket_receive(NULL);
    case 5:
        return weft_websocket_close_with(NULL, 1000, "");
    case 6:
        return weft_websocket_receive(self->socket); /* beside another task */
    default:
        goodbye(1001, "");
        return weft_websocket_send(self->socket, "late");
    }
}

weft_async(misuses) {
    weft_begin(misuses);
    if (self->socket == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    self->other = weft_create_task(weft_call(receives, .socket = self->socket, .count = 1));
    weft_await(weft_sleep(0));
    for (self->which = 0; self->which < 8; self->which++) {
        weft_try {
            weft_await(misuse(self));
        }
        weft_catch(self->error) {
            say("%s: %s;", name_of(self->error), self->error->message);
        }
    }
    weft_await(self->other);
    weft_drop();
    weft_websocket_close(self->socket);
    weft_end();
}

TEST(misuse_is_told_in_words) {
    weft_websocket_close(NULL);
    CHECK_EQ_INT(weft_websocket_close_code(NULL), 0);
    CHECK_EQ_STR(weft_websocket_close_reason(NULL), "");
    CHECK_EQ_STR(weft_websocket_protocol(NULL), "");
    sweep_allow(SWEEP_STUCK | SWEEP_DESTROYED); /* one receives what the one that failed would have sent */
    if (!world_open())
        return;
    CHECK_EQ_STR(world_finish(weft_call(misuses, .socket = open_socket(NULL, &stopping))), "none");
    CHECK_EQ_STR(world.said,
                 "InvalidArgument: the WebSocket is NULL; InvalidArgument: the message is NULL; "
                 "InvalidArgument: the text is not UTF-8; InvalidArgument: the message is NULL; "
                 "InvalidArgument: the WebSocket is NULL; InvalidArgument: the WebSocket is NULL; "
                 "RuntimeError: another task receives from the WebSocket already; WebSocketError: the "
                 "WebSocket is closed: 1001 (going away); none left");
}

TEST(utf_8_is_what_unicode_says) {
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "a\xc2z"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(weft__is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!weft__is_utf8(bad[i], strlen(bad[i])));
}

TEST_MAIN(TEST_CASE(a_socket_is_given_once_it_is_open), TEST_CASE(one_that_cannot_be_made_says_why),
          TEST_CASE(connecting_copies_all_strings), TEST_CASE(connecting_can_be_given_up_at_any_time),
          TEST_CASE(messages_come_in_order_and_the_end_is_none),
          TEST_CASE(a_text_with_a_zero_is_an_error_and_the_next_one_is_not),
          TEST_CASE(what_came_before_the_end_is_received_and_then_how_it_ended),
          TEST_CASE(a_message_that_is_too_large_ends_the_connection),
          TEST_CASE(a_carrier_that_can_stop_reading_stops_until_there_is_room),
          TEST_CASE(one_that_cannot_ends_where_memory_must),
          TEST_CASE(who_sends_waits_while_too_much_is_unsent),
          TEST_CASE(this_sides_goodbye_waits_for_the_peers),
          TEST_CASE(a_goodbye_that_cannot_be_said_is_an_error),
          TEST_CASE(one_that_nobody_closes_goes_with_the_loop_and_debug_mode_says_so),
          TEST_CASE(closing_it_under_tasks_that_wait_ends_their_waits),
          TEST_CASE(a_block_closes_it_however_it_is_left),
          TEST_CASE(a_loop_over_messages_can_be_left_and_taken_up_again), TEST_CASE(misuse_is_told_in_words),
          TEST_CASE(utf_8_is_what_unicode_says))
