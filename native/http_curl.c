#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* libcurl's sockets and its timer as handles of libuv's. */

#include "http_curl.h"

#include <stdlib.h>
#include <string.h>

const weft__http_abilities weft__http_can = {.uploads = true, .progress = true, .relative = false};

/* A socket that libcurl waits for. */
typedef struct watch {
    uv_poll_t poll;
    weft__curl_pool *pool;
    curl_socket_t socket;
    int events; /* UV_READABLE, UV_WRITABLE */
} watch;

/* --- The end of handles --- */

/* The pool goes before the host may, and takes what is left of it along. */
static void handle_closed(weft__curl_pool *pool) {
    weft_uv *host = pool->host;
    if (--pool->handles == 0)
        free(pool);
    weft__uv_handle_closed(host);
}

static void on_watch_closed(uv_handle_t *handle) {
    watch *self = handle->data;
    weft__curl_pool *pool = self->pool;
    free(self);
    handle_closed(pool);
}

static void on_timer_closed(uv_handle_t *handle) {
    handle_closed(handle->data);
}

/* --- Turns of libcurl --- */

static void fail_all(weft__curl_pool *self, CURLMcode code) {
    while (self->transfers != NULL) {
        weft__exchange *exchange = self->transfers->exchange;
        weft__curl_transfer_free(self->transfers);
        if (exchange != NULL)
            weft__http_failed(exchange, weft__curl_multi_error(code));
    }
    curl_multi_cleanup(self->multi);
    self->multi = NULL;
}

/* After each call of libcurl's that may have brought a transfer to its end. */
static void look(weft__curl_pool *self, CURLMcode code) {
    CURLMsg *message;
    int left;
    if (code != CURLM_OK) {
        fail_all(self, code);
        return;
    }
    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        weft__curl_transfer *transfer = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        weft__curl_transfer_done(transfer, result);
    }
}

static void set_timer(weft__curl_pool *self);

static void on_timer(uv_timer_t *timer) {
    weft__curl_pool *self = timer->data;
    int running;
    while (self->resumed != NULL)
        weft__curl_transfer_resume(self->resumed);
    if (self->timed && self->due <= uv_now(self->host->uv) && self->multi != NULL) {
        self->timed = false;
        look(self, curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running));
    } else if (self->multi != NULL) {
        look(self, CURLM_OK);
    }
    set_timer(self);
}

static void set_timer(weft__curl_pool *self) {
    uint64_t now = uv_now(self->host->uv);
    if (self->closed)
        return;
    if (self->resumed != NULL)
        uv_timer_start(&self->timer, on_timer, 0, 0);
    else if (self->timed)
        uv_timer_start(&self->timer, on_timer, self->due > now ? self->due - now : 0, 0);
    else
        uv_timer_stop(&self->timer);
}

void weft__curl_soon(weft__curl_pool *pool) {
    set_timer(pool);
}

static int on_wanted_time(CURLM *multi, long milliseconds, void *context) {
    weft__curl_pool *self = context;
    (void)multi;
    uv_update_time(self->host->uv); /* libcurl looks at the clock, too, and would not be content with less */
    self->timed = milliseconds >= 0;
    self->due = uv_now(self->host->uv) + (self->timed ? (uint64_t)milliseconds : 0);
    set_timer(self);
    return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events);

static int start_watching(watch *self) {
    return uv_poll_start(&self->poll, self->events, on_socket);
}

/* What the error is, libcurl learns from the socket itself; libuv has stopped watching it. */
static void on_socket(uv_poll_t *poll, int status, int events) {
    watch *self = poll->data;
    weft__curl_pool *pool = self->pool;
    int running, flags = 0;
    if (status < 0 || events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (status < 0 || events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    CURLMcode code = curl_multi_socket_action(pool->multi, self->socket, flags, &running);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
        start_watching(self);
    look(pool, code);
}

static watch *watch_socket(weft__curl_pool *pool, curl_socket_t socket) {
    watch *self = calloc(1, sizeof *self);
    if (self == NULL || uv_poll_init_socket(pool->host->uv, &self->poll, socket) != 0) {
        free(self);
        return NULL;
    }
    self->poll.data = self;
    self->pool = pool;
    self->socket = socket;
    pool->handles++;
    return self;
}

/* The answer other than 0 breaks the multi handle, which `look` hears of. */
static int on_wanted_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
    weft__curl_pool *self = context;
    watch *watched = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL)
            weft__close_handle(self->host, (uv_handle_t *)&watched->poll, on_watch_closed);
        curl_multi_assign(self->multi, socket, NULL);
        return 0;
    }
    if (watched == NULL && (watched = watch_socket(self, socket)) == NULL)
        return -1;
    curl_multi_assign(self->multi, socket, watched);
    watched->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return start_watching(watched) == 0 ? 0 : -1;
}

/* --- The pool --- */

static CURLcode begun;

static void begin(void) {
    begun = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool open_multi(weft__curl_pool *self) {
    self->multi = curl_multi_init();
    if (self->multi == NULL)
        return false;
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_wanted_socket);
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_wanted_time);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)self->settings.connections);
    curl_multi_setopt(self->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)self->settings.connections_of_a_server);
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->settings.connections);
    return true;
}

void *weft__http_pool_open(weft_loop *loop, const weft__http_settings *settings, const weft_error **error) {
    static uv_once_t once = UV_ONCE_INIT;
    weft_uv *host = weft__uv_here(error);
    (void)loop;
    if (host == NULL)
        return NULL;
    weft__ignore_sigpipe();
    uv_once(&once, begin);
    weft__curl_pool *self = begun == CURLE_OK ? calloc(1, sizeof *self) : NULL;
    if (self != NULL) {
        self->host = host;
        self->settings = *settings;
    }
    if (self == NULL || !open_multi(self)) {
        free(self);
        *error = &weft_error_out_of_memory;
        return NULL;
    }
    uv_timer_init(host->uv, &self->timer); /* cannot fail */
    self->timer.data = self;
    self->handles = 1;
    return self;
}

void weft__http_pool_close(void *pool) {
    weft__curl_pool *self = pool;
    self->closed = true;
    if (self->multi != NULL)
        curl_multi_cleanup(self->multi); /* which lets go of every socket */
    self->multi = NULL;
    weft__close_handle(self->host, (uv_handle_t *)&self->timer, on_timer_closed);
}

/* --- Adding to it --- */

const weft_error *weft__curl_add(weft__curl_transfer *transfer) {
    weft__curl_pool *self = transfer->pool;
    if (self->multi == NULL && !open_multi(self))
        return &weft_error_out_of_memory;
    CURLMcode code = curl_multi_add_handle(self->multi, transfer->easy);
    return code == CURLM_OK ? NULL : weft__curl_multi_error(code);
}
