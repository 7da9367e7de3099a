/*
 * Who waits for whom, as text and as lists.
 *
 * The edges are those that the scheduler keeps anyway. Downwards: what a task waits for, a gather's children,
 * a shield's inner future, the groups of a task's open blocks and their tasks. Upwards: the tasks and
 * callbacks that stand in a future's list. Both graphs can have cycles and more ways than nodes, and chains
 * of any length. So what was told once is marked (tasks by a flag, gathers and shields by the number of the
 * graph) and only named when it is met again, and both are walked with a stack of LEVELS places.
 */

#include "internal.h"
#include "text.h"
#include "wait_queue.h"
#include "watch.h"

#include <limits.h>
#include <stdio.h>

enum { LEVELS = 64, STACK_SHOWN = 64 };

/* --- Stacks --- */

/* Not done, and not being destroyed. */
static bool is_pending(const weft_task *task) {
    return !weft__done(&task->future) && !(task->future.handle.flags & FUTURE_DETACHED);
}

/* The innermost frame of a task that is not done. */
static weft_frame *leaf_of(const weft_loop *loop, const weft_task *task) {
    if (!is_pending(task))
        return NULL;
    return loop->current == task ? loop->frame : task->future.u.task.leaf;
}

static weft_frame *caller_of(const weft_frame *frame) {
    return frame->flags & FRAME_STARTED ? frame->caller : NULL;
}

static weft_trace_entry entry_of(weft_frame *frame) {
    const weft_type *type = weft__type_of(frame);
    int line = frame->flags & FRAME_STARTED ? weft__line_of(frame) : 0;
    return (weft_trace_entry){type->name, type->file, line == 0 ? (int)type->line : line};
}

static size_t depth_of(weft_frame *leaf) {
    size_t depth = 0;
    for (weft_frame *frame = leaf; frame != NULL; frame = caller_of(frame))
        depth++;
    return depth;
}

size_t weft_task_stack(weft_task *task, weft_trace_entry *entries, size_t size) {
    size_t depth = 0;
    weft_frame *leaf = weft__current == NULL || task == NULL ? NULL : leaf_of(weft__current, task);
    for (weft_frame *frame = leaf; frame != NULL; frame = caller_of(frame), depth++)
        if (depth < size)
            entries[depth] = entry_of(frame);
    return depth;
}

/* --- What a task waits for --- */

static const char *kind_of(const weft_future *future) {
    static const char *const kinds[] = {[HANDLE_TASK] = "task",
                                        [HANDLE_CALLBACK] = "callback",
                                        [HANDLE_FUTURE] = "future",
                                        [HANDLE_GATHER] = "gather",
                                        [HANDLE_SHIELD] = "shield"};
    return kinds[future->handle.kind];
}

static weft_task_wait wait_of(weft_loop *loop, weft_task *task) {
    weft_future *future = &task->future, *target = future->u.task.wait.future;
    weft__wait_queue *queue = future->u.task.wait.queue;
    switch (future->handle.wait) {
    case WAIT_SLEEP:
        return (weft_task_wait){"timer", 0, fmax(weft__timer_of_task(loop, task) - weft__now(loop), 0)};
    case WAIT_QUEUE:
        return (weft_task_wait){queue->type->name, weft__queue_id(loop, queue), 0};
    case WAIT_GROUP:
        return (weft_task_wait){"group", future->u.task.wait.group->id, 0};
    case WAIT_FUTURE:
        if (weft__done(target))
            break;
        return (weft_task_wait){weft__is_in_thread(future->u.task.leaf) ? "thread" : kind_of(target),
                                target->id, 0};
    default:
        break;
    }
    return (weft_task_wait){NULL, 0, 0};
}

weft_task_wait weft_task_waits_for(weft_task *task) {
    weft_loop *loop = weft__current;
    return loop == NULL || task == NULL || !is_pending(task) ? (weft_task_wait){NULL, 0, 0}
                                                             : wait_of(loop, task);
}

/* "gather 4" */
static void add_wait(weft__text *text, weft_task_wait wait) {
    if (wait.what == NULL)
        weft__text_add(text, "its next step");
    else if (strcmp(wait.what, "timer") == 0)
        weft__text_add(text, "a timer");
    else
        weft__text_add(text, "%s%s %u", strcmp(wait.what, "group") == 0 ? "the tasks of " : "", wait.what,
                       wait.id);
}

/* "a timer, 0.500 s left" */
static void add_wait_now(weft__text *text, weft_loop *loop, weft_task *task) {
    weft_task_wait wait = wait_of(loop, task);
    add_wait(text, wait);
    if (wait.what != NULL && strcmp(wait.what, "timer") == 0)
        weft__text_add(text, ", %.3f s left", wait.seconds);
}

void weft__describe_wait(weft_loop *loop, weft_task *task, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    add_wait(&text, wait_of(loop, task));
}

void weft__describe_task(weft_loop *loop, weft_task *task, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    weft_trace_entry at = entry_of(leaf_of(loop, task));
    weft__text_add(&text, "%s (task %u) waits for ", weft_task_name(task), task->future.id);
    add_wait(&text, wait_of(loop, task));
    weft__text_add(&text, " at %s:%d in %s", at.file, at.line, at.function);
}

/* --- Edges --- */

/* A task or future, or a group, which is of the task that opened it. */
typedef struct node {
    weft_future *future; /* NULL: there is none */
    weft_group *group;
    weft_group *by;    /* upwards: the task's group, which awaits */
    weft_frame *frame; /* downwards: that opened the group */
    uint32_t at;       /* and its label there */
} node;

/* How far the edges of a node have been followed. */
typedef struct edges {
    node from;
    bool begun;
    uint32_t index;                 /* among a gather's children, or what is watched */
    const weft__group_child *child; /* of a group */
    weft_frame *frame;              /* of a task: the blocks from here on have not been looked at */
    weft__scope *scope;
    weft__handle *waiter; /* upwards: the last one in the list that was looked at */
} edges;

typedef node next_edge(const weft_loop *loop, edges *self);

static weft_task *task_of(const node *self) {
    bool is_task = self->group == NULL && self->future->handle.kind == HANDLE_TASK;
    return is_task ? (weft_task *)(void *)self->future : NULL;
}

/* What follows from an entry of a future's list. */
static node node_behind(weft__handle *waiter) {
    weft__callback *callback = (weft__callback *)(void *)waiter;
    if (waiter->kind == HANDLE_TASK)
        return (node){.future = (weft_future *)(void *)waiter};
    if (waiter->wait == CALLBACK_OF_FUTURE && !weft__done(callback->owner))
        return (node){.future = callback->owner};
    if (waiter->wait == CALLBACK_OF_GROUP && callback->owner != NULL) {
        weft_group *group = callback->owner;
        return (node){.future = &group->parent->future, .by = group};
    }
    return (node){.future = NULL};
}

/* Who awaits it, one after the other. */
static node next_above(const weft_loop *loop, edges *self) {
    weft__handle *last = self->from.future->callbacks;
    (void)loop;
    while (last != NULL && self->waiter != last) {
        self->waiter = self->waiter == NULL ? last->next : self->waiter->next;
        node above = node_behind(self->waiter);
        if (above.future != NULL)
            return above;
    }
    return (node){.future = NULL};
}

static void look_at_frame(edges *self, weft_frame *frame) {
    self->frame = frame;
    self->scope = frame != NULL && frame->flags & FRAME_STARTED ? frame->a.scopes : NULL;
}

/* The next group of the task's open blocks that has tasks, innermost first. */
static node next_group(edges *self) {
    for (; self->frame != NULL; look_at_frame(self, caller_of(self->frame)))
        for (const weft__scope *scope; (scope = self->scope) != NULL;) {
            const weft__group_child *child = NULL;
            weft_group *group = weft__group_of(scope);
            self->scope = scope->outer;
            if (group != NULL && weft__group_next_child(group, &child) != NULL)
                return (node){
                    .future = self->from.future, .group = group, .frame = self->frame, .at = scope->at};
        }
    return (node){.future = NULL};
}

/* The next of those that a task in weft_wait waits for. */
static weft_future *next_watched(edges *self, const weft_task *task) {
    const weft__watch *watch = weft__watch_of_wait(task->future.u.task.leaf);
    return watch == NULL ? NULL : weft__watch_next(watch, &self->index);
}

static node next_of_task(const weft_loop *loop, edges *self, weft_task *task) {
    weft_future *target = task->future.u.task.wait.future, *watched = NULL;
    bool waits = is_pending(task) && task->future.handle.wait == WAIT_FUTURE && !weft__done(target);
    if (!self->begun)
        look_at_frame(self, leaf_of(loop, task));
    if (!self->begun && waits && target->handle.kind != HANDLE_FUTURE)
        watched = target;
    else if (waits)
        watched = next_watched(self, task);
    self->begun = true;
    return watched != NULL ? (node){.future = watched} : next_group(self);
}

/* What it waits for, one after the other. */
static node next_below(const weft_loop *loop, edges *self) {
    const node *from = &self->from;
    weft_future *child = NULL;
    if (task_of(from) != NULL)
        return next_of_task(loop, self, task_of(from));
    if (from->group != NULL)
        child = weft__group_next_child(from->group, &self->child);
    else if (from->future->handle.kind == HANDLE_GATHER && !weft__done(from->future))
        child = weft__gather_next_child(from->future, &self->index);
    else if (from->future->handle.kind == HANDLE_SHIELD && !weft__done(from->future) && !self->begun)
        child = from->future->extra->inner;
    self->begun = true;
    return (node){.future = child};
}

/* --- Walking --- */

/* What is being told, and the way from its root to where it is. */
typedef struct graph {
    weft_loop *loop;
    weft__text text;
    FILE *stream; /* gets the text, a part at a time; NULL: it stays in its buffer */
    next_edge *next;
    int limit;         /* of stacks */
    bool cut;          /* something was too deep */
    weft_task **tasks; /* those that were found, as many as there is room for */
    size_t room, count;
    unsigned depth;
    struct level {
        edges edges;
        node next; /* looked for ahead: it may be the last */
    } levels[LEVELS];
} graph;

/* How a node is met: nothing lies beyond it, something does, it was told of before, it is too deep. */
typedef enum meeting { MET_LEAF, MET_INNER, MET_AGAIN, MET_CUT } meeting;
typedef void teller(graph *self, const node *here, meeting how);

static bool is_shown(const graph *self, const node *here) {
    const weft_future *future = here->future;
    if (task_of(here) != NULL)
        return future->handle.flags & FUTURE_SHOWN;
    return here->group == NULL && future->extra != NULL && future->extra->graph == self->loop->graphs;
}

static void mark_shown(const graph *self, const node *here) {
    if (task_of(here) != NULL)
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

static meeting meet(graph *self, const node *here) {
    if (is_shown(self, here))
        return MET_AGAIN;
    edges look = {.from = *here};
    if (self->next(self->loop, &look).future == NULL)
        return MET_LEAF;
    return self->depth < LEVELS ? MET_INNER : MET_CUT;
}

static void enter(graph *self, const node *here) {
    struct level *level = &self->levels[self->depth++];
    level->edges = (edges){.from = *here};
    level->next = self->next(self->loop, &level->edges);
}

/* Tells of a node and of all beyond it. */
static void walk(graph *self, weft_future *root, teller *tell) {
    node at = {.future = root};
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

static node next_to_task(const weft_loop *loop, edges *self) {
    return task_of(&self->from) != NULL ? (node){.future = NULL} : next_above(loop, self);
}

static void collect(graph *self, const node *here, meeting how) {
    weft_task *task = task_of(here);
    if (task == NULL || how == MET_AGAIN)
        return;
    if (self->count < self->room)
        self->tasks[self->count] = task;
    self->count++;
}

static void unmark(graph *self, const node *here, meeting how) {
    (void)self;
    (void)how;
    here->future->handle.flags &= (uint16_t)~FUTURE_SHOWN;
}

static void walk_to_tasks(graph *self, weft_future *future, teller *tell) {
    edges look = {.from = {.future = future}};
    self->next = next_to_task;
    self->loop->graphs++;
    for (node above; (above = next_above(self->loop, &look)).future != NULL;)
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

static void flush(graph *self) {
    weft__text *text = &self->text;
    fwrite(text->buffer, 1, text->length < text->size ? text->length : text->size - 1, self->stream);
    if (text->length >= text->size) /* a line that was too long for it */
        fputc('\n', self->stream);
    *text = weft__text_in(text->buffer, text->size);
}

static void end_line(graph *self) {
    weft__text_add(&self->text, "\n");
    if (self->stream != NULL && self->text.length > self->text.size / 2)
        flush(self);
}

/* "gather 4", "Task-1 (task 1)", "group 2 of Task-1 (task 1)", "group 2, opened at file.c:3 in main" */
static void add_name(graph *self, const node *here) {
    weft__text *text = &self->text;
    const weft_task *task = task_of(here);
    if (here->group != NULL) {
        weft_trace_entry at = entry_of(here->frame);
        weft__text_add(text, "group %u, opened at %s:%u in %s", here->group->id, at.file,
                       (here->at - 0x40000000u) / 16, at.function);
        return;
    }
    if (here->by != NULL)
        weft__text_add(text, "group %u of ", here->by->id);
    if (task != NULL)
        weft__text_add(text, "%s (task %u)", weft_task_name(task), task->future.id);
    else
        weft__text_add(text, "%s %u", kind_of(here->future), here->future->id);
}

static void add_state(graph *self, const node *here) {
    weft_task *task = task_of(here);
    if (here->group == NULL && weft__done(here->future)) {
        weft__text_add(&self->text, " is done");
    } else if (task != NULL && task == self->loop->current) {
        weft__text_add(&self->text, " runs");
    } else if (task != NULL && is_pending(task)) {
        weft__text_add(&self->text, " waits for ");
        add_wait_now(&self->text, self->loop, task);
    }
}

/* Whether the node stands on the way from the root to here. */
static bool is_on_the_way(const graph *self, const node *here) {
    for (unsigned i = 0; i < self->depth; i++)
        if (self->levels[i].edges.from.future == here->future && self->levels[i].edges.from.group == NULL)
            return true;
    return false;
}

static void add_ending(graph *self, const node *here, meeting how) {
    if (how == MET_AGAIN)
        weft__text_add(&self->text, is_on_the_way(self, here) ? ", which closes a cycle" : ", as above");
    else if (how == MET_CUT)
        weft__text_add(&self->text, ", …");
    end_line(self);
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
    weft_frame *frame = leaf_of(self->loop, task);
    window part = window_of(depth_of(frame), self->limit), gap = {0, 0};
    if (part.end - part.begin > STACK_SHOWN)
        gap = (window){part.begin + STACK_SHOWN / 2, part.end - STACK_SHOWN / 2};
    for (size_t i = 0; i < part.end; i++, frame = caller_of(frame)) {
        if (i < part.begin || (i > gap.begin && i < gap.end))
            continue;
        indent(self, how);
        weft_trace_entry at = entry_of(frame);
        if (i == gap.begin && gap.end > 0)
            weft__text_add(&self->text, "… %zu more …", gap.end - gap.begin);
        else
            weft__text_add(&self->text, "at %s:%d in %s", at.file, at.line, at.function);
        end_line(self);
    }
}

/* --- One future, and who awaits it --- */

static void indent_below(graph *self, meeting how) {
    (void)how;
    weft__text_add(&self->text, "%*s", (int)self->depth * 4 + 4, "");
}

static void tell_above(graph *self, const node *here, meeting how) {
    weft__text_add(&self->text, "%*s%s", (int)self->depth * 4, "", self->depth == 0 ? "" : "awaited by ");
    add_name(self, here);
    if (self->depth == 0)
        add_state(self, here);
    add_ending(self, here, how);
    if (task_of(here) != NULL && how != MET_AGAIN)
        add_stack(self, task_of(here), how, indent_below);
}

static void tell_call_graph(graph *self, weft_future *future) {
    if (future == NULL)
        return;
    self->next = next_above;
    self->loop->graphs++;
    walk(self, future, tell_above);
    weft__each_task(self->loop, forget_shown, NULL);
}

/* --- The tree --- */

static void indent_to(graph *self, unsigned depth) {
    for (unsigned i = 0; i < depth; i++)
        weft__text_add(&self->text, self->levels[i].next.future != NULL ? "│   " : "    ");
}

static void indent_stack(graph *self, meeting how) {
    indent_to(self, self->depth);
    weft__text_add(&self->text, how == MET_INNER ? "│   " : "    ");
}

static void tell_below(graph *self, const node *here, meeting how) {
    if (self->depth > 0) {
        indent_to(self, self->depth - 1);
        weft__text_add(&self->text, self->levels[self->depth - 1].next.future != NULL ? "├── " : "└── ");
    }
    add_name(self, here);
    if (how != MET_AGAIN)
        add_state(self, here);
    add_ending(self, here, how);
    if (task_of(here) != NULL && how != MET_AGAIN)
        add_stack(self, task_of(here), how, indent_stack);
}

static weft_future *first_above(const weft_loop *loop, weft_future *future) {
    edges look = {.from = {.future = future}};
    return next_above(loop, &look).future;
}

static bool is_in_cycle(const weft_loop *loop, weft_future *future) {
    weft_future *above = first_above(loop, future);
    for (unsigned i = 0; i < LEVELS && above != NULL && above != future; i++)
        above = first_above(loop, above);
    return above == future;
}

static bool is_untold(const weft_task *task) {
    return is_pending(task) && !(task->future.handle.flags & FUTURE_SHOWN);
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
    self->next = next_below;
    self->loop->graphs++;
    weft__each_task(self->loop, tell_root, self);
    weft__each_task(self->loop, tell_cycle, self);
    if (!self->cut)
        weft__each_task(self->loop, tell_rest, self);
    weft__each_task(self->loop, count_untold, &untold);
    if (untold > 0) {
        weft__text_add(&self->text, "… and %zu more, deeper than %d levels", untold, LEVELS);
        end_line(self);
    }
    weft__each_task(self->loop, forget_shown, NULL);
}

/* --- The table --- */

enum { CELL = 41, COLUMNS = 4 };

/* What stands in a row before the coroutines: id, name, what it waits for, who awaits it. */
typedef struct row {
    char cells[COLUMNS][CELL];
} row;

typedef struct table {
    graph *graph;
    size_t widths[COLUMNS];
} table;

/* Of UTF-8 text, in characters. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void set_awaiters(char *cell, weft_task *task) {
    weft_task *tasks[4];
    size_t room = sizeof tasks / sizeof *tasks, count = weft_awaited_by_of(&task->future, tasks, room);
    weft__text text = weft__text_in(cell, CELL);
    for (size_t i = 0; i < count && i < room; i++)
        weft__text_add(&text, "%s%u", i == 0 ? "" : ", ", tasks[i]->future.id);
    if (count > room)
        weft__text_add(&text, ", …");
}

static row row_of(weft_loop *loop, weft_task *task) {
    row self;
    const char *name = weft_task_name(task);
    weft__text wait = weft__text_in(self.cells[2], CELL);
    snprintf(self.cells[0], CELL, "%u", task->future.id);
    snprintf(self.cells[1], CELL, "%.*s", (int)weft__text_cut(name, strlen(name), CELL - 1), name);
    if (task == loop->current)
        weft__text_add(&wait, "nothing: it runs");
    else
        add_wait_now(&wait, loop, task);
    set_awaiters(self.cells[3], task);
    return self;
}

static void add_row(table *self, const row *one, weft_frame *leaf) {
    enum { MOST = 4 };
    weft__text *text = &self->graph->text;
    for (size_t i = 0; i < COLUMNS; i++)
        weft__text_add(text, "%s%*s", one->cells[i], (int)(self->widths[i] - width_of(one->cells[i])) + 2,
                       "");
    size_t depth = depth_of(leaf);
    for (size_t i = 0; i < depth && i < MOST; i++, leaf = caller_of(leaf))
        weft__text_add(text, "%s%s", i == 0 ? "" : ", ", weft__type_of(leaf)->name);
    if (depth > MOST)
        weft__text_add(text, ", … %zu more", depth - MOST);
}

static bool measure_row(weft_loop *loop, weft_task *task, void *context) {
    table *self = context;
    if (!is_pending(task))
        return true;
    row one = row_of(loop, task);
    for (size_t i = 0; i < COLUMNS; i++)
        if (width_of(one.cells[i]) > self->widths[i])
            self->widths[i] = width_of(one.cells[i]);
    return true;
}

static bool tell_row(weft_loop *loop, weft_task *task, void *context) {
    table *self = context;
    if (!is_pending(task))
        return true;
    row one = row_of(loop, task);
    add_row(self, &one, leaf_of(loop, task));
    end_line(self->graph);
    return true;
}

static void tell_table(graph *self, weft_future *nothing) {
    static const row head = {{"task", "name", "waits for", "awaited by"}};
    table all = {.graph = self};
    (void)nothing;
    for (size_t i = 0; i < COLUMNS; i++)
        all.widths[i] = width_of(head.cells[i]);
    weft__each_task(self->loop, measure_row, &all);
    add_row(&all, &head, NULL);
    weft__text_add(&self->text, "coroutines, innermost first");
    end_line(self);
    weft__each_task(self->loop, tell_row, &all);
}

/* --- Into a buffer, and to stderr --- */

typedef void write_graph(graph *self, weft_future *future);

static size_t format(write_graph *write, weft_future *future, int limit, char *buffer, size_t size) {
    graph self = {.loop = weft__current, .text = weft__text_in(buffer, size), .limit = limit};
    if (self.loop != NULL)
        write(&self, future);
    return self.text.length;
}

static void print(write_graph *write, weft_future *future, int limit) {
    char part[4096];
    graph self = {
        .loop = weft__current, .text = weft__text_in(part, sizeof part), .stream = stderr, .limit = limit};
    if (self.loop == NULL)
        return;
    write(&self, future);
    flush(&self);
}

size_t weft_format_call_graph_of(weft_future *future, int limit, char *buffer, size_t size) {
    return format(tell_call_graph, future, limit, buffer, size);
}

void weft_print_call_graph_of(weft_future *future, int limit) {
    print(tell_call_graph, future, limit);
}

size_t weft_format_tasks(char *buffer, size_t size) {
    return format(tell_table, NULL, INT_MAX, buffer, size);
}

void weft_print_tasks(void) {
    print(tell_table, NULL, INT_MAX);
}

size_t weft_format_task_tree(char *buffer, size_t size) {
    return format(tell_tree, NULL, INT_MAX, buffer, size);
}

void weft_print_task_tree(void) {
    print(tell_tree, NULL, INT_MAX);
}
