/* WebSockets by JavaScript's, which knows of no way to stop reading, and sends no header. */

#include "../core/websocket_transport.h"
#include "bridge.h"
#include "incoming.h"

#include <stdlib.h>

/*
 * JavaScript says how much is unsent only when it is asked to, so that a run in virtual time can be repeated:
 * what was sent since it did so last counts as unsent.
 */
typedef struct carrier {
    weft__incoming incoming; /* first */
    weft_websocket *websocket;
    size_t unsent;
} carrier;

/* clang-format off */

/* Connects; OPEN or FAILURE comes later. The subprotocols may be NULL. */
WEFT__IMPORT(void, weft_js_websocket_dial, (weft__incoming * handle, const char *url, const char *protocols), {
    const weft = Module["weft"] = Module["weft"] || {};
    const sockets = weft.sockets = weft.sockets || new Map();
    const bytes = (pointer) => {
        let end = pointer;
        while (HEAPU8[end] !== 0) end++;
        return HEAPU8.slice(pointer, end);
    };
    const copy = (data) => {
        const pointer = _weft_wasm_allocate(data.length + 1);
        if (pointer === 0) return 0;
        HEAPU8.set(data, pointer);
        HEAPU8[pointer + data.length] = 0;
        return pointer;
    };
    const connection = { socket: null, opened: false, words: "", watching: false };
    sockets.set(handle, connection);
    const give = (kind, number, data) => {
        if (sockets.get(handle) !== connection || connection.over) return;
        connection.over = kind === 3 || kind === 8;
        const pointer = copy(data);
        if (pointer === 0) _weft_wasm_incoming(handle, 3, 3, 0, 0, 0);
        else _weft_wasm_incoming(handle, kind, number, pointer, data.length, 0);
    };
    const encode = (text) => new TextEncoder().encode(text);
    connection.give = give;
    weft.decode = weft.decode || ((pointer) => new TextDecoder().decode(bytes(pointer)));
    try {
        if (typeof WebSocket !== "function") throw new TypeError("there is no WebSocket here: Node has it from version 22 on");
        const base = typeof document === "object" ? document.baseURI : typeof location === "object" ? location.href : undefined;
        const address = new URL(weft.decode(url), Module["weftBase"] || base);
        address.protocol = address.protocol.replace("http", "ws");
        const names = protocols ? weft.decode(protocols).split(",").map((name) => name.trim()).filter((name) => name) : [];
        const socket = connection.socket = new WebSocket(address.href, names);
        const failed = () => give(3, 24, encode(connection.words || "no connection, or the server will have none"));
        socket.binaryType = "arraybuffer";
        socket.onopen = () => {
            connection.opened = true;
            give(4, 0, encode(socket.protocol || ""));
        };
        socket.onmessage = (message) => {
            if (typeof message.data === "string") give(5, 0, encode(message.data));
            else give(6, 0, new Uint8Array(message.data));
        };
        socket.onerror = (event) => {
            connection.words = (event.error && event.error.message) || event.message || "";
            if (!connection.opened) setTimeout(failed);
        };
        socket.onclose = (event) => {
            if (connection.opened) give(8, event.code, encode(event.reason));
            else failed();
        };
    } catch (error) {
        Promise.resolve().then(() => give(3, 5, encode(error.message)));
    }
})
WEFT__IMPORT(void, weft_js_websocket_send, (weft__incoming * handle, int is_text, const void *data, size_t size), {
    const bytes = HEAPU8.slice(data, data + size);
    Module["weft"].sockets.get(handle).socket.send(is_text ? new TextDecoder().decode(bytes) : bytes);
})
/* SENT comes when no more than WEBSOCKET_UNSENT_MOST bytes are unsent. */
WEFT__IMPORT(void, weft_js_websocket_watch, (weft__incoming * handle), {
    const connection = Module["weft"].sockets.get(handle);
    const look = (pause) => setTimeout(() => {
        connection.watching = false;
        if (connection.socket.readyState !== 1) return;
        if (connection.socket.bufferedAmount <= 65536) {
            connection.give(7, connection.socket.bufferedAmount, []);
        } else {
            connection.watching = true;
            look(Math.min(2 * pause + 1, 50));
        }
    }, pause);
    if (!connection.watching) {
        connection.watching = true;
        look(0);
    }
})
WEFT__IMPORT(void, weft_js_websocket_close, (weft__incoming * handle, int code, const char *reason), {
    const weft = Module["weft"];
    const connection = weft.sockets.get(handle);
    if (connection.socket) connection.socket.close(code, weft.decode(reason));
})
/* JavaScript knows nothing of it any more, but that it closes it in the background. */
WEFT__IMPORT(void, weft_js_websocket_leave, (weft__incoming * handle), {
    const sockets = Module["weft"].sockets;
    const connection = sockets.get(handle);
    sockets.delete(handle);
    if (connection.socket) connection.socket.close(1000);
})

/* clang-format on */

static carrier *of(const weft_websocket *websocket) {
    return websocket->carrier;
}

/* --- What comes --- */

static bool take(weft__incoming *incoming, const weft__event *event) {
    carrier *self = (carrier *)(void *)incoming;
    weft_websocket *websocket = self->websocket;
    switch (event == NULL ? EVENT_FAILURE : event->kind) {
    case EVENT_OPEN:
        weft__websocket_opened(websocket, event->text, event->size);
        break;
    case EVENT_TEXT:
    case EVENT_BINARY:
        weft__websocket_message(websocket, event->kind == EVENT_TEXT, event->text, event->size);
        break;
    case EVENT_SENT:
        self->unsent = (size_t)event->number;
        weft__websocket_drained(websocket);
        break;
    case EVENT_CLOSED:
        weft__websocket_closed(websocket, event->number, event->text, event->size);
        break;
    default:
        weft__websocket_failed(websocket, weft__event_error(event));
        break;
    }
    return true;
}

/* --- The transport --- */

static const weft_error *send(weft_websocket *websocket, bool text, const void *data, size_t size) {
    carrier *self = of(websocket);
    weft_js_websocket_send(&self->incoming, text, data, size);
    self->unsent += size;
    if (self->unsent > WEBSOCKET_UNSENT_MOST)
        weft_js_websocket_watch(&self->incoming);
    return NULL;
}

static size_t unsent(const weft_websocket *websocket) {
    return of(websocket)->unsent;
}

/* Pages may say only what they have to say themselves: 4009 stands for 1009, and so on. */
static int code_of(int code) {
    static const int too_big = 1009, policy = 1008, internal = 1011, own = 3000;
    if (code == policy || code == too_big || code == internal)
        return code + own;
    return code == 1000 || (code >= own && code < 5000) ? code : 0;
}

static const weft_error *close(weft_websocket *websocket, int code, const char *reason) {
    int said = code_of(code);
    if (said == 0)
        return weft_error_new(WEFT_INVALID_ARGUMENT,
                              "JavaScript's WebSocket says 1000, or 3000 to 4999, but not %d", code);
    weft_js_websocket_close(&of(websocket)->incoming, said, reason == NULL ? "" : reason);
    return NULL;
}

static void leave(weft_websocket *websocket) {
    carrier *self = of(websocket);
    weft_js_websocket_leave(&self->incoming);
    weft__incoming_leave(&self->incoming);
}

/* No `resume`: what was sent comes. */
static const weft__websocket_transport transport = {
    .send = send, .unsent = unsent, .close = close, .leave = leave};

const weft_error *weft__websocket_dial(weft_websocket *websocket, const char *url,
                                       const weft_websocket_options *options) {
    static const weft_error no_headers = {.code = WEFT_INVALID_ARGUMENT,
                                          .message = "JavaScript's WebSocket cannot send headers"},
                            no_certificates = {.code = WEFT_INVALID_ARGUMENT,
                                               .message =
                                                   "JavaScript's WebSocket cannot be told whom to trust"};
    if (options->headers != NULL && options->headers[0] != NULL)
        return &no_headers;
    if (options->ca_file != NULL || options->insecure)
        return &no_certificates;
    carrier *self = malloc(sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    weft__incoming_init(&self->incoming, websocket->loop, take);
    self->websocket = websocket;
    self->unsent = 0;
    websocket->transport = &transport;
    websocket->carrier = self;
    weft_js_websocket_dial(&self->incoming, url, options->protocols);
    return NULL;
}
