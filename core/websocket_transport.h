#ifndef WEFT_CORE_WEBSOCKET_TRANSPORT_H
#define WEFT_CORE_WEBSOCKET_TRANSPORT_H

/*
 * Between WebSockets, which the core has, and what carries them: wslay over a stream, or JavaScript's
 * WebSocket. What the carrier calls comes in the loop's thread, outside of turns or in them, and never from
 * inside one of its own functions below.
 *
 *     CONNECTING --opened--> OPEN --close--> CLOSING --closed, failed--> CLOSED
 *
 * closed and failed may come in any state; each socket gets one of them at most, and nothing after it.
 */

#include "opened.h"
#include "waiting.h"

#include <weft/websocket.h>

typedef enum weft__websocket_state {
    WEBSOCKET_CONNECTING,
    WEBSOCKET_OPEN,
    WEBSOCKET_CLOSING, /* this side has said goodbye */
    WEBSOCKET_CLOSED
} weft__websocket_state;

typedef struct weft__websocket_transport {
    /* Sends a message, of which it takes a copy if it must. NULL, or an error, the caller's: then it was not
     * sent. Only while OPEN. */
    const weft_error *(*send)(weft_websocket *websocket, bool text, const void *data, size_t size);
    /* Bytes sent that are still on this side. If they were more than WEBSOCKET_UNSENT_MOST, the carrier calls
     * weft__websocket_drained when they are no more than that. */
    size_t (*unsent)(const weft_websocket *websocket);
    /* Goes on reading, after weft__websocket_message had no room. NULL: this platform cannot stop
     * reading. */
    void (*resume)(weft_websocket *websocket);
    /* Says goodbye; closed or failed comes when the peer has answered. NULL, or an error if this platform
     * cannot send such a code, and then nothing happened. While CONNECTING or OPEN. */
    const weft_error *(*close)(weft_websocket *websocket, int code, const char *reason);
    /* The socket goes, in any state: frees the carrier. A connection that is open says goodbye (1000) if it
     * has not, and ends in the background. Nothing is called after it. Cannot fail. */
    void (*leave)(weft_websocket *websocket);
} weft__websocket_transport;

enum { WEBSOCKET_UNSENT_MOST = 65536, WEBSOCKET_REASON_MOST = 123 };

typedef struct weft__websocket_message weft__websocket_message_entry;
typedef struct weft__websocket_sender weft__websocket_sender;

struct weft_websocket {
    weft__opened head;                          /* what nobody closes is closed with the loop */
    const weft__websocket_transport *transport; /* NULL before dialling, and after weft_websocket_close */
    void *carrier;                              /* the transport's own */
    weft_loop *loop;
    weft__websocket_state state;
    uint32_t references; /* of its owner, and of every coroutine made for it */
    size_t limit, queue; /* as in the options, without zeros */
    double open_timeout, close_timeout;
    weft__waiting receiver;          /* or who connects */
    weft__waiting closer;            /* waits for the peer's goodbye */
    weft__websocket_sender *senders; /* wait until less is unsent */
    weft__websocket_message_entry *first, **last;
    size_t count, bytes; /* of the messages that wait */
    bool stopped;        /* the carrier was told that there is no room */
    bool was_open;
    bool ours;                 /* this side said goodbye first */
    bool gone;                 /* weft_websocket_close was called */
    int code;                  /* of the end */
    char *protocol;            /* the loop's text; NULL: none */
    const weft_error *failure; /* why it ended, if not in order; counted */
    char reason[WEBSOCKET_REASON_MOST + 1];
};

/* --- The host library gives: --- */

/* Begins to connect: sets `transport` and `carrier`. NULL, or an error, the caller's: then neither is set.
 * What it needs of the options it copies; the strings live on until the socket is no more CONNECTING. */
const weft_error *weft__websocket_dial(weft_websocket *websocket, const char *url,
                                       const weft_websocket_options *options);

/* --- The core gives: --- */

/* A socket without a transport, CONNECTING, of the current loop, for the servers' side and for tests; NULL
 * without memory. Its owner closes it with weft_websocket_close. */
weft_websocket *weft__websocket_new(const weft_websocket_options *options);

/* A value that owns it: if nobody takes it, it is closed. */
weft_value weft__websocket_value(weft_websocket *websocket);

/* For whoever keeps a pointer to it, as every coroutine made for it does: its memory stays until it is let go
 * of. NULL is allowed. */
weft_websocket *weft__websocket_hold(weft_websocket *websocket);
void weft__websocket_let_go(weft_websocket *websocket);

/* The handshake is done. The subprotocol chosen may be NULL or "". */
void weft__websocket_opened(weft_websocket *websocket, const char *protocol, size_t size);

/* A whole message; a text is known to be UTF-8. False: there is no room for more, and the carrier should read
 * no more until `resume`; or the socket is closing. One that exceeds the limit makes the core call `close`
 * with 1009, even from in here. Messages may come until closed or failed. */
bool weft__websocket_message(weft_websocket *websocket, bool text, const void *data, size_t size);

/* No more than WEBSOCKET_UNSENT_MOST bytes are unsent now. */
void weft__websocket_drained(weft_websocket *websocket);

/* The connection has ended; with the peer's code and reason if it said goodbye, else 1006, or 1005 for a
 * goodbye without a code. */
void weft__websocket_closed(weft_websocket *websocket, int code, const char *reason, size_t size);

/* It could not be made, or broke. Takes the error. */
void weft__websocket_failed(weft_websocket *websocket, const weft_error *error);

#endif
