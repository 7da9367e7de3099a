/*
 * Timers: a heap of deadlines, four children a node, in segments so that growing never copies it.
 *
 * Equal deadlines fire in the order in which they were set: an entry carries a sequence number. An entry is
 * not taken out when its timer is cancelled: it goes stale (its owner's number is another one), and stale
 * entries are swept when they are the greater part, or dropped when they come up. So cancelling a sleep costs
 * the same however many tasks sleep.
 */

#include "internal.h"

enum { CHILDREN = 4, SWEEP_FROM = 100 };

/* --- The heap --- */

/* The root stands at place 3, so that the four children of a node stand in one segment, side by side. */
enum { ROOT_PLACE = CHILDREN - 1 };

static weft__timer_entry *entry_at(const weft__timers *timers, uint32_t i) {
    uint32_t place = i + ROOT_PLACE;
    return &timers->segments[place / TIMER_SEGMENT][place % TIMER_SEGMENT];
}

/* Sequence numbers wrap around. */
static bool precedes(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) < 0;
}

static bool earlier(const weft__timer_entry *a, const weft__timer_entry *b) {
    return a->when < b->when || (a->when == b->when && precedes(a->sequence, b->sequence));
}

static bool valid(const weft__timer_entry *entry) {
    if (entry->owner->kind == HANDLE_TASK) {
        const weft_future *task = (const weft_future *)(const void *)entry->owner;
        return task->handle.state == STATE_PENDING && task->handle.wait == WAIT_SLEEP &&
               task->u.task.wait.timer == entry->sequence;
    }
    const weft__timer *timer = (const weft__timer *)(const void *)entry->owner;
    return timer->state == TIMER_ARMED && timer->sequence == entry->sequence;
}

static void rise(weft__timers *timers, uint32_t i, weft__timer_entry entry) {
    while (i > 0) {
        uint32_t parent = (i - 1) / CHILDREN;
        weft__timer_entry *above = entry_at(timers, parent);
        if (!earlier(&entry, above))
            break;
        *entry_at(timers, i) = *above;
        i = parent;
    }
    *entry_at(timers, i) = entry;
}

/* A heap of many timers does not fit a cache: what the next level down will look at is fetched one level
 * ahead. */
static void fetch_below(const weft__timers *timers, uint32_t first) {
    for (uint32_t child = first; child < first + CHILDREN; child++) {
        if (child * CHILDREN + CHILDREN >= timers->count)
            return;
        const weft__timer_entry *below = entry_at(timers, child * CHILDREN + 1);
        WEFT__PREFETCH(below);
        WEFT__PREFETCH(below + CHILDREN - 1);
    }
}

static uint32_t earliest_child(const weft__timers *timers, uint32_t first) {
    const weft__timer_entry *children = entry_at(timers, first);
    uint32_t count = timers->count - first < CHILDREN ? timers->count - first : CHILDREN, best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (earlier(&children[i], &children[best]))
            best = i;
    return first + best;
}

static void sink(weft__timers *timers, uint32_t i, weft__timer_entry entry) {
    for (uint32_t first; (first = i * CHILDREN + 1) < timers->count;) {
        fetch_below(timers, first);
        uint32_t child = earliest_child(timers, first);
        const weft__timer_entry *least = entry_at(timers, child);
        if (!earlier(least, &entry))
            break;
        *entry_at(timers, i) = *least;
        i = child;
    }
    *entry_at(timers, i) = entry;
}

static bool grow_table(weft_loop *loop, weft__timers *timers) {
    uint32_t room = timers->segment_room == 0 ? 8 : timers->segment_room * 2;
    size_t old_size = timers->segment_room * sizeof *timers->segments, size = room * sizeof *timers->segments;
    weft__timer_entry **segments = timers->segments == NULL
                                       ? weft__large_new(loop, size)
                                       : weft__resize(loop, timers->segments, old_size, size);
    if (segments == NULL)
        return false;
    timers->segments = segments;
    timers->segment_room = room;
    return true;
}

static bool grow(weft_loop *loop, weft__timers *timers) {
    if (timers->segment_count == timers->segment_room && !grow_table(loop, timers))
        return false;
    weft__timer_entry *segment = weft__large_new(loop, TIMER_SEGMENT * sizeof *segment);
    if (segment == NULL)
        return false;
    timers->segments[timers->segment_count++] = segment;
    return true;
}

static bool push(weft_loop *loop, double when, weft__handle *owner, uint32_t sequence) {
    weft__timers *timers = &loop->timers;
    if (timers->count + ROOT_PLACE >= timers->segment_count * TIMER_SEGMENT && !grow(loop, timers))
        return false;
    rise(timers, timers->count++, (weft__timer_entry){when, owner, sequence});
    return true;
}

static weft__timer_entry take_out(weft__timers *timers, uint32_t i) {
    weft__timer_entry taken = *entry_at(timers, i);
    weft__timer_entry last = *entry_at(timers, --timers->count);
    if (i == timers->count)
        return taken;
    if (i > 0 && earlier(&last, entry_at(timers, (i - 1) / CHILDREN)))
        rise(timers, i, last);
    else
        sink(timers, i, last);
    return taken;
}

static void release_owner(weft_loop *loop, weft__handle *owner) {
    if (owner->kind == HANDLE_TASK)
        weft__release(loop, (weft_future *)(void *)owner);
    else
        weft__timer_release(loop, (weft__timer *)(void *)owner);
}

/* Takes every stale entry out, and makes a heap of the rest. */
static void sweep(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < timers->count; i++) {
        weft__timer_entry entry = *entry_at(timers, i);
        if (valid(&entry))
            *entry_at(timers, kept++) = entry;
        else
            release_owner(loop, entry.owner);
    }
    timers->count = kept;
    timers->stale = 0;
    for (uint32_t i = kept / CHILDREN + 1; i-- > 0;)
        if (i < kept)
            sink(timers, i, *entry_at(timers, i));
}

void weft__timer_stale(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    if (++timers->stale > SWEEP_FROM && timers->stale > timers->count / 2)
        loop->sweep = true; /* later: the entry's owner is just being changed */
}

/* --- Arming --- */

bool weft__timer_arm_task(weft_loop *loop, weft_task *task, double when) {
    uint32_t sequence = ++loop->timers.sequence;
    if (!push(loop, when, &task->future.handle, sequence))
        return false;
    task->future.references++;
    task->future.u.task.wait.timer = sequence;
    task->future.handle.wait = WAIT_SLEEP;
    if (WEFT__UNLIKELY(loop->log != NULL)) {
        double now = weft__now(loop);
        weft__log_wait(loop, task, WAITS_SLEEP, 0, 0);
        weft__log_arm(loop, TIMER_OF_SLEEP, task->future.id, 0, when, now);
    }
    return true;
}

static bool is_of(const weft__timer_entry *entry, const weft_task *task) {
    return entry->owner == &task->future.handle && entry->sequence == task->future.u.task.wait.timer;
}

/* The heap does not say where an entry is. Who looks for one notes the places of all: the next look-ups,
 * while nothing changes, need no search. */
double weft__timer_of_task(weft_loop *loop, weft_task *task) {
    weft__timers *timers = &loop->timers;
    uintptr_t guess = (uintptr_t)(void *)task->future.previous;
    if (guess < timers->count && is_of(entry_at(timers, (uint32_t)guess), task))
        return entry_at(timers, (uint32_t)guess)->when;
    double when = INFINITY;
    for (uint32_t i = 0; i < timers->count; i++) {
        weft__timer_entry *entry = entry_at(timers, i);
        if (entry->owner->kind != HANDLE_TASK || !valid(entry))
            continue;
        ((weft_future *)(void *)entry->owner)->previous = (weft_future *)(void *)(uintptr_t)i;
        if (is_of(entry, task))
            when = entry->when;
    }
    return when;
}

/* Runs what stands in the ready queue for a timer, unless that was disarmed meanwhile. */
static void run_ready(weft__callback *callback, weft_loop *loop) {
    weft__timer *timer = (weft__timer *)(void *)callback;
    timer->queued = false;
    if (timer->state == TIMER_READY) {
        timer->state = TIMER_IDLE;
        WEFT__LOG(loop, WEFT_LOG_TIMER_DROP, 0, 0, 0, 0, 0, timer->id, 0);
        timer->action(callback, loop);
    }
    weft__timer_release(loop, timer);
}

/* With one reference, the caller's. */
weft__timer *weft__timer_new(weft_loop *loop, weft__callback_run *run, void *owner) {
    weft__timer *timer = weft__new(loop, sizeof *timer);
    if (timer == NULL)
        return NULL;
    *timer = (weft__timer){.references = 1, .state = TIMER_IDLE, .action = run};
    weft__callback_init(&timer->callback, 0, run_ready, owner);
    timer->callback.handle.loop = loop->tag;
    timer->id = weft__new_id(loop);
    return timer;
}

void weft__timer_release(weft_loop *loop, weft__timer *timer) {
    if (--timer->references == 0)
        weft__delete(loop, timer, sizeof *timer);
}

static void run_call(weft__callback *callback, weft_loop *loop);

static void log_armed(weft_loop *loop, const weft__timer *timer, double when) {
    weft__log_arm(loop, timer->action == run_call ? TIMER_OF_CALL : TIMER_OF_DEADLINE,
                  weft__id_of(loop->current), timer->id, when, weft__now(loop));
}

bool weft__timer_arm(weft_loop *loop, weft__timer *timer, double when) {
    uint32_t sequence = ++loop->timers.sequence;
    if (!push(loop, when, &timer->callback.handle, sequence))
        return false;
    timer->references++;
    timer->sequence = sequence;
    timer->state = TIMER_ARMED;
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_armed(loop, timer, when);
    return true;
}

/* In the next tick. */
void weft__timer_arm_soon(weft_loop *loop, weft__timer *timer) {
    timer->state = TIMER_READY;
    if (WEFT__UNLIKELY(loop->log != NULL))
        log_armed(loop, timer, weft__now(loop));
    if (timer->queued)
        return;
    timer->queued = true;
    timer->references++;
    weft__push_ready(loop, &timer->callback.handle);
    weft__nudge(loop);
}

void weft__timer_disarm(weft_loop *loop, weft__timer *timer) {
    bool armed = timer->state == TIMER_ARMED;
    if (timer->state != TIMER_IDLE)
        WEFT__LOG(loop, WEFT_LOG_TIMER_DROP, 1, 0, weft__id_of(loop->current), 0, 0, timer->id, 0);
    timer->state = TIMER_IDLE;
    if (armed)
        weft__timer_stale(loop);
}

/* --- Firing --- */

double weft__timers_next(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    if (loop->sweep) {
        loop->sweep = false;
        sweep(loop);
    }
    while (timers->count > 0) {
        weft__timer_entry *first = entry_at(timers, 0);
        if (valid(first))
            return first->when;
        weft__timer_entry stale = take_out(timers, 0);
        timers->stale--;
        release_owner(loop, stale.owner);
    }
    return INFINITY;
}

static void fire(weft_loop *loop, weft__timer_entry entry) {
    if (!valid(&entry)) {
        loop->timers.stale--;
    } else if (entry.owner->kind == HANDLE_TASK) {
        weft_future *task = (weft_future *)(void *)entry.owner;
        WEFT__PREFETCH(task->u.task.leaf);
        task->handle.wait = WAIT_READY;
        weft__push_ready(loop, entry.owner);
        if (WEFT__UNLIKELY(loop->log != NULL)) {
            weft__log_record(loop, WEFT_LOG_TIMER_DROP, 0, 0, task->id, 0, 0, 0, 0);
            weft__log_record(loop, WEFT_LOG_WAKE, 0, 0, task->id, 0, 0, 0, 0);
        }
    } else {
        weft__timer *timer = (weft__timer *)(void *)entry.owner;
        timer->state = TIMER_IDLE;
        WEFT__LOG(loop, WEFT_LOG_TIMER_DROP, 0, 0, 0, 0, 0, timer->id, 0);
        timer->action(&timer->callback, loop);
    }
    release_owner(loop, entry.owner);
}

/* The first due entry that is of this iteration, below and at `i`; UINT32_MAX if there is none. Descends 16
 * levels at most. */
static uint32_t first_due(const weft_loop *loop, uint32_t i, uint32_t best) {
    const weft__timers *timers = &loop->timers;
    if (i >= timers->count || entry_at(timers, i)->when > loop->now)
        return best;
    if (precedes(entry_at(timers, i)->sequence, loop->cutoff))
        return best == UINT32_MAX || earlier(entry_at(timers, i), entry_at(timers, best)) ? i : best;
    for (uint32_t child = 1; child <= CHILDREN; child++)
        best = first_due(loop, i * CHILDREN + child, best);
    return best;
}

/* Those that were due when the iteration began; what its steps have set since is of the next. */
void weft__timers_fire(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    double ordered = -INFINITY;
    while (timers->count > 0 && entry_at(timers, 0)->when <= loop->now) {
        uint32_t i = 0;
        if (loop->simulation != NULL && entry_at(timers, 0)->when > ordered) {
            ordered = entry_at(timers, 0)->when;
            weft__timers_order_ties(loop);
        }
        if (WEFT__UNLIKELY(!precedes(entry_at(timers, 0)->sequence, loop->cutoff)) &&
            (i = first_due(loop, 0, UINT32_MAX)) == UINT32_MAX)
            return;
        weft__timer_entry due = take_out(timers, i);
        if (timers->count > 0)
            WEFT__PREFETCH(entry_at(timers, 0)->owner);
        fire(loop, due);
    }
}

/* --- The simulation's choice among timers with one deadline --- */

static uint32_t count_ties(const weft_loop *loop, uint32_t i, double when) {
    const weft__timers *timers = &loop->timers;
    if (i >= timers->count || entry_at(timers, i)->when != when)
        return 0;
    uint32_t count = valid(entry_at(timers, i)) && precedes(entry_at(timers, i)->sequence, loop->cutoff);
    for (uint32_t child = 1; child <= CHILDREN; child++)
        count += count_ties(loop, i * CHILDREN + child, when);
    return count;
}

/* Gives the chosen timer the sequence number of the earliest left, and moves the others up by one. */
static void choose_order(weft_loop *loop, weft__timer_entry *ties, uint32_t count) {
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint32_t chosen = i + weft__choose(loop, WEFT_CHOICE_TIMER_TIE, count - i);
        weft__handle *owner = ties[chosen].owner;
        for (uint32_t k = chosen; k > i; k--)
            ties[k].owner = ties[k - 1].owner;
        ties[i].owner = owner;
    }
    for (uint32_t i = 0; i < count; i++)
        if (ties[i].owner->kind == HANDLE_TASK)
            ((weft_future *)(void *)ties[i].owner)->u.task.wait.timer = ties[i].sequence;
        else
            ((weft__timer *)(void *)ties[i].owner)->sequence = ties[i].sequence;
}

void weft__timers_order_ties(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    double when = entry_at(timers, 0)->when;
    uint32_t count = count_ties(loop, 0, when), taken = 0;
    weft__timer_entry *ties;
    if (count < 2 || (ties = weft__large_new(loop, count * sizeof *ties)) == NULL)
        return; /* without memory they keep their order */
    while (taken < count) {
        weft__timer_entry entry = take_out(timers, 0);
        if (valid(&entry)) { /* those set since the iteration began come after all of these */
            ties[taken++] = entry;
        } else {
            timers->stale--;
            release_owner(loop, entry.owner);
        }
    }
    choose_order(loop, ties, count);
    for (uint32_t i = 0; i < count; i++)
        rise(timers, timers->count++, ties[i]);
    weft__large_delete(loop, ties, count * sizeof *ties);
}

/* --- Calls of the program's --- */

static void run_call(weft__callback *callback, weft_loop *loop) {
    weft__timer *timer = (weft__timer *)(void *)callback;
    weft_callback *function = timer->function;
    timer->function = NULL; /* it runs: there is nothing to take back any more */
    weft__call(loop, weft__callback_context(callback), function, timer->argument, timer->name);
    weft__timer_release(loop, timer);
}

weft_handle *weft__call_at(double when, weft_callback *function, void *argument, const char *name) {
    weft_loop *loop = weft__current;
    weft_context *context;
    if (!weft__has_loop(loop, name) || function == NULL || when != when ||
        !weft__context_snapshot(loop, &context))
        return NULL;
    weft__timer *timer = weft__timer_new(loop, run_call, context);
    if (timer == NULL || !weft__timer_arm(loop, timer, when)) {
        weft__context_free(loop, context);
        if (timer != NULL)
            weft__timer_release(loop, timer);
        return NULL;
    }
    timer->function = function;
    timer->argument = argument;
    timer->name = name;
    weft__nudge(loop);
    return &timer->callback;
}

weft_handle *weft__call_later(double delay, weft_callback *function, void *argument, const char *name) {
    return weft__call_at(weft_time() + delay, function, argument, name);
}

void weft__timer_take_back(weft_loop *loop, weft__timer *timer) {
    if (timer->function == NULL)
        return;
    weft__timer_disarm(loop, timer);
    weft__context_free(loop, weft__callback_context(&timer->callback));
    weft__timer_release(loop, timer);
}

void weft__timers_close(weft_loop *loop) {
    weft__timers *timers = &loop->timers;
    for (uint32_t i = 0; i < timers->count; i++) {
        weft__timer_entry *entry = entry_at(timers, i);
        weft__timer *timer = (weft__timer *)(void *)entry->owner;
        bool call = entry->owner->kind != HANDLE_TASK && valid(entry) && timer->action == run_call;
        release_owner(loop, entry->owner);
        if (call) { /* the call's own reference */
            weft__context_free(loop, weft__callback_context(&timer->callback));
            weft__timer_release(loop, timer);
        }
    }
    for (uint32_t i = 0; i < timers->segment_count; i++)
        weft__large_delete(loop, timers->segments[i], TIMER_SEGMENT * sizeof *timers->segments[i]);
    weft__large_delete(loop, timers->segments, timers->segment_room * sizeof *timers->segments);
    loop->timers = (weft__timers){0};
}
