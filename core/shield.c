/* Shield: a future that follows another one without passing a cancellation on to it. */

#include "internal.h"

/* As the report of an error never retrieved, with the reason why nobody could; several shields make one. */
static void report_late(weft_loop *loop, weft_future *inner) {
    if (inner->handle.state != STATE_ERROR || inner->handle.flags & FUTURE_RETRIEVED)
        return;
    weft_error_context about = weft__about_future(inner);
    about.error = weft_future_error(inner);
    weft__report(loop, about, "failed after the shield around it was cancelled");
}

/* Without a future: the inner one ended without a result, since nobody can set it any more. */
static void inner_done(weft__callback *callback, weft_loop *loop) {
    weft_future *shield = callback->owner, *inner = callback->future;
    bool left = shield->extra->inner == NULL;
    weft__callback_free(loop, callback);
    shield->extra->inner = NULL;
    if (inner == NULL) {
        weft__release(loop, shield);
        return;
    }
    if (weft__done(shield)) {
        if (!left)
            report_late(loop, inner);
    } else if (inner->handle.state == STATE_VALUE) {
        weft_value value = weft__borrowed(inner);
        shield->extra->inner = weft__retain(inner); /* it owns the value */
        weft__finish_value(loop, shield, &value);
    } else {
        weft__finish_error(loop, shield, weft_error_retain(weft_future_error(inner)),
                           weft__traceback_copy(loop, inner->u.failed.traceback));
    }
    weft__release(loop, inner);
    weft__release(loop, shield);
}

/* What has ended by then ends as if there had been no shield: who asks for its error is still to come. */
void weft__shield_cancelled(weft_future *shield) {
    weft_future *inner = shield->extra->inner;
    if (inner != NULL && weft__done(inner))
        shield->extra->inner = NULL;
}

weft_future *weft_shield_of(weft_awaitable awaitable) {
    weft_loop *loop = weft__current;
    if (awaitable.future != NULL && weft__done(awaitable.future))
        return awaitable.future;
    weft_future *shield = loop == NULL ? NULL : weft__future_new(loop, HANDLE_SHIELD);
    weft__extra *extra = shield == NULL ? NULL : weft__extra_of(loop, shield);
    weft__callback *callback = extra == NULL ? NULL : weft__new(loop, sizeof *callback);
    weft_future *inner = callback == NULL ? weft__not_there(loop) : weft_ensure_future_of(awaitable);
    if (weft__done(inner)) { /* it could not be made: that is the result */
        if (callback == NULL)
            weft_coroutine_close(awaitable.coroutine);
        else
            weft__delete(loop, callback, sizeof *callback);
        if (shield != NULL) {
            shield->handle.flags |= FUTURE_RETRIEVED;
            weft__release(loop, shield);
        }
        return inner;
    }
    weft__callback_init(callback, sizeof *callback, inner_done, shield);
    callback->handle.wait = CALLBACK_OF_FUTURE;
    extra->inner = inner;
    weft__retain(shield);
    weft__attach_callback(loop, inner, callback);
    if (WEFT__UNLIKELY(loop->log != NULL)) {
        weft__log_object(loop, shield->id, OBJECT_SHIELD, 1);
        weft__log_record(loop, WEFT_LOG_AWAITED_BY, 0, 0, inner->id, weft__id_of(loop->current), 0,
                         shield->id, 0);
    }
    return weft__keep(loop, shield);
}
