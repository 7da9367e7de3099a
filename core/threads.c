/*
 * Loops in threads of their own. A weft__thread is of malloc's memory and belongs to the coroutine that waits
 * for it, to its thread from the start until it tells of its end, and to each message on its way. Messages
 * are sent with the lock held, and only to a loop that is there: the parent's until its coroutine has left,
 * the thread's own from its opening until it is about to be closed.
 */

#include "threads.h"
#include "program.h"
#include "wait_queue.h"

#include <stdlib.h>

enum { EXTERNAL_THREAD = 1 }; /* subkind of the records of a wait */

static const weft__queue_type thread_type = {"thread", WAITS_THREAD, OBJECT_OUTSIDE, NULL, 0, 0};

static void release(weft__thread *self) {
    if (atomic_fetch_sub(&self->references, 1) > 1)
        return;
    weft_value_free(&self->value);
    weft_error_release(self->error);
    free(self);
}

/* With the lock, which it leaves: so that the loop can be woken without it. */
static void send(weft__thread *self, weft_loop *loop, weft__message *message) {
    atomic_fetch_add(&loop->senders, 1);
    weft__send(loop, message);
    weft__unlock(&self->locked);
    loop->host->wake(loop->host);
    atomic_fetch_sub(&loop->senders, 1);
}

/* --- In the thread --- */

static void cancel_main(weft__thread *self) {
    if (self->runner.main != NULL)
        weft__cancel(self->runner.loop, weft_task_future(self->runner.main), &weft_error_cancelled);
}

static void on_cancellation(weft_loop *loop, weft__message *message) {
    weft__thread *self = message->argument;
    (void)loop;
    weft__lock(&self->locked);
    self->sent = false;
    weft__unlock(&self->locked);
    cancel_main(self);
    release(self);
}

bool weft__thread_open(weft__thread *self) {
    self->error = weft__runner_open(&self->runner);
    if (self->error != NULL)
        return false;
    weft__runner_begin(&self->runner, self->main(self->argument));
    weft__lock(&self->locked);
    self->loop = self->runner.loop;
    bool cancelled = self->cancelled;
    weft__unlock(&self->locked);
    if (cancelled)
        cancel_main(self);
    return true;
}

void weft__thread_close(weft__thread *self, const weft_error *failure) {
    weft__lock(&self->locked);
    self->loop = NULL;
    weft__unlock(&self->locked);
    const weft_error *error = weft__runner_end(&self->runner, failure, &self->value);
    self->error = error == NULL ? NULL : weft__error_copy(error);
    weft_error_release(error);
    weft_release(self->runner.main);
    self->runner.main = NULL;
    weft__current = NULL;
    weft_runner_close(&self->runner);
}

void weft__thread_tell(weft__thread *self) {
    weft__lock(&self->locked);
    weft_loop *parent = self->parent;
    if (parent != NULL) {
        send(self, parent, &self->ended);
    } else {
        weft__unlock(&self->locked);
        release(self);
    }
}

/* --- In the parent's --- */

struct thread_run {
    weft_frame frame;
    weft_thread_main *main;
    void *argument;
    weft__thread *thread;
    weft_value value;
    const weft_error *error;
};

static void log_thread(weft_loop *loop, weft__thread *thread, uint8_t kind) {
    if (WEFT__UNLIKELY(loop->log != NULL))
        weft__log_record(loop, kind, EXTERNAL_THREAD, 0, weft__id_of(loop->current), 0, 0,
                         weft__queue_id(loop, &thread->task), 0);
}

static void on_ended(weft_loop *loop, weft__message *message) {
    weft__thread *self = message->argument;
    if (self->parent != NULL) {
        self->done = true;
        weft__program_join(self);
        log_thread(loop, self, WEFT_LOG_EXTERNAL_END);
        weft_loop_unhold(loop);
        weft__queue_wake(loop, &self->task);
    }
    release(self);
}

static void cancel_thread(weft__thread *self) {
    weft__lock(&self->locked);
    self->cancelled = true;
    if (self->loop == NULL || self->sent) {
        weft__unlock(&self->locked);
        return;
    }
    self->sent = true;
    atomic_fetch_add(&self->references, 1);
    send(self, self->loop, &self->cancellation);
}

/* NULL, or why there is no thread. */
static const weft_error *start(weft_loop *loop, struct thread_run *frame) {
    weft__thread *self = calloc(1, sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    self->main = frame->main;
    self->argument = frame->argument;
    self->parent = loop;
    self->cancellation = (weft__message){.arrive = on_cancellation, .argument = self};
    self->ended = (weft__message){.arrive = on_ended, .argument = self};
    atomic_init(&self->references, 2);
    weft_runner_init(&self->runner, &(weft_runner_options){.debug = loop->debug});
    int code = weft__program_thread(self);
    if (code == 0) {
        frame->thread = self;
        weft_loop_hold(loop);
        log_thread(loop, self, WEFT_LOG_EXTERNAL_BEGIN);
        return NULL;
    }
    free(self);
    const char *words = loop->host->describe == NULL ? NULL : loop->host->describe(loop->host, code);
    return weft_error_new(WEFT_SYSTEM, "cannot start a thread: %s",
                          words == NULL ? "the host failed" : words);
}

/* Who is destroyed instead of cancelled waits no longer. */
static void leave(weft__thread *self) {
    if (self == NULL)
        return;
    if (!self->done) {
        cancel_thread(self);
        weft__program_detach(self);
        weft_loop_unhold(self->parent);
        weft__lock(&self->locked);
        self->parent = NULL;
        weft__unlock(&self->locked);
    }
    release(self);
}

static weft_async(thread_run) {
    weft_begin(thread_run);
    if (self->main == NULL)
        weft_raise(WEFT_TYPE_MISMATCH, "a thread needs a function, not NULL");
    if (weft__loop->host->work == NULL) {
        if (weft__loop->debug)
            weft__report(weft__loop, weft__about_future(&weft__loop->current->future),
                         "this host has no threads: a coroutine for one runs in this loop");
        weft_await_to(self->value, self->main(self->argument));
        weft_return(weft__value_move(&self->value));
    }
    self->error = start(weft__loop, self);
    if (self->error != NULL)
        weft_return(weft__owned_failure(self->error));
    while (!self->thread->done) {
        weft_try {
            WEFT__AWAIT_IN(&self->thread->task, &thread_type);
        }
        weft_catch_code(WEFT_CANCELLED, self->error) {
            cancel_thread(self->thread);
        }
    }
    if (self->thread->error != NULL)
        weft_raise_error(self->thread->error);
    weft_return(weft__value_move(&self->thread->value));
    weft_drop();
    leave(self->thread);
    weft_value_free(&self->value);
    weft_end();
}

weft_coroutine *weft_thread_run(weft_thread_main *main, void *argument) {
    return weft_call(thread_run, .main = main, .argument = argument);
}

unsigned weft_cores(void) {
    return weft__program_cores();
}

/* --- Several --- */

typedef struct member {
    weft_threads_main *main;
    void *argument;
    unsigned number;
} member;

struct threads_run {
    weft_frame frame;
    unsigned count;
    weft_threads_main *main;
    void *argument;
    member *members;
    weft_group group;
};

static weft_coroutine *run_member(void *argument) {
    member *self = argument;
    return self->main(self->number, self->argument);
}

/* All of them live as long as the group, which waits for each. */
static void start_members(struct threads_run *self) {
    for (unsigned i = 0; i < self->count; i++) {
        self->members[i] = (member){self->main, self->argument, i};
        weft_group_create_task(&self->group, weft_thread_run(run_member, &self->members[i]));
    }
}

static weft_async(threads_run) {
    weft_begin(threads_run);
    if (self->main == NULL)
        weft_raise(WEFT_TYPE_MISMATCH, "a thread needs a function, not NULL");
    if (self->count == 0)
        self->count = weft_cores();
    self->members = weft_allocate(self->count * sizeof *self->members);
    if (self->members == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft_with_as(self->group, weft_task_group()) {
        start_members(self);
    }
    weft_drop();
    weft_free(self->members);
    weft_end();
}

weft_coroutine *weft_threads_run(unsigned count, weft_threads_main *main, void *argument) {
    return weft_call(threads_run, .count = count, .main = main, .argument = argument);
}
