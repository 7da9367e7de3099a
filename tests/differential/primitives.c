/* Instructions and blocks of the primitives: locks, events, semaphores. */

#include "interpret.h"

#include <stdlib.h>

/* --- Locks and semaphores --- */

static void do_lock(struct call call) {
    weft_lock_init(&add(call.words[0], LOCK)->as.lock);
}

static void do_semaphore(struct call call) {
    weft_semaphore_init(&add(call.words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(call.words[1]));
}

static void do_bounded(struct call call) {
    weft_semaphore_init_bounded(&add(call.words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(call.words[1]));
}

static weft_op acquire(char **words) {
    struct thing *thing = get(words[0], SEMAPHORE);
    return thing->kind == LOCK ? weft_lock_acquire(&thing->as.lock)
                               : weft_semaphore_acquire(&thing->as.semaphore);
}

static void tell_acquired(struct call call, weft_value value) {
    (void)value;
    say(call.who, "acquired %s", call.words[0]);
}

static void do_release(struct call call) {
    struct thing *thing = get(call.words[0], SEMAPHORE);
    const weft_error *refused = thing->kind == LOCK ? weft_lock_release(&thing->as.lock)
                                                    : weft_semaphore_release(&thing->as.semaphore);
    if (refused != NULL)
        say(call.who, "%s refuses a release", call.words[0]);
}

static void do_locked(struct call call) {
    struct thing *thing = get(call.words[0], SEMAPHORE);
    if (thing->kind == LOCK)
        say(call.who, "%s locked: %s", call.words[0], boolean(weft_lock_locked(&thing->as.lock)));
    else
        say(call.who, "%s locked: %s, %u free", call.words[0],
            boolean(weft_semaphore_locked(&thing->as.semaphore)), weft_semaphore_value(&thing->as.semaphore));
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
    {"semaphore", do_semaphore},
    {"bounded", do_bounded},
    {"release", do_release},
    {"locked", do_locked},
    {"event", do_event},
    {"event_set", do_event_set},
    {"event_clear", do_event_clear},
    {"event_is_set", do_event_is_set},
    {NULL, NULL},
};

const struct wait_kind primitive_waits[] = {
    {"acquire", acquire, NULL, tell_acquired},
    {"event_wait", event_wait, NULL, tell_seen},
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

static weft_coroutine *open_with(struct part part) {
    struct thing *thing = get(part.at->words[1], SEMAPHORE);
    return weft_call(with, .part = part,
                     .manager = thing->kind == LOCK ? weft__lock_manager(&thing->as.lock)
                                                    : weft__semaphore_manager(&thing->as.semaphore));
}

const struct block_kind manager_kinds[] = {
    {"with", open_with},
    {NULL, NULL},
};
