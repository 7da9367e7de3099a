/*
 * What comes of an exchange: from the transport, from its timer, from whoever stops it. All of it only
 * changes the response and wakes the task that waits.
 *
 * The transport's calls come outside of turns, where another loop's may be the current one, if any.
 */

#include "http.h"
#include "links.h"

#include <stdarg.h>
#include <stdio.h>

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
    weft__http_tell_request(self->exchange.method, self->request_url, request, sizeof request);
    return weft__error_named(code, system, "%s: %s", request, said);
}

/* --- Waiting --- */

static void tell(const weft__waiting *waiting, char *buffer, size_t size) {
    const char *response = (const char *)waiting - offsetof(weft_http_response, waiting);
    const weft_http_response *self = (const weft_http_response *)(const void *)response;
    weft__http_tell_request(self->exchange.method, self->request_url, buffer, size);
}

const weft__outside *weft__http_awaited(unsigned wants) {
    static const weft__outside answer = WEFT__OUTSIDE("an HTTP answer", tell),
                               more = WEFT__OUTSIDE("more of an HTTP answer", tell),
                               room = WEFT__OUTSIDE("room for an HTTP request", tell);
    return wants & HTTP_WAITS_UPLOAD ? &room : wants & HTTP_WAITS_BYTES ? &more : &answer;
}

static void on_timer(void *argument);

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

void weft__http_alive(weft_http_response *self) {
    self->counting = true;
    if (self->idle < INFINITY)
        self->since = weft__now(self->exchange.loop);
}

/* The transport has let go of it, or is told to. */
static void settle(weft_http_response *self, weft__http_state state) {
    self->state = state;
    weft_handle_cancel(self->timer);
    self->timer = NULL;
    WEFT__UNLINK(self);
    self->client = NULL;
    weft_value_free(&self->part);
    self->has_part = self->refused = self->starved = false;
    weft__http_wake(self, ~0u);
}

void weft__http_lose(weft_http_response *self, const weft_error *error) {
    self->error = error;
    settle(self, HTTP_FAILED);
}

void weft__http_fail(weft_http_response *self, const weft_error *error) {
    if (weft__http_live(self))
        weft__http_abandon(&self->exchange);
    weft__http_lose(self, error);
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
    weft_http_response *self = weft__http_of(exchange);
    weft_loop *outer = weft__http_enter(self);
    if (self->state == HTTP_ANSWERED)
        settle(self, HTTP_ENDED);
    else
        weft__http_lose(self, weft__http_error(self, WEFT_HTTP, NULL, "the server has not answered"));
    weft__current = outer;
}

void weft__http_failed(weft__exchange *exchange, const weft_error *error) {
    weft_http_response *self = weft__http_of(exchange);
    weft_loop *outer = weft__http_enter(self);
    if (error->references == 0) { /* out of memory, and the like */
        weft__http_lose(self, error);
    } else {
        weft__http_lose(self, weft__http_error(self, error->code, error->system, "%s", error->message));
        weft_error_release(error);
    }
    weft__current = outer;
}
