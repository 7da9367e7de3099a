#ifndef WEFT_CORE_FRAME_H
#define WEFT_CORE_FRAME_H

/* Frames of coroutines: made, run, ended. */

#include "loop.h"

enum {
    FRAME_STARTED = 1,   /* awaited or given to a task */
    FRAME_GENERATOR = 2, /* resumed by weft_for_await or a generator operation */
    FRAME_LEFT = 4,      /* a generator without an owner: who runs it closes it, or a task that is to */
    FRAME_RUNNING = 8,   /* a generator between a resume and its yield */
    FRAME_FINISHED = 16, /* a generator that has ended and is still held */
    FRAME_CLOSING = 32,  /* being dropped without a caller to tell */
    FRAME_STATIC = 64,   /* stands for one that could not be made, and raises why */
    FRAME_SEEN = 256,    /* seen by a gather under construction */
    FRAME_EXITING = 512, /* a generator that is being closed */
    FRAME_FREED = 1024   /* kept readable, to tell an await of what is gone */
};

const weft_error *weft__not_made(const weft_frame *frame); /* static */
void weft__frame_free(weft_loop *loop, weft_frame *frame);
void weft__frame_close(weft_loop *loop, weft_frame *frame); /* drops it without running its body */
void weft__frame_drop(weft_loop *loop, weft_frame *frame);  /* the same, but keeps its memory */
void weft__unlink_listed(weft_loop *loop, weft_frame *frame);
weft_frame *weft__next_unstarted(weft_loop *loop);
static inline void weft__unlink_unstarted(weft_loop *loop, weft_frame *frame) {
    if (WEFT__LIKELY(loop->newest == frame))
        loop->newest = NULL;
    else
        weft__unlink_listed(loop, frame);
}
const weft_type *weft__type_of(weft_frame *frame);
/* The line of a label; 0 if it is none of the body's. */
static inline int weft__line_at(uint32_t at) {
    return at & 0x40000000u ? (int)((at - 0x40000000u) / 16) : 0;
}
int weft__line_of(const weft_frame *frame);
/* From here on the frame's links mean its caller and its blocks. Returns the frame. */
static inline weft_frame *weft__begin_frame(weft_loop *loop, weft_frame *frame, weft_frame *caller) {
    weft__unlink_unstarted(loop, frame);
    frame->caller = caller;
    frame->a.scopes = NULL;
    frame->b.run.at = WEFT__AT_START;
    frame->b.run.id = 0;
    frame->flags |= FRAME_STARTED;
    return frame;
}
/* Drops every frame of a task that will not run again. */
void weft__task_unwind(weft_loop *loop, weft_task *task);

#endif
