#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * TLS as the filter of a stream. It begins with the handshake, then decrypts and encrypts, and has ended for
 * reading when the peer's close_notify has come, for writing when this side's has gone. A failure is for
 * good: the stream has it then.
 */

#include "tls.h"

#include <stdlib.h>
#include <string.h>

/* Bytes. */
enum {
    RECORD = 16384,       /* of plain text, at most */
    SENT_AT_ONCE = 65536, /* encrypted before the wire is given any */
    KEPT_AT_MOST = 65536  /* above which a peer that holds up all writing has failed */
};

/* What OpenSSL has for the wire goes there. The caller's error or NULL. */
static const weft_error *send_out(weft_stream *stream, weft__tls *self) {
    size_t size = self->engine.out_size;
    self->engine.out_size = 0;
    return size == 0 ? NULL : weft__stream_send(stream, self->engine.out, size);
}

/* The same at the end of what is done; the first error counts. */
static const weft_error *send_rest(weft_stream *stream, weft__tls *self, const weft_error *error) {
    const weft_error *unsent = send_out(stream, self);
    weft__tls_idle(&self->engine);
    if (error == NULL)
        return unsent;
    weft_error_release(unsent);
    return error;
}

/* --- The handshake --- */

static bool remember_protocol(weft__tls *self) {
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(self->engine.ssl, &name, &size);
    if (size == 0)
        return true;
    self->alpn = calloc(1, size + 1);
    if (self->alpn == NULL)
        return false;
    memcpy(self->alpn, name, size);
    return true;
}

static weft__tls_outcome agree(weft__tls *self, const weft_error **error) {
    weft__tls_outcome how = weft__tls_shake(&self->engine, error);
    if (how != WEFT__TLS_DONE)
        return how;
    if (!remember_protocol(self)) {
        *error = &weft_error_out_of_memory;
        return WEFT__TLS_FAILED;
    }
    self->agreed = true;
    if (self->handshake != NULL)
        weft__waiting_end(self->handshake);
    return how;
}

/* --- Encrypting --- */

/* What cannot be encrypted now: a message of the peer's must be whole first, of which a part has come. */
static const weft_error *keep(weft__tls *self, const char *data, size_t size) {
    if (self->kept_size > KEPT_AT_MOST)
        return weft_error_new(WEFT_TLS, "TLS with %s failed: it sent half of a message and no more",
                              weft__tls_peer(&self->engine));
    char *kept = realloc(self->kept, self->kept_size + size);
    if (kept == NULL)
        return &weft_error_out_of_memory;
    memcpy(kept + self->kept_size, data, size);
    self->kept = kept;
    self->kept_size += size;
    return NULL;
}

/* Encrypts and sends as much as can be; `done` is how much that was. The caller's error or NULL. */
static const weft_error *encrypt(weft_stream *stream, weft__tls *self, const char *data, size_t size,
                                 size_t *done) {
    weft__tls_outcome how = WEFT__TLS_DONE;
    const weft_error *error = NULL;
    *done = 0;
    while (*done < size && how == WEFT__TLS_DONE && error == NULL) {
        size_t written;
        how = weft__tls_write(&self->engine, data + *done, size - *done, &written, &error);
        *done += written;
        if (self->engine.out_size >= SENT_AT_ONCE && error == NULL)
            error = send_out(stream, self);
    }
    return send_rest(stream, self, error);
}

static const weft_error *encrypt_kept(weft_stream *stream, weft__tls *self) {
    size_t done;
    if (self->kept_size == 0)
        return NULL;
    const weft_error *error = encrypt(stream, self, self->kept, self->kept_size, &done);
    self->kept_size -= done;
    memmove(self->kept, self->kept + done, self->kept_size);
    if (self->kept_size > 0)
        return error;
    free(self->kept);
    self->kept = NULL;
    return error;
}

/* --- What the stream calls --- */

static weft__tls_outcome decrypt(weft_stream *stream, weft__tls *self, const weft_error **error) {
    char plain[RECORD];
    for (;;) {
        size_t size;
        weft__tls_outcome how = weft__tls_read(&self->engine, plain, sizeof plain, &size, error);
        if (how != WEFT__TLS_DONE)
            return how;
        weft__stream_deliver(stream, plain, size);
    }
}

static const weft_error *received(weft_stream *stream, void *filter, const char *data, size_t size) {
    weft__tls *self = filter;
    const weft_error *error = NULL;
    self->engine.in = data;
    self->engine.in_size = size;
    weft__tls_outcome how = self->agreed ? WEFT__TLS_DONE : agree(self, &error);
    if (how == WEFT__TLS_DONE)
        how = decrypt(stream, self, &error);
    self->engine.in_size = 0;
    const weft_error *unsent = send_rest(stream, self, NULL);
    if (error == NULL && unsent == &weft_error_out_of_memory)
        error = unsent; /* records are lost */
    else
        weft_error_release(unsent); /* the next write says so; what was read stays good */
    if (error == NULL)
        error = encrypt_kept(stream, self);
    if (error == NULL && how == WEFT__TLS_ENDED) {
        self->ended = true;
        weft__stream_end(stream);
    }
    return error;
}

static const weft_error *ended(weft_stream *stream, void *filter) {
    weft__tls *self = filter;
    (void)stream;
    if (!self->agreed)
        return weft_error_new(WEFT_TLS, "cannot agree on TLS with %s: it ended the connection",
                              weft__tls_peer(&self->engine));
    if (self->ended || self->engine.context->allow_truncation)
        return NULL;
    return weft_error_new(WEFT_TLS, "TLS with %s failed: the connection was cut short (no close_notify came)",
                          weft__tls_peer(&self->engine));
}

static const weft_error *send_plain(weft_stream *stream, void *filter, const void *data, size_t size) {
    weft__tls *self = filter;
    size_t done = 0;
    if (!self->agreed)
        return weft_error_new(WEFT_INVALID_STATE, "a write before TLS was agreed on");
    const weft_error *error = self->kept_size > 0 ? NULL : encrypt(stream, self, data, size, &done);
    return error != NULL || done == size ? error : keep(self, (const char *)data + done, size - done);
}

static void shut_down(weft_stream *stream, void *filter) {
    weft__tls *self = filter;
    const weft_error *error = NULL;
    if (self->shut || !self->agreed)
        return;
    self->shut = true;
    if (self->kept_size > 0) {
        weft__stream_fail(stream, weft_error_new(WEFT_TLS,
                                                 "TLS with %s failed: it sent half of a message and no more",
                                                 weft__tls_peer(&self->engine)));
        return;
    }
    weft__tls_end(&self->engine, &error);
    weft_error_release(send_rest(stream, self, error)); /* the end of the wire follows, which says as much */
}

static void stopped(weft_stream *stream, void *filter) {
    weft__tls *self = filter;
    (void)stream;
    if (self->handshake != NULL)
        weft__waiting_end(self->handshake);
}

static void free_filter(void *filter) {
    weft__tls *self = filter;
    weft__tls_engine_close(&self->engine);
    free(self->alpn);
    free(self->kept);
    free(self);
}

static const weft__filter tls = {received, ended, send_plain, shut_down, stopped, free_filter};

weft__tls *weft__tls_of(const weft_stream *stream) {
    return stream != NULL && stream->filter == &tls ? stream->filter_state : NULL;
}

const weft_error *weft__tls_begin(weft_stream *stream, weft_tls_context *context, const char *server_name,
                                  weft__waiting *handshake) {
    weft__tls *self = calloc(1, sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    const weft_error *error = weft__tls_engine_open(&self->engine, context, server_name);
    if (error != NULL) {
        free_filter(self);
        return error;
    }
    weft__stream_set_filter(stream, &tls, self);
    agree(self, &error);
    error = send_rest(stream, self, error);
    if (error != NULL) {
        weft__stream_fail(stream, weft_error_retain(error));
        return error;
    }
    self->handshake = handshake;
    weft__stream_start(stream);
    return NULL;
}
