/* Events of transfers and connections on their way from JavaScript into the loop. */

#include "incoming.h"
#include "bridge.h"
#include "host.h"

#include <stdlib.h>

static void free_event(weft__event *event) {
    free(event->text);
    free(event->more);
    free(event);
}

static void free_self(weft__incoming *self) {
    for (weft__event *event = self->first, *next; event != NULL; event = next) {
        next = event->next;
        free_event(event);
    }
    free(self);
}

static void take_all(weft__incoming *self) {
    while (!self->left && self->first != NULL && self->take(self, self->first)) {
        weft__event *event = self->first;
        self->first = event->next;
        if (self->first == NULL)
            self->last = &self->first;
        free_event(event);
    }
    if (self->lost && self->first == NULL && !self->left)
        self->take(self, NULL);
}

static void send(weft__incoming *self) {
    if (self->under_way)
        return;
    self->under_way = true;
    weft__send(self->loop, &self->message);
    weft__hop();
}

/* What comes while the loop closes is of no use to anybody. */
static void arrive(weft_loop *loop, weft__message *message) {
    weft__incoming *self = (weft__incoming *)(void *)message;
    if (!loop->shut)
        take_all(self);
    self->under_way = false;
    if (self->left)
        free_self(self);
}

void weft__incoming_init(weft__incoming *self, weft_loop *loop, weft__incoming_take *take) {
    *self =
        (weft__incoming){.message = {.arrive = arrive}, .loop = loop, .id = weft__new_id(loop), .take = take};
    self->last = &self->first;
}

void weft__incoming_again(weft__incoming *self) {
    send(self);
}

void weft__incoming_leave(weft__incoming *self) {
    self->left = true;
    if (!self->under_way)
        free_self(self);
}

/* --- From JavaScript --- */

WEFT__CALLABLE(weft_wasm_incoming_id) uint32_t weft_wasm_incoming_id(const weft__incoming *self) {
    return self->id;
}

/* An event. The texts are of weft_wasm_allocate, have a zero behind their ends, and belong to C from here on.
 */
WEFT__CALLABLE(weft_wasm_incoming)
void weft_wasm_incoming(weft__incoming *self, int kind, int number, char *text, size_t size, char *more) {
    weft__event *event = self->lost ? NULL : malloc(sizeof *event);
    if (event != NULL) {
        *event = (weft__event){
            .kind = (weft__event_kind)kind, .number = number, .text = text, .size = size, .more = more};
        *self->last = event;
        self->last = &event->next;
    } else {
        self->lost = true;
        free(text);
        free(more);
    }
    send(self);
}

/* --- Errors --- */

/* The names that errors have on every host, and must outlive them. */
static const char *const system_names[] = {
    "ECONNREFUSED", "ECONNRESET",  "ECONNABORTED",  "ETIMEDOUT",  "EPIPE",    "EHOSTUNREACH",
    "EHOSTDOWN",    "ENETUNREACH", "ENETDOWN",      "EMFILE",     "ENFILE",   "EACCES",
    "EPERM",        "EADDRINUSE",  "EADDRNOTAVAIL", "ENOBUFS",    "EINVAL",   "EPROTO",
    "EAI_NONAME",   "EAI_AGAIN",   "EAI_FAIL",      "EAI_NODATA", "ENOTCONN",
};

static const char *static_name(const char *name) {
    for (size_t i = 0; name != NULL && i < sizeof system_names / sizeof *system_names; i++)
        if (strcmp(system_names[i], name) == 0)
            return system_names[i];
    return NULL;
}

const weft_error *weft__event_error(const weft__event *event) {
    if (event == NULL || event->number == WEFT_OUT_OF_MEMORY)
        return &weft_error_out_of_memory;
    const char *words = event->text == NULL ? "" : event->text;
    return weft__error_named(event->number, static_name(event->more), "%s", words);
}
