#ifndef WEFT_WASM_INCOMING_H
#define WEFT_WASM_INCOMING_H

/*
 * What JavaScript brings for a transfer or a connection: events, which the loop takes in its turn, one
 * sender's in their order, those of several that came together as the simulation chooses. JavaScript hands
 * over an event outside of turns, and is told nothing in return.
 */

#include "../core/internal.h"

/* As fetch.mjs and websocket.mjs number them. */
typedef enum weft__event_kind {
    EVENT_HEAD,    /* of a response: number is the status, text the header's lines, more the final URL */
    EVENT_BYTES,   /* of its body: text */
    EVENT_END,     /* of it */
    EVENT_FAILURE, /* number is the error's code, text what it says, more the system's name for it */
    EVENT_OPEN,    /* a WebSocket is: text is the subprotocol */
    EVENT_TEXT,    /* a message */
    EVENT_BINARY,  /* a message */
    EVENT_SENT,    /* number is how many bytes are not sent yet */
    EVENT_CLOSED   /* number is the code, text the reason */
} weft__event_kind;

typedef struct weft__event {
    struct weft__event *next;
    weft__event_kind kind;
    int number;
    char *text; /* malloc's, with a zero behind its end; NULL: none */
    size_t size;
    char *more; /* malloc's; NULL: none */
} weft__event;

typedef struct weft__incoming weft__incoming;

/* Of its owner: one event, in a turn, or NULL for one that was lost. False: it had no room for it. It may
 * leave within. */
typedef bool weft__incoming_take(weft__incoming *self, const weft__event *event);

/* Part of a structure of malloc's, at its beginning. */
struct weft__incoming {
    weft__message message; /* first */
    weft_loop *loop;
    uint32_t id; /* by which JavaScript names it in records of what came from outside */
    weft__event *first, **last;
    bool under_way; /* the message is in the inbox, or being taken */
    bool lost;      /* there was no memory for an event */
    bool left;
    weft__incoming_take *take;
};

void weft__incoming_init(weft__incoming *self, weft_loop *loop, weft__incoming_take *take);

/* Gives its owner again what that had no room for. */
void weft__incoming_again(weft__incoming *self);

/* Its owner wants no more of it: frees the structure, now or when its message has arrived. */
void weft__incoming_leave(weft__incoming *self);

/* The error that EVENT_FAILURE tells of, or that memory is missing; the caller's. */
const weft_error *weft__event_error(const weft__event *event);

#endif
