/* The coroutines that a task stands in, for JavaScript to look into their structures. */

#include "../core/internal.h"
#include "bridge.h"

/* --- Tasks by their numbers --- */

struct search {
    uint32_t id;
    weft_task *found;
};

static bool is_it(weft_loop *loop, weft_task *task, void *context) {
    struct search *search = context;
    (void)loop;
    if (task->future.id == search->id && weft__is_pending(task))
        search->found = task;
    return search->found == NULL;
}

/* NULL if there is none that is not done. */
WEFT__CALLABLE(weft_wasm_task) weft_task *weft_wasm_task(uint32_t id) {
    struct search search = {.id = id};
    if (weft__current != NULL)
        weft__each_task(weft__current, is_it, &search);
    return search.found;
}

static bool is_there(weft_loop *loop, weft_task *task, void *context) {
    const weft_task **place = context;
    (void)loop;
    if (task != *place)
        return true;
    *place = NULL;
    return false;
}

/* Whether a task is there, done or not. */
WEFT__CALLABLE(weft_wasm_is_task) int weft_wasm_is_task(const weft_task *place) {
    if (weft__current == NULL || place == NULL)
        return 0;
    weft__each_task(weft__current, is_there, &place);
    return place == NULL;
}

/* --- Frames --- */

/* The innermost one of a task that is not done. */
WEFT__CALLABLE(weft_wasm_leaf) weft_frame *weft_wasm_leaf(const weft_task *task) {
    return weft__leaf_of(weft__current, task);
}

/* Who awaits it; NULL for the outermost. */
WEFT__CALLABLE(weft_wasm_caller) weft_frame *weft_wasm_caller(const weft_frame *frame) {
    return frame->flags & FRAME_STARTED ? frame->caller : NULL;
}

WEFT__CALLABLE(weft_wasm_frame_type) const weft_type *weft_wasm_frame_type(weft_frame *frame) {
    return weft__type_of(frame);
}

/* Where it stands; before its first step where its body begins. */
WEFT__CALLABLE(weft_wasm_frame_line) int weft_wasm_frame_line(weft_frame *frame) {
    int line = frame->flags & FRAME_STARTED ? weft__line_of(frame) : 0;
    return line == 0 ? (int)weft__type_of(frame)->line : line;
}

WEFT__CALLABLE(weft_wasm_type_name) const char *weft_wasm_type_name(const weft_type *type) {
    return type->name;
}
WEFT__CALLABLE(weft_wasm_type_file) const char *weft_wasm_type_file(const weft_type *type) {
    return type->file;
}
WEFT__CALLABLE(weft_wasm_type_size) uint32_t weft_wasm_type_size(const weft_type *type) {
    return type->size;
}
