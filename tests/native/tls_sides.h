/* Two engines of TLS in one program, and the bytes between them: no stream, no socket. */
#ifndef WEFT_TEST_TLS_SIDES_H
#define WEFT_TEST_TLS_SIDES_H

#include "../../native/tls.h"

#include "certificates.h"

#include <openssl/err.h>
#include <string.h>
#include <weft/weft.h>

/* One end, as a stream's filter would use it. */
typedef struct side {
    weft__tls_engine engine;
    bool agreed, ended;
    const weft_error *error;
    char *wire; /* on its way to this side */
    size_t wire_size, wire_start;
    size_t got; /* bytes of plain text, and their sum, in which their order counts */
    uint32_t sum;
} side;

static inline uint32_t sum_of(uint32_t sum, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + (unsigned char)data[i];
    return sum;
}

/* What this side has for the other one goes on its way. */
static inline void send_wire(side *from, side *to) {
    size_t left = to->wire_size - to->wire_start;
    char *wire = malloc(left + from->engine.out_size + 1);
    if (wire == NULL)
        abort();
    if (left > 0)
        memcpy(wire, to->wire + to->wire_start, left);
    if (from->engine.out_size > 0)
        memcpy(wire + left, from->engine.out, from->engine.out_size);
    free(to->wire);
    to->wire = wire;
    to->wire_start = 0;
    to->wire_size = left + from->engine.out_size;
    from->engine.out_size = 0;
    weft__tls_idle(&from->engine);
}

/* Everything that has come is looked at, as the filter does. */
static inline void look(side *self) {
    char plain[4096];
    weft__tls_outcome how = WEFT__TLS_DONE;
    if (self->error == NULL && !self->agreed) {
        how = weft__tls_shake(&self->engine, &self->error);
        self->agreed = how == WEFT__TLS_DONE;
    }
    while (how == WEFT__TLS_DONE && self->error == NULL && !self->ended) {
        size_t size;
        how = weft__tls_read(&self->engine, plain, sizeof plain, &size, &self->error);
        self->sum = sum_of(self->sum, plain, size);
        self->got += size;
        self->ended = how == WEFT__TLS_ENDED;
    }
}

/* At most so many of the bytes that are on their way arrive. False if there are none. */
static inline bool arrive(side *self, size_t most) {
    size_t left = self->wire_size - self->wire_start;
    size_t size = left < most ? left : most;
    if (size == 0)
        return false;
    self->engine.in = self->wire + self->wire_start;
    self->engine.in_size = size;
    self->wire_start += size;
    look(self);
    self->engine.in_size = 0;
    return true;
}

/* Until nothing is on its way. */
static inline void exchange(side *client, side *server, size_t piece) {
    look(client);
    send_wire(client, server);
    for (bool more = true; more;) {
        more = arrive(server, piece);
        send_wire(server, client);
        more = arrive(client, piece) || more;
        send_wire(client, server);
    }
}

static inline void open_sides(side *client, side *server, weft_tls_context *of_client,
                              weft_tls_context *of_server) {
    *client = *server = (side){.agreed = false};
    client->error = weft__tls_engine_open(&client->engine, of_client, "localhost");
    server->error = weft__tls_engine_open(&server->engine, of_server, NULL);
}

static inline void close_side(side *self) {
    weft__tls_engine_close(&self->engine);
    weft_error_release(self->error);
    free(self->wire);
}

static inline void say(side *self, const char *data, size_t size) {
    size_t done = 0, written;
    while (done < size && self->error == NULL &&
           weft__tls_write(&self->engine, data + done, size - done, &written, &self->error) == WEFT__TLS_DONE)
        done += written;
}

/* --- Contexts, for as long as the program runs --- */

struct make_context {
    weft_frame frame;
    bool server;
    weft_tls_options options;
    weft_tls_context *context;
};

static weft_async(make_context) {
    weft_begin(make_context);
    if (self->server)
        weft_await_to(self->context, weft_tls_server(self->options.certificate_file, NULL, &self->options));
    else
        weft_await_to(self->context, weft_tls_client(&self->options));
    weft_return(self->context);
    weft_end();
}

/* NULL with an error, which may be NULL if none is expected. */
static inline weft_tls_context *make(bool server, weft_tls_options options, const weft_error **error) {
    weft_value value;
    const weft_error *why = NULL;
    bool done = weft_run(weft_call(make_context, .server = server, .options = options), &value, &why);
    if (error != NULL)
        *error = why;
    else if (!done)
        abort();
    return done ? weft_value_pointer(value) : NULL;
}

#endif
