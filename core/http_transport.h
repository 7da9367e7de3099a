#ifndef WEFT_CORE_HTTP_TRANSPORT_H
#define WEFT_CORE_HTTP_TRANSPORT_H

/*
 * Between the HTTP client, which the core has, and what moves the bytes, which the host library gives at link
 * time: libcurl, or fetch.
 *
 * An exchange, in the words of the transport:
 *
 *     weft__http_start
 *         [ weft__http_upload … ]                           while there is a body to send that comes in parts
 *         weft__http_status, weft__http_field …             again for each answer, if some are not the last
 *         weft__http_head                                   of the last one
 *         [ weft__http_bytes … ]
 *     weft__http_end, or weft__http_failed, once, at any point
 *
 * All of these are called in the loop's thread, outside of turns and of weft__http_start, one at a time. They
 * only note what has come, and wake tasks; they never call the transport. After weft__http_end or
 * weft__http_failed, and after an answer STOP, the transport has let go of the exchange, which may be gone by
 * the next turn. Until then it is there, and so are all that its request points to.
 */

#include "internal.h"

#include <weft/http.h>

/* What the transport is asked for by a client. The strings are there while the pool is. */
typedef struct weft__http_settings {
    const char *proxy;   /* NULL: the environment's; "": none */
    const char *ca_file; /* NULL: the system's */
    bool insecure, http1;
    int connections, connections_of_a_server;
} weft__http_settings;

/* One request and its answer, as far as the transport is concerned. */
typedef struct weft__exchange {
    weft_loop *loop;
    void *pool;
    void *transfer;     /* the transport's own */
    const char *method; /* checked: a token; GET, HEAD, POST, … in capitals if they were given so */
    const char *url;    /* checked: printable; has http:// or https:// unless it may be relative */
    const weft_http_field *headers; /* checked: single lines; ends with a name of NULL */
    const char *body;               /* NULL: none, or it comes in parts */
    size_t size;
    bool upload;            /* the body comes in parts, by weft__http_upload */
    double connect_timeout; /* seconds, or INFINITY: the transport's to see to, if it can; all other timeouts
                               are the core's */
    int max_redirects;      /* 0: none is followed */
} weft__exchange;

typedef enum weft__http_verdict {
    WEFT__HTTP_GO_ON,
    WEFT__HTTP_REFUSED, /* of weft__http_bytes: none was taken; the same again after weft__http_resume */
    WEFT__HTTP_STOP     /* the exchange has failed: the transfer ends, and nothing more is told of it */
} weft__http_verdict;

/* --- The host library gives: --- */

/* What this transport can do. */
typedef struct weft__http_abilities {
    bool uploads;  /* send a body in parts; if not, the core gathers it first */
    bool progress; /* call weft__http_sent while a body is sent; if not, idleness counts from its end on */
    bool relative; /* make relative URLs absolute, as the page's */
} weft__http_abilities;
extern const weft__http_abilities weft__http_can;

/* What exchanges have in common: connections. NULL with an error. */
void *weft__http_pool_open(weft_loop *loop, const weft__http_settings *settings, const weft_error **error);
/* It has no exchanges any more. In the loop's thread, while the loop is there. */
void weft__http_pool_close(void *pool);

/* Begins; an error, counted, or NULL. Calls none of the functions below. */
const weft_error *weft__http_start(weft__exchange *self);
/* Bytes that were refused would be taken now. Called in a turn; they come later. */
void weft__http_resume(weft__exchange *self);
/* There is something for weft__http_upload, which has said WEFT__HTTP_NOT_YET. Called in a turn, as above. */
void weft__http_upload_resume(weft__exchange *self);
/* Stops the transfer at once: what was received is of no use, the connection may be closed. Nothing is called
 * for this exchange any more. Only between weft__http_start and the exchange's end. */
void weft__http_abandon(weft__exchange *self);

/* --- The core gives: --- */

/* An answer begins: what was told of an earlier one (a redirect's, an interim one's) is forgotten. The
 * version times ten, 0 if it is not known. */
void weft__http_status(weft__exchange *self, int status, int version);
/* One of its headers. GO_ON or STOP. */
weft__http_verdict weft__http_field(weft__exchange *self, const char *name, size_t name_size,
                                    const char *value, size_t value_size);
/* The answer is the last, and these were its headers. The URL it came from, or NULL: the exchange's. GO_ON or
 * STOP. */
weft__http_verdict weft__http_head(weft__exchange *self, const char *url);

/* A part of its body, decoded. */
weft__http_verdict weft__http_bytes(weft__exchange *self, const char *data, size_t size);

/* The next bytes of the request's body: how many were put into the buffer; 0: it has ended; or one of these.
 */
enum { WEFT__HTTP_NOT_YET = -1, WEFT__HTTP_UPLOAD_STOP = -2 /* as WEFT__HTTP_STOP */ };
ptrdiff_t weft__http_upload(weft__exchange *self, char *buffer, size_t size);

/* Some of the request's body went out. */
void weft__http_sent(weft__exchange *self);

/* The answer is complete. */
void weft__http_end(weft__exchange *self);
/* There will be no answer, or no more of it. Takes the error. "connection refused" will do for its words: the
 * core puts "GET http://…: " in front, and keeps code and system name. */
void weft__http_failed(weft__exchange *self, const weft_error *error);

#endif
