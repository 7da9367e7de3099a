/*
 * Who waits for whom, as text and as lists.
 *
 * The graphs, upwards and downwards, can have cycles and more ways than nodes, and chains of any length. So
 * what was told once is marked (tasks by a flag, gathers and shields by the number of the graph) and only
 * named when it is met again, and both are walked with a stack of LEVELS places.
 */

#include <limits.h>
#include <stdio.h>

#include "edges.h"
#include "internal.h"
#include "task_stack.h"
#include "task_wait.h"
#include "text.h"

enum { LEVELS = 64, STACK_SHOWN = 64 };

/* --- Walking --- */

/* What is being told, and the way from its root to where it is. */
typedef struct graph {
    weft_loop *loop;
    weft__lines lines;
    weft__next_edge *next;
    int limit;         /* of stacks */
    bool cut;          /* something was too deep */
    weft_task **tasks; /* those that were found, as many as there is room for */
    size_t room, count;
    unsigned depth;
    struct level {
        weft__edges edges;
        weft__node next; /* looked for ahead: it may be the last */
    } levels[LEVELS];
} graph;

/* How a node is met: nothing lies beyond it, something does, it was told of before, it is too deep. */
typedef enum meeting { MET_LEAF, MET_INNER, MET_AGAIN, MET_CUT } meeting;
typedef void teller(graph *self, const weft__node *here, meeting how);

static bool is_shown(const graph *self, const weft__node *here) {
    const weft_future *future = here->future;
    if (weft__node_task(here) != NULL)
        return future->handle.flags & FUTURE_SHOWN;
    return here->group == NULL && future->extra != NULL && future->extra->graph == self->loop->graphs;
}

static void mark_shown(const graph *self, const weft__node *here) {
    if (weft__node_task(here) != NULL)
        here->future->handle.flags |= FUTURE_SHOWN;
    else if (here->group == NULL && here->future->extra != NULL)
        here->future->extra->graph = self->loop->graphs;
}

static bool forget_shown(weft_loop *loop, weft_task *task, void *context) {
    (void)loop;
    (void)context;
    task->future.handle.flags &= (uint16_t)~FUTURE_SHOWN;
    return true;
}

static meeting meet(graph *self, const weft__node *here) {
    if (is_shown(self, here))
        return MET_AGAIN;
    weft__edges look = {.from = *here};
    if (self->next(self->loop, &look).future == NULL)
        return MET_LEAF;
    return self->depth < LEVELS ? MET_INNER : MET_CUT;
}

static void enter(graph *self, const weft__node *here) {
    struct level *level = &self->levels[self->depth++];
    level->edges = (weft__edges){.from = *here};
    level->next = self->next(self->loop, &level->edges);
}

/* Tells of a node and of all beyond it. */
static void walk(graph *self, weft_future *root, teller *tell) {
    weft__node at = {.future = root};
    for (;;) {
        meeting how = meet(self, &at);
        mark_shown(self, &at);
        tell(self, &at, how);
        self->cut |= how == MET_CUT;
        if (how == MET_INNER)
            enter(self, &at);
        while (self->depth > 0 && self->levels[self->depth - 1].next.future == NULL)
            self->depth--;
        if (self->depth == 0)
            return;
        struct level *level = &self->levels[self->depth - 1];
        at = level->next;
        level->next = self->next(self->loop, &level->edges);
    }
}

/* --- The tasks that await one --- */

static weft__node next_to_task(const weft_loop *loop, weft__edges *self) {
    return weft__node_task(&self->from) != NULL ? (weft__node){.future = NULL} : weft__next_above(loop, self);
}

static void collect(graph *self, const weft__node *here, meeting how) {
    weft_task *task = weft__node_task(here);
    if (task == NULL || how == MET_AGAIN)
        return;
    if (self->count < self->room)
        self->tasks[self->count] = task;
    self->count++;
}

static void unmark(graph *self, const weft__node *here, meeting how) {
    (void)self;
    (void)how;
    here->future->handle.flags &= (uint16_t)~FUTURE_SHOWN;
}

static void walk_to_tasks(graph *self, weft_future *future, teller *tell) {
    weft__edges look = {.from = {.future = future}};
    self->next = next_to_task;
    self->loop->graphs++;
    for (weft__node above; (above = weft__next_above(self->loop, &look)).future != NULL;)
        walk(self, above.future, tell);
}

size_t weft_awaited_by_of(weft_future *future, weft_task **tasks, size_t size) {
    graph self = {.loop = weft__current, .tasks = tasks, .room = size};
    if (future == NULL || self.loop == NULL)
        return 0;
    walk_to_tasks(&self, future, collect);
    walk_to_tasks(&self, future, unmark);
    return self.count;
}

/* --- Text --- */

/* "gather 4", "Task-1 (task 1)", "group 2 of Task-1 (task 1)", "group 2, opened at file.c:3 in main" */
static void add_name(graph *self, const weft__node *here) {
    weft__text *text = &self->lines.text;
    const weft_task *task = weft__node_task(here);
    if (here->group != NULL) {
        weft_trace_entry at = weft__entry_of(here->frame);
        weft__text_add(text, "group %u, opened at %s:%u in %s", here->group->id, at.file,
                       (here->at - 0x40000000u) / 16, at.function);
        return;
    }
    if (here->by != NULL)
        weft__text_add(text, "group %u of ", here->by->id);
    if (task != NULL)
        weft__text_add(text, "%s (task %u)", weft_task_name(task), task->future.id);
    else
        weft__text_add(text, "%s %u", weft__kind_name(here->future), here->future->id);
}

static void add_state(graph *self, const weft__node *here) {
    weft_task *task = weft__node_task(here);
    if (here->group == NULL && weft__done(here->future)) {
        weft__text_add(&self->lines.text, " is done");
    } else if (task != NULL && task == self->loop->current) {
        weft__text_add(&self->lines.text, " runs");
    } else if (task != NULL && weft__is_pending(task)) {
        weft__text_add(&self->lines.text, " waits for ");
        weft__add_wait(&self->lines.text, self->loop, task);
    }
}

/* Whether the node stands on the way from the root to here. */
static bool is_on_the_way(const graph *self, const weft__node *here) {
    for (unsigned i = 0; i < self->depth; i++)
        if (self->levels[i].edges.from.future == here->future && self->levels[i].edges.from.group == NULL)
            return true;
    return false;
}

static void add_ending(graph *self, const weft__node *here, meeting how) {
    if (how == MET_AGAIN)
        weft__text_add(&self->lines.text,
                       is_on_the_way(self, here) ? ", which closes a cycle" : ", as above");
    else if (how == MET_CUT)
        weft__text_add(&self->lines.text, ", …");
    weft__lines_end(&self->lines);
}

/* The part of a stack that the limit leaves, counted from the innermost. */
typedef struct window {
    size_t begin, end;
} window;

static window window_of(size_t depth, int limit) {
    size_t most = (size_t)(limit < 0 ? -(int64_t)limit : limit);
    if (most >= depth)
        return (window){0, depth};
    return limit < 0 ? (window){0, most} : (window){depth - most, depth};
}

typedef void indenter(graph *self, meeting how);

static void add_stack(graph *self, weft_task *task, meeting how, indenter *indent) {
    weft_frame *frame = weft__leaf_of(self->loop, task);
    window part = window_of(weft__stack_depth(frame), self->limit), gap = {0, 0};
    if (part.end - part.begin > STACK_SHOWN)
        gap = (window){part.begin + STACK_SHOWN / 2, part.end - STACK_SHOWN / 2};
    for (size_t i = 0; i < part.end; i++, frame = weft__caller_of(frame)) {
        if (i < part.begin || (i > gap.begin && i < gap.end))
            continue;
        indent(self, how);
        weft_trace_entry at = weft__entry_of(frame);
        if (i == gap.begin && gap.end > 0)
            weft__text_add(&self->lines.text, "… %zu more …", gap.end - gap.begin);
        else
            weft__text_add(&self->lines.text, "at %s:%d in %s", at.file, at.line, at.function);
        weft__lines_end(&self->lines);
    }
}

/* --- One future, and who awaits it --- */

static void indent_below(graph *self, meeting how) {
    (void)how;
    weft__text_add(&self->lines.text, "%*s", (int)self->depth * 4 + 4, "");
}

static void tell_above(graph *self, const weft__node *here, meeting how) {
    weft__text_add(&self->lines.text, "%*s%s", (int)self->depth * 4, "",
                   self->depth == 0 ? "" : "awaited by ");
    add_name(self, here);
    if (self->depth == 0)
        add_state(self, here);
    add_ending(self, here, how);
    if (weft__node_task(here) != NULL && how != MET_AGAIN)
        add_stack(self, weft__node_task(here), how, indent_below);
}

static void tell_call_graph(graph *self, weft_future *future) {
    if (future == NULL)
        return;
    self->next = weft__next_above;
    self->loop->graphs++;
    walk(self, future, tell_above);
    weft__each_task(self->loop, forget_shown, NULL);
}

/* --- The tree --- */

static void indent_to(graph *self, unsigned depth) {
    for (unsigned i = 0; i < depth; i++)
        weft__text_add(&self->lines.text, self->levels[i].next.future != NULL ? "│   " : "    ");
}

static void indent_stack(graph *self, meeting how) {
    indent_to(self, self->depth);
    weft__text_add(&self->lines.text, how == MET_INNER ? "│   " : "    ");
}

static void tell_below(graph *self, const weft__node *here, meeting how) {
    if (self->depth > 0) {
        indent_to(self, self->depth - 1);
        weft__text_add(&self->lines.text,
                       self->levels[self->depth - 1].next.future != NULL ? "├── " : "└── ");
    }
    add_name(self, here);
    if (how != MET_AGAIN)
        add_state(self, here);
    add_ending(self, here, how);
    if (weft__node_task(here) != NULL && how != MET_AGAIN)
        add_stack(self, weft__node_task(here), how, indent_stack);
}

static weft_future *first_above(const weft_loop *loop, weft_future *future) {
    weft__edges look = {.from = {.future = future}};
    return weft__next_above(loop, &look).future;
}

static bool is_in_cycle(const weft_loop *loop, weft_future *future) {
    weft_future *above = first_above(loop, future);
    for (unsigned i = 0; i < LEVELS && above != NULL && above != future; i++)
        above = first_above(loop, above);
    return above == future;
}

static bool is_untold(const weft_task *task) {
    return weft__is_pending(task) && !(task->future.handle.flags & FUTURE_SHOWN);
}

static bool tell_root(weft_loop *loop, weft_task *task, void *context) {
    if (is_untold(task) && first_above(loop, &task->future) == NULL)
        walk(context, &task->future, tell_below);
    return true;
}

static bool tell_cycle(weft_loop *loop, weft_task *task, void *context) {
    if (is_untold(task) && is_in_cycle(loop, &task->future))
        walk(context, &task->future, tell_below);
    return true;
}

static bool tell_rest(weft_loop *loop, weft_task *task, void *context) {
    graph *self = context;
    (void)loop;
    if (is_untold(task))
        walk(self, &task->future, tell_below);
    return !self->cut;
}

static bool count_untold(weft_loop *loop, weft_task *task, void *context) {
    (void)loop;
    *(size_t *)context += is_untold(task);
    return true;
}

/* First what nobody awaits, then what nothing of that leads to: cycles, and what waits behind them. */
static void tell_tree(graph *self, weft_future *nothing) {
    size_t untold = 0;
    (void)nothing;
    self->next = weft__next_below;
    self->loop->graphs++;
    weft__each_task(self->loop, tell_root, self);
    weft__each_task(self->loop, tell_cycle, self);
    if (!self->cut)
        weft__each_task(self->loop, tell_rest, self);
    weft__each_task(self->loop, count_untold, &untold);
    if (untold > 0) {
        weft__text_add(&self->lines.text, "… and %zu more, deeper than %d levels", untold, LEVELS);
        weft__lines_end(&self->lines);
    }
    weft__each_task(self->loop, forget_shown, NULL);
}

/* --- Into a buffer, and to stderr --- */

typedef void write_graph(graph *self, weft_future *future);

static size_t format(write_graph *write, weft_future *future, int limit, char *buffer, size_t size) {
    graph self = {.loop = weft__current, .lines = {.text = weft__text_in(buffer, size)}, .limit = limit};
    if (self.loop != NULL)
        write(&self, future);
    return self.lines.text.length;
}

static void print(write_graph *write, weft_future *future, int limit) {
    char part[WEFT__LINES_PART];
    graph self = {.loop = weft__current,
                  .lines = {.text = weft__text_in(part, sizeof part), .stream = stderr},
                  .limit = limit};
    if (self.loop == NULL)
        return;
    write(&self, future);
    weft__lines_flush(&self.lines);
}

size_t weft_format_call_graph_of(weft_future *future, int limit, char *buffer, size_t size) {
    return format(tell_call_graph, future, limit, buffer, size);
}

void weft_print_call_graph_of(weft_future *future, int limit) {
    print(tell_call_graph, future, limit);
}

size_t weft_format_task_tree(char *buffer, size_t size) {
    return format(tell_tree, NULL, INT_MAX, buffer, size);
}

void weft_print_task_tree(void) {
    print(tell_tree, NULL, INT_MAX);
}
