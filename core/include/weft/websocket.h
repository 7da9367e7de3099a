#ifndef WEFT_WEBSOCKET_H
#define WEFT_WEBSOCKET_H

/*
 * WebSockets (RFC 6455): messages both ways over one connection. Natively over weft's own streams, in
 * WebAssembly by the platform's WebSocket. Servers have the other side: weft/http_server.h. Python's package
 * `websockets` is alike.
 *
 *     weft_await_to(self->socket, weft_websocket_connect("wss://example.org/chat", NULL));
 *     weft_with(self->socket) {
 *         weft_await(weft_websocket_send(self->socket, "hello"));
 *         weft_for_await(self->message, weft_websocket_messages(self->socket)) {
 *             puts(weft_value_string(self->message));
 *             weft_value_free(&self->message);
 *         }
 *     }
 *
 * Without an error weft_with closes it as weft_websocket_close_with(1000) does, with one it says 1011 and
 * does not wait. Pings are answered, and messages are received, while no task asks for any; then, up to
 * `queue` of them, they wait. All strings are UTF-8, and are checked.
 */

#include <weft/base.h>
#include <weft/bytes.h>
#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* How a WebSocket is to be; zeroed it is as usual. Connecting copies the strings. */
typedef struct weft_websocket_options {
    const char *protocols;      /* subprotocols to offer, most wanted first: "chat.v2, chat.v1" */
    const char *const *headers; /* more lines of the request, "Name: value", up to a NULL; pages cannot send
                                   any, and then connecting fails */
    size_t limit;               /* bytes of a received message; a larger one ends the connection with 1009;
                                   0: 1 MiB */
    size_t queue;         /* messages received that nobody has asked for yet, before no more are read from the
                             connection; where a platform cannot stop reading, more than `queue` times `limit`
                             bytes end the connection with 1008; 0: 16 */
    double open_timeout;  /* seconds for connecting; 0: 10; INFINITY: no limit */
    double close_timeout; /* seconds for the peer's answer to a close; 0: 10 */
    const char *ca_file;  /* certificates to trust, PEM; NULL: the system's; natively only */
    bool insecure;        /* take any certificate; natively only */
} weft_websocket_options;

/*
 * Connects to a "ws://…" or "wss://…" URL. Value: a weft_websocket *, which the taker closes. Raises
 * TimedOut, WebSocketError if the server will have none, SystemError if it cannot be reached, TlsError.
 * websockets.connect
 */
weft_coroutine *weft_websocket_connect(const char *url, const weft_websocket_options *options);

/*
 * Sends a message of text; of any bytes; of formatted text. It is copied at the call. Waits while more than
 * 64 KiB are on their way; cancelled there, the message is sent all the same. Any number of tasks may send.
 * Raises WebSocketError once the connection is closed.
 */
weft_coroutine *weft_websocket_send(weft_websocket *websocket, const char *text);
weft_coroutine *weft_websocket_send_bytes(weft_websocket *websocket, const void *data, size_t size);
weft_coroutine *weft_websocket_printf(weft_websocket *websocket, const char *format, ...) WEFT__PRINTF(2, 3);

/*
 * The next message: an owned string, or an owned weft_bytes * of a binary one. None once the connection was
 * closed in order: by this side, or by the peer with 1000, 1001 or no code. Otherwise raises WebSocketError,
 * or the system's error that ended it. A text with a zero byte in it, which no C string can have, raises
 * WebSocketError and is lost; the next call gives the next message. One task at a time may receive;
 * cancelled, it loses nothing.
 */
weft_coroutine *weft_websocket_receive(weft_websocket *websocket);

/* All messages up to that end: an async generator of what weft_websocket_receive gives. */
weft_coroutine *weft_websocket_messages(weft_websocket *websocket);

/*
 * Says goodbye with a code (1000 is the usual one, 3000 to 4999 are the program's own; pages allow no others)
 * and a reason of at most 123 bytes, NULL for none, and waits for the peer's goodbye, at most
 * `close_timeout`. What arrived before can still be received. Does nothing if it is closed already.
 */
weft_coroutine *weft_websocket_close_with(weft_websocket *websocket, int code, const char *reason);

/* Frees it. An open one says goodbye without waiting for an answer. Tasks that wait in it get InvalidState.
 * NULL is allowed. */
void weft_websocket_close(weft_websocket *websocket);

/* Why it is closed, in the peer's words if it gave any: 0 while it is open; 1005: no code was given; 1006: it
 * ended without a goodbye. The reason is never NULL, and the socket's. */
int weft_websocket_close_code(const weft_websocket *websocket);
const char *weft_websocket_close_reason(const weft_websocket *websocket);

/* The subprotocol that the server chose, or "". It is the socket's. */
const char *weft_websocket_protocol(const weft_websocket *websocket);

WEFT_END_DECLARATIONS

#endif
