/* The simulation: its clock, its choices and their replay, injected cancellations, deadlocks. */

#include "world.h"

struct sleeper {
    weft_frame frame;
    int number;
    double delay;
};

weft_async(sleeper) {
    weft_begin(sleeper);
    weft_await(weft_sleep(self->delay));
    say("%d", self->number);
    weft_end();
}

/* Five tasks whose timers tie, twice. */
struct ties {
    weft_frame frame;
    weft_group group;
};

weft_async(ties) {
    weft_begin(ties);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 0; i < 5; i++)
            weft_group_create_task(&self->group, weft_call(sleeper, .number = i, .delay = 1));
        for (int i = 5; i < 8; i++)
            weft_group_create_task(&self->group, weft_call(sleeper, .number = i, .delay = 2));
    }
    weft_end();
}

TEST(hours_take_no_time) {
    CHECK_EQ_STR(RUN(weft_call(sleeper, .number = 1, .delay = 1e6)), "none");
    CHECK(world.simulation.clock == 1e6);
}

TEST(without_choices_ties_keep_their_order) {
    RUN(weft_call(ties));
    CHECK_EQ_STR(world.said, "0 1 2 3 4 5 6 7");
}

/* Runs the ties with these decisions and remembers what was taken. */
static size_t taken_count;
static uint32_t taken[64];

static const char *run_ties(weft_simulation_options options) {
    world.options = options;
    if (!CHECK(world_open()))
        return "";
    world_start(weft_call(ties));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    taken_count = world.simulation.log_count;
    CHECK(taken_count <= sizeof taken / sizeof *taken);
    if (taken_count > 0)
        memcpy(taken, world.simulation.log, taken_count * sizeof *taken);
    world_close();
    return world.said;
}

TEST(decisions_choose_among_ties) {
    static const uint32_t last_first[] = {4, 3, 2, 1, 2}, too_many[] = {0, 99};
    CHECK_EQ_STR(run_ties((weft_simulation_options){.decisions = last_first, .decision_count = 5}),
                 "4 3 2 1 0 7 5 6");
    CHECK_EQ_INT((long long)taken_count, 6); /* 4 of 5 timers, 2 of 3 */
    CHECK_EQ_INT(taken[0], 4);
    CHECK_EQ_STR(run_ties((weft_simulation_options){.decisions = too_many, .decision_count = 2}),
                 "0 4 1 2 3 5 6 7");
}

TEST(a_seed_chooses_the_same_again_and_its_log_replays_it) {
    char first[64];
    unsigned different = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        strcpy(first, run_ties((weft_simulation_options){.seed = seed, .seeded = true}));
        CHECK_EQ_STR(run_ties((weft_simulation_options){.seed = seed, .seeded = true}), first);
        uint32_t list[64];
        memcpy(list, taken, sizeof list);
        CHECK_EQ_STR(run_ties((weft_simulation_options){.decisions = list, .decision_count = taken_count}),
                     first);
        different += strcmp(first, "0 1 2 3 4 5 6 7") != 0;
    }
    CHECK(different > 10);
}

TEST(a_seed_of_zero_is_a_seed) {
    char first[64];
    strcpy(first, run_ties((weft_simulation_options){.seeded = true}));
    CHECK(strcmp(first, "0 1 2 3 4 5 6 7") != 0);
}

/* Ready tasks: who adds to a word in which order. */
struct ready {
    weft_frame frame;
    weft_group group;
};

weft_async(ready) {
    weft_begin(ready);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 0; i < 4; i++)
            weft_group_create_task(&self->group, weft_call(sleeper, .number = i));
    }
    weft_end();
}

TEST(ready_tasks_change_their_order_only_if_asked) {
    static const uint32_t decisions[] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    world.options = (weft_simulation_options){.decisions = decisions, .decision_count = 12};
    RUN(weft_call(ready));
    CHECK_EQ_STR(world.said, "0 1 2 3");
    world.options =
        (weft_simulation_options){.decisions = decisions, .decision_count = 12, .permute_ready = true};
    RUN(weft_call(ready));
    CHECK(strcmp(world.said, "0 1 2 3") != 0);
    CHECK_EQ_INT((long long)strlen(world.said), 7);
}

struct victim {
    weft_frame frame;
    const weft_error *error;
    weft_task *task;
};

weft_async(victim) {
    weft_begin(victim);
    self->task = weft_create_task(weft_call(sleeper, .number = 1, .delay = 1));
    say("id%u", weft_task_id(self->task));
    weft_try {
        weft_await(self->task);
    }
    weft_catch_all(self->error) {
        say("%s at step %llu", name_of(self->error), (unsigned long long)weft_loop_steps(world.loop));
    }
    weft_end();
}

static const char *run_victim(weft_injection first, weft_injection second) {
    weft_injection injections[] = {first, second};
    world.options = (weft_simulation_options){.injections = injections, .injection_count = 2};
    RUN(weft_call(victim));
    return world.said;
}

/* The first step is main's, the second and third are the task's, before and after its sleep. */
TEST(an_injected_cancellation_comes_right_before_its_step) {
    weft_injection none = {99, 2};
    CHECK_EQ_STR(run_victim(none, none), "id2 1");
    CHECK_EQ_STR(run_victim((weft_injection){2, 2}, none), "id2 Cancelled at step 3");
    CHECK_EQ_STR(run_victim(none, (weft_injection){3, 2}), "id2 Cancelled at step 4");
    CHECK_EQ_STR(run_victim((weft_injection){4, 2}, none), "id2 1");
    CHECK_EQ_STR(run_victim((weft_injection){3, 1}, none), "id2 Cancelled at step 4");
}

/* Its first step has two in it that are eager starts: steps 2 and 3. */
struct starts_eagerly {
    weft_frame frame;
    weft_task *task;
};

weft_async(starts_eagerly) {
    weft_begin(starts_eagerly);
    for (int i = 1; i < 3; i++)
        self->task = weft_create_task_of(weft_call(sleeper, .number = i, .delay = i),
                                         &(weft_task_options){.eager = true});
    weft_await(weft_sleep(3));
    say("main");
    weft_end();
}

TEST(a_cancellation_injected_before_an_eager_start_comes_before_the_next_step) {
    weft_injection at_both[] = {{2, 1}, {3, 1}};
    world.options = (weft_simulation_options){.injections = at_both, .injection_count = 2};
    CHECK_EQ_STR(RUN(weft_call(starts_eagerly)), "Cancelled");
    CHECK_EQ_STR(world.said, "1");
}

/* --- Steps --- */

/* A getter that is woken for nothing: the value is gone, and all of its step is to wait again. */
struct gets {
    weft_frame frame;
    weft_queue *queue;
    int64_t value;
};

weft_async(gets) {
    weft_begin(gets);
    weft_await_to(self->value, weft_queue_get(self->queue));
    say("got %d", (int)self->value);
    weft_end();
}

struct takes_back {
    weft_frame frame;
    weft_queue queue;
    weft_task *task;
};

weft_async(takes_back) {
    weft_begin(takes_back);
    weft_queue_init(&self->queue, 0);
    self->task =
        weft_create_task_of(weft_call(gets, .queue = &self->queue), &(weft_task_options){.eager = true});
    weft_queue_put_nowait(&self->queue, 1);
    say("took %d", (int)weft_value_int(weft_queue_get_nowait(&self->queue)));
    weft_await(weft_sleep(1));
    weft_queue_put_nowait(&self->queue, 2);
    weft_await(self->task);
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

static uint64_t resumes;

static void count_resumes(void *unused, const weft_log_record *records, size_t count, uint64_t base) {
    (void)unused;
    (void)base;
    for (size_t i = 0; i < count; i++)
        if (records[i].kind == WEFT_LOG_STRING_DEF)
            i += (records[i].payload + sizeof *records - 1) / sizeof *records;
        else
            resumes += records[i].kind == WEFT_LOG_RESUME;
}

TEST(steps_are_the_resumes_of_the_log) {
    resumes = 0;
    if (!CHECK(world_open()) || !CHECK(weft_log_on(count_resumes, NULL)))
        return;
    world_start(weft_call(takes_back));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    uint64_t steps = weft_loop_steps(world.loop);
    world_close();
    CHECK_EQ_STR(world.said, "took 1 got 2");
    CHECK_EQ_INT((long long)steps, 6);
    CHECK_EQ_INT((long long)resumes, 6);
}

static double cancelled_at;

struct remembers_when {
    weft_frame frame;
    const weft_error *error;
};

weft_async(remembers_when) {
    weft_begin(remembers_when);
    weft_try {
        weft_await(weft_sleep(5));
    }
    weft_catch_all(self->error) {
        cancelled_at = weft_time();
    }
    weft_end();
}

/* No callback has run, no timer fired and the clock has not moved since. */
TEST(a_turn_that_stops_at_a_step_stands_right_behind_it) {
    if (!CHECK(world_open()))
        return;
    weft_task *main = world_start(weft_call(remembers_when));
    CHECK_EQ_INT(weft_simulation_turn(&world.simulation, world.loop, 1), WEFT_TURN_STOPPED);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 1);
    CHECK(world.simulation.clock == 0);
    CHECK_EQ_INT(weft_simulation_turn(&world.simulation, world.loop, 1), WEFT_TURN_STOPPED);
    CHECK(world.simulation.clock == 0);
    weft_task_cancel(main, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK(cancelled_at == 0);
    world_close();
}

struct noted {
    uint32_t task, by;
};

static void note_request(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    struct noted *self = context;
    (void)base;
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind == WEFT_LOG_CANCEL_REQUEST)
            *self = (struct noted){records[i].task, records[i].other};
        if (records[i].kind == WEFT_LOG_STRING_DEF)
            i += (records[i].payload + sizeof *records - 1) / sizeof *records;
    }
}

/* The first of two sleepers has made the step before, and is nowhere near running when it is cancelled. */
TEST(an_injected_cancellation_is_nobodys) {
    weft_injection injection = {.step = 2};
    struct noted noted = {0, 99};
    world.options = (weft_simulation_options){.injections = &injection, .injection_count = 1};
    if (!CHECK(world_open()))
        return;
    CHECK(weft_log_on(note_request, &noted));
    weft_task *first = world_start(weft_call(sleeper, .number = 1, .delay = 1));
    weft_task *second = world_start(weft_call(sleeper, .number = 2, .delay = 2));
    injection.task = weft_task_id(first);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK(weft_task_error(first) == &weft_error_cancelled);
    CHECK(weft_task_error(second) == NULL);
    CHECK_EQ_INT(noted.task, injection.task);
    CHECK_EQ_INT(noted.by, 0);
    world_close();
}

/* --- Deadlocks --- */

struct waits_for_ever {
    weft_frame frame;
    weft_future *future;
};

weft_async(waits_for_ever) {
    weft_begin(waits_for_ever);
    self->future = weft_create_future();
    weft_await(self->future);
    weft_end();
}

TEST(a_deadlock_names_who_waits_for_what) {
    RUN(weft_call(waits_for_ever));
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
    CHECK(strstr(world.outcome, "(task 1) waits for future 2") != NULL);
    CHECK(strstr(world.outcome, "test_simulation.c:") != NULL);
    CHECK(strstr(world.outcome, "waits_for_ever") != NULL);
}

struct takes_both {
    weft_frame frame;
    weft_semaphore *first, *second;
};

weft_async(takes_both) {
    weft_begin(takes_both);
    weft_with(self->first) {
        weft_await(weft_sleep(1));
        weft_with(self->second) {
            say("not reached");
        }
    }
    weft_end();
}

struct philosophers {
    weft_frame frame;
    weft_semaphore left, right;
    weft_group group;
    bool catches;
    const weft_error *error;
};

weft_async(philosophers) {
    weft_begin(philosophers);
    weft_semaphore_init(&self->left, 1);
    weft_semaphore_init(&self->right, 1);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task_named(
                &self->group, weft_call(takes_both, .first = &self->left, .second = &self->right), "one");
            weft_group_create_task_named(
                &self->group, weft_call(takes_both, .first = &self->right, .second = &self->left), "two");
        }
    }
    weft_catch_code(WEFT_DEADLOCK, self->error) {
        say("%s", self->error->message);
        if (!self->catches)
            weft_reraise;
    }
    weft_end();
}

TEST(tasks_that_wait_for_each_other_are_all_named) {
    RUN(weft_call(philosophers));
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
    CHECK(strstr(world.said, "one (task") != NULL);
    CHECK(strstr(world.said, "two (task") != NULL);
    CHECK(strstr(world.said, "waits for semaphore") != NULL);
    CHECK(strstr(world.said, "waits for the tasks of group") != NULL);
}

struct gathers {
    weft_frame frame;
    weft_future *future;
};

weft_async(gathers) {
    weft_begin(gathers);
    self->future = weft_create_future();
    weft_await(weft_gather(self->future, weft_sleep(5)));
    weft_end();
}

TEST(a_gather_or_shield_that_never_ends_is_named) {
    RUN(weft_call(gathers));
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
    CHECK(strstr(world.outcome, "waits for gather") != NULL);
    CHECK_EQ_STR(world.reports, "");
}

/* --- In a program's own tests --- */

static weft_coroutine *make_sleeper(void *number) {
    return weft_call(sleeper, .number = *(int *)number, .delay = 9);
}

struct text {
    weft_frame frame;
};

weft_async(text) {
    weft_begin(text);
    weft_await(weft_sleep(1));
    weft_return(weft_format("made %s", "there"));
    weft_end();
}

static weft_coroutine *make_text(void *unused) {
    (void)unused;
    return weft_call(text);
}

static weft_coroutine *make_deadlock(void *unused) {
    (void)unused;
    return weft_call(waits_for_ever);
}

TEST(a_run_gives_its_outcome_to_keep) {
    weft_value value;
    const weft_error *error;
    int number = 3;
    world.said[0] = '\0';
    CHECK(weft_simulation_run(NULL, NULL, make_sleeper, &number, NULL, NULL));
    CHECK_EQ_STR(world.said, "3");
    CHECK(weft_simulation_run(NULL, NULL, make_text, NULL, &value, &error));
    CHECK_EQ_STR(weft_value_string(value), "made there");
    CHECK(error == NULL);
    weft_value_free(&value);
    CHECK(!weft_simulation_run(NULL, NULL, make_deadlock, NULL, &value, &error));
    CHECK(error != NULL && error->code == WEFT_DEADLOCK);
    weft_error_release(error);
    CHECK(!weft_simulation_run(NULL, NULL, make_deadlock, NULL, NULL, NULL));
}

TEST(its_random_numbers_are_those_of_its_seed) {
    weft_simulation one, two;
    weft_simulation_init(&one, &(weft_simulation_options){.seed = 1});
    weft_simulation_init(&two, &(weft_simulation_options){.seed = 1});
    for (int i = 0; i < 10; i++)
        CHECK(weft_simulation_random(&one) == weft_simulation_random(&two));
    weft_simulation_init(&two, &(weft_simulation_options){.seed = 2});
    CHECK(weft_simulation_random(&one) != weft_simulation_random(&two));
}

TEST_MAIN(TEST_CASE(hours_take_no_time), TEST_CASE(without_choices_ties_keep_their_order),
          TEST_CASE(decisions_choose_among_ties),
          TEST_CASE(a_seed_chooses_the_same_again_and_its_log_replays_it),
          TEST_CASE(a_seed_of_zero_is_a_seed), TEST_CASE(ready_tasks_change_their_order_only_if_asked),
          TEST_CASE(an_injected_cancellation_comes_right_before_its_step),
          TEST_CASE(an_injected_cancellation_is_nobodys),
          TEST_CASE(a_cancellation_injected_before_an_eager_start_comes_before_the_next_step),
          TEST_CASE(steps_are_the_resumes_of_the_log),
          TEST_CASE(a_turn_that_stops_at_a_step_stands_right_behind_it),
          TEST_CASE(a_deadlock_names_who_waits_for_what),
          TEST_CASE(tasks_that_wait_for_each_other_are_all_named),
          TEST_CASE(a_gather_or_shield_that_never_ends_is_named), TEST_CASE(a_run_gives_its_outcome_to_keep),
          TEST_CASE(its_random_numbers_are_those_of_its_seed))
