#ifndef WEFT_NATIVE_LISTENER_H
#define WEFT_NATIVE_LISTENER_H

/* What the files of listeners share: sockets of TCP and Unix that accept. */

#include "stream_wire.h"

enum { LISTENER_AHEAD = 64 }; /* connections accepted before a task takes them */

/* A task that waits for a connection. Part of its frame. */
typedef struct weft__acceptor {
    weft__waiting waiting;
    struct weft__acceptor *next, **link; /* link NULL: it stands in no list */
} weft__acceptor;

/*
 * libuv accepts into `streams`, which is a ring; if that is full, or as many connections are open as may be,
 * one more is held by libuv, which then accepts no more. Its memory is malloc's, and goes as a stream's does.
 */
struct weft_listener {
    weft__opened opened; /* first */
    weft_uv *host;
    weft__acceptor *acceptors, **last;
    weft_stream *streams[LISTENER_AHEAD];
    unsigned first, count;
    unsigned limit; /* of the connections that are open; 0: none */
    unsigned open;  /* connections, which are counted if there is a limit */
    int error;      /* libuv's, of an accept that failed and nobody was told of; 0: none */
    uint32_t users; /* coroutines made for it, and connections that are counted */
    bool held;      /* libuv holds a connection */
    bool closed;
    bool gone; /* libuv has let go of the handle */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } wire;
};

/* To be followed by the handle's init and weft__listener_open, or by free. NULL without memory. */
weft_listener *weft__listener_new(weft_uv *host);
void weft__listener_open(weft_listener *listener);

/* Of a handle that is bound: accepts from here on. libuv's code. */
int weft__listener_begin(weft_listener *listener, const weft_listen_options *options);

/* A value that owns the listener: what nobody takes is closed. */
weft_value weft__listener_value(weft_listener *listener);

/* Why an operation on it cannot be: it is NULL, closed, of another loop. Static; or NULL. */
const weft_error *weft__listener_refusal(const weft_listener *listener);

/* The listener, with one user more, which has weft__listener_leave at its end. NULL is allowed. */
weft_listener *weft__listener_use(weft_listener *listener);
void weft__listener_leave(weft_listener *listener);

#endif
