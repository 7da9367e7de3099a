/*
 * Asynchronous generators: a frame that who iterates resumes, again and again, as its caller of the moment.
 *
 * A generator of weft_for_await belongs to that block. One that is used through the operations belongs to the
 * coroutine that made the first of them, and stays after its end, so that a late call finds it exhausted.
 */

#include "internal.h"

static weft_frame *fail(weft_frame *frame, weft_loop *loop, uint32_t at, int code, const char *why) {
    frame->b.run.at = at;
    weft__throw_new(frame, loop, code, "%s", why);
    return frame;
}

static weft_frame *raise(weft_frame *frame, weft_loop *loop, uint32_t at, const weft_error *error) {
    static const weft_error stop = {.code = WEFT_STOP_ITERATION, .message = ""};
    frame->b.run.at = at;
    weft__set_error(loop, error == NULL ? &stop : error, NULL);
    return weft__throw(frame, loop);
}

/* What is wrong with a coroutine that is to become a generator; NULL if nothing is. Counted. */
static const weft_error *refusal(const weft_frame *frame) {
    if (frame == NULL)
        return weft_error_new(WEFT_TYPE_MISMATCH, "iterated over NULL, which is no generator");
    if (frame->flags & FRAME_STATIC)
        return weft__not_made(frame);
    if (frame->flags != 0)
        return weft_error_new(WEFT_RUNTIME, "the generator is used already");
    return NULL;
}

weft_frame *weft__generator_claim(weft_loop *loop, weft_coroutine *coroutine) {
    weft_frame *frame = (weft_frame *)(void *)coroutine;
    const uint32_t held = FRAME_STARTED | FRAME_GENERATOR;
    if (frame != NULL && (frame->flags == held || frame->flags == (held | FRAME_FINISHED)) &&
        weft__unhold_generator(loop, frame))
        return frame;
    const weft_error *error = refusal(frame);
    if (error != NULL) {
        weft__set_error(loop, error, NULL);
        return NULL;
    }
    weft__begin_frame(loop, frame, NULL)->flags |= FRAME_GENERATOR;
    return frame;
}

/* The first operation on it makes it a generator of the frame that runs. */
static const weft_error *adopt(weft_loop *loop, weft_frame *generator) {
    if (generator != NULL && generator->flags & FRAME_GENERATOR && !(generator->flags & FRAME_FREED))
        return NULL;
    const weft_error *error = refusal(generator);
    if (error != NULL)
        return error;
    if (!weft__hold_slowly(loop, NULL, generator))
        return &weft_error_out_of_memory;
    weft__begin_frame(loop, generator, NULL)->flags |= FRAME_GENERATOR;
    return NULL;
}

/* --- Ending where it stands, its blocks and its body left as they are; only weft_drop runs --- */

/*
 * A generator that it iterates over is freed before it, since that may have borrowed what it owns; and one of
 * that before that. The way back leads through their callers: they may be too many for recursion.
 */
static void end_at_once(weft_loop *loop, weft_frame *generator) {
    weft_frame *frame = generator;
    for (;;) {
        weft_frame *inner = weft__scopes_free_to_generator(loop, frame);
        if (inner != NULL) {
            inner->caller = frame;
            frame = inner;
            continue;
        }
        if (!(frame->flags & FRAME_FINISHED)) {
            frame->flags |= FRAME_FINISHED;
            weft__frame_drop(loop, frame);
        }
        if (frame == generator)
            return;
        weft_frame *outer = frame->caller;
        weft__frame_free(loop, frame);
        frame = outer;
    }
}

void weft__generator_free(weft_loop *loop, weft_frame *generator) {
    if (generator == NULL)
        return;
    end_at_once(loop, generator);
    weft__frame_free(loop, generator);
}

/* Its owner lets go. Returns it if it is to be freed; NULL if it runs: then who runs it lets go of it. */
weft_frame *weft__generator_leave(weft_frame *generator) {
    if (!(generator->flags & FRAME_RUNNING))
        return generator;
    generator->flags |= FRAME_LEFT;
    return NULL;
}

/* --- Resuming --- */

/* The block that resumed the generator from this frame; NULL if an operation did. */
static weft__scope *block_of(const weft_frame *generator, const weft_frame *caller) {
    weft__scope *scope = caller->a.scopes;
    bool is = scope != NULL && scope->kind == SCOPE_FOR && scope->at == caller->b.run.at &&
              ((weft__for_scope *)(void *)scope)->generator == generator;
    return is ? scope : NULL;
}

/* It has ended. A block frees it; an operation leaves that to the owner, if there is still one. */
static void after_end(weft_loop *loop, weft_frame *generator, weft__scope *scope) {
    if (scope != NULL)
        scope->ended = true;
    if (scope != NULL || generator->flags & FRAME_LEFT)
        weft__frame_free(loop, generator);
}

/* What is wrong with resuming it from this frame; NULL if nothing is. Counted. */
static const weft_error *unfit(weft_loop *loop, weft_frame *generator, uint32_t kind,
                               const weft_value *sent) {
    const weft_error *error = adopt(loop, generator);
    if (error != NULL)
        return error;
    if (generator->flags & (FRAME_RUNNING | FRAME_LEFT))
        return weft_error_new(WEFT_RUNTIME, "the generator is running already");
    if (kind == WEFT__OP_GENERATOR_NEXT && sent->kind != WEFT_NONE && !(generator->flags & FRAME_FINISHED) &&
        generator->b.run.at == WEFT__AT_START)
        return weft_error_new(WEFT_TYPE_MISMATCH, "a generator that has not begun can be sent nothing");
    return NULL;
}

/* A generator that has ended, or is closed before it has begun. */
static weft_frame *late(weft_frame *frame, weft_loop *loop, weft_frame *generator, uint32_t kind) {
    weft__scope *scope = block_of(generator, frame);
    end_at_once(loop, generator);
    if (scope == NULL && kind == WEFT__OP_GENERATOR_NEXT)
        return raise(frame, loop, frame->b.run.at, NULL);
    after_end(loop, generator, scope);
    return frame;
}

weft_frame *weft__await_generator(weft_frame *frame, weft_loop *loop, void *object, uint32_t kind,
                                  const weft_value *value, uint32_t at) {
    weft_frame *generator = object;
    weft_value sent = kind == WEFT__OP_GENERATOR_NEXT ? *value : weft__of_none();
    bool dropping = frame->b.run.at == WEFT__AT_DROP;
    const weft_error *error = dropping ? NULL : unfit(loop, generator, kind, &sent);
    if (dropping || error != NULL) {
        weft_value_free(&sent);
        return dropping ? weft__refuse_operation(frame, loop, at) : raise(frame, loop, at, error);
    }
    frame->b.run.at = at;
    if (generator->flags & FRAME_FINISHED ||
        (kind == WEFT__OP_GENERATOR_CLOSE && generator->b.run.at == WEFT__AT_START)) {
        weft_value_free(&sent);
        return late(frame, loop, generator, kind);
    }
    generator->caller = frame;
    generator->flags |= FRAME_RUNNING;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_push(loop, generator);
    if (kind == WEFT__OP_GENERATOR_NEXT) {
        loop->transfer.value = sent;
        return generator;
    }
    if (kind == WEFT__OP_GENERATOR_CLOSE)
        generator->flags |= FRAME_EXITING;
    static const weft_error exit = {.code = WEFT_GENERATOR_EXIT, .message = ""};
    weft__set_error(loop, kind == WEFT__OP_GENERATOR_CLOSE ? &exit : weft_error_retain(value->as.error),
                    NULL);
    return weft__throw(generator, loop);
}

/* --- Yielding and ending --- */

/* It yielded instead of ending. */
static weft_frame *ignored_exit(weft_frame *generator, weft_loop *loop, weft_value value) {
    weft_frame *caller = generator->caller;
    weft__scope *scope = block_of(generator, caller);
    weft_value_free(&value);
    generator->flags &= ~(uint32_t)(FRAME_RUNNING | FRAME_EXITING);
    end_at_once(loop, generator);
    after_end(loop, generator, scope);
    weft__throw_new(caller, loop, WEFT_RUNTIME, "a generator that was being closed yielded");
    return caller;
}

weft_frame *weft__yield(weft_frame *frame, weft_loop *loop, weft_value value, uint32_t at) {
    weft_frame *caller = frame->caller;
    if (!(frame->flags & FRAME_GENERATOR) || frame->b.run.at == WEFT__AT_DROP) {
        weft_value_free(&value);
        if (frame->b.run.at == WEFT__AT_DROP)
            weft__report(loop, weft__about_frame(frame, weft__line_at(at)), "a yield in weft_drop");
        if (frame->b.run.at == WEFT__AT_DROP)
            frame->b.run.at = WEFT__AT_END;
        else
            fail(frame, loop, at, WEFT_RUNTIME, "a coroutine that is awaited cannot yield");
        return frame;
    }
    frame->b.run.at = at;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_yield(loop, frame);
    if (frame->flags & FRAME_EXITING)
        return ignored_exit(frame, loop, value);
    frame->flags &= ~(uint32_t)FRAME_RUNNING;
    frame->caller = NULL;
    loop->transfer.value = value;
    if (frame->flags & FRAME_LEFT)
        weft__generator_free(loop, weft__generator_abandon(loop, frame));
    return caller;
}

weft_frame *weft__generator_ended(weft_frame *generator, weft_loop *loop) {
    weft_frame *caller = generator->caller;
    weft__scope *scope = block_of(generator, caller);
    bool exiting = generator->flags & FRAME_EXITING;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_pop(loop, generator);
    weft__drop_value(loop);
    weft__scopes_free(loop, generator);
    generator->flags &= ~(uint32_t)(FRAME_RUNNING | FRAME_EXITING);
    generator->flags |= FRAME_FINISHED;
    generator->caller = NULL;
    after_end(loop, generator, scope);
    if (loop->error != NULL && loop->error->code == WEFT_STOP_ITERATION)
        weft__set_error(loop,
                        weft_error_from(loop->error, WEFT_RUNTIME, "StopIteration was raised in a generator"),
                        NULL);
    if (exiting && loop->error != NULL && loop->error->code == WEFT_GENERATOR_EXIT)
        weft__set_error(loop, NULL, NULL);
    if (loop->error != NULL)
        return weft__throw(caller, loop);
    if (scope == NULL && !exiting)
        return raise(caller, loop, caller->b.run.at, NULL);
    return caller;
}

/* --- A generator that its holder leaves behind --- */

/* A task of its own closes it, since its blocks may await. */
struct closer {
    weft_frame frame;
    weft_frame *generator;
};

static weft_async(closer) {
    weft_begin(closer);
    self->generator->flags &= ~(uint32_t)FRAME_LEFT;
    weft_await(weft_generator_close((weft_coroutine *)(void *)self->generator));
    weft_drop();
    weft__generator_free(weft__current, weft__generator_leave(self->generator));
    weft_end();
}

/* Returns one that needs no task, but is to be freed. */
weft_frame *weft__generator_abandon(weft_loop *loop, weft_frame *generator) {
    const weft_error *error = NULL;
    if (generator->flags & (FRAME_FINISHED | FRAME_RUNNING) || generator->b.run.at == WEFT__AT_START ||
        loop->shut)
        return weft__generator_leave(generator);
    weft_task *task =
        weft__task_make(loop, weft_call(closer, .generator = generator), "close a generator", &error);
    if (task == NULL) /* the coroutine's drop has freed the generator */
        return NULL;
    generator->flags |= FRAME_LEFT; /* nobody else may resume it */
    task->future.handle.flags |= FUTURE_CLOSER;
    weft__task_schedule(loop, task);
    weft__release(loop, &task->future);
    return NULL;
}

/* --- Operations --- */

/* It belongs to the coroutine that makes the operation, whoever awaits that. What is wrong is told there. */
static weft_op operation(weft_coroutine *generator, uint32_t kind, weft_value value) {
    weft_loop *loop = weft__current;
    if (loop != NULL && loop->frame != NULL)
        weft_error_release(adopt(loop, (weft_frame *)(void *)generator));
    return (weft_op){.object = generator, .kind = kind, .value = value};
}

weft_op weft_generator_next(weft_coroutine *generator) {
    return weft_generator_send_value(generator, weft__of_none());
}

weft_op weft_generator_send_value(weft_coroutine *generator, weft_value value) {
    return operation(generator, WEFT__OP_GENERATOR_NEXT, value);
}

weft_op weft_generator_throw(weft_coroutine *generator, const weft_error *error) {
    return operation(generator, WEFT__OP_GENERATOR_THROW,
                     weft__of_error(error != NULL ? error : &weft__raised_null));
}

weft_op weft_generator_close(weft_coroutine *generator) {
    return operation(generator, WEFT__OP_GENERATOR_CLOSE, weft__of_none());
}
