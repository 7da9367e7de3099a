#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * One connection's OpenSSL. It takes the wire's bytes from memory and puts those for the wire into memory:
 * what moves them is not known here. OpenSSL keeps what it cannot use yet, so nothing of `in` is left when it
 * waits for more.
 */

#include "tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* --- The wire, as OpenSSL sees it --- */

static int wire_read(BIO *bio, char *buffer, int wanted) {
    weft__tls_engine *self = BIO_get_data(bio);
    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    BIO_clear_retry_flags(bio);
    if (size > self->in_size)
        size = self->in_size;
    if (size == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(buffer, self->in, size);
    self->in += size;
    self->in_size -= size;
    return (int)size;
}

static bool make_room(weft__tls_engine *self, size_t size) {
    size_t room = self->out_room == 0 ? 512 : self->out_room;
    if (size > SIZE_MAX / 2 - self->out_size)
        return false;
    while (room < self->out_size + size)
        room *= 2;
    char *out = room == self->out_room ? self->out : realloc(self->out, room);
    if (out == NULL)
        return false;
    self->out = out;
    self->out_room = room;
    return true;
}

static int wire_write(BIO *bio, const char *data, int given) {
    weft__tls_engine *self = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (given <= 0)
        return 0;
    if (!make_room(self, (size_t)given)) {
        self->no_memory = true;
        return -1;
    }
    memcpy(self->out + self->out_size, data, (size_t)given);
    self->out_size += (size_t)given;
    return given;
}

static long wire_control(BIO *bio, int what, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH; /* the rest is unknown here */
}

BIO_METHOD *weft__tls_wire_new(void) {
    BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "weft");
    if (wire != NULL) {
        BIO_meth_set_read(wire, wire_read);
        BIO_meth_set_write(wire, wire_write);
        BIO_meth_set_ctrl(wire, wire_control);
    }
    return wire;
}

void weft__tls_idle(weft__tls_engine *self) {
    if (self->out_size > 0)
        return;
    free(self->out);
    self->out = NULL;
    self->out_room = 0;
}

/* --- Beginning and end --- */

/* The address, 4 or 16 bytes, or 0 if it is none. */
static size_t address_of(const char *name, unsigned char *address) {
    if (uv_inet_pton(AF_INET, name, address) == 0)
        return 4;
    return uv_inet_pton(AF_INET6, name, address) == 0 ? 16 : 0;
}

/* Certificates name no zone of an address ("fe80::1%eth0"), and no dot at the end of a name. */
static bool copy_name(weft__tls_engine *self, const char *name) {
    size_t size = strcspn(name, "%");
    size -= size > 1 && name[size - 1] == '.';
    self->server_name = malloc(size + 1);
    if (self->server_name == NULL)
        return false;
    memcpy(self->server_name, name, size);
    self->server_name[size] = '\0';
    return true;
}

/* Who it is to be: said to the server, and wanted of its certificate. */
static const weft_error *expect(weft__tls_engine *self, const char *name) {
    unsigned char address[16];
    X509_VERIFY_PARAM *wanted = SSL_get0_param(self->ssl);
    if (name == NULL || name[0] == '\0') {
        if (self->context->insecure)
            return NULL;
        return weft_error_new(WEFT_INVALID_ARGUMENT,
                              "a TLS client must know the name of whom it wants to reach");
    }
    if (!copy_name(self, name))
        return &weft_error_out_of_memory;
    size_t size = address_of(self->server_name, address);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool done = size > 0 ? X509_VERIFY_PARAM_set1_ip(wanted, address, size) == 1
                         : SSL_set_tlsext_host_name(self->ssl, self->server_name) == 1 &&
                               X509_VERIFY_PARAM_set1_host(wanted, self->server_name, 0) == 1;
    return done ? NULL : weft__tls_error("cannot reach %s by TLS", name);
}

static void resume_session(weft__tls_engine *self) {
    SSL_SESSION *session =
        self->server_name == NULL ? NULL : weft__tls_take_session(self->context, self->server_name);
    if (session != NULL)
        SSL_set_session(self->ssl, session); /* one that does not fit is not resumed */
    SSL_SESSION_free(session);
}

const weft_error *weft__tls_engine_open(weft__tls_engine *self, weft_tls_context *context,
                                        const char *server_name) {
    self->context = weft__tls_context_retain(context);
    ERR_clear_error();
    self->ssl = SSL_new(context->ssl);
    BIO *wire = self->ssl == NULL ? NULL : BIO_new(context->wire);
    if (wire == NULL)
        return weft__tls_error("cannot begin TLS");
    BIO_set_data(wire, self);
    BIO_set_init(wire, 1);
    SSL_set_bio(self->ssl, wire, wire); /* takes it */
    SSL_set_app_data(self->ssl, (char *)self);
    const weft_error *error = NULL;
    if (context->server) {
        SSL_set_accept_state(self->ssl);
    } else {
        SSL_set_connect_state(self->ssl);
        error = expect(self, server_name);
        resume_session(self);
    }
    ERR_clear_error();
    return error;
}

void weft__tls_engine_close(weft__tls_engine *self) {
    SSL_free(self->ssl);
    weft_tls_context_close(self->context);
    free(self->server_name);
    free(self->out);
    ERR_clear_error();
    *self = (weft__tls_engine){.ssl = NULL};
}

/* --- Its work --- */

const char *weft__tls_peer(const weft__tls_engine *self) {
    if (self->server_name != NULL)
        return self->server_name;
    return self->context->server ? "a client" : "the server";
}

/* Of a call that returned `code`; the queue holds its errors alone. */
static weft__tls_outcome outcome(weft__tls_engine *self, int code, const weft_error **error) {
    int kind = SSL_get_error(self->ssl, code);
    if (self->no_memory) {
        *error = &weft_error_out_of_memory;
        ERR_clear_error();
        return WEFT__TLS_FAILED;
    }
    if (kind == SSL_ERROR_NONE || kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_ZERO_RETURN) {
        ERR_clear_error();
        return kind == SSL_ERROR_NONE        ? WEFT__TLS_DONE
               : kind == SSL_ERROR_WANT_READ ? WEFT__TLS_WAITS
                                             : WEFT__TLS_ENDED;
    }
    *error = weft__tls_failure(self->ssl, self->agreed ? "TLS with %s failed" : "cannot agree on TLS with %s",
                               weft__tls_peer(self));
    return WEFT__TLS_FAILED;
}

/* Sessions of TLS 1.2 may be resumed again, and come only once. */
static void keep_resumed_session(weft__tls_engine *self) {
    SSL_SESSION *session = SSL_get0_session(self->ssl);
    if (!self->context->server && self->server_name != NULL && SSL_session_reused(self->ssl) &&
        SSL_version(self->ssl) < TLS1_3_VERSION)
        weft__tls_keep_session(self->context, self->server_name, session);
}

weft__tls_outcome weft__tls_shake(weft__tls_engine *self, const weft_error **error) {
    ERR_clear_error();
    weft__tls_outcome how = outcome(self, SSL_do_handshake(self->ssl), error);
    if (how != WEFT__TLS_DONE)
        return how;
    self->agreed = true;
    keep_resumed_session(self);
    return how;
}

static int at_most(size_t size) {
    return size > INT_MAX ? INT_MAX : (int)size;
}

weft__tls_outcome weft__tls_read(weft__tls_engine *self, void *buffer, size_t size, size_t *read,
                                 const weft_error **error) {
    ERR_clear_error();
    int got = SSL_read(self->ssl, buffer, at_most(size));
    *read = got > 0 ? (size_t)got : 0;
    return outcome(self, got, error);
}

weft__tls_outcome weft__tls_write(weft__tls_engine *self, const void *data, size_t size, size_t *written,
                                  const weft_error **error) {
    *written = 0;
    if (size == 0)
        return WEFT__TLS_DONE;
    ERR_clear_error();
    int put = SSL_write(self->ssl, data, at_most(size));
    *written = put > 0 ? (size_t)put : 0;
    return outcome(self, put, error);
}

weft__tls_outcome weft__tls_end(weft__tls_engine *self, const weft_error **error) {
    ERR_clear_error();
    int code = SSL_shutdown(self->ssl);
    return code >= 0 ? WEFT__TLS_DONE : outcome(self, code, error);
}
