#ifndef WEFT_CORE_HTTP_H
#define WEFT_CORE_HTTP_H

/* What the files of the HTTP client share. */

#include "buffer.h"
#include "http_text.h"
#include "http_transport.h"
#include "opened.h"
#include "waiting.h"

/* --- Clients: http_client.c --- */

struct weft_http {
    weft__opened opened; /* first */
    weft_loop *loop;
    void *pool;                    /* of the transport; NULL until the first request */
    const weft_error *refusal;     /* why it has no requests; counted, or NULL */
    void *memory;                  /* what the pointers of the options lead to */
    weft_http_options options;     /* filled in: nothing is zero that means something else */
    weft_http_response *transfers; /* those under way */
    bool fixed;                    /* static: stands for one that could not be made */
};

/* The one that a request is for: NULL for the loop's own, which it makes. Never NULL. */
weft_http *weft__http_client(weft_http *client);
/* Makes its pool, if it has none yet. NULL, or an error, counted. */
const weft_error *weft__http_client_ready(weft_http *client);

/* --- Responses --- */

/*
 *     NEW --started--> UNDER_WAY --head--> ANSWERED --end--> ENDED
 *      |                   |                   |
 *      +----- refused -----+----- failed ------+-----------> FAILED
 *
 * While it is UNDER_WAY or ANSWERED the transport has the exchange. A response that is closed in these states
 * abandons it. What has arrived is read before the error of a failure is raised.
 */
typedef enum weft__http_state {
    HTTP_NEW,
    HTTP_UNDER_WAY,
    HTTP_ANSWERED,
    HTTP_ENDED,
    HTTP_FAILED
} weft__http_state;

/* What the task waits for that has the response: each is a bit. */
enum { HTTP_WAITS_HEAD = 1, HTTP_WAITS_BYTES = 2, HTTP_WAITS_END = 4, HTTP_WAITS_UPLOAD = 8 };

struct weft_http_response {
    weft__opened opened; /* first; open once the program has it */
    weft__exchange exchange;
    weft_http *client;                /* NULL: closed, or the transfer has ended */
    weft_http_response *next, **link; /* in the client's list */
    unsigned references;              /* of the program, and of each coroutine that was made for it */
    weft__http_state state;
    bool closed;             /* by the program */
    const weft_error *error; /* of FAILED; counted */
    void *memory;            /* of the request */

    int status, version;
    char *request_url; /* the exchange's */
    char *url;         /* that answered, without a name and password; NULL: none has */
    weft__buffer text; /* of headers: "name\0value\0" for each */
    size_t header_size;
    weft_http_field *fields; /* into the text, from the head on */
    size_t field_count;

    weft_bytes *bytes;           /* that have arrived; those from `start` on are unread */
    size_t start, room, scanned; /* scanned: unread bytes that are known to have no end of a line */
    size_t limit;                /* of a whole body */
    bool whole;                  /* nobody reads parts: all is gathered */
    bool refused;                /* the transport is to be resumed */

    weft__waiting waiting;
    weft_frame *waiter; /* the coroutine that waits, or has been woken; NULL: none */
    unsigned wants;     /* of the waiter */

    weft_value part;                   /* of the request's body, that is being sent */
    size_t sent;                       /* of the part, bytes */
    weft__buffer gathered;             /* parts of it, for a transport that sends it in one piece */
    bool has_part, parts_end, starved; /* starved: the transport is to be resumed */

    weft_handle *timer;
    double timer_at;
    double deadline, since; /* of the whole; of the last byte, or the begin of the wait for one */
    double idle;            /* seconds */
    bool counting;          /* idleness counts */
};

/* http_request.c: a response to be, with all that the request says. NULL without memory; its error is set if
 * the request makes no sense. */
weft_http_response *weft__http_prepare(weft_http *client, const weft_http_request *request);
const weft_error *weft__http_check_options(const weft_http_options *options); /* counted, or NULL */

/* Lists of fields, strings, bytes: copied into one block of memory, in two passes. */
typedef struct weft__http_packing {
    char *memory; /* NULL: the first pass only counts */
    size_t size;
} weft__http_packing;
void *weft__http_pack(weft__http_packing *pack, const void *data,
                      size_t size); /* NULL for NULL, and in the first pass */
const char *weft__http_pack_text(weft__http_packing *pack, const char *text);

/* http_url.c */
const weft_error *weft__http_check_base(const char *url); /* counted, or NULL */
/* A copy of what the URL is, relative to a base or NULL. NULL with an error. */
char *weft__http_absolute_url(const char *base, const char *url, const weft_error **error);
/* A copy without the name and password that may be in it; NULL without memory. */
char *weft__http_url_without_user(const char *url);
/* "GET http://localhost/", without those, too. */
void weft__http_tell_request(const char *method, const char *url, char *buffer, size_t size);

/* http_exchange.c */
const weft_error *weft__http_begin(weft_http_response *self);            /* NULL, or an error, borrowed */
void weft__http_fail(weft_http_response *self, const weft_error *error); /* takes it; stops the transfer */
void weft__http_lose(weft_http_response *self, const weft_error *error); /* the same where that has ended */
void weft__http_alive(weft_http_response *self); /* something has come from the server, or gone there */
const weft_error *weft__http_error(const weft_http_response *self, int code, const char *system,
                                   const char *format, ...) WEFT__PRINTF(4, 5); /* "GET http://…: …" */
bool weft__http_will_wait(weft_http_response *self, weft_frame *frame, unsigned wants); /* false: no need */
const weft__outside *weft__http_awaited(unsigned wants); /* what that is, for people */
void weft__http_waited(weft_http_response *self,
                       const weft_frame *frame); /* after the wait, and behind weft_drop */

/* http_answer.c */
void weft__http_consume(weft_http_response *self, size_t size); /* of what is unread */
weft_bytes *weft__http_take(weft_http_response *self);          /* all that is unread; or NULL */
void weft__http_resume_reading(weft_http_response *self);
const weft_error *weft__http_gathered(weft_http_response *self); /* the whole body, or why not; borrowed */

/* http_upload.c */
bool weft__http_gather_part(weft_http_response *self, weft_value part); /* takes it; before the begin */
void weft__http_put_part(weft_http_response *self, weft_value part);    /* takes it */
void weft__http_put_end(weft_http_response *self);

/* http_response.c */
void weft__http_close(weft__opened *opened);
weft_http_response *weft__http_retain(weft_http_response *self); /* NULL is allowed, here and below */
void weft__http_release(weft_http_response *self);
/* Why a coroutine cannot read or wait here now; borrowed or static, or NULL. */
const weft_error *weft__http_refusal(const weft_http_response *self);
static inline size_t weft__http_unread(const weft_http_response *self) {
    return self->bytes == NULL ? 0 : self->bytes->size - self->start;
}
static inline weft_http_response *weft__http_of(weft__exchange *exchange) {
    return (weft_http_response *)(void *)((char *)exchange - offsetof(weft_http_response, exchange));
}
static inline void weft__http_wake(weft_http_response *self, unsigned what) {
    if (self->wants & what)
        weft__waiting_end(&self->waiting);
}
/* The response's loop becomes the current one; the one before is to be put back. */
static inline weft_loop *weft__http_enter(const weft_http_response *self) {
    weft_loop *outer = weft__current;
    weft__current = self->exchange.loop;
    return outer;
}
static inline bool weft__http_live(const weft_http_response *self) {
    return self->state == HTTP_UNDER_WAY || self->state == HTTP_ANSWERED;
}

/* In a body: waits until one of these has come, or the exchange has ended. */
#define WEFT__HTTP_WAIT(response, wants)                                     \
    do {                                                                     \
        if (weft__http_will_wait((response), weft__frame, (wants)))          \
            WEFT__WAIT_FOR(&(response)->waiting, weft__http_awaited(wants)); \
        weft__http_waited((response), weft__frame);                          \
    } while (0)

#endif
