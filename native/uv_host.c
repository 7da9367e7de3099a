#define _POSIX_C_SOURCE 200809L /* for uv.h */

#include "uv_host.h"

#include "../core/internal.h"

#include <stdio.h>
#include <stdlib.h>

static weft_uv *of_host(weft_host *host) {
    return (weft_uv *)(void *)host;
}

/* libuv's own clock stands still during an iteration and counts whole milliseconds; this one does neither. */
static double now(weft_host *host) {
    return (double)(uv_hrtime() - of_host(host)->origin) * 1e-9;
}

static void on_timer(uv_timer_t *timer);

/* Far deadlines are reached in stages, since the timer's callback looks at the clock anyway. */
static int start_timer(weft_uv *self) {
    static const double stage = 1e9; /* milliseconds: 11 days */
    double delay = ceil((self->deadline - now(&self->host)) * 1e3);
    uv_update_time(self->uv); /* the timer counts from there */
    return uv_timer_start(&self->timer, on_timer, (uint64_t)fmin(fmax(delay, 0.0), stage), 0);
}

/* The first one ends a loop of weft's own; the core hears of those that it asked for. */
static void record_failure(weft_uv *self, const char *call, int code) {
    if (code != 0 && self->failure == 0) {
        self->failure = code;
        self->failed = call;
    }
}

static int arm(weft_host *host, double deadline) {
    weft_uv *self = of_host(host);
    if (deadline == self->deadline)
        return 0;
    self->deadline = deadline;
    if (deadline == INFINITY)
        return uv_timer_stop(&self->timer);
    int code = start_timer(self);
    if (code != 0)
        self->deadline = INFINITY;
    record_failure(self, "uv_timer_start", code);
    return code;
}

/* libuv counts from the start of a millisecond, and so can be early by a part of one. */
static void on_timer(uv_timer_t *timer) {
    weft_uv *self = timer->data;
    if (now(&self->host) < self->deadline) {
        weft__uv_fail(self, "uv_timer_start", start_timer(self));
        return;
    }
    self->deadline = INFINITY;
    weft__uv_turn(self);
}

/* Whether uv_run goes on for the sake of this loop. Not thread-safe, unlike uv_async_send. */
static void keep_running(weft_uv *self, bool keep) {
    if (keep) {
        uv_ref((uv_handle_t *)&self->async);
        uv_ref((uv_handle_t *)&self->timer);
    } else {
        uv_unref((uv_handle_t *)&self->async);
        uv_unref((uv_handle_t *)&self->timer);
    }
}

static int wake(weft_host *host) {
    weft_uv *self = of_host(host);
    weft_loop *loop = weft_loop_current();
    if (loop == NULL || loop->host != host)
        return uv_async_send(&self->async);
    weft__uv_turn_soon(self); /* this thread is the one that runs libuv's loop */
    return 0;
}

static void do_nothing(uv_idle_t *idle) {
    (void)idle;
}

static void on_check(uv_check_t *check) {
    weft__uv_turn(check->data);
}

/* Right after libuv's next look at all input, for which the idle handle keeps it from waiting. So what comes
 * together is seen to in one turn, and no system call is made for it. */
void weft__uv_turn_soon(weft_uv *self) {
    uv_idle_start(&self->idle, do_nothing);
    uv_check_start(&self->check, on_check);
}

static void on_async(uv_async_t *async) {
    weft__uv_turn(async->data);
}

static const char *describe(weft_host *host, int code) {
    weft_uv *self = of_host(host);
    char name[32], text[96];
    snprintf(self->words, sizeof self->words, "%s: %s", uv_err_name_r(code, name, sizeof name),
             uv_strerror_r(code, text, sizeof text));
    return self->words;
}

/*
 * Tasks that stay ready come back after libuv's timers and all other input: nothing of libuv's waits for
 * longer than a slice. An attached loop that is done is turned again, since others may have made something
 * ready during its end. A simulated loop is not turned from here.
 */
void weft__uv_turn(weft_uv *self) {
    uv_idle_stop(&self->idle);
    uv_check_stop(&self->check);
    if (self->loop == NULL || self->loop->host != &self->host)
        return;
    weft_turn turn = weft_loop_turn(self->loop, 0);
    if (turn == WEFT_TURN_DONE) {
        self->done = true;
        if (self->attached)
            turn = weft_loop_turn(self->loop, 0);
    }
    self->empty = turn != WEFT_TURN_MORE && self->loop->tasks == 0;
    keep_running(self, !self->empty || self->deadline < INFINITY);
    if (turn == WEFT_TURN_MORE)
        weft__uv_turn_soon(self);
    if (self->detached != NULL && self->empty && self->works == 0) {
        weft_loop_close(self->loop);
        weft__uv_close(self, self->detached);
    }
}

void weft__uv_fail(weft_uv *self, const char *call, int code) {
    record_failure(self, call, code);
    if (code != 0 && self->attached)
        weft__host_failed(self->loop, call, code);
}

void weft__uv_init(weft_uv *self, uv_loop_t *uv) {
    void *data = self->data;
    *self = (weft_uv){
        .host = {.now = now,
                 .arm = arm,
                 .wake = wake,
                 .work = weft__uv_work,
                 .signal = weft__uv_watch_signal,
                 .leave = weft__uv_leave,
                 .describe = describe,
                 .world = self,
                 .slice = 1e-3,
                 .kind = 1},
        .data = data,
        .uv = uv,
        .deadline = INFINITY,
        .origin = uv_hrtime(),
    };
}

/* WEFT_DEBUG switches debug mode on, as it does for weft_main. */
bool weft__uv_make_loop(weft_uv *self, const weft_allocator *allocator) {
    const char *debug = getenv("WEFT_DEBUG");
    self->loop = weft_loop_new(&self->host, allocator);
    if (self->loop == NULL)
        return false;
    weft_loop_set_debug(self->loop, debug != NULL && debug[0] != '\0' && strcmp(debug, "0") != 0);
    return true;
}

/* What does fail in practice comes first: then nothing is left to be closed. */
int weft__uv_open(weft_uv *self) {
    int code = uv_async_init(self->uv, &self->async, on_async);
    if (code != 0) {
        record_failure(self, "uv_async_init", code);
        return code;
    }
    code = uv_timer_init(self->uv, &self->timer);
    if (code != 0) {
        uv_close((uv_handle_t *)&self->async, NULL);
        record_failure(self, "uv_timer_init", code);
        return code;
    }
    uv_idle_init(self->uv, &self->idle); /* these two cannot fail */
    uv_check_init(self->uv, &self->check);
    self->async.data = self;
    self->timer.data = self;
    self->idle.data = self;
    self->check.data = self;
    self->open_handles = 4;
    keep_running(self, false);
    return 0;
}

void weft__uv_handle_closed(weft_uv *self) {
    if (--self->open_handles == 0)
        self->detached(self);
}

static void on_close(uv_handle_t *handle) {
    weft__uv_handle_closed(handle->data);
}

void weft__uv_close(weft_uv *self, weft_uv_callback *closed) {
    self->detached = closed;
    uv_close((uv_handle_t *)&self->async, on_close);
    uv_close((uv_handle_t *)&self->timer, on_close);
    uv_close((uv_handle_t *)&self->idle, on_close);
    uv_close((uv_handle_t *)&self->check, on_close);
}
