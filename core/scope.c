/* The open blocks of a frame: opened, closed, freed. What makes them run is in block.c. */

#include "internal.h"

static size_t scope_size(const weft__scope *scope) {
    static const size_t sizes[] = {
        [SCOPE_HOLD] = sizeof(weft__hold_scope), [SCOPE_TRY] = sizeof(weft__scope),
        [SCOPE_WITH] = sizeof(weft__with_scope), [SCOPE_FOR] = sizeof(weft__for_scope),
        [SCOPE_LOOP] = sizeof(weft__scope),
    };
    return sizes[scope->kind];
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

weft_group *weft__group_of(const weft__scope *scope) {
    bool open = weft__is_group(scope) && scope->state != SCOPE_ENTER;
    return open ? ((const weft__with_scope *)(const void *)scope)->manager.object : NULL;
}

static void free_scope(weft_loop *loop, weft__scope *scope) {
    weft__scope_clear(loop, scope);
    weft_error_release(scope->caught);
    weft__traceback_free(loop, scope->caught_traceback);
    weft__delete(loop, scope, scope_size(scope));
}

void weft__scope_pop(weft_loop *loop, weft_frame *frame) {
    weft__scope *scope = frame->a.scopes;
    if (scope->kind == SCOPE_FOR && !scope->ended) /* it cannot be closed, since another task runs it */
        weft__generator_leave(weft__as_for(scope)->generator);
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
        return weft__generator_leave(weft__as_for(scope)->generator);
    }
    if (scope->kind == SCOPE_WITH && scope->state != SCOPE_ENTER) {
        weft__with_scope *with = weft__as_with(scope);
        if (with->manager.kind == MANAGER_TIMEOUT || with->manager.kind == MANAGER_TIMEOUT_AT)
            weft__timeout_forget(loop, with->manager.object);
        else if (weft__is_group(scope))
            weft__group_forget(loop, with->manager.object);
    }
    return NULL;
}

weft_frame *weft__scopes_free_to_generator(weft_loop *loop, weft_frame *frame) {
    while (frame->a.scopes != NULL) {
        weft_frame *generator = abandon(loop, frame->a.scopes);
        if (generator != NULL)
            return generator;
        weft__scope_pop(loop, frame);
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
    weft__as_for(scope)->generator = started;
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
    weft__as_with(scope)->manager = manager;
    const weft_error *error = place(weft__as_with(scope), storage);
    if (error == NULL)
        return;
    weft__scope_pop(loop, frame);
    frame->b.run.at = at;
    loop->transfer.block_failed = true;
    weft__set_error(loop, error, NULL);
}
