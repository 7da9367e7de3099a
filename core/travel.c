/*
 * How errors, returns, breaks and continues travel outwards through a frame's blocks. What leaves a block
 * early is kept in `pending` until the block has closed, and then travels on to the block around it.
 */

#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

void weft__set_error(weft_loop *loop, const weft_error *error, weft__traceback *traceback) {
    weft_error_release(loop->error);
    weft__traceback_free(loop, loop->traceback);
    loop->error = error;
    loop->traceback = traceback;
}

void weft__set_error_of(weft_loop *loop, weft_future *future) {
    if (!(future->handle.flags & FUTURE_STATIC))
        future->handle.flags |= FUTURE_RETRIEVED;
    weft__set_error(loop, weft_error_retain(future->u.failed.error),
                    weft__traceback_copy(loop, future->u.failed.traceback));
}

void weft__scope_leave_state(weft__scope *scope) {
    static const uint8_t after_body[] = {[SCOPE_TRY] = SCOPE_FINALLY,
                                         [SCOPE_WITH] = SCOPE_EXIT,
                                         [SCOPE_FOR] = SCOPE_EXIT,
                                         [SCOPE_LOOP] = SCOPE_CLOSED};
    if (scope->state == SCOPE_BODY)
        scope->state = scope->kind == SCOPE_TRY && scope->pending == PENDING_ERROR ? SCOPE_CATCH
                                                                                   : after_body[scope->kind];
    else if (scope->state == SCOPE_CATCH)
        scope->state = SCOPE_FINALLY;
    else
        scope->state = SCOPE_CLOSED;
    scope->mark = MARK_ARMED;
    scope->offered = false;
}

void weft__propagate(weft_frame *frame, weft_loop *loop) {
    weft__scope *scope = weft__innermost_block(frame);
    if (scope == NULL) {
        frame->b.run.at = WEFT__AT_DROP;
        return;
    }
    frame->b.run.at = scope->at;
    if (scope->state == SCOPE_EXIT &&
        weft__is_group(scope)) { /* the end of the block goes on waiting for the children */
        weft__group_interrupted(loop, weft__as_with(scope)->manager.object, loop->error);
        weft__set_error(loop, NULL, NULL);
        return;
    }
    weft__scope_fail(loop, scope, loop->error);
    scope->traceback = loop->traceback;
    loop->error = NULL;
    loop->traceback = NULL;
    weft__scope_leave_state(scope);
}

weft_frame *weft__throw(weft_frame *frame, weft_loop *loop) {
    if (weft__traceback_wanted(loop->error))
        loop->traceback = weft__traceback_add(loop, loop->traceback, frame, weft__line_of(frame));
    weft__drop_value(loop);
    weft__propagate(frame, loop);
    return frame;
}

const weft_error weft__raised_null = {.code = WEFT_TYPE_MISMATCH,
                                      .message = "raised NULL, which is no error"};

/* The error that a catch or finally around this place is handling: the cause of a new one. */
static const weft_error *handled(const weft_frame *frame) {
    for (weft__scope *scope = weft__innermost_block(frame); scope != NULL && scope->kind != SCOPE_HOLD;
         scope = scope->outer) {
        if (scope->state == SCOPE_CATCH && scope->caught != NULL)
            return scope->caught;
        if (scope->state == SCOPE_FINALLY && scope->error != NULL)
            return scope->error;
    }
    return NULL;
}

static const weft_error *new_error(weft_frame *frame, int line, int code, const char *format,
                                   va_list arguments) {
    char text[512];
    char *message = text;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length >= (int)sizeof text && (message = weft_allocate((size_t)length + 1)) != NULL)
        vsnprintf(message, (size_t)length + 1, format, again);
    va_end(again);
    const weft_type *type = weft__type_of(frame);
    const weft_error *error =
        message == NULL ? &weft_error_out_of_memory
                        : weft__error_at(type->name, type->file, line, handled(frame), code, message);
    if (message != text)
        weft_free(message);
    return error;
}

void weft__raise_at(weft_frame *frame, weft_loop *loop, int line, const weft_error *error) {
    if (frame->b.run.at == WEFT__AT_DROP) {
        weft_error_context about = weft__about_frame(frame, line);
        about.error = error;
        weft__report(loop, about, "an error raised in weft_drop is lost");
        weft_error_release(error);
        frame->b.run.at = WEFT__AT_END;
        return;
    }
    weft__set_error(loop, error, NULL);
    if (weft__traceback_wanted(error))
        loop->traceback = weft__traceback_add(loop, NULL, frame, line);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_error(loop, frame, error, line);
    weft__propagate(frame, loop);
}

void weft__throw_new(weft_frame *frame, weft_loop *loop, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = new_error(frame, weft__line_of(frame), code, format, arguments);
    va_end(arguments);
    weft__raise_at(frame, loop, weft__line_of(frame), error);
}

void weft__raise(weft_frame *frame, weft_loop *loop, int line, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = new_error(frame, line, code, format, arguments);
    va_end(arguments);
    weft__raise_at(frame, loop, line, error);
}

void weft__raise_error(weft_frame *frame, weft_loop *loop, int line, const weft_error *error) {
    weft__raise_at(frame, loop, line, weft_error_retain(error != NULL ? error : &weft__raised_null));
}

void weft__reraise(weft_frame *frame, weft_loop *loop, int line) {
    for (weft__scope *scope = weft__innermost_block(frame); scope != NULL && scope->kind != SCOPE_HOLD;
         scope = scope->outer)
        if (scope->state == SCOPE_CATCH && scope->caught != NULL) {
            weft__set_error(loop, weft_error_retain(scope->caught),
                            weft__traceback_copy(loop, scope->caught_traceback));
            weft__propagate(frame, loop);
            return;
        }
    weft__raise(frame, loop, line, WEFT_RUNTIME, "weft_reraise outside of a weft_catch");
}

/* The slow part of weft__return. */
void weft__leave(weft_frame *frame, weft_loop *loop) {
    weft_value value = weft__take(loop);
    if (value.kind == WEFT_FAILURE) {
        weft__set_error(loop, weft_error_retain(value.as.error), NULL);
        weft_value_free(&value);
        weft__throw(frame, loop);
        return;
    }
    weft__scope *scope = weft__innermost_block(frame);
    if (scope == NULL) {
        loop->transfer.value = value;
        frame->b.run.at = WEFT__AT_DROP;
        return;
    }
    weft__scope_clear(loop, scope);
    scope->pending = PENDING_RETURN;
    scope->value = value;
    weft__scope_leave_state(scope);
    frame->b.run.at = scope->at;
}

void weft__jump(weft_frame *frame, weft_loop *loop, bool again) {
    weft__scope *scope = weft__innermost_block(frame);
    if (scope == NULL) {
        weft__throw_new(frame, loop, WEFT_RUNTIME, "%s outside of weft_while and weft_for_await",
                        again ? "weft_continue" : "weft_break");
        return;
    }
    frame->b.run.at = scope->at;
    weft__scope_clear(loop, scope);
    if (scope->kind == SCOPE_LOOP && again) {
        frame->b.run.at = scope->at + 1; /* the label in front of the loop's condition */
    } else if (scope->kind == SCOPE_LOOP) {
        scope->state = SCOPE_CLOSED;
    } else if (scope->kind == SCOPE_FOR) {
        scope->state = SCOPE_BODY;
        scope->mark = again ? MARK_ENDED : MARK_INSIDE;
    } else {
        scope->pending = again ? PENDING_CONTINUE : PENDING_BREAK;
        weft__scope_leave_state(scope);
    }
}

void weft__travel_on(weft_frame *frame, weft_loop *loop) {
    weft__scope *scope = frame->a.scopes;
    uint8_t pending = scope->pending;
    weft_value value = scope->value;
    if (pending == PENDING_ERROR) {
        weft__set_error(loop, scope->error, scope->traceback);
        scope->error = NULL;
        scope->traceback = NULL;
    } else {
        scope->value = weft__of_none();
    }
    weft__scope_pop(loop, frame);
    if (pending == PENDING_ERROR) {
        weft__propagate(frame, loop);
    } else if (pending == PENDING_RETURN) {
        weft__move(&loop->transfer.value, &value);
        weft__leave(frame, loop);
    } else {
        weft__jump(frame, loop, pending == PENDING_CONTINUE);
    }
}
