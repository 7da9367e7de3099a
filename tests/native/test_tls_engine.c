/* OpenSSL between two buffers: handshakes, records in any pieces, and bytes that nobody should send. */

#define _POSIX_C_SOURCE 200809L

#include "weft_test.h"

#include "../fuzz/fuzz_tls.c"

static weft_tls_options shown(const char *name) {
    return (weft_tls_options){.certificate_file = certificate(name)};
}

static weft_tls_options trusted(const char *name) {
    return (weft_tls_options){.ca_file = certificate(name)};
}

/* Both agree, and each gets what the other said, however the bytes are cut. */
static void talk_in_pieces(weft_tls_options of_client, weft_tls_options of_server, size_t piece) {
    weft_tls_context *a = make(false, of_client, NULL), *b = make(true, of_server, NULL);
    side client, server;
    char words[40000];
    memset(words, 'w', sizeof words);
    open_sides(&client, &server, a, b);
    exchange(&client, &server, piece);
    CHECK(client.agreed && server.agreed);
    say(&client, words, sizeof words);
    say(&server, words, 3);
    exchange(&client, &server, piece);
    send_wire(&server, &client);
    exchange(&client, &server, piece);
    CHECK_EQ_INT(server.got, sizeof words);
    CHECK(server.sum == sum_of(0, words, sizeof words));
    CHECK_EQ_INT(client.got, 3);
    CHECK(client.error == NULL && server.error == NULL);
    weft__tls_end(&client.engine, &client.error);
    exchange(&client, &server, piece);
    CHECK(server.ended && !client.ended);
    CHECK(ERR_peek_error() == 0);
    close_side(&client);
    close_side(&server);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

TEST(records_may_come_in_any_pieces) {
    weft_tls_options of_client = trusted("ca.pem"), of_server = shown("server.pem");
    static const size_t pieces[] = {1, 2, 3, 5, 7, 1000, 65536};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        talk_in_pieces(of_client, of_server, pieces[i]);
    of_client.maximum = WEFT_TLS_1_2;
    talk_in_pieces(of_client, of_server, 1);
    talk_in_pieces(of_client, of_server, 65536);
}

/* A TlsError that begins and ends so: what is between differs by OpenSSL's version. */
static void check_says(const weft_error *error, const char *begin, const char *end) {
    if (!CHECK(error != NULL))
        return;
    CHECK_EQ_INT(error->code, WEFT_TLS);
    size_t length = strlen(error->message);
    if (strstr(error->message, begin) != error->message)
        CHECK_EQ_STR(error->message, begin);
    if (length < strlen(end) || strcmp(error->message + length - strlen(end), end) != 0)
        CHECK_EQ_STR(error->message, end);
}

/* How two end that do not agree. NULL: that side has no error. */
static void refuse(weft_tls_options of_client, weft_tls_options of_server, const char *client_says,
                   const char *server_says) {
    weft_tls_context *a = make(false, of_client, NULL), *b = make(true, of_server, NULL);
    side client, server;
    open_sides(&client, &server, a, b);
    exchange(&client, &server, 65536);
    CHECK((client.error == NULL) == (client_says == NULL));
    CHECK((server.error == NULL) == (server_says == NULL));
    if (client_says != NULL)
        check_says(client.error,
                   client.agreed ? "TLS with localhost failed: " : "cannot agree on TLS with localhost: ",
                   client_says);
    if (server_says != NULL)
        check_says(server.error, "cannot agree on TLS with a client: ", server_says);
    CHECK(ERR_peek_error() == 0);
    close_side(&client);
    close_side(&server);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

TEST(what_cannot_be_agreed_on_is_said_in_openssl_s_words) {
    weft_tls_options client = trusted("ca.pem"), server = shown("server.pem");
    refuse(trusted("other_ca.pem"), server,
           "certificate verify failed: unable to get local issuer certificate", "alert unknown ca");
    refuse(client, shown("expired.pem"), "certificate verify failed: certificate has expired",
           "alert certificate expired");
    refuse(client, shown("elsewhere.pem"), "certificate verify failed: hostname mismatch",
           "alert bad certificate");
    client.minimum = WEFT_TLS_1_3;
    server.maximum = WEFT_TLS_1_2;
    refuse(client, server, "alert protocol version", "unsupported protocol");
    client = trusted("ca.pem");
    server = shown("server.pem");
    client.alpn = "h2";
    server.alpn = "http/1.1,spdy";
    refuse(client, server, "alert no application protocol", "no application protocol");
}

TEST(a_client_without_a_certificate_is_refused_where_one_is_asked_for) {
    weft_tls_options client = trusted("ca.pem"), server = shown("server.pem");
    server.ca_file = certificate("ca.pem");
    refuse(client, server, "alert certificate required", "peer did not return a certificate");
    client.certificate_file = certificate("stranger.pem");
    refuse(client, server, "alert unknown ca",
           "certificate verify failed: unable to get local issuer certificate");
    client.certificate_file = certificate("client.pem");
    refuse(client, server, NULL, NULL);
}

/* Speaks to one engine, without another. */
static void hear(bool server, const char *bytes, size_t size, const char *says) {
    weft_tls_context *context =
        server ? make(true, shown("server.pem"), NULL) : make(false, trusted("ca.pem"), NULL);
    side one = {.agreed = false};
    one.error = weft__tls_engine_open(&one.engine, context, server ? NULL : "localhost");
    look(&one);
    one.wire = malloc(size);
    memcpy(one.wire, bytes, size);
    one.wire_size = size;
    arrive(&one, size);
    if (CHECK(one.error != NULL))
        CHECK_EQ_STR(one.error->message, says);
    CHECK(ERR_peek_error() == 0);
    close_side(&one);
    weft_tls_context_close(context);
}

TEST(who_does_not_speak_tls_is_told_from_who_does) {
    static const char asks[] = "GET / HTTP/1.0\r\n\r\n", answers[] = "HTTP/1.0 400 Bad Request\r\n\r\n";
    hear(true, asks, sizeof asks - 1, "cannot agree on TLS with a client: http request");
    hear(false, answers, sizeof answers - 1, "cannot agree on TLS with localhost: wrong version number");
}

/* A peer that sends a message in two records holds up who writes between them. */
TEST(a_write_waits_for_the_rest_of_a_message_that_has_come_in_part) {
    weft_tls_options of_client = trusted("ca.pem"), of_server = shown("server.pem");
    of_client.certificate_file =
        certificate("client.pem"); /* which goes into the tickets, and makes them long */
    of_server.ca_file = certificate("ca.pem");
    weft_tls_context *a = make(false, of_client, NULL), *b = make(true, of_server, NULL);
    SSL_CTX_set_max_send_fragment(b->ssl, 512);
    side client, server;
    size_t written = 0;
    open_sides(&client, &server, a, b);
    while (!server.agreed) { /* up to the server's tickets, which are on their way then */
        look(&client);
        send_wire(&client, &server);
        if (!arrive(&server, 65536))
            break;
        if (server.agreed)
            break;
        send_wire(&server, &client);
        arrive(&client, 65536);
    }
    send_wire(&server, &client);
    CHECK(client.agreed && server.agreed);
    CHECK(client.wire_size > 600);
    arrive(&client, 560);
    CHECK_EQ_INT(weft__tls_write(&client.engine, "hello", 5, &written, &client.error), WEFT__TLS_WAITS);
    CHECK_EQ_INT(written, 0);
    arrive(&client, 65536);
    CHECK_EQ_INT(weft__tls_write(&client.engine, "hello", 5, &written, &client.error), WEFT__TLS_DONE);
    CHECK_EQ_INT(written, 5);
    exchange(&client, &server, 65536);
    CHECK_EQ_INT(server.got, 5);
    close_side(&client);
    close_side(&server);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

TEST(keys_are_renewed_while_both_talk) {
    weft_tls_context *a = make(false, trusted("ca.pem"), NULL), *b = make(true, shown("server.pem"), NULL);
    side client, server;
    open_sides(&client, &server, a, b);
    exchange(&client, &server, 65536);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(SSL_key_update(server.engine.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        say(&server, "from the server", 15);
        send_wire(&server, &client);
        say(&client, "from the client", 15);
        exchange(&client, &server, 3);
    }
    CHECK_EQ_INT(client.got, 75);
    CHECK_EQ_INT(server.got, 75);
    CHECK(client.error == NULL && server.error == NULL);
    close_side(&client);
    close_side(&server);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

TEST(a_renegotiation_is_refused) {
    weft_tls_options of_client = trusted("ca.pem");
    of_client.maximum = WEFT_TLS_1_2;
    weft_tls_context *a = make(false, of_client, NULL), *b = make(true, shown("server.pem"), NULL);
    side client, server;
    open_sides(&client, &server, a, b);
    exchange(&client, &server, 65536);
    CHECK_EQ_INT(SSL_renegotiate(client.engine.ssl), 0);
    SSL_clear_options(client.engine.ssl, SSL_OP_NO_RENEGOTIATION);
    ERR_clear_error();
    CHECK_EQ_INT(SSL_renegotiate(client.engine.ssl), 1);
    client.agreed = false;
    exchange(&client, &server, 65536);
    if (CHECK(client.error != NULL))
        CHECK(strstr(client.error->message, "no renegotiation") != NULL);
    close_side(&client);
    close_side(&server);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

static bool connect_again(weft_tls_context *a, weft_tls_context *b) {
    side client, server;
    open_sides(&client, &server, a, b);
    exchange(&client, &server, 65536);
    CHECK(client.agreed && server.agreed && client.error == NULL && server.error == NULL);
    bool resumed = SSL_session_reused(client.engine.ssl);
    weft__tls_end(&client.engine, &client.error);
    weft__tls_end(&server.engine, &server.error);
    exchange(&client, &server, 65536);
    close_side(&client);
    close_side(&server);
    return resumed;
}

TEST(the_next_connection_resumes_the_session) {
    for (int version = WEFT_TLS_1_2; version <= WEFT_TLS_1_3; version++) {
        weft_tls_options of_client = trusted("ca.pem");
        of_client.maximum = (weft_tls_protocol)version;
        weft_tls_context *a = make(false, of_client, NULL), *b = make(true, shown("server.pem"), NULL);
        CHECK(!connect_again(a, b));
        for (int i = 0; i < 40; i++)
            CHECK(connect_again(a, b));
        weft_tls_context_close(b);
        b = make(true, shown("server.pem"), NULL); /* which does not know it */
        CHECK(!connect_again(a, b));
        weft_tls_context_close(a);
        weft_tls_context_close(b);
    }
}

static void check_refused(bool server, weft_tls_options options, int code, const char *begin) {
    const weft_error *error;
    CHECK(make(server, options, &error) == NULL);
    if (!CHECK(error != NULL))
        return;
    CHECK_EQ_INT(error->code, code);
    if (strstr(error->message, begin) != error->message)
        CHECK_EQ_STR(error->message, begin);
    weft_error_release(error);
    CHECK(ERR_peek_error() == 0);
}

TEST(a_context_that_cannot_be_says_why) {
    char words[160];
    check_refused(true, (weft_tls_options){.ca_file = NULL}, WEFT_INVALID_ARGUMENT,
                  "a TLS server needs a certificate, not NULL");
    snprintf(words, sizeof words, "cannot use the certificate in %s/none.pem: no such file or directory",
             certificate_folder);
    char none[64];
    snprintf(none, sizeof none, "%s/none.pem", certificate_folder);
    check_refused(true, (weft_tls_options){.certificate_file = none}, WEFT_TLS, words);
    snprintf(words, sizeof words, "cannot use the certificates in %s: no such file or directory", none);
    check_refused(false, (weft_tls_options){.ca_file = none}, WEFT_TLS, words);
    snprintf(words, sizeof words, "cannot use the key in %s/alone.pem: ", certificate_folder);
    check_refused(true, shown("alone.pem"), WEFT_TLS, words);
    snprintf(words, sizeof words, "cannot use the key in %s/encrypted.pem: ", certificate_folder);
    check_refused(true, shown("encrypted.pem"), WEFT_TLS, words);
    weft_tls_options options = shown("encrypted.pem");
    options.key_password = "wrong";
    check_refused(true, options, WEFT_TLS, words);
    options.key_password = "secret";
    weft_tls_context *context = make(true, options, NULL);
    CHECK(context != NULL);
    weft_tls_context_close(context);
    options = shown("server.pem");
    options.key_file = certificate("client.pem");
    check_refused(false, options, WEFT_TLS, "cannot use the key in ");
    check_refused(false, (weft_tls_options){.key_file = none}, WEFT_INVALID_ARGUMENT,
                  "there is a key file, but no certificate file");
    check_refused(false, (weft_tls_options){.alpn = "h2,,http/1.1"}, WEFT_INVALID_ARGUMENT,
                  "\"h2,,http/1.1\" is no list of ALPN's protocols");
    check_refused(false, (weft_tls_options){.alpn = ""}, WEFT_INVALID_ARGUMENT,
                  "\"\" is no list of ALPN's protocols");
    check_refused(false, (weft_tls_options){.handshake_timeout = -1}, WEFT_INVALID_ARGUMENT,
                  "a handshake cannot take -1 s");
    check_refused(false, (weft_tls_options){.minimum = WEFT_TLS_1_3, .maximum = WEFT_TLS_1_2},
                  WEFT_INVALID_ARGUMENT, "there is no TLS version from 13 to 12");
    weft_tls_context_close(NULL);
}

TEST(a_client_wants_to_know_whom_it_reaches) {
    weft_tls_context *strict = make(false, trusted("ca.pem"), NULL);
    weft_tls_context *careless = make(false, (weft_tls_options){.insecure = true}, NULL);
    weft__tls_engine engine = {.ssl = NULL};
    const weft_error *error = weft__tls_engine_open(&engine, strict, NULL);
    if (CHECK(error != NULL))
        CHECK_EQ_INT(error->code, WEFT_INVALID_ARGUMENT);
    weft_error_release(error);
    weft__tls_engine_close(&engine);
    CHECK(weft__tls_engine_open(&engine, careless, NULL) == NULL);
    weft__tls_engine_close(&engine);
    static const char *const names[][2] = {
        {"localhost.", "localhost"}, {"fe80::1%lo", "fe80::1"}, {"127.0.0.1", "127.0.0.1"}};
    for (int i = 0; i < 3; i++) {
        CHECK(weft__tls_engine_open(&engine, strict, names[i][0]) == NULL);
        CHECK_EQ_STR(engine.server_name, names[i][1]);
        weft__tls_engine_close(&engine);
    }
    char endless[400];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    error = weft__tls_engine_open(&engine, strict, endless);
    CHECK(error != NULL);
    weft_error_release(error);
    weft__tls_engine_close(&engine);
    weft_tls_context_close(strict);
    weft_tls_context_close(careless);
    CHECK(ERR_peek_error() == 0);
}

TEST(mangled_records_break_nothing) {
    uint64_t seed = 1;
    for (int i = 0; i < 400; i++) {
        uint8_t input[160];
        for (size_t j = 0; j < sizeof input; j++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            input[j] = (uint8_t)(seed >> 56);
        }
        LLVMFuzzerTestOneInput(input, sizeof input);
    }
    CHECK(ERR_peek_error() == 0);
}

/* --- OpenSSL's allocations --- */

static long allocations, failing_from, failing_to; /* those with these numbers fail */

static bool fails(void) {
    allocations++;
    return allocations >= failing_from && allocations < failing_to;
}

static void *allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return fails() ? NULL : malloc(size);
}

static void *reallocate(void *old, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return fails() ? NULL : realloc(old, size);
}

static void release(void *memory, const char *file, int line) {
    (void)file;
    (void)line;
    free(memory);
}

/* One conversation, in which these allocations fail. Returns how many there were. */
static long converse_failing(weft_tls_context *a, weft_tls_context *b, long from, long to) {
    side client, server;
    allocations = 0;
    failing_from = from;
    failing_to = to;
    open_sides(&client, &server, a, b);
    if (client.error == NULL && server.error == NULL) {
        exchange(&client, &server, 65536);
        if (client.agreed && server.agreed)
            say(&client, "hello", 5);
        exchange(&client, &server, 65536);
    }
    if (from == to)
        CHECK(client.error == NULL && server.error == NULL && server.got == 5);
    failing_to = failing_from;
    CHECK(ERR_peek_error() == 0);
    close_side(&client);
    close_side(&server);
    return allocations;
}

TEST(openssl_may_have_no_memory) {
    weft_tls_context *a = make(false, trusted("ca.pem"), NULL), *b = make(true, shown("server.pem"), NULL);
    converse_failing(a, b, 0, 0);
    long count = converse_failing(a, b, 0, 0), step = count / 60 + 1;
    CHECK(count > 100);
    for (long i = 1; i <= count; i += step) {
        converse_failing(a, b, i, i + 1);
        converse_failing(a, b, i, i + 1000000);
    }
    converse_failing(a, b, 0, 0);
    weft_tls_context_close(a);
    weft_tls_context_close(b);
}

__attribute__((constructor)) static void before_all(void) {
    const uint8_t nothing[1] = {0};
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        abort();
    LLVMFuzzerTestOneInput(nothing, 1); /* makes the certificates */
}

TEST_MAIN(TEST_CASE(records_may_come_in_any_pieces),
          TEST_CASE(what_cannot_be_agreed_on_is_said_in_openssl_s_words),
          TEST_CASE(a_client_without_a_certificate_is_refused_where_one_is_asked_for),
          TEST_CASE(who_does_not_speak_tls_is_told_from_who_does),
          TEST_CASE(a_write_waits_for_the_rest_of_a_message_that_has_come_in_part),
          TEST_CASE(keys_are_renewed_while_both_talk), TEST_CASE(a_renegotiation_is_refused),
          TEST_CASE(the_next_connection_resumes_the_session), TEST_CASE(a_context_that_cannot_be_says_why),
          TEST_CASE(a_client_wants_to_know_whom_it_reaches), TEST_CASE(mangled_records_break_nothing),
          TEST_CASE(openssl_may_have_no_memory))
