/*
 * The loop: iterations over what is ready, as asyncio's. An iteration runs what was ready when it began, then
 * fires the timers that were due then; what becomes ready meanwhile is of the next one.
 */

#include "internal.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEPS_A_LOOK = 256 }; /* at the clock, to see whether the time slice is used up */
enum { JOIN_SECONDS = 300 }; /* that the end waits for functions in threads, as asyncio's does */

/* --- Life --- */

static void *allocate_default(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void *reallocate_default(void *context, void *pointer, size_t size) {
    (void)context;
    return realloc(pointer, size);
}

static void release_default(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

weft_loop *weft_loop_new(weft_host *host, const weft_allocator *allocator) {
    static const weft_allocator standard = {allocate_default, reallocate_default, release_default, NULL};
    static _Atomic(uint8_t) last_tag;
    if (weft__current != NULL)
        return NULL;
    if (allocator == NULL)
        allocator = &standard;
    weft_loop *loop = allocator->allocate(allocator->context, sizeof *loop);
    if (loop == NULL)
        return NULL;
    memset((void *)loop, 0, sizeof *loop);
    loop->host = host;
    loop->simulation = weft__simulation_of(host);
    loop->allocator = *allocator;
    loop->ready_end = &loop->ready;
    loop->slow_step = 0.1;
    loop->armed = INFINITY;
    loop->join_seconds = JOIN_SECONDS;
    loop->tag = ++last_tag;
    loop->memory = sizeof *loop;
    loop->held.scope.kind = SCOPE_HOLD;
    atomic_init(&loop->inbox, NULL);
    atomic_init(&loop->interrupts, 0);
    atomic_init(&loop->interrupt_queued, false);
    weft__current = loop;
    return loop;
}

weft_loop *weft_loop_current(void) {
    return weft__current;
}

uint64_t weft_loop_steps(const weft_loop *loop) {
    return loop->steps;
}

void weft__host_failed(weft_loop *loop, const char *what, int code) {
    const char *words = loop->host->describe == NULL ? NULL : loop->host->describe(loop->host, code);
    weft__report(loop, WEFT__NOTHING_KNOWN, "the host cannot %s: %s (%d)", what,
                 words == NULL ? "it failed" : words, code);
}

/* --- Time --- */

double weft__now(weft_loop *loop) {
    return loop->host->now(loop->host);
}

double weft_time(void) {
    return weft__current == NULL ? 0 : weft__now(weft__current);
}

/* --- Callbacks --- */

/* Something became ready outside of a turn: the host must give one. */
void weft__ask_for_turn(weft_loop *loop) {
    if (loop->woken)
        return;
    loop->woken = true;
    int code = loop->host->wake(loop->host);
    if (code != 0) {
        loop->woken = false;
        weft__host_failed(loop, "wake the loop", code);
    }
}

typedef struct soon_callback {
    weft__callback base;
    weft_callback *function;
    void *argument;
    const char *name;
} soon_callback;

static void run_soon(weft__callback *callback, weft_loop *loop) {
    soon_callback soon = *(soon_callback *)(void *)callback;
    weft_context *context = weft__callback_context(callback);
    weft__callback_free(loop, callback);
    weft__call(loop, context, soon.function, soon.argument, soon.name);
}

/* Takes the context. */
static bool call_soon_in(weft_loop *loop, weft_context *context, weft_callback *function, void *argument,
                         const char *name) {
    soon_callback *soon = weft__new(loop, sizeof *soon);
    if (soon == NULL) {
        weft__context_free(loop, context);
        return false;
    }
    weft__callback_init(&soon->base, sizeof *soon, run_soon, context);
    soon->base.handle.wait = CALLBACK_OF_PROGRAM;
    soon->function = function;
    soon->argument = argument;
    soon->name = name;
    weft__push_ready(loop, &soon->base.handle);
    weft__nudge(loop);
    return true;
}

bool weft__call_soon(weft_callback *function, void *argument, const char *name) {
    weft_loop *loop = weft__current;
    weft_context *context;
    return weft__has_loop(loop, name) && function != NULL && weft__context_snapshot(loop, &context) &&
           call_soon_in(loop, context, function, argument, name);
}

void weft__send(weft_loop *loop, weft__message *message) {
    message->next = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &message->next, message, memory_order_release,
                                                  memory_order_relaxed)) {
    }
}

bool weft__call_soon_threadsafe(weft_loop *loop, weft_callback *function, void *argument, const char *name) {
    weft__message *message =
        function == NULL ? NULL : malloc(sizeof *message); /* the loop's allocator need not be thread-safe */
    if (message == NULL)
        return false;
    message->function = function;
    message->argument = argument;
    message->name = name;
    message->owned = weft__current == loop;
    message->context = weft__context_in_thread();
    if (message->owned && !weft__context_snapshot(loop, &message->context)) {
        free(message);
        return false;
    }
    weft__send(loop, message);
    loop->host->wake(loop->host); /* if it cannot, the next turn brings the message all the same */
    return true;
}

/* The messages that came, the oldest first: the inbox has the newest first. */
static weft__message *empty_inbox(weft_loop *loop, uint32_t *count) {
    weft__message *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire), *first = NULL;
    for (*count = 0; newest != NULL; ++*count) {
        weft__message *next = newest->next;
        newest->next = first;
        first = newest;
        newest = next;
    }
    return first;
}

static void deliver(weft_loop *loop, const weft__message *message) {
    weft_context *context = message->context;
    if (!message->owned && !weft__context_again(loop, message->context, &context))
        context = NULL; /* there is no memory for its variables */
    if (!call_soon_in(loop, context, message->function, message->argument, message->name))
        message->function(message->argument); /* without memory at once: late would be never */
}

/* Makes calls of other threads callbacks of this iteration, in their order, or as the simulation chooses. */
void weft__take_messages(weft_loop *loop) {
    uint32_t count;
    weft__message *first = empty_inbox(loop, &count);
    for (; count > 0; count--) {
        weft__message **place = &first;
        for (uint32_t chosen = weft__choose(loop, WEFT_CHOICE_EXTERNAL, count); chosen > 0; chosen--)
            place = &(*place)->next;
        weft__message *message = *place;
        *place = message->next;
        if (message == &loop->interrupt) {
            weft__interrupt_arrived(loop);
            continue;
        }
        deliver(loop, message);
        free(message);
    }
}

void weft_loop_hold(weft_loop *loop) {
    loop->holds++;
}

void weft_loop_unhold(weft_loop *loop) {
    loop->holds--;
    weft__nudge(loop);
}

/* --- Choices --- */

uint32_t weft__choose(weft_loop *loop, weft_choice kind, uint32_t candidates) {
    if (loop->simulation == NULL || candidates < 2)
        return 0;
    uint32_t chosen = weft__simulation_choose(loop->simulation, loop, kind, candidates);
    WEFT__LOG(loop, WEFT_LOG_DECISION, (uint8_t)kind,
              candidates > UINT16_MAX ? UINT16_MAX : (uint16_t)candidates, 0, 0, 0, 0, chosen);
    return chosen;
}

/* Moves a chosen handle to the front of the batch. */
static void choose_ready(weft_loop *loop) {
    uint32_t count = 0;
    for (weft__handle *handle = loop->batch; handle != NULL; handle = handle->next)
        count++;
    uint32_t chosen = weft__choose(loop, WEFT_CHOICE_READY, count);
    if (chosen == 0)
        return;
    weft__handle *before = loop->batch;
    while (--chosen > 0)
        before = before->next;
    weft__handle *handle = before->next;
    before->next = handle->next;
    handle->next = loop->batch;
    loop->batch = handle;
}

/* --- Turning --- */

/* After every so many handles: whether the turn goes on. Sets slice_over if it must end to let the host work.
 */
static bool look_up(weft_loop *loop, uint64_t stop_at) {
    if (stop_at != 0 && loop->steps >= stop_at)
        return false;
    loop->slice_over = loop->host->slice > 0 && weft__now(loop) >= loop->slice_end;
    loop->budget = STEPS_A_LOOK;
    if (stop_at != 0 && stop_at - loop->steps < STEPS_A_LOOK)
        loop->budget = (uint32_t)(stop_at - loop->steps);
    return true;
}

/* One step of a task: from where it waits to where it waits again, or ends. */
static inline void step(weft_loop *loop, weft_task *task) {
    const weft__handle *handle = &task->future.handle;
    loop->current = task;
    if ((handle->wait != WAIT_READY || WEFT__UNLIKELY(handle->flags & FUTURE_MUST_CANCEL)) &&
        WEFT__UNLIKELY(!weft__deliver(loop, task)))
        return;
    if (WEFT__UNLIKELY(loop->watched))
        weft__run_watched(loop, task, task->future.u.task.leaf);
    else
        weft__run_frames(loop, task->future.u.task.leaf);
    if (WEFT__UNLIKELY(loop->self_cancelled)) {
        loop->self_cancelled = false;
        if (loop->current != NULL && handle->flags & FUTURE_MUST_CANCEL)
            weft__cancel_at_wait(loop, task);
    }
}

void weft__run_step(weft_loop *loop, weft_task *task) {
    step(loop, task);
}

static void run_callback(weft_loop *loop, weft__callback *callback) {
    loop->frame = NULL;
    loop->current = NULL;
    callback->run(callback, loop);
}

/* What the simulation does before a step: it chooses among the ready, and cancels where it was told to. */
static weft__handle *prepare(weft_loop *loop, weft__handle *handle) {
    if (loop->simulation->options.permute_ready) {
        choose_ready(loop);
        handle = loop->batch;
    }
    if (handle->kind == HANDLE_TASK && loop->simulation->options.injection_count > 0)
        weft__simulation_before_step(loop->simulation, loop);
    return handle;
}

/* Runs the batch; false if the turn ends within it. */
static bool run_batch(weft_loop *loop, uint64_t stop_at) {
    weft__handle *handle;
    while ((handle = loop->batch) != NULL) {
        if (WEFT__UNLIKELY(loop->budget == 0) && (!look_up(loop, stop_at) || loop->slice_over))
            return false;
        if (WEFT__UNLIKELY(loop->simulation != NULL))
            handle = prepare(loop, handle);
        loop->budget--;
        loop->batch = handle->next;
        WEFT__PREFETCH(handle->next);
        if (WEFT__LIKELY(handle->kind == HANDLE_TASK)) {
            loop->steps++;
            step(loop, (weft_task *)(void *)handle);
        } else {
            run_callback(loop, (weft__callback *)(void *)handle);
        }
    }
    loop->frame = NULL;
    loop->current = NULL;
    return true;
}

/* Takes what is ready now, and the timers that are due now, as an iteration's. False if there is nothing. */
static bool begin_iteration(weft_loop *loop) {
    if (atomic_load_explicit(&loop->inbox, memory_order_relaxed) != NULL)
        weft__take_messages(loop);
    bool due = false;
    if (loop->timers.count > 0) {
        double next = weft__timers_next(loop);
        loop->now = weft__now(loop);
        loop->cutoff = loop->timers.sequence + 1;
        due = next <= loop->now;
    }
    if (loop->ready == NULL && !due)
        return false;
    loop->batch = loop->ready;
    loop->ready = NULL;
    loop->ready_end = &loop->ready;
    loop->in_iteration = true;
    loop->firing = due;
    return true;
}

/* --- The end --- */

/*
 * The end, in the steps of asyncio.run. Each is a call of run_until_complete there, which goes on for so many
 * iterations after what it waits for: the loop makes them, too, so that what is ready meanwhile runs as
 * there.
 *
 *   MAIN        the main tasks have ended. A loop that is kept is done after it, with the tasks that they
 * left. TASKS       the tasks that are left are cancelled, in the order of their creation, and have ended.
 *   GENERATORS  those that close generators have ended.
 *   THREADS     functions in threads have ended, or were waited for for long enough.
 *
 * What a step waits for counts as main tasks; so the end goes on whenever there is none.
 */
enum { ENDING_NOT, ENDING_MAIN, ENDING_TASKS, ENDING_GENERATORS, ENDING_THREADS };
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
static void destroy_left(weft_loop *loop) {
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
        const weft_type *type = weft__type_of(frame);
        WEFT__LOG(loop, WEFT_LOG_NEVER_AWAITED, 0, 0, 0, 0,
                  weft__log_site(loop, type->name, type->file, (int)type->line), 0,
                  weft__log_text(loop, type->name));
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
static void drop_ended(weft_loop *loop) {
    drop_unstarted(loop);
    free_retired(loop);
}

/* Tasks that were started too late for the end may point into what has ended; closing the loop destroys them.
 */
static bool finish_run(weft_loop *loop) {
    if (loop->tasks == 0)
        drop_ended(loop);
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
        each_left(loop, cancel_left);
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
    if (++loop->ending == ENDING_THREADS && loop->works != NULL)
        loop->join_until = weft__now(loop) + loop->join_seconds;
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
    weft__report(loop, WEFT__NOTHING_KNOWN,
                 "functions in threads did not end within %g seconds: nobody waits for them any more",
                 loop->join_seconds);
    return false;
}

/* No main task runs. True once the end has come; else `counted` tells whether the next iteration is one of
 * the end's, even if nothing is ready in it. */
static bool finished(weft_loop *loop) {
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

static bool fail_main(weft_loop *loop, weft_task *task, void *context) {
    if (!weft__done(&task->future) && task->future.handle.flags & FUTURE_MAIN)
        weft__throw_into(loop, task, weft_error_retain(context));
    return true;
}

/* Nothing is ready, no timer is armed, nothing is pending outside: nobody can ever go on. Returns whether
 * something can now. */
static bool resolve_deadlock(weft_loop *loop) {
    if (loop->tasks == 0 || loop->holds > 0 || !loop->started)
        return false;
    if (loop->ending != ENDING_NOT) { /* tasks that ignored their cancellation */
        destroy_left(loop);
        return true;
    }
    weft__each_task(loop, fail_plain_return, NULL);
    if (loop->ready != NULL)
        return true;
    deadlock *self = weft__large_new(loop, sizeof *self);
    const weft_error *error = &weft_error_out_of_memory;
    if (self != NULL) {
        *self = (deadlock){.text = ""};
        weft__each_task(loop, describe_stuck, self);
        error = weft_error_new(WEFT_DEADLOCK, "nothing can wake %s any more:%s",
                               self->tasks == 1 ? "the task" : "the tasks", self->text);
        weft__large_delete(loop, self, sizeof *self);
    }
    union {
        const weft_error *from;
        void *to;
    } cast = {error};
    weft__each_task(loop, fail_main, cast.to);
    weft_error_release(error);
    return loop->ready != NULL;
}

static void arm(weft_loop *loop) {
    double next = weft__timers_next(loop);
    if (loop->ending == ENDING_THREADS)
        next = fmin(next, loop->join_until);
    if (next == loop->armed && next == INFINITY)
        return;
    int code = loop->host->arm(loop->host, next);
    loop->armed = next;
    if (code != 0)
        weft__host_failed(loop, "set a timer", code);
}

static weft_turn turn(weft_loop *loop, uint64_t stop_at) {
    for (;;) {
        if (loop->in_iteration) {
            if (!run_batch(loop, stop_at))
                return loop->slice_over ? WEFT_TURN_MORE : WEFT_TURN_STOPPED;
            if (loop->firing)
                weft__timers_fire(loop);
            loop->in_iteration = false;
        }
        if (WEFT__UNLIKELY(loop->mains == 0 && finished(loop)))
            return WEFT_TURN_DONE;
        if (begin_iteration(loop) || loop->counted)
            continue;
        if (weft__timers_next(loop) == INFINITY && resolve_deadlock(loop))
            continue;
        return WEFT_TURN_IDLE;
    }
}

weft_turn weft_loop_turn(weft_loop *loop, uint64_t stop_at) {
    weft_loop *outer = weft__current;
    if (loop->turning) { /* from inside a step or callback: another turn will come */
        loop->host->wake(loop->host);
        return WEFT_TURN_MORE;
    }
    weft__current = loop;
    loop->turning = true;
    loop->woken = false;
    loop->slice_over = false;
    if (loop->host->slice > 0)
        loop->slice_end = weft__now(loop) + loop->host->slice;
    loop->budget = stop_at != 0 ? 0 : STEPS_A_LOOK;
    weft_turn result = turn(loop, stop_at);
    loop->frame = NULL;
    loop->current = NULL;
    loop->turning = false;
    if (result == WEFT_TURN_IDLE)
        arm(loop);
    if (loop->log != NULL)
        weft__log_flush(loop);
    weft__current = outer;
    return result;
}

weft_task *weft_loop_start(weft_loop *loop, weft_coroutine *coroutine) {
    return weft_loop_start_in(loop, coroutine, NULL);
}

weft_task *weft_loop_start_in(weft_loop *loop, weft_coroutine *coroutine, weft_context *context) {
    const weft_error *error = NULL;
    weft_task *task = weft__task_make(loop, coroutine, NULL, &error);
    if (task == NULL)
        return (weft_task *)(void *)weft__future_failed(loop, error);
    if (context != NULL && !weft__context_share(loop, &task->future, context)) {
        weft__task_unmake(loop, task);
        return (weft_task *)(void *)&weft__out_of_memory_future;
    }
    weft_frame *frame = loop->frame;
    loop->frame = NULL; /* the loop holds it, whoever starts it */
    bool held = weft__hold(loop, &task->future);
    loop->frame = frame;
    if (!held) {
        weft__task_unmake(loop, task);
        return (weft_task *)(void *)&weft__out_of_memory_future;
    }
    task->future.handle.flags |= FUTURE_MAIN;
    loop->mains++;
    loop->started = true;
    loop->ending = ENDING_NOT;
    loop->iterations_left = 0;
    loop->counted = false;
    weft__task_schedule(loop, task);
    return task;
}

/* A loop that was kept comes to its end in the turns from here on. */
void weft__loop_finish(weft_loop *loop) {
    loop->kept = false;
    loop->started = true;
    loop->ending = ENDING_MAIN;
    loop->iterations_left = 0;
}

/* What is ready and will not run any more. The core's own callbacks do run: they let go of what they hold. */
static void free_ready(weft_loop *loop, weft__handle **list) {
    while (*list != NULL) {
        weft__handle *handle = *list;
        *list = handle->next;
        if (list == &loop->ready && *list == NULL)
            loop->ready_end = list;
        if (handle->kind != HANDLE_CALLBACK)
            continue;
        weft__callback *callback = (weft__callback *)(void *)handle;
        if (callback->handle.wait != CALLBACK_OF_PROGRAM) {
            callback->run(callback, loop);
            continue;
        }
        if (callback->future != NULL)
            weft__release(loop, callback->future);
        weft__callback_free(loop, callback);
    }
}

void weft_loop_close(weft_loop *loop) {
    weft_loop *outer = weft__current == loop ? NULL : weft__current;
    weft__current = loop;
    loop->turning = loop->shut = true; /* nothing of this asks for a turn */
    weft__take_messages(loop);
    destroy_left(loop);
    free_ready(loop, &loop->batch);
    free_ready(loop, &loop->ready);
    drop_ended(loop);
    weft__leave_works(loop);
    weft__hold_free(loop, &loop->held);
    weft__timers_close(loop);
    free_ready(loop, &loop->ready);
    weft__set_error(loop, NULL, NULL);
    weft__context_free(loop, loop->context);
    if (loop->log != NULL)
        weft__log_close(loop);
    if (loop->objects > 0)
        weft__report(loop, WEFT__NOTHING_KNOWN, "%zu objects were still retained when their loop was closed",
                     loop->objects);
    weft_loop_set_debug(loop, false);
    weft__memory_close(loop);
    weft_allocator allocator = loop->allocator;
    allocator.release(allocator.context, loop);
    weft__current = outer;
}
