/* What a task waits for, as values and in words. */

#include "task_wait.h"

#include <math.h>

#include "task_stack.h"
#include "waiting.h"

const char *weft__kind_name(const weft_future *future) {
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
        return (weft_task_wait){queue->type->name,
                                weft__outside_of(queue) != NULL ? 0 : weft__queue_id(loop, queue), 0};
    case WAIT_GROUP:
        return (weft_task_wait){"group", future->u.task.wait.group->id, 0};
    case WAIT_FUTURE:
        if (weft__done(target))
            break;
        return (weft_task_wait){weft__is_in_thread(future->u.task.leaf) ? "thread" : weft__kind_name(target),
                                target->id, 0};
    default:
        break;
    }
    return (weft_task_wait){NULL, 0, 0};
}

weft_task_wait weft_task_waits_for(weft_task *task) {
    weft_loop *loop = weft__current;
    return loop == NULL || task == NULL || !weft__is_pending(task) ? (weft_task_wait){NULL, 0, 0}
                                                                   : wait_of(loop, task);
}

/* "an HTTP answer: GET http://localhost/" */
static void add_outside(weft__text *text, const weft__wait_queue *queue) {
    const weft__outside *what = weft__outside_of(queue);
    char which[256] = "";
    if (what->tell != NULL)
        what->tell((const weft__waiting *)(const void *)queue, which, sizeof which);
    weft__text_add(text, "%s%s%s", what->type.name, which[0] != '\0' ? ": " : "", which);
}

/* "gather 4" */
static void add_what(weft__text *text, weft_loop *loop, weft_task *task) {
    weft_task_wait wait = wait_of(loop, task);
    if (wait.what == NULL)
        weft__text_add(text, "its next step");
    else if (strcmp(wait.what, "timer") == 0)
        weft__text_add(text, "a timer");
    else if (wait.id == 0)
        add_outside(text, task->future.u.task.wait.queue);
    else
        weft__text_add(text, "%s%s %u", strcmp(wait.what, "group") == 0 ? "the tasks of " : "", wait.what,
                       wait.id);
}

void weft__add_wait(weft__text *text, weft_loop *loop, weft_task *task) {
    weft_task_wait wait = wait_of(loop, task);
    add_what(text, loop, task);
    if (wait.what != NULL && strcmp(wait.what, "timer") == 0)
        weft__text_add(text, ", %.3f s left", wait.seconds);
}

void weft__describe_wait(weft_loop *loop, weft_task *task, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    add_what(&text, loop, task);
}

void weft__describe_task(weft_loop *loop, weft_task *task, char *buffer, size_t size) {
    weft__text text = weft__text_in(buffer, size);
    weft_trace_entry at = weft__entry_of(weft__leaf_of(loop, task));
    weft__text_add(&text, "%s (task %u) waits for ", weft_task_name(task), task->future.id);
    add_what(&text, loop, task);
    weft__text_add(&text, " at %s:%d in %s", at.file, at.line, at.function);
}
