/* Where the transport sends bodies in one piece, as fetch does, one that is made in parts is gathered first.
 */

#define FAKE_ABILITIES .uploads = false, .progress = false, .relative = true
#include "fake_http.h"

#include "../../core/http.h"

struct parts {
    weft_frame frame;
    int i, of;
};

static weft_async(parts) {
    weft_begin(parts);
    for (self->i = 0; self->i < self->of; self->i++) {
        weft_await(weft_sleep(0));
        if (self->i % 2 == 0)
            weft_yield(weft_format("part %d;", self->i));
        else
            weft_yield(weft_owned_pointer(weft__bytes_new("bytes;", 6), weft_free));
    }
    weft_end();
}

struct uploads {
    weft_frame frame;
    int of;
    const char *url;
    weft_http_response *response;
};

static void say_what_was_sent(const weft_http_response *response) {
    const weft__exchange *exchange = &response->exchange;
    say("%s %s %zu <%.*s>", exchange->method, exchange->url, exchange->size, (int)exchange->size,
        exchange->body == NULL ? "" : exchange->body);
}

static weft_async(uploads) {
    weft_begin(uploads);
    weft_await_to(self->response,
                  weft_http_send(NULL, &(weft_http_request){.url = self->url,
                                                            .chunks = weft_call(parts, .of = self->of),
                                                            .stream = true}));
    say_what_was_sent(self->response);
    weft_drop();
    weft_http_response_close(self->response);
    weft_end();
}

TEST(a_body_in_parts_is_sent_as_one) {
    fake.scripts[0] = (const char *const[]){"=200", "", ".", NULL};
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .url = "relative", .of = 4)), "none");
    CHECK_EQ_STR(world.said, "POST relative 26 <part 0;bytes;part 2;bytes;>");
    fake.scripts[0] = (const char *const[]){"=200", "", ".", NULL};
    CHECK_EQ_STR(RUN_HTTP(weft_call(uploads, .url = "relative", .of = 0)), "none");
    CHECK_EQ_STR(world.said, "POST relative 0 <>");
}

struct asks {
    weft_frame frame;
};

static weft_async(asks) {
    weft_begin(asks);
    weft_await(weft_http_get(NULL, "http://h/"));
    weft_end();
}

/* Nobody tells when it is connected: there is time for that, too. */
TEST(a_silent_server_is_given_up) {
    fake.scripts[0] = (const char *const[]){"@", "@", "_", NULL};
    CHECK_EQ_STR(RUN_HTTP(weft_call(asks)), "TimedOut: GET http://h/: nothing came for 30 s");
    CHECK(world.out_of_memory || (world.simulation.clock > 39.9 && world.simulation.clock < 40.1));
}

TEST_MAIN(TEST_CASE(a_body_in_parts_is_sent_as_one), TEST_CASE(a_silent_server_is_given_up))
