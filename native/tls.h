#ifndef WEFT_NATIVE_TLS_H
#define WEFT_NATIVE_TLS_H

/* What the files of TLS share. */

#include "outside.h"
#include "stream.h"

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <weft/tls.h>

/* --- tls_error.c: OpenSSL's words. Every call empties its queue of errors. --- */

/*
 * What OpenSSL's queue says now: "cannot …: no shared cipher", where the words are what stands before the
 * colon. Out of memory stays that.
 */
const weft_error *weft__tls_error(const char *format, ...) WEFT__PRINTF(1, 2);

/* The same of a connection that failed; certificates say what is wrong with them. */
const weft_error *weft__tls_failure(SSL *ssl, const char *format, ...) WEFT__PRINTF(2, 3);

/* --- tls_context.c --- */

enum { WEFT__TLS_SESSIONS = 32 };

struct weft_tls_context {
    atomic_uint references;
    SSL_CTX *ssl;
    BIO_METHOD *wire; /* of its engines */
    bool server, insecure, allow_truncation;
    double handshake_timeout;
    unsigned char *alpn; /* as it is sent: each with its length before it; NULL: none */
    unsigned alpn_size;

    uv_mutex_t mutex; /* for the sessions that can be resumed, the oldest one overwritten first */
    struct {
        char *server_name;
        SSL_SESSION *session;
    } sessions[WEFT__TLS_SESSIONS];
    unsigned next_session;
};

weft_tls_context *weft__tls_context_retain(weft_tls_context *context);

/* What is used instead of NULL; a reference of the caller's. NULL with an error. */
weft_tls_context *weft__tls_default_context(const weft_error **error);

/* Puts a session aside for the next connection to that server; takes one that was, or NULL. */
void weft__tls_keep_session(weft_tls_context *context, const char *server_name, SSL_SESSION *session);
SSL_SESSION *weft__tls_take_session(weft_tls_context *context, const char *server_name);

/* --- tls_engine.c: OpenSSL between the bytes of the wire and those of the program --- */

typedef struct weft__tls_engine {
    SSL *ssl;
    weft_tls_context *context; /* counted */
    char *server_name;         /* of clients: whom the certificate must be of, or NULL */
    const char *in;            /* what the wire brought, and how much of it OpenSSL has yet to take */
    size_t in_size;
    char *out; /* what is to go to the wire, of malloc's: whoever sends it makes out_size 0 */
    size_t out_size, out_room;
    bool agreed; /* the handshake is done */
    bool no_memory;
} weft__tls_engine;

/* How a call ended. */
typedef enum weft__tls_outcome {
    WEFT__TLS_DONE,
    WEFT__TLS_WAITS, /* for more from the wire */
    WEFT__TLS_ENDED, /* the peer sent its end */
    WEFT__TLS_FAILED /* for good; the error is the caller's */
} weft__tls_outcome;

/* Zeroed before. NULL, or why it cannot be; then, too, it must be closed. */
const weft_error *weft__tls_engine_open(weft__tls_engine *self, weft_tls_context *context,
                                        const char *server_name);
void weft__tls_engine_close(weft__tls_engine *self);

/* Each may leave something in `out`, also when it fails. */
weft__tls_outcome weft__tls_shake(weft__tls_engine *self, const weft_error **error);
weft__tls_outcome weft__tls_read(weft__tls_engine *self, void *buffer, size_t size, size_t *read,
                                 const weft_error **error);
weft__tls_outcome weft__tls_write(weft__tls_engine *self, const void *data, size_t size, size_t *written,
                                  const weft_error **error);
weft__tls_outcome weft__tls_end(weft__tls_engine *self, const weft_error **error); /* sends close_notify */

/* Who is at the other end, for words: its name, or what it is. Borrowed. */
const char *weft__tls_peer(const weft__tls_engine *self);

/* Frees `out` if there is nothing in it. */
void weft__tls_idle(weft__tls_engine *self);

/* Made and freed with each context. */
BIO_METHOD *weft__tls_wire_new(void);

/* --- tls_filter.c: an engine in a stream --- */

typedef struct weft__tls {
    weft__tls_engine engine;
    weft__waiting *handshake; /* of the task that waits for the handshake; NULL: none does */
    char *alpn;               /* the protocol that was agreed on, or NULL */
    char *kept;               /* what is to be encrypted when more has come from the peer */
    size_t kept_size;
    bool agreed; /* the handshake is done */
    bool ended;  /* the peer sent its end */
    bool shut;   /* this side did */
} weft__tls;

/* Puts one between the stream and the wire and begins the handshake. NULL, or the caller's error; the stream
 * has failed with it if its `filter` is set. */
const weft_error *weft__tls_begin(weft_stream *stream, weft_tls_context *context, const char *server_name,
                                  weft__waiting *handshake);

/* NULL if the stream has none. */
weft__tls *weft__tls_of(const weft_stream *stream);

#endif
