/* HTTP by fetch, or whatever stands for it in loadWeft's options. */

#include "../core/http_transport.h"
#include "bridge.h"
#include "incoming.h"

#include <stdlib.h>

/*
 * JavaScript reads on when C asks it to, so that there is one event of a transfer at a time, and a body that
 * nobody reads stays with the server:
 *
 *     begin, field…, send --> HEAD --next--> BYTES --next--> … --> END
 *
 * FAILURE may come in place of any of them. BYTES that the core has no room for stay where they are until it
 * has.
 */
typedef struct transfer {
    weft__incoming incoming; /* first */
    weft__exchange *exchange;
} transfer;

/* clang-format off */

/* A request that follows at most so many redirects; none is sent yet. */
WEFT__IMPORT(void, weft_js_http_begin, (weft__incoming * handle, const char *method, const char *url, int redirects), {
    const weft = Module["weft"] = Module["weft"] || {};
    if (!weft.transfers) {
        const transfers = weft.transfers = new Map();
        weft.text = (pointer, encoding) => {
            let end = pointer;
            while (HEAPU8[end] !== 0) end++;
            return new TextDecoder(encoding || "utf-8").decode(HEAPU8.slice(pointer, end));
        };
        weft.copy = (bytes) => {
            const pointer = _weft_wasm_allocate(bytes.length + 1);
            if (pointer === 0) throw new RangeError("no memory");
            HEAPU8.set(bytes, pointer);
            HEAPU8[pointer + bytes.length] = 0;
            return pointer;
        };
        weft.encode = (text) => weft.copy(new TextEncoder().encode(text));
        const give = (handle, transfer, kind, number, text, more) => {
            if (transfers.get(handle) !== transfer) return;
            if (kind === 2 || kind === 3) transfers.delete(handle);
            let first = 0;
            let second = 0;
            try {
                if (text) first = weft.copy(text);
                if (more) second = weft.encode(more);
            } catch (error) {
                transfers.delete(handle);
                transfer.controller.abort();
                _weft_wasm_free(first);
                _weft_wasm_incoming(handle, 3, 3, 0, 0, 0);
                return;
            }
            _weft_wasm_incoming(handle, kind, number, first, text ? text.length : 0, second);
        };
        const fail = (handle, transfer, error) => {
            let cause = error;
            const words = [];
            while (cause instanceof Error) {
                if (cause.message && words.indexOf(cause.message) < 0) words.push(cause.message);
                if (!cause.cause) break;
                cause = cause.cause;
            }
            const code = cause && typeof cause.code === "string" && cause.code[0] === "E" ? cause.code : "";
            const text = words.join(": ") || String(error);
            give(handle, transfer, 3, transfer.malformed ? 5 : 23, new TextEncoder().encode(text), code);
        };
        const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
        weft.sendTransfer = async (handle, body) => {
            const transfer = transfers.get(handle);
            try {
                const base = typeof document === "object" ? document.baseURI : typeof location === "object" ? location.href : undefined;
                transfer.malformed = true;
                const url = new URL(transfer.url, Module["weftBase"] || base);
                const said = [url.username, url.password].map(decodeURIComponent).join(":");
                url.username = url.password = "";
                if (said !== ":" && !transfer.fields.some((field) => field[0].toLowerCase() === "authorization"))
                    transfer.fields.push(["Authorization", "Basic " + btoa(String.fromCharCode(...new TextEncoder().encode(said)))]);
                const address = url.href;
                transfer.malformed = false;
                const response = await fetch(address, {
                    method: transfer.method,
                    headers: transfer.fields,
                    body: body,
                    redirect: transfer.redirects > 0 ? "follow" : "manual",
                    signal: transfer.controller.signal
                });
                if (response.type === "opaqueredirect") throw new TypeError("a page cannot see a redirect that is not followed");
                transfer.reader = response.body ? response.body.getReader() : null;
                let lines = "";
                const zero = String.fromCharCode(0);
                response.headers.forEach((value, name) => { lines += name + zero + value + zero; });
                give(handle, transfer, 0, response.status, bytes(lines), response.url || address);
            } catch (error) {
                fail(handle, transfer, error);
            }
        };
        const largest = 65536;
        weft.nextOfTransfer = async (handle) => {
            const transfer = transfers.get(handle);
            if (!transfer) return;
            try {
                let piece = transfer.rest;
                while (!piece || piece.length === 0) {
                    const read = transfer.reader ? await transfer.reader.read() : await { done: true };
                    if (read.done) {
                        give(handle, transfer, 2, 0, null, "");
                        return;
                    }
                    piece = read.value;
                }
                await null;
                transfer.rest = piece.subarray(largest);
                give(handle, transfer, 1, 0, piece.subarray(0, largest), "");
            } catch (error) {
                fail(handle, transfer, error);
            }
        };
    }
    weft.transfers.set(handle, {
        method: weft.text(method),
        url: weft.text(url),
        redirects: redirects,
        fields: [],
        controller: new AbortController()
    });
})
WEFT__IMPORT(void, weft_js_http_field, (weft__incoming * handle, const char *name, const char *value), {
    const weft = Module["weft"];
    const bytes = (pointer) => {
        let text = "";
        for (; HEAPU8[pointer] !== 0; pointer++) text += String.fromCharCode(HEAPU8[pointer]);
        return text;
    };
    weft.transfers.get(handle).fields.push([bytes(name), bytes(value)]);
})
/* Copies the body; NULL: there is none. */
WEFT__IMPORT(void, weft_js_http_send, (weft__incoming * handle, const char *body, size_t size), {
    Module["weft"].sendTransfer(handle, body ? HEAPU8.slice(body, body + size) : undefined);
})
WEFT__IMPORT(void, weft_js_http_next, (weft__incoming * handle), {
    Module["weft"].nextOfTransfer(handle);
})
/* Stops it, if it is not at its end; then JavaScript knows nothing of it any more. */
WEFT__IMPORT(void, weft_js_http_abandon, (weft__incoming * handle), {
    const transfers = Module["weft"].transfers;
    const transfer = transfers.get(handle);
    if (!transfer) return;
    transfers.delete(handle);
    transfer.controller.abort();
    if (transfer.reader) transfer.reader.cancel().catch(() => {});
})

/* clang-format on */

const weft__http_abilities weft__http_can = {.uploads = false, .progress = false, .relative = true};

/* --- What all exchanges have in common: nothing --- */

void *weft__http_pool_open(weft_loop *loop, const weft__http_settings *settings, const weft_error **error) {
    const char *cannot = NULL;
    (void)loop;
    if (settings->proxy != NULL && settings->proxy[0] != '\0')
        cannot = "a proxy";
    else if (settings->ca_file != NULL)
        cannot = "a ca_file";
    else if (settings->insecure)
        cannot = "insecure";
    if (cannot == NULL)
        return (void *)&weft__http_can; /* any but NULL */
    *error = weft_error_new(WEFT_INVALID_ARGUMENT, "JavaScript's fetch cannot be told of %s", cannot);
    return NULL;
}

void weft__http_pool_close(void *pool) {
    (void)pool;
}

/* --- What comes --- */

static void let_go(transfer *self) {
    weft_js_http_abandon(&self->incoming);
    self->exchange->transfer = NULL;
    weft__incoming_leave(&self->incoming);
}

/* The fields are names and values by turns, a zero behind each. */
static weft__http_verdict give_head(weft__exchange *exchange, const weft__event *event) {
    weft__http_verdict verdict = WEFT__HTTP_GO_ON;
    const char *at = event->text, *end = at == NULL ? NULL : at + event->size;
    weft__http_status(exchange, event->number, 0);
    while (verdict == WEFT__HTTP_GO_ON && at < end) {
        const char *name = at, *value = name + strlen(name) + 1;
        size_t size = strlen(value);
        verdict = weft__http_field(exchange, name, (size_t)(value - name) - 1, value, size);
        at = value + size + 1;
    }
    return verdict != WEFT__HTTP_GO_ON ? verdict : weft__http_head(exchange, event->more);
}

static bool take(weft__incoming *incoming, const weft__event *event) {
    transfer *self = (transfer *)(void *)incoming;
    weft__exchange *exchange = self->exchange;
    if (event == NULL || event->kind == EVENT_FAILURE) {
        let_go(self);
        weft__http_failed(exchange, weft__event_error(event));
        return true;
    }
    if (event->kind == EVENT_END) {
        let_go(self);
        weft__http_end(exchange);
        return true;
    }
    weft__http_verdict verdict = event->kind == EVENT_HEAD
                                     ? give_head(exchange, event)
                                     : weft__http_bytes(exchange, event->text, event->size);
    if (verdict == WEFT__HTTP_STOP)
        let_go(self);
    else if (verdict == WEFT__HTTP_GO_ON)
        weft_js_http_next(incoming);
    return verdict != WEFT__HTTP_REFUSED;
}

/* --- Exchanges --- */

const weft_error *weft__http_start(weft__exchange *exchange) {
    transfer *self = malloc(sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    weft__incoming_init(&self->incoming, exchange->loop, take);
    self->exchange = exchange;
    exchange->transfer = self;
    weft_js_http_begin(&self->incoming, exchange->method, exchange->url, exchange->max_redirects);
    for (const weft_http_field *field = exchange->headers; field != NULL && field->name != NULL; field++)
        weft_js_http_field(&self->incoming, field->name, field->value);
    weft_js_http_send(&self->incoming, exchange->body, exchange->size);
    return NULL;
}

void weft__http_resume(weft__exchange *exchange) {
    transfer *self = exchange->transfer;
    weft__incoming_again(&self->incoming);
}

/* Bodies come whole: see weft__http_can. */
void weft__http_upload_resume(weft__exchange *exchange) {
    (void)exchange;
}

void weft__http_abandon(weft__exchange *exchange) {
    let_go(exchange->transfer);
}
