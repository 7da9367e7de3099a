/* What a coroutine creates is held for it until it ends: here is the list, in its frame's outermost scope. */

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
bool weft__hold(weft_loop *loop, weft_future *future, weft_frame *generator) {
    weft__hold_scope *hold = loop->frame != NULL ? find_or_make(loop, loop->frame) : &loop->held;
    if (hold == NULL || (hold->count == hold->room && !grow(loop, hold)))
        return false;
    hold->items[hold->count++] = (weft__held){future, generator};
    if (future != NULL)
        future->handle.flags |= FUTURE_HELD;
    return true;
}

static bool remove_from(weft__hold_scope *hold, const weft_future *future, const weft_frame *generator) {
    if (hold == NULL)
        return false;
    for (uint32_t i = hold->count; i-- > 0;) /* what is let go of early was mostly made last */
        if (hold->items[i].future == future && hold->items[i].generator == generator) {
            hold->items[i] = hold->items[--hold->count];
            return true;
        }
    return false;
}

/* Takes it off the list of the frame that runs, or the loop's; its reference is the caller's then. */
bool weft__unhold(weft_loop *loop, weft_future *future) {
    if (!(future->handle.flags & FUTURE_HELD))
        return false;
    if ((loop->frame != NULL && remove_from(find(loop->frame), future, NULL)) ||
        remove_from(&loop->held, future, NULL)) {
        future->handle.flags &= (uint16_t)~FUTURE_HELD;
        return true;
    }
    return false;
}

bool weft__unhold_generator(weft_loop *loop, weft_frame *generator) {
    return loop->frame != NULL && remove_from(find(loop->frame), NULL, generator);
}

/* Lets go of all, last first, and frees the list. */
void weft__hold_free(weft_loop *loop, weft__hold_scope *hold) {
    while (hold->count > 0) {
        weft__held item = hold->items[--hold->count];
        if (item.future != NULL) {
            item.future->handle.flags &= (uint16_t)~FUTURE_HELD;
            weft__release(loop, item.future);
        } else {
            weft__generator_abandon(loop, item.generator);
        }
    }
    weft__large_delete(loop, hold->items, hold->room * sizeof *hold->items);
    hold->items = NULL;
    hold->room = 0;
}
