#ifndef WEFT_NATIVE_STREAM_H
#define WEFT_NATIVE_STREAM_H

/*
 * A stream from the inside: a handle of libuv's, an input buffer that is there while it holds bytes, and
 * perhaps a filter between the two, such as TLS.
 *
 *     wire → [filter received → weft__stream_deliver] → input, or the buffer of the task that reads
 *     weft__stream_put → [filter send → weft__stream_send] → wire
 *
 * Its memory is malloc's. It goes when libuv has let go of the handle and no operation has it any more: each
 * coroutine made for a stream counts in `users` from its call to its drop.
 */

#include "outside.h"

#include <weft/stream.h>

enum {
    STREAM_LIMIT = 65536,                    /* bytes of a line and read ahead, unless it is set */
    STREAM_HIGH_WATER = 65536,               /* unwritten bytes above which a writer waits … */
    STREAM_LOW_WATER = STREAM_HIGH_WATER / 4 /* … and to which it waits */
};

/* What stands between the wire and the program. */
typedef struct weft__filter {
    /* Bytes have come from the wire; all are taken. It gives what they mean by weft__stream_deliver, and may
     * send. An error, which the stream owns then, ends the reading and the writing. */
    const weft_error *(*received)(weft_stream *stream, void *filter, const char *data, size_t size);
    /* The wire has ended: why that is too early, owned as above; or NULL: it is the end for the program,
     * too. */
    const weft_error *(*ended)(weft_stream *stream, void *filter);
    /* The program writes; all is taken, and sent by weft__stream_send or kept. An owned error or NULL. */
    const weft_error *(*send)(weft_stream *stream, void *filter, const void *data, size_t size);
    /* The program writes no more, or closes the stream: says so to the peer by weft__stream_send. */
    void (*shutdown)(weft_stream *stream, void *filter);
    /* The stream has failed, ended or was closed: whoever waits for the filter itself is to look at it again.
     * NULL: nobody does. */
    void (*stopped)(weft_stream *stream, void *filter);
    /* Frees the filter. The last call. */
    void (*free)(void *filter);
} weft__filter;

/* The task that reads. Part of its frame. */
typedef struct weft__reader {
    weft__waiting waiting;
    char *buffer;  /* filled before the input is; NULL: it waits for any input */
    size_t size;   /* of the buffer */
    size_t filled; /* of it */
    size_t wanted; /* wakes when so much is filled */
} weft__reader;

/* A task that waits for output to be written. Part of its frame. */
typedef struct weft__writer {
    weft__waiting waiting;
    struct weft__writer *next, **link; /* link NULL: it stands in no list */
    size_t until;                      /* wakes when no more than so much is unwritten */
} weft__writer;

struct weft_stream {
    weft__opened opened; /* first; its host is NULL once the handle is being closed */
    weft_uv *host;
    weft__reader *reader;
    weft__writer *writers;
    char *input; /* NULL while it is empty */
    size_t input_start, input_end, input_room;
    size_t next_room; /* of the next input buffer */
    size_t limit;
    const weft__filter *filter; /* NULL: none */
    void *filter_state;
    const weft_error *filter_error; /* owned; of the loop's memory */
    size_t unheld;                  /* bytes written since a writer last gave others a turn */
    int read_error, write_error;    /* libuv's codes; 0: none */
    uint32_t users;                 /* coroutines made for it */
    uint32_t outputs;               /* libuv's write requests under way */
    bool reading;                   /* libuv reads */
    bool filling;                   /* libuv was given the reader's own buffer */
    bool ended;                     /* nothing comes any more */
    bool shut;                      /* nothing may be written any more */
    bool closed;                    /* by the program */
    bool gone;                      /* libuv has let go of the handle */
    bool unblocks;                  /* others share what libuv made not to block: that ends with the stream */
    weft_listener *listener;        /* which counts it among what is open; NULL: none does */
    struct weft__stream_file *file; /* in place of what the handle is for; NULL: none */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_tty_t tty;
    } wire;
};

/*
 * A stream whose handle is yet to be initialised: to be followed by uv_tcp_init, uv_pipe_init, … of
 * stream->wire and then weft__stream_open, or by free. NULL without memory.
 */
weft_stream *weft__stream_new(weft_uv *host);

/* Of an initialised handle, connected or not: from here on it is open, and weft_stream_close closes it. */
void weft__stream_open(weft_stream *stream);

/* The usual pairs of the two. NULL without memory. */
weft_stream *weft__stream_new_tcp(weft_uv *host);
weft_stream *weft__stream_new_pipe(weft_uv *host); /* for Unix sockets, uv_spawn and uv_pipe_open */

/* A value that owns the stream: what nobody takes is closed. */
weft_value weft__stream_value(weft_stream *stream);

/* Why an operation on it cannot be: it is NULL, closed, of another loop. Static; or NULL. */
const weft_error *weft__stream_refusal(const weft_stream *stream);

/* The stream, with one user more: the coroutine that is made with it, which has weft__stream_leave in its
 * weft_drop. NULL is allowed. */
weft_stream *weft__stream_use(weft_stream *stream);
void weft__stream_leave(weft_stream *stream);

/* --- Reading --- */

/* Reads from the wire from now on, if it does not. */
void weft__stream_start(weft_stream *stream);

/* Input has come: to the task that reads, or into the input. */
void weft__stream_deliver(weft_stream *stream, const char *data, size_t size);

/* The program reads the end behind what is in the input. */
void weft__stream_end(weft_stream *stream);

/* --- Writing --- */

/* What weft_stream_write does at its call. An error, the caller's, or NULL. */
const weft_error *weft__stream_put(weft_stream *stream, const void *data, size_t size);

/* To the wire, past the filter; copied where it cannot be written at once. An error, the caller's, or NULL.
 */
const weft_error *weft__stream_send(weft_stream *stream, const void *data, size_t size);

/* --- Filters --- */

/* Puts a filter in, which the stream owns from now on. What is in the input is given to it as received. */
void weft__stream_set_filter(weft_stream *stream, const weft__filter *filter, void *state);

/* Neither reads nor writes go on; the stream owns the error. */
void weft__stream_fail(weft_stream *stream, const weft_error *error);

/* An error, the caller's, if the stream cannot be read or written any more; for those who wait in a filter.
 * NULL if it can. */
const weft_error *weft__stream_failure(const weft_stream *stream);

/* "127.0.0.1:80" of a socket's address. Returns the length of the whole. */
size_t weft__address_text(const struct sockaddr_storage *address, char *buffer, size_t size);

#endif
