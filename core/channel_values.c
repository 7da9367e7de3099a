/* The values of a channel: made fit for any thread, and kept in a ring. */

#include <stdlib.h>

#include "channel.h"

const weft_error *weft__channel_detach(weft_value *value) {
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

bool weft__channel_grow(weft_channel *channel) {
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

void weft__channel_push(weft_channel *channel, weft_value *value) {
    channel->items[(channel->head + channel->count++) & (channel->room - 1)] = weft__value_move(value);
}

weft_value weft__channel_pop(weft_channel *channel) {
    weft_value value = channel->items[channel->head];
    channel->head = (channel->head + 1) & (channel->room - 1);
    channel->count--;
    return value;
}
