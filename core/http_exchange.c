/*
 * What comes of an exchange: from the transport, from its timer, from whoever stops it. All of it only
 * changes the response and wakes the task that waits.
 *
 * The transport's calls come outside of turns, where another loop's may be the current one, if any.
 */

#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNREAD_MOST = 128 * 1024,   /* from so many unread bytes on the transport keeps the rest */
    HEADERS_MOST = 256 * 1024,  /* bytes of the headers of one answer */
    ROOM_LEAST = 4096,          /* of a body, bytes */
    ROOM_EXPECTED = 1024 * 1024 /* at most so much is made because of a Content-Length alone */
};

static weft_http_response *of(weft__exchange *exchange) {
    return (weft_http_response *)(void *)((char *)exchange - offsetof(weft_http_response, exchange));
}

static weft_loop *enter(weft_http_response *self) {
    weft_loop *outer = weft__current;
    weft__current = self->exchange.loop;
    return outer;
}

/* --- What it is called --- */

/* "GET http://localhost/", without the name and password that may be in it. */
static void name_request(const weft_http_response *self, char *buffer, size_t size) {
    const char *url = self->request_url, *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    snprintf(buffer, size, "%s %.*s%.300s", self->exchange.method, (int)(host - url), url,
             at == NULL ? host : at + 1);
}

static void tell(const weft__waiting *waiting, char *buffer, size_t size) {
    const char *response = (const char *)waiting - offsetof(weft_http_response, waiting);
    name_request((const weft_http_response *)(const void *)response, buffer, size);
}

const weft__outside *weft__http_awaited(unsigned wants) {
    static const weft__outside answer = WEFT__OUTSIDE("an HTTP answer", tell),
                               more = WEFT__OUTSIDE("more of an HTTP answer", tell),
                               room = WEFT__OUTSIDE("room for an HTTP request", tell);
    return wants & HTTP_WAITS_UPLOAD ? &room : wants & HTTP_WAITS_BYTES ? &more : &answer;
}

/* --- Errors --- */

const weft_error *weft__http_error(const weft_http_response *self, int code, const char *system,
                                   const char *format, ...) {
    char said[768], request[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    if (self->request_url == NULL)
        return weft__error_named(code, system, "%s", said);
    name_request(self, request, sizeof request);
    return weft__error_named(code, system, "%s: %s", request, said);
}

/* --- Waiting --- */

static void on_timer(void *argument);

static void wake(weft_http_response *self, unsigned what) {
    if (self->wants & what)
        weft__waiting_end(&self->waiting);
}

/* While it does not count it is looked at again, since it may begin to. */
static double idle_until(const weft_http_response *self, double now) {
    if (self->waiter == NULL)
        return INFINITY;
    return (self->counting ? self->since : now) + self->idle;
}

/* It may come earlier than there is a reason for: then it is asked for again. False without memory. */
static bool set_timer(weft_http_response *self) {
    double when = fmin(self->deadline, idle_until(self, weft__now(weft__current)));
    if (when == INFINITY || (self->timer != NULL && self->timer_at <= when))
        return true;
    weft_handle_cancel(self->timer);
    self->timer = weft_call_at(when, on_timer, self);
    self->timer_at = when;
    return self->timer != NULL;
}

static void on_timer(void *argument) {
    weft_http_response *self = argument;
    double now = weft__now(weft__current);
    self->timer = NULL;
    if (!weft__http_live(self))
        return;
    if (self->deadline <= now)
        weft__http_fail(self,
                        weft__http_error(self, WEFT_TIMED_OUT, NULL, "it took longer than was allowed"));
    else if (idle_until(self, now) <= now)
        weft__http_fail(self,
                        weft__http_error(self, WEFT_TIMED_OUT, NULL, "nothing came for %g s", self->idle));
    else if (!set_timer(self))
        weft__http_fail(self, &weft_error_out_of_memory);
}

bool weft__http_will_wait(weft_http_response *self, weft_frame *frame, unsigned wants) {
    self->waiter = frame;
    self->wants = wants;
    self->since = fmax(self->since, weft__now(weft__current));
    if (!set_timer(self))
        weft__http_fail(self, &weft_error_out_of_memory);
    return weft__http_live(self);
}

void weft__http_waited(weft_http_response *self, const weft_frame *frame) {
    if (self == NULL || self->waiter != frame)
        return;
    weft__waiting_leave(&self->waiting);
    self->waiter = NULL;
    self->wants = 0;
}

/* --- Beginning and ending --- */

/* Something has come from the server, or gone there. */
static void alive(weft_http_response *self) {
    self->counting = true;
    if (self->idle < INFINITY)
        self->since = weft__now(self->exchange.loop);
}

/* The transport has let go of it, or is told to. */
static void settle(weft_http_response *self, weft__http_state state) {
    self->state = state;
    weft_handle_cancel(self->timer);
    self->timer = NULL;
    if (self->link != NULL) {
        *self->link = self->next;
        if (self->next != NULL)
            self->next->link = self->link;
        self->link = NULL;
    }
    self->client = NULL;
    weft_value_free(&self->part);
    self->has_part = self->refused = self->starved = false;
    wake(self, ~0u);
}

static void fail(weft_http_response *self, const weft_error *error) {
    self->error = error;
    settle(self, HTTP_FAILED);
}

void weft__http_fail(weft_http_response *self, const weft_error *error) {
    if (weft__http_live(self))
        weft__http_abandon(&self->exchange);
    fail(self, error);
}

const weft_error *weft__http_begin(weft_http_response *self) {
    weft_http *client = self->client;
    double now = weft__now(self->exchange.loop);
    const weft_error *error = weft__http_client_ready(client);
    if (error == NULL) {
        self->exchange.pool = client->pool;
        error = weft__http_start(&self->exchange);
    }
    if (error != NULL) {
        weft__http_failed(&self->exchange, error);
        return self->error;
    }
    self->state = HTTP_UNDER_WAY;
    self->deadline += now;
    self->counting = !weft__http_can.progress && self->exchange.body == NULL && !self->exchange.upload;
    self->since = now + self->exchange.connect_timeout; /* which the transport may not know */
    if (!set_timer(self))
        weft__http_fail(self, &weft_error_out_of_memory);
    return self->error;
}

void weft__http_end(weft__exchange *exchange) {
    weft_http_response *self = of(exchange);
    weft_loop *outer = enter(self);
    if (self->state == HTTP_ANSWERED)
        settle(self, HTTP_ENDED);
    else
        fail(self, weft__http_error(self, WEFT_HTTP, NULL, "the server has not answered"));
    weft__current = outer;
}

void weft__http_failed(weft__exchange *exchange, const weft_error *error) {
    weft_http_response *self = of(exchange);
    weft_loop *outer = enter(self);
    if (error->references == 0) { /* out of memory, and the like */
        fail(self, error);
    } else {
        fail(self, weft__http_error(self, error->code, error->system, "%s", error->message));
        weft_error_release(error);
    }
    weft__current = outer;
}

/* --- The head --- */

void weft__http_status(weft__exchange *exchange, int status, int version) {
    weft_http_response *self = of(exchange);
    self->status = status;
    self->version = version;
    self->text_size = self->field_count = self->header_size = 0;
    alive(self);
}

/* Doubles memory in which `used` bytes are, until `size` more fit. */
static bool grow(char **memory, size_t used, size_t *room, size_t size) {
    size_t wanted = *room == 0 ? 1024 : *room;
    while (wanted - used < size)
        if ((wanted *= 2) > SIZE_MAX / 4)
            return false;
    if (wanted == *room)
        return true;
    char *grown = weft_allocate(wanted);
    if (grown == NULL)
        return false;
    if (used > 0)
        memcpy(grown, *memory, used);
    weft_free(*memory);
    *memory = grown;
    *room = wanted;
    return true;
}

/* A zero byte would end a string too early: it becomes a space, as RFC 9110 allows. */
static void add_text(weft_http_response *self, const char *text, size_t size) {
    char *to = self->text + self->text_size;
    for (size_t i = 0; i < size; i++)
        to[i] = text[i] == '\0' ? ' ' : text[i];
    to[size] = '\0';
    self->text_size += size + 1;
}

static weft__http_verdict stop(weft_http_response *self, const weft_error *error) {
    fail(self, error);
    return WEFT__HTTP_STOP;
}

weft__http_verdict weft__http_field(weft__exchange *exchange, const char *name, size_t name_size,
                                    const char *value, size_t value_size) {
    weft_http_response *self = of(exchange);
    weft_loop *outer = enter(self);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    size_t most = HEADERS_MOST - self->header_size, size = name_size + value_size + 4; /* as it is sent */
    if (name_size > most || value_size > most || size > most) {
        verdict =
            stop(self, weft__http_error(self, WEFT_LIMIT, NULL,
                                        "the headers of the answer are longer than %d bytes", HEADERS_MOST));
    } else if (!grow(&self->text, self->text_size, &self->text_room, name_size + value_size + 2)) {
        verdict = stop(self, &weft_error_out_of_memory);
    } else {
        self->header_size += size;
        add_text(self, name, name_size);
        add_text(self, value, value_size);
        self->field_count++;
    }
    weft__current = outer;
    return verdict;
}

static bool make_fields(weft_http_response *self) {
    weft_http_field *fields = weft_allocate((self->field_count + 1) * sizeof *fields);
    const char *at = self->text;
    if (fields == NULL)
        return false;
    for (size_t i = 0; i < self->field_count; i++) {
        fields[i].name = at;
        fields[i].value = at + strlen(at) + 1;
        at = fields[i].value + strlen(fields[i].value) + 1;
    }
    fields[self->field_count] = (weft_http_field){NULL, NULL};
    self->fields = fields;
    return true;
}

static bool keep_url(weft_http_response *self, const char *url) {
    if (url == NULL || strcmp(url, self->request_url) == 0)
        return true;
    self->url = weft_allocate(strlen(url) + 1);
    if (self->url != NULL)
        strcpy(self->url, url);
    return self->url != NULL;
}

/* --- The body --- */

static const weft_error *too_long(weft_http_response *self) {
    return weft__http_error(self, WEFT_LIMIT, NULL, "the body is longer than %zu bytes", self->limit);
}

/* Room for so many bytes more, and a zero. What was read makes way first. */
static bool make_room(weft_http_response *self, size_t size) {
    size_t unread = weft__http_unread(self);
    if (self->bytes != NULL && self->room - self->bytes->size >= size)
        return true;
    if (self->bytes != NULL && self->room - unread >= size && self->start >= unread) {
        memmove(self->bytes->data, self->bytes->data + self->start, unread);
        self->bytes->size = unread;
        self->start = 0;
        return true;
    }
    size_t room = self->room > ROOM_LEAST ? self->room : ROOM_LEAST;
    while (room - unread < size)
        if ((room *= 2) > SIZE_MAX / 4)
            return false;
    weft_bytes *bytes = weft_allocate(sizeof *bytes + room);
    if (bytes == NULL)
        return false;
    if (unread > 0)
        memcpy(bytes->data, self->bytes->data + self->start, unread);
    bytes->size = unread;
    bytes->data[unread] = '\0';
    weft_free(self->bytes);
    self->bytes = bytes;
    self->start = 0;
    self->room = room;
    return true;
}

/* What the answer says of its length; 0 if nothing. It is none of what is decoded. */
static size_t expected(const weft_http_response *self) {
    const weft_http_field *length = weft__http_find(self->fields, "Content-Length");
    if (length == NULL || weft__http_find(self->fields, "Content-Encoding") != NULL ||
        strcmp(self->exchange.method, "HEAD") == 0)
        return 0;
    unsigned long long value = strtoull(length->value, NULL, 10);
    return value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

static const weft_error *take_head(weft_http_response *self, const char *url) {
    if (!make_fields(self) || !keep_url(self, url))
        return &weft_error_out_of_memory;
    size_t size = expected(self);
    if (self->whole && size > self->limit)
        return too_long(self);
    if (self->whole && size > 0 && !make_room(self, size < ROOM_EXPECTED ? size : ROOM_EXPECTED))
        return &weft_error_out_of_memory;
    return NULL;
}

weft__http_verdict weft__http_head(weft__exchange *exchange, const char *url) {
    weft_http_response *self = of(exchange);
    weft_loop *outer = enter(self);
    const weft_error *error = take_head(self, url);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    if (error != NULL) {
        verdict = stop(self, error);
    } else {
        self->state = HTTP_ANSWERED;
        alive(self);
        wake(self, HTTP_WAITS_HEAD | HTTP_WAITS_UPLOAD);
    }
    weft__current = outer;
    return verdict;
}

weft__http_verdict weft__http_bytes(weft__exchange *exchange, const char *data, size_t size) {
    weft_http_response *self = of(exchange);
    size_t unread = weft__http_unread(self);
    if (!self->whole && unread >= UNREAD_MOST) {
        self->refused = true;
        return WEFT__HTTP_REFUSED;
    }
    weft_loop *outer = enter(self);
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    if (self->whole && (unread > self->limit || size > self->limit - unread)) {
        verdict = stop(self, too_long(self));
    } else if (!make_room(self, size)) {
        verdict = stop(self, &weft_error_out_of_memory);
    } else {
        memcpy(self->bytes->data + self->bytes->size, data, size);
        self->bytes->size += size;
        self->bytes->data[self->bytes->size] = '\0';
        alive(self);
        wake(self, HTTP_WAITS_BYTES);
    }
    weft__current = outer;
    return verdict;
}

/* --- Reading what has arrived --- */

void weft__http_resume_reading(weft_http_response *self) {
    if (!self->refused || (!self->whole && weft__http_unread(self) >= UNREAD_MOST / 2))
        return;
    self->refused = false;
    weft__http_resume(&self->exchange);
}

void weft__http_consume(weft_http_response *self, size_t size) {
    self->start += size;
    self->scanned = 0;
    weft__http_resume_reading(self);
}

/* The memory itself, if nothing of it was read. */
weft_bytes *weft__http_take(weft_http_response *self) {
    weft_bytes *bytes = self->bytes;
    if (self->start > 0) {
        bytes = weft__bytes_new(bytes->data + self->start, weft__http_unread(self));
        if (bytes == NULL)
            return NULL;
        weft_free(self->bytes);
    }
    self->bytes = NULL;
    self->room = 0;
    self->start = 0;
    weft__http_consume(self, 0);
    return bytes;
}

/* All has come that was to come: the body stands at the beginning of its memory. NULL, or why not; borrowed.
 */
const weft_error *weft__http_gathered(weft_http_response *self) {
    size_t unread = weft__http_unread(self);
    if (self->state == HTTP_FAILED)
        return self->error;
    if (unread > self->limit) {
        self->error = too_long(self);
        return self->error;
    }
    if (self->start == 0 && self->bytes != NULL)
        return NULL;
    if (unread == 0) {
        weft_free(self->bytes);
        self->bytes = weft__bytes_new("", 0);
        self->start = self->room = 0;
        return self->bytes == NULL ? &weft_error_out_of_memory : NULL;
    }
    memmove(self->bytes->data, self->bytes->data + self->start, unread + 1);
    self->bytes->size = unread;
    self->start = 0;
    return NULL;
}

/* --- A body that is sent in parts --- */

static void read_part(const weft_value *part, const char **data, size_t *size) {
    const weft_bytes *bytes = part->as.pointer;
    *data = part->kind == WEFT_STRING ? part->as.string : bytes->data;
    *size = part->kind == WEFT_STRING ? strlen(part->as.string) : bytes->size;
}

/* For a transport that sends bodies in one piece. */
bool weft__http_gather_part(weft_http_response *self, weft_value part) {
    const char *data;
    size_t size;
    read_part(&part, &data, &size);
    bool added = grow(&self->gathered, self->exchange.size, &self->gathered_room, size + 1);
    if (added) {
        memcpy(self->gathered + self->exchange.size, data, size);
        self->exchange.size += size;
        self->exchange.body = self->gathered;
    }
    weft_value_free(&part);
    return added;
}

void weft__http_put_part(weft_http_response *self, weft_value part) {
    const char *data;
    size_t size;
    read_part(&part, &data, &size);
    if (size == 0) {
        weft_value_free(&part);
        return;
    }
    self->part = part;
    self->sent = 0;
    self->has_part = true;
    if (!self->starved)
        return;
    self->starved = false;
    weft__http_upload_resume(&self->exchange);
}

void weft__http_put_end(weft_http_response *self) {
    self->parts_end = true;
    if (!self->starved)
        return;
    self->starved = false;
    weft__http_upload_resume(&self->exchange);
}

ptrdiff_t weft__http_upload(weft__exchange *exchange, char *buffer, size_t size) {
    weft_http_response *self = of(exchange);
    const char *data;
    size_t whole;
    if (!self->has_part && self->parts_end)
        return 0;
    if (!self->has_part) {
        self->starved = true;
        return WEFT__HTTP_NOT_YET;
    }
    read_part(&self->part, &data, &whole);
    if (size > whole - self->sent)
        size = whole - self->sent;
    memcpy(buffer, data + self->sent, size);
    self->sent += size;
    if (self->sent == whole) {
        weft_loop *outer = enter(self);
        weft_value_free(&self->part);
        self->has_part = false;
        wake(self, HTTP_WAITS_UPLOAD);
        weft__current = outer;
    }
    alive(self);
    return (ptrdiff_t)size;
}

void weft__http_sent(weft__exchange *exchange) {
    alive(of(exchange));
}
