/*
 * Signals that are not left to their default action: since they have a handler, a callback of the loop, or
 * since coroutines listen to them (signal_wait.c), or both.
 */

#include "internal.h"

struct weft__signal {
    weft__signal *next;
    int number;
    uint32_t listeners;
    weft_callback *function; /* NULL: it has no handler */
    void *argument;
    const char *name;
    weft_context *context; /* counted; NULL: no variables */
};

/* Where the record of a signal is, or would be. */
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

/* The signal has a record from here on, or the error says why not. */
static const weft_error *take(weft_loop *loop, int number, weft__signal ***place) {
    *place = place_of(loop, number);
    if (**place != NULL)
        return NULL;
    if (loop->host->signal == NULL)
        return weft_error_new(WEFT_RUNTIME, "this host has no signals");
    weft__signal *made = weft__new(loop, sizeof *made);
    if (made == NULL)
        return &weft_error_out_of_memory;
    int code = loop->host->signal(loop->host, number, true);
    if (code != 0) {
        weft__delete(loop, made, sizeof *made);
        return refuse(loop, number, code);
    }
    *made = (weft__signal){.number = number};
    **place = made;
    weft_loop_hold(loop);
    return NULL;
}

/* It goes back to its default action if nobody needs it any more. */
static void let_go(weft_loop *loop, weft__signal **place) {
    weft__signal *signal = *place;
    if (signal->function != NULL || signal->listeners > 0)
        return;
    *place = signal->next;
    loop->host->signal(loop->host, signal->number, false);
    weft__delete(loop, signal, sizeof *signal);
    weft_loop_unhold(loop);
}

const weft_error *weft__add_signal_handler(int number, weft_callback *function, void *argument,
                                           const char *name) {
    weft_loop *loop = weft__current;
    weft__signal **place;
    weft_context *context;
    if (!weft__has_loop(loop, name))
        return weft_error_new(WEFT_RUNTIME, "no loop runs in this thread");
    if (loop->host->signal == NULL)
        return weft_error_new(WEFT_RUNTIME, "this host has no signals");
    if (function == NULL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "a signal handler needs a function, not NULL");
    if (!weft__context_snapshot(loop, &context))
        return &weft_error_out_of_memory;
    const weft_error *error = take(loop, number, &place);
    if (error != NULL) {
        weft__context_free(loop, context);
        return error;
    }
    weft__signal *signal = *place;
    weft__context_free(loop, signal->context);
    signal->function = function;
    signal->argument = argument;
    signal->name = name;
    signal->context = context;
    return NULL;
}

static void remove_at(weft_loop *loop, weft__signal **place) {
    weft__context_free(loop, (*place)->context);
    (*place)->context = NULL;
    (*place)->function = NULL;
    let_go(loop, place);
}

bool weft_remove_signal_handler(int number) {
    weft_loop *loop = weft__current;
    weft__signal **place = loop == NULL ? NULL : place_of(loop, number);
    if (place == NULL || *place == NULL || (*place)->function == NULL)
        return false;
    remove_at(loop, place);
    return true;
}

const weft_error *weft__signal_listen(weft_loop *loop, int number) {
    weft__signal **place;
    const weft_error *error = take(loop, number, &place);
    if (error == NULL)
        (*place)->listeners++;
    return error;
}

void weft__signal_leave(weft_loop *loop, int number) {
    weft__signal **place = place_of(loop, number);
    if (*place == NULL)
        return; /* the loop is being closed */
    (*place)->listeners--;
    let_go(loop, place);
}

void weft__remove_signals(weft_loop *loop) {
    while (loop->signals != NULL) {
        loop->signals->listeners = 0;
        remove_at(loop, &loop->signals);
    }
}

/* All calls of a handler share its context, as asyncio's do. */
void weft_signal_arrived(weft_loop *loop, int number) {
    weft_loop *outer = weft__current;
    const weft__signal *handler = *place_of(loop, number);
    if (handler == NULL)
        return;
    weft__current = loop;
    weft__tell_listeners(loop, number);
    if (handler->function != NULL && !weft__call_soon_in(loop, weft_context_retain(handler->context),
                                                         handler->function, handler->argument, handler->name))
        weft__report(loop, WEFT__NOTHING_KNOWN, "no memory to call the handler of signal %d", number);
    weft__current = outer;
}
