#ifndef WEFT_CORE_CHANNEL_H
#define WEFT_CORE_CHANNEL_H

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

#include <weft/channel.h>

#include "spin.h"
#include "wait_queue.h"

enum weft__channel_state { IDLE, WAITING, GRANTED, TOLD };

/* A task in a channel, part of its coroutine's frame. */
typedef struct weft__channel_use {
    weft_channel *channel; /* counted as a use */
    struct weft__channel_use *next, *previous;
    weft_loop *loop;
    enum weft__channel_state state;
    bool sends;

    struct weft__channel_use *next_told, **told_link; /* in the loop's news; NULL: it is not there */

    /* Of the loop's thread. */
    weft__wait_queue task;
    bool stands; /* it waits, or has not heard yet that it does no more */
    bool held;   /* the loop is, for this wait */
} weft__channel_use;

typedef struct weft__channel_waiters {
    weft__channel_use *first, *last;
} weft__channel_waiters;

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
    size_t granted[2];              /* of room and of values, as `sends` is 1 and 0 */
    size_t waiting;                 /* tasks */
    weft__channel_waiters lists[2]; /* receivers, senders */

    struct {
        uint32_t id;
        uint8_t loop;
    } numbers[NUMBERS];
};

/* channel_news.c: loops that were sent their message and must be woken once the channel's lock is free. */
typedef struct weft__channel_wakeups {
    weft_loop *loops[8];
    unsigned count;
    bool here; /* there are news for this thread's own loop */
} weft__channel_wakeups;

/* With the channel locked: its loop is there. */
void weft__channel_tell(weft__channel_use *self, weft__channel_wakeups *due);
void weft__channel_forget_news(weft__channel_use *self);
/* Ends what weft__channel_enter began, in two steps or in one. */
void weft__channel_unlock(weft_channel *channel, weft__channel_wakeups *due);
void weft__channel_wake_here(const weft__channel_wakeups *due);
void weft__channel_leave(weft_channel *channel, weft__channel_wakeups *due);
/* Whether another thread may use it. With the channel locked. */
bool weft__channel_is_shared(const weft_channel *channel);
void weft__channel_hold(weft__channel_use *self, bool held);

/* channel_waiters.c: all with the channel locked, but for the first, which locks it. */
void weft__channel_enter(weft_channel *channel, weft__channel_wakeups *due);
void weft__channel_append(weft_channel *channel, weft__channel_use *self);
void weft__channel_take_out(weft_channel *channel, weft__channel_use *self);
void weft__channel_give_back(weft_channel *channel, weft__channel_use *self);
/* Whatever is there for somebody becomes theirs. A value that was granted may still come back. */
void weft__channel_settle(weft_channel *channel, weft__channel_wakeups *due);
/* Nothing will come for them any more. */
void weft__channel_send_away(weft_channel *channel, bool sends, weft__channel_wakeups *due);
/* Every task that waits looks again at whether another thread can serve it. */
void weft__channel_tell_all(weft_channel *channel, weft__channel_wakeups *due);

static inline bool weft__channel_has_value(const weft_channel *channel) {
    return channel->count > channel->granted[false];
}

static inline bool weft__channel_has_room(const weft_channel *channel) {
    return channel->capacity == 0 || channel->count + channel->granted[true] < channel->capacity;
}

/* channel_values.c: makes it one that any thread may free. NULL, or why not (static). */
const weft_error *weft__channel_detach(weft_value *value);
/* With the lock, which it leaves meanwhile: so anything may have changed. False without memory. */
bool weft__channel_grow(weft_channel *channel);
void weft__channel_push(weft_channel *channel, weft_value *value);
weft_value weft__channel_pop(weft_channel *channel);

/* channel_log.c: the number in this loop's log; it is new there when it is first told of. */
uint32_t weft__channel_number(weft_loop *loop, weft_channel *channel);
void weft__channel_log_done(weft_channel *channel, bool sent);

/* channel.c: of an operation that has ended. */
void weft__channel_leave_use(weft_channel *channel);

#endif
