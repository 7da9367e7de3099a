/* A program that nobody can ever wake again: who waits for what becomes the error of its main tasks. */

#include "internal.h"
#include "task_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <weft/call_graph.h>

typedef struct deadlock {
    char text[1024];
    size_t length;
    unsigned tasks;
} deadlock;

static bool describe_stuck(weft_loop *loop, weft_task *task, void *context) {
    deadlock *self = context;
    if (weft__done(&task->future))
        return true;
    self->tasks++;
    if (self->length + 160 < sizeof self->text) {
        self->length += (size_t)snprintf(self->text + self->length, sizeof self->text - self->length, "\n  ");
        weft__describe_task(loop, task, self->text + self->length, sizeof self->text - self->length);
        self->length += strlen(self->text + self->length);
    }
    return true;
}

/* Only a body that left its function by a return of its own neither waits nor is ready. */
static bool fail_plain_return(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (!weft__done(&task->future) && task->future.handle.wait == WAIT_READY)
        weft__throw_into(loop, task,
                         weft_error_new(WEFT_RUNTIME, "a coroutine of %s left its body without weft_return",
                                        weft_task_name(task)));
    return true;
}

/* An error cannot end a block whose tasks were told to end: it waits for them all the same. */
static bool waits_for_cancelled(const weft_task *task) {
    return task->future.handle.wait == WAIT_GROUP && task->future.u.task.wait.group->aborting;
}

static bool fail(weft_loop *loop, weft_task *task, void *context) {
    const weft_error *error = context;
    if (!weft__done(&task->future) && !waits_for_cancelled(task) &&
        !weft__throw_into(loop, task, weft_error_retain(error)))
        weft__report(loop, weft__about_future(&task->future), "cancelled, since %s", error->message);
    return true;
}

static bool fail_main(weft_loop *loop, weft_task *task, void *context) {
    return !(task->future.handle.flags & FUTURE_MAIN) || fail(loop, task, context);
}

/* While they still stand where they are stuck. */
static void print_tree_if_asked(void) {
    const char *wanted = getenv("WEFT_CALL_GRAPH");
    if (wanted != NULL && wanted[0] != '\0' && strcmp(wanted, "0") != 0)
        weft_print_task_tree();
}

/* Nothing is ready, no timer is armed, nothing is pending outside: nobody can ever go on. Returns whether
 * something can now. */
bool weft__resolve_deadlock(weft_loop *loop) {
    if (loop->tasks == 0 || loop->holds > 0 || !loop->started)
        return false;
    if (loop->ending != ENDING_NOT) { /* tasks that ignored their cancellation */
        weft__destroy_left(loop);
        return true;
    }
    weft__each_task(loop, fail_plain_return, NULL);
    if (loop->ready != NULL)
        return true;
    print_tree_if_asked();
    static const weft_error without_names = {.code = WEFT_DEADLOCK,
                                             .message = "nothing can wake the tasks any more"};
    const weft_error *error = NULL;
    deadlock *self = weft__large_new(loop, sizeof *self);
    if (self != NULL) {
        *self = (deadlock){.text = ""};
        weft__each_task(loop, describe_stuck, self);
        error = weft_error_new(WEFT_DEADLOCK, "nothing can wake %s any more:%s",
                               self->tasks == 1 ? "the task" : "the tasks", self->text);
        weft__large_delete(loop, self, sizeof *self);
    }
    if (error == NULL || error->code != WEFT_DEADLOCK)
        error = &without_names;
    union {
        const weft_error *from;
        void *to;
    } cast = {error};
    weft__each_task(loop, fail_main, cast.to);
    if (loop->ready == NULL)
        weft__each_task(loop, fail, cast.to);
    weft_error_release(error);
    return loop->ready != NULL;
}
