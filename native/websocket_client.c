#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The client's side of WebSockets: connecting, and the handshake in HTTP/1.1. A task of its own does both, so
 * that whoever waits for the socket can be told of a failure like of any other. */

#include "http_server.h"
#include "websocket_wire.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <strings.h>
#include <weft/tls.h>

enum { HEAD_MOST = 16384, KEY_SIZE = 25 };

/* --- The URL --- */

/* The parts of "ws://host:port/path?query", as pieces of one text of malloc's. */
typedef struct url {
    bool tls;
    int port;
    char *host;      /* without the brackets of an IPv6 address */
    char *authority; /* as it stands in the Host header */
    char *target;
} url;

static const weft_error *bad_url(const char *text, const char *why) {
    return weft_error_new(WEFT_INVALID_ARGUMENT, "%.200s is no URL of a WebSocket: %s", text, why);
}

static char *copy_part(const char *text, size_t size, const char *before) {
    size_t first = strlen(before);
    char *copy = malloc(first + size + 1);
    if (copy != NULL) {
        memcpy(copy, before, first);
        memcpy(copy + first, text, size);
        copy[first + size] = '\0';
    }
    return copy;
}

static void free_url(url *self) {
    free(self->host);
    free(self->authority);
    free(self->target);
    *self = (url){.host = NULL};
}

/* The port behind a host; -1: it is none. */
static int read_port(const char *at, const char *end, bool tls) {
    int port = 0;
    if (at == end)
        return tls ? 443 : 80;
    if (*at++ != ':' || at == end)
        return -1;
    for (; at < end && port <= 65535; at++) {
        if (*at < '0' || *at > '9')
            return -1;
        port = port * 10 + (*at - '0');
    }
    return port >= 1 && port <= 65535 ? port : -1;
}

/* An error, the caller's, or NULL. */
static const weft_error *read_url(const char *text, url *self) {
    size_t scheme = strncasecmp(text, "ws://", 5) == 0 ? 5 : strncasecmp(text, "wss://", 6) == 0 ? 6 : 0;
    if (scheme == 0)
        return bad_url(text, "it begins with neither ws:// nor wss://");
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 127)
            return bad_url(text, "it has a character that must be written with a %");
    self->tls = scheme == 6;
    const char *start = text + scheme, *end = start + strcspn(start, "/?#");
    const char *host = start[0] == '[' ? start + 1 : start;
    const char *host_end = host + strcspn(host, start[0] == '[' ? "]/?#" : ":/?#");
    const char *port = start[0] == '[' && *host_end == ']' ? host_end + 1 : host_end;
    self->port = read_port(port, end, self->tls);
    if (memchr(start, '@', (size_t)(end - start)) != NULL)
        return bad_url(text, "it names a user");
    if (host == host_end || self->port < 0 || (start[0] == '[' && *host_end != ']'))
        return bad_url(text, host == host_end ? "it names no host" : "it has no such port");
    const char *target_end = end + strcspn(end, "#");
    self->host = copy_part(host, (size_t)(host_end - host), "");
    self->authority = copy_part(start, (size_t)(end - start), "");
    self->target = copy_part(end, (size_t)(target_end - end), *end == '/' ? "" : "/");
    return self->host == NULL || self->authority == NULL || self->target == NULL ? &weft_error_out_of_memory
                                                                                 : NULL;
}

/* --- The answer --- */

enum { FIELD_OTHER, FIELD_UPGRADE, FIELD_CONNECTION, FIELD_ACCEPT, FIELD_PROTOCOL, FIELD_EXTENSIONS, FIELDS };

typedef struct answer {
    llhttp_t parser;
    int field;
    char name[32];
    size_t name_size;
    char values[FIELDS][128]; /* "" if it has not come; longer ones are cut, and then do not fit */
    size_t sizes[FIELDS];
    unsigned counts[FIELDS];
    bool headed;
} answer;

static int on_field(llhttp_t *parser, const char *at, size_t size) {
    answer *self = parser->data;
    for (size_t i = 0; i < size && self->name_size < sizeof self->name; i++)
        self->name[self->name_size++] = at[i];
    return 0;
}

static int on_field_complete(llhttp_t *parser) {
    static const char *const names[FIELDS] = {"",
                                              "Upgrade",
                                              "Connection",
                                              "Sec-WebSocket-Accept",
                                              "Sec-WebSocket-Protocol",
                                              "Sec-WebSocket-Extensions"};
    answer *self = parser->data;
    self->field = FIELD_OTHER;
    for (int i = 1; i < FIELDS; i++)
        if (strlen(names[i]) == self->name_size && strncasecmp(names[i], self->name, self->name_size) == 0)
            self->field = i;
    self->counts[self->field]++;
    self->name_size = 0;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t size) {
    answer *self = parser->data;
    size_t *used = &self->sizes[self->field];
    for (size_t i = 0; self->field != FIELD_OTHER && i < size && *used < sizeof self->values[0] - 1; i++)
        self->values[self->field][(*used)++] = at[i];
    return 0;
}

static int on_head(llhttp_t *parser) {
    answer *self = parser->data;
    self->headed = true;
    return HPE_PAUSED;
}

/* --- Dialling --- */

struct websocket_dial {
    weft_frame frame;
    weft_websocket *socket; /* counted */
    url url;
    const char *protocols;
    const char *const *headers;
    const char *ca_file;
    bool insecure;
    weft_tls_context *tls; /* owned; NULL: the one for all */
    weft_stream *stream;   /* a share of its users, once `shared` */
    bool shared;
    weft__reader reader;
    answer *answer;
    char key[KEY_SIZE];
    size_t size;
    const weft_error *error; /* owned */
    const weft_error *caught;
};

/* A socket that is being connected has its task as its carrier. */
static void leave_dialling(weft_websocket *socket) {
    weft_task *task = socket->carrier;
    weft_cancel(task);
    weft_release(task);
}

static const weft__websocket_transport dialling = {.leave = leave_dialling};

static bool is_still_wanted(const struct websocket_dial *self) {
    return self->socket->transport == &dialling;
}

/* One line that a program adds to the request. */
static bool is_header(const char *line) {
    char name[64];
    size_t size = strcspn(line, ":");
    if (line[size] != ':' || size >= sizeof name)
        return false;
    memcpy(name, line, size);
    name[size] = '\0';
    return weft__http_is_token(name) && strpbrk(line, "\r\n") == NULL;
}

static const weft_error *add_headers(struct websocket_dial *self) {
    const weft_error *error = NULL;
    for (const char *const *line = self->headers; error == NULL && line != NULL && *line != NULL; line++) {
        if (!is_header(*line))
            return weft_error_new(WEFT_INVALID_ARGUMENT, "%.100s is no header", *line);
        error = weft__stream_put(self->stream, *line, strlen(*line));
        if (error == NULL)
            error = weft__stream_put(self->stream, "\r\n", 2);
    }
    return error;
}

static bool is_list_of_tokens(const char *list) {
    return strspn(list, "!#$%&'*+-.^_`|~, 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
           strlen(list);
}

/* Puts the request together, and sends it. An error, the caller's, or NULL. */
static const weft_error *send_request(struct websocket_dial *self) {
    static const char form[] = "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s%s%s";
    const char *protocols = self->protocols;
    unsigned char random[16];
    self->answer = calloc(1, sizeof *self->answer);
    if (self->answer == NULL)
        return &weft_error_out_of_memory;
    if (protocols != NULL && !is_list_of_tokens(protocols))
        return weft_error_new(WEFT_INVALID_ARGUMENT, "%.100s is no list of subprotocols", protocols);
    if (RAND_bytes(random, sizeof random) != 1)
        return weft_error_new(WEFT_WEBSOCKET, "there are no random numbers");
    EVP_EncodeBlock((unsigned char *)self->key, random, sizeof random);
    weft_value text = weft_format(form, self->url.target, self->url.authority, self->key,
                                  protocols != NULL ? "Sec-WebSocket-Protocol: " : "",
                                  protocols != NULL ? protocols : "", protocols != NULL ? "\r\n" : "");
    if (text.kind == WEFT_FAILURE)
        return &weft_error_out_of_memory;
    const char *request = weft_value_string(text);
    const weft_error *error = weft__stream_put(self->stream, request, strlen(request));
    weft_value_free(&text);
    if (error == NULL)
        error = add_headers(self);
    return error != NULL ? error : weft__stream_put(self->stream, "\r\n", 2);
}

/* Takes what has come of the answer. True: more must come. */
static bool must_wait(struct websocket_dial *self) {
    weft_stream *stream = self->stream;
    while (!self->answer->headed && self->error == NULL) {
        size_t size = weft__input_size(stream);
        if (size == 0 && weft__http_is_over(stream)) {
            self->error = weft__stream_failure(stream);
            if (self->error == NULL)
                self->error = weft_error_new(WEFT_WEBSOCKET, "the server ended without an answer");
        }
        if (size == 0)
            return self->error == NULL;
        const char *data = stream->input + stream->input_start;
        llhttp_t *parser = &self->answer->parser;
        llhttp_errno_t code = llhttp_execute(parser, data, size);
        size_t taken = code == HPE_OK ? size : (size_t)(llhttp_get_error_pos(parser) - data);
        if (code != HPE_OK && code != HPE_PAUSED && code != HPE_PAUSED_UPGRADE)
            self->error = weft_error_new(WEFT_WEBSOCKET, "the server's answer is malformed: %s",
                                         llhttp_get_error_reason(parser));
        weft__input_consume(stream, taken);
        self->size += taken;
        if (!self->answer->headed && self->size > HEAD_MOST && self->error == NULL)
            self->error = weft_error_new(WEFT_LIMIT, "the server's answer exceeds %d bytes", HEAD_MOST);
    }
    return false;
}

static const weft_error *check_answer(struct websocket_dial *self) {
    const answer *got = self->answer;
    char accept[WEBSOCKET_ACCEPT_SIZE];
    int status = got->parser.status_code;
    const char *protocol = got->values[FIELD_PROTOCOL];
    const char *words = weft__http_words(status);
    if (status != 101)
        return weft_error_new(WEFT_WEBSOCKET, "the server answered %d (%s)", status,
                              words[0] == '\0' ? "unknown" : words);
    if (!weft__list_has(got->values[FIELD_UPGRADE], "websocket", 9) ||
        !weft__list_has(got->values[FIELD_CONNECTION], "upgrade", 7))
        return weft_error_new(WEFT_WEBSOCKET, "the server's answer is not that of a WebSocket");
    if (!weft__websocket_accept_of(self->key, accept) || strcmp(accept, got->values[FIELD_ACCEPT]) != 0)
        return weft_error_new(WEFT_WEBSOCKET, "the server's answer has the wrong Sec-WebSocket-Accept");
    if (got->counts[FIELD_EXTENSIONS] > 0)
        return weft_error_new(WEFT_WEBSOCKET, "the server chose an extension that was not offered");
    if (got->counts[FIELD_PROTOCOL] > 0 && !weft__list_has(self->protocols, protocol, strlen(protocol)))
        return weft_error_new(WEFT_WEBSOCKET, "the server chose a subprotocol that was not offered");
    return NULL;
}

/* From here on the frames flow. */
static const weft_error *begin_frames(struct websocket_dial *self) {
    weft_websocket *socket = self->socket;
    weft_task *task = socket->carrier;
    weft__http_reader_leave(self->stream, &self->reader);
    const weft_error *error = check_answer(self);
    if (error == NULL)
        error = weft__websocket_carry(socket, self->stream, false);
    if (error != NULL)
        return error;
    self->stream = NULL;
    weft_release(task);
    weft__websocket_opened(socket, self->answer->values[FIELD_PROTOCOL], self->answer->sizes[FIELD_PROTOCOL]);
    return NULL;
}

static const llhttp_settings_t answer_callbacks = {.on_header_field = on_field,
                                                   .on_header_field_complete = on_field_complete,
                                                   .on_header_value = on_value,
                                                   .on_headers_complete = on_head};

static void begin_answer(struct websocket_dial *self) {
    llhttp_init(&self->answer->parser, HTTP_RESPONSE, &answer_callbacks);
    self->answer->parser.data = self->answer;
}

static weft_coroutine *connect_stream(const struct websocket_dial *self) {
    return self->url.tls ? weft_tls_connect(self->url.host, self->url.port, self->tls)
                         : weft_tcp_connect(self->url.host, self->url.port);
}

static weft_async(websocket_dial) {
    weft_begin(websocket_dial);
    weft_try {
        if (self->url.tls && (self->ca_file != NULL || self->insecure))
            weft_await_to(self->tls, weft_tls_client(&(weft_tls_options){.ca_file = self->ca_file,
                                                                         .insecure = self->insecure}));
        weft_await_to(self->stream, connect_stream(self));
        weft__stream_use(self->stream);
        self->shared = true;
        if ((self->error = send_request(self)) != NULL)
            weft_raise_error(self->error);
        begin_answer(self);
        while (must_wait(self))
            WEFT__AWAIT_INPUT(self->stream, &self->reader, "a WebSocket to open");
        if (self->error == NULL)
            self->error = begin_frames(self);
        if (self->error != NULL)
            weft_raise_error(self->error);
    }
    weft_catch_all(self->caught) {
        if (is_still_wanted(self))
            weft__websocket_failed(self->socket, weft_error_retain(self->caught));
    }
    weft_drop();
    weft__http_reader_leave(self->stream, &self->reader);
    weft_stream_abort(self->stream);
    if (self->shared && self->stream != NULL)
        weft__stream_leave(self->stream);
    weft_error_release(self->error);
    weft_tls_context_close(self->tls);
    free(self->answer);
    free_url(&self->url);
    weft__websocket_let_go(self->socket);
    weft_end();
}

const weft_error *weft__websocket_dial(weft_websocket *socket, const char *text,
                                       const weft_websocket_options *options) {
    url parts = {.host = NULL};
    const weft_error *error = read_url(text, &parts);
    if (error != NULL) {
        free_url(&parts);
        return error;
    }
    weft_task *task =
        weft_create_task_named(weft_call(websocket_dial, .socket = weft__websocket_hold(socket), .url = parts,
                                         .protocols = options->protocols, .headers = options->headers,
                                         .ca_file = options->ca_file, .insecure = options->insecure),
                               "WebSocket");
    if (weft_task_done(task)) /* it could not be made */
        return weft_error_retain(weft_task_error(task));
    socket->transport = &dialling;
    socket->carrier = weft_retain(task);
    return NULL;
}
