/*
 * The loop: iterations over what is ready, as asyncio's. An iteration runs what was ready when it began, then
 * fires the timers that were due then; what becomes ready meanwhile is of the next one.
 */

#include "internal.h"
#include "opened.h"
#include "program.h"

#include <stdlib.h>

enum { STEPS_A_LOOK = 256 }; /* at the clock, to see whether the time slice is used up */
enum { JOIN_SECONDS = 300 }; /* that the end waits for functions in threads, as asyncio's does */

/* --- Tags --- */

/* A loop has its tag for itself while no more than TAGS loops are there at once; then some share theirs. */
enum { TAGS = UINT8_MAX + 1 };
static atomic_uint loops_of[TAGS], last_tag;

static uint8_t take_tag(void) {
    for (unsigned tries = 0; tries < TAGS; tries++) {
        unsigned tag = (atomic_fetch_add(&last_tag, 1) + 1) % TAGS, none = 0;
        if (atomic_compare_exchange_strong(&loops_of[tag], &none, 1))
            return (uint8_t)tag;
    }
    unsigned tag = (atomic_fetch_add(&last_tag, 1) + 1) % TAGS;
    atomic_fetch_add(&loops_of[tag], 1);
    return (uint8_t)tag;
}

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
    loop->tag = take_tag();
    loop->memory = sizeof *loop;
    loop->held.scope.kind = SCOPE_HOLD;
    atomic_init(&loop->inbox, NULL);
    atomic_init(&loop->senders, 0);
    atomic_init(&loop->news.locked, false);
    atomic_init(&loop->interrupts, 0);
    atomic_init(&loop->interrupt_queued, false);
    weft__current = loop;
    return loop;
}

bool weft__memory_is_mallocs(const weft_loop *loop) {
    return loop == NULL || loop->allocator.allocate == allocate_default;
}

weft_loop *weft_loop_current(void) {
    return weft__current;
}

void weft_loop_set_join_seconds(weft_loop *loop, double seconds) {
    if (!isnan(seconds))
        loop->join_seconds = fmax(seconds, 0);
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

/* --- Being woken --- */

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
    weft__step_ended(loop, task);
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

/* Runs the batch; false if the turn ends within it, or right behind its last step. */
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
    return stop_at == 0 || loop->steps < stop_at;
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
        if (WEFT__UNLIKELY(loop->mains == 0 && weft__finished(loop)))
            return WEFT_TURN_DONE;
        if (begin_iteration(loop) || loop->counted)
            continue;
        if (weft__timers_next(loop) == INFINITY && weft__resolve_deadlock(loop))
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
    weft__destroy_left(loop);
    free_ready(loop, &loop->batch);
    free_ready(loop, &loop->ready);
    weft__drop_ended(loop);
    weft__leave_works(loop);
    weft__remove_signals(loop);
    weft__hold_free(loop, &loop->held); /* before what is open goes, since a value may own some of it */
    weft__leave_opened(loop, &loop->opened);
    if (loop->host->leave != NULL)
        loop->host->leave(loop->host, loop);
    weft__timers_close(loop);
    weft__take_messages(loop); /* that other threads sent before they heard of the end */
    free_ready(loop, &loop->ready);
    weft__set_error(loop, NULL, NULL);
    weft__context_free(loop, loop->context);
    if (loop->log != NULL)
        weft__log_close(loop);
    if (loop->objects > 0)
        weft__report(loop, WEFT__NOTHING_KNOWN, "%zu objects were still retained when their loop was closed",
                     loop->objects);
    weft_loop_set_debug(loop, false);
    while (atomic_load(&loop->senders) > 0) {
    }
    weft__memory_close(loop);
    atomic_fetch_sub(&loops_of[loop->tag], 1);
    weft_allocator allocator = loop->allocator;
    allocator.release(allocator.context, loop);
    weft__current = outer;
}
