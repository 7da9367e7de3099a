/* Channels: their life, and what they are like. */

#include "channel.h"

#include <stdlib.h>

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

void weft__channel_leave_use(weft_channel *channel) {
    if (atomic_fetch_sub(&channel->uses, 1) > 1)
        return;
    while (channel->count > 0) {
        weft_value value = weft__channel_pop(channel);
        weft_value_free(&value);
    }
    free(channel->items);
    free(channel);
}

weft_channel *weft_channel_retain(weft_channel *channel) {
    weft__channel_wakeups due;
    if (channel == NULL)
        return NULL;
    weft__channel_enter(channel, &due);
    if (channel->references++ == 1)
        weft__channel_tell_all(channel, &due);
    weft__channel_leave(channel, &due);
    return channel;
}

/* The one thread that is left, whichever it is, knows all that can still happen. */
void weft_channel_release(weft_channel *channel) {
    weft__channel_wakeups due = {.count = 0};
    if (channel == NULL)
        return;
    weft__lock(&channel->locked);
    uint32_t left = --channel->references;
    if (left < 2) {
        channel->shared = false;
        channel->home = 0;
        weft__channel_tell_all(channel, &due);
    }
    weft__channel_leave(channel, &due);
    if (left == 0)
        weft__channel_leave_use(channel);
}

void weft_channel_close(weft_channel *channel) {
    weft__channel_wakeups due;
    if (channel == NULL)
        return;
    weft__channel_enter(channel, &due);
    channel->closed = true;
    weft__channel_send_away(channel, true, &due);
    weft__channel_settle(channel, &due);
    weft__channel_leave(channel, &due);
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
