#ifndef WEFT_CORE_TIMER_H
#define WEFT_CORE_TIMER_H

/* Timers in the order in which they are due. */

#include "handle.h"

typedef struct weft__timer weft__timer;

enum weft__timer_state { TIMER_IDLE, TIMER_ARMED, TIMER_READY };

/* A timer that is not a task's own sleep. */
struct weft__timer {
    weft__callback callback;
    uint32_t sequence;
    uint32_t id;
    uint32_t references; /* of its owner, its entries in the heap, its place in the ready queue */
    uint8_t state;
    weft__callback_run *action; /* what to run when it fires */
    bool queued;                /* stands in the ready queue */
    weft_callback *function;    /* of weft_call_later */
    void *argument;
    const char *name;
};

typedef struct weft__timer_entry {
    double when;
    weft__handle *owner; /* a task or a timer; counted, and valid if its sequence number is this */
    uint32_t sequence;
} weft__timer_entry;

enum { TIMER_SEGMENT = 1024 };

typedef struct weft__timers {
    weft__timer_entry **segments;
    uint32_t segment_count, segment_room;
    uint32_t count; /* entries, the stale ones too */
    uint32_t stale;
    uint32_t sequence;
} weft__timers;

bool weft__timer_arm_task(weft_loop *loop, weft_task *task, double when);
weft__timer *weft__timer_new(weft_loop *loop, weft__callback_run *run, void *owner);
bool weft__timer_arm(weft_loop *loop, weft__timer *timer, double when);
double weft__timer_of_task(weft_loop *loop, weft_task *task); /* when one that sleeps is due */
void weft__timer_arm_soon(weft_loop *loop, weft__timer *timer);
void weft__timer_disarm(weft_loop *loop, weft__timer *timer);
void weft__timer_take_back(weft_loop *loop, weft__timer *timer); /* of weft_call_later */
void weft__timer_release(weft_loop *loop, weft__timer *timer);
void weft__timer_stale(weft_loop *loop);       /* one more entry is */
double weft__timers_next(weft_loop *loop);     /* the earliest deadline; INFINITY */
void weft__timers_fire(weft_loop *loop);       /* those due in this iteration */
void weft__timers_order_ties(weft_loop *loop); /* the simulation's choice among those due at once */
void weft__timers_close(weft_loop *loop);

#endif
