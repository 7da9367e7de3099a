/* Instructions and blocks of the primitives: locks, conditions, semaphores, barriers, events. */

#include "interpret.h"

#include <stdlib.h>

/* --- Locks, conditions and semaphores --- */

static void do_lock(struct call call) {
    weft_lock_init(&add(call.words[0], LOCK)->as.lock);
}

static void do_condition(struct call call) {
    weft_lock *shared = call.words[1] == NULL ? NULL : &get(call.words[1], LOCK)->as.lock;
    weft_condition_init(&add(call.words[0], CONDITION)->as.condition, shared);
}

static void do_semaphore(struct call call) {
    weft_semaphore_init(&add(call.words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(call.words[1]));
}

static void do_bounded(struct call call) {
    weft_semaphore_init_bounded(&add(call.words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(call.words[1]));
}

/* The lock that a thing is or has; NULL for a semaphore. */
static weft_lock *lock_of(struct thing *thing) {
    return thing->kind == LOCK        ? &thing->as.lock
           : thing->kind == CONDITION ? weft_condition_lock(&thing->as.condition)
                                      : NULL;
}

static weft_op acquire(char **words) {
    struct thing *thing = get(words[0], SEMAPHORE);
    weft_lock *lock = lock_of(thing);
    return lock != NULL ? weft_lock_acquire(lock) : weft_semaphore_acquire(&thing->as.semaphore);
}

static void tell_acquired(struct call call, weft_value value) {
    (void)value;
    say(call.who, "acquired %s", call.words[0]);
}

static void do_release(struct call call) {
    struct thing *thing = get(call.words[0], SEMAPHORE);
    weft_lock *lock = lock_of(thing);
    if ((lock != NULL ? weft_lock_release(lock) : weft_semaphore_release(&thing->as.semaphore)) != NULL)
        say(call.who, "%s refuses a release", call.words[0]);
}

static void do_locked(struct call call) {
    struct thing *thing = get(call.words[0], SEMAPHORE);
    weft_lock *lock = lock_of(thing);
    if (lock != NULL)
        say(call.who, "%s locked: %s", call.words[0], boolean(weft_lock_locked(lock)));
    else
        say(call.who, "%s locked: %s, %u free", call.words[0],
            boolean(weft_semaphore_locked(&thing->as.semaphore)), weft_semaphore_value(&thing->as.semaphore));
}

/* --- Conditions, and counters for what they guard --- */

static weft_condition *condition_of(const char *name) {
    return &get(name, CONDITION)->as.condition;
}

static weft_awaitable condition_wait(char **words) {
    return weft_awaitable_of(weft_condition_wait(condition_of(words[0])));
}

static bool is_reached(void *words) {
    char **of = words;
    return get(of[1], COUNTER)->as.counter >= atoi(of[2]);
}

static weft_awaitable wait_until(char **words) {
    return weft_awaitable_of(weft_condition_wait_for(condition_of(words[0]), is_reached, words));
}

static void tell_notified(struct call call, weft_value value) {
    say(call.who, "%s gave %s", call.words[0], boolean(weft_value_bool(value)));
}

static void do_notify(struct call call) {
    if (weft_condition_notify(condition_of(call.words[0]), (uint32_t)atoi(call.words[1])) != NULL)
        say(call.who, "%s refuses to notify", call.words[0]);
}

static void do_notify_all(struct call call) {
    if (weft_condition_notify_all(condition_of(call.words[0])) != NULL)
        say(call.who, "%s refuses to notify", call.words[0]);
}

static void do_counter(struct call call) {
    add(call.words[0], COUNTER);
}

static void do_add(struct call call) {
    get(call.words[0], COUNTER)->as.counter += atoi(call.words[1]);
}

/* --- Barriers --- */

static weft_barrier *barrier_of(const char *name) {
    return &get(name, BARRIER)->as.barrier;
}

static void do_barrier(struct call call) {
    weft_barrier_init(&add(call.words[0], BARRIER)->as.barrier, atoi(call.words[1]));
}

static weft_awaitable barrier_wait(char **words) {
    return weft_awaitable_of(weft_barrier_wait(barrier_of(words[0])));
}

static weft_awaitable barrier_reset(char **words) {
    return weft_awaitable_of(weft_barrier_reset(barrier_of(words[0])));
}

static weft_awaitable barrier_abort(char **words) {
    return weft_awaitable_of(weft_barrier_abort(barrier_of(words[0])));
}

static void tell_passed(struct call call, weft_value value) {
    say(call.who, "passed %s: %s", call.words[0], describe(value).is);
}

static void do_barrier_state(struct call call) {
    const weft_barrier *barrier = barrier_of(call.words[0]);
    say(call.who, "%s: %d of %d, broken: %s", call.words[0], weft_barrier_waiting(barrier),
        weft_barrier_parties(barrier), boolean(weft_barrier_broken(barrier)));
}

/* --- Events --- */

static void do_event(struct call call) {
    weft_event_init(&add(call.words[0], EVENT)->as.event);
}

static weft_op event_wait(char **words) {
    return weft_event_wait(&get(words[0], EVENT)->as.event);
}

static void tell_seen(struct call call, weft_value value) {
    (void)value;
    say(call.who, "saw %s", call.words[0]);
}

static void do_event_set(struct call call) {
    weft_event_set(&get(call.words[0], EVENT)->as.event);
}

static void do_event_clear(struct call call) {
    weft_event_clear(&get(call.words[0], EVENT)->as.event);
}

static void do_event_is_set(struct call call) {
    say(call.who, "%s is set: %s", call.words[0],
        boolean(weft_event_is_set(&get(call.words[0], EVENT)->as.event)));
}

const struct action primitive_actions[] = {
    {"lock", do_lock},
    {"condition", do_condition},
    {"semaphore", do_semaphore},
    {"bounded", do_bounded},
    {"release", do_release},
    {"locked", do_locked},
    {"notify", do_notify},
    {"notify_all", do_notify_all},
    {"counter", do_counter},
    {"add", do_add},
    {"barrier", do_barrier},
    {"barrier_state", do_barrier_state},
    {"event", do_event},
    {"event_set", do_event_set},
    {"event_clear", do_event_clear},
    {"event_is_set", do_event_is_set},
    {NULL, NULL},
};

const struct wait_kind primitive_waits[] = {
    {"acquire", acquire, NULL, tell_acquired},
    {"event_wait", event_wait, NULL, tell_seen},
    {"condition_wait", NULL, condition_wait, tell_notified},
    {"wait_until", NULL, wait_until, tell_notified},
    {"barrier_wait", NULL, barrier_wait, tell_passed},
    {"barrier_reset", NULL, barrier_reset, tell_passed},
    {"barrier_abort", NULL, barrier_abort, tell_passed},
    {NULL, NULL, NULL, NULL},
};

/* --- Blocks --- */

struct with {
    weft_frame frame;
    struct part part;
    weft_manager manager;
};

static weft_async(with) {
    weft_begin(with);
    weft_with(self->manager) {
        say(self->part.who, "enters %s", self->part.at->words[1]);
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->part.at->words[1]);
    weft_end();
}

struct with_barrier {
    weft_frame frame;
    struct part part;
    weft_barrier *barrier;
    int index;
};

static weft_async(with_barrier) {
    weft_begin(with_barrier);
    weft_with_as(self->index, self->barrier) {
        say(self->part.who, "enters %s: %d", self->part.at->words[1], self->index);
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->part.at->words[1]);
    weft_end();
}

static weft_coroutine *open_with(struct part part) {
    struct thing *thing = get(part.at->words[1], SEMAPHORE);
    if (thing->kind == BARRIER)
        return weft_call(with_barrier, .part = part, .barrier = &thing->as.barrier);
    weft_manager manager = thing->kind == LOCK        ? weft__lock_manager(&thing->as.lock)
                           : thing->kind == CONDITION ? weft__condition_manager(&thing->as.condition)
                                                      : weft__semaphore_manager(&thing->as.semaphore);
    return weft_call(with, .part = part, .manager = manager);
}

const struct block_kind manager_kinds[] = {
    {"with", open_with},
    {NULL, NULL},
};
