/*
 * The machine that the macros of blocks turn: try, with, for-await and while.
 *
 * A block is a scope on its frame. It goes from state to state; within a state its mark tells how far it is:
 *
 *     try    BODY → CATCH (an error came) → FINALLY → CLOSED
 *     with   ENTER → BODY → EXIT → CLOSED
 *     for    ENTER (the next item) → BODY → ENTER … → EXIT (closes the generator) → CLOSED
 *     while  BODY → CLOSED
 */

#include "internal.h"

void weft__discard(weft_loop *loop) {
    weft_value_free(&loop->transfer.value);
}

static const char *mismatch(weft_kind wanted, weft_value value) {
    bool number = value.kind == WEFT_INT || value.kind == WEFT_BOOL;
    if (value.kind == wanted || wanted == WEFT_FAILURE)
        return NULL;
    if ((wanted == WEFT_INT || wanted == WEFT_DOUBLE) && number)
        return NULL;
    if (wanted == WEFT_BOOL && value.kind == WEFT_INT)
        return NULL;
    if ((wanted == WEFT_POINTER || wanted == WEFT_STRING) &&
        (value.kind == WEFT_NONE || value.kind == WEFT_POINTER || value.kind == WEFT_STRING))
        return NULL;
    return weft_kind_name((weft_kind)value.kind);
}

/* The slow part of weft__accept: a value of another kind that the variable may take all the same. */
bool weft__convert(weft_frame *frame, weft_loop *loop, weft_kind wanted) {
    const char *kind = mismatch(wanted, loop->transfer.value);
    if (kind == NULL)
        return true;
    weft__drop_value(loop);
    weft__throw_new(frame, loop, WEFT_TYPE_MISMATCH, "the awaited value is %s, the variable takes %s", kind,
                    weft_kind_name(wanted));
    return false;
}

/* Checks what entering the block, or the generator, gave. On a mismatch the block is left through its exit.
 */
static bool receive(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft_value_free(&scope->value);
    scope->state = SCOPE_BODY;
    scope->mark = MARK_ARMED;
    if (scope->kind == SCOPE_WITH && scope->wanted == WEFT_NONE) {
        weft__drop_value(loop);
        return true;
    }
    if (!weft__accept(frame, loop, (weft_kind)scope->wanted))
        return false;
    scope->value = weft__take(loop);
    return true;
}

/* The part of entering that needs no await. */
static const weft_error *enter_builtin(weft_loop *loop, weft__with_scope *with) {
    switch (with->manager.kind) {
    case MANAGER_TIMEOUT:
    case MANAGER_TIMEOUT_AT:
        with->scope.value = weft__of_pointer(with->manager.object);
        return weft__timeout_enter(loop, with->manager.object, &with->manager);
    case MANAGER_NEW_GROUP:
        weft_group_init(with->manager.object);
        with->scope.value = weft__of_pointer(with->manager.object);
        return weft__group_enter(loop, with->manager.object);
    case MANAGER_GROUP:
        return weft__group_enter(loop, with->manager.object);
    default:
        return NULL;
    }
}

/* Returns whether the step must be left. */
static bool step_enter(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft__with_scope *with = weft__as_with(scope);
    if (scope->mark == MARK_WAITING) {
        if (scope->ended) {
            scope->state = SCOPE_CLOSED;
            return scope->pending != PENDING_NONE;
        }
        return !receive(frame, loop, scope);
    }
    if (scope->kind == SCOPE_FOR || with->manager.kind == MANAGER_USER ||
        with->manager.kind == MANAGER_SEMAPHORE || with->manager.kind == MANAGER_LOCK) {
        scope->mark = MARK_WAITING;
        return true;
    }
    const weft_error *error = enter_builtin(loop, with);
    if (error == NULL) {
        scope->state = SCOPE_BODY;
        return false;
    }
    frame->b.run.at = scope->at;
    scope->value = weft__of_none();
    weft__raise_at(frame, loop, weft__line_of(frame), error);
    return true;
}

/* The body has ended, or a break or continue has left it. */
static void end_body(weft_loop *loop, weft_frame *frame, weft__scope *scope) {
    if (WEFT__UNLIKELY(loop->debug && scope->mark == MARK_INSIDE &&
                       (scope->kind == SCOPE_TRY || scope->kind == SCOPE_WITH))) {
        weft__report(loop, weft__about_frame(frame, weft__line_at(scope->at)),
                     "a plain break leaves the block that begins here; weft_break leaves the loop");
    }
    bool next = scope->kind == SCOPE_FOR && scope->mark == MARK_ENDED;
    weft__scope_leave_state(scope);
    if (next)
        scope->state = SCOPE_ENTER;
}

static void exit_builtin(weft_frame *frame, weft_loop *loop, weft__with_scope *with) {
    frame->b.run.at = with->scope.at;
    const weft_error *refused = NULL;
    if (with->manager.kind == MANAGER_SEMAPHORE)
        refused = weft_semaphore_release(with->manager.object);
    else if (with->manager.kind == MANAGER_LOCK)
        refused = weft_lock_release(with->manager.object);
    else
        weft__timeout_exit(loop, frame, with->manager.object, &with->scope);
    if (refused != NULL)
        weft__scope_fail(loop, &with->scope, refused);
}

/* A group's end waits as often as it is woken too early. */
static bool step_exit_group(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft_group *group = weft__as_with(scope)->manager.object;
    frame->b.run.at = scope->at;
    scope->mark = MARK_WAITING;
    if (weft__group_wait(loop, frame, group, scope->pending == PENDING_ERROR ? scope->error : NULL))
        return true;
    scope->state = SCOPE_CLOSED;
    weft__group_finish(loop, frame, group, scope);
    return scope->pending != PENDING_NONE;
}

static bool step_exit(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft__with_scope *with = weft__as_with(scope);
    if (weft__is_group(scope))
        return step_exit_group(frame, loop, scope);
    if (scope->mark == MARK_WAITING) {
        weft_value answer = weft__take(loop);
        if (scope->kind == SCOPE_WITH && scope->pending == PENDING_ERROR && weft__to_bool(answer) &&
            (answer.kind == WEFT_BOOL || answer.kind == WEFT_INT))
            weft__scope_clear(loop, scope);
        weft_value_free(&answer);
        scope->state = SCOPE_CLOSED;
    } else if (scope->kind == SCOPE_FOR ? !scope->ended : with->manager.kind == MANAGER_USER) {
        scope->mark = MARK_WAITING;
        return true;
    } else {
        scope->state = SCOPE_CLOSED;
        if (scope->kind == SCOPE_WITH)
            exit_builtin(frame, loop, with);
    }
    return scope->pending != PENDING_NONE;
}

bool weft__block_live(weft_frame *frame, weft_loop *loop, uint32_t at) {
    if (WEFT__UNLIKELY(loop->transfer.block_failed))
        return true;
    weft__scope *scope = frame->a.scopes;
    if (WEFT__UNLIKELY(scope == NULL || scope->at != at)) {
        uint32_t line = scope == NULL ? 0 : (scope->at - 0x40000000u) / 16;
        frame->b.run.at = at;
        weft__throw_new(frame, loop, WEFT_RUNTIME, "a goto left the block of line %u", line);
        loop->transfer.block_failed = true;
        return true;
    }
    if (scope->state != SCOPE_CLOSED || scope->pending != PENDING_NONE)
        return true;
    weft__scope_pop(loop, frame);
    return false;
}

/* Turns the innermost block's machine as far as it goes without an await; true if the step must be left. */
bool weft__block_step(weft_frame *frame, weft_loop *loop) {
    weft__scope *scope = frame->a.scopes;
    if (WEFT__UNLIKELY(loop->transfer.block_failed))
        return true;
    for (;;) {
        switch (scope->state) {
        case SCOPE_ENTER:
            return step_enter(frame, loop, scope);
        case SCOPE_BODY:
            if (scope->mark == MARK_ARMED)
                return false;
            end_body(loop, frame, scope);
            break;
        case SCOPE_CATCH: /* offered once to the clauses; whether or not one took it, finally is next */
        case SCOPE_FINALLY:
            if (!scope->offered) {
                scope->offered = true;
                return false;
            }
            weft__scope_leave_state(scope);
            break;
        case SCOPE_EXIT:
            return step_exit(frame, loop, scope);
        default:
            return scope->pending != PENDING_NONE;
        }
    }
}

static weft_frame *leave_for(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft_frame *generator = weft__as_for(scope)->generator;
    uint32_t kind = scope->state == SCOPE_ENTER ? WEFT__OP_GENERATOR_NEXT : WEFT__OP_GENERATOR_CLOSE;
    weft_value none = weft__of_none();
    return weft__await_generator(frame, loop, generator, kind, &none, scope->at);
}

static weft_frame *leave_with(weft_frame *frame, weft_loop *loop, weft__with_scope *with) {
    const weft_error *error = with->scope.pending == PENDING_ERROR ? with->scope.error : NULL;
    bool entering = with->scope.state == SCOPE_ENTER;
    weft_coroutine *coroutine = NULL;
    if (with->manager.kind == MANAGER_SEMAPHORE)
        return weft__await_semaphore(frame, loop, with->manager.object, with->scope.at);
    if (with->manager.kind == MANAGER_LOCK)
        return weft__await_lock(frame, loop, with->manager.object, with->scope.at);
    if (weft__is_group(&with->scope))
        return NULL; /* the task waits for its children already */
    if (entering && with->manager.enter != NULL)
        coroutine = with->manager.enter(with->manager.object);
    else if (!entering && with->manager.exit != NULL)
        coroutine = with->manager.exit(with->manager.object, error);
    if (coroutine == NULL)
        return frame;
    return weft__await_coroutine(frame, loop, coroutine, with->scope.at);
}

weft_frame *weft__block_leave(weft_frame *frame, weft_loop *loop) {
    weft__scope *scope = frame->a.scopes;
    if (WEFT__UNLIKELY(loop->transfer.block_failed)) {
        loop->transfer.block_failed = false;
        if (loop->error != NULL && frame->b.run.at > WEFT__AT_END) /* else it has gone its way already */
            weft__throw(frame, loop);
        return frame;
    }
    if (frame->b.run.at != WEFT__AT_DROP)
        frame->b.run.at = scope->at;
    if (scope->state == SCOPE_CLOSED)
        weft__travel_on(frame, loop);
    else if (scope->mark == MARK_WAITING)
        return scope->kind == SCOPE_FOR ? leave_for(frame, loop, scope)
                                        : leave_with(frame, loop, weft__as_with(scope));
    return frame;
}

bool weft__block_in(weft_frame *frame, int state) {
    return frame->a.scopes->state == state;
}

bool weft__block_catches(weft_frame *frame, int code) {
    weft__scope *scope = frame->a.scopes;
    if (scope->state != SCOPE_CATCH || scope->mark != MARK_ARMED)
        return false;
    int raised = scope->error->code;
    if (code == WEFT__CATCH_ALL)
        return true;
    return code == WEFT__CATCH_ERRORS ? raised != WEFT_CANCELLED && raised != WEFT_GENERATOR_EXIT
                                      : raised == code;
}

const weft_error *weft__block_caught(weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    scope->caught = scope->error;
    scope->caught_traceback = scope->traceback;
    scope->error = NULL;
    scope->traceback = NULL;
    scope->pending = PENDING_NONE;
    return scope->caught;
}

/* The value moves to the variable that takes it. */
weft_value weft__block_item(weft_frame *frame) {
    weft_value value = frame->a.scopes->value;
    frame->a.scopes->value = weft__of_none();
    return value;
}

void weft__block_enter(weft_frame *frame) {
    frame->a.scopes->mark = MARK_ARMED;
}

bool weft__block_once(weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    if (scope->mark != MARK_ARMED)
        return false;
    scope->mark = MARK_INSIDE;
    return true;
}

void weft__block_end(weft_frame *frame) {
    frame->a.scopes->mark = MARK_ENDED;
}
