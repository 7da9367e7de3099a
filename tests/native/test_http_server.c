/* The HTTP server, with peers in the same process that send whatever they like. With real ones:
 * tests/node/http-server.test.mjs. */

#define _POSIX_C_SOURCE 200809L

#include "descriptors.h"
#include "weft_test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/http_server.h>
#include <weft/weft.h>

#include "../fuzz/fuzz_http_server.c"

static char said[8192];
static char got[1 << 20];

static void say(const char *format, ...) WEFT__PRINTF(1, 2);
static void say(const char *format, ...) {
    size_t used = strlen(said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said + used, sizeof said - used, format, arguments);
    va_end(arguments);
}

static void hear(void *context, const char *text) {
    (void)context;
    say("[%s]", text);
}

/* --- What the server does --- */

static weft_http_server *ending; /* which stops while it owes an answer */

struct answer {
    weft_frame frame;
    weft_request *request;
    weft_bytes *bytes;
    const weft_error *error;
    char small[4];
    int size, i;
};

static bool is(const struct answer *self, const char *path) {
    return strcmp(weft_request_path(self->request), path) == 0;
}

static void add_headers(weft_request *request) {
    static const char *const pairs[][2] = {{"X-Good", "fine\tand \xc3\xa9"},
                                           {"X Bad", "x"},
                                           {"", "x"},
                                           {"X-Bad", "a\r\nEvil: yes"},
                                           {"X-Bad", "a\nb"},
                                           {"X-Bad:", "x"},
                                           {"X-Bad", "\x01"},
                                           {"Transfer-Encoding", "gzip"},
                                           {"Connection", "upgrade"},
                                           {"Content-Length", "-1"},
                                           {"Content-Length", "1x"},
                                           {"X-Bad", NULL}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const weft_error *error = weft_respond_header(request, pairs[i][0], pairs[i][1]);
        say("%s ", error == NULL ? "ok" : weft_error_name(error->code));
        weft_error_release(error);
    }
}

static weft_coroutine *misuse(weft_request *request, int which) {
    switch (which) {
    case 0:
        return weft_respond_write(request, "x", 1); /* before the beginning */
    case 1:
        return weft_respond_text(request, 99, "x");
    case 2:
        return weft_respond_text(request, 200, NULL);
    case 3:
        return weft_respond(request, 200, "text/plain\r\nEvil: yes", "x", 1);
    case 4:
        return weft_request_read(request, NULL, 1);
    case 5:
        return weft_request_body(NULL);
    case 6:
        return weft_respond_text(NULL, 200, "x");
    case 7:
        return weft_websocket_accept(request, NULL);
    case 8:
        return weft_respond_text(request, 200, "the answer"); /* which is good */
    case 9:
        return weft_respond_text(request, 200, "again");
    case 10:
        return weft_respond_begin(request, 200, NULL);
    default:
        return weft_respond_write(request, "x", 1); /* of an answer that is whole */
    }
}

weft_async(answer) {
    weft_begin(answer);
    if (is(self, "/body")) {
        weft_await_to(self->bytes, weft_request_body(self->request));
        weft_await(weft_respond(self->request, 200, NULL, self->bytes->data, self->bytes->size));
    } else if (is(self, "/pieces")) {
        do {
            weft_await_to(self->size, weft_request_read(self->request, self->small, sizeof self->small));
            say("%.*s|", self->size, self->small);
        } while (self->size > 0);
        weft_await(weft_respond_text(self->request, 200, "pieces"));
    } else if (is(self, "/parts")) {
        weft_await(weft_respond_begin(self->request, 200, NULL));
        for (self->i = 0; self->i < 3; self->i++)
            weft_await(weft_respond_write(self->request, "part", 4));
        weft_await(weft_respond_write(self->request, "", 0));
    } else if (is(self, "/known")) {
        weft_error_release(weft_respond_header(self->request, "Content-Length", "8"));
        weft_await(weft_respond_begin(self->request, 200, NULL));
        weft_await(weft_respond_write(self->request, "partpart", 8));
        weft_try {
            weft_await(weft_respond_write(self->request, "more", 4));
        }
        weft_catch(self->error) {
            say("%s", weft_error_name(self->error->code));
        }
    } else if (is(self, "/headers")) {
        add_headers(self->request);
        weft_await(weft_respond_text(self->request, 200, "headers"));
    } else if (is(self, "/misuse")) {
        for (self->i = 0; self->i < 12; self->i++) {
            weft_try {
                weft_await(misuse(self->request, self->i));
                say("ok ");
            }
            weft_catch(self->error) {
                say("%s ", weft_error_name(self->error->code));
            }
        }
    } else if (is(self, "/raise")) {
        weft_raise(WEFT_RUNTIME, "oh");
    } else if (is(self, "/flood")) {
        weft_await(weft_respond_begin(self->request, 200, NULL));
        for (;;)
            weft_await(weft_respond_write(self->request, got, sizeof got));
    } else if (is(self, "/slow")) {
        for (self->i = 0; self->i < 20; self->i++)
            weft_await(weft_sleep(0.001));
        weft_await(weft_respond_text(self->request, 200, "slow"));
    } else if (is(self, "/end")) {
        say("asked ");
        while (weft_http_server_port(ending) != 0)
            weft_await(weft_sleep(0.001));
        weft_await(weft_respond_text(self->request, 200, "the last"));
    } else if (is(self, "/hang")) {
        say("hangs ");
        weft_await(weft_create_future());
    } else {
        weft_await(weft_respond_printf(self->request, 200, "%s %s?%s %s", weft_request_method(self->request),
                                       weft_request_path(self->request), weft_request_query(self->request),
                                       weft_request_header(self->request, "x-Thing") != NULL
                                           ? weft_request_header(self->request, "x-Thing")
                                           : ""));
    }
    weft_drop();
    weft_free(self->bytes);
    weft_end();
}

static weft_coroutine *handle(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

/* --- Peers --- */

struct ask {
    weft_frame frame;
    int port;
    const char *text;
    size_t piece;
    bool ends; /* the peer says no more, and the server sees it */
    weft_stream *stream;
    weft_bytes *bytes;
    size_t at, size;
};

static size_t next_piece(const struct ask *self) {
    size_t left = strlen(self->text) - self->at;
    return self->piece > 0 && self->piece < left ? self->piece : left;
}

/* Sends a text, whole or in pieces, and gives all that comes back until the server closes. */
weft_async(ask) {
    weft_begin(ask);
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", self->port));
    while (next_piece(self) > 0) {
        self->size = next_piece(self);
        weft_await(weft_stream_write(self->stream, self->text + self->at, self->size));
        self->at += self->size;
        if (self->piece > 0) /* so that the server sees it by itself */
            weft_await(weft_sleep(0.0001));
    }
    if (self->ends)
        weft_await(weft_stream_shutdown(self->stream));
    weft_await_to(self->bytes, weft_stream_read_all(self->stream, 1 << 24));
    {
        weft_bytes *bytes = self->bytes;
        self->bytes = NULL;
        weft_return_owned(bytes, weft_free);
    }
    weft_drop();
    weft_free(self->bytes);
    weft_stream_close(self->stream);
    weft_end();
}

struct asks {
    weft_frame frame;
    const char *text;
    const weft_http_server_options *options;
    size_t piece;
    bool ends;
    weft_http_server *server;
    weft_bytes *bytes;
};

weft_async(asks) {
    weft_begin(asks);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, self->options));
    weft_with(self->server) {
        weft_await_to(self->bytes, weft_call(ask, .port = weft_http_server_port(self->server),
                                             .text = self->text, .piece = self->piece, .ends = self->ends));
    }
    weft_return(weft_format("%s", self->bytes->data));
    weft_drop();
    weft_free(self->bytes);
    weft_end();
}

/* All that a server answers to this text. */
static const char *exchange(const char *text, const weft_http_server_options *options, size_t piece,
                            bool ends) {
    weft_value value;
    const weft_error *error = NULL;
    said[0] = '\0';
    weft_run(weft_call(asks, .text = text, .options = options, .piece = piece, .ends = ends), &value, &error);
    if (error != NULL)
        weft_error_print(error, got, sizeof got);
    else
        snprintf(got, sizeof got, "%s", weft_value_string(value));
    weft_error_release(error);
    weft_value_free(&value);
    return got;
}

#define END "Connection: close\r\n\r\n"
#define HOST "Host: x\r\n"

static bool has(const char *text, const char *part) {
    if (strstr(text, part) != NULL)
        return true;
    fprintf(stderr, "no \"%s\" in \"%s\"\n", part, text);
    return false;
}

/* --- Requests and answers --- */

/* What comes, what must be in the answer, and what the handler says. */
static const struct {
    const char *request, *answer, *says;
} exchanges[] = {
    {"GET /a%20b/%C3%A9?q=%20 HTTP/1.1\r\nHost: x\r\nX-THING: it\r\n" END, "GET /a b/\xc3\xa9?q=%20 it", ""},
    {"GET / HTTP/1.1\r\nHost: x \r\nX-Thing:\ta \t\r\n" END,
     "Content-Length: 8\r\nConnection: close\r\n\r\nGET /? a", ""},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n", "GET /b?", ""},
    {"GET /a HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc"
     "GET /b HTTP/1.1\r\n" HOST END,
     "GET /b?", ""},
    {"GET http://x/y?z HTTP/1.1\r\n" HOST END, "GET /y?z", ""},
    {"GET http://x?z HTTP/1.1\r\n" HOST END, "GET /?z", ""},
    {"OPTIONS * HTTP/1.1\r\n" HOST END, "OPTIONS *?", ""},
    {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", ""},
    {"\r\nGET / HTTP/1.1\r\n" HOST END, "HTTP/1.1 200 OK\r\n", ""},
    {"HEAD / HTTP/1.1\r\n" HOST END, "Content-Length: 8\r\nConnection: close\r\n\r\n", ""},
    {"GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\nGET /b HTTP/1.1\r\n" HOST END,
     "GET /b?", ""},
    {"POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "abcde", "\r\n\r\nabcde", ""},
    {"POST /body HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, "Content-Length: 0\r\n", ""},
    {"POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
     "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
     "\r\n\r\nabcde", ""},
    {"POST /pieces HTTP/1.1\r\n" HOST "Content-Length: 10\r\n" END "0123456789", "pieces", "0123|4567|89||"},
    {"POST /body HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n" END "ab",
     "HTTP/1.1 200 OK", ""},
    {"GET /parts HTTP/1.1\r\n" HOST END, "\r\n\r\n4\r\npart\r\n4\r\npart\r\n4\r\npart\r\n0\r\n\r\n", ""},
    {"GET /parts HTTP/1.0\r\n\r\n", "Connection: close\r\n\r\npartpartpart", ""},
    {"HEAD /parts HTTP/1.1\r\n" HOST END, "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n", ""},
    {"GET /known HTTP/1.1\r\n" HOST END, "Content-Length: 8\r\nConnection: close\r\n\r\npartpart",
     "LimitExceeded"},
    {"GET /headers HTTP/1.1\r\n" HOST END, "X-Good: fine\tand \xc3\xa9\r\n\r\nheaders",
     "ok InvalidArgument InvalidArgument InvalidArgument InvalidArgument InvalidArgument InvalidArgument "
     "InvalidArgument InvalidArgument InvalidArgument InvalidArgument InvalidArgument "},
    {"GET /misuse HTTP/1.1\r\n" HOST END, "the answer",
     "InvalidState InvalidArgument InvalidArgument InvalidArgument InvalidArgument InvalidArgument "
     "InvalidArgument HttpError ok InvalidState InvalidState InvalidState "},
    {"GET /raise HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 500 Internal Server Error\r\n",
     "[the handler of GET /raise failed: RuntimeError: oh]"},

    {"nonsense\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\n", ""},
    {"FROBNICATE / HTTP/1.1\r\n\r\n", "HTTP/1.1 501 ", ""},
    {"CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 501 ", ""},
    {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", ""},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 ", ""},
    {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: there is no Host\n", ""},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", "400 Bad Request: more than one Host\n", ""},
    {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400 ", ""},
    {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400 ", ""},
    {"GET /\xff HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "A: b\nC: d\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 ",
     ""},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 400 ",
     ""},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 501 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", "HTTP/1.1 501 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "X-Thing: a\r\n b\r\n\r\n",
     "400 Bad Request: a header that goes on in the next line\n", ""},
    {"GET / HTTP/1.1\r\n" HOST "X-Thing: a\r\n\tb\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "\n", "400 Bad Request: a line that ends without a CR\n", ""},
    {"GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 400 ", ""},
    {"\nGET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request: a Host that is none\n", ""},
    {"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET /\r\n\r\n", "HTTP/1.1 505 ", ""},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 ", ""},
    {"GET / HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n", "HTTP/1.1 417 ", ""},
    {"POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 ", ""},
    {"POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX", "HTTP/1.1 400 ", ""},
};

static bool answers(size_t i, size_t piece) {
    const char *answer = exchange(exchanges[i].request, NULL, piece, false);
    bool good = has(answer, exchanges[i].answer) && strcmp(said, exchanges[i].says) == 0;
    if (!good)
        fprintf(stderr, "request %zu \"%s\" in pieces of %zu: said \"%s\"\n", i, exchanges[i].request, piece,
                said);
    return good;
}

TEST(requests_get_their_answers) {
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++)
        CHECK(answers(i, 0));
}

TEST(they_do_when_they_come_byte_by_byte) {
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++)
        if (exchanges[i].says[0] == '\0') /* others read what has come as it has come */
            CHECK(answers(i, 1));
}

TEST(a_body_is_asked_for_if_the_peer_waits_for_that) {
    const char *answer =
        exchange("POST /body HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n" END "ab",
                 NULL, 1, false);
    CHECK(strncmp(answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 42) == 0);
}

TEST(pipelined_requests_are_answered_in_order) {
    char text[16384] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "GET /%s%d HTTP/1.1\r\n" HOST "\r\n",
                 i == 3 ? "slow?" : "", i);
    strcat(text,
           "POST /body HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /last HTTP/1.1\r\n" HOST END);
    const char *at = exchange(text, NULL, 0, false);
    for (int i = 0; i < 100 && at != NULL; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, i == 3 ? "slow" : "GET /%d?", i);
        at = strstr(at, wanted);
        CHECK(at != NULL);
    }
    CHECK(at != NULL && (at = strstr(at, "abc")) != NULL && strstr(at, "/last") != NULL);
}

TEST(a_body_that_nobody_reads_does_not_become_a_request) {
    const char *answer = exchange("POST /a HTTP/1.1\r\n" HOST "Content-Length: 37\r\n\r\n"
                                  "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n..GET /b HTTP/1.1\r\n" HOST END,
                                  NULL, 0, false);
    CHECK(has(answer, "POST /a?"));
    CHECK(has(answer, "GET /b?"));
    CHECK(strstr(answer, "smuggled") == NULL);
}

/* --- Too much, too little, too late --- */

static const char *too_long(const char *before, size_t size, const char *after,
                            const weft_http_server_options *options) {
    size_t first = strlen(before);
    char *text = malloc(first + size + strlen(after) + 1);
    memcpy(text, before, first);
    memset(text + first, 'x', size);
    strcpy(text + first + size, after);
    const char *answer = exchange(text, options, 0, false);
    free(text);
    return answer;
}

TEST(limits_are_kept) {
    CHECK(has(too_long("GET /", 8200, " HTTP/1.1\r\n" HOST "\r\n", NULL), "HTTP/1.1 414 URI Too Long\r\n"));
    CHECK(has(too_long("GET /", 8000, " HTTP/1.1\r\n" HOST END, NULL), "HTTP/1.1 200 OK\r\n"));
    CHECK(has(too_long("GET / HTTP/1.1\r\n" HOST "A: ", 17000, "\r\n\r\n", NULL), "HTTP/1.1 431 "));
    CHECK(has(too_long("GET / HTTP/1.1\r\n" HOST "", 17000, ": a\r\n\r\n", NULL), "HTTP/1.1 431 "));
    CHECK(has(too_long("GET / HTTP/1.1\r\n" HOST "A: ", 15000, "\r\n" END, NULL), "HTTP/1.1 200 "));
    CHECK(has(too_long("POST /body HTTP/1.1\r\n" HOST "Content-Length: 101\r\n\r\n", 101, "",
                       &(weft_http_server_options){.body_limit = 100}),
              "HTTP/1.1 413 Content Too Large\r\n"));
    CHECK(has(too_long("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n65\r\n", 101,
                       "\r\n0\r\n", &(weft_http_server_options){.body_limit = 100}),
              "HTTP/1.1 413 "));
    CHECK(has(too_long("POST /body HTTP/1.1\r\n" HOST "Content-Length: 100\r\n" END, 100, "",
                       &(weft_http_server_options){.body_limit = 100}),
              "HTTP/1.1 200 "));
    CHECK(has(too_long("POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n", 1000000, "", NULL),
              "Connection: close\r\n"));
    const char *const chunks[] = {"/body HTTP/1.1\r\n", "/ HTTP/1.1\r\n"}; /* read, and dropped */
    for (size_t i = 0; i < 2; i++) {
        char head[128];
        snprintf(head, sizeof head, "POST %s" HOST "Transfer-Encoding: chunked\r\n\r\n3;", chunks[i]);
        CHECK(strstr(too_long(head, 40000, "\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\n" HOST END, NULL),
                     "/next") == NULL);
        snprintf(head, sizeof head,
                 "POST %s" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: ", chunks[i]);
        CHECK(strstr(too_long(head, 40000, "\r\n\r\nGET /next HTTP/1.1\r\n" HOST END, NULL), "/next") ==
              NULL);
        CHECK(has(too_long(head, 4000, "\r\n\r\nGET /next HTTP/1.1\r\n" HOST END, NULL), "/next"));
    }
    CHECK(has(too_long("POST /body HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3;", 40000,
                       "\r\nabc\r\n0\r\n\r\n", NULL),
              "413 Content Too Large: the body of the request is malformed: there is too much around"));
    char text[8192] = "GET / HTTP/1.1\r\n" HOST;
    for (int i = 0; i < 100; i++)
        strcat(text, "A: b\r\n");
    CHECK(
        has(exchange(strcat(text, "\r\n"), NULL, 0, false), "431 Request Header Fields Too Large: too many"));
}

TEST(a_peer_that_ends_too_early_gets_no_answer_or_an_error) {
    CHECK_EQ_STR(exchange("", NULL, 0, true), "");
    CHECK_EQ_STR(exchange("GET / HTT", NULL, 0, true), "");
    CHECK_EQ_STR(exchange("GET / HTTP/1.1\r\nHost: x\r\nA:", NULL, 1, true), "");
    CHECK(has(exchange("POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab", NULL, 0, true),
              "400 Bad Request: the peer ended after 2 bytes of the request's body\n"));
    CHECK(has(exchange("GET / HTTP/1.1\r\n" HOST "\r\n", NULL, 0, true), "HTTP/1.1 200 OK\r\n"));
}

/* Each timeout by itself: on a busy machine any of them may end before what is in time is read. */
TEST(a_peer_that_is_too_slow_is_told_so) {
    CHECK(has(exchange("GET / HTTP/1.1\r\nHost", &(weft_http_server_options){.head_timeout = 0.03}, 0, false),
              "HTTP/1.1 408 Request Timeout\r\n"));
    CHECK(has(exchange("POST /body HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab",
                       &(weft_http_server_options){.body_timeout = 0.03}, 0, false),
              "HTTP/1.1 408 Request Timeout\r\n"));
    CHECK_EQ_STR(said, "");
    const weft_http_server_options quick = {.idle_timeout = 0.03};
    CHECK_EQ_STR(exchange("", &quick, 0, false), ""); /* closed without a word */
    const char *answer;
    do /* and after an answer, unless the request itself came late */
        answer = exchange("GET / HTTP/1.1\r\n" HOST "\r\n", &quick, 0, false);
    while (!has(answer, "HTTP/1.1 "));
    CHECK(has(answer, "HTTP/1.1 200 OK\r\n"));
}

/* --- How many --- */

struct bounded {
    weft_frame frame;
    weft_http_server *server;
    weft_task *first, *second;
    weft_bytes *bytes;
};

/* The host and the options are only there for the call. */
static weft_coroutine *serve_one_at_a_time(void) {
    char host[] = "127.0.0.1";
    const weft_http_server_options options = {.listen = {.connection_limit = 1}};
    weft_coroutine *serving = weft_http_serve(host, 0, handle, NULL, &options);
    memset(host, 'x', sizeof host - 1);
    return serving;
}

weft_async(bounded) {
    weft_begin(bounded);
    weft_await_to(self->server, serve_one_at_a_time());
    self->first = weft_create_task(weft_call(ask, .port = weft_http_server_port(self->server),
                                             .text = "GET /slow HTTP/1.1\r\n" HOST END));
    while (weft_http_server_connections(self->server) == 0)
        weft_await(weft_sleep(0.001));
    self->second = weft_create_task(
        weft_call(ask, .port = weft_http_server_port(self->server), .text = "GET /b HTTP/1.1\r\n" HOST END));
    weft_await_to(self->bytes, self->second);
    say("%s", strstr(self->bytes->data, "GET /b?") != NULL ? "answered" : "lost");
    say(" %s", weft_task_done(self->first) ? "behind" : "beside");
    weft_await(self->first);
    weft_drop();
    weft_release(self->first);
    weft_release(self->second);
    weft_http_server_close(self->server);
    weft_end();
}

TEST(connections_beyond_the_limit_wait) {
    said[0] = '\0';
    CHECK(weft_run(weft_call(bounded), NULL, NULL));
    CHECK_EQ_STR(said, "answered behind");
}

/* --- The end of a server --- */

struct stops {
    weft_frame frame;
    weft_http_server *server;
    weft_task *slow, *idle, *hanging;
    weft_bytes *bytes;
    const weft_error *error;
    bool hangs;
};

static const weft_http_server_options short_grace = {.grace = 0.05};

/* One peer waits for an answer that comes when the server stops, one has sent nothing, one may wait for an
 * answer that never comes. */
weft_async(stops) {
    weft_begin(stops);
    weft_await_to(self->server,
                  weft_http_serve("127.0.0.1", 0, handle, NULL, self->hangs ? &short_grace : NULL));
    ending = self->server;
    self->slow = weft_create_task(weft_call(ask, .port = weft_http_server_port(self->server),
                                            .text = self->hangs ? "GET /hang HTTP/1.1\r\n" HOST "\r\n"
                                                                : "GET /end HTTP/1.1\r\n" HOST "\r\n"));
    self->idle = weft_create_task(weft_call(ask, .port = weft_http_server_port(self->server), .text = ""));
    while (weft_http_server_connections(self->server) < 2 || said[0] == '\0')
        weft_await(weft_sleep(0.001));
    weft_await(weft_http_server_stop(self->server));
    CHECK_EQ_INT((int)weft_http_server_connections(self->server), 0);
    CHECK_EQ_INT(weft_http_server_port(self->server), 0);
    weft_await(weft_http_server_wait(self->server));
    weft_try {
        weft_await_to(self->bytes, self->slow);
        say("%s", strstr(self->bytes->data, "Connection: close\r\n\r\nthe last") != NULL ? "whole" : "lost");
    }
    weft_catch(self->error) {
        say("%s", self->error->system);
    }
    weft_await_to(self->bytes, self->idle);
    say(" %zu", self->bytes->size);
    weft_drop();
    weft_http_server_close(self->server);
    weft_end();
}

TEST(a_server_that_stops_lets_requests_end) {
    said[0] = '\0';
    CHECK(weft_run(weft_call(stops), NULL, NULL));
    CHECK_EQ_STR(said, "asked whole 0");
}

TEST(it_does_not_wait_for_ever) {
    said[0] = '\0';
    CHECK(weft_run(weft_call(stops, .hangs = true), NULL, NULL));
    CHECK_EQ_STR(said, "hangs ECONNRESET 0");
}

struct ends_early {
    weft_frame frame;
    weft_http_server *server;
    weft_task *peer;
    const weft_error *error;
    int steps;
    bool forgets;
};

/* The server is closed, or forgotten, after so many turns of an exchange. */
weft_async(ends_early) {
    weft_begin(ends_early);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    self->peer = weft_create_task(weft_call(ask, .port = weft_http_server_port(self->server), .piece = 50,
                                            .text = "POST /body HTTP/1.1\r\n" HOST
                                                    "Content-Length: 20\r\n\r\n01234567890123456789"
                                                    "GET /parts HTTP/1.1\r\n" HOST END));
    for (; self->steps > 0 && !weft_task_done(self->peer); self->steps--)
        weft_await(weft_sleep(0));
    if (weft_task_done(self->peer))
        weft_return("done");
    if (self->forgets) {
        self->server = NULL;
        weft_return_none();
    }
    weft_http_server_close(self->server);
    self->server = NULL;
    weft_try {
        weft_await(self->peer);
    }
    weft_catch(self->error) {}
    weft_drop();
    weft_http_server_close(self->server);
    weft_end();
}

TEST(a_server_can_be_closed_or_forgotten_at_any_step) {
    exchange("", NULL, 0, true); /* the first run opens what is for all */
    int files = open_descriptors(), steps;
    weft_value value = weft_none();
    for (int forgets = 0; forgets < 2; forgets++) {
        for (steps = 0; weft_value_string(value) == NULL && steps < 10000000;
             steps += steps < 60 ? 1 : steps / 4)
            CHECK(weft_run(weft_call(ends_early, .steps = steps, .forgets = forgets), &value, NULL));
        CHECK_EQ_STR(weft_value_string(value), "done");
        value = weft_none();
    }
    CHECK_EQ_INT(open_descriptors(), files);
}

struct handler_cancelled {
    weft_frame frame;
    weft_http_server *server;
    weft_bytes *bytes;
    const weft_error *error;
};

struct cancels_itself {
    weft_frame frame;
    weft_request *request;
};

static weft_async(cancels_itself) {
    weft_begin(cancels_itself);
    weft_cancel(weft_current_task());
    weft_await(weft_sleep(1));
    weft_end();
}

static weft_coroutine *cancel(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(cancels_itself, .request = request);
}

static weft_coroutine *give_nothing(weft_request *request, void *argument) {
    (void)request;
    (void)argument;
    return NULL;
}

weft_async(handler_cancelled) {
    weft_begin(handler_cancelled);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, cancel, NULL, NULL));
    weft_try {
        weft_await_to(self->bytes, weft_call(ask, .port = weft_http_server_port(self->server),
                                             .text = "GET / HTTP/1.1\r\n" HOST "\r\n"));
    }
    weft_catch(self->error) {
        say("%s", self->error->system);
    }
    weft_http_server_close(self->server);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, give_nothing, NULL, NULL));
    weft_await_to(self->bytes, weft_call(ask, .port = weft_http_server_port(self->server),
                                         .text = "GET / HTTP/1.1\r\n" HOST "\r\n"));
    say(" %s", strncmp(self->bytes->data, "HTTP/1.1 500 ", 13) == 0 ? "500" : "?");
    weft_drop();
    weft_free(self->bytes);
    weft_http_server_close(self->server);
    weft_end();
}

TEST(a_handler_that_is_cancelled_ends_the_connection_and_none_is_an_error) {
    said[0] = '\0';
    CHECK(weft_run(weft_call(handler_cancelled), NULL, NULL));
    CHECK_EQ_STR(said,
                 "ECONNRESET[the handler of GET / failed: RuntimeError: the handler gave no coroutine] 500");
}

/* --- Peers that leave --- */

struct leaving {
    weft_frame frame;
    bool debug;
    weft_http_server *server;
    weft_stream *stream;
};

weft_async(leaving) {
    weft_begin(leaving);
    weft_loop_set_reporter(weft_loop_current(), hear, NULL);
    weft_loop_set_debug(weft_loop_current(), self->debug);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, handle, NULL, NULL));
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", weft_http_server_port(self->server)));
    weft_await(weft_stream_printf(self->stream, "GET /flood HTTP/1.1\r\n" HOST "\r\n"));
    weft_await(weft_stream_read_exactly(self->stream, got, 1000));
    weft_stream_abort(self->stream);
    self->stream = NULL;
    weft_await(weft_http_server_stop(self->server)); /* the handler has no other end */
    weft_drop();
    weft_stream_close(self->stream);
    weft_http_server_close(self->server);
    weft_end();
}

TEST(a_peer_that_leaves_is_told_of_in_debug_mode_only) {
    said[0] = '\0';
    CHECK(weft_run(weft_call(leaving), NULL, NULL));
    CHECK_EQ_STR(said, "");
    CHECK(weft_run(weft_call(leaving, .debug = true), NULL, NULL));
    CHECK(has(said, "[the handler of GET /flood failed: SystemError: cannot write: "));
}

/* --- Misuse --- */

struct misuses {
    weft_frame frame;
    weft_http_server *server;
    const weft_error *error;
    int i;
};

static weft_coroutine *bad_call(int which) {
    switch (which) {
    case 0:
        return weft_http_serve("127.0.0.1", 0, NULL, NULL, NULL);
    case 1:
        return weft_http_serve("127.0.0.1", 70000, handle, NULL, NULL);
    case 2:
        return weft_http_serve("127.0.0.1", -1, handle, NULL, NULL);
    case 3:
        return weft_http_serve_listener(NULL, handle, NULL, NULL);
    case 4:
        return weft_http_server_stop(NULL);
    default:
        return weft_http_server_wait(NULL);
    }
}

weft_async(misuses) {
    weft_begin(misuses);
    for (self->i = 0; self->i < 6; self->i++) {
        weft_try {
            weft_await(bad_call(self->i));
        }
        weft_catch(self->error) {
            say("%s ", weft_error_name(self->error->code));
        }
    }
    weft_end();
}

TEST(what_is_asked_of_null_has_no_answer) {
    char peer[8] = "none";
    CHECK_EQ_INT(weft_http_server_port(NULL), 0);
    CHECK_EQ_INT(weft_http_server_connections(NULL), 0);
    CHECK(weft_request_method(NULL) == NULL && weft_request_target(NULL) == NULL);
    CHECK(weft_request_path(NULL) == NULL && weft_request_query(NULL) == NULL);
    CHECK(weft_request_header(NULL, "Host") == NULL && weft_request_header_count(NULL) == 0);
    CHECK(weft_request_header_name(NULL, 0) == NULL && weft_request_header_value(NULL, 0) == NULL);
    CHECK_EQ_INT(weft_request_peer(NULL, peer, sizeof peer), 0);
    CHECK_EQ_STR(peer, "");
    CHECK(!weft_request_answered(NULL) && !weft_request_wants_websocket(NULL));
    weft_request_set_body_limit(NULL, 1);
}

TEST(misuse_is_told_in_words) {
    said[0] = '\0';
    weft_http_server_close(NULL);
    CHECK(weft_run(weft_call(misuses), NULL, NULL));
    CHECK_EQ_STR(said, "InvalidArgument InvalidArgument InvalidArgument InvalidArgument InvalidArgument "
                       "InvalidArgument ");
}

/* --- Mangled input --- */

static uint32_t random_state;

static uint32_t random_below(uint32_t most) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % most;
}

/* Something like requests, or frames, with a few bytes changed. */
static size_t mangled(uint8_t *input, size_t room) {
    static const char *const pieces[] = {"\r\n",
                                         "\r\n\r\n",
                                         "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                                         "Content-Length: 5\r\n",
                                         "Host: y\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "5\r\nabcde\r\n",
                                         "0\r\n\r\n",
                                         "a: b\r\n",
                                         "Connection: close\r\n",
                                         "Expect: 100-continue\r\n",
                                         "\x81\x85zzzz\x12\x1f\x16\x16\x15",
                                         "\x89\x80zzzz",
                                         "\x01\x81zzzz\x12",
                                         "\x80\x81zzzz\x12",
                                         "\x88\x82zzzzy\x92",
                                         "\x82\xfe\x01\x2dzzzz"};
    size_t size = 1;
    input[0] = (uint8_t)random_below(256);
    for (uint32_t i = random_below(8); i > 0; i--) {
        const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
        size_t length = strlen(piece);
        if (size + length > room)
            break;
        memcpy(input + size, piece, length);
        size += length;
    }
    for (uint32_t i = random_below(4); i > 0; i--)
        input[random_below((uint32_t)size)] = (uint8_t)random_below(256);
    return size;
}

TEST(mangled_input_is_survived) {
    uint8_t input[512];
    exchange("", NULL, 0, true);
    int files = open_descriptors();
    for (uint32_t seed = 1; seed <= 400; seed++) {
        random_state = seed * 2654435761u;
        CHECK_EQ_INT(LLVMFuzzerTestOneInput(input, mangled(input, sizeof input)), 0);
    }
    CHECK_EQ_INT(open_descriptors(), files);
}

TEST_MAIN(TEST_CASE(requests_get_their_answers), TEST_CASE(they_do_when_they_come_byte_by_byte),
          TEST_CASE(a_body_is_asked_for_if_the_peer_waits_for_that),
          TEST_CASE(pipelined_requests_are_answered_in_order),
          TEST_CASE(a_body_that_nobody_reads_does_not_become_a_request), TEST_CASE(limits_are_kept),
          TEST_CASE(a_peer_that_ends_too_early_gets_no_answer_or_an_error),
          TEST_CASE(a_peer_that_is_too_slow_is_told_so), TEST_CASE(connections_beyond_the_limit_wait),
          TEST_CASE(a_server_that_stops_lets_requests_end), TEST_CASE(it_does_not_wait_for_ever),
          TEST_CASE(a_server_can_be_closed_or_forgotten_at_any_step),
          TEST_CASE(a_handler_that_is_cancelled_ends_the_connection_and_none_is_an_error),
          TEST_CASE(a_peer_that_leaves_is_told_of_in_debug_mode_only),
          TEST_CASE(what_is_asked_of_null_has_no_answer), TEST_CASE(misuse_is_told_in_words),
          TEST_CASE(mangled_input_is_survived))
