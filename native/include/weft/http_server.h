#ifndef WEFT_HTTP_SERVER_H
#define WEFT_HTTP_SERVER_H

/*
 * An HTTP/1.1 server. A handler is called for each request and returns a coroutine, which answers it:
 *
 *     struct hello {
 *         weft_frame frame;
 *         weft_request *request;
 *     };
 *
 *     weft_async(hello) {
 *         weft_begin(hello);
 *         weft_await(weft_respond_text(self->request, 200, "hello\n"));
 *         weft_end();
 *     }
 *
 *     static weft_coroutine *handle(weft_request *request, void *argument) {
 *         return weft_call(hello, .request = request);
 *     }
 *
 *     weft_await_to(self->server, weft_http_serve("127.0.0.1", 8080, handle, NULL, NULL));
 *     weft_await(weft_http_server_wait(self->server));
 *
 * A handler runs in its connection's task, and the requests of one connection are answered one after the
 * other, in order. One that raises is answered with 500 and reported; one that is cancelled, or that raises
 * after its answer has begun, ends the connection. That its peer has left is told in debug mode only.
 * aiohttp.web is alike.
 */

#include <weft/base.h>
#include <weft/bytes.h>
#include <weft/coroutine.h>
#include <weft/stream.h>
#include <weft/websocket.h>

WEFT_BEGIN_DECLARATIONS

/* A request that has come, and its answer. It is there until its handler's coroutine has ended. */
typedef struct weft_request weft_request;

/* Called when the head of a request is there; the body may be on its way. NULL is answered with 500. */
typedef weft_coroutine *weft_http_handler(weft_request *request, void *argument);

/* What else can be said of a server; zero is as usual. Peers that exceed a limit get the status named here.
 */
typedef struct weft_http_server_options {
    weft_listen_options listen;   /* of weft_http_serve; its connection_limit bounds the connections */
    struct weft_tls_context *tls; /* serves https:// by it (weft_tls_server); it must outlive the server */
    size_t target_limit;          /* bytes of "/path?query"; 414; 0: 8 KiB */
    size_t head_limit;            /* bytes of the request line and all headers; 431; 0: 16 KiB */
    size_t header_limit;          /* headers; 431; 0: 100 */
    size_t body_limit;            /* bytes of a body, whole or in parts; 413; 0: 1 MiB; SIZE_MAX: no limit */
    double idle_timeout;  /* seconds that a connection may wait for its next request; 0: 60; INFINITY: no
                             limit,  here and below */
    double head_timeout;  /* seconds from a request's first byte to the end of its headers; 408; 0: 10 */
    double body_timeout;  /* seconds for a body to come, from the end of the headers; 408; 0: 60 */
    double stall_timeout; /* seconds in which the peer takes nothing of an answer that waits for it; 0: 60 */
    double grace;         /* seconds that weft_http_server_stop lets requests run; 0: 10 */
} weft_http_server_options;

/*
 * Listens and serves, in the background, from here on. Its value: a weft_http_server *, the taker's:
 * weft_with stops it as weft_http_server_stop does, or closes it if an error leaves the block. Host and
 * options are copied at the call; NULL for the options: all as usual. Host and port are those of
 * weft_tcp_listen. web.TCPSite
 */
weft_coroutine *weft_http_serve(const char *host, int port, weft_http_handler *handler, void *argument,
                                const weft_http_server_options *options);

/* The same with a listener that is there, which is the server's from this call on. */
weft_coroutine *weft_http_serve_listener(weft_listener *listener, weft_http_handler *handler, void *argument,
                                         const weft_http_server_options *options);

/* The port that it listens on; 0 if that is none of TCP, or it listens no more. */
int weft_http_server_port(const weft_http_server *server);

/* Connections that are open. */
size_t weft_http_server_connections(const weft_http_server *server);

/* Waits until it has been stopped or closed. Server.serve_forever */
weft_coroutine *weft_http_server_wait(weft_http_server *server);

/*
 * Accepts no more connections, closes those without a request, and lets the others answer theirs for
 * `grace` seconds; then it cancels them. Ends when all have ended. The server can only be closed after that.
 * web.AppRunner.cleanup
 */
weft_coroutine *weft_http_server_stop(weft_http_server *server);

/* Ends it at once: its connections' tasks are cancelled. NULL is allowed. */
void weft_http_server_close(weft_http_server *server);

/* --- The request --- */

/* "GET"; the target as it was sent: "/a%20b?c=d"; its path with the % decoded: "/a b"; what stands behind the
 * "?", as it was sent, or "". All are the request's. */
const char *weft_request_method(const weft_request *request);
const char *weft_request_target(const weft_request *request);
const char *weft_request_path(const weft_request *request);
const char *weft_request_query(const weft_request *request);

/* The first header of that name, in any case of letters; NULL if there is none. It is the request's. */
const char *weft_request_header(const weft_request *request, const char *name);

/* Its headers one by one: how many, and the name and value of one of them. */
size_t weft_request_header_count(const weft_request *request);
const char *weft_request_header_name(const weft_request *request, size_t index);
const char *weft_request_header_value(const weft_request *request, size_t index);

/* Who sent it: "127.0.0.1:1234". As much as fits; returns the length of the whole. */
size_t weft_request_peer(const weft_request *request, char *buffer, size_t size);

/*
 * The whole body: a weft_bytes *, the taker's; an empty one if there is none. LimitExceeded if it is larger
 * than the server's limit, IncompleteRead if the peer ends too early, TimedOut if it takes too long,
 * HttpError if it is malformed; a handler that lets these pass has answered with 413, 400 or 408.
 */
weft_coroutine *weft_request_body(weft_request *request);

/* Reads what has come of the body, at least 1 byte. Its value: how many; 0 at the end. The buffer must live
 * until then. The same errors. */
weft_coroutine *weft_request_read(weft_request *request, void *buffer, size_t size);

/* All of the body as it comes: an async generator of weft_bytes *, each the taker's. */
weft_coroutine *weft_request_chunks(weft_request *request);

/* The limit of this request's body, in bytes, in place of the server's. */
void weft_request_set_body_limit(weft_request *request, size_t limit);

/* --- The answer --- */

/*
 * Adds a header to the answer, which has not begun. An error, the caller's to release, if it could not be one
 * line (InvalidArgument): so nothing that a peer sent can make headers of its own. Content-Length is only for
 * weft_respond_begin; "Connection: close" ends the connection behind the answer.
 */
const weft_error *weft_respond_header(weft_request *request, const char *name, const char *value);

/*
 * Answers with a whole body. What is given is taken at the call, as by weft_stream_write, and may be in local
 * variables. The status is 200 to 599; NULL for the content type: none is sent. To HEAD and with 204 and 304
 * the body is left out.
 */
weft_coroutine *weft_respond(weft_request *request, int status, const char *content_type, const void *body,
                             size_t size);

/* The same with text: text/plain; charset=utf-8. */
weft_coroutine *weft_respond_text(weft_request *request, int status, const char *text);
weft_coroutine *weft_respond_printf(weft_request *request, int status, const char *format, ...)
    WEFT__PRINTF(3, 4);

/*
 * Begins an answer whose body is written in parts; it ends with the handler. It is sent in chunks, or as it
 * is if weft_respond_header has said its Content-Length: then all of that must be written. Writing waits as
 * weft_stream_write does.
 */
weft_coroutine *weft_respond_begin(weft_request *request, int status, const char *content_type);
weft_coroutine *weft_respond_write(weft_request *request, const void *data, size_t size);

/* Whether the answer has begun. */
bool weft_request_answered(const weft_request *request);

/* --- WebSockets --- */

/* Whether the request asks for one. */
bool weft_request_wants_websocket(const weft_request *request);

/*
 * Makes the connection a WebSocket. Its value: a weft_websocket *, the taker's, which may outlive the
 * request. Of the options, which are copied at the call, `protocols` says which subprotocols this side
 * speaks; the first that the peer offers, in its order, is chosen. HttpError if the request does not ask for
 * one, which answers 400 or 426 if it is let pass.
 */
weft_coroutine *weft_websocket_accept(weft_request *request, const weft_websocket_options *options);

WEFT_END_DECLARATIONS

#endif
