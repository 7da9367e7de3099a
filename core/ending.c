/*
 * The end, in the steps of asyncio.run. Each is a call of run_until_complete there, which goes on for so many
 * iterations after what it waits for: the loop makes them, too, so that what is ready meanwhile runs as
 * there.
 *
 *     MAIN        the main tasks have ended; a loop that is kept is done then, with the tasks that they left
 *     TASKS       the tasks that are left are cancelled, in the order of their creation, and have ended
 *     GENERATORS  those that close generators have ended
 *     THREADS     functions in threads have ended, or were waited for for long enough
 *
 * What a step waits for counts as main tasks; so the end goes on whenever there is none.
 */

#include "internal.h"
#include "task_wait.h"

enum { ITERATIONS_OF_MAIN = 1, ITERATIONS_OF_STEP = 2 };

/* Visits the tasks that are not done, in the order of their creation; without memory for a list in any order.
 */
static void each_left(weft_loop *loop, weft__visit *visit) {
    size_t count = weft_all_tasks(NULL, 0), size = count * sizeof(weft_task *);
    weft_task **tasks = count == 0 ? NULL : weft__large_new(loop, size);
    if (tasks == NULL) {
        weft__each_task(loop, visit, NULL);
        return;
    }
    weft_all_tasks(tasks, count);
    for (size_t i = 0; i < count; i++)
        visit(loop, tasks[i], NULL);
    weft__large_delete(loop, tasks, size);
}

static void wait_for_task(weft_loop *loop, weft_task *task) {
    task->future.handle.flags |= FUTURE_MAIN;
    loop->mains++;
}

static bool wait_for_closer(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (!weft__done(&task->future) && task->future.handle.flags & FUTURE_CLOSER)
        wait_for_task(loop, task);
    return true;
}

static bool cancel_left(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (weft__done(&task->future))
        return true;
    wait_for_task(loop, task);
    if (!(task->future.handle.flags & FUTURE_CLOSER))
        weft__cancel(loop, &task->future, &weft_error_cancelled);
    return true;
}

static bool detach_left(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (weft__done(&task->future))
        return true;
    char wait[64];
    weft__describe_wait(loop, task, wait, sizeof wait);
    weft__report(loop, weft__about_future(&task->future), "destroyed while it was pending: it waits for %s",
                 wait);
    weft__task_detach(loop, task);
    return true;
}

static bool destroy_detached(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (task->future.handle.flags & FUTURE_DETACHED)
        weft__task_destroy(loop, task);
    return true;
}

static bool release_detached(weft_loop *loop, weft_task *task, void *context) {
    (void)context;
    if (task->future.handle.flags & FUTURE_DETACHED) {
        task->future.handle.flags &= (uint16_t)~FUTURE_DETACHED;
        weft__release(loop, &task->future);
    }
    return true;
}

static void unlink_detached(weft__handle **list) {
    while (*list != NULL) {
        weft__handle *handle = *list;
        if (handle->kind == HANDLE_TASK && handle->flags & FUTURE_DETACHED)
            *list = handle->next;
        else
            list = &handle->next;
    }
}

/*
 * Destroys every task that is left. They may wait in each other's frames, so all are taken out of what they
 * wait in before the first frame goes; and they may stand in the ready queue, so none is freed before that is
 * without them.
 */
void weft__destroy_left(weft_loop *loop) {
    each_left(loop, detach_left);
    unlink_detached(&loop->batch);
    unlink_detached(&loop->ready);
    loop->ready_end = &loop->ready;
    while (*loop->ready_end != NULL)
        loop->ready_end = &(*loop->ready_end)->next;
    weft__each_task(loop, destroy_detached, NULL);
    weft__each_task(loop, release_detached, NULL);
}

static void drop_unstarted(weft_loop *loop) {
    weft_frame *frame;
    while ((frame = weft__next_unstarted(loop)) != NULL) {
        const char *called_at = frame->b.called_at;
        if (WEFT__UNLIKELY(loop->log != NULL))
            weft__log_never_awaited(loop, frame);
        weft_error_context about = weft__about_frame(frame, 0);
        about.created_at = called_at == NULL ? "an unknown place" : called_at;
        weft__report(loop, about, "was never awaited");
        weft__frame_close(loop, frame);
    }
}

static void free_retired(weft_loop *loop) {
    while (loop->retired != NULL) {
        weft_frame *frame = loop->retired;
        loop->retired = frame->a.next;
        weft__frame_free(loop, frame);
    }
}

/* What nobody can reach any more. */
void weft__drop_ended(weft_loop *loop) {
    drop_unstarted(loop);
    free_retired(loop);
}

/* Tasks that were started too late for the end may point into what has ended; closing the loop destroys them.
 */
static bool finish_run(weft_loop *loop) {
    if (loop->tasks == 0)
        weft__drop_ended(loop);
    loop->ending = ENDING_NOT;
    loop->started = false;
    return true;
}

/* Goes on to the next step of the end. True if that was the last. */
static bool end_step(weft_loop *loop) {
    switch (loop->ending) {
    case ENDING_NOT:
        loop->iterations_left = ITERATIONS_OF_MAIN;
        break;
    case ENDING_MAIN:
        if (loop->kept)
            return finish_run(loop);
        each_left(loop, cancel_left); /* and with them the functions in threads that they wait for */
        loop->iterations_left = loop->mains > 0 ? ITERATIONS_OF_STEP : 0;
        break;
    case ENDING_TASKS:
    case ENDING_GENERATORS:
        weft__each_task(loop, wait_for_closer, NULL);
        loop->iterations_left = ITERATIONS_OF_STEP;
        if (loop->mains > 0 && loop->ending == ENDING_GENERATORS)
            return false; /* more of them since */
        break;
    default:
        return finish_run(loop);
    }
    if (++loop->ending == ENDING_THREADS && loop->works != NULL) {
        weft__cancel_works(loop); /* nobody waits for them but the end */
        loop->join_until = weft__now(loop) + loop->join_seconds;
    }
    return false;
}

/* Whether functions in threads are still to be waited for. Those that are not run on; what they return is
 * lost. */
static bool threads_run(weft_loop *loop) {
    if (loop->works == NULL || loop->join_until == -INFINITY)
        return false;
    if (weft__now(loop) < loop->join_until)
        return true;
    loop->join_until = -INFINITY; /* said once */
    char names[512];
    size_t count = weft__name_works(loop, names, sizeof names);
    weft__report(loop, WEFT__NOTHING_KNOWN,
                 "%zu function%s in threads did not end within %g seconds, and nobody waits any more: %s",
                 count, count == 1 ? "" : "s", loop->join_seconds, names);
    return false;
}

/* No main task runs. True once the end has come; else `counted` tells whether the next iteration is one of
 * the end's, even if nothing is ready in it. */
bool weft__finished(weft_loop *loop) {
    loop->counted = false;
    if (!loop->started)
        return false;
    while (loop->iterations_left == 0)
        if (end_step(loop))
            return true;
    if (loop->mains > 0 || (loop->ending == ENDING_THREADS && threads_run(loop)))
        return false;
    loop->iterations_left--;
    loop->counted = true;
    return false;
}

/* A loop that was kept comes to its end in the turns from here on. */
void weft__loop_finish(weft_loop *loop) {
    loop->kept = false;
    loop->started = true;
    loop->ending = ENDING_MAIN;
    loop->iterations_left = 0;
}
