/* Signals as something awaited: coroutines that listen to them. */

#include "links.h"
#include "waiting.h"

#include <weft/signal.h>

enum { SIGNALS = 64 }; /* 1 to 64, each a bit */

static uint64_t bit_of(int number) {
    return UINT64_C(1) << (number - 1);
}

/* One coroutine that listens, from its first step to its end. */
struct weft__listener {
    weft__listener *next, **link; /* in the loop's list; link: NULL before and after */
    uint64_t heard;               /* those that it listens to, and those of them that have arrived */
    uint64_t arrived;
    weft__waiting waiting;
};

struct listen_to_signals {
    weft_frame frame;
    uint64_t wanted;
    int wrong; /* a number that is none of a signal's, or 0 */
    bool once;
    weft__listener listener;
    const weft_error *refusal;
};

void weft__tell_listeners(weft_loop *loop, int number) {
    for (weft__listener *listener = loop->listeners; listener != NULL; listener = listener->next) {
        if (!(listener->heard & bit_of(number)))
            continue;
        listener->arrived |= bit_of(number);
        weft__waiting_end(&listener->waiting);
    }
}

static void stop_listening(weft_loop *loop, weft__listener *self) {
    weft__waiting_leave(&self->waiting);
    for (int number = 1; number <= SIGNALS; number++)
        if (self->heard & bit_of(number))
            weft__signal_leave(loop, number);
    self->heard = 0;
    WEFT__UNLINK(self);
}

/* What was begun before an error is ended by weft_drop. */
static const weft_error *listen(weft_loop *loop, struct listen_to_signals *self) {
    weft__listener *listener = &self->listener;
    if (loop->host->signal == NULL)
        return weft_error_new(WEFT_RUNTIME, "this host has no signals");
    if (self->wrong != 0)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "signal %d cannot be handled: there is no such",
                              self->wrong);
    if (self->wanted == 0)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "no signal to wait for");
    WEFT__LINK(&loop->listeners, listener);
    for (int number = 1; number <= SIGNALS; number++) {
        if (!(self->wanted & bit_of(number)))
            continue;
        const weft_error *error = weft__signal_listen(loop, number);
        if (error != NULL)
            return error;
        listener->heard |= bit_of(number);
    }
    return NULL;
}

static int take_lowest(weft__listener *self) {
    int number = 1;
    while (!(self->arrived & bit_of(number)))
        number++;
    self->arrived &= ~bit_of(number);
    return number;
}

static weft_async(listen_to_signals) {
    weft_begin(listen_to_signals);
    self->refusal = listen(weft__loop, self);
    if (self->refusal != NULL)
        weft_raise_error(self->refusal);
    for (;;) {
        while (self->listener.arrived == 0)
            WEFT__WAIT_OUTSIDE(&self->listener.waiting, "a signal");
        if (self->once)
            weft_return(take_lowest(&self->listener));
        weft_yield(take_lowest(&self->listener));
    }
    weft_drop();
    weft_error_release(self->refusal);
    stop_listening(weft__loop, &self->listener);
    weft_end();
}

weft_coroutine *weft__signals(const int *numbers, bool once) {
    uint64_t wanted = 0;
    int wrong = 0;
    for (; *numbers != 0; numbers++) {
        if (*numbers < 0 || *numbers > SIGNALS)
            wrong = *numbers;
        else
            wanted |= bit_of(*numbers);
    }
    return weft_call(listen_to_signals, .wanted = wanted, .wrong = wrong, .once = once);
}
