/* Who waits for whom, one edge after the other. */

#include "edges.h"

#include "task_stack.h"
#include "watch.h"

weft_task *weft__node_task(const weft__node *self) {
    bool is_task = self->group == NULL && self->future->handle.kind == HANDLE_TASK;
    return is_task ? (weft_task *)(void *)self->future : NULL;
}

/* What follows from an entry of a future's list. */
static weft__node node_behind(weft__handle *waiter) {
    weft__callback *callback = (weft__callback *)(void *)waiter;
    if (waiter->kind == HANDLE_TASK)
        return (weft__node){.future = (weft_future *)(void *)waiter};
    if (waiter->wait == CALLBACK_OF_FUTURE && !weft__done(callback->owner))
        return (weft__node){.future = callback->owner};
    if (waiter->wait == CALLBACK_OF_GROUP && callback->owner != NULL) {
        weft_group *group = callback->owner;
        return (weft__node){.future = &group->parent->future, .by = group};
    }
    return (weft__node){.future = NULL};
}

weft__node weft__next_above(const weft_loop *loop, weft__edges *self) {
    weft__handle *last = self->from.future->callbacks;
    (void)loop;
    while (last != NULL && self->waiter != last) {
        self->waiter = self->waiter == NULL ? last->next : self->waiter->next;
        weft__node above = node_behind(self->waiter);
        if (above.future != NULL)
            return above;
    }
    return (weft__node){.future = NULL};
}

static void look_at_frame(weft__edges *self, weft_frame *frame) {
    self->frame = frame;
    self->scope = frame != NULL && frame->flags & FRAME_STARTED ? frame->a.scopes : NULL;
}

/* The next group of the task's open blocks that has tasks, innermost first. */
static weft__node next_group(weft__edges *self) {
    for (; self->frame != NULL; look_at_frame(self, weft__caller_of(self->frame)))
        for (const weft__scope *scope; (scope = self->scope) != NULL;) {
            const weft__group_child *child = NULL;
            weft_group *group = weft__group_of(scope);
            self->scope = scope->outer;
            if (group != NULL && weft__group_next_child(group, &child) != NULL)
                return (weft__node){
                    .future = self->from.future, .group = group, .frame = self->frame, .at = scope->at};
        }
    return (weft__node){.future = NULL};
}

/* The next of those that a task in weft_wait waits for. */
static weft_future *next_watched(weft__edges *self, const weft_task *task) {
    const weft__watch *watch = weft__watch_of_wait(task->future.u.task.leaf);
    return watch == NULL ? NULL : weft__watch_next(watch, &self->index);
}

static weft__node next_of_task(const weft_loop *loop, weft__edges *self, weft_task *task) {
    weft_future *target = task->future.u.task.wait.future, *watched = NULL;
    bool waits = weft__is_pending(task) && task->future.handle.wait == WAIT_FUTURE && !weft__done(target);
    if (!self->begun)
        look_at_frame(self, weft__leaf_of(loop, task));
    if (!self->begun && waits && target->handle.kind != HANDLE_FUTURE)
        watched = target;
    else if (waits)
        watched = next_watched(self, task);
    self->begun = true;
    return watched != NULL ? (weft__node){.future = watched} : next_group(self);
}

weft__node weft__next_below(const weft_loop *loop, weft__edges *self) {
    const weft__node *from = &self->from;
    weft_future *child = NULL;
    if (weft__node_task(from) != NULL)
        return next_of_task(loop, self, weft__node_task(from));
    if (from->group != NULL)
        child = weft__group_next_child(from->group, &self->child);
    else if (from->future->handle.kind == HANDLE_GATHER && !weft__done(from->future))
        child = weft__gather_next_child(from->future, &self->index);
    else if (from->future->handle.kind == HANDLE_SHIELD && !weft__done(from->future) && !self->begun)
        child = from->future->extra->inner;
    self->begun = true;
    return (weft__node){.future = child};
}
