/*
 * Channels: a ring of values under a short spin lock, and two lists of those that wait, of any loops.
 *
 * Who waits is granted a value, or room for one, in the order of the list, and goes on in its own loop; what
 * is granted is nobody else's, although it stays where it is. So a task that is cancelled, or whose loop is
 * closed, gives back the right to it and nothing more, and it needs no memory to do so.
 *
 *     IDLE      does not wait
 *     WAITING   stands in one of the channel's lists
 *     GRANTED   a value in the ring, or room, counts as its own
 *     TOLD      the channel was closed, and there will be none
 *
 * The lock of a channel guards all that and is taken by any thread. News for a loop's tasks (a grant, or
 * another answer to whether anybody elsewhere can serve them) are put into that loop's list, which has a lock
 * of its own, taken inside the first; the loop's one message is sent unless it is under way. A loop is there
 * while one of its tasks stands in a channel, and waits at its end for whoever is about to wake it
 * (`senders`).
 *
 * Nobody sleeps with a lock held, and no memory is asked for.
 */

#include "spin.h"
#include "wait_queue.h"

#include <stdlib.h>
#include <weft/channel.h>

enum use_state { IDLE, WAITING, GRANTED, TOLD };
enum answer { DONE, MUST_WAIT, CLOSED, NO_MEMORY };

/* A task in a channel, part of its coroutine's frame. */
typedef struct weft__channel_use {
    weft_channel *channel; /* counted as a use */
    struct weft__channel_use *next, *previous;
    weft_loop *loop;
    enum use_state state;
    bool sends;

    struct weft__channel_use *next_told, **told_link; /* in the loop's news; NULL: it is not there */

    /* Of the loop's thread. */
    weft__wait_queue task;
    bool stands; /* it waits, or has not heard yet that it does no more */
    bool held;   /* the loop is, for this wait */
} use;

typedef struct waiters {
    use *first, *last;
} waiters;

/* The numbers of a channel in the logs of loops, by their tags. */
enum { NUMBERS = 4 };

struct weft_channel {
    weft__spin locked;
    atomic_uint uses; /* one for all references together, and one for each operation that is called */

    size_t capacity;
    uint32_t references;
    bool closed;
    bool shared;    /* a thread beside `home` has used it */
    uintptr_t home; /* the thread that used it first, since it has had one reference; 0: none yet */

    weft_value *items; /* a ring */
    size_t room, head, count;
    size_t granted[2]; /* of room and of values, as `sends` is 1 and 0 */
    size_t waiting;    /* tasks */
    waiters lists[2];  /* receivers, senders */

    struct {
        uint32_t id;
        uint8_t loop;
    } numbers[NUMBERS];
};

static const weft_error shut_down = {.code = WEFT_QUEUE_SHUT_DOWN, .message = "the channel was closed"};
static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT, .message = "a channel is needed, not NULL"};

/* --- News for a loop --- */

/* Loops that were sent their message and must be woken once the channel's lock is free. */
typedef struct wakeups {
    weft_loop *loops[8];
    unsigned count;
    bool here; /* there are news for this thread's own loop */
} wakeups;

static void wake_loops(wakeups *self) {
    for (unsigned i = 0; i < self->count; i++) {
        weft_loop *loop = self->loops[i];
        loop->host->wake(loop->host);
        atomic_fetch_sub(&loop->senders, 1);
    }
    self->count = 0;
}

static void set_held(use *self, bool held) {
    if (self->held == held)
        return;
    self->held = held;
    if (held)
        weft_loop_hold(self->loop);
    else
        weft_loop_unhold(self->loop);
}

static void forget_news(weft__news *news, use *self) {
    if (self->told_link == NULL)
        return;
    *self->told_link = self->next_told;
    if (self->next_told != NULL)
        self->next_told->told_link = self->told_link;
    else
        news->last = self->told_link;
    self->told_link = NULL;
}

static bool is_shared(const weft_channel *channel) {
    return WEFT__HAS_THREADS && (channel->shared || channel->references > 1);
}

/* In the loop's thread. */
static void take_news(weft_loop *loop) {
    weft__news *news = &loop->news;
    for (;;) {
        weft__lock(&news->locked);
        use *self = news->first;
        if (self != NULL)
            forget_news(news, self);
        weft__unlock(&news->locked);
        if (self == NULL)
            return;
        weft__lock(&self->channel->locked);
        bool waits = self->state == WAITING, held = waits && is_shared(self->channel);
        weft__unlock(&self->channel->locked);
        if (!waits)
            weft__queue_wake(loop, &self->task);
        set_held(self, held);
    }
}

static void on_news(weft_loop *loop, weft__message *message) {
    weft__lock(&loop->news.locked);
    loop->news.sent = false;
    weft__unlock(&loop->news.locked);
    (void)message;
    take_news(loop);
}

/* With the channel locked: its loop is there. */
static void tell(use *self, wakeups *due) {
    weft_loop *loop = self->loop;
    weft__news *news = &loop->news;
    bool here = loop == weft__current, send = false;
    weft__lock(&news->locked);
    if (news->last == NULL)
        news->last = &news->first;
    if (self->told_link == NULL) {
        self->next_told = NULL;
        self->told_link = news->last;
        *news->last = self;
        news->last = &self->next_told;
    }
    if (!here && !news->sent) {
        news->sent = send = true;
        atomic_fetch_add(&loop->senders, 1);
        news->message.arrive = on_news;
        weft__send(loop, &news->message);
    }
    weft__unlock(&news->locked);
    due->here |= here;
    if (!send)
        return;
    if (due->count == sizeof due->loops / sizeof *due->loops)
        wake_loops(due);
    due->loops[due->count++] = loop;
}

static void unlock_and_wake(weft_channel *channel, wakeups *due) {
    weft__unlock(&channel->locked);
    wake_loops(due);
}

static void wake_here(const wakeups *due) {
    if (due->here)
        take_news(weft__current);
}

static void leave_lock(weft_channel *channel, wakeups *due) {
    unlock_and_wake(channel, due);
    wake_here(due);
}

/* --- Who waits --- */

static void append(weft_channel *channel, use *self) {
    waiters *list = &channel->lists[self->sends];
    self->next = NULL;
    self->previous = list->last;
    if (list->last != NULL)
        list->last->next = self;
    else
        list->first = self;
    list->last = self;
    self->state = WAITING;
    channel->waiting++;
}

static void take_out(weft_channel *channel, use *self) {
    waiters *list = &channel->lists[self->sends];
    if (self->previous != NULL)
        self->previous->next = self->next;
    else
        list->first = self->next;
    if (self->next != NULL)
        self->next->previous = self->previous;
    else
        list->last = self->previous;
    channel->waiting--;
}

static bool has_value(const weft_channel *channel) {
    return channel->count > channel->granted[false];
}

static bool has_room(const weft_channel *channel) {
    return channel->capacity == 0 || channel->count + channel->granted[true] < channel->capacity;
}

static void grant_first(weft_channel *channel, bool sends, wakeups *due) {
    use *self = channel->lists[sends].first;
    take_out(channel, self);
    self->state = GRANTED;
    channel->granted[sends]++;
    tell(self, due);
}

/* Nothing will come for them any more. */
static void send_away(weft_channel *channel, bool sends, wakeups *due) {
    for (use *self; (self = channel->lists[sends].first) != NULL; tell(self, due)) {
        take_out(channel, self);
        self->state = TOLD;
    }
}

/* Whatever is there for somebody becomes theirs. A value that was granted may still come back. */
static void settle(weft_channel *channel, wakeups *due) {
    while (channel->lists[false].first != NULL && has_value(channel))
        grant_first(channel, false, due);
    while (channel->lists[true].first != NULL && has_room(channel))
        grant_first(channel, true, due);
    if (channel->closed && channel->count == 0)
        send_away(channel, false, due);
}

/* Every task that waits looks again at whether another thread can serve it. */
static void tell_all(weft_channel *channel, wakeups *due) {
    for (int sends = 0; sends < 2; sends++)
        for (use *self = channel->lists[sends].first; self != NULL; self = self->next)
            tell(self, due);
}

/* For an operation. The address of a thread-local tells threads apart. */
static void enter_lock(weft_channel *channel, wakeups *due) {
    uintptr_t thread = (uintptr_t)&weft__current;
    due->count = 0;
    due->here = false;
    weft__lock(&channel->locked);
    if (channel->home == 0)
        channel->home = thread;
    if (WEFT__LIKELY(channel->home == thread || channel->shared))
        return;
    channel->shared = true;
    if (channel->references < 2)
        tell_all(channel, due);
}

/* --- Values on their way --- */

/* Makes it one that any thread may free. NULL, or why not (static). */
static const weft_error *detach(weft_value *value) {
    static const weft_error failure = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a channel takes values, not errors"};
    static const weft_error own = {.code = WEFT_INVALID_ARGUMENT,
                                   .message =
                                       "memory of an allocator of the loop's own cannot go to another loop"};
    if (value->release == weft_free && weft__memory_is_mallocs(weft__current))
        value->release = free;
    else if (value->kind == WEFT_STRING)
        *value = weft__value_detach(*value);
    else if (value->release == weft_free)
        return &own;
    if (value->kind == WEFT_FAILURE)
        return value->as.error->references == 0 ? value->as.error : &failure;
    return NULL;
}

/* With the lock, which it leaves meanwhile: so anything may have changed. False without memory. */
static bool grow(weft_channel *channel) {
    size_t old_room = channel->room, room = old_room == 0 ? 8 : old_room * 2;
    weft__unlock(&channel->locked);
    weft_value *items = room > SIZE_MAX / sizeof *items ? NULL : malloc(room * sizeof *items);
    weft__lock(&channel->locked);
    bool found = items != NULL;
    if (found && channel->room == old_room) {
        weft_value *old = channel->items;
        for (size_t i = 0; i < channel->count; i++)
            items[i] = old[(channel->head + i) & (old_room - 1)];
        channel->items = items;
        channel->room = room;
        channel->head = 0;
        items = old;
    }
    weft__unlock(&channel->locked);
    free(items);
    weft__lock(&channel->locked);
    return found || channel->count < channel->room;
}

static void push(weft_channel *channel, weft_value *value) {
    channel->items[(channel->head + channel->count++) & (channel->room - 1)] = weft__value_move(value);
}

static weft_value pop(weft_channel *channel) {
    weft_value value = channel->items[channel->head];
    channel->head = (channel->head + 1) & (channel->room - 1);
    channel->count--;
    return value;
}

/* --- The log --- */

enum { TO_GET = 1, TO_PUT }; /* docs/events.md */

static const weft__queue_type types[2] = {{"channel", WAITS_QUEUE, OBJECT_QUEUE, NULL, 0, TO_GET},
                                          {"channel", WAITS_QUEUE, OBJECT_QUEUE, NULL, 0, TO_PUT}};

static uint32_t saturated(size_t number) {
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* In this loop's log; it is new there when it is first told of. */
static uint32_t number_in(weft_loop *loop, weft_channel *channel) {
    unsigned slot = loop->tag % NUMBERS;
    weft__lock(&channel->locked);
    bool known = channel->numbers[slot].id != 0 && channel->numbers[slot].loop == loop->tag;
    if (!known) {
        channel->numbers[slot].id = weft__new_id(loop);
        channel->numbers[slot].loop = loop->tag;
    }
    uint32_t id = channel->numbers[slot].id;
    weft__unlock(&channel->locked);
    if (!known && loop->log != NULL)
        weft__log_object_at(loop, id, OBJECT_QUEUE, saturated(channel->capacity), channel, 0);
    return id;
}

static void log_done(weft_channel *channel, bool sent) {
    weft_loop *loop = weft__current;
    if (WEFT__LIKELY(loop == NULL || loop->log == NULL))
        return;
    uint32_t id = number_in(loop, channel);
    weft__lock(&channel->locked);
    size_t count = channel->count, waiting = channel->waiting;
    weft__unlock(&channel->locked);
    weft__log_record(loop, sent ? WEFT_LOG_RELEASE : WEFT_LOG_ACQUIRE, 0,
                     waiting > UINT16_MAX ? UINT16_MAX : (uint16_t)waiting, weft__id_of(loop->current), 0, 0,
                     id, saturated(count));
}

/* --- One try, for those that would wait else and those that would not --- */

static void give_back(weft_channel *channel, use *self) {
    if (self->state == GRANTED)
        channel->granted[self->sends]--;
    self->state = IDLE;
}

/* `self` is NULL for those that do not wait. */
static enum answer try_receive(weft_channel *channel, use *self, weft_value *value) {
    wakeups due;
    enum answer answer = MUST_WAIT;
    enter_lock(channel, &due);
    if (self != NULL)
        give_back(channel, self);
    if (has_value(channel)) {
        *value = pop(channel);
        answer = DONE;
        settle(channel, &due);
    } else if (channel->closed && channel->count == 0) {
        answer = CLOSED;
    } else if (self != NULL) {
        append(channel, self);
    }
    unlock_and_wake(channel, &due);
    if (answer == DONE)
        log_done(channel, false);
    wake_here(&due);
    return answer;
}

static enum answer answer_to_send(weft_channel *channel, const use *self) {
    for (;;) {
        if (channel->closed)
            return CLOSED;
        if (!has_room(channel) && (self == NULL || self->state != GRANTED))
            return MUST_WAIT;
        if (channel->count < channel->room)
            return DONE;
        if (!grow(channel))
            return NO_MEMORY;
    }
}

/* Takes the value if it is DONE. */
static enum answer try_send(weft_channel *channel, use *self, weft_value *value) {
    wakeups due;
    enter_lock(channel, &due);
    enum answer answer = answer_to_send(channel, self);
    if (self != NULL)
        give_back(channel, self);
    if (answer == DONE)
        push(channel, value);
    if (answer == MUST_WAIT && self != NULL)
        append(channel, self);
    else
        settle(channel, &due);
    unlock_and_wake(channel, &due);
    if (answer == DONE)
        log_done(channel, true);
    wake_here(&due);
    return answer;
}

/* --- Life --- */

weft_channel *weft_channel_new(size_t capacity) {
    weft_channel *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    atomic_init(&self->locked, false);
    atomic_init(&self->uses, 1);
    self->capacity = capacity;
    self->references = 1;
    return self;
}

static void drop_use(weft_channel *channel) {
    if (atomic_fetch_sub(&channel->uses, 1) > 1)
        return;
    while (channel->count > 0) {
        weft_value value = pop(channel);
        weft_value_free(&value);
    }
    free(channel->items);
    free(channel);
}

weft_channel *weft_channel_retain(weft_channel *channel) {
    wakeups due;
    if (channel == NULL)
        return NULL;
    enter_lock(channel, &due);
    if (channel->references++ == 1)
        tell_all(channel, &due);
    leave_lock(channel, &due);
    return channel;
}

/* The one thread that is left, whichever it is, knows all that can still happen. */
void weft_channel_release(weft_channel *channel) {
    wakeups due = {.count = 0};
    if (channel == NULL)
        return;
    weft__lock(&channel->locked);
    uint32_t left = --channel->references;
    if (left < 2) {
        channel->shared = false;
        channel->home = 0;
        tell_all(channel, &due);
    }
    leave_lock(channel, &due);
    if (left == 0)
        drop_use(channel);
}

void weft_channel_close(weft_channel *channel) {
    wakeups due;
    if (channel == NULL)
        return;
    enter_lock(channel, &due);
    channel->closed = true;
    send_away(channel, true, &due);
    settle(channel, &due);
    leave_lock(channel, &due);
}

/* --- Waiting --- */

static use begin_use(weft_channel *channel, bool sends) {
    if (channel != NULL)
        atomic_fetch_add_explicit(&channel->uses, 1, memory_order_relaxed);
    return (use){.channel = channel, .sends = sends};
}

/* After a try, before the step ends. */
static void after_try(use *self, weft_loop *loop, enum answer answer) {
    bool waits = answer == MUST_WAIT;
    bool held = false;
    if (waits) {
        self->task.id = number_in(loop, self->channel);
        self->task.loop = loop->tag;
        weft__lock(&self->channel->locked);
        held = is_shared(self->channel);
        weft__unlock(&self->channel->locked);
    }
    set_held(self, held);
    self->stands = waits;
}

/* Behind weft_drop: what was granted goes to the next. */
static void end_use(use *self) {
    weft_channel *channel = self->channel;
    wakeups due = {.count = 0};
    if (channel == NULL)
        return;
    if (self->stands) {
        weft__news *news = &self->loop->news;
        weft__lock(&channel->locked);
        if (self->state == WAITING)
            take_out(channel, self);
        give_back(channel, self);
        weft__lock(&news->locked);
        forget_news(news, self);
        weft__unlock(&news->locked);
        settle(channel, &due);
        leave_lock(channel, &due);
        set_held(self, false);
    }
    self->channel = NULL;
    drop_use(channel);
}

/* --- Sending and receiving --- */

struct send {
    weft_frame frame;
    use use;
    weft_value value;
    const weft_error *error; /* static */
    enum answer answer;
};

static enum answer send_now(struct send *self, weft_loop *loop) {
    self->use.loop = loop;
    self->answer = try_send(self->use.channel, &self->use, &self->value);
    after_try(&self->use, loop, self->answer);
    return self->answer;
}

static weft_async(send) {
    weft_begin(send);
    if (self->error != NULL)
        weft_raise_error(self->error);
    while (send_now(self, weft__loop) == MUST_WAIT)
        WEFT__AWAIT_IN(&self->use.task, &types[true]);
    if (self->answer != DONE)
        weft_raise_error(self->answer == CLOSED ? &shut_down : &weft_error_out_of_memory);
    weft_drop();
    end_use(&self->use);
    weft_value_free(&self->value);
    weft_end();
}

weft_coroutine *weft_channel_send_value(weft_channel *channel, weft_value value) {
    const weft_error *error = detach(&value);
    if (channel == NULL)
        error = &missing;
    return weft_call(send, .use = begin_use(channel, true), .value = value, .error = error);
}

/* What a receive and a generator have. */
typedef struct receiving {
    use use;
    weft_value value;
    enum answer answer;
} receiving;

struct receive {
    weft_frame frame;
    receiving receiving;
};

struct values {
    weft_frame frame;
    receiving receiving;
};

static enum answer receive_now(receiving *self, weft_loop *loop) {
    self->use.loop = loop;
    self->answer = try_receive(self->use.channel, &self->use, &self->value);
    after_try(&self->use, loop, self->answer);
    return self->answer;
}

static void end_receiving(receiving *self) {
    end_use(&self->use);
    weft_value_free(&self->value);
}

static weft_async(receive) {
    weft_begin(receive);
    if (self->receiving.use.channel == NULL)
        weft_raise_error(&missing);
    while (receive_now(&self->receiving, weft__loop) == MUST_WAIT)
        WEFT__AWAIT_IN(&self->receiving.use.task, &types[false]);
    if (self->receiving.answer == CLOSED)
        weft_raise_error(&shut_down);
    weft_return(weft__value_move(&self->receiving.value));
    weft_drop();
    end_receiving(&self->receiving);
    weft_end();
}

weft_coroutine *weft_channel_receive(weft_channel *channel) {
    return weft_call(receive, .receiving = {.use = begin_use(channel, false)});
}

static weft_async(values) {
    weft_begin(values);
    if (self->receiving.use.channel == NULL)
        weft_raise_error(&missing);
    for (;;) {
        while (receive_now(&self->receiving, weft__loop) == MUST_WAIT)
            WEFT__AWAIT_IN(&self->receiving.use.task, &types[false]);
        if (self->receiving.answer == CLOSED)
            weft_return_none();
        weft_yield(weft__value_move(&self->receiving.value));
    }
    weft_drop();
    end_receiving(&self->receiving);
    weft_end();
}

weft_coroutine *weft_channel_values(weft_channel *channel) {
    return weft_call(values, .receiving = {.use = begin_use(channel, false)});
}

/* --- Without waiting --- */

const weft_error *weft_channel_try_send_value(weft_channel *channel, weft_value value) {
    static const weft_error full = {.code = WEFT_QUEUE_FULL, .message = "the channel is full"};
    const weft_error *error = channel == NULL ? &missing : detach(&value);
    if (error == NULL) {
        switch (try_send(channel, NULL, &value)) {
        case DONE:
            return NULL;
        case MUST_WAIT:
            error = &full;
            break;
        case CLOSED:
            error = &shut_down;
            break;
        case NO_MEMORY:
            error = &weft_error_out_of_memory;
            break;
        }
    }
    weft_value_free(&value);
    return error;
}

weft_value weft_channel_try_receive(weft_channel *channel) {
    static const weft_error empty = {.code = WEFT_QUEUE_EMPTY, .message = "the channel is empty"};
    weft_value value = weft__of_none();
    if (channel == NULL)
        return weft__of_error(&missing);
    enum answer answer = try_receive(channel, NULL, &value);
    if (answer != DONE)
        return weft__of_error(answer == CLOSED ? &shut_down : &empty);
    return value;
}

/* --- What it is like --- */

size_t weft_channel_size(weft_channel *channel) {
    if (channel == NULL)
        return 0;
    weft__lock(&channel->locked);
    size_t count = channel->count;
    weft__unlock(&channel->locked);
    return count;
}

size_t weft_channel_capacity(const weft_channel *channel) {
    return channel == NULL ? 0 : channel->capacity;
}

bool weft_channel_closed(weft_channel *channel) {
    if (channel == NULL)
        return true;
    weft__lock(&channel->locked);
    bool closed = channel->closed;
    weft__unlock(&channel->locked);
    return closed;
}
