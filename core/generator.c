/*
 * Asynchronous generators: a frame that who iterates resumes, again and again, as its caller of the moment.
 *
 * A generator of weft_for_await belongs to that block. One that is used through the operations belongs to the
 * coroutine that used it first, and stays after its end, so that a late call finds it exhausted.
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
        return &weft_error_out_of_memory;
    if (frame->flags != 0)
        return weft_error_new(WEFT_RUNTIME, "the generator is used already");
    return NULL;
}

weft_frame *weft__generator_claim(weft_loop *loop, weft_coroutine *coroutine) {
    weft_frame *frame = (weft_frame *)(void *)coroutine;
    const uint32_t held = FRAME_STARTED | FRAME_GENERATOR;
    if (frame != NULL && (frame->flags == held || frame->flags == (held | FRAME_FINISHED)) &&
        weft__unhold_generator(loop, frame)) {
        frame->flags |= FRAME_FOR;
        return frame;
    }
    const weft_error *error = refusal(frame);
    if (error != NULL) {
        weft__set_error(loop, error, NULL);
        return NULL;
    }
    weft__begin_frame(loop, frame, NULL)->flags |= FRAME_GENERATOR | FRAME_FOR;
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

/* Ends it where it stands, its blocks and its body left as they are; only weft_drop runs. */
static void end_at_once(weft_loop *loop, weft_frame *generator) {
    if (generator->flags & FRAME_FINISHED)
        return;
    generator->flags |= FRAME_FINISHED;
    weft__frame_drop(loop, generator);
}

/* Dropping one can free another that it iterated over, without end: they queue up here. */
void weft__generator_free(weft_loop *loop, weft_frame *generator) {
    if (generator == NULL)
        return;
    generator->caller = loop->dying_generators;
    loop->dying_generators = generator;
    if (loop->freeing_generators)
        return;
    loop->freeing_generators = true;
    while ((generator = loop->dying_generators) != NULL) {
        loop->dying_generators = generator->caller;
        end_at_once(loop, generator);
        weft__frame_free(loop, generator);
    }
    loop->freeing_generators = false;
}

/* The block that iterates over the generator with this caller; NULL if an operation does. */
static weft__scope *block_of(weft_frame *generator, weft_frame *caller) {
    return generator->flags & FRAME_FOR ? caller->a.scopes : NULL;
}

/* Closing needs nothing of a generator that has not begun, or has ended. */
static bool close_at_once(weft_loop *loop, weft_frame *frame, weft_frame *generator) {
    if (!(generator->flags & FRAME_FINISHED) && generator->b.run.at != WEFT__AT_START)
        return false;
    end_at_once(loop, generator);
    weft__scope *scope = block_of(generator, frame);
    if (scope != NULL) {
        scope->ended = true;
        weft__frame_free(loop, generator);
    }
    return true;
}

weft_frame *weft__await_generator(weft_frame *frame, weft_loop *loop, void *object, uint32_t kind,
                                  const weft_value *value, uint32_t at) {
    weft_frame *generator = object;
    if (frame->b.run.at == WEFT__AT_DROP)
        return weft__refuse_operation(frame, loop, at);
    const weft_error *error = adopt(loop, generator);
    if (error != NULL)
        return raise(frame, loop, at, error);
    frame->b.run.at = at;
    if (generator->flags & FRAME_RUNNING)
        return fail(frame, loop, at, WEFT_RUNTIME, "the generator is running already");
    if (kind == WEFT__OP_GENERATOR_CLOSE && close_at_once(loop, frame, generator))
        return frame;
    if (generator->flags & FRAME_FINISHED) {
        weft__scope *scope = block_of(generator, frame);
        if (scope == NULL)
            return raise(frame, loop, at, NULL);
        scope->ended = true;
        weft__frame_free(loop, generator);
        return frame;
    }
    if (kind == WEFT__OP_GENERATOR_NEXT && generator->b.run.at == WEFT__AT_START && value->kind != WEFT_NONE)
        return fail(frame, loop, at, WEFT_TYPE_MISMATCH,
                    "a generator that has not begun can be sent nothing");
    generator->caller = frame;
    generator->flags |= FRAME_RUNNING;
    if (kind == WEFT__OP_GENERATOR_NEXT) {
        loop->transfer.value = *value;
        return generator;
    }
    if (kind == WEFT__OP_GENERATOR_CLOSE)
        generator->flags |= FRAME_EXITING;
    static const weft_error exit = {.code = WEFT_GENERATOR_EXIT, .message = ""};
    weft__set_error(loop, kind == WEFT__OP_GENERATOR_CLOSE ? &exit : weft_error_retain(value->as.error),
                    NULL);
    return weft__throw(generator, loop);
}

/* It yielded instead of ending. */
static weft_frame *ignored_exit(weft_frame *generator, weft_loop *loop, weft_value value) {
    weft_frame *caller = generator->caller;
    weft__scope *scope = block_of(generator, caller);
    weft_value_free(&value);
    generator->flags &= ~(uint32_t)(FRAME_RUNNING | FRAME_EXITING);
    end_at_once(loop, generator);
    if (scope != NULL) {
        scope->ended = true;
        weft__frame_free(loop, generator);
    }
    weft__throw_new(caller, loop, WEFT_RUNTIME, "a generator that was being closed yielded");
    return caller;
}

weft_frame *weft__yield(weft_frame *frame, weft_loop *loop, weft_value value, uint32_t at) {
    weft_frame *caller = frame->caller;
    if (!(frame->flags & FRAME_GENERATOR) || frame->b.run.at == WEFT__AT_DROP) {
        weft_value_free(&value);
        if (frame->b.run.at == WEFT__AT_DROP)
            weft__report(loop, "a yield in weft_drop");
        if (frame->b.run.at == WEFT__AT_DROP)
            frame->b.run.at = WEFT__AT_END;
        else
            fail(frame, loop, at, WEFT_RUNTIME, "a coroutine that is awaited cannot yield");
        return frame;
    }
    frame->b.run.at = at;
    if (frame->flags & FRAME_EXITING)
        return ignored_exit(frame, loop, value);
    frame->flags &= ~(uint32_t)FRAME_RUNNING;
    frame->caller = NULL;
    loop->transfer.value = value;
    return caller;
}

weft_frame *weft__generator_ended(weft_frame *generator, weft_loop *loop) {
    weft_frame *caller = generator->caller;
    weft__scope *scope = block_of(generator, caller);
    bool exiting = generator->flags & FRAME_EXITING;
    weft__drop_value(loop);
    weft__scopes_free(loop, generator);
    generator->flags &= ~(uint32_t)(FRAME_RUNNING | FRAME_EXITING);
    generator->flags |= FRAME_FINISHED;
    generator->caller = NULL;
    if (scope != NULL) {
        scope->ended = true;
        weft__frame_free(loop, generator);
    }
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
    weft_await(weft_generator_close((weft_coroutine *)(void *)self->generator));
    weft_drop();
    weft__generator_free(weft__current, self->generator);
    weft_end();
}

void weft__generator_abandon(weft_loop *loop, weft_frame *generator) {
    const weft_error *error = NULL;
    if (generator->flags & FRAME_FINISHED || generator->b.run.at == WEFT__AT_START || loop->shut) {
        weft__generator_free(loop, generator);
        return;
    }
    weft_task *task =
        weft__task_make(loop, weft_call(closer, .generator = generator), "close a generator", &error);
    if (task == NULL) /* the coroutine's drop has freed the generator */
        return;
    task->future.handle.flags |= FUTURE_CLOSER;
    weft__task_schedule(loop, task);
    weft__release(loop, &task->future);
}

/* --- Operations --- */

weft_op weft_generator_next(weft_coroutine *generator) {
    return weft_generator_send_value(generator, weft__of_none());
}

weft_op weft_generator_send_value(weft_coroutine *generator, weft_value value) {
    return (weft_op){.object = generator, .kind = WEFT__OP_GENERATOR_NEXT, .value = value};
}

weft_op weft_generator_throw(weft_coroutine *generator, const weft_error *error) {
    return (weft_op){.object = generator, .kind = WEFT__OP_GENERATOR_THROW, .value = weft__of_error(error)};
}

weft_op weft_generator_close(weft_coroutine *generator) {
    return (weft_op){.object = generator, .kind = WEFT__OP_GENERATOR_CLOSE};
}
