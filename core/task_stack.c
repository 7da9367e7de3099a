/* The coroutines of a task that await each other. */

#include "task_stack.h"

weft_trace_entry weft__entry_of(weft_frame *frame) {
    const weft_type *type = weft__type_of(frame);
    int line = frame->flags & FRAME_STARTED ? weft__line_of(frame) : 0;
    return (weft_trace_entry){type->name, type->file, line == 0 ? (int)type->line : line};
}

size_t weft__stack_depth(weft_frame *leaf) {
    size_t depth = 0;
    for (weft_frame *frame = leaf; frame != NULL; frame = weft__caller_of(frame))
        depth++;
    return depth;
}

size_t weft_task_stack(weft_task *task, weft_trace_entry *entries, size_t size) {
    size_t depth = 0;
    weft_frame *leaf = weft__current == NULL || task == NULL ? NULL : weft__leaf_of(weft__current, task);
    for (weft_frame *frame = leaf; frame != NULL; frame = weft__caller_of(frame), depth++)
        if (depth < size)
            entries[depth] = weft__entry_of(frame);
    return depth;
}
