/*
 * Task groups. The end of the block waits for the children in the parent's own frame, without memory of its
 * own, so that no shortage can make it forget one.
 */

#include "internal.h"

struct weft__group_child {
    weft__callback base; /* its future is the task; its owner the group, or NULL once that is gone */
    weft__group_child *next, *previous;
};

weft_manager weft_task_group(void) {
    return (weft_manager){.kind = MANAGER_NEW_GROUP};
}

weft_manager weft__group_manager(weft_group *group) {
    return (weft_manager){.object = group, .kind = MANAGER_GROUP};
}

void weft_group_init(weft_group *group) {
    *group = (weft_group){.parent = NULL};
}

/* --- Children --- */

static void link_child(weft_group *group, weft__group_child *child) {
    child->next = NULL;
    child->previous = group->last;
    if (group->last != NULL)
        group->last->next = child;
    else
        group->children = child;
    group->last = child;
    group->child_count++;
}

static void unlink_child(weft_group *group, weft__group_child *child) {
    if (child->previous != NULL)
        child->previous->next = child->next;
    else
        group->children = child->next;
    if (child->next != NULL)
        child->next->previous = child->previous;
    else
        group->last = child->previous;
    group->child_count--;
}

/* The next child that is not done; `at` starts as NULL. */
weft_future *weft__group_next_child(const weft_group *group, const weft__group_child **at) {
    do
        *at = *at == NULL ? group->children : (*at)->next;
    while (*at != NULL && weft__done((*at)->base.future));
    return *at == NULL ? NULL : (*at)->base.future;
}

static void abort_children(weft_loop *loop, weft_group *group) {
    group->aborting = true;
    for (weft__group_child *child = group->children; child != NULL; child = child->next)
        weft__cancel(loop, child->base.future, &weft_error_cancelled);
}

/* The body is cancelled as well, and the end of the block takes that back. */
static void abort_all(weft_loop *loop, weft_group *group) {
    abort_children(loop, group);
    if (group->parent_cancelled)
        return;
    group->parent_cancelled = true;
    weft__cancel(loop, &group->parent->future, &weft_error_cancelled);
}

/* There is room: it was made when the child was. */
static void add_error(weft_group *group, const weft_error *error) {
    group->errors[group->error_count++] = weft_error_retain(error);
}

static void child_ended(weft_loop *loop, weft_group *group, weft_future *task) {
    if (group->children == NULL && group->waiting) {
        group->waiting = false;
        weft__push_ready(loop, &group->parent->future.handle);
        group->parent->future.handle.wait = WAIT_READY;
        WEFT__LOG(loop, WEFT_LOG_WAKE, 0, 0, group->parent->future.id, task->id, 0, group->id, 0);
    }
    if (task->handle.state != STATE_ERROR)
        return;
    add_error(group, weft_future_error(task));
    if (!group->aborting && !group->parent_cancelled)
        abort_all(loop, group);
}

static void run_child_done(weft__callback *callback, weft_loop *loop) {
    weft__group_child *child = (weft__group_child *)(void *)callback;
    weft_group *group = callback->owner;
    weft_future *task = callback->future;
    if (group != NULL) {
        unlink_child(group, child);
        child_ended(loop, group, task);
    }
    weft__callback_free(loop, callback);
    weft__release(loop, task);
}

/* Every child and the body may fail: there is a place for the error of each. */
static bool reserve_errors(weft_loop *loop, weft_group *group) {
    uint32_t needed = group->error_count + group->child_count + 2, room = group->error_room * 2;
    if (needed <= group->error_room)
        return true;
    if (room < 8)
        room = 8;
    const weft_error **errors =
        group->errors == NULL
            ? weft__large_new(loop, room * sizeof *errors)
            : weft__resize(loop, group->errors, group->error_room * sizeof *errors, room * sizeof *errors);
    if (errors == NULL)
        return false;
    group->errors = errors;
    group->error_room = room;
    return true;
}

static const char *refusal(weft_loop *loop, const weft_group *group) {
    if (!group->entered)
        return "the task group has not been entered";
    if (group->finished || (group->exiting && group->children == NULL))
        return "the task group is finished";
    if (!weft__is_of(loop, group->parent->future.handle.loop))
        return "the task group belongs to another loop";
    return group->aborting ? "the task group is shutting down" : NULL;
}

/* A child that could not be made for lack of memory counts as one that failed. */
static weft_task *no_memory(weft_loop *loop, weft_group *group, weft_coroutine *coroutine) {
    weft_coroutine_close(coroutine);
    if (!group->out_of_memory && group->error_count < group->error_room) {
        group->out_of_memory = true;
        add_error(group, &weft_error_out_of_memory);
        abort_all(loop, group);
    }
    return (weft_task *)(void *)&weft__out_of_memory_future;
}

weft_task *weft_group_create_task_named(weft_group *group, weft_coroutine *coroutine, const char *name) {
    return weft_group_create_task_of(group, coroutine, &(weft_task_options){.name = name});
}

weft_task *weft_group_create_task_of(weft_group *group, weft_coroutine *coroutine,
                                     const weft_task_options *options) {
    weft_loop *loop = weft__current;
    const char *why = refusal(loop, group);
    if (why != NULL) {
        weft_coroutine_close(coroutine);
        return (weft_task *)(void *)weft__future_failed(loop, weft_error_new(WEFT_RUNTIME, "%s", why));
    }
    weft__group_child *child = reserve_errors(loop, group) ? weft__new(loop, sizeof *child) : NULL;
    if (child == NULL)
        return no_memory(loop, group, coroutine);
    group->child_count++; /* it may create children itself, in an eager start: its own error has its place */
    weft_task *task = weft_create_task_of(coroutine, options);
    group->child_count--;
    if (task->future.handle.flags & FUTURE_STATIC) {
        weft__delete(loop, child, sizeof *child);
        return no_memory(loop, group, NULL);
    }
    weft__callback_init(&child->base, sizeof *child, run_child_done, group);
    child->base.handle.wait = CALLBACK_OF_GROUP;
    link_child(group, child);
    weft__attach_callback(loop, &task->future, &child->base);
    WEFT__LOG(loop, WEFT_LOG_AWAITED_BY, 0, 0, task->future.id, group->parent->future.id, 0, group->id, 0);
    return task;
}

void weft_group_cancel(weft_group *group) {
    weft_loop *loop = weft__current;
    if (!group->entered)
        group->cancelled = true;
    else if (!group->finished && !group->aborting && !(group->exiting && group->children == NULL))
        abort_all(loop, group);
}

/* --- The block --- */

const weft_error *weft__group_enter(weft_loop *loop, weft_group *group) {
    if (group->entered)
        return weft_error_new(WEFT_RUNTIME, "the task group has been entered already");
    if (!reserve_errors(loop, group))
        return &weft_error_out_of_memory;
    group->entered = true;
    group->parent = (weft_task *)(void *)weft__retain(&loop->current->future);
    group->id = weft__new_id(loop);
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_object_at(loop, group->id, OBJECT_GROUP, 0, group, weft__block_site(loop));
    if (group->cancelled) /* before it was entered: the body runs to its first await */
        abort_all(loop, group);
    return NULL;
}

/* What left the block is a cancellation to pass on, unless the group itself asked for it. */
static void keep_cancellation(weft_group *group, const weft_error *error) {
    weft_error_release(group->propagate);
    group->propagate = weft_error_retain(error);
}

/* A group that a generator has opened is closed by who closes that, which may be another task. */
static void change_parent(weft_loop *loop, weft_group *group, weft_task *task) {
    if (group->parent_cancelled)
        weft_task_uncancel(group->parent);
    group->parent_cancelled = false;
    weft__release(loop, &group->parent->future);
    group->parent = (weft_task *)(void *)weft__retain(&task->future);
}

bool weft__group_wait(weft_loop *loop, weft_frame *frame, weft_group *group, const weft_error *error) {
    weft_task *task = loop->current;
    if (WEFT__UNLIKELY(group->parent != task))
        change_parent(loop, group, task);
    if (!group->exiting) {
        group->exiting = true;
        if (error != NULL && error->code == WEFT_CANCELLED)
            keep_cancellation(group, error);
        if (error != NULL && !group->aborting)
            abort_children(loop, group);
    }
    if (group->children == NULL)
        return false;
    group->waiting = true;
    task->future.u.task.leaf = frame;
    task->future.u.task.wait.group = group;
    task->future.handle.wait = WAIT_GROUP;
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_wait(loop, task, WAITS_GROUP, 0, group->id);
    return true;
}

void weft__group_interrupted(weft_loop *loop, weft_group *group, const weft_error *error) {
    if (group->aborting)
        return;
    keep_cancellation(group, error);
    abort_children(loop, group);
}

/* The generator around the block is being closed, and nothing else is wrong. */
static bool only_closed(const weft_group *group, const weft_error *error) {
    return error != NULL && error->code == WEFT_GENERATOR_EXIT && group->error_count == 1;
}

static void fail(weft_loop *loop, weft_frame *frame, const weft_group *group, weft__scope *scope) {
    weft__scope_fail(loop, scope,
                     weft_error_group("unhandled errors in a task group", group->errors, group->error_count));
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_error(loop, frame, scope->error, weft__line_of(frame));
}

/* Makes the block's outcome of the children's. */
void weft__group_finish(weft_loop *loop, weft_frame *frame, weft_group *group, weft__scope *scope) {
    bool own = group->parent_cancelled && weft_task_uncancel(group->parent) == 0;
    if (own) {
        weft_error_release(group->propagate);
        group->propagate = NULL;
    }
    if (scope->error != NULL && scope->error->code != WEFT_CANCELLED)
        add_error(group, scope->error);
    if (group->error_count > 0) {
        if (weft_task_cancelling(group->parent) > 0) { /* a foreign cancellation stays asked for */
            weft_task_uncancel(group->parent);
            weft__cancel(loop, &group->parent->future, &weft_error_cancelled);
        }
        if (!only_closed(group, scope->error))
            fail(loop, frame, group, scope);
    } else if (group->propagate != NULL) {
        weft__scope_fail(loop, scope, weft_error_retain(group->propagate));
    } else if (scope->error != NULL) {
        weft__scope_clear(loop, scope);
    }
    weft__group_forget(loop, group);
}

/* Lets go of all that the group has. Children that still run end without it. */
void weft__group_forget(weft_loop *loop, weft_group *group) {
    for (weft__group_child *child = group->children; child != NULL; child = child->next)
        child->base.owner = NULL;
    group->children = group->last = NULL;
    group->child_count = 0;
    while (group->error_count > 0)
        weft_error_release(group->errors[--group->error_count]);
    weft__large_delete(loop, (void *)group->errors, group->error_room * sizeof *group->errors);
    group->errors = NULL;
    group->error_room = 0;
    weft_error_release(group->propagate);
    group->propagate = NULL;
    if (group->parent != NULL)
        weft__release(loop, &group->parent->future);
    group->parent = NULL;
    group->finished = true;
}
