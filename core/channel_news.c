/* News for the loops of tasks that stand in channels. */

#include "channel.h"

static void wake_loops(weft__channel_wakeups *self) {
    for (unsigned i = 0; i < self->count; i++) {
        weft_loop *loop = self->loops[i];
        loop->host->wake(loop->host);
        atomic_fetch_sub(&loop->senders, 1);
    }
    self->count = 0;
}

void weft__channel_hold(weft__channel_use *self, bool held) {
    if (self->held == held)
        return;
    self->held = held;
    if (held)
        weft_loop_hold(self->loop);
    else
        weft_loop_unhold(self->loop);
}

static void forget_news(weft__news *news, weft__channel_use *self) {
    if (self->told_link == NULL)
        return;
    *self->told_link = self->next_told;
    if (self->next_told != NULL)
        self->next_told->told_link = self->told_link;
    else
        news->last = self->told_link;
    self->told_link = NULL;
}

bool weft__channel_is_shared(const weft_channel *channel) {
    return WEFT__HAS_THREADS && (channel->shared || channel->references > 1);
}

/* In the loop's thread. */
static void take_news(weft_loop *loop) {
    weft__news *news = &loop->news;
    for (;;) {
        weft__lock(&news->locked);
        weft__channel_use *self = news->first;
        if (self != NULL)
            forget_news(news, self);
        weft__unlock(&news->locked);
        if (self == NULL)
            return;
        weft__lock(&self->channel->locked);
        bool waits = self->state == WAITING, held = waits && weft__channel_is_shared(self->channel);
        weft__unlock(&self->channel->locked);
        if (!waits)
            weft__queue_wake(loop, &self->task);
        weft__channel_hold(self, held);
    }
}

void weft__channel_forget_news(weft__channel_use *self) {
    weft__news *news = &self->loop->news;
    weft__lock(&news->locked);
    forget_news(news, self);
    weft__unlock(&news->locked);
}

static void on_news(weft_loop *loop, weft__message *message) {
    weft__lock(&loop->news.locked);
    loop->news.sent = false;
    weft__unlock(&loop->news.locked);
    (void)message;
    take_news(loop);
}

void weft__channel_tell(weft__channel_use *self, weft__channel_wakeups *due) {
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

void weft__channel_unlock(weft_channel *channel, weft__channel_wakeups *due) {
    weft__unlock(&channel->locked);
    wake_loops(due);
}

void weft__channel_wake_here(const weft__channel_wakeups *due) {
    if (due->here)
        take_news(weft__current);
}

void weft__channel_leave(weft_channel *channel, weft__channel_wakeups *due) {
    weft__channel_unlock(channel, due);
    weft__channel_wake_here(due);
}
