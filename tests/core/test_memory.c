/*
 * Scenarios that use everything, and end well or with OutOfMemory whichever of their allocations fails, in
 * every build. Pools hide some; tests/harness/sweep.h has each fail, here and in all other tests.
 */

#include "world.h"

enum { MY_ERROR = WEFT_USER + 1 };

/* What coroutines and values of the scenarios have in hand: nothing at the end. */
static int tokens, values;

static int token(void) {
    return ++tokens;
}

static void give_up(void *pointer) {
    values--;
    free(pointer);
}

static weft_value owned(const char *text) {
    values++;
    return weft_owned_string(strcpy(malloc(strlen(text) + 1), text), give_up);
}

/* --- The parts of the scenarios --- */

struct works {
    weft_frame frame;
    int token;
    double seconds;
    char how; /* e: raises; o: returns what it owns; f: formats; g: yields first */
};

weft_async(works) {
    weft_begin(works);
    weft_await(weft_sleep(self->seconds));
    if (self->how == 'e')
        weft_raise(MY_ERROR, "failed after %g", self->seconds);
    if (self->how == 'o')
        weft_return(owned("owned"));
    if (self->how == 'f')
        weft_return(weft_format("%s after %g", "formatted", self->seconds));
    weft_return(1);
    weft_drop();
    tokens -= self->token != 0;
    weft_end();
}

#define WORKS(after, ending) weft_call(works, .token = token(), .seconds = (after), .how = (ending))

struct yields {
    weft_frame frame;
    int token, left;
};

weft_async(yields) {
    weft_begin(yields);
    weft_try {
        while (self->left-- > 0) {
            weft_await(WORKS(1, 'o'));
            weft_yield(owned("item"));
        }
    }
    weft_finally {
        weft_await(WORKS(1, 'f'));
    }
    weft_drop();
    tokens -= self->token != 0;
    weft_end();
}

/* A scenario's structure, with everything that one may need, its maker and its body. */
#define SCENARIO(name)                            \
    struct name {                                 \
        weft_frame frame;                         \
        int token;                                \
        weft_future *future, *other;              \
        weft_task *task;                          \
        weft_values *items;                       \
        weft_value value;                         \
        weft_group group;                         \
        weft_deadline deadline;                   \
        weft_semaphore semaphore;                 \
        weft_coroutine *generator;                \
        const weft_error *error;                  \
        int i, count;                             \
    };                                            \
    static weft__step name##_weft_step;           \
    static weft_coroutine *make_##name(void) {    \
        return weft_call(name, .token = token()); \
    }                                             \
    static weft_async(name)
#define ENDS()                       \
    weft_drop();                     \
    tokens -= self->token != 0;      \
    weft_value_free(&self->value);   \
    weft_error_release(self->error); \
    weft_end()

SCENARIO(awaits_in_turn) {
    weft_begin(awaits_in_turn);
    weft_await(WORKS(1, 'f'));
    weft_await_to(self->value, WORKS(2, 'o'));
    weft_return(weft_format("%s@%g", self->value.as.string, weft_time()));
    ENDS();
}

SCENARIO(gathers) {
    weft_begin(gathers);
    self->future = weft_gather(WORKS(3, 'o'), WORKS(1, 'f'), weft_sleep(2), WORKS(2, 0));
    weft_await_to(self->items, self->future);
    weft_return(weft_format("%s, %s", self->items->items[0].as.string, self->items->items[1].as.string));
    ENDS();
}

SCENARIO(gathers_errors) {
    weft_begin(gathers_errors);
    self->future = weft_gather_return_errors(WORKS(1, 'e'), WORKS(2, 'o'), WORKS(3, 'e'));
    weft_await_to(self->items, self->future);
    for (self->i = 0; self->i < 3; self->i++) {
        if (weft_error_has(weft_value_error(self->items->items[self->i]), WEFT_OUT_OF_MEMORY))
            weft_return("OutOfMemory");
        self->count += self->items->items[self->i].kind == WEFT_FAILURE;
    }
    weft_return(self->count);
    ENDS();
}

SCENARIO(gathers_with_an_error) {
    weft_begin(gathers_with_an_error);
    weft_try {
        self->future = weft_gather(WORKS(5, 'o'), WORKS(1, 'e'), WORKS(9, 'e'));
        weft_await(self->future);
    }
    weft_catch_code(MY_ERROR, self->error) {
        weft_error_retain(self->error);
        weft_return("caught");
    }
    weft_finally {
        weft_await(weft_sleep(6));
    }
    ENDS();
}

SCENARIO(cancels_a_gather) {
    weft_begin(cancels_a_gather);
    self->future = weft_gather(WORKS(5, 'o'), WORKS(1, 'o'), weft_gather(WORKS(6, 'f'), WORKS(7, 0)));
    weft_await(weft_sleep(2));
    weft_future_cancel(self->future, "enough");
    weft_try {
        weft_await(self->future);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        weft_error_retain(self->error);
        weft_return("cancelled");
    }
    ENDS();
}

SCENARIO(groups) {
    weft_begin(groups);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 0; self->i < 12; self->i++)
            weft_group_create_task(&self->group, WORKS(self->i, 'o'));
        weft_await(WORKS(3, 'f'));
    }
    weft_return(weft_time());
    ENDS();
}

SCENARIO(groups_with_errors) {
    weft_begin(groups_with_errors);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group, WORKS(1, 'e'));
            weft_group_create_task(&self->group, WORKS(1, 'e'));
            weft_group_create_task(&self->group, WORKS(9, 'o'));
            weft_await(WORKS(3, 'f'));
        }
    }
    weft_catch_code(WEFT_GROUP, self->error) {
        weft_error_retain(self->error);
        weft_return(weft_error_has(self->error, WEFT_OUT_OF_MEMORY) ? "OutOfMemory" : "mine");
    }
    ENDS();
}

SCENARIO(times_out) {
    weft_begin(times_out);
    weft_try {
        weft_with_as(self->deadline, weft_timeout(5)) {
            weft_await(WORKS(1, 'o'));
            weft_raise_error(weft_deadline_reschedule(&self->deadline, 3));
        }
    }
    weft_catch_code(WEFT_TYPE_MISMATCH, self->error) { /* NULL was raised: it could be moved */
        self->error = NULL;
    }
    weft_try {
        weft_with(weft_timeout(2)) {
            weft_with(weft_timeout(1)) {
                weft_await(WORKS(9, 'o'));
            }
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        weft_return(weft_time());
    }
    ENDS();
}

SCENARIO(waits_for) {
    weft_begin(waits_for);
    weft_await_to(self->value, weft_wait_for(WORKS(1, 'o'), 2));
    weft_try {
        weft_await(weft_wait_for(WORKS(9, 'o'), 2));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        self->count++;
    }
    weft_try {
        weft_await(weft_wait_for(WORKS(9, 'o'), 0));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        self->count++;
    }
    self->error = NULL;
    weft_return(self->count);
    ENDS();
}

SCENARIO(shields) {
    weft_begin(shields);
    self->task = weft_create_task(WORKS(3, 'o'));
    weft_try {
        weft_await(weft_wait_for(weft_shield(self->task), 1));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        self->error = NULL;
    }
    weft_await(self->task);
    weft_return(weft_task_take(self->task));
    ENDS();
}

struct takes_a_permit {
    weft_frame frame;
    int token;
    weft_semaphore *semaphore;
};

weft_async(takes_a_permit) {
    weft_begin(takes_a_permit);
    weft_with(self->semaphore) {
        weft_await(WORKS(1, 'o'));
    }
    weft_drop();
    tokens -= self->token != 0;
    weft_end();
}

SCENARIO(shares_permits) {
    weft_begin(shares_permits);
    weft_semaphore_init_bounded(&self->semaphore, 2);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 0; self->i < 6; self->i++) {
            self->task = weft_group_create_task(
                &self->group, weft_call(takes_a_permit, .token = token(), .semaphore = &self->semaphore));
            if (self->i == 3)
                weft_task_cancel(self->task, "not this one");
        }
    }
    weft_return((int)weft_semaphore_value(&self->semaphore));
    ENDS();
}

SCENARIO(iterates) {
    weft_begin(iterates);
    weft_for_await (self->value, weft_call(yields, .token = token(), .left = 3)) {
        self->count++;
        weft_value_free(&self->value);
    }
    weft_for_await (self->value, weft_call(yields, .token = token(), .left = 3)) {
        self->count++;
        break;
    }
    weft_return(self->count);
    ENDS();
}

SCENARIO(iterates_by_hand) {
    weft_begin(iterates_by_hand);
    self->generator = weft_call(yields, .token = token(), .left = 3);
    weft_await(weft_generator_next(self->generator));
    weft_await(weft_generator_send(self->generator, owned("sent")));
    self->error = weft_error_new(MY_ERROR, "thrown");
    weft_try {
        weft_await(weft_generator_throw(self->generator, self->error));
    }
    weft_catch_code(MY_ERROR, self->error) { /* the one that was thrown */
        self->count++;
    }
    self->generator = weft_call(yields, .token = token(), .left = 3);
    weft_await(weft_generator_next(self->generator)); /* and left behind */
    weft_return(self->count);
    ENDS();
}

static weft_coroutine *enter(void *object) {
    (void)object;
    return WORKS(1, 'f');
}

static weft_coroutine *leave(void *object, const weft_error *error) {
    (void)object, (void)error;
    return WORKS(1, 'o');
}

SCENARIO(manages) {
    weft_begin(manages);
    weft_with_as(self->value, ((weft_manager){.enter = enter, .exit = leave})) {
        weft_await(WORKS(1, 0));
        weft_raise(MY_ERROR, "out of the block");
    }
    ENDS();
}

SCENARIO(fails_in_many_ways) {
    weft_begin(fails_in_many_ways);
    weft_while(self->i++ < 3) {
        weft_try {
            weft_try {
                weft_await(WORKS(1, 'e'));
            }
            weft_catch_code(MY_ERROR, self->error) {
                self->error = NULL;
                weft_raise(MY_ERROR, "%0600d", self->i);
            }
            weft_finally {
                weft_await(weft_sleep(1));
                self->count++;
            }
        }
        weft_catch_code(MY_ERROR, self->error) {
            self->error = NULL;
            weft_continue;
        }
    }
    weft_raise(MY_ERROR, "%d", self->count);
    ENDS();
}

static void set_it(void *future) {
    weft_future_set_value(future, owned("set"));
}

static void note_done(weft_future *future, void *counter) {
    *(int *)counter += weft_future_done(future);
}

static void do_nothing(void *unused) {
    (void)unused;
}

/* Sets it in a second, and not later. */
static bool call_later(weft_future *future) {
    weft_handle *unwanted = weft_call_at(7, set_it, future);
    if (unwanted == NULL || weft_call_later(1, set_it, future) == NULL)
        return false;
    weft_handle_cancel(unwanted);
    return true;
}

SCENARIO(calls_back) {
    weft_begin(calls_back);
    self->future = weft_create_future();
    if (!weft_future_add_done_callback(self->future, note_done, &self->count) ||
        !weft_call_soon(do_nothing, NULL))
        weft_raise_error(&weft_error_out_of_memory);
    if (!call_later(self->future))
        weft_raise_error(&weft_error_out_of_memory);
    weft_await(self->future);
    weft_await(weft_sleep(0));
    weft_return(self->count);
    ENDS();
}

static weft_value blocks(void *argument) {
    return argument == NULL ? weft_failure(MY_ERROR, "%s", "in a thread") : owned("from a thread");
}

SCENARIO(runs_threads) {
    weft_begin(runs_threads);
    weft_await_to(self->value, weft_to_thread(blocks, &self->count));
    weft_value_free(&self->value);
    weft_await(weft_to_thread(blocks, NULL));
    ENDS();
}

SCENARIO(names_and_cancels_tasks) {
    weft_begin(names_and_cancels_tasks);
    for (self->i = 0; self->i < 40; self->i++) {
        self->task = weft_create_task_named(WORKS(self->i, 'o'), "a name of a task");
        weft_task_set_name(self->task, "another name of the same task");
        if (self->i % 2)
            weft_task_cancel(self->task, "a message of a cancellation");
        if (self->i % 4 == 3)
            weft_release(self->task);
    }
    weft_await(self->task = weft_create_task_named(WORKS(50, 'f'), "the last"));
    weft_return(weft_task_take(self->task));
    ENDS();
}

struct descends {
    weft_frame frame;
    int token, left;
};

weft_async(descends) {
    weft_begin(descends);
    if (self->left == 0)
        weft_await(WORKS(1, 'e'));
    weft_await(weft_call(descends, .token = token(), .left = self->left - 1));
    weft_drop();
    tokens -= self->token != 0;
    weft_end();
}

SCENARIO(goes_deep) {
    weft_begin(goes_deep);
    self->task = weft_create_task(weft_call(descends, .token = token(), .left = 150));
    weft_await(self->task);
    ENDS();
}

/* --- The sweep --- */

typedef struct scenario {
    const char *name;
    weft_coroutine *(*make)(void);
    const char *outcome;
} scenario;

static const scenario scenarios[] = {
    {"awaits_in_turn", make_awaits_in_turn, "owned@3"},
    {"gathers", make_gathers, "owned, formatted after 1"},
    {"gathers_errors", make_gathers_errors, "2"},
    {"gathers_with_an_error", make_gathers_with_an_error, "caught"},
    {"cancels_a_gather", make_cancels_a_gather, "cancelled"},
    {"groups", make_groups, "11.0"},
    {"groups_with_errors", make_groups_with_errors, "mine"},
    {"times_out", make_times_out, "2.0"},
    {"waits_for", make_waits_for, "2"},
    {"shields", make_shields, "owned"},
    {"shares_permits", make_shares_permits, "2"},
    {"iterates", make_iterates, "4"},
    {"iterates_by_hand", make_iterates_by_hand, "1"},
    {"manages", make_manages, "Error 1001: out of the block"},
    {"fails_in_many_ways", make_fails_in_many_ways, "Error 1001: 3"},
    {"calls_back", make_calls_back, "1"},
    {"runs_threads", make_runs_threads, "Error 1001: in a thread"},
    {"names_and_cancels_tasks", make_names_and_cancels_tasks, "formatted after 50"},
    {"goes_deep", make_goes_deep, "Error 1001: failed after 1"},
};

/* Errors that nobody took may be told, and generators that were never begun, but nothing may be left. */
static bool reports_are_clean(void) {
    return strstr(world.reports, "retained") == NULL && strstr(world.reports, "destroyed") == NULL &&
           strstr(world.reports, "'works'") == NULL;
}

/* One run, whose `fail`th allocation fails, or all from there on. Returns whether it came so far. */
static bool run(const scenario *tested, size_t fail, bool onwards) {
    char where[100], what[400];
    snprintf(where, sizeof where, "%s, %zu%s: ", tested->name, fail, onwards ? " onwards" : "");
    tokens = values = 0;
    if (!CHECK(world_open()))
        return false;
    world.fail_at = fail == 0 ? 0 : world.allocations + fail;
    world.fail_onwards = onwards;
    weft_task *main = world_start(tested->make());
    weft_turn turn = weft_task_done(main) ? WEFT_TURN_DONE : world_turn();
    bool failed = world.out_of_memory;
    world_outcome(main);
    world_close();
    bool fine = strcmp(world.outcome, tested->outcome) == 0;
    bool told = failed && strstr(world.outcome, "OutOfMemory") != NULL;
    bool clean = reports_are_clean();
    snprintf(what, sizeof what, "%sturn %d, %d tokens, %d values, %.100s, %.100s", where, turn, tokens,
             values, fine || told ? "fine" : world.outcome, clean ? "" : world.reports);
    snprintf(world.said, sizeof world.said, "%sturn %d, 0 tokens, 0 values, fine, ", where, WEFT_TURN_DONE);
    CHECK_EQ_STR(what, world.said);
    return failed;
}

static void sweep(const scenario *tested, bool onwards) {
    for (size_t fail = 1; run(tested, fail, onwards); fail++) {
    }
}

TEST(every_scenario_runs_with_memory) {
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        run(&scenarios[i], 0, false);
}

TEST(any_allocation_may_fail) {
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        sweep(&scenarios[i], false);
}

TEST(memory_may_end_at_any_time) {
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        sweep(&scenarios[i], true);
}

/* A run with the world's options as they are, which may end in any way but must leave nothing. Returns its
 * steps. */
static uint64_t run_freely(const scenario *tested, const char *where) {
    char what[400], wanted[400];
    tokens = values = 0;
    if (!CHECK(world_open()))
        return 0;
    weft_task *main = world_start(tested->make());
    weft_turn turn = world_turn();
    uint64_t steps = weft_loop_steps(world.loop);
    world_outcome(main);
    world_close();
    snprintf(what, sizeof what, "%s, %s: turn %d, %d tokens, %d values, %.100s", tested->name, where, turn,
             tokens, values, reports_are_clean() ? "" : world.reports);
    snprintf(wanted, sizeof wanted, "%s, %s: turn %d, 0 tokens, 0 values, ", tested->name, where,
             WEFT_TURN_DONE);
    CHECK_EQ_STR(what, wanted);
    return steps;
}

/* A task is cancelled right before a step. Returns whether the run came so far. */
static bool cancel_at(const scenario *tested, uint64_t step, uint32_t task) {
    char where[100];
    weft_injection injection = {step, task};
    snprintf(where, sizeof where, "step %u, task %u", (unsigned)step, (unsigned)task);
    world.options.injections = &injection;
    world.options.injection_count = 1;
    return run_freely(tested, where) >= step;
}

TEST(any_task_may_be_cancelled_at_any_step) {
    enum { IDS = 14 };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        for (uint32_t task = 1; task <= IDS; task++)
            for (uint64_t step = 1; cancel_at(&scenarios[i], step, task); step++) {
            }
}

TEST(tasks_may_run_in_any_order) {
    enum { SEEDS = 50 };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            char where[100];
            snprintf(where, sizeof where, "seed %u", (unsigned)seed);
            world.options.seed = seed;
            world.options.seeded = world.options.permute_ready = true;
            run_freely(&scenarios[i], where);
        }
}

TEST(the_loop_itself_may_find_no_memory) {
    world.fail_at = 1;
    CHECK_EQ_STR(RUN(make_awaits_in_turn()), "OutOfMemory");
    CHECK_EQ_STR(RUN(make_awaits_in_turn()), "owned@3");
}

TEST_MAIN(TEST_CASE(every_scenario_runs_with_memory), TEST_CASE(any_allocation_may_fail),
          TEST_CASE(memory_may_end_at_any_time), TEST_CASE(any_task_may_be_cancelled_at_any_step),
          TEST_CASE(tasks_may_run_in_any_order), TEST_CASE(the_loop_itself_may_find_no_memory))
