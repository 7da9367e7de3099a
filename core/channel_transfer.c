/* Sending into channels and receiving from them, with and without waiting. */

#include "channel.h"

static const weft_error shut_down = {.code = WEFT_QUEUE_SHUT_DOWN, .message = "the channel was closed"};
static const weft_error missing = {.code = WEFT_INVALID_ARGUMENT, .message = "a channel is needed, not NULL"};

/* --- One try, for those that would wait else and those that would not --- */

enum answer { DONE, MUST_WAIT, CLOSED, NO_MEMORY };

/* `self` is NULL for those that do not wait. */
static enum answer try_receive(weft_channel *channel, weft__channel_use *self, weft_value *value) {
    weft__channel_wakeups due;
    enum answer answer = MUST_WAIT;
    weft__channel_enter(channel, &due);
    if (self != NULL)
        weft__channel_give_back(channel, self);
    if (weft__channel_has_value(channel)) {
        *value = weft__channel_pop(channel);
        answer = DONE;
        weft__channel_settle(channel, &due);
    } else if (channel->closed && channel->count == 0) {
        answer = CLOSED;
    } else if (self != NULL) {
        weft__channel_append(channel, self);
    }
    weft__channel_unlock(channel, &due);
    if (answer == DONE)
        weft__channel_log_done(channel, false);
    weft__channel_wake_here(&due);
    return answer;
}

static enum answer answer_to_send(weft_channel *channel, const weft__channel_use *self) {
    for (;;) {
        if (channel->closed)
            return CLOSED;
        if (!weft__channel_has_room(channel) && (self == NULL || self->state != GRANTED))
            return MUST_WAIT;
        if (channel->count < channel->room)
            return DONE;
        if (!weft__channel_grow(channel))
            return NO_MEMORY;
    }
}

/* Takes the value if it is DONE. */
static enum answer try_send(weft_channel *channel, weft__channel_use *self, weft_value *value) {
    weft__channel_wakeups due;
    weft__channel_enter(channel, &due);
    enum answer answer = answer_to_send(channel, self);
    if (self != NULL)
        weft__channel_give_back(channel, self);
    if (answer == DONE)
        weft__channel_push(channel, value);
    if (answer == MUST_WAIT && self != NULL)
        weft__channel_append(channel, self);
    else
        weft__channel_settle(channel, &due);
    weft__channel_unlock(channel, &due);
    if (answer == DONE)
        weft__channel_log_done(channel, true);
    weft__channel_wake_here(&due);
    return answer;
}

/* --- Waiting --- */

static weft__channel_use begin_use(weft_channel *channel, bool sends) {
    if (channel != NULL)
        atomic_fetch_add_explicit(&channel->uses, 1, memory_order_relaxed);
    return (weft__channel_use){.channel = channel, .sends = sends};
}

/* After a try, before the step ends. */
static void after_try(weft__channel_use *self, weft_loop *loop, enum answer answer) {
    bool waits = answer == MUST_WAIT;
    bool held = false;
    if (waits) {
        self->task.id = weft__channel_number(loop, self->channel);
        self->task.loop = loop->tag;
        weft__lock(&self->channel->locked);
        held = weft__channel_is_shared(self->channel);
        weft__unlock(&self->channel->locked);
    }
    weft__channel_hold(self, held);
    self->stands = waits;
}

/* Behind weft_drop: what was granted goes to the next. */
static void end_use(weft__channel_use *self) {
    weft_channel *channel = self->channel;
    weft__channel_wakeups due = {.count = 0};
    if (channel == NULL)
        return;
    if (self->stands) {
        weft__lock(&channel->locked);
        if (self->state == WAITING)
            weft__channel_take_out(channel, self);
        weft__channel_give_back(channel, self);
        weft__channel_forget_news(self);
        weft__channel_settle(channel, &due);
        weft__channel_leave(channel, &due);
        weft__channel_hold(self, false);
    }
    self->channel = NULL;
    weft__channel_leave_use(channel);
}

/* --- Sending and receiving --- */

enum { TO_GET = 1, TO_PUT }; /* docs/events.md */

static const weft__queue_type types[2] = {{"channel", WAITS_QUEUE, OBJECT_QUEUE, NULL, 0, TO_GET},
                                          {"channel", WAITS_QUEUE, OBJECT_QUEUE, NULL, 0, TO_PUT}};

struct send {
    weft_frame frame;
    weft__channel_use use;
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
    const weft_error *error = weft__channel_detach(&value);
    if (channel == NULL)
        error = &missing;
    return weft_call(send, .use = begin_use(channel, true), .value = value, .error = error);
}

/* What a receive and a generator have. */
typedef struct receiving {
    weft__channel_use use;
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
    const weft_error *error = channel == NULL ? &missing : weft__channel_detach(&value);
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
