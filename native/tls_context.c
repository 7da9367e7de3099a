#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Contexts: what many connections have in common. */

#include "tls.h"

#include "argument.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static void free_sessions(weft_tls_context *self) {
    for (unsigned i = 0; i < WEFT__TLS_SESSIONS; i++) {
        free(self->sessions[i].server_name);
        SSL_SESSION_free(self->sessions[i].session);
    }
}

void weft_tls_context_close(weft_tls_context *self) {
    if (self == NULL || atomic_fetch_sub(&self->references, 1) > 1)
        return;
    SSL_CTX_free(self->ssl);
    BIO_meth_free(self->wire);
    free_sessions(self);
    uv_mutex_destroy(&self->mutex);
    free(self->alpn);
    free(self);
}

weft_tls_context *weft__tls_context_retain(weft_tls_context *self) {
    atomic_fetch_add(&self->references, 1);
    return self;
}

/* --- Protocols of the application (ALPN) --- */

/* "h2,http/1.1" as it is sent. Its lengths take the places of the commas, and one more is at its start. */
static const weft_error *set_alpn(weft_tls_context *self, const char *names) {
    size_t size = strlen(names) + 1, length = 0;
    self->alpn = malloc(size + 1);
    if (self->alpn == NULL)
        return &weft_error_out_of_memory;
    memcpy(self->alpn + 1, names, size);
    self->alpn_size = (unsigned)size;
    for (size_t end = size; end-- > 0;) {
        if (end > 0 && names[end - 1] != ',') {
            length++;
            continue;
        }
        if (length == 0 || length > 255)
            return weft_error_new(WEFT_INVALID_ARGUMENT, "\"%s\" is no list of ALPN's protocols", names);
        self->alpn[end] = (unsigned char)length;
        length = 0;
    }
    return NULL;
}

/* The first of the server's that the client knows, too; a client that knows none is refused. */
static int select_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *length,
                       const unsigned char *offered, unsigned size, void *context) {
    const weft_tls_context *self = context;
    (void)ssl;
    for (unsigned ours = 0; ours < self->alpn_size; ours += 1u + self->alpn[ours])
        for (unsigned theirs = 0; theirs < size; theirs += 1u + offered[theirs])
            if (offered[theirs] == self->alpn[ours] && offered[theirs] < size - theirs &&
                memcmp(offered + theirs + 1, self->alpn + ours + 1, offered[theirs]) == 0) {
                *chosen = offered + theirs + 1;
                *length = offered[theirs];
                return SSL_TLSEXT_ERR_OK;
            }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static const weft_error *choose_alpn(weft_tls_context *self, const char *names) {
    const weft_error *error = names == NULL ? NULL : set_alpn(self, names);
    if (error != NULL || names == NULL)
        return error;
    if (self->server)
        SSL_CTX_set_alpn_select_cb(self->ssl, select_alpn, self);
    else if (SSL_CTX_set_alpn_protos(self->ssl, self->alpn, self->alpn_size) != 0) /* 0 is success here */
        return &weft_error_out_of_memory;
    return NULL;
}

/* --- Certificates --- */

static const weft_error *trust(weft_tls_context *self, const weft_tls_options *options) {
    bool given = options->ca_file != NULL || options->ca_path != NULL;
    if (given && SSL_CTX_load_verify_locations(self->ssl, options->ca_file, options->ca_path) != 1)
        return weft__tls_error("cannot use the certificates in %s",
                               options->ca_file != NULL ? options->ca_file : options->ca_path);
    if (self->server) { /* clients choose the certificate that they show by these names */
        STACK_OF(X509_NAME) *names =
            options->ca_file == NULL ? NULL : SSL_load_client_CA_file(options->ca_file);
        if (names != NULL)
            SSL_CTX_set_client_CA_list(self->ssl, names);
        SSL_CTX_set_verify(self->ssl,
                           given ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE, NULL);
        return NULL;
    }
    SSL_CTX_set_verify(self->ssl, self->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (!given && !self->insecure && SSL_CTX_set_default_verify_paths(self->ssl) != 1)
        return weft__tls_error("cannot use the system's certificates");
    return NULL;
}

/* OpenSSL would ask the terminal. */
static int give_password(char *buffer, int size, int writing, void *password) {
    size_t length = password == NULL ? 0 : strlen(password);
    (void)writing;
    if (password == NULL || length > (size_t)size)
        return -1;
    memcpy(buffer, password, length);
    return (int)length;
}

static const weft_error *show(weft_tls_context *self, const weft_tls_options *options) {
    const char *certificate = options->certificate_file;
    const char *key = options->key_file != NULL ? options->key_file : certificate;
    union {
        const void *from;
        void *to;
    } password = {options->key_password};
    if (certificate == NULL && key == NULL)
        return NULL;
    if (certificate == NULL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "there is a key file, but no certificate file");
    SSL_CTX_set_default_passwd_cb(self->ssl, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(self->ssl, password.to);
    const weft_error *error = NULL;
    if (SSL_CTX_use_certificate_chain_file(self->ssl, certificate) != 1)
        error = weft__tls_error("cannot use the certificate in %s", certificate);
    else if (SSL_CTX_use_PrivateKey_file(self->ssl, key, SSL_FILETYPE_PEM) != 1)
        error = weft__tls_error("cannot use the key in %s", key);
    SSL_CTX_set_default_passwd_cb_userdata(self->ssl, NULL);
    return error;
}

/* --- Sessions --- */

void weft__tls_keep_session(weft_tls_context *self, const char *server_name, SSL_SESSION *session) {
    char *name = strdup(server_name);
    if (name == NULL || !SSL_SESSION_up_ref(session)) {
        free(name);
        return;
    }
    uv_mutex_lock(&self->mutex);
    unsigned place = self->next_session++ % WEFT__TLS_SESSIONS;
    char *old_name = self->sessions[place].server_name;
    SSL_SESSION *old = self->sessions[place].session;
    self->sessions[place].server_name = name;
    self->sessions[place].session = session;
    uv_mutex_unlock(&self->mutex);
    free(old_name);
    SSL_SESSION_free(old);
}

/* The newest, and for one connection: a ticket that is shown twice tells who watches that both are of one. */
SSL_SESSION *weft__tls_take_session(weft_tls_context *self, const char *server_name) {
    char *name = NULL;
    SSL_SESSION *session = NULL;
    uv_mutex_lock(&self->mutex);
    for (unsigned i = 1; i <= WEFT__TLS_SESSIONS && session == NULL; i++) {
        unsigned place = (self->next_session - i) % WEFT__TLS_SESSIONS;
        name = self->sessions[place].server_name;
        if (name == NULL || strcmp(name, server_name) != 0)
            continue;
        session = self->sessions[place].session;
        self->sessions[place].server_name = NULL;
        self->sessions[place].session = NULL;
    }
    uv_mutex_unlock(&self->mutex);
    if (session != NULL)
        free(name);
    return session;
}

/* A session that can be resumed came from a server. Says that OpenSSL's reference stays OpenSSL's. */
static int on_session(SSL *ssl, SSL_SESSION *session) {
    const weft__tls_engine *engine = SSL_get_app_data(ssl);
    if (engine->server_name != NULL)
        weft__tls_keep_session(engine->context, engine->server_name, session);
    return 0;
}

static void keep_sessions(weft_tls_context *self) {
    if (self->server)
        return; /* their sessions are in the tickets that they give, or in OpenSSL's cache */
    SSL_CTX_set_session_cache_mode(self->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(self->ssl, on_session);
}

/* --- Making one --- */

static int version_of(weft_tls_protocol protocol) {
    return protocol == WEFT_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

static const weft_error *check(const weft_tls_options *options) {
    bool known = true;
    weft_tls_protocol given[] = {options->minimum, options->maximum};
    for (int i = 0; i < 2; i++)
        known = known && (given[i] == 0 || given[i] == WEFT_TLS_1_2 || given[i] == WEFT_TLS_1_3);
    if (!known || (options->maximum != 0 && options->maximum < options->minimum))
        return weft_error_new(WEFT_INVALID_ARGUMENT, "there is no TLS version from %d to %d",
                              (int)options->minimum, (int)options->maximum);
    if (!(options->handshake_timeout >= 0))
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a handshake cannot take %g s",
                              options->handshake_timeout);
    return NULL;
}

static const weft_error *set_up(weft_tls_context *self, const weft_tls_options *options) {
    static const unsigned char here[] = "weft";
    SSL_CTX *ssl = self->ssl;
    SSL_CTX_set_min_proto_version(ssl, version_of(options->minimum));
    if (options->maximum != 0)
        SSL_CTX_set_max_proto_version(ssl, version_of(options->maximum));
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(ssl, here, sizeof here - 1); /* sessions with certificates need one */
    keep_sessions(self);
    const weft_error *error = trust(self, options);
    if (error == NULL)
        error = show(self, options);
    return error != NULL ? error : choose_alpn(self, options->alpn);
}

/* NULL with an error. */
static weft_tls_context *context_new(bool server, const weft_tls_options *options, const weft_error **error) {
    *error = check(options);
    if (*error != NULL)
        return NULL;
    *error = &weft_error_out_of_memory;
    weft_tls_context *self = calloc(1, sizeof *self);
    if (self == NULL || uv_mutex_init(&self->mutex) != 0) {
        free(self);
        return NULL;
    }
    atomic_init(&self->references, 1);
    self->server = server;
    self->insecure = options->insecure;
    self->allow_truncation = options->allow_truncation;
    self->handshake_timeout = options->handshake_timeout == 0 ? 60 : options->handshake_timeout;
    ERR_clear_error();
    self->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    self->wire = weft__tls_wire_new();
    *error = self->ssl == NULL || self->wire == NULL ? weft__tls_error("cannot make a TLS context")
                                                     : set_up(self, options);
    ERR_clear_error();
    if (*error == NULL)
        return self;
    weft_tls_context_close(self);
    return NULL;
}

struct tls_context {
    weft_frame frame;
    bool server;
    weft_tls_options options;
    void *strings;           /* of the options; owned */
    const weft_error *error; /* of the call */
};

static void close_context(void *context) {
    weft_tls_context_close(context);
}

static weft_value make(const struct tls_context *self) {
    const weft_error *error = NULL;
    weft_tls_context *context = context_new(self->server, &self->options, &error);
    return context == NULL ? weft__owned_failure(error) : weft_owned_pointer(context, close_context);
}

static weft_async(tls_context) {
    weft_begin(tls_context);
    if (self->error != NULL)
        weft_raise_error(self->error);
    if (self->server && self->options.certificate_file == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "a TLS server needs a certificate, not NULL");
    weft_return(make(self));
    weft_drop();
    weft_free(self->strings);
    weft_error_release(self->error);
    weft_end();
}

static weft_coroutine *call_context(bool server, weft_tls_options options) {
    const char **const fields[] = {&options.ca_file,  &options.ca_path,      &options.certificate_file,
                                   &options.key_file, &options.key_password, &options.alpn};
    const weft_error *error = NULL;
    void *strings = weft__copy_fields(fields, sizeof fields / sizeof *fields, &error);
    return weft_call(tls_context, .server = server, .options = options, .strings = strings, .error = error);
}

weft_coroutine *weft_tls_client(const weft_tls_options *options) {
    return call_context(false, options == NULL ? (weft_tls_options){.ca_file = NULL} : *options);
}

weft_coroutine *weft_tls_server(const char *certificate_file, const char *key_file,
                                const weft_tls_options *options) {
    weft_tls_options own = options == NULL ? (weft_tls_options){.ca_file = NULL} : *options;
    own.certificate_file = certificate_file;
    own.key_file = key_file;
    return call_context(true, own);
}

/* --- The one for all: made when it is first asked for, kept for good --- */

static uv_once_t once = UV_ONCE_INIT;
static uv_mutex_t default_mutex;
static weft_tls_context *default_context;

static void make_mutex(void) {
    if (uv_mutex_init(&default_mutex) != 0)
        abort(); /* of a mutex that is not shared, it cannot fail on any system that libuv runs on */
}

weft_tls_context *weft__tls_default_context(const weft_error **error) {
    static const weft_tls_options usual;
    uv_once(&once, make_mutex);
    uv_mutex_lock(&default_mutex);
    if (default_context == NULL)
        default_context = context_new(false, &usual, error);
    weft_tls_context *context = default_context;
    uv_mutex_unlock(&default_mutex);
    return context == NULL ? NULL : weft__tls_context_retain(context);
}
