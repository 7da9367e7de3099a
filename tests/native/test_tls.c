/* TLS on streams: both sides in one program, over loopback. */

#define _POSIX_C_SOURCE 200809L

#include "descriptors.h"
#include "failing_malloc.h"
#include "weft_test.h"

#include "tls_sides.h"

/* --- A scene: a server, and visits to it one after the other --- */

struct scene;
typedef weft_coroutine *visitor(weft_stream *stream, struct scene *scene);

struct scene {
    const char *certificate; /* the server's */
    const char *host;        /* whom the client asks for */
    weft_tls_options client, server;
    weft_stream_handler *handler; /* its argument is the scene */
    visitor *visit;
    int visits;
    /* What the parts tell each other and the test. */
    int number;
    char text[256];
    const weft_error *error; /* retained */
};

struct act {
    weft_frame frame;
    struct scene *scene;
    weft_tls_context *client, *server;
    weft_listener *listener;
    weft_stream *stream;
    weft_group group;
    int i;
};

static char said[512];

static void remember(void *context, const char *text) {
    (void)context;
    snprintf(said, sizeof said, "%s", text);
}

static weft_async(act) {
    weft_begin(act);
    weft_loop_set_reporter(weft__loop, remember, NULL);
    weft_await_to(self->client, weft_tls_client(&self->scene->client));
    weft_await_to(self->server,
                  weft_tls_server(certificate(self->scene->certificate), NULL, &self->scene->server));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(
            &self->group, weft_tls_serve(self->listener, self->server, self->scene->handler, self->scene));
        for (; self->i < self->scene->visits; self->i++) {
            weft_await_to(self->stream, weft_tls_connect(self->scene->host,
                                                         weft_listener_port(self->listener), self->client));
            weft_with(self->stream) {
                weft_await(self->scene->visit(self->stream, self->scene));
            }
        }
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft_listener_close(self->listener);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->server);
    weft_end();
}

/* Runs to its end without leaving anything. What goes wrong is the caller's. */
static const weft_error *run_coroutine(weft_coroutine *(*make_coroutine)(void *), void *argument) {
    const weft_error *error = NULL;
    int before = open_descriptors();
    said[0] = '\0';
    weft_run(make_coroutine(argument), NULL, &error);
    CHECK_EQ_INT(open_descriptors(), before);
    CHECK(ERR_peek_error() == 0);
    return error;
}

static weft_coroutine *call_act(void *of) {
    return weft_call(act, .scene = of);
}

static void play(struct scene *scene) {
    const weft_error *error = run_coroutine(call_act, scene);
    if (!CHECK(error == NULL))
        CHECK_EQ_STR(error->message, "");
    CHECK_EQ_STR(said, "");
    weft_error_release(error);
}

static weft_coroutine *trusting_client(void) {
    return weft_tls_client(&(weft_tls_options){.ca_file = certificate("ca.pem")});
}

static struct scene usual(weft_stream_handler *handler, visitor *visit) {
    return (struct scene){.certificate = "server.pem",
                          .host = "localhost",
                          .client = {.ca_file = certificate("ca.pem")},
                          .handler = handler,
                          .visit = visit,
                          .visits = 1};
}

/* --- Handlers and visits --- */

struct echo {
    weft_frame frame;
    weft_stream *stream;
    int64_t size;
    char buffer[65536];
};

static weft_async(echo) {
    weft_begin(echo);
    for (;;) {
        weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
        if (self->size == 0)
            break;
        weft_await(weft_stream_write(self->stream, self->buffer, (size_t)self->size));
    }
    weft_end();
}

static weft_coroutine *call_echo(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(echo, .stream = stream);
}

struct ask {
    weft_frame frame;
    weft_stream *stream;
    struct scene *scene;
    char *line;
};

static weft_async(ask) {
    weft_begin(ask);
    weft_await(weft_stream_printf(self->stream, "hello %d\n", self->scene->number));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    snprintf(self->scene->text, sizeof self->scene->text, "%s", self->line == NULL ? "nothing" : self->line);
    self->scene->number += weft_tls_resumed(self->stream);
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *call_ask(weft_stream *stream, struct scene *scene) {
    return weft_call(ask, .stream = stream, .scene = scene);
}

/* --- What was agreed on --- */

struct know {
    weft_frame frame;
    weft_stream *stream;
    struct scene *scene;
    bool server;
    char *line;
};

static void check_what_is_known(struct know *self) {
    char subject[64], cut[4];
    const char *name = weft_tls_server_name(self->stream);
    CHECK_EQ_STR(weft_tls_version(self->stream), "TLSv1.3");
    CHECK(strncmp(weft_tls_cipher(self->stream), "TLS_", 4) == 0);
    CHECK_EQ_STR(weft_tls_alpn(self->stream), "two");
    CHECK(!weft_tls_resumed(self->stream));
    size_t length = weft_tls_peer_subject(self->stream, subject, sizeof subject);
    CHECK_EQ_STR(subject, self->server ? "CN=somebody" : "CN=localhost");
    CHECK_EQ_INT(length, strlen(subject));
    CHECK_EQ_INT(weft_tls_peer_subject(self->stream, cut, sizeof cut), length);
    CHECK_EQ_STR(cut, "CN=");
    CHECK_EQ_INT(weft_tls_peer_subject(self->stream, NULL, 0), length);
    if (self->server)
        CHECK_EQ_STR(name, "localhost");
    else
        CHECK(name == NULL);
}

static weft_async(know) {
    weft_begin(know);
    check_what_is_known(self);
    self->scene->number++;
    weft_await(weft_stream_printf(self->stream, "it is so\n"));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    CHECK_EQ_STR(self->line, "it is so");
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *know_client(weft_stream *stream, void *argument) {
    return weft_call(know, .stream = stream, .scene = argument, .server = true);
}

static weft_coroutine *know_server(weft_stream *stream, struct scene *scene) {
    return weft_call(know, .stream = stream, .scene = scene);
}

TEST(both_sides_know_what_was_agreed_on) {
    struct scene scene = usual(know_client, know_server);
    scene.client.alpn = "one,two";
    scene.client.certificate_file = certificate("client.pem");
    scene.server.alpn = "three,two,one";
    scene.server.ca_file = certificate("ca.pem");
    play(&scene);
    CHECK_EQ_INT(scene.number, 2);
}

TEST(an_address_is_checked_as_a_name_is) {
    struct scene scene = usual(call_echo, call_ask);
    scene.host = "127.0.0.1";
    play(&scene);
    CHECK_EQ_STR(scene.text, "hello 0");
}

TEST(sessions_are_resumed) {
    struct scene scene = usual(call_echo, call_ask);
    scene.visits = 4;
    play(&scene);
    CHECK_EQ_INT(scene.number, 3);
    CHECK_EQ_STR(scene.text, "hello 2");
    scene = usual(call_echo, call_ask);
    scene.visits = 4;
    scene.server.maximum = WEFT_TLS_1_2;
    play(&scene);
    CHECK_EQ_INT(scene.number, 3);
}

/* --- A lot, both ways at once --- */

enum { MUCH = 10 << 20 };

struct pour {
    weft_frame frame;
    weft_stream *stream;
    size_t done;
    char piece[100000];
};

static weft_coroutine *pour_piece(struct pour *self) {
    for (size_t i = 0; i < sizeof self->piece; i++)
        self->piece[i] = (char)((self->done + i) % 251);
    size_t left = MUCH - self->done;
    return weft_stream_write(self->stream, self->piece,
                             left < sizeof self->piece ? left : sizeof self->piece);
}

static weft_async(pour) {
    weft_begin(pour);
    for (; self->done < MUCH; self->done += sizeof self->piece) {
        weft_await(pour_piece(self));
        CHECK(weft_stream_unwritten(self->stream) < 400000);
    }
    weft_await(weft_stream_shutdown(self->stream));
    weft_end();
}

struct much {
    weft_frame frame;
    weft_stream *stream;
    struct scene *scene;
    weft_group group;
    size_t got;
    int64_t size;
    char buffer[30000];
};

static weft_async(much) {
    weft_begin(much);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_call(pour, .stream = self->stream));
        for (;;) {
            weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
            if (self->size == 0)
                break;
            for (int64_t i = 0; i < self->size; i++)
                self->scene->number += self->buffer[i] != (char)((self->got + (size_t)i) % 251);
            self->got += (size_t)self->size;
        }
    }
    CHECK_EQ_INT(self->got, MUCH);
    weft_end();
}

static weft_coroutine *much_at_server(weft_stream *stream, void *argument) {
    return weft_call(much, .stream = stream, .scene = argument);
}

static weft_coroutine *much_at_client(weft_stream *stream, struct scene *scene) {
    return weft_call(much, .stream = stream, .scene = scene);
}

TEST(ten_megabytes_go_both_ways_at_once) {
    struct scene scene = usual(much_at_server, much_at_client);
    play(&scene);
    CHECK_EQ_INT(scene.number, 0);
}

/* --- Ends --- */

struct answer_at_the_end {
    weft_frame frame;
    weft_stream *stream;
    weft_bytes *all;
};

/* Reads to the end, and can write after it. */
static weft_async(answer_at_the_end) {
    weft_begin(answer_at_the_end);
    weft_await_to(self->all, weft_stream_read_all(self->stream, 1000));
    weft_await(weft_stream_printf(self->stream, "%zu bytes: %s", self->all->size, self->all->data));
    weft_drop();
    weft_free(self->all);
    weft_end();
}

static weft_coroutine *call_answer(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(answer_at_the_end, .stream = stream);
}

struct half_close {
    weft_frame frame;
    weft_stream *stream;
    struct scene *scene;
    weft_bytes *all;
};

static weft_async(half_close) {
    weft_begin(half_close);
    weft_await(weft_stream_write(self->stream, "one ", 4));
    weft_await(weft_stream_write(self->stream, "two", 3));
    weft_await(weft_stream_shutdown(self->stream));
    weft_await_to(self->all, weft_stream_read_all(self->stream, 1000));
    snprintf(self->scene->text, sizeof self->scene->text, "%s", self->all->data);
    weft_drop();
    weft_free(self->all);
    weft_end();
}

static weft_coroutine *call_half_close(weft_stream *stream, struct scene *scene) {
    return weft_call(half_close, .stream = stream, .scene = scene);
}

TEST(one_side_may_end_before_the_other) {
    struct scene scene = usual(call_answer, call_half_close);
    play(&scene);
    CHECK_EQ_STR(scene.text, "7 bytes: one two");
}

struct cut_short {
    weft_frame frame;
    weft_stream *stream;
};

/* Ends as somebody would who can close connections, but has no keys. */
static weft_async(cut_short) {
    weft_begin(cut_short);
    weft_await(weft_stream_write(self->stream, "the first half", 14));
    weft__tls_of(self->stream)->shut = true;
    weft_end();
}

static weft_coroutine *call_cut_short(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(cut_short, .stream = stream);
}

struct read_it {
    weft_frame frame;
    weft_stream *stream;
    struct scene *scene;
    weft_bytes *all;
    const weft_error *error;
};

static weft_async(read_it) {
    weft_begin(read_it);
    weft_try {
        weft_await_to(self->all, weft_stream_read_all(self->stream, 1000));
        snprintf(self->scene->text, sizeof self->scene->text, "%s", self->all->data);
    }
    weft_catch(self->error) {
        CHECK_EQ_INT(self->error->code, WEFT_TLS);
        snprintf(self->scene->text, sizeof self->scene->text, "%s", self->error->message);
    }
    weft_drop();
    weft_free(self->all);
    weft_end();
}

static weft_coroutine *call_read_it(weft_stream *stream, struct scene *scene) {
    return weft_call(read_it, .stream = stream, .scene = scene);
}

TEST(an_end_without_close_notify_is_an_error_unless_it_is_allowed) {
    struct scene scene = usual(call_cut_short, call_read_it);
    play(&scene);
    CHECK_EQ_STR(scene.text,
                 "TLS with localhost failed: the connection was cut short (no close_notify came)");
    scene.client.allow_truncation = true;
    play(&scene);
    CHECK_EQ_STR(scene.text, "the first half");
}

/* --- Servers that are not as they should be --- */

static void refused(struct scene scene, const char *words) {
    const weft_error *error = run_coroutine(call_act, &scene);
    /* the group of the server's task and the client */
    if (CHECK(error != NULL) && CHECK_EQ_INT(error->code, WEFT_GROUP) &&
        CHECK_EQ_INT(error->child_count, 1)) {
        CHECK_EQ_INT(error->children[0]->code, WEFT_TLS);
        CHECK_EQ_STR(error->children[0]->message, words);
    }
    CHECK_EQ_STR(said, "");
    weft_error_release(error);
}

TEST(a_certificate_that_is_wrong_is_refused) {
    struct scene scene = usual(call_echo, call_ask);
    scene.certificate = "expired.pem";
    refused(scene, "cannot agree on TLS with localhost: certificate verify failed: certificate has expired");
    scene.certificate = "elsewhere.pem";
    refused(scene, "cannot agree on TLS with localhost: certificate verify failed: hostname mismatch");
    scene.client.insecure = true;
    play(&scene);
    CHECK_EQ_STR(scene.text, "hello 0");
}

/* --- Streams that get their TLS later, and peers that speak none --- */

struct plain {
    weft_stream_handler *handler;
    weft_coroutine *(*client)(weft_stream *stream, weft_tls_context *context);
    double timeout;
    weft_tls_context *server; /* while it runs */
};

struct plain_act {
    weft_frame frame;
    struct plain *plain;
    weft_tls_context *client;
    weft_listener *listener;
    weft_stream *stream;
    weft_group group;
};

static weft_async(plain_act) {
    weft_begin(plain_act);
    weft_loop_set_reporter(weft__loop, remember, NULL);
    weft_await_to(self->client,
                  weft_tls_client(&(weft_tls_options){.ca_file = certificate("ca.pem"),
                                                      .certificate_file = certificate("client.pem"),
                                                      .handshake_timeout = self->plain->timeout}));
    weft_await_to(self->plain->server,
                  weft_tls_server(certificate("server.pem"), NULL,
                                  &(weft_tls_options){.ca_file = certificate("ca.pem")}));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group,
                               weft_listener_serve(self->listener, self->plain->handler, self->plain));
        weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
        weft_with(self->stream) {
            weft_await(self->plain->client(self->stream, self->client));
        }
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft_listener_close(self->listener);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->plain->server);
    weft_end();
}

static weft_coroutine *call_plain_act(void *of) {
    return weft_call(plain_act, .plain = of);
}

static void play_plain(struct plain plain) {
    const weft_error *error = run_coroutine(call_plain_act, &plain);
    if (!CHECK(error == NULL))
        CHECK_EQ_STR(error->children[0]->message, "");
    weft_error_release(error);
}

struct upgrade {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context;
    bool hasty;
    char *line;
};

/* The server's part of a STARTTLS. */
static weft_async(upgrade) {
    weft_begin(upgrade);
    weft_await_to(self->line, weft_stream_readline(self->stream));
    CHECK_EQ_STR(self->line, "STARTTLS");
    weft_free(self->line);
    self->line = NULL;
    weft_await(weft_stream_printf(self->stream, self->hasty ? "go ahead\nand more\n" : "go ahead\n"));
    weft_await(weft_tls_accept(self->stream, self->context));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    CHECK_EQ_STR(self->line, "in private");
    weft_await(weft_stream_printf(self->stream, "as you say\n"));
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *call_upgrade(weft_stream *stream, void *argument) {
    return weft_call(upgrade, .stream = stream, .context = ((struct plain *)argument)->server);
}

static weft_coroutine *call_hasty_upgrade(weft_stream *stream, void *argument) {
    return weft_call(upgrade, .stream = stream, .context = ((struct plain *)argument)->server, .hasty = true);
}

struct start {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context;
    char *line;
    const weft_error *error;
    bool hasty;
};

static weft_async(start) {
    weft_begin(start);
    CHECK(weft_tls_version(self->stream) == NULL && weft_tls_alpn(self->stream) == NULL);
    CHECK(weft_tls_cipher(self->stream) == NULL && !weft_tls_resumed(self->stream));
    CHECK_EQ_INT(weft_tls_peer_subject(self->stream, NULL, 0), 0);
    weft_await(weft_stream_printf(self->stream, "STARTTLS\n"));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    CHECK_EQ_STR(self->line, "go ahead");
    weft_free(self->line);
    self->line = NULL;
    weft_try {
        weft_await(weft_stream_start_tls(self->stream, self->context, "localhost"));
        CHECK(!self->hasty);
    }
    weft_catch_code(WEFT_TLS, self->error) {
        CHECK(self->hasty);
        CHECK_EQ_STR(self->error->message, "cannot begin TLS: the peer sent more in the clear before it");
        weft_return_none();
    }
    weft_await(weft_stream_printf(self->stream, "in private\n"));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    CHECK_EQ_STR(self->line, "as you say");
    weft_try {
        weft_await(weft_stream_start_tls(self->stream, self->context, "localhost"));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        CHECK_EQ_STR(self->error->message, "the stream has TLS already");
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *call_start(weft_stream *stream, weft_tls_context *context) {
    return weft_call(start, .stream = stream, .context = context);
}

static weft_coroutine *call_hasty_start(weft_stream *stream, weft_tls_context *context) {
    return weft_call(start, .stream = stream, .context = context, .hasty = true);
}

TEST(a_stream_gets_tls_later) {
    play_plain((struct plain){.handler = call_upgrade, .client = call_start});
    CHECK_EQ_STR(said, "");
}

TEST(what_was_sent_in_the_clear_does_not_pass_for_what_came_by_tls) {
    play_plain((struct plain){.handler = call_hasty_upgrade, .client = call_hasty_start});
}

/* How a handshake fails with a peer that is no server of TLS. */
struct fail_to_start {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context;
    int code;
    const char *says;
    const weft_error *error;
    char buffer[1];
};

static weft_async(fail_to_start) {
    weft_begin(fail_to_start);
    weft_try {
        weft_await(weft_stream_start_tls(self->stream, self->context, "localhost"));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK_EQ_INT(self->error->code, self->code);
        CHECK_EQ_STR(self->error->message, self->says);
    }
    weft_try { /* it cannot be used any more, but closed */
        weft_await(weft_stream_read(self->stream, self->buffer, 1));
        CHECK(false);
    }
    weft_catch(self->error) {
        CHECK(self->error->code == WEFT_TLS || self->error->code == WEFT_SYSTEM);
    }
    weft_end();
}

struct behave {
    weft_frame frame;
    weft_stream *stream;
    char buffer[16];
    const char *text;
    enum { STALL, END, RESET } how;
};

static weft_async(behave) {
    weft_begin(behave);
    weft_await(weft_stream_read_exactly(self->stream, self->buffer, sizeof self->buffer));
    if (self->text != NULL)
        weft_await(weft_stream_write(self->stream, self->text, strlen(self->text)));
    if (self->how == RESET)
        weft_stream_abort(self->stream);
    if (self->how == STALL)
        weft_await(weft_stream_read_all(self->stream, 100000));
    if (self->how == END)
        weft_await(weft_stream_shutdown(self->stream));
    if (self->how == END)
        weft_await(weft_stream_read_all(self->stream, 100000));
    weft_end();
}

static weft_coroutine *answer_plainly(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(behave, .stream = stream, .text = "220 who are you?\r\n", .how = STALL);
}

static weft_coroutine *answer_nothing(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(behave, .stream = stream, .how = STALL);
}

static weft_coroutine *hang_up(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(behave, .stream = stream, .text = "\x16\x03\x03", .how = END);
}

static weft_coroutine *reset(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(behave, .stream = stream, .how = RESET);
}

static weft_coroutine *wrong_version(weft_stream *stream, weft_tls_context *context) {
    return weft_call(fail_to_start, .stream = stream, .context = context, .code = WEFT_TLS,
                     .says = "cannot agree on TLS with localhost: wrong version number");
}

static weft_coroutine *too_slow(weft_stream *stream, weft_tls_context *context) {
    return weft_call(fail_to_start, .stream = stream, .context = context, .code = WEFT_TIMED_OUT,
                     .says = "the TLS handshake with localhost took longer than 0.02 s");
}

static weft_coroutine *hung_up(weft_stream *stream, weft_tls_context *context) {
    return weft_call(fail_to_start, .stream = stream, .context = context, .code = WEFT_TLS,
                     .says = "cannot agree on TLS with localhost: it ended the connection");
}

static weft_coroutine *was_reset(weft_stream *stream, weft_tls_context *context) {
    return weft_call(fail_to_start, .stream = stream, .context = context, .code = WEFT_SYSTEM,
                     .says = "cannot read: connection reset by peer (ECONNRESET)");
}

TEST(peers_that_speak_no_tls_or_stop_in_the_handshake) {
    play_plain((struct plain){.handler = answer_plainly, .client = wrong_version});
    play_plain((struct plain){.handler = answer_nothing, .client = too_slow, .timeout = 0.02});
    play_plain((struct plain){.handler = hang_up, .client = hung_up});
    play_plain((struct plain){.handler = reset, .client = was_reset});
}

/* --- A client that stalls --- */

struct stalled {
    weft_frame frame;
    weft_tls_context *client, *server;
    weft_listener *listener;
    weft_stream *silent, *stream;
    weft_group group;
    struct scene scene;
    char buffer[1];
    int64_t size;
};

static weft_async(stalled) {
    weft_begin(stalled);
    weft_loop_set_debug(weft__loop, true);
    weft_loop_set_reporter(weft__loop, remember, NULL);
    weft_await_to(self->client, trusting_client());
    weft_await_to(self->server, weft_tls_server(certificate("server.pem"), NULL,
                                                &(weft_tls_options){.handshake_timeout = 0.1}));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group,
                               weft_tls_serve(self->listener, self->server, call_echo, &self->scene));
        weft_await_to(self->silent, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
        weft_await_to(self->stream,
                      weft_tls_connect("localhost", weft_listener_port(self->listener), self->client));
        weft_await(call_ask(self->stream, &self->scene));
        CHECK_EQ_STR(self->scene.text, "hello 0");
        CHECK_EQ_STR(said, "");
        weft_await_to(self->size,
                      weft_stream_read(self->silent, self->buffer, 1)); /* until it is thrown out */
        CHECK_EQ_INT(self->size, 0);
        CHECK(strstr(said, "no TLS with 127.0.0.1:") != NULL);
        CHECK(strstr(said, "TimedOut: the TLS handshake with a client took longer than 0.1 s") != NULL);
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft_stream_close(self->stream);
    weft_stream_close(self->silent);
    weft_listener_close(self->listener);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->server);
    weft_end();
}

static weft_coroutine *call_stalled(void *argument) {
    (void)argument;
    return weft_call(stalled);
}

static void run_alone(weft_coroutine *(*make_coroutine)(void *), void *argument) {
    const weft_error *error = run_coroutine(make_coroutine, argument);
    char text[1000] = "";
    if (!CHECK(error == NULL)) {
        weft_error_print(error, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
    weft_error_release(error);
}

TEST(a_client_that_stalls_keeps_nobody_waiting_and_is_thrown_out) {
    run_alone(call_stalled, NULL);
}

/* --- A cancellation at every await --- */

struct client {
    weft_frame frame;
    weft_tls_context *context;
    int port;
    weft_stream *stream;
    struct scene scene;
};

static weft_async(client) {
    weft_begin(client);
    weft_await_to(self->stream, weft_tls_connect("127.0.0.1", self->port, self->context));
    weft_with(self->stream) {
        weft_await(call_ask(self->stream, &self->scene));
        weft_await(weft_stream_shutdown(self->stream));
    }
    weft_end();
}

/* Libuv's looks at the world: between two of them every task does all that it can. */
struct polls {
    uv_check_t check;
    weft__waiting waiting;
    weft_uv *host;
};

static void on_poll(uv_check_t *check) {
    struct polls *self = check->data;
    weft__waiting_end(&self->waiting);
}

static void on_polls_closed(uv_handle_t *check) {
    weft_uv *host = ((struct polls *)check->data)->host;
    free(check->data);
    weft__uv_handle_closed(host);
}

static struct polls *count_polls(void) {
    const weft_error *error = NULL;
    struct polls *self = calloc(1, sizeof *self);
    self->host = weft__uv_here(&error);
    self->check.data = self;
    uv_check_init(self->host->uv, &self->check);
    uv_check_start(&self->check, on_poll);
    return self;
}

struct cancelled {
    weft_frame frame;
    weft_tls_context *client, *server;
    weft_listener *listener;
    weft_group group;
    weft_task *task;
    struct polls *polls;
    int steps, i, whole;
    const weft_error *error;
};

static weft_async(cancelled) {
    weft_begin(cancelled);
    weft_loop_set_reporter(weft__loop, remember, NULL);
    weft_await_to(self->client, trusting_client());
    weft_await_to(self->server, weft_tls_server(certificate("server.pem"), NULL, NULL));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_tls_serve(self->listener, self->server, call_echo, NULL));
        self->polls = count_polls();
        for (self->steps = 0; self->whole < 3 && self->steps < 1000; self->steps++) {
            self->task = weft_create_task(
                weft_call(client, .context = self->client, .port = weft_listener_port(self->listener)));
            for (self->i = 0; self->i < self->steps; self->i++)
                WEFT__WAIT_OUTSIDE(&self->polls->waiting, "turn");
            weft_cancel(self->task);
            weft_try {
                weft_await(self->task);
                self->whole++;
            }
            weft_catch_all(self->error) {
                CHECK_EQ_INT(self->error->code, WEFT_CANCELLED);
            }
            weft_release(self->task);
        }
        CHECK_EQ_INT(self->whole, 3);
        CHECK(self->steps > 8);
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft__waiting_leave(&self->polls->waiting);
    weft__close_handle(self->polls->host, (uv_handle_t *)&self->polls->check, on_polls_closed);
    weft_listener_close(self->listener);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->server);
    weft_end();
}

static weft_coroutine *call_cancelled(void *argument) {
    (void)argument;
    return weft_call(cancelled);
}

TEST(a_client_may_be_cancelled_anywhere) {
    run_alone(call_cancelled, NULL);
}

/* --- A peer that sends half of a message, driven by hand --- */

struct slow_server {
    weft_frame frame;
    weft_stream *stream;
    struct plain *plain;
    side side, other;
    weft_bytes *bytes;
    size_t sent;
};

/* Sends of what the engine has for the wire at most so much. */
static weft_coroutine *send_part(struct slow_server *self, size_t most) {
    send_wire(&self->side, &self->other);
    size_t size = self->other.wire_size - self->other.wire_start;
    const char *data = self->other.wire + self->other.wire_start;
    size_t now = size < most ? size : most;
    self->other.wire_start += now;
    return weft_stream_write(self->stream, data, now);
}

struct read_some {
    weft_frame frame;
    weft_stream *stream;
    side *side;
    char buffer[5000];
    int64_t size;
};

static weft_async(read_some) {
    weft_begin(read_some);
    weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
    self->side->engine.in = self->buffer;
    self->side->engine.in_size = (size_t)self->size;
    look(self->side);
    weft_return(self->size);
    weft_end();
}

static bool client_waits; /* it has half of the message, and has written */

static weft_async(slow_server) {
    weft_begin(slow_server);
    CHECK(weft__tls_engine_open(&self->side.engine, self->plain->server, NULL) == NULL);
    SSL_set_max_send_fragment(self->side.engine.ssl, 512);
    look(&self->side);
    while (!self->side.agreed) {
        weft_await(weft_call(read_some, .stream = self->stream, .side = &self->side));
        if (!self->side.agreed)
            weft_await(send_part(self, 65536));
    }
    /* the tickets, made long by the client's certificate in them, go in several records each */
    weft_await(send_part(self, 560));
    while (!client_waits)
        weft_await(weft_sleep(0.001));
    CHECK_EQ_INT(self->side.got, 0);
    weft_await(send_part(self, 65536));
    while (!self->side.ended)
        weft_await(weft_call(read_some, .stream = self->stream, .side = &self->side));
    CHECK_EQ_INT(self->side.got, 10);
    CHECK(self->side.sum == sum_of(0, "helloworld", 10));
    weft_drop();
    close_side(&self->side);
    free(self->other.wire);
    weft_end();
}

static weft_coroutine *call_slow_server(weft_stream *stream, void *argument) {
    return weft_call(slow_server, .stream = stream, .plain = argument);
}

struct write_between {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context;
};

static weft_async(write_between) {
    weft_begin(write_between);
    client_waits = false;
    weft_await(weft_stream_start_tls(self->stream, self->context, "localhost"));
    while (!SSL_in_init(weft__tls_of(self->stream)->engine.ssl))
        weft_await(weft_sleep(0.001));
    weft_await(weft_stream_write(self->stream, "hello", 5));
    CHECK_EQ_INT(weft__tls_of(self->stream)->kept_size, 5);
    weft_await(weft_stream_write(self->stream, "world", 5));
    client_waits = true;
    while (weft__tls_of(self->stream)->kept_size > 0)
        weft_await(weft_sleep(0.001));
    weft_await(weft_stream_shutdown(self->stream));
    weft_end();
}

static weft_coroutine *call_write_between(weft_stream *stream, weft_tls_context *context) {
    return weft_call(write_between, .stream = stream, .context = context);
}

TEST(writes_between_two_halves_of_a_message_are_kept) {
    play_plain((struct plain){.handler = call_slow_server, .client = call_write_between});
    CHECK_EQ_STR(said, "");
}

/* --- Bytes one at a time --- */

struct relay {
    weft_frame frame;
    weft_stream *from, *to;
    int64_t size;
    char buffer[3];
};

static weft_async(relay) {
    weft_begin(relay);
    for (;;) {
        weft_await_to(self->size, weft_stream_read(self->from, self->buffer, sizeof self->buffer));
        if (self->size == 0)
            break;
        weft_await(weft_stream_write(self->to, self->buffer, (size_t)self->size));
        weft_await(weft_sleep(0));
    }
    weft_await(weft_stream_shutdown(self->to));
    weft_end();
}

struct between {
    weft_frame frame;
    weft_stream *stream, *other;
    int port;
};

static weft_async(between) {
    weft_begin(between);
    weft_await_to(self->other, weft_tcp_connect("127.0.0.1", self->port));
    weft_with(self->other) {
        weft_await(weft_gather(weft_call(relay, .from = self->stream, .to = self->other),
                               weft_call(relay, .from = self->other, .to = self->stream)));
    }
    weft_end();
}

static weft_coroutine *call_between(weft_stream *stream, void *port) {
    return weft_call(between, .stream = stream, .port = *(int *)port);
}

struct drip {
    weft_frame frame;
    weft_tls_context *client, *server;
    weft_listener *listener, *relay;
    weft_stream *stream;
    weft_group group;
    struct scene scene;
    int port;
};

static weft_async(drip) {
    weft_begin(drip);
    weft_await_to(self->client, trusting_client());
    weft_await_to(self->server, weft_tls_server(certificate("server.pem"), NULL, NULL));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_await_to(self->relay, weft_tcp_listen("127.0.0.1", 0, NULL));
    self->port = weft_listener_port(self->listener);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_tls_serve(self->listener, self->server, call_answer, NULL));
        weft_group_create_task(&self->group, weft_listener_serve(self->relay, call_between, &self->port));
        weft_await_to(self->stream,
                      weft_tls_connect("localhost", weft_listener_port(self->relay), self->client));
        weft_with(self->stream) {
            weft_await(call_half_close(self->stream, &self->scene));
        }
        CHECK_EQ_STR(self->scene.text, "7 bytes: one two");
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft_listener_close(self->listener);
    weft_listener_close(self->relay);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->server);
    weft_end();
}

static weft_coroutine *call_drip(void *argument) {
    (void)argument;
    return weft_call(drip);
}

TEST(records_may_come_in_drops) {
    run_alone(call_drip, NULL);
}

/* --- Misuse --- */

struct misuse {
    weft_frame frame;
    weft_tls_context *client, *server;
    weft_listener *listener;
    weft_stream *stream, *accepted;
    weft_task *task;
    const weft_error *error;
    const char *says;
    int i;
};

static weft_coroutine *misuse_of(struct misuse *self, int which) {
    static const char *const words[] = {"NULL is no stream",
                                        "a TLS server needs a context, not NULL",
                                        "the context is of a TLS server",
                                        "the context is of a TLS client",
                                        "a TLS client must know the name of whom it wants to reach",
                                        "a TLS server needs a server's context",
                                        "a TLS server needs a server's context",
                                        "a TLS server needs a handler, not NULL"};
    self->says = words[which];
    if (which == 0)
        return weft_stream_start_tls(NULL, self->client, "localhost");
    if (which == 1)
        return weft_tls_accept(self->stream, NULL);
    if (which == 2)
        return weft_stream_start_tls(self->stream, self->server, "localhost");
    if (which == 3)
        return weft_tls_accept(self->stream, self->client);
    if (which == 4)
        return weft_stream_start_tls(self->stream, self->client, NULL);
    if (which < 7)
        return weft_tls_serve(self->listener, which == 5 ? NULL : self->client, call_echo, NULL);
    return weft_tls_serve(self->listener, self->server, NULL, NULL);
}

static weft_async(misuse) {
    weft_begin(misuse);
    weft_await_to(self->client, trusting_client());
    weft_await_to(self->server, weft_tls_server(certificate("server.pem"), NULL, NULL));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_await_to(self->accepted, weft_listener_accept(self->listener));
    for (; self->i < 8; self->i++) {
        weft_try {
            weft_await(misuse_of(self, self->i));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_INVALID_ARGUMENT);
            CHECK_EQ_STR(self->error->message, self->says);
        }
    }
    CHECK(weft_tls_version(NULL) == NULL && weft_tls_server_name(NULL) == NULL);
    self->task = weft_create_task(weft_stream_start_tls(self->stream, self->client, "localhost"));
    weft_await(weft_sleep(0));
    weft_try {
        weft_await(weft_stream_write(self->stream, "too soon", 8));
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        CHECK_EQ_STR(self->error->message, "a write before TLS was agreed on");
    }
    CHECK(weft_tls_version(self->stream) == NULL);
    weft_stream_close(self->stream);
    self->stream = NULL;
    weft_try {
        weft_await(self->task);
        CHECK(false);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        CHECK_EQ_STR(self->error->message, "the stream is closed");
    }
    weft_drop();
    weft_stream_close(self->stream);
    weft_stream_close(self->accepted);
    weft_listener_close(self->listener);
    weft_tls_context_close(self->client);
    weft_tls_context_close(self->server);
    weft_end();
}

static weft_coroutine *call_misuse(void *argument) {
    (void)argument;
    return weft_call(misuse);
}

TEST(misuse_is_an_error) {
    run_alone(call_misuse, NULL);
}

/* --- The context for all --- */

struct by_default {
    weft_frame frame;
    weft_tls_context *server;
    weft_listener *listener;
    weft_stream *stream;
    weft_group group;
    struct scene scene;
};

static weft_async(by_default) {
    weft_begin(by_default);
    weft_await_to(self->server, weft_tls_server(certificate("server.pem"), NULL, NULL));
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group, weft_tls_serve(self->listener, self->server, call_echo, NULL));
        weft_await_to(self->stream, weft_tls_connect("localhost", weft_listener_port(self->listener), NULL));
        weft_with(self->stream) {
            weft_await(call_ask(self->stream, &self->scene));
        }
        CHECK_EQ_STR(self->scene.text, "hello 0");
        weft_group_cancel(&self->group);
    }
    CHECK_EQ_INT(weft__loop->holds, 0); /* nobody waits for the outside any more */
    weft_drop();
    weft_listener_close(self->listener);
    weft_tls_context_close(self->server);
    weft_end();
}

static weft_coroutine *call_by_default(void *argument) {
    (void)argument;
    return weft_call(by_default);
}

TEST(without_a_context_the_system_s_certificates_are_trusted) {
    setenv("SSL_CERT_FILE", certificate("ca.pem"), 1);
    run_alone(call_by_default, NULL);
    unsetenv("SSL_CERT_FILE");
}

/* --- No memory --- */

TEST(every_allocation_may_fail_on_either_side) {
    int count = 0, errors = 0;
    allocation_failed = true;
    for (; allocation_failed && CHECK(count < 1000); count++) {
        struct scene scene = usual(call_echo, call_ask);
        scene.host = "127.0.0.1"; /* which is not looked up in a thread, that may outlive the loop */
        scene.client.alpn = scene.server.alpn = "one";
        scene.visits = 2;
        allocation_failed = false;
        allocations_before_failure = count;
        const weft_error *error = run_coroutine(call_act, &scene);
        allocations_before_failure = -1;
        errors += error != NULL;
        CHECK(allocation_failed || error == NULL); /* without a failure it works */
        weft_error_release(error);
    }
    CHECK(errors > 20);
}

static weft_value nothing(void *argument) {
    (void)argument;
    return weft_none();
}

/* Libuv keeps what its first loop and its threads open. */
__attribute__((constructor)) static void before_all(void) {
    make_certificates();
    if (!weft_run(weft_to_thread(nothing, NULL), NULL, NULL))
        abort();
}

TEST_MAIN(TEST_CASE(both_sides_know_what_was_agreed_on), TEST_CASE(an_address_is_checked_as_a_name_is),
          TEST_CASE(sessions_are_resumed), TEST_CASE(ten_megabytes_go_both_ways_at_once),
          TEST_CASE(one_side_may_end_before_the_other),
          TEST_CASE(an_end_without_close_notify_is_an_error_unless_it_is_allowed),
          TEST_CASE(a_certificate_that_is_wrong_is_refused), TEST_CASE(a_stream_gets_tls_later),
          TEST_CASE(what_was_sent_in_the_clear_does_not_pass_for_what_came_by_tls),
          TEST_CASE(peers_that_speak_no_tls_or_stop_in_the_handshake),
          TEST_CASE(a_client_that_stalls_keeps_nobody_waiting_and_is_thrown_out),
          TEST_CASE(a_client_may_be_cancelled_anywhere),
          TEST_CASE(writes_between_two_halves_of_a_message_are_kept), TEST_CASE(records_may_come_in_drops),
          TEST_CASE(misuse_is_an_error), TEST_CASE(every_allocation_may_fail_on_either_side),
          TEST_CASE(without_a_context_the_system_s_certificates_are_trusted))
