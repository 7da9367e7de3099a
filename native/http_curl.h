#ifndef WEFT_NATIVE_HTTP_CURL_H
#define WEFT_NATIVE_HTTP_CURL_H

/*
 * HTTP by libcurl: a multi handle a client, driven by the libuv loop. http_curl.c has the sockets and the
 * timer, http_curl_transfer.c what is told to and by libcurl about one exchange, http_curl_error.c the
 * errors.
 *
 * libcurl is entered from libuv's callbacks only, but for adding, removing and asking. So what it tells the
 * core comes outside of turns.
 */

#include "outside.h"

#include "../core/http_transport.h"

#include <curl/curl.h>

typedef struct weft__curl_transfer weft__curl_transfer;

typedef struct weft__curl_pool {
    weft_uv *host;
    CURLM *multi; /* NULL: it broke, and the next transfer makes another */
    uv_timer_t timer;
    bool timed;       /* libcurl wants to be called at `due` */
    uint64_t due;     /* milliseconds of libuv's clock */
    unsigned handles; /* of libuv's, not closed; the pool goes with the last */
    bool closed;
    weft__curl_transfer *transfers; /* all */
    weft__curl_transfer *resumed;   /* those that are to go on */
    weft__http_settings settings;
} weft__curl_pool;

struct weft__curl_transfer {
    weft__curl_pool *pool;
    weft__exchange *exchange; /* NULL: the core wants no more of it */
    CURL *easy;
    struct curl_slist *headers;
    weft__curl_transfer *next, **link;            /* of the pool */
    weft__curl_transfer *next_resumed, **resumed; /* NULL: not among those */
    int paused;                                   /* CURLPAUSE_RECV, CURLPAUSE_SEND */
    int resuming;                                 /* which of them is to end */
    int status;
    int refused;     /* the system's number for why there was no socket, or 0 */
    bool located;    /* the answer that is being told of leads elsewhere */
    bool answered;   /* the core has the head */
    bool sends;      /* a body */
    curl_off_t sent; /* of it, bytes */
    char words[CURL_ERROR_SIZE];
};

/* http_curl.c: lets what is resumed go on, in a while. */
void weft__curl_soon(weft__curl_pool *pool);
/* Begins it. NULL, or an error, counted. */
const weft_error *weft__curl_add(weft__curl_transfer *transfer);

/* http_curl_transfer.c: frees it; the exchange has been told, or does not want to be. */
void weft__curl_transfer_free(weft__curl_transfer *self);
void weft__curl_transfer_done(weft__curl_transfer *self,
                              CURLcode result); /* tells the exchange, and frees it */
void weft__curl_transfer_resume(weft__curl_transfer *self);

/* http_curl_error.c: what went wrong, counted. */
const weft_error *weft__curl_error(weft__curl_transfer *transfer, CURLcode result);
const weft_error *weft__curl_multi_error(CURLMcode code);

#endif
