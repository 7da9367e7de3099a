/* Channels in the logs of loops. */

#include "channel.h"

static uint32_t saturated(size_t number) {
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

uint32_t weft__channel_number(weft_loop *loop, weft_channel *channel) {
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

void weft__channel_log_done(weft_channel *channel, bool sent) {
    weft_loop *loop = weft__current;
    if (WEFT__LIKELY(loop == NULL || loop->log == NULL))
        return;
    uint32_t id = weft__channel_number(loop, channel);
    weft__lock(&channel->locked);
    size_t count = channel->count, waiting = channel->waiting;
    weft__unlock(&channel->locked);
    weft__log_record(loop, sent ? WEFT_LOG_RELEASE : WEFT_LOG_ACQUIRE, 0,
                     waiting > UINT16_MAX ? UINT16_MAX : (uint16_t)waiting, weft__id_of(loop->current), 0, 0,
                     id, saturated(count));
}
