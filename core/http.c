/* Requests from their beginning to their answer: the coroutines. */

#include "http.h"

#include <string.h>

struct http_send {
    weft_frame frame;
    weft_http_response *response; /* NULL: there was no memory for it, or the program has it */
    weft_coroutine *chunks;       /* of the body, until they are iterated over */
    const weft_error *error;
    weft_value part;
};

static weft_coroutine *hand_over(weft_coroutine **chunks) {
    weft_coroutine *coroutine = *chunks;
    *chunks = NULL;
    return coroutine;
}

static bool is_part(const weft_value *part) {
    return (part->kind == WEFT_STRING && part->as.string != NULL) ||
           (part->kind == WEFT_POINTER && part->as.pointer != NULL);
}

static weft_value move(weft_value *value) {
    weft_value moved = *value;
    *value = weft_none();
    return moved;
}

/* No more of the request is wanted: it has failed, or the answer is an error, after which it is not read. */
static bool wants_no_more(const weft_http_response *response) {
    return !weft__http_live(response) || (response->state == HTTP_ANSWERED && response->status >= 400);
}

static bool is_done(const weft_http_response *response) {
    return !weft__http_live(response) || (response->state == HTTP_ANSWERED && !response->whole);
}

static weft_coroutine *exit_response(void *object, const weft_error *error) {
    (void)error;
    weft_http_response_close(object);
    return NULL;
}

static void free_response(void *response) {
    weft_http_response_close(response);
}

/* From here on it is the program's. */
static weft_value give(weft_http_response **response) {
    weft_http_response *self = *response;
    *response = NULL;
    self->opened.resource.exit = exit_response;
    weft__open_in(&self->exchange.loop->opened, &self->opened, "HTTP response", weft__http_close);
    return weft_owned_pointer(self, free_response);
}

static weft_async(http_send) {
    weft_begin(http_send);
    if (self->response == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    if (self->response->state == HTTP_FAILED)
        weft_raise_error(self->response->error);
    if (self->chunks != NULL && !weft__http_can.uploads) {
        weft_for_await (self->part, hand_over(&self->chunks)) {
            if (!is_part(&self->part))
                weft_raise(WEFT_TYPE_MISMATCH, "a part of a body is a string or a weft_bytes *");
            if (!weft__http_gather_part(self->response, move(&self->part)))
                weft_raise_error(&weft_error_out_of_memory);
        }
    }
    if ((self->error = weft__http_begin(self->response)) != NULL)
        weft_raise_error(self->error);
    if (self->chunks != NULL) {
        weft_for_await (self->part, hand_over(&self->chunks)) {
            if (wants_no_more(self->response))
                break;
            if (!is_part(&self->part))
                weft_raise(WEFT_TYPE_MISMATCH, "a part of a body is a string or a weft_bytes *");
            weft__http_put_part(self->response, move(&self->part));
            while (self->response->has_part && !wants_no_more(self->response))
                WEFT__HTTP_WAIT(self->response, HTTP_WAITS_UPLOAD);
        }
        if (weft__http_live(self->response))
            weft__http_put_end(self->response);
    }
    while (!is_done(self->response))
        WEFT__HTTP_WAIT(self->response, self->response->whole ? HTTP_WAITS_END : HTTP_WAITS_HEAD);
    self->error = self->response->whole ? weft__http_gathered(self->response) : self->response->error;
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_return(give(&self->response));
    weft_drop();
    weft__http_waited(self->response, weft__frame);
    weft_coroutine_close(self->chunks);
    weft_value_free(&self->part);
    weft__http_release(self->response);
    weft_end();
}

weft_coroutine *weft_http_send(weft_http *client, const weft_http_request *request) {
    static const weft_http_request nothing;
    if (request == NULL)
        request = &nothing;
    return weft_call(http_send, .response = weft__http_prepare(client, request), .chunks = request->chunks);
}

weft_coroutine *weft_http_get(weft_http *client, const char *url) {
    return weft_http_send(client, &(weft_http_request){.url = url});
}

weft_coroutine *weft_http_post(weft_http *client, const char *url, const char *content_type, const void *body,
                               size_t size) {
    if (body == NULL && size == 0)
        body = "";
    return weft_http_send(
        client, &(weft_http_request){
                    .method = "POST", .url = url, .content_type = content_type, .body = body, .size = size});
}

/* --- Statuses --- */

/* NULL, or an error, counted. */
static const weft_error *status_error(const weft_http_response *response) {
    const char *reason = weft_http_reason(response);
    if (response->status >= 200 && response->status <= 299)
        return NULL;
    return weft__http_error(response, WEFT_HTTP, NULL, "%d%s%s", response->status,
                            reason[0] == '\0' ? "" : " ", reason);
}

struct http_raise {
    weft_frame frame;
    const weft_error *error; /* counted */
};

static weft_async(http_raise) {
    weft_begin(http_raise);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_http_raise_for_status(const weft_http_response *response) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "the response is NULL"};
    return weft_call(http_raise, .error = response == NULL ? &null : status_error(response));
}

/* --- The whole of it --- */

struct http_fetch {
    weft_frame frame;
    weft_coroutine *send; /* until it is awaited */
    weft_http_response *response;
    const weft_error *error; /* counted */
};

/* The body's own memory becomes the string. */
static weft_value take_text(weft_http_response *response) {
    weft_bytes *bytes = weft__http_take(response);
    if (bytes == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    size_t size = bytes->size;
    char *text = (char *)memmove(bytes, bytes->data, size + 1);
    weft_value value = weft_owned_string(text, weft_free);
    if (memchr(text, '\0', size) == NULL)
        return value;
    weft_value_free(&value);
    return weft__owned_failure(
        weft__http_error(response, WEFT_HTTP, NULL, "the body is no text: it has a zero byte"));
}

static weft_async(http_fetch) {
    weft_begin(http_fetch);
    weft_await_to(self->response, hand_over(&self->send));
    if ((self->error = status_error(self->response)) != NULL)
        weft_raise_error(self->error);
    weft_return(take_text(self->response));
    weft_drop();
    weft_coroutine_close(self->send);
    weft_http_response_close(self->response);
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *weft_fetch(const char *url) {
    return weft_call(http_fetch, .send = weft_http_get(NULL, url));
}
