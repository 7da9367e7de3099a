#ifndef WEFT_CORE_TASK_STACK_H
#define WEFT_CORE_TASK_STACK_H

/* The coroutines of a task that await each other, from the innermost outwards. */

#include "internal.h"

/* Who awaits a frame; NULL: it is the outermost, or nobody does yet. */
static inline weft_frame *weft__caller_of(const weft_frame *frame) {
    return frame->flags & FRAME_STARTED ? frame->caller : NULL;
}
weft_trace_entry weft__entry_of(weft_frame *frame);
size_t weft__stack_depth(weft_frame *leaf);

#endif
