/* Signal handlers: callbacks of the loop for what the host sees of signals. */

#include "internal.h"

struct weft__signal {
    weft__signal *next;
    int number;
    weft_callback *function;
    void *argument;
    const char *name;
    weft_context *context; /* counted; NULL: no variables */
};

/* Where the handler of a signal is, or would be. */
static weft__signal **place_of(weft_loop *loop, int number) {
    weft__signal **place = &loop->signals;
    while (*place != NULL && (*place)->number != number)
        place = &(*place)->next;
    return place;
}

static const weft_error *refuse(weft_loop *loop, int number, int code) {
    const char *words = loop->host->describe == NULL ? NULL : loop->host->describe(loop->host, code);
    return weft_error_new(WEFT_INVALID_ARGUMENT, "signal %d cannot be handled: %s", number,
                          words == NULL ? "the host failed" : words);
}

/* Takes the context. */
static const weft_error *add(weft_loop *loop, weft__signal **place, const weft__signal *handler) {
    weft__signal *made = weft__new(loop, sizeof *made);
    if (made == NULL)
        return &weft_error_out_of_memory;
    int code = loop->host->signal(loop->host, handler->number, true);
    if (code != 0) {
        weft__delete(loop, made, sizeof *made);
        return refuse(loop, handler->number, code);
    }
    *made = *handler;
    *place = made;
    weft_loop_hold(loop);
    return NULL;
}

const weft_error *weft__add_signal_handler(int number, weft_callback *function, void *argument,
                                           const char *name) {
    weft_loop *loop = weft__current;
    weft__signal handler = {.number = number, .function = function, .argument = argument, .name = name};
    if (!weft__has_loop(loop, name))
        return weft_error_new(WEFT_RUNTIME, "no loop runs in this thread");
    if (loop->host->signal == NULL)
        return weft_error_new(WEFT_RUNTIME, "this host has no signals");
    if (function == NULL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a signal handler needs a function, not NULL");
    if (!weft__context_snapshot(loop, &handler.context))
        return &weft_error_out_of_memory;
    weft__signal **place = place_of(loop, number);
    if (*place != NULL) {
        weft__context_free(loop, (*place)->context);
        handler.next = (*place)->next;
        **place = handler;
        return NULL;
    }
    const weft_error *error = add(loop, place, &handler);
    if (error != NULL)
        weft__context_free(loop, handler.context);
    return error;
}

static void remove_at(weft_loop *loop, weft__signal **place) {
    weft__signal *handler = *place;
    *place = handler->next;
    loop->host->signal(loop->host, handler->number, false);
    weft__context_free(loop, handler->context);
    weft__delete(loop, handler, sizeof *handler);
    weft_loop_unhold(loop);
}

bool weft_remove_signal_handler(int number) {
    weft_loop *loop = weft__current;
    weft__signal **place = loop == NULL ? NULL : place_of(loop, number);
    if (place == NULL || *place == NULL)
        return false;
    remove_at(loop, place);
    return true;
}

void weft__remove_signals(weft_loop *loop) {
    while (loop->signals != NULL)
        remove_at(loop, &loop->signals);
}

/* All calls of a handler share its context, as asyncio's do. */
void weft_signal_arrived(weft_loop *loop, int number) {
    weft_loop *outer = weft__current;
    const weft__signal *handler = *place_of(loop, number);
    if (handler == NULL)
        return;
    weft__current = loop;
    if (!weft__call_soon_in(loop, weft_context_retain(handler->context), handler->function, handler->argument,
                            handler->name))
        weft__report(loop, WEFT__NOTHING_KNOWN, "no memory to call the handler of signal %d", number);
    weft__current = outer;
}
