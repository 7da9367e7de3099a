/*
 * What a coroutine creates is held for it until it ends: here is the list, in its frame's outermost scope.
 *
 * Ids grow along the list, so that what is let go of early is found by halving; its place stays empty until
 * half of the places are.
 */

#include "internal.h"

static weft__hold_scope *find(weft_frame *frame) {
    for (weft__scope *scope = frame->a.scopes; scope != NULL; scope = scope->outer)
        if (scope->kind == SCOPE_HOLD)
            return (weft__hold_scope *)(void *)scope;
    return NULL;
}

static weft__hold_scope *find_or_make(weft_loop *loop, weft_frame *frame) {
    weft__hold_scope *hold = find(frame);
    if (hold != NULL)
        return hold;
    hold = weft__new(loop, sizeof *hold);
    if (hold == NULL)
        return NULL;
    *hold = (weft__hold_scope){.scope = {.kind = SCOPE_HOLD}};
    weft__scope **end = &frame->a.scopes;
    while (*end != NULL)
        end = &(*end)->outer;
    *end = &hold->scope;
    return hold;
}

static bool grow(weft_loop *loop, weft__hold_scope *hold) {
    uint32_t room = hold->room == 0 ? 4 : hold->room * 2;
    weft__held *items = hold->items == NULL ? weft__large_new(loop, room * sizeof *items)
                                            : weft__resize(loop, hold->items, hold->room * sizeof *items,
                                                           room * sizeof *items);
    if (items == NULL)
        return false;
    hold->items = items;
    hold->room = room;
    return true;
}

/* Holds one of the two for the frame that runs, or for the loop. Takes over the caller's reference, unless it
 * fails. */
bool weft__hold_slowly(weft_loop *loop, weft_future *future, weft_frame *generator) {
    weft__hold_scope *hold = loop->frame != NULL ? find_or_make(loop, loop->frame) : &loop->held;
    if (hold == NULL || (hold->count == hold->room && !grow(loop, hold)))
        return false;
    weft__held *item = &hold->items[hold->count++];
    if (future != NULL) {
        *item = (weft__held){future, future->id, false};
        future->handle.flags |= FUTURE_HELD;
    } else {
        *item = (weft__held){generator, weft__new_id(loop), true};
    }
    return true;
}

/* Where a future of this id stands, or would. */
static uint32_t place_of(const weft__hold_scope *hold, uint32_t id) {
    uint32_t low = hold->first, high = hold->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (hold->items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Closes the gaps. */
static void compact(weft__hold_scope *hold) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < hold->count; i++)
        if (hold->items[i].object != NULL)
            hold->items[kept++] = hold->items[i];
    hold->count = kept;
    hold->first = hold->gone = 0;
}

static void remove_at(weft__hold_scope *hold, uint32_t i) {
    hold->items[i].object = NULL;
    hold->gone++;
    while (hold->first < hold->count && hold->items[hold->first].object == NULL)
        hold->first++;
    while (hold->count > 0 && hold->items[hold->count - 1].object == NULL) {
        hold->count--;
        hold->gone--;
    }
    if (hold->first > hold->count)
        hold->first = hold->count;
    if (hold->gone > 16 && hold->gone > hold->count / 2)
        compact(hold);
}

static bool remove_object(weft__hold_scope *hold, const void *object, uint32_t id) {
    if (hold == NULL || hold->count == 0)
        return false;
    uint32_t i = hold->first; /* the oldest and the newest are the likeliest */
    if (i >= hold->count || hold->items[i].object != object)
        i = hold->items[hold->count - 1].object == object ? hold->count - 1 : place_of(hold, id);
    if (i < hold->count && hold->items[i].object == object) {
        remove_at(hold, i);
        return true;
    }
    for (i = 0; i < hold->count; i++) /* ids that wrapped around are out of order */
        if (hold->items[i].object == object) {
            remove_at(hold, i);
            return true;
        }
    return false;
}

/* Takes it off the list of the frame that runs, or the loop's; its reference is the caller's then. */
bool weft__unhold_slowly(weft_loop *loop, weft_future *future) {
    if ((loop->frame != NULL && remove_object(find(loop->frame), future, future->id)) ||
        remove_object(&loop->held, future, future->id)) {
        future->handle.flags &= (uint16_t)~FUTURE_HELD;
        return true;
    }
    return false;
}

bool weft__unhold_generator(weft_loop *loop, weft_frame *generator) {
    return loop->frame != NULL && remove_object(find(loop->frame), generator, 0);
}

/* Lets go of all, last first, and frees the list. Returns a generator that is to be freed before the rest. */
weft_frame *weft__hold_free(weft_loop *loop, weft__hold_scope *hold) {
    while (hold->count > 0) {
        weft__held item = hold->items[--hold->count];
        weft_frame *generator = item.generator ? item.object : NULL;
        weft_future *future = item.generator ? NULL : item.object;
        if (generator != NULL && (generator = weft__generator_abandon(loop, generator)) != NULL)
            return generator;
        if (future == NULL)
            continue;
        future->handle.flags &= (uint16_t)~FUTURE_HELD;
        weft__release(loop, future);
    }
    weft__large_delete(loop, hold->items, hold->room * sizeof *hold->items);
    hold->items = NULL;
    hold->room = 0;
    hold->first = hold->gone = 0;
    return NULL;
}
