/* C's calls of JavaScript: a future for each promise. */

#include "../core/internal.h"
#include "bridge.h"
#include "host.h"

#include <weft/javascript.h>

/*
 * A call is in the list from its start until both sides have let go of it:
 *
 *   PENDING   JavaScript has a promise; the loop is held.
 *   ARRIVED   its outcome waits for its turn in the loop. JavaScript knows nothing of the call any more.
 *   DELIVERED the future has the outcome; what remains is the future's callback, which frees the call.
 *   ABANDONED the future was cancelled after the arrival: `deliver` frees the call.
 */
enum state { PENDING, ARRIVED, DELIVERED, ABANDONED };

typedef struct call {
    struct call *next, **link;
    weft_loop *loop;
    weft_future *future;
    weft_value value;        /* the outcome: this, */
    const weft_error *error; /* unless this is set */
    uint32_t id;             /* in the event log */
    enum state state;
} call;

static _Thread_local call *calls;

/* Of inspect.c, by way of which JavaScript reads and writes values: that this is called here links the file.
 */
void weft_wasm_set_none(weft_value *value);

/* clang-format off */

/* Settles the call now or later by weft_wasm_call_resolved or weft_wasm_call_rejected. The first value is the name. */
WEFT__IMPORT(void, weft_js_call, (call * handle, const weft_value *values, int count, int size), {
    const text = (pointer) => {
        let end = pointer;
        while (HEAPU8[end] !== 0) end++;
        return new TextDecoder().decode(HEAPU8.slice(pointer, end));
    };
    const copy = (words) => {
        const bytes = new TextEncoder().encode(words);
        const pointer = _weft_wasm_allocate(bytes.length + 1);
        if (pointer === 0) return 0;
        HEAPU8.set(bytes, pointer);
        HEAPU8[pointer + bytes.length] = 0;
        return pointer;
    };
    const read = (value) => {
        const kind = _weft_wasm_value_kind(value);
        if (kind === 1) return _weft_wasm_value_bool(value) !== 0;
        if (kind === 2) {
            const big = BigInt(_weft_wasm_value_high(value)) * BigInt(4294967296) + BigInt(_weft_wasm_value_low(value) >>> 0);
            return Number.isSafeInteger(Number(big)) ? Number(big) : big;
        }
        if (kind === 3) return _weft_wasm_value_double(value);
        if (kind === 4) return text(_weft_wasm_value_pointer(value));
        return null;
    };
    const weft = Module["weft"] = Module["weft"] || {};
    const pending = weft.calls = weft.calls || new Map();
    const controller = new AbortController();
    pending.set(handle, controller);
    const settle = (action) => {
        if (pending.get(handle) !== controller) return;
        pending.delete(handle);
        action();
    };
    const reject = (error) => settle(() => {
        const words = copy(error instanceof Error ? error.message : String(error));
        _weft_wasm_call_rejected(handle, words);
        _weft_wasm_free(words);
    });
    const resolve = (result) => settle(() => {
        const slot = _weft_wasm_call_value(handle);
        let words = 0;
        if (result === null || result === undefined) _weft_wasm_set_none(slot);
        else if (typeof result === "boolean") _weft_wasm_set_bool(slot, result ? 1 : 0);
        else if (Number.isSafeInteger(result)) _weft_wasm_set_int(slot, result | 0, Math.floor(result / 4294967296));
        else if (typeof result === "number") _weft_wasm_set_double(slot, result);
        else if (typeof result === "string") _weft_wasm_set_string(slot, words = copy(result));
        else {
            pending.set(handle, controller);
            reject(new TypeError("a value of type " + typeof result + " cannot go to C"));
            return;
        }
        _weft_wasm_call_resolved(handle);
        _weft_wasm_free(words);
    });
    try {
        const all = Array.from({ length: count }, (_, i) => read(values + i * size));
        const functions = Module["weftImports"] || {};
        if (typeof functions[all[0]] !== "function") throw new TypeError("Module.weftImports has no function \"" + all[0] + "\"");
        const result = functions[all[0]](...all.slice(1), controller.signal);
        if (result && typeof result.then === "function") Promise.resolve(result).then(resolve, reject);
        else resolve(result);
    } catch (error) {
        reject(error);
    }
})

/* Tells the call's AbortSignal, and JavaScript to forget the call. */
WEFT__IMPORT(void, weft_js_abort, (call * handle), {
    const pending = Module["weft"].calls;
    const controller = pending.get(handle);
    pending.delete(handle);
    try {
        controller.abort();
    } catch (error) {
        console.error(error);
    }
})

/* clang-format on */

static void log_end(call *self) {
    WEFT__LOG(self->loop, WEFT_LOG_EXTERNAL_END, 2, 0, 0, 0, 0, self->id, 0);
}

static void forget(call *self) {
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    weft_value_free(&self->value);
    weft_error_release(self->error);
    weft__release(self->loop, self->future);
    weft_free(self);
}

/* The loop's part of a settlement, in the order in which the simulation wants those that came together. */
static void deliver(void *argument) {
    call *self = argument;
    if (calls == NULL) /* the loop is being closed, which frees what is still on its way */
        return;
    weft_loop_unhold(self->loop);
    log_end(self);
    if (self->state == ABANDONED) {
        forget(self);
        return;
    }
    self->state = DELIVERED;
    if (self->error != NULL) {
        weft_future_set_error(self->future, self->error);
    } else if (weft_future_set_value(self->future, self->value)) {
        self->value = weft__of_none();
    }
}

static void arrive(call *self) {
    self->state = ARRIVED;
    bool awake = weft__hop() == 0; /* so that only memory can be missing below */
    if (!weft_call_soon_threadsafe(self->loop, deliver, self) && awake)
        deliver(self);
}

/* Gives up what JavaScript has not settled yet. */
static void give_up(call *self) {
    weft_js_abort(self);
    weft_loop_unhold(self->loop);
    log_end(self);
}

/* The future is done: by a delivery, or cancelled before it. */
static void on_done(weft_future *future, void *argument) {
    (void)future;
    call *self = argument;
    if (self->state == ARRIVED) {
        self->state = ABANDONED;
        return;
    }
    if (self->state == PENDING)
        give_up(self);
    forget(self);
}

void weft__javascript_forget(void) {
    while (calls != NULL) {
        call *self = calls;
        if (self->state == PENDING)
            give_up(self);
        weft_future_remove_done_callback(self->future, on_done, self);
        forget(self);
    }
}

/* --- Settling, from JavaScript --- */

/* Its number in the event log. */
WEFT__CALLABLE(weft_wasm_call_id) uint32_t weft_wasm_call_id(const call *self) {
    return self->id;
}

/* Where JavaScript puts the value before it says that it is there; strings are JavaScript's, and copied. */
WEFT__CALLABLE(weft_wasm_call_value) weft_value *weft_wasm_call_value(call *self) {
    return &self->value;
}

WEFT__CALLABLE(weft_wasm_call_resolved) void weft_wasm_call_resolved(call *self) {
    if (self->value.kind == WEFT_STRING)
        self->value = weft_format("%s", self->value.as.string == NULL ? "" : self->value.as.string);
    if (self->value.kind == WEFT_FAILURE)
        self->error = &weft_error_out_of_memory;
    arrive(self);
}

WEFT__CALLABLE(weft_wasm_call_rejected) void weft_wasm_call_rejected(call *self, const char *message) {
    self->error = weft_error_new(WEFT_JAVASCRIPT, "%s", message == NULL ? "" : message);
    arrive(self);
}

/* --- Calling --- */

static call *call_new(weft_loop *loop, weft_future *future) {
    call *self = weft_allocate(sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (call){.next = calls, .link = &calls, .loop = loop, .future = future, .id = weft__new_id(loop)};
    if (!weft_future_add_done_callback(future, on_done, self)) {
        weft_free(self);
        return NULL;
    }
    weft_wasm_set_none(&self->value);
    if (calls != NULL)
        calls->link = &self->next;
    calls = self;
    weft__retain(future);
    return self;
}

weft_future *weft_javascript_call_array(size_t count, const weft_value *values) {
    weft_loop *loop = weft_loop_current();
    weft_future *future = weft_create_future();
    if (weft_future_done(future)) /* it says why */
        return future;
    call *self = call_new(loop, future);
    if (self == NULL) {
        weft_future_set_error(future, &weft_error_out_of_memory);
        return future;
    }
    WEFT__LOG(loop, WEFT_LOG_EXTERNAL_BEGIN, 2, 0, weft__id_of(loop->current), 0, 0, self->id,
              weft__log_text(loop, weft_value_string(values[0])));
    weft_loop_hold(loop);
    weft_js_call(self, values, (int)count, (int)sizeof *values);
    return future;
}
