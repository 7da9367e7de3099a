#ifndef WEFT_NATIVE_HTTP_SERVER_H
#define WEFT_NATIVE_HTTP_SERVER_H

/* What the files of the HTTP server share. */

#include "stream_wire.h"

#include "../core/buffer.h"
#include "../core/http_text.h"

#include <weft/http_server.h>

#include <llhttp.h>
#include <time.h>

enum {
    HTTP_DRAIN_MOST = 65536, /* bytes of a body that nobody read, before the connection is rather closed */
    HTTP_TEXT_KEPT = 4096,   /* bytes of a request's memory that the next one takes over */
    HTTP_SPARES_MOST = 64    /* requests that wait for their next use */
};

typedef struct http_connection weft__http_connection;

/* Places in a request's text. */
typedef struct weft__http_header {
    uint32_t name, value;
} weft__http_header;

struct weft_request {
    weft__http_connection *connection; /* NULL: its handler has ended */
    weft_http_server *server;
    weft_request *next;  /* of those that wait for their next use */
    uint32_t references; /* of its connection, and of coroutines made for it */

    weft__buffer text; /* what it consists of, each piece with a zero behind it; the target is first */
    weft__http_header *headers;
    uint32_t header_count, header_room;
    uint32_t path, query;
    uint8_t method, minor; /* llhttp's; of HTTP/1.x */
    bool headed;           /* its headers have come; what follows in the text is its path */
    bool complete;         /* its body has, too */
    bool in_name;          /* llhttp is in a header's name */
    bool keep_alive;       /* another request may follow */
    bool expects;          /* the peer waits for "100 Continue" before it sends the body */

    uint64_t length; /* of the body, as its header says; 0: there is none, or it comes in chunks */
    size_t body_limit;
    uint64_t received; /* of the body, bytes */
    char *into;        /* where they go; NULL: nowhere */
    size_t filled;     /* of that */

    weft__buffer added;                     /* lines of the answer's head */
    bool says_type, says_date, says_length; /* the lines do */
    bool begun;                             /* the answer */
    bool in_parts;
    bool chunked;
    bool bodiless; /* to HEAD, or a status without a body */
    uint64_t promised, written;
    int fault; /* the status to answer with if the handler lets an error pass; 0: 500 */
};

enum { CONNECTION_IDLE, CONNECTION_HEAD, CONNECTION_ANSWER, CONNECTION_LINGER };

/* A connection is the coroutine that serves it, which has a task of its own. */
struct http_connection {
    weft_frame frame;
    weft_http_server *server; /* counted */
    weft_stream *stream;      /* NULL: it became a WebSocket's */
    weft__http_connection *next, **link;
    weft_task *task;
    weft_request *request; /* counted; NULL: none has begun to come */
    weft__reader reader;
    llhttp_t parser;
    double deadline;      /* of what it waits for; INFINITY: none */
    double stalled_since; /* the peer has taken nothing of what is unwritten */
    size_t unwritten;
    uint64_t taken;  /* bytes of the request that is coming, its head among them */
    uint32_t streak; /* requests answered without a wait */
    int refused;     /* the status that says what is wrong with what came; 0: nothing */
    const char *reason;
    const weft_error *error;
    uint8_t state;
    char last;    /* byte of the head that has come */
    bool expired; /* the deadline has passed */
    bool broken;  /* the answer cannot be ended: the peer must see that */
};

struct weft_http_server {
    weft__opened opened; /* first */
    weft_listener *listener;
    weft_http_handler *handler;
    void *argument;
    weft_http_server_options options; /* without zeros */
    uint32_t references;              /* of its owner, and of coroutines made for it */
    weft__http_connection *connections;
    size_t connection_count;
    weft_request *spares;
    size_t spare_count;
    weft_handle *sweep; /* looks at all deadlines from time to time; NULL: there is no connection */
    double period;      /* seconds between two such looks */
    weft_event ended;   /* it was closed, or stopped and no connection is left */
    bool stopping, closed;
    time_t date_second; /* of the date's text */
    char date[40];
    weft__buffer scratch; /* where an answer is put together */
};

/* --- http_server.c --- */

weft_http_server *weft__http_server_hold(weft_http_server *self);
void weft__http_server_let_go(weft_http_server *self);
void weft__http_server_enter(weft__http_connection *connection); /* into the list */
void weft__http_server_leave(weft__http_connection *connection);

/* --- http_connection.c --- */

/* Serves a stream, which it takes. */
weft_coroutine *weft__http_connection_new(weft_http_server *server, weft_stream *stream);
/* Its deadline has passed, or the server stops: whoever waits for input looks at that. */
void weft__http_connection_wake(weft__http_connection *self);
/* Gives what is in the input to llhttp, at most so many bytes. False if it is malformed: then `refused` says
 * how. */
bool weft__http_feed(weft__http_connection *self, size_t most);

/* Waiting for input: llhttp reads it where it is, so the reader has no buffer. */
#define WEFT__AWAIT_INPUT(from, by, name)           \
    do {                                            \
        (from)->reader = (by);                      \
        weft__stream_start((from));                 \
        WEFT__WAIT_OUTSIDE(&(by)->waiting, (name)); \
    } while (0)
void weft__http_reader_leave(weft_stream *stream, weft__reader *reader); /* and in weft_drop */
/* Nothing more will come, whatever is in the input. */
bool weft__http_is_over(const weft_stream *stream);

/* --- http_parse.c --- */

extern const llhttp_settings_t weft__http_callbacks;
int weft__http_status_of(llhttp_errno_t code, const char **reason); /* that says what is wrong */

/* --- http_request.c --- */

weft_request *weft__request_take(weft__http_connection *connection); /* NULL without memory */
weft_request *weft__request_hold(weft_request *self);
void weft__request_let_go(weft_request *self);
void weft__request_over(weft_request *self); /* its handler has ended; lets go of it, too */
void weft__request_free(weft_request *self);

/* --- http_respond.c --- */

/* An answer of the server's own, which ends the connection. */
void weft__respond_plainly(weft__http_connection *connection, int status, const char *reason);
/* The end of an answer whose handler has ended. False if it cannot be ended. */
bool weft__respond_end(weft_request *request);
/* One that raises the error when it is awaited; takes the error. */
weft_coroutine *weft__http_raising(const weft_error *error);

#endif
