/* weft itself: the same program natively and as WebAssembly under Node. */
#include "measure.h"

#include <math.h>
#include <weft/weft.h>

/* How many tasks still run, and what the last of them sets. */
static long running;
static weft_future *ended;

static void one_has_ended(void) {
    if (--running == 0)
        weft_future_set_value(ended, weft_none());
}

/* Starts a task that nobody holds: it counts itself off with one_has_ended. */
static void start_detached(weft_coroutine *coroutine) {
    running++;
    weft_release(weft_create_task(coroutine));
}

struct yielder {
    weft_frame frame;
    long times;
};

static weft_async(yielder) {
    weft_begin(yielder);
    for (; self->times > 0; self->times--)
        weft_await(weft_sleep(0));
    one_has_ended();
    weft_end();
}

struct switch_among {
    weft_frame frame;
    long tasks, switches;
};
weft_export(switch_among, tasks, switches);

weft_async(switch_among) {
    weft_begin(switch_among);
    ended = weft_create_future();
    for (long i = 0; i < self->tasks; i++)
        start_detached(weft_call(yielder, .times = self->switches / self->tasks));
    weft_await(ended);
    weft_end();
}

struct answer {
    weft_frame frame;
    long value;
};

static weft_async(answer) {
    weft_begin(answer);
    weft_return(self->value);
    weft_end();
}

struct caller {
    weft_frame frame;
    long calls, sum;
};
weft_export(caller, calls);

weft_async(caller) {
    long value;
    weft_begin(caller);
    for (; self->calls > 0; self->calls--) {
        weft_await_to(value, weft_call(answer, .value = self->calls));
        self->sum += value;
    }
    weft_return(self->sum);
    weft_end();
}

struct spawner {
    weft_frame frame;
    weft_task *child;
    long spawns, sum;
};
weft_export(spawner, spawns);

weft_async(spawner) {
    long value;
    weft_begin(spawner);
    for (; self->spawns > 0; self->spawns--) {
        self->child = weft_create_task(weft_call(answer, .value = self->spawns));
        weft_await_to(value, self->child);
        self->sum += value;
        weft_release(self->child);
    }
    weft_return(self->sum);
    weft_end();
}

struct gatherer {
    weft_frame frame;
    weft_awaitable *children;
    weft_future *gathered;
    long gathers, sum;
};
weft_export(gatherer, gathers);

weft_async(gatherer) {
    weft_values *values;
    weft_begin(gatherer);
    self->children = weft_allocate((size_t)GATHERED * sizeof *self->children);
    if (!self->children)
        weft_raise(WEFT_OUT_OF_MEMORY, "no room for %d children", GATHERED);
    for (; self->gathers > 0; self->gathers--) {
        for (long i = 0; i < GATHERED; i++)
            self->children[i] = weft_awaitable_of(weft_call(answer, .value = i));
        self->gathered = weft_gather_array((size_t)GATHERED, self->children, false);
        weft_await_to(values, self->gathered);
        for (size_t i = 0; i < values->count; i++)
            self->sum += (long)weft_value_int(values->items[i]);
        weft_release(self->gathered);
    }
    weft_return(self->sum);
    weft_drop();
    weft_free(self->children);
    weft_end();
}

struct contender {
    weft_frame frame;
    weft_semaphore *semaphore;
    long times;
};

static weft_async(contender) {
    weft_begin(contender);
    for (; self->times > 0; self->times--) {
        weft_await(weft_semaphore_acquire(self->semaphore));
        weft_semaphore_release(self->semaphore);
    }
    one_has_ended();
    weft_end();
}

struct hand_over {
    weft_frame frame;
    weft_semaphore semaphore;
    long handovers;
};
weft_export(hand_over, handovers);

/* The permit is held until all wait for it; from then on every release hands it to a waiter. */
weft_async(hand_over) {
    weft_begin(hand_over);
    weft_semaphore_init(&self->semaphore, 0);
    ended = weft_create_future();
    for (long i = 0; i < CONTENDERS; i++)
        start_detached(
            weft_call(contender, .semaphore = &self->semaphore, .times = self->handovers / CONTENDERS));
    weft_await(weft_sleep(0));
    weft_semaphore_release(&self->semaphore);
    weft_await(ended);
    weft_end();
}

struct lock_contender {
    weft_frame frame;
    weft_lock *lock;
    long times;
};

static weft_async(lock_contender) {
    weft_begin(lock_contender);
    for (; self->times > 0; self->times--) {
        weft_await(weft_lock_acquire(self->lock));
        weft_lock_release(self->lock);
    }
    one_has_ended();
    weft_end();
}

struct hand_lock_over {
    weft_frame frame;
    weft_lock lock;
    long handovers;
};
weft_export(hand_lock_over, handovers);

/* As hand_over, with a lock. */
weft_async(hand_lock_over) {
    weft_begin(hand_lock_over);
    weft_await(weft_lock_acquire(&self->lock));
    ended = weft_create_future();
    for (long i = 0; i < CONTENDERS; i++)
        start_detached(weft_call(lock_contender, .lock = &self->lock, .times = self->handovers / CONTENDERS));
    weft_await(weft_sleep(0));
    weft_lock_release(&self->lock);
    weft_await(ended);
    weft_end();
}

struct producer {
    weft_frame frame;
    weft_queue *queue;
    long items, next;
};

static weft_async(producer) {
    weft_begin(producer);
    for (; self->next < self->items; self->next++)
        weft_await(weft_queue_put(self->queue, self->next));
    one_has_ended();
    weft_end();
}

struct consumer {
    weft_frame frame;
    weft_queue *queue;
    long items, sum;
};

static weft_async(consumer) {
    long item;
    weft_begin(consumer);
    for (; self->items > 0; self->items--) {
        weft_await_to(item, weft_queue_get(self->queue));
        self->sum += item;
    }
    one_has_ended();
    weft_end();
}

struct pass_items {
    weft_frame frame;
    weft_queue queue;
    long items;
};
weft_export(pass_items, items);

weft_async(pass_items) {
    weft_begin(pass_items);
    weft_queue_init(&self->queue, QUEUE_PLACES);
    ended = weft_create_future();
    start_detached(weft_call(producer, .queue = &self->queue, .items = self->items));
    start_detached(weft_call(consumer, .queue = &self->queue, .items = self->items));
    weft_await(ended);
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

struct player {
    weft_frame frame;
    weft_condition *condition;
    int *turn, own;
    long turns;
};

static weft_async(player) {
    weft_begin(player);
    for (; self->turns > 0; self->turns--) {
        weft_with(self->condition) {
            while (*self->turn != self->own)
                weft_await(weft_condition_wait(self->condition));
            *self->turn = 1 - self->own;
            weft_condition_notify(self->condition, 1);
        }
    }
    one_has_ended();
    weft_end();
}

struct take_turns {
    weft_frame frame;
    weft_condition condition;
    int turn;
    long turns;
};

static weft_async(take_turns) {
    weft_begin(take_turns);
    ended = weft_create_future();
    for (int own = 0; own < 2; own++)
        start_detached(weft_call(player, .condition = &self->condition, .turn = &self->turn, .own = own,
                                 .turns = self->turns / 2));
    weft_await(ended);
    weft_end();
}

struct group_once {
    weft_frame frame;
    weft_group group;
};

static weft_async(group_once) {
    weft_begin(group_once);
    weft_with_as(self->group, weft_task_group()) {
        for (long i = 0; i < GATHERED; i++)
            weft_group_create_task(&self->group, weft_call(answer, .value = i));
    }
    weft_end();
}

struct grouper {
    weft_frame frame;
    long groups;
};

static weft_async(grouper) {
    weft_begin(grouper);
    for (; self->groups > 0; self->groups--)
        weft_await(weft_call(group_once));
    weft_end();
}

struct complete_once {
    weft_frame frame;
    weft_awaitable *children;
    weft_task *child;
    long sum;
};

static weft_async(complete_once) {
    weft_begin(complete_once);
    for (long i = 0; i < GATHERED; i++)
        self->children[i] = weft_awaitable_of(weft_call(answer, .value = i));
    weft_for_await (self->child, weft_as_completed_array((size_t)GATHERED, self->children, INFINITY)) {
        self->sum += (long)weft_value_int(weft_task_value(self->child));
    }
    weft_return(self->sum);
    weft_end();
}

struct completer {
    weft_frame frame;
    weft_awaitable *children;
    long times;
};

static weft_async(completer) {
    weft_begin(completer);
    self->children = weft_allocate((size_t)GATHERED * sizeof *self->children);
    if (!self->children)
        weft_raise(WEFT_OUT_OF_MEMORY, "no room for %d children", GATHERED);
    for (; self->times > 0; self->times--)
        weft_await(weft_call(complete_once, .children = self->children));
    weft_drop();
    weft_free(self->children);
    weft_end();
}

struct sleeper {
    weft_frame frame;
    double seconds;
};

static weft_async(sleeper) {
    weft_begin(sleeper);
    weft_await(weft_sleep(self->seconds));
    weft_drop();
    one_has_ended();
    weft_end();
}

#ifdef __EMSCRIPTEN__
static const char subject[] = "weft wasm";

static double memory_in_use(void) {
    return (double)weft_loop_memory(weft_loop_current());
}
#else
static const char subject[] = "weft";

static double memory_in_use(void) {
    return measure_resident();
}
#endif

struct sleep_rows {
    weft_frame frame;
    const double *random;
    double lead, clock, memory;
    bool early;
};

/* True when all were armed before the first was due; only then the numbers count. */
static weft_async(sleep_rows) {
    weft_begin(sleep_rows);
    ended = weft_create_future();
    self->memory = memory_in_use();
    self->clock = measure_clock();
    measure_begin();
    for (long i = 0; i < SLEEPERS; i++)
        start_detached(weft_call(sleeper, .seconds = self->lead + self->random[i]));
    weft_await(weft_sleep(0));
    self->early = measure_clock() - self->clock < self->lead;
    if (self->early) {
        measure_end("sleep-create", (double)SLEEPERS);
        double grown = memory_in_use() - self->memory;
        if (grown > 0) /* the first time: then the pools have it */
            measure_report("sleep-bytes", "bytes", grown / (double)SLEEPERS);
    }
    measure_begin();
    weft_await(ended);
    if (self->early)
        measure_end("sleep-fire", (double)SLEEPERS);
    weft_return(self->early);
    weft_end();
}

struct cancel_sleepers {
    weft_frame frame;
    const double *random;
    weft_task **tasks;
    long count;
};

static weft_async(cancel_sleepers) {
    weft_begin(cancel_sleepers);
    ended = weft_create_future();
    self->tasks = weft_allocate((size_t)self->count * sizeof *self->tasks);
    if (!self->tasks)
        weft_raise(WEFT_OUT_OF_MEMORY, "no room for %ld tasks", self->count);
    running = self->count;
    for (long i = 0; i < self->count; i++)
        self->tasks[i] = weft_create_task(weft_call(sleeper, .seconds = 100 + self->random[i]));
    weft_await(weft_sleep(0));
    measure_begin();
    for (long i = 0; i < self->count; i++) {
        weft_cancel(self->tasks[i]);
        weft_release(self->tasks[i]);
    }
    weft_await(ended);
    measure_end("sleep-cancel", (double)self->count);
    weft_drop();
    weft_free(self->tasks);
    weft_end();
}

static weft_coroutine *switch_between_two(long switches) {
    return weft_call(switch_among, .tasks = 2, .switches = switches);
}

static weft_coroutine *switch_among_many(long switches) {
    return weft_call(switch_among, .tasks = 1000, .switches = switches);
}

static weft_coroutine *call(long calls) {
    return weft_call(caller, .calls = calls);
}

static weft_coroutine *spawn_and_join(long spawns) {
    return weft_call(spawner, .spawns = spawns);
}

static weft_coroutine *hand_over_permits(long handovers) {
    return weft_call(hand_over, .handovers = handovers);
}

static weft_coroutine *hand_locks_over(long handovers) {
    return weft_call(hand_lock_over, .handovers = handovers);
}

static weft_coroutine *queue(long items) {
    return weft_call(pass_items, .items = items);
}

static weft_coroutine *turns(long amount) {
    return weft_call(take_turns, .turns = amount);
}

static weft_coroutine *gather(long gathers) {
    return weft_call(gatherer, .gathers = gathers);
}

static weft_coroutine *group(long groups) {
    return weft_call(grouper, .groups = groups);
}

static weft_coroutine *complete(long times) {
    return weft_call(completer, .times = times);
}

struct row {
    const char *name;
    weft_coroutine *(*coroutine)(long amount);
    long amount;
    double operations;
};

struct bench {
    weft_frame frame;
    const double *random;
    const struct row *row;
    double lead;
    int repetition;
    bool early;
};

/* A tenth of the work runs before it is timed: V8 compiles a module's functions better once they are busy. */
static weft_async(bench) {
    static const struct row rows[] = {
        {"switch-2", switch_between_two, SWITCHES, SWITCHES},
        {"switch-1000", switch_among_many, SWITCHES, SWITCHES},
        {"call", call, CALLS, CALLS},
        {"spawn-join", spawn_and_join, SPAWNS, SPAWNS},
        {"semaphore", hand_over_permits, HANDOVERS, HANDOVERS},
        {"lock", hand_locks_over, HANDOVERS, HANDOVERS},
        {"queue", queue, QUEUED, QUEUED},
        {"condition", turns, TURNS, TURNS},
        {"gather-10000", gather, GATHERS, GATHERS * GATHERED},
        {"group-10000", group, GATHERS, GATHERS * GATHERED},
        {"as-completed-10000", complete, GATHERS, GATHERS * GATHERED},
    };
    weft_begin(bench);
    for (; self->repetition < measure__repeat; self->repetition++) {
        for (self->row = rows; self->row < rows + sizeof rows / sizeof *rows; self->row++) {
            if (!measure_wants(self->row->name))
                continue;
            weft_await(self->row->coroutine(self->row->amount / 10));
            measure_begin();
            weft_await(self->row->coroutine(self->row->amount));
            measure_end(self->row->name, self->row->operations);
        }
        if (measure_wants("sleep-cancel"))
            weft_await(weft_call(cancel_sleepers, .random = self->random, .count = CANCELLED_SLEEPERS));
        self->early = !measure_wants_sleepers();
        for (self->lead = FIRST_LEAD; !self->early; self->lead *= 2)
            weft_await_to(self->early, weft_call(sleep_rows, .random = self->random, .lead = self->lead));
    }
    weft_end();
}

int main(int argc, char **argv) {
    measure_start(argc, argv, subject, MEASURE_COMPILER);
    return weft_main(weft_call(bench, .random = measure_random((size_t)SLEEPERS)));
}
