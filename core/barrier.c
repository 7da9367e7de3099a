/*
 * Barriers, on a condition as in asyncio, so that tasks go on in the same ticks.
 *
 *     FILLING    tasks come in and wait          the last comes → DRAINING
 *     DRAINING   they leave; others stay outside the last leaves → FILLING
 *     RESETTING  they leave with an error        the last leaves → FILLING
 *     BROKEN     all leave with an error
 *
 * A reset leads to RESETTING, or to FILLING where nobody is inside; an abort leads to BROKEN.
 */

#include "wait_queue.h"

enum { FILLING, DRAINING, RESETTING, BROKEN };

static const weft__queue_type type = {"barrier", WAITS_BARRIER, OBJECT_BARRIER, NULL, 0, 0};

void weft_barrier_init(weft_barrier *barrier, int parties) {
    *barrier = (weft_barrier){.parties = parties, .condition.waiters.type = &type};
    if (weft__current != NULL && weft__current->log != NULL)
        weft__queue_log(weft__current, &barrier->condition.waiters, &type, WEFT_LOG_OBJECT_NEW,
                        (uint32_t)parties);
}

int weft_barrier_parties(const weft_barrier *barrier) {
    return barrier->parties;
}

int weft_barrier_waiting(const weft_barrier *barrier) {
    return barrier->state == FILLING ? barrier->inside : 0;
}

bool weft_barrier_broken(const weft_barrier *barrier) {
    return barrier->state == BROKEN;
}

/* Why it cannot be used; NULL if it can. */
static const weft_error *refusal(const weft_barrier *barrier) {
    static const weft_error null = {.code = WEFT_TYPE_MISMATCH, .message = "awaited a barrier that is NULL"};
    static const weft_error no_parties = {.code = WEFT_INVALID_ARGUMENT,
                                          .message = "the barrier was not given one party or more"};
    if (barrier == NULL)
        return &null;
    return barrier->parties < 1 ? &no_parties : NULL;
}

static void change(weft_barrier *barrier, uint8_t state) {
    barrier->state = state;
    weft_condition_notify_all(&barrier->condition);
}

/* --- Waiting --- */

static const weft_error broken = {.code = WEFT_BROKEN_BARRIER, .message = "the barrier is broken"};
static const weft_error reset = {.code = WEFT_BROKEN_BARRIER, .message = "the barrier was reset"};

static bool is_open(void *object) {
    const weft_barrier *barrier = object;
    return barrier->state != DRAINING && barrier->state != RESETTING;
}

static bool is_filled(void *object) {
    const weft_barrier *barrier = object;
    return barrier->state != FILLING;
}

static void leave(weft_barrier *barrier) {
    if (--barrier->inside == 0)
        change(barrier, barrier->state == BROKEN ? BROKEN : FILLING);
}

struct barrier_wait {
    weft_frame frame;
    weft_barrier *barrier;
    int index;
};

static weft_async(barrier_wait) {
    weft_begin(barrier_wait);
    if (refusal(self->barrier) != NULL)
        weft_raise_error(refusal(self->barrier));
    weft_with(&self->barrier->condition) {
        weft_await(weft_condition_wait_for(&self->barrier->condition, is_open, self->barrier));
        if (self->barrier->state == BROKEN)
            weft_raise_error(&broken);
        weft_try {
            self->index = self->barrier->inside++;
            if (self->barrier->inside == self->barrier->parties)
                change(self->barrier, DRAINING);
            else
                weft_await(weft_condition_wait_for(&self->barrier->condition, is_filled, self->barrier));
            if (self->barrier->state != DRAINING)
                weft_raise_error(self->barrier->state == BROKEN ? &broken : &reset);
        }
        weft_finally {
            leave(self->barrier);
        }
    }
    weft_return(self->index);
    weft_end();
}

weft_coroutine *weft_barrier_wait(weft_barrier *barrier) {
    return weft_call(barrier_wait, .barrier = barrier);
}

static weft_coroutine *enter(void *barrier) {
    return weft_barrier_wait(barrier);
}

weft_manager weft__barrier_manager(weft_barrier *barrier) {
    return (weft_manager){.enter = enter, .object = barrier};
}

/* --- Resetting and aborting --- */

struct barrier_change {
    weft_frame frame;
    weft_barrier *barrier;
    uint8_t state;
};

static weft_async(barrier_change) {
    weft_begin(barrier_change);
    if (refusal(self->barrier) != NULL)
        weft_raise_error(refusal(self->barrier));
    weft_with(&self->barrier->condition) {
        if (self->state == RESETTING && self->barrier->inside == 0)
            self->state = FILLING;
        change(self->barrier, self->state);
    }
    weft_end();
}

weft_coroutine *weft_barrier_reset(weft_barrier *barrier) {
    return weft_call(barrier_change, .barrier = barrier, .state = RESETTING);
}

weft_coroutine *weft_barrier_abort(weft_barrier *barrier) {
    return weft_call(barrier_change, .barrier = barrier, .state = BROKEN);
}
