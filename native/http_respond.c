#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* How requests are answered. Head and body leave in one piece if the body is small. */

#include "http_server.h"

#include <stdarg.h>
#include <stdlib.h>

enum { TOGETHER_MOST = 16384 }; /* bytes of a body that are copied behind the head */

/* For a status without usual words what it counts as. */
static const char *words_of(int status) {
    static const char *const kinds[] = {"Unknown",  "Unknown",      "Success",
                                        "Redirect", "Client Error", "Server Error"};
    const char *words = weft__http_words(status);
    return words[0] != '\0' ? words : kinds[status / 100 % 6];
}

/* --- A coroutine for what has happened already --- */

struct http_raising {
    weft_frame frame;
    const weft_error *error; /* owned */
};

static weft_async(http_raising) {
    weft_begin(http_raising);
    weft_raise_error(self->error);
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft__http_raising(const weft_error *error) {
    return weft_call(http_raising, .error = error);
}

/* --- The head --- */

/* The date in the form that HTTP wants, made once a second. */
static const char *date_of(weft_http_server *server) {
    time_t now = time(NULL);
    struct tm parts;
    if (now != server->date_second && gmtime_r(&now, &parts) != NULL) {
        static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        server->date_second = now;
        snprintf(server->date, sizeof server->date, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT",
                 days + 3 * (parts.tm_wday % 7), parts.tm_mday % 100, months + 3 * (parts.tm_mon % 12),
                 (parts.tm_year + 1900) % 10000, parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100);
    }
    return server->date;
}

static char *put(char *at, const char *text, size_t size) {
    memcpy(at, text, size);
    return at + size;
}

static char *put_text(char *at, const char *text) {
    return put(at, text, strlen(text));
}

static char *put_line(char *at, const char *name, const char *value) {
    at = put_text(put_text(put_text(at, name), ": "), value);
    return put(at, "\r\n", 2);
}

static char *put_number(char *at, uint64_t number) {
    char digits[20], *digit = digits + sizeof digits;
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return put(at, digit, (size_t)(digits + sizeof digits - digit));
}

/* A place for that much; NULL without memory. */
static char *scratch_for(weft_http_server *server, size_t size) {
    return weft__buffer_reserve(&server->scratch, size, realloc) ? server->scratch.data : NULL;
}

/* What does not depend on the request or the program: longer than all of that together. */
enum { HEAD_REST = 256 };

enum { LENGTH_UNSAID = -1 };

static char *put_head(char *at, weft_request *request, int status, const char *content_type, int64_t length) {
    at = put(at, "HTTP/1.1 ", 9);
    at = put_number(at, (uint64_t)status);
    *at++ = ' ';
    at = put(put_text(at, words_of(status)), "\r\n", 2);
    if (!request->says_date)
        at = put_line(at, "Date", date_of(request->server));
    if (content_type != NULL && !request->says_type)
        at = put_line(at, "Content-Type", content_type);
    if (length != LENGTH_UNSAID)
        at = put(put_number(put(at, "Content-Length: ", 16), (uint64_t)length), "\r\n", 2);
    if (request->chunked)
        at = put_text(at, "Transfer-Encoding: chunked\r\n");
    if (!request->keep_alive)
        at = put_text(at, "Connection: close\r\n");
    else if (request->minor == 0)
        at = put_text(at, "Connection: keep-alive\r\n");
    if (request->added.size > 0)
        at = put(at, request->added.data, request->added.size);
    return put(at, "\r\n", 2);
}

static size_t head_most(const weft_request *request, const char *content_type) {
    return HEAD_REST + request->added.size + (content_type != NULL ? strlen(content_type) : 0);
}

/* --- What the program may say --- */

static const weft_error *misuse(const weft_request *request) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the request is NULL"},
                            over = {.code = WEFT_INVALID_STATE, .message = "the request is over"};
    if (request == NULL)
        return &null;
    return request->connection == NULL || request->connection->stream == NULL ? &over : NULL;
}

static const weft_error *answered_before(const weft_request *request) {
    static const weft_error begun = {.code = WEFT_INVALID_STATE, .message = "the answer has begun already"};
    const weft_error *error = misuse(request);
    return error == NULL && request->begun ? &begun : error;
}

/* "Content-Length" and the like: what becomes of the request with it. An error, owned, or NULL. */
static const weft_error *note_header(weft_request *request, const char *name, const char *value) {
    static const weft_error made_here = {
        .code = WEFT_INVALID_ARGUMENT,
        .message = "Transfer-Encoding, and Connection but for \"close\", are the server's to say"};
    if (weft__http_same_name(name, "Content-Length")) {
        char *end;
        unsigned long long length = strtoull(value, &end, 10);
        if (*value < '0' || *value > '9' || *end != '\0' || request->says_length || length >= INT64_MAX)
            return weft_error_new(WEFT_INVALID_ARGUMENT, "%.40s is no Content-Length", value);
        request->says_length = true;
        request->promised = length;
    } else if (weft__http_same_name(name, "Connection") && weft__http_same_name(value, "close")) {
        request->keep_alive = false;
    } else if (weft__http_same_name(name, "Transfer-Encoding") || weft__http_same_name(name, "Connection")) {
        return &made_here;
    }
    request->says_date |= weft__http_same_name(name, "Date");
    request->says_type |= weft__http_same_name(name, "Content-Type");
    return NULL;
}

static bool add_line(weft__buffer *lines, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + 4;
    if (!weft__buffer_reserve(lines, size, realloc))
        return false;
    put_line(lines->data + lines->size, name, value);
    lines->size += size;
    return true;
}

const weft_error *weft_respond_header(weft_request *request, const char *name, const char *value) {
    static const weft_error no_header = {.code = WEFT_INVALID_ARGUMENT,
                                         .message = "a header needs a name and a value of one line"};
    const weft_error *error = answered_before(request);
    if (error != NULL)
        return error;
    if (name == NULL || value == NULL || !weft__http_is_token(name) || !weft__http_is_line(value))
        return &no_header;
    if ((error = note_header(request, name, value)) != NULL)
        return error;
    if (weft__http_same_name(name, "Connection") || weft__http_same_name(name, "Content-Length"))
        return NULL; /* written with the rest of the head */
    return add_line(&request->added, name, value) ? NULL : &weft_error_out_of_memory;
}

/* --- Answering --- */

/* Why it cannot be answered so, owned; NULL if it can. */
static const weft_error *refusal(const weft_request *request, int status, const char *content_type,
                                 const void *body, size_t size) {
    static const weft_error bad_type = {.code = WEFT_INVALID_ARGUMENT,
                                        .message = "a content type is one line"},
                            no_body = {.code = WEFT_INVALID_ARGUMENT, .message = "the body is NULL"};
    const weft_error *error = answered_before(request);
    if (error != NULL)
        return error;
    if (status < 200 || status > 599)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "%d is no status to answer with", status);
    if (content_type != NULL && !weft__http_is_line(content_type))
        return &bad_type;
    return body == NULL && size > 0 ? &no_body : NULL;
}

/* Whether what is left of the request's body can be dropped, so that another request can follow. */
static bool rest_is_short(const weft_request *request) {
    return request->complete || (!request->expects && request->length - request->received <= HTTP_DRAIN_MOST);
}

static bool has_no_body(int status) {
    return status == 204 || status == 304;
}

/* From here on the answer is on its way. */
static void begin(weft_request *request, int status) {
    request->begun = true;
    request->bodiless = has_no_body(status) || request->method == HTTP_HEAD;
    request->keep_alive &= rest_is_short(request) && !request->server->stopping;
}

static weft_coroutine *write_all(weft_stream *stream, const char *head, size_t head_size, const void *body,
                                 size_t size) {
    const weft_error *error = weft__stream_put(stream, head, head_size);
    return error != NULL ? weft__http_raising(error) : weft_stream_write(stream, body, size);
}

weft_coroutine *weft_respond(weft_request *request, int status, const char *content_type, const void *body,
                             size_t size) {
    static const weft_error length = {.code = WEFT_INVALID_ARGUMENT,
                                      .message = "the length of a whole body is known"};
    const weft_error *error = refusal(request, status, content_type, body, size);
    if (error == NULL && request->says_length)
        error = &length;
    if (error != NULL)
        return weft__http_raising(error);
    weft_stream *stream = request->connection->stream;
    size_t most = head_most(request, content_type) + (size <= TOGETHER_MOST ? size : 0);
    char *head = scratch_for(request->server, most);
    if (head == NULL)
        return weft__http_raising(&weft_error_out_of_memory);
    begin(request, status);
    char *end =
        put_head(head, request, status, content_type, has_no_body(status) ? LENGTH_UNSAID : (int64_t)size);
    if (request->bodiless || size == 0)
        return weft_stream_write(stream, head, (size_t)(end - head));
    if (size > TOGETHER_MOST)
        return write_all(stream, head, (size_t)(end - head), body, size);
    end = put(end, body, size);
    return weft_stream_write(stream, head, (size_t)(end - head));
}

static const char plain_text[] = "text/plain; charset=utf-8";

weft_coroutine *weft_respond_text(weft_request *request, int status, const char *text) {
    return weft_respond(request, status, plain_text, text, text == NULL ? 1 : strlen(text));
}

weft_coroutine *weft_respond_printf(weft_request *request, int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_value text = weft__format_list(format, arguments);
    va_end(arguments);
    weft_coroutine *coroutine = weft_value_error(text) != NULL
                                    ? weft__http_raising(&weft_error_out_of_memory)
                                    : weft_respond_text(request, status, weft_value_string(text));
    weft_value_free(&text);
    return coroutine;
}

/* --- In parts --- */

weft_coroutine *weft_respond_begin(weft_request *request, int status, const char *content_type) {
    const weft_error *error = refusal(request, status, content_type, NULL, 0);
    if (error != NULL)
        return weft__http_raising(error);
    char *head = scratch_for(request->server, head_most(request, content_type));
    if (head == NULL)
        return weft__http_raising(&weft_error_out_of_memory);
    begin(request, status);
    request->in_parts = true;
    if (!request->says_length && !has_no_body(status)) {
        request->chunked = request->minor > 0;
        request->keep_alive &= request->minor > 0; /* else the end of the body is that of the connection */
    }
    int64_t length = request->says_length && status != 204 ? (int64_t)request->promised : LENGTH_UNSAID;
    char *end = put_head(head, request, status, content_type, length);
    return weft_stream_write(request->connection->stream, head, (size_t)(end - head));
}

static const weft_error *refusal_to_write(const weft_request *request, const void *data, size_t size) {
    static const weft_error not_begun = {.code = WEFT_INVALID_STATE,
                                         .message = "the answer has not begun, or was given as a whole"},
                            null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no data"};
    const weft_error *error = misuse(request);
    if (error != NULL)
        return error;
    if (!request->in_parts)
        return &not_begun;
    if (data == NULL && size > 0)
        return &null;
    if (request->says_length && size > request->promised - request->written)
        return weft_error_new(WEFT_LIMIT, "more than the %llu bytes that Content-Length has promised",
                              (unsigned long long)request->promised);
    return NULL;
}

/* A chunk of some bytes, with its size before it. */
static weft_coroutine *write_chunk(weft_request *request, const void *data, size_t size) {
    weft_stream *stream = request->connection->stream;
    char *start = scratch_for(request->server, 32 + (size <= TOGETHER_MOST ? size : 0));
    if (start == NULL)
        return weft__http_raising(&weft_error_out_of_memory);
    char *end = start + snprintf(start, 24, "%zx\r\n", size);
    if (size > TOGETHER_MOST) {
        const weft_error *error = weft__stream_put(stream, start, (size_t)(end - start));
        return error != NULL ? weft__http_raising(error) : write_all(stream, data, size, "\r\n", 2);
    }
    end = put(put(end, data, size), "\r\n", 2);
    return weft_stream_write(stream, start, (size_t)(end - start));
}

weft_coroutine *weft_respond_write(weft_request *request, const void *data, size_t size) {
    const weft_error *error = refusal_to_write(request, data, size);
    if (error != NULL)
        return weft__http_raising(error);
    request->written += size;
    if (request->bodiless || size == 0)
        return weft_stream_write(request->connection->stream, "", 0);
    return request->chunked ? write_chunk(request, data, size)
                            : weft_stream_write(request->connection->stream, data, size);
}

bool weft__respond_end(weft_request *request) {
    weft_stream *stream = request->connection->stream;
    if (request->bodiless)
        return true;
    if (request->says_length)
        return request->written == request->promised;
    if (request->chunked)
        weft_error_release(weft__stream_put(stream, "0\r\n\r\n", 5)); /* whoever reads next hears of it */
    return true;
}

/* --- The server's own answers --- */

void weft__respond_plainly(weft__http_connection *connection, int status, const char *reason) {
    weft_request none = {.server = connection->server, .minor = 1};
    weft_request *request = connection->request != NULL ? connection->request : &none;
    char body[512];
    int size = snprintf(body, sizeof body, "%d %s%s%.300s\n", status, words_of(status),
                        reason != NULL ? ": " : "", reason != NULL ? reason : "");
    request->begun = true;
    request->keep_alive = false;
    if (status != 426) /* which names what it wants */
        request->added.size = 0;
    request->chunked = request->says_length = request->says_date = request->says_type = false;
    char *head = scratch_for(connection->server, head_most(request, plain_text) + (size_t)size);
    if (head == NULL) /* then it ends without an answer */
        return;
    char *end = put_head(head, request, status, plain_text, size);
    if (request->method != HTTP_HEAD || !request->headed)
        end = put(end, body, (size_t)size);
    weft_error_release(weft__stream_put(connection->stream, head, (size_t)(end - head)));
}
