#ifndef WEFT_CHANNEL_H
#define WEFT_CHANNEL_H

/*
 * Channels: queues between tasks of any loops, in whatever threads these run. Both sides await them.
 *
 *     weft_await(weft_channel_send(self->pages, weft_format("page %d", 1)));
 *     weft_for_await (self->page, weft_channel_values(self->pages)) { … }
 *
 * A channel is counted: weft_channel_new gives one reference, and each thread that uses the channel holds one
 * while it does, which who hands it over takes with weft_channel_retain. That is also how weft knows what can
 * still happen: a task that waits for a channel that only its own thread can reach can be part of a deadlock;
 * one that another thread may serve keeps its loop waiting, as anything outside does.
 *
 * Values move through a channel, first in, first out. The one that is sent is the channel's from then on,
 * whatever comes of the send: if that fails or is cancelled, it was not sent, and what it owns is freed. The
 * one that is received is the caller's. Strings of weft_format and memory of weft_allocate become malloc's on
 * their way, to be freed with free; what a value owns otherwise must be such that any thread may free it, and
 * what it only points to must live until nobody uses it. Pointers to what belongs to a loop, tasks, futures
 * and streams among them, are of no use to another one.
 *
 * Tasks are served in the order in which they began to wait. Whoever is cancelled leaves what it was about to
 * get to the next one. Between loops a wake-up is one message, however many tasks of that loop it wakes.
 *
 * janus.Queue; asyncio.Queue within one loop
 */

#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

typedef struct weft_channel weft_channel;

/* For at most `capacity` values at a time; 0: any number. NULL without memory. In any thread, as all that
 * follows. */
weft_channel *weft_channel_new(size_t capacity);

/* One more reference, for another thread; returns the channel. NULL is allowed. */
weft_channel *weft_channel_retain(weft_channel *channel);

/* Lets go of a reference; with the last one goes the channel, and what is in it is freed. NULL is allowed. */
void weft_channel_release(weft_channel *channel);

/*
 * Awaiting it puts a value in, and waits while the channel is full. Raises QueueShutDown if it was closed,
 * OutOfMemory, and InvalidArgument for an error in a value's place, or for memory that is an allocator's of
 * the loop's own. A coroutine: it is sent when it is awaited.
 */
weft_coroutine *weft_channel_send_value(weft_channel *channel, weft_value value) WEFT__MUST_USE;

/* Awaiting it takes a value out, and waits while there is none. Raises QueueShutDown once the channel was
 * closed and is empty. */
weft_coroutine *weft_channel_receive(weft_channel *channel) WEFT__MUST_USE;

/* An asynchronous generator of what is received, which ends where a receive would raise QueueShutDown. Any
 * number of tasks may have one: each value goes to one of them. */
weft_coroutine *weft_channel_values(weft_channel *channel) WEFT__MUST_USE;

/* The same without waiting, for threads without a loop, too. NULL, or the error: QueueFull, QueueShutDown, …
 * (it is static: nothing to release). */
const weft_error *weft_channel_try_send_value(weft_channel *channel, weft_value value);

/* The value, or a failure that holds QueueEmpty or QueueShutDown. What tasks were woken for counts as gone.
 */
weft_value weft_channel_try_receive(weft_channel *channel);

/* From now on every send raises QueueShutDown, and every receive once what is in it was received; who waits
 * in vain is woken. NULL is allowed. */
void weft_channel_close(weft_channel *channel);

/* Values in it; how many it takes, 0: any number; whether it was closed. Other threads may have changed that
 * when the caller looks at it. */
size_t weft_channel_size(weft_channel *channel);
size_t weft_channel_capacity(const weft_channel *channel);
bool weft_channel_closed(weft_channel *channel);

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/* Awaiting it sends any number, boolean, string, pointer or weft_value. */
#define weft_channel_send(channel, v) weft_channel_send_value((channel), weft_value_of(v))
/* The same without waiting: NULL, or the error, QueueFull among them. */
#define weft_channel_try_send(channel, v) weft_channel_try_send_value((channel), weft_value_of(v))
#endif
#endif
