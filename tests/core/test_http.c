/* The HTTP client without a network: what it makes of requests and answers, in whatever pieces and at
 * whatever moment they come. With a real one: tests/node/http.test.mjs. */

#include "fake_http.h"

#include "../../core/http.h"

#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- Whole bodies --- */

struct asks {
    weft_frame frame;
    const char *url;
    weft_http_request request;
    weft_http_options options;
    bool own; /* a client with these options */
    weft_http *client;
    weft_http_response *response;
};

static void say_response(const weft_http_response *response) {
    say("%d '%s' %d %s", weft_http_status(response), weft_http_reason(response), weft_http_version(response),
        weft_http_url(response));
    for (const weft_http_field *field = weft_http_headers(response); field->name != NULL; field++)
        say("%s=%s", field->name, field->value);
    if (weft_http_body(response) != NULL)
        say("%zu <%.100s>", weft_http_body(response)->size, weft_http_text(response));
}

static weft_async(asks) {
    weft_begin(asks);
    if (self->own)
        self->client = weft_http_open(&self->options);
    if (self->url != NULL)
        self->request.url = self->url;
    weft_await_to(self->response, weft_http_send(self->client, &self->request));
    say_response(self->response);
    weft_drop();
    weft_http_response_close(self->response);
    weft_http_close(self->client);
    weft_end();
}

TEST(an_answer_has_status_headers_and_body) {
    fake.scripts[0] = SCRIPT("=200", "Content-Type: text/plain", "Set-Cookie: a=1", "Set-Cookie: b=2",
                             "Empty: ", "", "+some ", "+bytes", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/path")), "none");
    CHECK_EQ_STR(world.said,
                 "200 'OK' 11 http://host/path Content-Type=text/plain Set-Cookie=a=1 Set-Cookie=b=2 "
                 "Empty= 10 <some bytes>");
}

TEST(an_empty_body_is_one) {
    fake.scripts[0] = SCRIPT("=204", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/")), "none");
    CHECK_EQ_STR(world.said, "204 'No Content' 11 http://host/ 0 <>");
    fake.scripts[0] = SCRIPT("=304", "Content-Length: 99", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/")), "none");
    CHECK_EQ_STR(world.said, "304 'Not Modified' 11 http://host/ Content-Length=99 0 <>");
}

TEST(the_last_answer_counts) {
    fake.scripts[0] = SCRIPT("=301", "Location: elsewhere", "A: b", "=299", "C: d", "", "+x", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/")), "none");
    CHECK_EQ_STR(world.said, "299 '' 11 http://host/ C=d 1 <x>");
}

struct headers {
    weft_frame frame;
    weft_http_response *response;
};

static weft_async(headers) {
    weft_begin(headers);
    weft_await_to(self->response, weft_http_get(NULL, "http://host/"));
    weft_with(self->response) {
        const weft_http_response *response = self->response;
        CHECK_EQ_STR(weft_http_header(response, "x-one"), "1");
        CHECK_EQ_STR(weft_http_header(response, "X-ONE"), "1");
        CHECK_EQ_STR(weft_http_header(response, "X-On"), NULL);
        CHECK_EQ_STR(weft_http_header(response, "X-One-"), NULL);
        CHECK_EQ_STR(weft_http_header(response, ""), NULL);
        CHECK_EQ_STR(weft_http_header(response, NULL), NULL);
        CHECK_EQ_STR(weft_http_header(response, "z"), "first");
    }
    weft_end();
}

TEST(headers_are_found_in_any_case) {
    fake.scripts[0] = SCRIPT("=200", "X-One: 1", "z: first", "Z: second", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(headers)), "none");
}

/* --- Requests that make no sense --- */

TEST(requests_are_checked) {
    static const weft_http_field split[] = {{"A", "b\r\nC: d"}, {NULL, NULL}};
    static const weft_http_field zero[] = {{"A", "b\x01"}, {NULL, NULL}};
    static const weft_http_field name[] = {{"A b", "c"}, {NULL, NULL}};
    static const weft_http_field empty[] = {{"", "c"}, {NULL, NULL}};
    static const weft_http_field none[] = {{"A", NULL}, {NULL, NULL}};
    static const weft_http_field length[] = {{"content-LENGTH", "7"}, {NULL, NULL}};
    static const weft_http_field proxy[] = {{"Proxy-Authorization", "Basic eDp5"}, {NULL, NULL}};
    static const struct {
        weft_http_request request;
        const char *why;
    } cases[] = {
        {{.url = NULL}, "a request needs an URL, not NULL"},
        {{.url = ""}, "an URL begins with http:// or https://, not \"\""},
        {{.url = "host/path"}, "an URL begins with http:// or https://, not \"host/path\""},
        {{.url = "localhost:80/"}, "an URL begins with http:// or https://, not \"localhost:80/\""},
        {{.url = "ftp://host/"}, "an URL begins with http:// or https://, not \"ftp://host/\""},
        {{.url = "file:///etc/passwd"}, "an URL begins with http:// or https://, not \"file:///etc/passwd\""},
        {{.url = "http://host/\r\nA: b"}, "an URL with control characters"},
        {{.url = "http://host/\x7f"}, "an URL with control characters"},
        {{.url = "http://h/", .method = "GE T"}, "\"GE T\" is no method of HTTP"},
        {{.url = "http://h/", .method = ""}, "\"\" is no method of HTTP"},
        {{.url = "http://h/", .method = "GET\r\n"}, "\"GET\r\n\" is no method of HTTP"},
        {{.url = "http://h/", .method = "connect"}, "a client cannot be asked to connect"},
        {{.url = "http://h/", .headers = split}, "the header A is not a single line of text"},
        {{.url = "http://h/", .headers = zero}, "the header A is not a single line of text"},
        {{.url = "http://h/", .headers = name}, "\"A b\" is no name of a header"},
        {{.url = "http://h/", .headers = empty}, "\"\" is no name of a header"},
        {{.url = "http://h/", .headers = none}, "the header A has no value"},
        {{.url = "http://h/", .headers = length}, "the header content-LENGTH is the client's to set"},
        {{.url = "http://h/", .headers = proxy}, "the header Proxy-Authorization is the client's to set"},
        {{.url = "http://h/", .content_type = "a\nb"}, "a content type is a single line of text"},
        {{.url = "http://h/", .size = 3}, "a body of NULL with a size"},
        {{.url = "http://h/", .method = "GET", .body = "x", .size = 1}, "a GET has no body"},
        {{.url = "http://h/", .timeout = -1}, "a timeout is a number of seconds above zero"},
        {{.url = "http://h/", .idle_timeout = NAN}, "a timeout is a number of seconds above zero"},
    };
    if (!fake_open())
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_http_response *response = weft__http_prepare(NULL, &cases[i].request);
        if (response == NULL || response->error == &weft_error_out_of_memory)
            CHECK(world.out_of_memory);
        else
            CHECK_EQ_STR(response->error->message, cases[i].why);
        weft__http_release(response);
    }
    CHECK_EQ_STR(fake_finish(weft_call(asks, .request = cases[0].request)),
                 "InvalidArgument: a request needs an URL, not NULL");
    CHECK_EQ_INT(fake.begun, 0);
}

struct nothing {
    weft_frame frame;
};

static weft_async(nothing) {
    weft_begin(nothing);
    weft_await(weft_http_send(NULL, NULL));
    weft_end();
}

TEST(no_request_at_all_is_refused) {
    CHECK_EQ_STR(RUN_HTTP(weft_call(nothing)), "InvalidArgument: a request needs an URL, not NULL");
}

TEST(options_are_checked_by_the_first_request) {
    static const weft_http_field split[] = {{"A", "b\nc"}, {NULL, NULL}};
    static const struct {
        weft_http_options options;
        const char *why;
    } cases[] = {
        {{.base_url = "host/"}, "a base URL begins with http:// or https://, not \"host/\""},
        {{.base_url = "http://a\n"}, "an URL with control characters"},
        {{.headers = split}, "the header A is not a single line of text"},
        {{.timeout = -1}, "a timeout is a number of seconds above zero"},
        {{.max_connections = -1}, "a number of connections that is below zero"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[256];
        snprintf(wanted, sizeof wanted, "InvalidArgument: %s", cases[i].why);
        CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/", .own = true, .options = cases[i].options)),
                     wanted);
    }
}

TEST(what_the_transport_refuses_is_raised) {
    fake.refuses_to_start = true;
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/")), "HttpError: GET http://h/: it cannot begin");
}

/* --- What the transport is asked for --- */

struct sends {
    weft_frame frame;
    weft_http *client;
    weft_http_options options;
    weft_http_request request;
    weft_http_response *response;
};

static void say_exchange(const weft__exchange *exchange) {
    say("%s %s", exchange->method, exchange->url);
    for (const weft_http_field *field = exchange->headers; field->name != NULL; field++)
        say("%s=%s", field->name, field->value);
    if (exchange->body != NULL)
        say("%zu <%.*s>", exchange->size, (int)exchange->size, exchange->body);
}

static weft_async(sends) {
    weft_begin(sends);
    self->client = weft_http_open(&self->options);
    self->request.stream = true;
    weft_with(self->client) {
        weft_await_to(self->response, weft_http_send(self->client, &self->request));
        say_exchange(&self->response->exchange);
    }
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

static const char *asked(weft_http_options options, weft_http_request request) {
    fake.scripts[0] = SCRIPT("=200", "", "_");
    RUN_HTTP(weft_call(sends, .options = options, .request = request));
    return world.out_of_memory ? "" : world.code != WEFT_OK ? world.outcome : world.said;
}

TEST(urls_are_relative_to_the_base) {
    static const char *const cases[][3] = {
        {"http://a/b/c", "d", "http://a/b/d"},
        {"http://a/b/", "d", "http://a/b/d"},
        {"http://a/b/", "/d", "http://a/d"},
        {"http://a", "d", "http://a/d"},
        {"http://a", "/d", "http://a/d"},
        {"http://a", "?d", "http://a?d"},
        {"http://a?b/c", "d", "http://a/d"},
        {"http://a/b?c/d", "e", "http://a/e"},
        {"http://a/b?c/d#e", "", "http://a/b?c/d"},
        {"http://a/b?c", "?d", "http://a/b?d"},
        {"https://a/b", "//c/d", "https://c/d"},
        {"https://a/b", "http://c/d", "http://c/d"},
        {"https://a/b", "HTTP://c/d", "HTTP://c/d"},
        {"https://a/b", "../c", "https://a/../c"},
        {NULL, "http://a/b c\xc3\xa9?d e#f", "http://a/b%20c%C3%A9?d%20e"},
        {NULL, "http://b\xc3\xbc.example/\xc3\xbc", "http://b\xc3\xbc.example/%C3%BC"},
        {"http://b\xc3\xbc.example/\xc3\xbc/", "\xc3\xbc", "http://b\xc3\xbc.example/%C3%BC/%C3%BC"},
    };
    if (!fake_open())
        return;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_http *client = weft_http_open(&(weft_http_options){.base_url = cases[i][0]});
        weft_http_response *response = weft__http_prepare(client, &(weft_http_request){.url = cases[i][1]});
        if (response == NULL || response->error != NULL)
            CHECK(world.out_of_memory);
        else
            CHECK_EQ_STR(response->exchange.url, cases[i][2]);
        weft__http_release(response);
        weft_http_close(client);
    }
    world_close();
}

TEST(headers_of_a_request_replace_those_of_its_client) {
    static const weft_http_field common[] = {
        {"Accept", "any"}, {"Content-Type", "common"}, {"X", "1"}, {"X", "2"}, {NULL, NULL}};
    static const weft_http_field own[] = {{"accept", "own"}, {"Y", ""}, {NULL, NULL}};
    weft_http_options options = {.headers = common};
    CHECK_EQ_STR(asked(options, (weft_http_request){.url = "http://a/"}),
                 "GET http://a/ Accept=any Content-Type=common X=1 X=2");
    CHECK_EQ_STR(asked(options,
                       (weft_http_request){
                           .url = "http://a/", .headers = own, .content_type = "t", .body = "x", .size = 1}),
                 "POST http://a/ accept=own Y= Content-Type=t X=1 X=2 1 <x>");
    CHECK_EQ_STR(asked((weft_http_options){.base_url = NULL},
                       (weft_http_request){.url = "http://a/", .method = "PUT", .body = "", .size = 0}),
                 "PUT http://a/ 0 <>");
}

/* --- Lines --- */

struct lines {
    weft_frame frame;
    weft_http_response *response;
    char *line;
};

static weft_async(lines) {
    weft_begin(lines);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        weft_for_await (self->line, weft_http_lines(self->response)) {
            say("[%s]", self->line);
            weft_free(self->line);
        }
    }
    weft_end();
}

TEST(lines_are_the_same_wherever_their_bytes_are_split) {
    static const char text[] = "one\r\n\ntwo \r three\nfour\r\n\r\n\r\nlast\r";
    static const char said[] = "[one] [] [two \r three] [four] [] [] [last\r]";
    for (size_t at = 0; at <= sizeof text - 1; at++) {
        char first[64] = "+", second[64] = "+";
        memcpy(first + 1, text, at);
        strcpy(second + 1, text + at);
        fake.scripts[0] =
            SCRIPT("=200", "", at == 0 ? "?" : first, at == sizeof text - 1 ? "?" : second, ".");
        CHECK_EQ_STR(RUN_HTTP(weft_call(lines)), "none");
        CHECK_EQ_STR(world.said, said);
    }
}

TEST(lines_are_the_same_byte_by_byte) {
    fake.scripts[0] = SCRIPT("=200", "", "+a", "+\r", "+\n", "+\n", "+b", "+\n", "+\r", "+\n", "+\r", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)), "none");
    CHECK_EQ_STR(world.said, "[a] [] [b] [] [\r]");
}

TEST(a_line_has_a_limit) {
    fake.scripts[0] = SCRIPT("=200", "", "+short\n", "*65535", "+y\nnext\n", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)), "none");
    fake.scripts[0] = SCRIPT("=200", "", "+short\n", "*65536", "+y\nnext\n", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)),
                 "LimitExceeded: GET http://h/: a line is longer than 65536 bytes");
    CHECK_EQ_STR(world.said, "[short]");
    fake.scripts[0] = SCRIPT("=200", "", "*100000", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)),
                 "LimitExceeded: GET http://h/: a line is longer than 65536 bytes");
}

struct goes_on {
    weft_frame frame;
    weft_http_response *response;
    char *line;
    const weft_error *error;
    bool ended;
};

static weft_async(goes_on) {
    weft_begin(goes_on);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    while (!self->ended) {
        weft_try {
            weft_for_await (self->line, weft_http_lines(self->response)) {
                say("[%s]", self->line);
                weft_free(self->line);
            }
            self->ended = true;
        }
        weft_catch(self->error) {
            say("%s", name_of(self->error));
            self->ended = self->error->code == WEFT_OUT_OF_MEMORY; /* which it may stay */
        }
    }
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

TEST(behind_a_line_that_is_none_reading_goes_on) {
    fake.scripts[0] = SCRIPT("=200", "", "*65537", "+\n", "~a~b\nnext\n", "*70000", "+y\nlast\n", "~~", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(goes_on)), "none");
    CHECK_EQ_STR(world.said, "LimitExceeded HttpError [next] LimitExceeded [y] [last] HttpError");
}

TEST(what_came_before_a_failure_is_read_before_it_is_raised) {
    fake.scripts[0] = SCRIPT("=200", "", "+one\ntwo\nthr", "!gone");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)), "HttpError: GET http://h/: gone");
    CHECK_EQ_STR(world.said, "[one] [two]");
}

/* --- Chunks, reads, and the rest --- */

struct mixed {
    weft_frame frame;
    weft_http_response *response;
    weft_bytes *chunk;
    char *line;
    char buffer[4];
    int got;
};

static weft_async(mixed) {
    weft_begin(mixed);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        CHECK(weft_http_body(self->response) == NULL);
        weft_await_to(self->got, weft_http_read(self->response, self->buffer, 3));
        say("%d<%.3s>", self->got, self->buffer);
        weft_for_await (self->chunk, weft_http_chunks(self->response)) {
            say("%zu<%s>", self->chunk->size, self->chunk->data);
            weft_free(self->chunk);
            break;
        }
        weft_for_await (self->line, weft_http_lines(self->response)) {
            say("[%s]", self->line);
            weft_free(self->line);
            break;
        }
        weft_await(weft_http_read_all(self->response));
        say("all<%s>", weft_http_text(self->response));
        weft_await(weft_http_read(self->response, self->buffer, 3));
    }
    weft_end();
}

TEST(a_body_is_read_in_whatever_way_in_turn) {
    fake.scripts[0] = SCRIPT("=200", "", "+abcde", "+line\nmore", "+ and more", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(mixed)), "InvalidState: the body has been read: weft_http_body has it");
    CHECK_EQ_STR(world.said, "3<abc> 2<de> [line] all<more and more>");
}

struct reads {
    weft_frame frame;
    weft_http_response *response;
    char buffer[70000];
    int got;
    size_t total;
};

static weft_async(reads) {
    weft_begin(reads);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        do {
            weft_await_to(self->got, weft_http_read(self->response, self->buffer, sizeof self->buffer));
            self->total += (size_t)self->got;
        } while (self->got > 0);
        weft_await_to(self->got, weft_http_read(self->response, self->buffer, sizeof self->buffer));
        CHECK_EQ_INT(self->got, 0);
    }
    weft_return(self->total);
    weft_end();
}

struct sleeps_first {
    weft_frame frame;
    weft_http_response *response;
    weft_bytes *chunk;
    size_t total;
    int i;
};

/* Lets the outside go on as long as it can before it reads. */
static weft_async(sleeps_first) {
    weft_begin(sleeps_first);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        while (fake_outside()) {
        }
        say("%zu", weft__http_unread(self->response));
        CHECK(fake.exchanges[0].refused);
        weft_for_await (self->chunk, weft_http_chunks(self->response)) {
            self->total += self->chunk->size;
            weft_free(self->chunk);
            while (fake_outside()) {
            }
        }
    }
    weft_return(self->total);
    weft_end();
}

TEST(a_server_is_kept_from_sending_what_nobody_reads) {
    fake.scripts[0] = SCRIPT("=200", "", "*100000", "*30000", "*30000", "*100000", "*50000", "*1", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(sleeps_first)), "310001");
    CHECK_EQ_STR(world.said, "160000");
    CHECK_EQ_INT(fake.resumed, 2);
    fake.scripts[0] = SCRIPT("=200", "", "*100000", "*30000", "*30000", "*100000", "*50000", "*1", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(reads)), "310001");
}

/* --- Limits --- */

TEST(a_whole_body_has_a_limit) {
    weft_http_request request = {.url = "http://h/", .limit = 10};
    fake.scripts[0] = SCRIPT("=200", "", "+12345", "+67890", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)), "none");
    fake.scripts[0] = SCRIPT("=200", "", "+12345", "+678901", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)),
                 "LimitExceeded: GET http://h/: the body is longer than 10 bytes");
    fake.scripts[0] = SCRIPT("=200", "Content-Length: 11", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)),
                 "LimitExceeded: GET http://h/: the body is longer than 10 bytes");
    fake.scripts[0] = SCRIPT("=200", "Content-Length: 99999999999999999999999", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/")),
                 "LimitExceeded: GET http://h/: the body is longer than 67108864 bytes");
    request.method = "HEAD"; /* whose answers tell of a body that they do not have */
    fake.scripts[0] = SCRIPT("=200", "Content-Length: 11", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)), "none");
}

struct gathers {
    weft_frame frame;
    weft_http_response *response;
    const weft_error *error;
    weft_bytes *chunk;
};

static weft_async(gathers) {
    weft_begin(gathers);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true, .limit = 3}));
    weft_with(self->response) {
        weft_await(weft_http_read_all(self->response));
    }
    weft_end();
}

TEST(the_rest_of_a_body_has_a_limit) {
    fake.scripts[0] = SCRIPT("=200", "", "+123", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(gathers)), "none");
    fake.scripts[0] = SCRIPT("=200", "", "+1234", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(gathers)),
                 "LimitExceeded: GET http://h/: the body is longer than 3 bytes");
}

TEST(headers_have_a_limit) {
    static char line[4096] = "N: ";
    memset(line + 3, 'v', sizeof line - 4);
    const char *script[80];
    for (size_t i = 0; i < 80; i++)
        script[i] = line;
    script[0] = "=200";
    fake.scripts[0] = script;
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/")),
                 "LimitExceeded: GET http://h/: the headers of the answer are longer than 262144 bytes");
}

/* --- Failures --- */

TEST(a_failure_names_the_request_but_no_password) {
    fake.scripts[0] = SCRIPT("!the peer reset it");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://user:secret@host/a@b")),
                 "HttpError: GET http://host/a@b: the peer reset it");
    fake.scripts[0] = SCRIPT("=200", "", "+half of", "!it ended too early");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/a@b")),
                 "HttpError: GET http://host/a@b: it ended too early");
}

TEST(an_end_without_an_answer_is_a_failure) {
    fake.scripts[0] = SCRIPT("=200", "A: b", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://host/")),
                 "HttpError: GET http://host/: the server has not answered");
}

struct statuses {
    weft_frame frame;
    weft_http_response *response;
};

static weft_async(statuses) {
    weft_begin(statuses);
    weft_await_to(self->response, weft_http_get(NULL, "http://h/x"));
    weft_with(self->response) {
        weft_await(weft_http_raise_for_status(self->response));
    }
    weft_end();
}

TEST(a_status_becomes_an_error_if_asked) {
    fake.scripts[0] = SCRIPT("=299", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(statuses)), "none");
    fake.scripts[0] = SCRIPT("=404", "", "+nothing here", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(statuses)), "HttpError: GET http://h/x: 404 Not Found");
    fake.scripts[0] = SCRIPT("=999", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(statuses)), "HttpError: GET http://h/x: 999");
    fake.scripts[0] = SCRIPT("=304", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(statuses)), "HttpError: GET http://h/x: 304 Not Modified");
}

TEST(fetch_gives_the_text_or_an_error) {
    fake.scripts[0] = SCRIPT("=200", "", "+the ", "+text", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_fetch("http://h/")), "the text");
    fake.scripts[0] = SCRIPT("=200", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_fetch("http://h/")), "");
    fake.scripts[0] = SCRIPT("=500", "", "+sorry", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_fetch("http://h/")), "HttpError: GET http://h/: 500 Internal Server Error");
    CHECK_EQ_STR(RUN_HTTP(weft_fetch("h")),
                 "InvalidArgument: an URL begins with http:// or https://, not \"h\"");
    CHECK_EQ_STR(RUN_HTTP(weft_fetch(NULL)), "InvalidArgument: a request needs an URL, not NULL");
}

/* --- Time --- */

TEST(an_exchange_may_not_take_longer_than_its_timeout) {
    weft_http_request request = {.url = "http://h/", .timeout = 5, .idle_timeout = INFINITY};
    fake.scripts[0] = SCRIPT("?", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)),
                 "TimedOut: GET http://h/: it took longer than was allowed");
    fake.scripts[0] = SCRIPT("=200", "", "+some", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)),
                 "TimedOut: GET http://h/: it took longer than was allowed");
    fake.scripts[0] = SCRIPT("=200", "", "+some", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .request = request)), "none");
}

TEST(a_silent_server_is_given_up) {
    fake.scripts[0] = SCRIPT("?", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/")),
                 "TimedOut: GET http://h/: nothing came for 30 s");
    fake.scripts[0] = SCRIPT("=200", "", "+some", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks, .url = "http://h/", .own = true, .options = {.idle_timeout = 3})),
                 "TimedOut: GET http://h/: nothing came for 3 s");
    fake.scripts[0] = SCRIPT("=200", "", "+line\n", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(lines)), "TimedOut: GET http://h/: nothing came for 30 s");
    CHECK_EQ_STR(world.said, "[line]");
}

struct dawdles {
    weft_frame frame;
    weft_http_response *response;
    char *line;
};

/* Of whoever reads nothing the server cannot be blamed. */
static weft_async(dawdles) {
    weft_begin(dawdles);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        weft_await(weft_sleep(1000));
        weft_for_await (self->line, weft_http_lines(self->response)) {
            say("%s", self->line);
            weft_free(self->line);
            weft_await(weft_sleep(1000));
        }
    }
    weft_end();
}

TEST(time_that_nobody_waits_does_not_count) {
    fake.scripts[0] = SCRIPT("=200", "", "+a\n", "+b\n", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(dawdles)), "none");
    CHECK_EQ_STR(world.said, "a b");
}

struct limited {
    weft_frame frame;
};

static weft_async(limited) {
    weft_begin(limited);
    weft_with(weft_timeout(2.0)) {
        weft_await(weft_http_get(NULL, "http://h/"));
    }
    weft_end();
}

TEST(a_timeout_of_the_program_stops_the_transfer) {
    fake.scripts[0] = SCRIPT("?", "@", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(limited)), "TimedOut");
    CHECK_EQ_INT(fake.abandoned, 1);
}

/* --- Cancellation --- */

struct cancels {
    weft_frame frame;
    weft_coroutine *coroutine;
    weft_task *task;
    int steps, i;
    const weft_error *error;
};

/* Cancels after so many things that the outside has done. */
static weft_async(cancels) {
    weft_begin(cancels);
    self->task = weft_create_task(self->coroutine);
    self->coroutine = NULL;
    for (self->i = 0; self->i < self->steps && !weft_task_done(self->task); self->i++) {
        weft_await(weft_sleep(0));
        weft_await(weft_sleep(0));
        if (!weft_task_done(self->task))
            fake_outside();
    }
    weft_await(weft_sleep(0));
    say(weft_task_done(self->task) ? "done" : "cancelled");
    weft_cancel(self->task);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_all(self->error) {}
    weft_drop();
    weft_coroutine_close(self->coroutine);
    weft_end();
}

TEST(a_cancellation_at_any_await_stops_the_transfer) {
    for (int kind = 0; kind < 5; kind++) {
        int steps = 0;
        do {
            fake.scripts[0] =
                SCRIPT("?", "=200", "A: b", "", "+abc\ndef", "*140000", "+line\nmore", "+\nthe end", ".");
            if (!fake_open()) {
                world_without_memory();
                break;
            }
            weft_coroutine *coroutine = kind == 0   ? weft_call(asks, .url = "http://h/")
                                        : kind == 1 ? weft_call(reads)
                                        : kind == 2 ? weft_call(mixed)
                                        : kind == 3 ? weft_call(gathers)
                                                    : weft_fetch("http://h/");
            fake_finish(weft_call(cancels, .coroutine = coroutine, .steps = steps++));
            if (world.out_of_memory)
                break;
            CHECK(strstr(world.said, "cancelled") == NULL || fake.begun == 0 || fake.abandoned == 1);
        } while (strstr(world.said, "cancelled") != NULL && CHECK(steps < 100));
        CHECK(world.out_of_memory || steps > 4);
    }
}

struct resumes {
    weft_frame frame;
    weft_http_response *response;
    weft_task *task;
    char buffer[8];
    int got;
    const weft_error *error;
};

static weft_async(resumes) {
    weft_begin(resumes);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        self->task = weft_create_task(weft_http_read(self->response, self->buffer, 8));
        weft_await(weft_sleep(0));
        weft_cancel(self->task);
        weft_try {
            weft_await(self->task);
        }
        weft_catch_all(self->error) {}
        self->task = weft_create_task(weft_http_read_all(self->response));
        weft_await(weft_sleep(0));
        weft_cancel(self->task);
        weft_try {
            weft_await(self->task);
        }
        weft_catch_all(self->error) {}
        weft_await_to(self->got, weft_http_read(self->response, self->buffer, 8));
        say("%d %.3s", self->got, self->buffer);
    }
    weft_end();
}

TEST(after_a_cancelled_read_nothing_is_lost) {
    fake.scripts[0] = SCRIPT("=200", "", "+abc", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(resumes)), "none");
    CHECK_EQ_STR(world.said, "3 abc");
}

/* --- Closing --- */

struct closes {
    weft_frame frame;
    bool client;
    weft_http *http;
    weft_http_response *response;
    weft_task *task;
    char buffer[8];
};

static weft_async(closes) {
    weft_begin(closes);
    self->http = weft_http_open(NULL);
    weft_await_to(self->response,
                  weft_http_send(self->http, &(weft_http_request){.url = "http://h/", .stream = true}));
    self->task = weft_create_task(weft_http_read(self->response, self->buffer, 8));
    weft_await(weft_sleep(0));
    if (self->client) {
        weft_http_close(self->http);
        self->http = NULL;
    } else {
        weft_http_response_close(self->response);
        self->response = NULL;
    }
    weft_await(self->task);
    weft_drop();
    weft_http_response_close(self->response);
    weft_http_close(self->http);
    weft_end();
}

TEST(closing_under_who_waits_raises_there) {
    fake.scripts[0] = SCRIPT("=200", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(closes)), "InvalidState: the response was closed");
    CHECK_EQ_INT(fake.abandoned, 1);
    fake.scripts[0] = SCRIPT("=200", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(closes, .client = true)),
                 "InvalidState: GET http://h/: the client was closed");
    CHECK_EQ_INT(fake.abandoned, 1);
}

struct forgets {
    weft_frame frame;
    bool client;
    weft_http_response *response;
};

static weft_async(forgets) {
    weft_begin(forgets);
    weft_await_to(self->response, weft_http_send(self->client ? weft_http_open(NULL) : NULL,
                                                 &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_end();
}

TEST(what_nobody_closed_goes_with_the_loop_and_debug_mode_says_so) {
    world.debug = true;
    fake.scripts[0] = SCRIPT("=200", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(forgets)), "none");
    CHECK_EQ_STR(world.reports, "a HTTP response was never closed");
    world.debug = true;
    fake.scripts[0] = SCRIPT("=200", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(forgets, .client = true)), "none");
    CHECK_EQ_STR(world.reports, "a HTTP response was never closed\na HTTP client was never closed");
}

TEST(a_response_that_nobody_takes_is_closed) {
    world.debug = true;
    fake.scripts[0] = SCRIPT("=200", "", ".");
    fake_open() ? fake_finish(weft_http_get(NULL, "http://h/")) : world_without_memory();
    CHECK_EQ_STR(world.reports, "");
}

struct drops {
    weft_frame frame;
};

static weft_async(drops) {
    weft_begin(drops);
    weft_coroutine_close(weft_http_get(NULL, "http://h/"));
    weft_end();
}

TEST(a_request_that_nobody_awaits_is_none) {
    CHECK_EQ_STR(RUN_HTTP(weft_call(drops)), "none");
    CHECK_EQ_INT(fake.begun, 0);
}

struct late {
    weft_frame frame;
    weft_http *client;
    weft_coroutine *get, *read;
    weft_http_response *response;
    const weft_error *error;
    char buffer[4];
};

static weft_async(late) {
    weft_begin(late);
    self->client = weft_http_open(NULL);
    weft_await_to(self->response,
                  weft_http_send(self->client, &(weft_http_request){.url = "http://h/", .stream = true}));
    self->get = weft_http_get(self->client, "http://h/");
    self->read = weft_http_read(self->response, self->buffer, 4);
    weft_http_close(self->client);
    weft_http_response_close(self->response);
    weft_try {
        weft_await(self->get);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_try {
        weft_await(self->read);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_end();
}

TEST(what_was_made_before_it_was_closed_says_so) {
    fake.scripts[0] = SCRIPT("=200", "", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(late)), "none");
    CHECK_EQ_STR(world.said, "GET http://h/: the client was closed the response was closed");
}

/* --- Two at once, and none --- */

struct two {
    weft_frame frame;
    weft_http_response *response;
    char buffer[8];
    weft_task *task;
    const weft_error *error;
};

static weft_async(two) {
    weft_begin(two);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .stream = true}));
    weft_with(self->response) {
        self->task = weft_create_task(weft_http_read(self->response, self->buffer, 4));
        weft_await(weft_sleep(0));
        weft_try {
            weft_await(weft_http_read_all(self->response));
        }
        weft_catch(self->error) {
            say("%s: %s", name_of(self->error), self->error->message);
        }
        weft_await(self->task);
        say("%.2s", self->buffer);
    }
    weft_end();
}

TEST(two_tasks_do_not_read_one_body) {
    fake.scripts[0] = SCRIPT("=200", "", "+ab", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(two)), "none");
    CHECK_EQ_STR(world.said, "RuntimeError: another task reads this response ab");
}

/* --- What is told of a wait --- */

struct watches {
    weft_frame frame;
    weft_task *task;
};

/* The text that the log's newest record of that kind names, which the log defines before it. */
static const char *logged(uint8_t kind) {
    static weft_log_record records[WEFT_LOG_CHUNK];
    size_t count = weft_log_recent(records, WEFT_LOG_CHUNK), last = count;
    for (size_t i = 0; i < count; i++)
        if (records[i].kind == kind)
            last = i;
        else if (records[i].kind == WEFT_LOG_STRING_DEF)
            i += (records[i].payload + 31) / 32;
    for (size_t i = 0; i < last; i++)
        if (records[i].kind == WEFT_LOG_STRING_DEF && records[i].object == records[last].payload)
            return (const char *)&records[i + 1]; /* padded with zeros, unless it fills them */
    return NULL;
}

static weft_async(watches) {
    weft_begin(watches);
    CHECK(weft_log_on(NULL, NULL));
    self->task = weft_create_task(weft_call(asks, .url = "http://me:secret@host/path"));
    weft_await(weft_sleep(0));
    {
        char text[1024];
        weft_task_wait wait = weft_task_waits_for(self->task);
        CHECK_EQ_STR(wait.what, "an HTTP answer");
        CHECK_EQ_INT(wait.id, 0);
        weft_format_tasks(text, sizeof text);
        CHECK(strstr(text, "an HTTP answer: GET http://host/path") != NULL);
        CHECK_EQ_STR(logged(WEFT_LOG_EXTERNAL_BEGIN), "GET http://host/path");
        CHECK_EQ_STR(logged(WEFT_LOG_WAIT), "an HTTP answer");
    }
    weft_await(self->task);
    weft_drop();
    weft_release(self->task);
    weft_end();
}

TEST(a_wait_says_what_for) {
    fake.scripts[0] = SCRIPT("=204", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(watches)), "none");
}

struct null {
    weft_frame frame;
    int what, got;
    void *item;
};

static weft_async(null) {
    weft_begin(null);
    if (self->what == 0)
        weft_await(weft_http_read(NULL, &self->got, 1));
    if (self->what == 1)
        weft_await(weft_http_read_all(NULL));
    if (self->what == 2)
        weft_await(weft_http_raise_for_status(NULL));
    if (self->what == 3) {
        weft_for_await (self->item, weft_http_chunks(NULL)) {
        }
    }
    if (self->what == 4) {
        weft_for_await (self->item, weft_http_lines(NULL)) {
        }
    }
    weft_http_response_close(NULL);
    weft_http_close(NULL);
    weft_end();
}

TEST(null_is_refused) {
    for (int what = 0; what < 5; what++)
        CHECK_EQ_STR(RUN_HTTP(weft_call(null, .what = what)), "InvalidArgument: the response is NULL");
    CHECK_EQ_STR(RUN_HTTP(weft_call(null, .what = 5)), "none");
}

struct many {
    weft_frame frame;
    weft_http *client;
    weft_future *all;
};

static weft_async(many) {
    weft_begin(many);
    self->client = weft_http_open(NULL);
    weft_with(self->client) {
        weft_await(weft_gather(weft_http_get(self->client, "http://a/"),
                               weft_http_get(self->client, "http://b/"),
                               weft_http_get(self->client, "http://c/")));
    }
    weft_end();
}

TEST(the_first_failure_of_many_stops_none_of_the_others_until_the_client_closes) {
    fake.scripts[0] = SCRIPT("?", "?", "?", "=200", "", "_");
    fake.scripts[1] = SCRIPT("!gone");
    fake.scripts[2] = SCRIPT("=200", "", "+x", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(many)), "HttpError: GET http://b/: gone");
}

/* --- A body in parts --- */

struct parts {
    weft_frame frame;
    int i, of;
    bool fails;
};

static weft_async(parts) {
    weft_begin(parts);
    for (self->i = 0; self->i < self->of; self->i++) {
        weft_await(weft_sleep(0));
        if (self->i % 3 == 0)
            weft_yield(weft_format("part %d;", self->i));
        else if (self->i % 3 == 1)
            weft_yield(weft_owned_pointer(weft__bytes_new("bytes;", 6), weft_free));
        else
            weft_yield("");
    }
    if (self->fails)
        weft_raise(WEFT_USER, "no more");
    weft_end();
}

struct uploads {
    weft_frame frame;
    int of;
    bool fails;
    weft_http_response *response;
};

static weft_async(uploads) {
    weft_begin(uploads);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = "http://h/",
                                                            .chunks = weft_call(parts, .of = self->of,
                                                                                .fails = self->fails)}));
    say("%d", weft_http_status(self->response));
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

TEST(a_body_is_sent_as_it_is_made) {
    fake.scripts[0] = SCRIPT("<", "<", "<", "<", "<", "<", "<", "=200", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .of = 4)), "none");
    CHECK_EQ_STR(fake.sent, "part 0;bytes;part 3;|");
    CHECK_EQ_STR(world.said, "200");
    fake.scripts[0] = SCRIPT("<", "=200", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .of = 0)), "none");
    CHECK_EQ_STR(fake.sent, "|");
}

TEST(an_answer_may_end_a_body_early) {
    fake.scripts[0] = SCRIPT("<", "<", "=413", "", ".");
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .of = 40)), "none");
    CHECK_EQ_STR(fake.sent, "part 0;");
    CHECK_EQ_STR(world.said, "413");
    fake.scripts[0] = SCRIPT("<", "!reset");
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .of = 40)), "HttpError: POST http://h/: reset");
}

TEST(a_body_that_fails_stops_the_transfer) {
    fake.scripts[0] = SCRIPT("<", "<", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .of = 1, .fails = true)), "Error 1000: no more");
    CHECK_EQ_INT(fake.abandoned, 1);
}

TEST(a_body_in_parts_may_be_cancelled_at_any_await) {
    int steps = 0;
    do {
        fake.scripts[0] = SCRIPT("<", "<", "<", "<", "<", "<", "<", "=200", "", ".");
        if (!fake_open()) {
            world_without_memory();
            break;
        }
        fake_finish(weft_call(cancels, .coroutine = weft_call(uploads, .of = 4), .steps = steps++));
    } while (!world.out_of_memory && strstr(world.said, "cancelled") != NULL && CHECK(steps < 100));
    CHECK(world.out_of_memory || steps > 8);
}

struct numbers {
    weft_frame frame;
};

static weft_async(numbers) {
    weft_begin(numbers);
    weft_yield(7);
    weft_end();
}

struct sends_numbers {
    weft_frame frame;
};

static weft_async(sends_numbers) {
    weft_begin(sends_numbers);
    weft_await(weft_http_send(NULL, &(weft_http_request){.url = "http://h/", .chunks = weft_call(numbers)}));
    weft_end();
}

TEST(a_part_is_text_or_bytes) {
    fake.scripts[0] = SCRIPT("<", "_");
    CHECK_EQ_STR(RUN_HTTP(weft_call(sends_numbers)),
                 "TypeMismatch: a part of a body is a string or a weft_bytes *");
}

TEST(what_is_asked_of_null_has_no_answer) {
    CHECK_EQ_INT(weft_http_status(NULL), 0);
    CHECK_EQ_INT(weft_http_version(NULL), 0);
    CHECK_EQ_STR(weft_http_reason(NULL), "");
    CHECK(weft_http_url(NULL) == NULL && weft_http_headers(NULL) == NULL);
    CHECK(weft_http_header(NULL, "Date") == NULL);
    CHECK(weft_http_body(NULL) == NULL && weft_http_text(NULL) == NULL);
}

TEST_MAIN(
    TEST_CASE(an_answer_has_status_headers_and_body), TEST_CASE(an_empty_body_is_one),
    TEST_CASE(the_last_answer_counts), TEST_CASE(headers_are_found_in_any_case),
    TEST_CASE(requests_are_checked), TEST_CASE(no_request_at_all_is_refused),
    TEST_CASE(options_are_checked_by_the_first_request), TEST_CASE(what_the_transport_refuses_is_raised),
    TEST_CASE(urls_are_relative_to_the_base), TEST_CASE(headers_of_a_request_replace_those_of_its_client),
    TEST_CASE(lines_are_the_same_wherever_their_bytes_are_split), TEST_CASE(lines_are_the_same_byte_by_byte),
    TEST_CASE(a_line_has_a_limit), TEST_CASE(behind_a_line_that_is_none_reading_goes_on),
    TEST_CASE(what_came_before_a_failure_is_read_before_it_is_raised),
    TEST_CASE(a_body_is_read_in_whatever_way_in_turn),
    TEST_CASE(a_server_is_kept_from_sending_what_nobody_reads), TEST_CASE(a_whole_body_has_a_limit),
    TEST_CASE(the_rest_of_a_body_has_a_limit), TEST_CASE(headers_have_a_limit),
    TEST_CASE(a_failure_names_the_request_but_no_password), TEST_CASE(an_end_without_an_answer_is_a_failure),
    TEST_CASE(a_status_becomes_an_error_if_asked), TEST_CASE(fetch_gives_the_text_or_an_error),
    TEST_CASE(an_exchange_may_not_take_longer_than_its_timeout), TEST_CASE(a_silent_server_is_given_up),
    TEST_CASE(time_that_nobody_waits_does_not_count), TEST_CASE(a_timeout_of_the_program_stops_the_transfer),
    TEST_CASE(a_cancellation_at_any_await_stops_the_transfer),
    TEST_CASE(after_a_cancelled_read_nothing_is_lost), TEST_CASE(closing_under_who_waits_raises_there),
    TEST_CASE(what_nobody_closed_goes_with_the_loop_and_debug_mode_says_so),
    TEST_CASE(a_response_that_nobody_takes_is_closed), TEST_CASE(a_request_that_nobody_awaits_is_none),
    TEST_CASE(what_was_made_before_it_was_closed_says_so), TEST_CASE(two_tasks_do_not_read_one_body),
    TEST_CASE(a_wait_says_what_for), TEST_CASE(null_is_refused),
    TEST_CASE(what_is_asked_of_null_has_no_answer),
    TEST_CASE(the_first_failure_of_many_stops_none_of_the_others_until_the_client_closes),
    TEST_CASE(a_body_is_sent_as_it_is_made), TEST_CASE(an_answer_may_end_a_body_early),
    TEST_CASE(a_body_that_fails_stops_the_transfer), TEST_CASE(a_body_in_parts_may_be_cancelled_at_any_await),
    TEST_CASE(a_part_is_text_or_bytes))
