#ifndef WEFT_HTTP_H
#define WEFT_HTTP_H

/*
 * HTTP, as a client: by libcurl natively (HTTP/1.1 and 2, TLS, compression, proxies), by fetch in JavaScript.
 * httpx.AsyncClient
 *
 *     weft_await_to(self->response, weft_http_get(NULL, "https://example.org/"));
 *     weft_with(self->response) {
 *         printf("%d %s\n", weft_http_status(self->response), weft_http_text(self->response));
 *     }
 *
 * A client keeps connections open for its next requests. NULL stands for one that the loop has, with the
 * usual options, from the first request until the loop closes. Every call takes copies of what it is given.
 *
 * A status of 404 or 500 is an answer like any other: weft_http_raise_for_status makes an error of it. Where
 * there is no answer, or a part of one, the await raises HttpError in the words of libcurl or JavaScript,
 * with the system's name in error->system where there is one ("ECONNREFUSED"); natively TlsError, if the
 * certificate or its protocol is the reason; TimedOut after the client's own timeouts; LimitExceeded, if the
 * body is longer, or the headers are more, than was asked for. A cancellation, a weft_timeout, or closing the
 * response stops the transfer itself, at whatever await it stands.
 */

#include <weft/base.h>
#include <weft/bytes.h>
#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* A header. A list of them ends with a name of NULL:
 * (const weft_http_field[]){{"Accept", "text/plain"}, {NULL, NULL}} */
typedef struct weft_http_field {
    const char *name;  /* letters, digits and -; in any case */
    const char *value; /* one line */
} weft_http_field;

/* What holds for all requests of a client. Zero is as usual, everywhere. */
typedef struct weft_http_options {
    const char *base_url;           /* what URLs are relative to; NULL: the page, or none may be */
    const weft_http_field *headers; /* sent with each request that does not have its own of that name */
    double connect_timeout; /* seconds to be connected, name lookup and TLS included; 10. INFINITY: any */
    double idle_timeout;    /* seconds without a byte from or to the server; 30. INFINITY: any */
    double timeout;         /* seconds for the whole exchange, its body included; INFINITY */
    size_t limit;           /* bytes of a body that is read as a whole; 64 MiB. SIZE_MAX: any */
    int max_redirects;      /* followed one after the other; 20. Negative: none is, they are answers */
    int max_connections;    /* open at once; more requests wait for one; 100. Natively only */
    int max_connections_of_a_server; /* the same for one host and port; as many as max_connections */
    const char *proxy;   /* its URL; "": none; NULL: the environment's (https_proxy, no_proxy, …) */
    const char *ca_file; /* certificates, PEM, to trust in place of the system's. Natively only */
    bool insecure;       /* trust every certificate. Natively only */
    bool http1;          /* HTTP/1.1 even where 2 is offered. Natively only */
} weft_http_options;

/* A request. Zero is as usual, everywhere but for the URL. */
typedef struct weft_http_request {
    const char *method;             /* GET, or POST if it has a body */
    const char *url;                /* http or https, or relative to the client's base_url */
    const weft_http_field *headers; /* in place of the client's of the same names. Authorization and Cookie
                                       are sent to no other server that a redirect leads to, all others are */
    const char *content_type;       /* of the body; none is sent */
    const void *body;               /* `size` bytes of it */
    size_t size;                    /* bytes */
    weft_coroutine *chunks; /* a generator that yields the body, as strings or weft_bytes *, as it is sent;
                               the request owns it. It is left once there is an answer that ends it */
    double timeout;         /* seconds, in place of the client's */
    double idle_timeout;    /* seconds, in place of the client's */
    size_t limit;           /* bytes, in place of the client's */
    bool stream;            /* the await ends when the headers are there: the body is for weft_http_chunks,
                               weft_http_lines, weft_http_read or weft_http_read_all */
} weft_http_request;

/* --- Clients --- */

/*
 * A client. Never NULL: if it could not be made, or an option is none, its requests raise the error that says
 * why. httpx.AsyncClient()
 */
weft_http *weft_http_open(const weft_http_options *options);

/* Stops its transfers, which raises InvalidState in who waits for them, and closes its connections. Responses
 * stay as they are. NULL is allowed. AsyncClient.aclose */
void weft_http_close(weft_http *client);

/* --- Requests: awaiting them gives a weft_http_response *, which is the caller's to close --- */

/* The response with its whole body. AsyncClient.get */
weft_coroutine *weft_http_get(weft_http *client, const char *url) WEFT__MUST_USE;

/* The same, sending `size` bytes of a body. The type may be NULL: none is sent. AsyncClient.post */
weft_coroutine *weft_http_post(weft_http *client, const char *url, const char *content_type, const void *body,
                               size_t size) WEFT__MUST_USE;

/*
 * Any request: weft_http_send(client, &(weft_http_request){.method = "PUT", .url = "…", .body = …}). Its
 * error, if the request makes no sense, is raised by the await. AsyncClient.request, AsyncClient.stream
 */
weft_coroutine *weft_http_send(weft_http *client, const weft_http_request *request) WEFT__MUST_USE;

/*
 * The whole of it: awaiting it gives the body as a string, which is the caller's (weft_free). Raises
 * HttpError unless the status is one of success, and for a body with a zero byte.
 *
 *     weft_await_to(self->page, weft_fetch("https://example.org/"));
 */
weft_coroutine *weft_fetch(const char *url) WEFT__MUST_USE;

/* --- Responses --- */

/* 200, 404, … */
int weft_http_status(const weft_http_response *response);

/* "OK", "Not Found", …: the usual words for the status, since HTTP/2 sends none; "" for one that has none. */
const char *weft_http_reason(const weft_http_response *response);

/* The protocol's version times ten: 11, 20; 0 where JavaScript does not say. */
int weft_http_version(const weft_http_response *response);

/* The URL that answered, after redirects; without a name and password. */
const char *weft_http_url(const weft_http_response *response);

/* The value of a header, whatever the case of its name; of several the first. NULL: there is none. */
const char *weft_http_header(const weft_http_response *response, const char *name);

/* All headers, in the order in which they came, closed by a name of NULL; repeated ones are several. In
 * JavaScript such are joined by ", ", but for Set-Cookie. */
const weft_http_field *weft_http_headers(const weft_http_response *response);

/* The body, borrowed until the response is closed; NULL while it is being streamed. A zero follows the last
 * byte: as text it is a string. response.content, response.text */
const weft_bytes *weft_http_body(const weft_http_response *response);
const char *weft_http_text(const weft_http_response *response);

/* Raises HttpError ("GET http://…: 404 Not Found") unless the status is one of success, 200 to 299. */
weft_coroutine *weft_http_raise_for_status(const weft_http_response *response) WEFT__MUST_USE;

/* --- Bodies as they come, of a request with .stream. One task at a time; a cancelled wait loses nothing ---
 */

/*
 * A generator of weft_bytes *, owned by who takes them (weft_free): whatever has arrived, at least a byte.
 * While nobody reads, the server is kept from sending more than about 128 KiB. response.aiter_bytes
 *
 *     weft_for_await(self->chunk, weft_http_chunks(self->response)) { … weft_free(self->chunk); }
 */
weft_coroutine *weft_http_chunks(weft_http_response *response) WEFT__MUST_USE;

/*
 * A generator of lines, char * owned by who takes them (weft_free), without their "\n" or "\r\n"; the last
 * one may lack it. Raises LimitExceeded for a line of more than 64 KiB, HttpError for one with a zero byte:
 * of such a line all is dropped that has come, and another weft_http_lines goes on behind it.
 * response.aiter_lines
 */
weft_coroutine *weft_http_lines(weft_http_response *response) WEFT__MUST_USE;

/* Reads what has arrived, at least a byte and at most `size`, into the buffer, which must stay until then.
 * Value: how many, an int; 0 at the end. */
weft_coroutine *weft_http_read(weft_http_response *response, void *buffer, size_t size) WEFT__MUST_USE;

/* Reads what is left: from then on weft_http_body has it. Raises LimitExceeded. response.aread */
weft_coroutine *weft_http_read_all(weft_http_response *response) WEFT__MUST_USE;

/* Frees it; stops the transfer, if that is not at its end. NULL is allowed. response.aclose */
void weft_http_response_close(weft_http_response *response);

WEFT_END_DECLARATIONS

#endif
