#ifndef WEFT_CORE_HOLD_H
#define WEFT_CORE_HOLD_H

/* What is held for a frame, or for the loop where no frame runs: futures that were created and that nobody
 * awaited, generators. */

#include "future.h"

bool weft__hold_slowly(weft_loop *loop, weft_future *future, weft_frame *generator);
bool weft__unhold_slowly(weft_loop *loop, weft_future *future);

/* The list of the frame that runs, if that has one and no block is open around it; else NULL. */
static inline weft__hold_scope *weft__hold_at_hand(const weft_loop *loop) {
    weft__scope *scope = loop->frame == NULL ? NULL : loop->frame->a.scopes;
    return scope != NULL && scope->kind == SCOPE_HOLD ? (weft__hold_scope *)(void *)scope : NULL;
}

static inline bool weft__hold(weft_loop *loop, weft_future *future) {
    weft__hold_scope *hold = weft__hold_at_hand(loop);
    if (WEFT__UNLIKELY(hold == NULL || hold->count == hold->room))
        return weft__hold_slowly(loop, future, NULL);
    weft__held *item = &hold->items[hold->count++];
    item->object = future;
    item->id = future->id;
    item->generator = false;
    future->handle.flags |= FUTURE_HELD;
    return true;
}

static inline bool weft__unhold(weft_loop *loop, weft_future *future) {
    if (!(future->handle.flags & FUTURE_HELD))
        return false;
    weft__hold_scope *hold = weft__hold_at_hand(loop);
    if (WEFT__UNLIKELY(hold == NULL || hold->count == 0 || hold->gone > 0 ||
                       hold->items[hold->count - 1].object != future))
        return weft__unhold_slowly(loop, future);
    hold->count--;
    future->handle.flags &= (uint16_t)~FUTURE_HELD;
    return true;
}

bool weft__unhold_generator(weft_loop *loop, weft_frame *generator);
/* Again while it returns a generator to free. */
weft_frame *weft__hold_free(weft_loop *loop, weft__hold_scope *hold);

#endif
