#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* TLS on streams: connecting, accepting, serving, and what was agreed on. */

#include "tls.h"

#include "argument.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* --- The handshake --- */

struct tls_handshake {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context; /* counted; NULL: the default one */
    char *server_name;         /* owned */
    bool server;
    weft__waiting waiting;
    const weft_error *error; /* owned */
    const weft_error *timeout;
};

/* Why it cannot begin, or NULL. The caller's. */
static const weft_error *refusal(struct tls_handshake *self) {
    const weft_stream *stream = self->stream;
    const weft_error *error = weft__stream_refusal(stream);
    if (error != NULL)
        return error;
    if (self->server && self->context == NULL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a TLS server needs a context, not NULL");
    if (self->context == NULL)
        self->context = weft__tls_default_context(&error);
    if (error != NULL)
        return error;
    if (self->context->server != self->server)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "the context is of a TLS %s",
                              self->server ? "client" : "server");
    if (stream->filter != NULL)
        return weft_error_new(WEFT_INVALID_STATE, "the stream has TLS already");
    if (stream->reader != NULL)
        return weft_error_new(WEFT_RUNTIME, "another task reads from the stream");
    if (stream->shut)
        return weft_error_new(WEFT_INVALID_STATE, "the stream was shut down for writing");
    if (stream->input_end > stream->input_start)
        return weft_error_new(WEFT_TLS, "cannot begin TLS: the peer sent more in the clear before it");
    if (stream->ended)
        return weft_error_new(WEFT_TLS, "cannot begin TLS: the peer ended the connection");
    return weft__stream_failure(stream);
}

/* The filter goes with the stream, which others may close. */
static bool is_under_way(struct tls_handshake *self) {
    const weft__tls *tls = weft__tls_of(self->stream);
    if (tls != NULL && tls->agreed)
        return false;
    self->error = weft__stream_failure(self->stream);
    return self->error == NULL;
}

static const char *peer_of(const weft_stream *stream) {
    const weft__tls *tls = weft__tls_of(stream);
    return tls == NULL ? "the peer" : weft__tls_peer(&tls->engine);
}

/* What was begun and not brought to its end cannot be used. */
static void leave(struct tls_handshake *self) {
    weft__tls *tls = weft__tls_of(self->stream);
    weft__waiting_leave(&self->waiting);
    if (tls == NULL || tls->handshake != &self->waiting)
        return;
    tls->handshake = NULL;
    if (!tls->agreed)
        weft__stream_fail(self->stream, weft_error_new(WEFT_TLS, "the TLS handshake with %s was given up",
                                                       weft__tls_peer(&tls->engine)));
}

static weft_async(tls_handshake) {
    weft_begin(tls_handshake);
    if (self->error == NULL)
        self->error = refusal(self);
    if (self->error == NULL)
        self->error = weft__tls_begin(self->stream, self->context, self->server_name, &self->waiting);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_try {
        weft_with(weft_timeout(self->context->handshake_timeout)) {
            while (is_under_way(self))
                WEFT__WAIT_OUTSIDE(&self->waiting, "a TLS handshake");
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->timeout) {
        weft_raise(WEFT_TIMED_OUT, "the TLS handshake with %s took longer than %g s", peer_of(self->stream),
                   self->context->handshake_timeout);
    }
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_drop();
    leave(self);
    weft__stream_leave(self->stream);
    weft_tls_context_close(self->context);
    weft_free(self->server_name);
    weft_error_release(self->error);
    weft_end();
}

static weft_tls_context *retained(weft_tls_context *context) {
    return context == NULL ? NULL : weft__tls_context_retain(context);
}

weft_coroutine *weft_stream_start_tls(weft_stream *stream, weft_tls_context *context,
                                      const char *server_name) {
    const weft_error *error = NULL;
    char *name = weft__copy_optional(server_name, &error);
    return weft_call(tls_handshake, .stream = weft__stream_use(stream), .context = retained(context),
                     .server_name = name, .error = error);
}

weft_coroutine *weft_tls_accept(weft_stream *stream, weft_tls_context *context) {
    return weft_call(tls_handshake, .stream = weft__stream_use(stream), .context = retained(context),
                     .server = true);
}

/* --- Connecting --- */

struct tls_connect {
    weft_frame frame;
    char *host; /* owned */
    int port;
    const weft_error *error;   /* of the call */
    weft_tls_context *context; /* counted, or NULL */
    weft_stream *stream;       /* until it is returned */
};

static weft_value give(struct tls_connect *self) {
    weft_stream *stream = self->stream;
    self->stream = NULL;
    return weft__stream_value(stream);
}

static weft_async(tls_connect) {
    weft_begin(tls_connect);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_await_to(self->stream, weft_tcp_connect(self->host, self->port));
    weft_await(weft_stream_start_tls(self->stream, self->context, self->host));
    weft_return(give(self));
    weft_drop();
    weft_stream_abort(self->stream);
    weft_tls_context_close(self->context);
    weft_free(self->host);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_tls_connect(const char *host, int port, weft_tls_context *context) {
    const weft_error *error = NULL;
    char *copy = weft__copy_argument(host, "NULL is no host to connect to", &error);
    return weft_call(tls_connect, .host = copy, .port = port, .error = error, .context = retained(context));
}

/* --- Serving --- */

struct tls_connection {
    weft_frame frame;
    weft_stream *stream;
    weft_tls_context *context; /* counted */
    weft_stream_handler *handler;
    void *argument;
    const weft_error *error;
};

static void tell(weft_loop *loop, const weft_stream *stream, const weft_error *error) {
    char peer[64], said[512];
    if (!loop->debug)
        return;
    weft_stream_peer(stream, peer, sizeof peer);
    weft_error_print(error, said, sizeof said);
    weft__report(loop, WEFT__NOTHING_KNOWN, "no TLS with %s: %s", peer, said);
}

static weft_async(tls_connection) {
    weft_begin(tls_connection);
    weft_try {
        weft_await(weft_tls_accept(self->stream, self->context));
    }
    weft_catch(self->error) {
        tell(weft__loop, self->stream, self->error);
        weft_return_none();
    }
    weft_await(self->handler(self->stream, self->argument));
    weft_drop();
    weft_tls_context_close(self->context);
    weft_end();
}

struct tls_serve {
    weft_frame frame;
    weft_listener *listener;
    weft_tls_context *context; /* counted, or NULL */
    weft_stream_handler *handler;
    void *argument;
};

/* Of a connection: all that it needs is its own. */
static weft_coroutine *begin(weft_stream *stream, void *argument) {
    const struct tls_serve *server = argument;
    return weft_call(tls_connection, .stream = stream, .context = weft__tls_context_retain(server->context),
                     .handler = server->handler, .argument = server->argument);
}

static weft_async(tls_serve) {
    weft_begin(tls_serve);
    if (self->context == NULL || !self->context->server)
        weft_raise(WEFT_INVALID_ARGUMENT, "a TLS server needs a server's context");
    if (self->handler == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "a TLS server needs a handler, not NULL");
    weft_await(weft_listener_serve(self->listener, begin, self));
    weft_drop();
    weft_tls_context_close(self->context);
    weft_end();
}

weft_coroutine *weft_tls_serve(weft_listener *listener, weft_tls_context *context,
                               weft_stream_handler *handler, void *argument) {
    return weft_call(tls_serve, .listener = listener, .context = retained(context), .handler = handler,
                     .argument = argument);
}

/* --- What was agreed on --- */

/* NULL before it is. */
static const weft__tls *agreed(const weft_stream *stream) {
    const weft__tls *tls = weft__tls_of(stream);
    return tls != NULL && tls->agreed ? tls : NULL;
}

const char *weft_tls_version(const weft_stream *stream) {
    const weft__tls *tls = agreed(stream);
    return tls == NULL ? NULL : SSL_get_version(tls->engine.ssl);
}

const char *weft_tls_cipher(const weft_stream *stream) {
    const weft__tls *tls = agreed(stream);
    return tls == NULL ? NULL : SSL_get_cipher_name(tls->engine.ssl);
}

const char *weft_tls_alpn(const weft_stream *stream) {
    const weft__tls *tls = agreed(stream);
    return tls == NULL ? NULL : tls->alpn;
}

const char *weft_tls_server_name(const weft_stream *stream) {
    const weft__tls *tls = agreed(stream);
    return tls == NULL || !tls->engine.context->server
               ? NULL
               : SSL_get_servername(tls->engine.ssl, TLSEXT_NAMETYPE_host_name);
}

bool weft_tls_resumed(const weft_stream *stream) {
    const weft__tls *tls = agreed(stream);
    return tls != NULL && SSL_session_reused(tls->engine.ssl);
}

/* In an order that people read: the name first. */
static size_t subject_of(X509 *certificate, char *buffer, size_t size) {
    BIO *text = BIO_new(BIO_s_mem());
    char *printed;
    size_t length = 0;
    if (text != NULL && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long there = BIO_get_mem_data(text, &printed);
        length = there > 0 ? (size_t)there : 0;
    }
    size_t copied = length < size ? length : size == 0 ? 0 : size - 1;
    if (copied > 0)
        memcpy(buffer, printed, copied);
    if (size > 0)
        buffer[copied] = '\0';
    BIO_free(text);
    return length;
}

size_t weft_tls_peer_subject(const weft_stream *stream, char *buffer, size_t size) {
    const weft__tls *tls = agreed(stream);
    X509 *certificate = tls == NULL ? NULL : SSL_get_peer_certificate(tls->engine.ssl);
    if (size > 0)
        buffer[0] = '\0';
    if (certificate == NULL)
        return 0;
    size_t length = subject_of(certificate, buffer, size);
    X509_free(certificate);
    ERR_clear_error();
    return length;
}
