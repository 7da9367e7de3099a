#ifndef WEFT_TLS_H
#define WEFT_TLS_H

/*
 * TLS by OpenSSL, 1.2 and 1.3: streams that are encrypted and know who is at the other end. Once a stream
 * has its TLS, everything in weft/stream.h works on it as on any other.
 *
 *     weft_await_to(self->stream, weft_tls_connect("example.com", 443, NULL));
 *     weft_with(self->stream) {
 *         weft_await(weft_stream_printf(self->stream, "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n"));
 *         weft_await_to(self->line, weft_stream_readline(self->stream));
 *     }
 *
 * What goes wrong in TLS raises TlsError in OpenSSL's own words: "cannot agree on TLS with example.com:
 * certificate verify failed: certificate has expired". A connection that ends without TLS's own end
 * (close_notify) may have been cut short by somebody in between: that, too, is a TlsError, at the read that
 * comes to it. weft_stream_shutdown and weft_stream_close send that end. Renegotiation is refused.
 */

#include <weft/stream.h>

WEFT_BEGIN_DECLARATIONS

/*
 * What many connections have in common: who is trusted, the certificate to show, the sessions to resume. Made
 * once and used for any number of streams, by all threads. ssl.SSLContext
 */
typedef struct weft_tls_context weft_tls_context;

/* A version of TLS. ssl.TLSVersion */
typedef enum weft_tls_protocol { WEFT_TLS_1_2 = 12, WEFT_TLS_1_3 = 13 } weft_tls_protocol;

/* How a context is to be; all zero is as usual. */
typedef struct weft_tls_options {
    const char *ca_file; /* who is trusted: certificates in PEM. Without it and ca_path a client trusts whom
                            the system does (and SSL_CERT_FILE, SSL_CERT_DIR); a server asks for no
                            certificate, and with one of them it takes no client without */
    const char *ca_path; /* a folder of such files, by OpenSSL's hashes */
    bool insecure;       /* of clients: takes every certificate, from anybody */
    const char *certificate_file; /* of clients: its own certificate and those above it, in PEM */
    const char *key_file;         /* of clients: the key to it, in PEM; NULL: it is in certificate_file */
    const char *key_password;     /* NULL: the key is not encrypted */
    const char *alpn;             /* protocols to choose from, best first: "h2,http/1.1" */
    weft_tls_protocol minimum;    /* 0: TLS 1.2 */
    weft_tls_protocol maximum;    /* 0: the newest there is */
    double handshake_timeout;     /* seconds; 0: 60. INFINITY: without end. ssl_handshake_timeout */
    bool allow_truncation;        /* an end without close_notify is an end like any other */
} weft_tls_options;

/*
 * The context of a client. `options` is copied at the call, strings and all, and may be NULL. The value is a
 * weft_tls_context *. Files are read in place. TlsError if one cannot be used, InvalidArgument for options
 * that cannot be. ssl.create_default_context
 */
weft_coroutine *weft_tls_client(const weft_tls_options *options);

/*
 * The context of a server, which shows this certificate: a file with it and those above it, and one with its
 * key, both in PEM; key_file NULL: the key is in certificate_file. Else as weft_tls_client.
 * SSLContext.load_cert_chain
 */
weft_coroutine *weft_tls_server(const char *certificate_file, const char *key_file,
                                const weft_tls_options *options);

/* Lets go of a context; streams keep what they need of it. NULL is allowed. */
void weft_tls_context_close(weft_tls_context *context);

/*
 * Connects to a server over TCP, then TLS. The value is a weft_stream *. The certificate must be the host's,
 * a name or an address. `context` NULL: one for all that trusts whom the system trusts. TimedOut if the
 * handshake takes longer than the context lets it. Sessions are resumed by the context.
 * asyncio.open_connection(ssl=…)
 */
weft_coroutine *weft_tls_connect(const char *host, int port, weft_tls_context *context);

/*
 * Begins TLS on a stream that is connected, as a client: `STARTTLS`. Nobody else may use the stream
 * meanwhile. `server_name` is whom the certificate must be of; only an insecure context takes NULL. What the
 * peer sent in the clear and nobody read raises TlsError, since it could pass for something that came by TLS.
 * After an error or a cancellation the stream can only be closed. loop.start_tls
 */
weft_coroutine *weft_stream_start_tls(weft_stream *stream, weft_tls_context *context,
                                      const char *server_name);

/* Begins TLS on a stream that is connected, as a server; else as weft_stream_start_tls. */
weft_coroutine *weft_tls_accept(weft_stream *stream, weft_tls_context *context);

/*
 * Serves TLS: as weft_listener_serve, but the handler gets its stream when TLS is agreed on, which others do
 * not wait for. A connection that does not come that far ends; debug mode tells of it.
 * asyncio.start_server(ssl=…)
 */
weft_coroutine *weft_tls_serve(weft_listener *listener, weft_tls_context *context,
                               weft_stream_handler *handler, void *argument);

/*
 * What was agreed on: "TLSv1.3", "TLS_AES_256_GCM_SHA384", a protocol of ALPN. NULL if the stream has no TLS,
 * or no protocol. Borrowed from the stream. SSLObject.version, .cipher, .selected_alpn_protocol
 */
const char *weft_tls_version(const weft_stream *stream);
const char *weft_tls_cipher(const weft_stream *stream);
const char *weft_tls_alpn(const weft_stream *stream);

/* Of a server's stream: the name that the client asked for, or NULL. Borrowed from the stream. */
const char *weft_tls_server_name(const weft_stream *stream);

/* Whether a session was resumed, without certificates being sent again. SSLObject.session_reused */
bool weft_tls_resumed(const weft_stream *stream);

/*
 * Whom the peer's certificate names, "CN=example.com,O=Example": as much as fits into `size` bytes with the
 * closing zero. Returns the length of the whole; 0 if the peer showed none. SSLObject.getpeercert
 */
size_t weft_tls_peer_subject(const weft_stream *stream, char *buffer, size_t size);

WEFT_END_DECLARATIONS

#endif
