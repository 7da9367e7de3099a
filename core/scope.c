/*
 * Blocks: try, with, for-await and while, and how errors, returns, breaks and continues travel through them.
 *
 * A block is a scope on its frame. It goes from state to state; within a state its mark tells how far it is:
 *
 *     try    BODY → CATCH (an error came) → FINALLY → CLOSED
 *     with   ENTER → BODY → EXIT → CLOSED
 *     for    ENTER (the next item) → BODY → ENTER … → EXIT (closes the generator) → CLOSED
 *     while  BODY → CLOSED
 *
 * What leaves a block early is kept in `pending` until the block has closed, and then travels on to the block
 * around it.
 */

#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

/* --- The error on its way --- */

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

void weft__discard(weft_loop *loop) {
    weft_value_free(&loop->transfer.value);
}

/* --- Scopes --- */

static size_t scope_size(const weft__scope *scope) {
    static const size_t sizes[] = {
        [SCOPE_HOLD] = sizeof(weft__hold_scope), [SCOPE_TRY] = sizeof(weft__scope),
        [SCOPE_WITH] = sizeof(weft__with_scope), [SCOPE_FOR] = sizeof(weft__for_scope),
        [SCOPE_LOOP] = sizeof(weft__scope),
    };
    return sizes[scope->kind];
}

/* The innermost open block; NULL if there is none. */
static weft__scope *innermost(const weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    return scope == NULL || scope->kind == SCOPE_HOLD ? NULL : scope;
}

static weft__with_scope *as_with(weft__scope *scope) {
    return (weft__with_scope *)(void *)scope;
}

static weft__for_scope *as_for(weft__scope *scope) {
    return (weft__for_scope *)(void *)scope;
}

void weft__scope_clear(weft_loop *loop, weft__scope *scope) {
    weft_error_release(scope->error);
    weft__traceback_free(loop, scope->traceback);
    scope->error = NULL;
    scope->traceback = NULL;
    weft_value_free(&scope->value);
    scope->pending = PENDING_NONE;
}

void weft__scope_fail(weft_loop *loop, weft__scope *scope, const weft_error *error) {
    weft__scope_clear(loop, scope);
    scope->pending = PENDING_ERROR;
    scope->error = error;
}

static bool is_group(const weft__scope *scope) {
    const weft__with_scope *with = (const weft__with_scope *)(const void *)scope;
    return scope->kind == SCOPE_WITH &&
           (with->manager.kind == MANAGER_GROUP || with->manager.kind == MANAGER_NEW_GROUP);
}

weft_group *weft__group_of(const weft__scope *scope) {
    bool open = is_group(scope) && scope->state != SCOPE_ENTER;
    return open ? ((const weft__with_scope *)(const void *)scope)->manager.object : NULL;
}

static void free_scope(weft_loop *loop, weft__scope *scope) {
    weft__scope_clear(loop, scope);
    weft_error_release(scope->caught);
    weft__traceback_free(loop, scope->caught_traceback);
    weft__delete(loop, scope, scope_size(scope));
}

static void pop(weft_loop *loop, weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    if (scope->kind == SCOPE_FOR && !scope->ended) /* it cannot be closed, since another task runs it */
        weft__generator_leave(as_for(scope)->generator);
    frame->a.scopes = scope->outer;
    free_scope(loop, scope);
}

/* The frame ends without leaving this block properly: what it stands for is let go of. Returns a generator
 * that is to be freed now; the block may have another one then. */
static weft_frame *abandon(weft_loop *loop, weft__scope *scope) {
    if (scope->kind == SCOPE_HOLD)
        return weft__hold_free(loop, (weft__hold_scope *)(void *)scope);
    if (scope->kind == SCOPE_FOR && !scope->ended) {
        scope->ended = true;
        return weft__generator_leave(as_for(scope)->generator);
    }
    if (scope->kind == SCOPE_WITH && scope->state != SCOPE_ENTER) {
        weft__with_scope *with = as_with(scope);
        if (with->manager.kind == MANAGER_TIMEOUT || with->manager.kind == MANAGER_TIMEOUT_AT)
            weft__timeout_forget(loop, with->manager.object);
        else if (is_group(scope))
            weft__group_forget(loop, with->manager.object);
    }
    return NULL;
}

/* Frees blocks, innermost first, up to one that has a generator to be freed before them; NULL: all are. */
weft_frame *weft__scopes_free_to_generator(weft_loop *loop, weft_frame *frame) {
    while (frame->a.scopes != NULL) {
        weft_frame *generator = abandon(loop, frame->a.scopes);
        if (generator != NULL)
            return generator;
        pop(loop, frame);
    }
    return NULL;
}

void weft__scopes_free(weft_loop *loop, weft_frame *frame) {
    weft_frame *generator;
    while ((generator = weft__scopes_free_to_generator(loop, frame)) != NULL)
        weft__generator_free(loop, generator);
}

/* weft_drop ends at a block: what it raises, returns or waits for has nowhere to go. */
static weft__scope *refuse_block(weft_frame *frame, weft_loop *loop, uint32_t at) {
    weft__report(loop, weft__about_frame(frame, weft__line_at(at)), "a block in weft_drop");
    frame->b.run.at = WEFT__AT_END;
    loop->transfer.block_failed = true;
    return NULL;
}

static weft__scope *open_scope(weft_frame *frame, weft_loop *loop, uint32_t at, uint8_t kind, uint8_t state) {
    if (WEFT__UNLIKELY(frame->b.run.at == WEFT__AT_DROP))
        return refuse_block(frame, loop, at);
    weft__scope head = {.outer = frame->a.scopes, .at = at, .kind = kind, .state = state};
    size_t size = scope_size(&head);
    weft__scope *scope = weft__new(loop, size);
    if (WEFT__UNLIKELY(scope == NULL)) {
        frame->b.run.at = at;
        loop->transfer.block_failed = true;
        weft__set_error(loop, &weft_error_out_of_memory, NULL);
        return NULL;
    }
    memset(scope, 0, size);
    *scope = head;
    frame->a.scopes = scope;
    return scope;
}

void weft__open_try(weft_frame *frame, weft_loop *loop, uint32_t at) {
    open_scope(frame, loop, at, SCOPE_TRY, SCOPE_BODY);
}

void weft__open_loop(weft_frame *frame, weft_loop *loop, uint32_t at) {
    open_scope(frame, loop, at, SCOPE_LOOP, SCOPE_BODY);
}

void weft__open_for(weft_frame *frame, weft_loop *loop, uint32_t at, weft_coroutine *generator,
                    weft_kind wanted) {
    bool dropping = frame->b.run.at == WEFT__AT_DROP;
    weft_frame *started = dropping ? NULL : weft__generator_claim(loop, generator);
    weft__scope *scope = NULL;
    if (started == NULL && !dropping) {
        frame->b.run.at = at;
        loop->transfer.block_failed = true;
    } else {
        scope = open_scope(frame, loop, at, SCOPE_FOR, SCOPE_ENTER);
    }
    if (scope == NULL) {
        weft__generator_free(loop, started);
        return;
    }
    scope->wanted = (uint8_t)wanted;
    as_for(scope)->generator = started;
}

/* Whether an open block of the same body has its timeout or group there. */
static bool occupied(const weft__scope *scope, const void *storage) {
    for (; scope != NULL; scope = scope->outer)
        if (scope->kind == SCOPE_WITH &&
            ((const weft__with_scope *)(const void *)scope)->manager.object == storage)
            return true;
    return false;
}

/* Where a timeout or group that the block makes lives: in the variable that weft_with_as names, or here. */
static const weft_error *place(weft__with_scope *with, void *storage) {
    static const weft_error reused = {
        .code = WEFT_RUNTIME, .message = "the variable of weft_with_as belongs to a block that is open"};
    static const weft_error misplaced = {
        .code = WEFT_TYPE_MISMATCH,
        .message = "only a timeout or a group fits a weft_deadline or a weft_group"};
    uint32_t kind = with->manager.kind;
    bool timeout = kind == MANAGER_TIMEOUT || kind == MANAGER_TIMEOUT_AT;
    if (!timeout && kind != MANAGER_NEW_GROUP)
        return storage == NULL ? NULL : &misplaced;
    if (storage != NULL && occupied(with->scope.outer, storage))
        return &reused;
    with->manager.object = storage != NULL ? storage : &with->own;
    return NULL;
}

void weft__open_with(weft_frame *frame, weft_loop *loop, uint32_t at, weft_manager manager, void *storage,
                     weft_kind wanted) {
    weft__scope *scope = open_scope(frame, loop, at, SCOPE_WITH, SCOPE_ENTER);
    if (scope == NULL)
        return;
    scope->wanted = (uint8_t)wanted;
    as_with(scope)->manager = manager;
    const weft_error *error = place(as_with(scope), storage);
    if (error == NULL)
        return;
    pop(loop, frame);
    frame->b.run.at = at;
    loop->transfer.block_failed = true;
    weft__set_error(loop, error, NULL);
}

/* --- Travelling outwards --- */

/* The state that a block goes to when something leaves the part of it that runs. */
static void leave_state(weft__scope *scope) {
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
    weft__scope *scope = innermost(frame);
    if (scope == NULL) {
        frame->b.run.at = WEFT__AT_DROP;
        return;
    }
    frame->b.run.at = scope->at;
    if (scope->state == SCOPE_EXIT &&
        is_group(scope)) { /* the end of the block goes on waiting for the children */
        weft__group_interrupted(loop, as_with(scope)->manager.object, loop->error);
        weft__set_error(loop, NULL, NULL);
        return;
    }
    weft__scope_fail(loop, scope, loop->error);
    scope->traceback = loop->traceback;
    loop->error = NULL;
    loop->traceback = NULL;
    leave_state(scope);
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
    for (weft__scope *scope = innermost(frame); scope != NULL && scope->kind != SCOPE_HOLD;
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

static void raise_at(weft_frame *frame, weft_loop *loop, int line, const weft_error *error) {
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
    raise_at(frame, loop, weft__line_of(frame), error);
}

void weft__raise(weft_frame *frame, weft_loop *loop, int line, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const weft_error *error = new_error(frame, line, code, format, arguments);
    va_end(arguments);
    raise_at(frame, loop, line, error);
}

void weft__raise_error(weft_frame *frame, weft_loop *loop, int line, const weft_error *error) {
    raise_at(frame, loop, line, weft_error_retain(error != NULL ? error : &weft__raised_null));
}

void weft__reraise(weft_frame *frame, weft_loop *loop, int line) {
    for (weft__scope *scope = innermost(frame); scope != NULL && scope->kind != SCOPE_HOLD;
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
    weft__scope *scope = innermost(frame);
    if (scope == NULL) {
        loop->transfer.value = value;
        frame->b.run.at = WEFT__AT_DROP;
        return;
    }
    weft__scope_clear(loop, scope);
    scope->pending = PENDING_RETURN;
    scope->value = value;
    leave_state(scope);
    frame->b.run.at = scope->at;
}

void weft__jump(weft_frame *frame, weft_loop *loop, bool again) {
    weft__scope *scope = innermost(frame);
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
        leave_state(scope);
    }
}

/* A block has closed with something pending: it goes on outwards. */
static void travel_on(weft_frame *frame, weft_loop *loop) {
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
    pop(loop, frame);
    if (pending == PENDING_ERROR) {
        weft__propagate(frame, loop);
    } else if (pending == PENDING_RETURN) {
        weft__move(&loop->transfer.value, &value);
        weft__leave(frame, loop);
    } else {
        weft__jump(frame, loop, pending == PENDING_CONTINUE);
    }
}

/* --- The machine that the macros turn --- */

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
    weft__with_scope *with = as_with(scope);
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
    raise_at(frame, loop, weft__line_of(frame), error);
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
    leave_state(scope);
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
    weft_group *group = as_with(scope)->manager.object;
    frame->b.run.at = scope->at;
    scope->mark = MARK_WAITING;
    if (weft__group_wait(loop, frame, group, scope->pending == PENDING_ERROR ? scope->error : NULL))
        return true;
    scope->state = SCOPE_CLOSED;
    weft__group_finish(loop, frame, group, scope);
    return scope->pending != PENDING_NONE;
}

static bool step_exit(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft__with_scope *with = as_with(scope);
    if (is_group(scope))
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
    pop(loop, frame);
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
            leave_state(scope);
            break;
        case SCOPE_EXIT:
            return step_exit(frame, loop, scope);
        default:
            return scope->pending != PENDING_NONE;
        }
    }
}

static weft_frame *leave_for(weft_frame *frame, weft_loop *loop, weft__scope *scope) {
    weft_frame *generator = as_for(scope)->generator;
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
    if (is_group(&with->scope))
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
        travel_on(frame, loop);
    else if (scope->mark == MARK_WAITING)
        return scope->kind == SCOPE_FOR ? leave_for(frame, loop, scope)
                                        : leave_with(frame, loop, as_with(scope));
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
