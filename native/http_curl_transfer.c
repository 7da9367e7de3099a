#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* One exchange as a transfer of libcurl's: what is asked for, and what it calls back with. */

#include "../core/links.h"
#include "http_curl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char agent[] = "weft/0.1";

/* --- What libcurl calls back with --- */

/* Nothing more is told of it: libcurl is told that it failed, and weft__curl_transfer_done only frees it. */
static size_t stopped(weft__curl_transfer *self, size_t refusal) {
    self->exchange->transfer = NULL;
    self->exchange = NULL;
    return refusal;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static bool read_status(const char *line, size_t size, int *status, int *version) {
    if (size < 8 || memcmp(line, "HTTP/", 5) != 0)
        return false;
    const char *at = line + 5, *end = line + size;
    *version = *status = 0;
    for (; at < end && *at != ' '; at++)
        if (*at >= '0' && *at <= '9' && *version < 100)
            *version = *version * 10 + (*at - '0');
    for (; at < end && *at == ' '; at++) {
    }
    for (; at < end && *at >= '0' && *at <= '9' && *status < 1000; at++)
        *status = *status * 10 + (*at - '0');
    if (*version > 0 && *version < 10)
        *version *= 10;
    return *status >= 100;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static weft__http_verdict read_field(weft__curl_transfer *self, const char *line, size_t size) {
    const char *colon = memchr(line, ':', size), *end = line + size;
    if (colon == NULL || colon == line || is_blank(line[0]))
        return WEFT__HTTP_GO_ON; /* no header, or the rest of a folded one, which RFC 9112 has done away with
                                  */
    const char *value = colon + 1, *name_end = colon;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    while (name_end > line && is_blank(name_end[-1]))
        name_end--;
    size_t name_size = (size_t)(name_end - line);
    self->located |= name_size == 8 && curl_strnequal(line, "Location", 8);
    return weft__http_field(self->exchange, line, name_size, value, (size_t)(end - value));
}

/* libcurl goes elsewhere by itself: only if it does not, the core hears that this was an answer. */
static bool leads_elsewhere(const weft__curl_transfer *self) {
    return self->status >= 300 && self->status < 400 && self->located && self->exchange->max_redirects > 0;
}

static weft__http_verdict answer(weft__curl_transfer *self) {
    const char *url = NULL;
    self->answered = true;
    curl_easy_getinfo(self->easy, CURLINFO_EFFECTIVE_URL, &url);
    return weft__http_head(self->exchange, url);
}

static size_t on_header(char *line, size_t one, size_t size, void *context) {
    weft__curl_transfer *self = context;
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    int version;
    (void)one;
    if (self->exchange == NULL)
        return 0;
    if (self->answered) /* a trailer */
        return size;
    if (read_status(line, size, &self->status, &version)) {
        self->located = false;
        weft__http_status(self->exchange, self->status, version);
    } else if (!is_blank(line[0])) {
        verdict = read_field(self, line, size);
    } else if ((line[0] == '\r' || line[0] == '\n') && self->status >= 200 && !leads_elsewhere(self)) {
        verdict = answer(self);
    }
    return verdict == WEFT__HTTP_STOP ? stopped(self, 0) : size;
}

static size_t on_bytes(char *data, size_t one, size_t size, void *context) {
    weft__curl_transfer *self = context;
    (void)one;
    if (self->exchange == NULL)
        return 0;
    switch (weft__http_bytes(self->exchange, data, size)) {
    case WEFT__HTTP_GO_ON:
        return size;
    case WEFT__HTTP_REFUSED:
        self->paused |= CURLPAUSE_RECV;
        return CURL_WRITEFUNC_PAUSE;
    default:
        return stopped(self, 0);
    }
}

static size_t on_upload(char *buffer, size_t one, size_t size, void *context) {
    weft__curl_transfer *self = context;
    if (self->exchange == NULL)
        return CURL_READFUNC_ABORT;
    ptrdiff_t written = weft__http_upload(self->exchange, buffer, one * size);
    if (written == WEFT__HTTP_NOT_YET) {
        self->paused |= CURLPAUSE_SEND;
        return CURL_READFUNC_PAUSE;
    }
    return written < 0 ? stopped(self, CURL_READFUNC_ABORT) : (size_t)written;
}

/* Called often while a body is sent, and about once a second else. */
static int on_progress(void *context, curl_off_t total, curl_off_t received, curl_off_t size,
                       curl_off_t sent) {
    weft__curl_transfer *self = context;
    (void)total;
    (void)received;
    (void)size;
    if (self->exchange != NULL && sent != self->sent) {
        self->sent = sent;
        weft__http_sent(self->exchange);
    }
    return 0;
}

#if LIBCURL_VERSION_NUM >= 0x075000
/* It is connected: from now on the server is to do something. */
static int on_connected(void *context, char *peer, char *local, int peer_port, int local_port) {
    weft__curl_transfer *self = context;
    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    if (self->exchange != NULL)
        weft__http_sent(self->exchange);
    return CURL_PREREQFUNC_OK;
}
#endif

/* As libcurl would, but children do not inherit it, and why there is none is known. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    weft__curl_transfer *self = context;
    (void)purpose;
    int descriptor = socket(address->family, address->socktype, address->protocol);
    if (descriptor < 0) {
        self->refused = errno;
        return CURL_SOCKET_BAD;
    }
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

/* --- What is asked for --- */

static bool add_line(weft__curl_transfer *self, const char *line) {
    struct curl_slist *list = curl_slist_append(self->headers, line);
    if (list != NULL)
        self->headers = list;
    return list != NULL;
}

/* "Name: value", or "Name;" for an empty one, as libcurl has it. */
static bool add_field(weft__curl_transfer *self, const weft_http_field *field) {
    size_t name = strlen(field->name), value = strlen(field->value);
    const char *blank = field->value + strspn(field->value, " \t");
    char *line = malloc(name + value + 3);
    if (line == NULL)
        return false;
    memcpy(line, field->name, name);
    memcpy(line + name, *blank == '\0' ? ";" : ": ", 3);
    if (*blank != '\0')
        memcpy(line + name + 2, field->value, value + 1);
    bool added = add_line(self, line);
    free(line);
    return added;
}

static bool has_field(const weft__exchange *exchange, const char *name) {
    for (const weft_http_field *field = exchange->headers; field->name != NULL; field++)
        if (curl_strequal(field->name, name))
            return true;
    return false;
}

/* A header without a value is one that libcurl is not to add. */
static bool add_fields(weft__curl_transfer *self) {
    const weft__exchange *exchange = self->exchange;
    bool added = add_line(self, "Expect:");
    for (const weft_http_field *field = exchange->headers; added && field->name != NULL; field++)
        added = add_field(self, field);
    if (self->sends && !has_field(exchange, "Content-Type"))
        added = added && add_line(self, "Content-Type:");
    if (exchange->upload)
        added = added && add_line(self, "Transfer-Encoding: chunked");
    return added;
}

/* The first failure counts; there is none but for want of memory. */
#define SET(option, value)                                          \
    do {                                                            \
        if (code == CURLE_OK)                                       \
            code = curl_easy_setopt(self->easy, (option), (value)); \
    } while (0)

static CURLcode set_connection(weft__curl_transfer *self) {
    const weft__http_settings *settings = &self->pool->settings;
    double milliseconds = ceil(self->exchange->connect_timeout * 1e3);
    CURLcode code = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, self);
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds < INT_MAX ? (long)milliseconds : (long)INT_MAX);
    SET(CURLOPT_HTTP_VERSION, settings->http1 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
    if (settings->proxy != NULL)
        SET(CURLOPT_PROXY, settings->proxy);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (settings->ca_file != NULL) {
        SET(CURLOPT_CAINFO, settings->ca_file);
        SET(CURLOPT_CAPATH, (char *)NULL);
    }
    SET(CURLOPT_SSL_VERIFYPEER, settings->insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, settings->insecure ? 0L : 2L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    SET(CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a cancellation does not wait for the thread that looks up a name */
#endif
    return code;
}

static CURLcode set_body(weft__curl_transfer *self) {
    const weft__exchange *exchange = self->exchange;
    const char *method = exchange->method;
    bool posts = strcmp(method, "POST") == 0;
    CURLcode code = CURLE_OK;
    if (exchange->upload) {
        SET(posts ? CURLOPT_POST : CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, on_upload);
        SET(CURLOPT_READDATA, self);
    } else if (exchange->body != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->size);
        SET(CURLOPT_POSTFIELDS, exchange->body);
    } else if (strcmp(method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return code;
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    if (!(posts && self->sends) && (self->sends || strcmp(method, "GET") != 0))
        SET(CURLOPT_CUSTOMREQUEST, method);
    return code;
}

static CURLcode set_callbacks(weft__curl_transfer *self) {
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PRIVATE, self);
    SET(CURLOPT_ERRORBUFFER, self->words);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, self);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, self);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, self);
#endif
    if (self->sends) {
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, self);
        SET(CURLOPT_NOPROGRESS, 0L);
    }
    return code;
}

static CURLcode set_request(weft__curl_transfer *self) {
    const weft__exchange *exchange = self->exchange;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, exchange->url);
    SET(CURLOPT_HTTPHEADER, self->headers);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* all that it can decode */
    SET(CURLOPT_USERAGENT, agent);
    SET(CURLOPT_FOLLOWLOCATION, exchange->max_redirects > 0 ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)exchange->max_redirects);
    return code;
}

/* --- Its life --- */

static bool set_up(weft__curl_transfer *self) {
    self->easy = curl_easy_init();
    return self->easy != NULL && add_fields(self) && set_connection(self) == CURLE_OK &&
           set_callbacks(self) == CURLE_OK && set_request(self) == CURLE_OK && set_body(self) == CURLE_OK;
}

static void leave_resumed(weft__curl_transfer *self) {
    if (self->resumed == NULL)
        return;
    *self->resumed = self->next_resumed;
    if (self->next_resumed != NULL)
        self->next_resumed->resumed = self->resumed;
    self->resumed = NULL;
}

void weft__curl_transfer_free(weft__curl_transfer *self) {
    leave_resumed(self);
    if (self->exchange != NULL)
        self->exchange->transfer = NULL;
    if (self->link != NULL) {
        WEFT__UNLINK(self);
        curl_multi_remove_handle(self->pool->multi, self->easy);
    }
    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    free(self);
}

const weft_error *weft__http_start(weft__exchange *exchange) {
    weft__curl_pool *pool = exchange->pool;
    weft__curl_transfer *self = calloc(1, sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    self->pool = pool;
    self->exchange = exchange;
    self->sends = exchange->upload || exchange->body != NULL;
    const weft_error *error = set_up(self) ? weft__curl_add(self) : &weft_error_out_of_memory;
    if (error != NULL) {
        weft__curl_transfer_free(self);
        return error;
    }
    exchange->transfer = self;
    WEFT__LINK(&pool->transfers, self);
    return NULL;
}

void weft__curl_transfer_done(weft__curl_transfer *self, CURLcode result) {
    const weft_error *error = NULL;
    if (self->exchange != NULL && result != CURLE_OK)
        error = weft__curl_error(self, result);
    else if (self->exchange != NULL && !self->answered && answer(self) == WEFT__HTTP_STOP)
        stopped(self, 0);
    weft__exchange *exchange = self->exchange;
    weft__curl_transfer_free(self);
    if (error != NULL)
        weft__http_failed(exchange, error);
    else if (exchange != NULL)
        weft__http_end(exchange);
}

void weft__http_abandon(weft__exchange *exchange) {
    weft__curl_transfer_free(exchange->transfer);
}

/* --- Going on --- */

static void resume(weft__exchange *exchange, int what) {
    weft__curl_transfer *self = exchange->transfer;
    self->resuming |= what;
    if (self->resumed != NULL)
        return;
    self->resumed = &self->pool->resumed;
    self->next_resumed = self->pool->resumed;
    if (self->next_resumed != NULL)
        self->next_resumed->resumed = &self->next_resumed;
    self->pool->resumed = self;
    weft__curl_soon(self->pool);
}

void weft__http_resume(weft__exchange *exchange) {
    resume(exchange, CURLPAUSE_RECV);
}

void weft__http_upload_resume(weft__exchange *exchange) {
    resume(exchange, CURLPAUSE_SEND);
}

/* libcurl calls back from within this, and then may not end the transfer by itself. */
void weft__curl_transfer_resume(weft__curl_transfer *self) {
    leave_resumed(self);
    self->paused &= ~self->resuming;
    self->resuming = 0;
    CURLcode code = curl_easy_pause(self->easy, self->paused);
    if (code != CURLE_OK)
        weft__curl_transfer_done(self, code);
}
