/*
 * Tracebacks: the coroutines that an error went through. They belong to the error's way, not to the error,
 * which several tasks may share. The innermost 32 entries and the outermost 32 are kept, so that a chain of
 * any depth costs little.
 */

#include "internal.h"
#include "text.h"

enum { ROOM_FIRST = 4, ROOM_MOST = 64 };

typedef struct entry {
    const weft_type *type;
    int line;
} entry;

/* Entries come innermost first. Once it cannot grow any more, the first half of its room stays and the second
 * is a ring. */
struct weft__traceback {
    uint64_t count; /* of all that came */
    uint32_t room;
    bool grown; /* it is at its largest, or memory ended */
    entry entries[];
};

static size_t size_of(uint32_t room) {
    return sizeof(weft__traceback) + room * sizeof(entry);
}

static weft__traceback *larger(weft_loop *loop, weft__traceback *traceback) {
    uint32_t room = traceback == NULL ? ROOM_FIRST : traceback->room * 4;
    weft__traceback *made = weft__new(loop, size_of(room));
    if (made == NULL) {
        if (traceback != NULL)
            traceback->grown = true;
        return traceback;
    }
    *made = (weft__traceback){0, room, room >= ROOM_MOST};
    if (traceback != NULL) {
        made->count = traceback->count;
        memcpy(made->entries, traceback->entries, traceback->room * sizeof(entry));
        weft__traceback_free(loop, traceback);
    }
    return made;
}

/* Where the entry number `i`, counted from the innermost, is or was. */
static entry *place(const weft__traceback *traceback, uint64_t i) {
    uint32_t half = traceback->room / 2;
    uint64_t at = i < traceback->room ? i : half + (i - half) % (traceback->room - half);
    return (entry *)&traceback->entries[at];
}

/* How many are missing, after the innermost ones. */
static uint64_t left_out(const weft__traceback *traceback) {
    return traceback->count > traceback->room ? traceback->count - traceback->room : 0;
}

weft__traceback *weft__traceback_add(weft_loop *loop, weft__traceback *traceback, weft_frame *frame,
                                     int line) {
    if (traceback == NULL || (traceback->count == traceback->room && !traceback->grown))
        traceback = larger(loop, traceback);
    if (traceback != NULL)
        *place(traceback, traceback->count++) = (entry){weft__type_of(frame), line};
    return traceback;
}

weft__traceback *weft__traceback_copy(weft_loop *loop, const weft__traceback *traceback) {
    if (traceback == NULL)
        return NULL;
    weft__traceback *copy = weft__new(loop, size_of(traceback->room));
    if (copy != NULL)
        memcpy(copy, traceback, size_of(traceback->room));
    return copy;
}

void weft__traceback_free(weft_loop *loop, weft__traceback *traceback) {
    if (traceback != NULL)
        weft__delete(loop, traceback, size_of(traceback->room));
}

bool weft__traceback_wanted(const weft_error *error) {
    return error->code != WEFT_CANCELLED && error->code != WEFT_GENERATOR_EXIT &&
           error->code != WEFT_STOP_ITERATION;
}

/* --- Reading a task's --- */

static bool has_error(const weft_task *task) {
    return task->future.handle.state == STATE_ERROR || task->future.handle.state == STATE_CANCELLED;
}

static const weft__traceback *traceback_of(const weft_task *task) {
    return has_error(task) ? task->future.u.failed.traceback : NULL;
}

/* The entry number `i`, counted from the outermost; NULL for one that was left out. */
static const entry *from_outermost(const weft__traceback *traceback, uint64_t i) {
    uint64_t inner = traceback->count - 1 - i;
    uint32_t half = traceback->room / 2;
    return inner >= half && inner < half + left_out(traceback) ? NULL : place(traceback, inner);
}

/* Those that are kept stand together; what is left of the caller's room, up to their number, is cleared. */
size_t weft_task_traceback(weft_task *task, weft_trace_entry *entries, size_t size) {
    const weft__traceback *traceback = traceback_of(task);
    if (traceback == NULL)
        return 0;
    size_t filled = 0;
    for (uint64_t i = 0; i < traceback->count && filled < size; i++) {
        const entry *from = from_outermost(traceback, i);
        if (from != NULL)
            entries[filled++] = (weft_trace_entry){from->type->name, from->type->file, from->line};
        else
            i += left_out(traceback) - 1;
    }
    for (; filled < size && filled < traceback->count; filled++)
        entries[filled] = (weft_trace_entry){NULL, NULL, 0};
    return (size_t)traceback->count;
}

static void print_traceback(weft__text *text, const weft__traceback *traceback) {
    weft__text_add(text, "Traceback (most recent call last):\n");
    for (uint64_t i = 0; i < traceback->count; i++) {
        const entry *from = from_outermost(traceback, i);
        if (from != NULL) {
            weft__text_add(text, "  File \"%s\", line %d, in %s\n", from->type->file, from->line,
                           from->type->name);
        } else {
            uint64_t missing = left_out(traceback);
            weft__text_add(text, "  … %llu more …\n", (unsigned long long)missing);
            i += missing - 1;
        }
    }
}

size_t weft_task_print_error(weft_task *task, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    if (!has_error(task))
        return 0;
    if (traceback_of(task) != NULL)
        print_traceback(&text, traceback_of(task));
    bool fits = text.length < size;
    return text.length + weft_error_print(task->future.u.failed.error, fits ? buffer + text.length : NULL,
                                          fits ? size - text.length : 0);
}
