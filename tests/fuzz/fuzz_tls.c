/*
 * Mangled TLS: two engines talk, and the input says how the bytes between them are changed, dropped, doubled
 * and cut. Neither side may crash, leak, or leave an error in OpenSSL's queue; both stop, with or without
 * one.
 *
 *     cmake --preset native && ninja -C build/native libweft.a
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Icore/include -Inative/include \
 *         tests/fuzz/fuzz_tls.c build/native/libweft.a $(pkg-config --libs libuv openssl) -lm -pthread \
 *         -o /tmp/fuzz_tls && /tmp/fuzz_tls -max_len=256 -max_total_time=600
 *
 * tests/native/test_tls_engine.c runs it on inputs of its own.
 */

#include "../native/tls_sides.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is asked of the input; zeros at its end. */
typedef struct source {
    const uint8_t *data;
    size_t size;
} source;

static unsigned next(source *self) {
    if (self->size == 0)
        return 0;
    self->size--;
    return *self->data++;
}

/* Changes what is on its way to `to`. */
static void mangle(side *to, source *input) {
    size_t left = to->wire_size - to->wire_start;
    char *wire = to->wire + to->wire_start;
    unsigned how = next(input), where = next(input) << 8;
    where |= next(input);
    if (left == 0 || how % 8 > 4)
        return;
    size_t at = where % left;
    if (how % 8 == 0)
        wire[at] ^= (char)(1u << (how / 8 % 8));
    else if (how % 8 == 1)
        wire[at] = (char)next(input);
    else if (how % 8 == 2)
        to->wire_size -= left - at;
    else if (how % 8 == 3)
        to->wire_start += at;
    else
        memmove(wire + at / 2, wire + at, left - at);
}

static void converse(weft_tls_context *of_client, weft_tls_context *of_server, source *input) {
    static const char words[3000] = "all that is said";
    side client, server;
    open_sides(&client, &server, of_client, of_server);
    for (int round = 0; round < 24 && input->size > 0; round++) {
        side *sender = round % 2 == 0 ? &client : &server, *receiver = round % 2 == 0 ? &server : &client;
        look(sender);
        unsigned what = next(input);
        if (sender->agreed && what % 4 == 0)
            say(sender, words, what * 10u);
        if (sender->agreed && what % 16 == 1)
            SSL_key_update(sender->engine.ssl, SSL_KEY_UPDATE_REQUESTED);
        if (sender->agreed && what % 16 == 2 && sender->error == NULL)
            weft__tls_end(&sender->engine, &sender->error);
        send_wire(sender, receiver);
        if (what % 4 == 3)
            mangle(receiver, input);
        while (arrive(receiver, 1 + what * 64)) {
        }
    }
    ERR_clear_error(); /* of what is called here beside the engine */
    close_side(&client);
    close_side(&server);
    if (ERR_peek_error() != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static weft_tls_context *clients[2], *servers[2];
    if (clients[0] == NULL) {
        make_certificates();
        for (int i = 0; i < 2; i++) {
            weft_tls_protocol newest = i == 0 ? WEFT_TLS_1_3 : WEFT_TLS_1_2;
            clients[i] = make(false,
                              (weft_tls_options){.ca_file = certificate("ca.pem"),
                                                 .certificate_file = certificate("client.pem"),
                                                 .alpn = "one,two",
                                                 .maximum = newest},
                              NULL);
            servers[i] = make(true,
                              (weft_tls_options){.certificate_file = certificate("server.pem"),
                                                 .ca_file = i == 0 ? certificate("ca.pem") : NULL,
                                                 .alpn = "two",
                                                 .maximum = newest},
                              NULL);
        }
    }
    source input = {data, size};
    unsigned kind = next(&input) % 2;
    converse(clients[kind], servers[kind], &input);
    return 0;
}
