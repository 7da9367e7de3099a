#ifndef WEFT_CORE_WEBSOCKET_H
#define WEFT_CORE_WEBSOCKET_H

/* What the core's files of WebSockets offer each other. */

#include "internal.h"
#include "websocket_transport.h"

/* Codes of an end. */
enum {
    CODE_NORMAL = 1000,
    CODE_GOING_AWAY = 1001,
    CODE_NONE = 1005,
    CODE_ABNORMAL = 1006,
    CODE_POLICY = 1008,
    CODE_TOO_BIG = 1009,
    CODE_INTERNAL = 1011
};

/* A message that nobody has taken yet. */
struct weft__websocket_message {
    weft__websocket_message_entry *next;
    weft_value value; /* a failure: it cannot be taken, and says why */
    size_t cost;
};

/* A task that waits until less is unsent; part of its frame. */
struct weft__websocket_sender {
    weft__waiting waiting;
    weft__websocket_sender *next, **link; /* NULL: it stands in no list */
};

/* It was closed by this side while a task used it. */
extern const weft_error weft__websocket_closed_under;

/* Why this task cannot use it; NULL if it can. Static. */
const weft_error *weft__websocket_misuse(const weft_websocket *self);

/* A code of an end, in words. */
const char *weft__websocket_words(int code);

bool weft__websocket_has_room(const weft_websocket *self); /* for one message more */
void weft__websocket_drop_first(weft_websocket *self);     /* frees the first message */
void weft__websocket_wake_senders(weft_websocket *self);   /* each sees for himself */
void weft__websocket_leave(weft_websocket *self);          /* the transport, for ever */
/* It is closed, for this reason, which it takes; NULL: in order. */
void weft__websocket_end(weft_websocket *self, int code, const weft_error *failure);
/* websocket_close.c: of weft_with */
weft_coroutine *weft__websocket_exit(void *object, const weft_error *error);

#endif
