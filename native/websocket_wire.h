#ifndef WEFT_NATIVE_WEBSOCKET_WIRE_H
#define WEFT_NATIVE_WEBSOCKET_WIRE_H

/* What both sides of a WebSocket share here: frames, by wslay, over a stream. */

#include "stream_wire.h"

#include "../core/websocket_transport.h"

enum { WEBSOCKET_ACCEPT_SIZE = 29 }; /* of Sec-WebSocket-Accept, with a zero */

/*
 * Carries the socket from here on, over a stream of which it takes the caller's share of `users`, and that it
 * closes. What is in its input is frames already. NULL, or an error, static: then nothing was taken.
 */
const weft_error *weft__websocket_carry(weft_websocket *socket, weft_stream *stream, bool is_server);

/* What a server answers to this key. */
bool weft__websocket_accept_of(const char *key, char accept[WEBSOCKET_ACCEPT_SIZE]);

/* Whether a list such as "a, b" has this token, in any case of letters. */
bool weft__list_has(const char *list, const char *token, size_t size);

/* The next token of such a list, from *at on; NULL at the end. */
const char *weft__list_next(const char **at, size_t *size);

#endif
