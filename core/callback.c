/*
 * Callbacks that are asked for: from the loop's thread they go straight into the ready queue, from others
 * through the inbox, which an iteration empties when it begins.
 */

#include "internal.h"

#include <stdlib.h>

typedef struct soon_callback {
    weft__callback base;
    weft_callback *function;
    void *argument;
    const char *name;
} soon_callback;

/* The handle is there until the function returns, which may take it back. */
static void run_soon(weft__callback *callback, weft_loop *loop) {
    soon_callback *soon = (soon_callback *)(void *)callback;
    weft_callback *function = soon->function;
    soon->function = NULL;
    if (function != NULL)
        weft__call(loop, weft__callback_context(callback), function, soon->argument, soon->name);
    weft__callback_free(loop, callback);
}

weft_handle *weft__call_soon_in(weft_loop *loop, weft_context *context, weft_callback *function,
                                void *argument, const char *name) {
    soon_callback *soon = weft__new(loop, sizeof *soon);
    if (soon == NULL) {
        weft__context_free(loop, context);
        return NULL;
    }
    weft__callback_init(&soon->base, sizeof *soon, run_soon, context);
    soon->base.handle.wait = CALLBACK_OF_PROGRAM;
    soon->base.handle.loop = loop->tag;
    soon->function = function;
    soon->argument = argument;
    soon->name = name;
    weft__push_ready(loop, &soon->base.handle);
    weft__nudge(loop);
    return &soon->base;
}

weft_handle *weft__call_soon(weft_callback *function, void *argument, const char *name) {
    weft_loop *loop = weft__current;
    weft_context *context;
    if (!weft__has_loop(loop, name) || function == NULL || !weft__context_snapshot(loop, &context))
        return NULL;
    return weft__call_soon_in(loop, context, function, argument, name);
}

void weft_handle_cancel(weft_handle *handle) {
    weft_loop *loop = weft__current;
    if (handle == NULL || !weft__is_of(loop, handle->handle.loop))
        return;
    if (handle->run != run_soon) {
        weft__timer_take_back(loop, (weft__timer *)(void *)handle);
        return;
    }
    ((soon_callback *)(void *)handle)->function = NULL; /* it keeps its place in the ready queue */
    weft__context_free(loop, weft__callback_context(handle));
}

void weft__send(weft_loop *loop, weft__message *message) {
    message->next = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &message->next, message, memory_order_release,
                                                  memory_order_relaxed)) {
    }
}

/* The message may be what ends the loop, so that waits for senders before it goes. If the host cannot be
 * woken, the next turn brings the message all the same. */
void weft__send_from_thread(weft_loop *loop, weft__message *message) {
    atomic_fetch_add(&loop->senders, 1);
    weft__send(loop, message);
    loop->host->wake(loop->host);
    atomic_fetch_sub(&loop->senders, 1);
}

bool weft__call_soon_threadsafe(weft_loop *loop, weft_callback *function, void *argument, const char *name) {
    weft__message *message =
        function == NULL ? NULL : malloc(sizeof *message); /* the loop's allocator need not be thread-safe */
    if (message == NULL)
        return false;
    message->arrive = NULL;
    message->function = function;
    message->argument = argument;
    message->name = name;
    message->owned = weft__current == loop;
    message->context = weft__context_in_thread(loop);
    if (message->owned && !weft__context_snapshot(loop, &message->context)) {
        free(message);
        return false;
    }
    weft__send_from_thread(loop, message);
    return true;
}

/* The messages that came, the oldest first: the inbox has the newest first. */
static weft__message *empty_inbox(weft_loop *loop, uint32_t *count) {
    weft__message *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire), *first = NULL;
    for (*count = 0; newest != NULL; ++*count) {
        weft__message *next = newest->next;
        newest->next = first;
        first = newest;
        newest = next;
    }
    return first;
}

static void deliver(weft_loop *loop, const weft__message *message) {
    weft_context *context = message->context;
    if (!message->owned && !weft__context_again(loop, message->context, &context))
        context = NULL; /* there is no memory for its variables */
    if (weft__call_soon_in(loop, context, message->function, message->argument, message->name) == NULL)
        message->function(message->argument); /* without memory at once: late would be never */
}

/* Makes calls of other threads callbacks of this iteration, in their order, or as the simulation chooses. */
void weft__take_messages(weft_loop *loop) {
    uint32_t count;
    weft__message *first = empty_inbox(loop, &count);
    for (; count > 0; count--) {
        weft__message **place = &first;
        for (uint32_t chosen = weft__choose(loop, WEFT_CHOICE_EXTERNAL, count); chosen > 0; chosen--)
            place = &(*place)->next;
        weft__message *message = *place;
        *place = message->next;
        if (message->arrive != NULL) {
            message->arrive(loop, message);
            continue;
        }
        deliver(loop, message);
        free(message);
    }
}
