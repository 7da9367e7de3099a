/* Requests: what programs say of them is checked, completed by what their client says, and copied. */

#include "http.h"
#include "links.h"

#include <string.h>

/* --- Copying into one block --- */

void *weft__http_pack(weft__http_packing *pack, const void *data, size_t size) {
    size_t at = (pack->size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
    if (data == NULL)
        return NULL;
    pack->size = at + size;
    if (pack->memory == NULL)
        return NULL;
    if (size > 0)
        memcpy(pack->memory + at, data, size);
    return pack->memory + at;
}

const char *weft__http_pack_text(weft__http_packing *pack, const char *text) {
    return text == NULL ? NULL : weft__http_pack(pack, text, strlen(text) + 1);
}

/* --- Checking --- */

static const weft_error *refuse(const char *format, const char *text) {
    return weft_error_new(WEFT_INVALID_ARGUMENT, format, text);
}

/* Those that say where a body ends, or change the protocol: a wrong one would be read as another request. And
 * what is for a proxy alone, whose URL has it: servers would be told. */
static bool is_reserved(const char *name) {
    static const char *const reserved[] = {"Content-Length", "Transfer-Encoding", "Expect", "Upgrade",
                                           "Proxy-Authorization"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (weft__http_same_name(name, reserved[i]))
            return true;
    return false;
}

static const weft_error *check_fields(const weft_http_field *fields) {
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (!weft__http_is_token(fields->name))
            return refuse("\"%.80s\" is no name of a header", fields->name);
        if (is_reserved(fields->name))
            return refuse("the header %.80s is the client's to set", fields->name);
        if (fields->value == NULL)
            return refuse("the header %.80s has no value", fields->name);
        if (!weft__http_is_line(fields->value))
            return refuse("the header %.80s is not a single line of text", fields->name);
    }
    return NULL;
}

static const weft_error *check_method(const char *method) {
    if (!weft__http_is_token(method))
        return refuse("\"%.80s\" is no method of HTTP", method);
    if (weft__http_same_name(method, "CONNECT") || weft__http_same_name(method, "TRACE"))
        return refuse("a client cannot be asked to %.80s", method);
    return NULL;
}

static bool is_seconds(double wanted) {
    return wanted >= 0;
}

const weft_error *weft__http_check_options(const weft_http_options *options) {
    const weft_error *error = check_fields(options->headers);
    if (error != NULL)
        return error;
    if (options->base_url != NULL && (error = weft__http_check_base(options->base_url)) != NULL)
        return error;
    if (!is_seconds(options->connect_timeout) || !is_seconds(options->idle_timeout) ||
        !is_seconds(options->timeout))
        return refuse("%s", "a timeout is a number of seconds above zero");
    if (options->max_connections < 0 || options->max_connections_of_a_server < 0)
        return refuse("%s", "a number of connections that is below zero");
    return NULL;
}

/* --- The whole request --- */

static bool has_body(const weft_http_request *request) {
    return request->body != NULL || request->chunks != NULL;
}

static const weft_error *check(const weft_http_request *request) {
    const char *method = request->method == NULL ? "GET" : request->method;
    const weft_error *error = check_method(method);
    if (error == NULL)
        error = check_fields(request->headers);
    if (error != NULL)
        return error;
    if (request->content_type != NULL && !weft__http_is_line(request->content_type))
        return refuse("%s", "a content type is a single line of text");
    if (request->body == NULL && request->size > 0)
        return refuse("%s", "a body of NULL with a size");
    if (request->body != NULL && request->chunks != NULL)
        return refuse("%s", "a request has a body in one piece or in parts, not both");
    if (has_body(request) && request->method != NULL &&
        (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0))
        return refuse("a %s has no body", method);
    if (!is_seconds(request->timeout) || !is_seconds(request->idle_timeout))
        return refuse("%s", "a timeout is a number of seconds above zero");
    return NULL;
}

static size_t count_of(const weft_http_field *fields) {
    size_t count = 0;
    while (fields != NULL && fields[count].name != NULL)
        count++;
    return count;
}

static void add_field(weft__http_packing *pack, weft_http_field *to, size_t *count, const char *name,
                      const char *value) {
    name = weft__http_pack_text(pack, name);
    value = weft__http_pack_text(pack, value);
    if (to != NULL)
        to[*count] = (weft_http_field){name, value};
    ++*count;
}

/* The request's own, and those of the client that it has not. */
static const weft_http_field *pack_fields(weft__http_packing *pack, const weft_http_options *options,
                                          const weft_http_request *request) {
    static const weft_http_field none[] = {{NULL, NULL}};
    const weft_http_field *own = request->headers == NULL ? none : request->headers;
    const char *type = request->content_type;
    size_t room = count_of(own) + count_of(options->headers) + 2, count = 0;
    weft_http_field *list = NULL;
    if (pack->memory != NULL)
        list = (weft_http_field *)(void *)(pack->memory + pack->size);
    pack->size += room * sizeof *list;
    for (const weft_http_field *field = own; field->name != NULL; field++)
        if (type == NULL || !weft__http_same_name(field->name, "Content-Type"))
            add_field(pack, list, &count, field->name, field->value);
    if (type != NULL)
        add_field(pack, list, &count, "Content-Type", type);
    for (const weft_http_field *field = options->headers; field->name != NULL; field++)
        if (weft__http_find(own, field->name) == NULL &&
            (type == NULL || !weft__http_same_name(field->name, "Content-Type")))
            add_field(pack, list, &count, field->name, field->value);
    if (list != NULL)
        list[count] = (weft_http_field){NULL, NULL};
    return list;
}

static void pack_request(weft__http_packing *pack, weft__exchange *exchange, const weft_http_options *options,
                         const weft_http_request *request) {
    static const char nothing[1];
    exchange->headers = pack_fields(pack, options, request);
    exchange->method = weft__http_pack_text(pack, request->method != NULL ? request->method
                                                  : has_body(request)     ? "POST"
                                                                          : "GET");
    exchange->size = request->body == NULL ? 0 : request->size;
    exchange->body = request->body == NULL
                         ? NULL
                         : weft__http_pack(pack, request->size > 0 ? request->body : nothing, request->size);
}

static bool keep_request(weft_http_response *self, const weft_http_options *options,
                         const weft_http_request *request) {
    weft__http_packing pack = {NULL, 0};
    pack_request(&pack, &self->exchange, options, request);
    pack.memory = self->memory = weft_allocate(pack.size);
    if (self->memory == NULL)
        return false;
    pack.size = 0;
    pack_request(&pack, &self->exchange, options, request);
    return true;
}

static void prepare(weft_http_response *self, weft_http *client, const weft_http_request *request) {
    const weft_http_options *options = &client->options;
    self->error = client->refusal != NULL ? weft_error_retain(client->refusal) : check(request);
    if (self->error == NULL)
        self->request_url = weft__http_absolute_url(options->base_url, request->url, &self->error);
    if (self->error == NULL && !keep_request(self, options, request))
        self->error = &weft_error_out_of_memory;
    if (self->error != NULL) {
        self->state = HTTP_FAILED;
        return;
    }
    self->exchange.url = self->request_url;
    self->exchange.connect_timeout = options->connect_timeout;
    self->exchange.max_redirects = options->max_redirects;
    self->exchange.upload = request->chunks != NULL && weft__http_can.uploads;
    self->idle = request->idle_timeout == 0 ? options->idle_timeout : request->idle_timeout;
    self->deadline =
        request->timeout == 0 ? options->timeout : request->timeout; /* a duration until it begins */
    self->limit = request->limit == 0 ? options->limit : request->limit;
    self->whole = !request->stream;
    self->client = client;
    WEFT__LINK(&client->transfers, self);
}

weft_http_response *weft__http_prepare(weft_http *client, const weft_http_request *request) {
    weft_loop *loop = weft__current;
    weft_http_response *self = loop == NULL ? NULL : weft_allocate(sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (weft_http_response){.exchange = {.loop = loop}, .references = 1};
    prepare(self, weft__http_client(client), request);
    return self;
}
