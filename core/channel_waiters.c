/* Who waits in a channel, and what is granted to them. */

#include "channel.h"

void weft__channel_append(weft_channel *channel, weft__channel_use *self) {
    weft__channel_waiters *list = &channel->lists[self->sends];
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

void weft__channel_take_out(weft_channel *channel, weft__channel_use *self) {
    weft__channel_waiters *list = &channel->lists[self->sends];
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

void weft__channel_give_back(weft_channel *channel, weft__channel_use *self) {
    if (self->state == GRANTED)
        channel->granted[self->sends]--;
    self->state = IDLE;
}

static void grant_first(weft_channel *channel, bool sends, weft__channel_wakeups *due) {
    weft__channel_use *self = channel->lists[sends].first;
    weft__channel_take_out(channel, self);
    self->state = GRANTED;
    channel->granted[sends]++;
    weft__channel_tell(self, due);
}

void weft__channel_send_away(weft_channel *channel, bool sends, weft__channel_wakeups *due) {
    for (weft__channel_use *self; (self = channel->lists[sends].first) != NULL;
         weft__channel_tell(self, due)) {
        weft__channel_take_out(channel, self);
        self->state = TOLD;
    }
}

void weft__channel_settle(weft_channel *channel, weft__channel_wakeups *due) {
    while (channel->lists[false].first != NULL && weft__channel_has_value(channel))
        grant_first(channel, false, due);
    while (channel->lists[true].first != NULL && weft__channel_has_room(channel))
        grant_first(channel, true, due);
    if (channel->closed && channel->count == 0)
        weft__channel_send_away(channel, false, due);
}

void weft__channel_tell_all(weft_channel *channel, weft__channel_wakeups *due) {
    for (int sends = 0; sends < 2; sends++)
        for (weft__channel_use *self = channel->lists[sends].first; self != NULL; self = self->next)
            weft__channel_tell(self, due);
}

/* The address of a thread-local tells threads apart. */
void weft__channel_enter(weft_channel *channel, weft__channel_wakeups *due) {
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
        weft__channel_tell_all(channel, due);
}
