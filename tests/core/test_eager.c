/* Eager starts: a new task runs inside the call that creates it, and its creator goes on as if nothing had.
 */

#include "world.h"

#define EAGER(...) weft_create_eager_task(weft_call(__VA_ARGS__))

struct child {
    weft_frame frame;
    const char *name;
    double delay; /* 0: none */
    bool fails;
};

weft_async(child) {
    weft_begin(child);
    say("%s+", self->name);
    if (self->delay > 0)
        weft_await(weft_sleep(self->delay));
    say("%s-", self->name);
    if (self->fails)
        weft_raise(WEFT_USER, "%s", self->name);
    weft_return(self->name);
    weft_drop();
    say("%s.", self->name);
    weft_end();
}

/* --- Start and end --- */

struct creates {
    weft_frame frame;
    weft_task *task;
    const char *value;
    const weft_error *error;
};

weft_async(creates) {
    weft_begin(creates);
    say("main");
    self->task = EAGER(child, .name = "a", .delay = 1);
    say("%s", weft_task_done(self->task) ? "done" : "pending");
    weft_await_to(self->value, self->task);
    say("%s", self->value);
    weft_end();
}

TEST(it_runs_to_its_first_wait_at_once) {
    RUN(weft_call(creates));
    CHECK_EQ_STR(world.said, "main a+ pending a- a. a");
    CHECK_EQ_STR(world.reports, "");
}

struct awaits_done {
    weft_frame frame;
    weft_task *task;
    const char *value;
};

weft_async(awaits_done) {
    weft_begin(awaits_done);
    weft_create_task(weft_call(child, .name = "other"));
    self->task = EAGER(child, .name = "a");
    say("%s %d", weft_task_done(self->task) ? "done" : "pending", weft_cancel(self->task));
    weft_await_to(self->value, self->task);
    say("%s", self->value); /* no tick has passed: the other one has not begun */
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(one_that_does_not_wait_is_done_when_the_call_returns) {
    RUN(weft_call(awaits_done));
    CHECK_EQ_STR(world.said, "a+ a- a. done 0 a other+ other- other.");
}

struct fails_early {
    weft_frame frame;
    weft_task *task;
    const weft_error *error;
};

weft_async(fails_early) {
    weft_begin(fails_early);
    self->task = EAGER(child, .name = "a", .fails = true);
    say("main");
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    EAGER(child, .name = "b", .fails = true);
    weft_end();
}

TEST(an_error_waits_for_who_awaits_it) {
    RUN(weft_call(fails_early));
    CHECK_EQ_STR(world.said, "a+ a- a. main a b+ b- b.");
    CHECK(strstr(world.reports, "its error was never retrieved: Error 1000: b") != NULL);
}

/* --- Who runs --- */

static void say_all_tasks(void) {
    weft_task *all[4];
    size_t count = weft_all_tasks(all, 4);
    say("%d", (int)count);
    for (size_t i = 0; i < count; i++)
        say("%s", weft_task_name(all[i]));
}

struct looks_around {
    weft_frame frame;
    weft_task *creator;
};

weft_async(looks_around) {
    weft_begin(looks_around);
    say("%d", weft_current_task() != self->creator);
    say_all_tasks();
    weft_end();
}

struct is_current {
    weft_frame frame;
    weft_task *own;
};

weft_async(is_current) {
    weft_begin(is_current);
    self->own = weft_current_task();
    EAGER(looks_around, .creator = self->own);
    say("%d", weft_current_task() == self->own);
    weft_create_eager_task(weft_sleep(0));
    say("%d", weft_current_task() == self->own);
    weft_end();
}

TEST(it_is_the_current_task_and_then_its_creator_is_again) {
    RUN(weft_call(is_current));
    CHECK_EQ_STR(world.said, "1 2 Task-1 Task-2 1 1");
}

struct gathers_who_look_around {
    weft_frame frame;
    weft_task *own;
};

weft_async(gathers_who_look_around) {
    weft_begin(gathers_who_look_around);
    weft_loop_set_eager(weft_loop_current(), true);
    self->own = weft_current_task();
    weft_await(weft_gather(weft_call(looks_around, .creator = self->own),
                           weft_call(looks_around, .creator = self->own)));
    weft_end();
}

TEST(the_later_ones_of_a_gather_are_not_there_yet) {
    RUN(weft_call(gathers_who_look_around));
    CHECK_EQ_STR(world.said, "1 2 Task-1 Task-3 1 2 Task-1 Task-4");
}

struct creates_future {
    weft_frame frame;
    weft_future **out;
};

weft_async(creates_future) {
    weft_begin(creates_future);
    *self->out = weft_create_future();
    weft_future_add_done_callback(*self->out, NULL, NULL);
    weft_release(weft_retain(*self->out));
    say("%s", weft_future_done(*self->out) ? "done" : "pending");
    weft_end();
}

struct keeps_own {
    weft_frame frame;
    weft_future *own, *of_child;
    weft_task *task;
};

weft_async(keeps_own) {
    weft_begin(keeps_own);
    self->own = weft_create_future();
    self->task = EAGER(creates_future, .out = &self->of_child);
    weft_future_set_value(self->own, weft_none());
    weft_await(self->own);
    weft_release(self->task);
    weft_release(self->own);
    say("end");
    weft_end();
}

TEST(what_it_creates_is_held_for_it_and_not_for_its_creator) {
    RUN(weft_call(keeps_own));
    CHECK_EQ_STR(world.said, "pending end");
    CHECK_EQ_STR(world.reports, "");
}

/* --- Within each other --- */

struct nests {
    weft_frame frame;
    int level;
    weft_task *task;
};

weft_async(nests) {
    weft_begin(nests);
    say("%d", self->level);
    if (self->level < 36)
        self->task = EAGER(nests, .level = self->level + 1);
    say("%s%d", self->task != NULL && !weft_task_done(self->task) ? "later" : "", self->level);
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(their_depth_has_a_limit_beyond_which_they_start_as_others_do) {
    RUN(weft_call(nests, .level = 0));
    CHECK(strncmp(world.said, "0 1 2 3 ", 8) == 0);
    CHECK(strstr(world.said, " 31 32 later32 later31 ") != NULL);
    CHECK(strstr(world.said, " later0 33 34 35 36 36 later35 later34 later33") != NULL);
}

struct cancels {
    weft_frame frame;
    weft_task *task;
};

weft_async(cancels) {
    weft_begin(cancels);
    weft_cancel(self->task);
    say("asked");
    weft_end();
}

struct is_cancelled_by_child {
    weft_frame frame;
    const weft_error *error;
};

weft_async(is_cancelled_by_child) {
    weft_begin(is_cancelled_by_child);
    EAGER(cancels, .task = weft_current_task());
    say("on");
    weft_try {
        weft_await(weft_sleep(100));
    }
    weft_catch_all(self->error) {
        say("%s at %g", name_of(self->error), weft_time());
    }
    weft_end();
}

TEST(one_that_cancels_its_creator_does_so_at_its_next_wait) {
    RUN(weft_call(is_cancelled_by_child));
    CHECK_EQ_STR(world.said, "asked on Cancelled at 0");
}

struct cancels_itself {
    weft_frame frame;
    const weft_error *error;
};

weft_async(cancels_itself) {
    weft_begin(cancels_itself);
    weft_cancel(weft_current_task());
    weft_try {
        weft_await(weft_sleep(100));
    }
    weft_catch_all(self->error) {
        say("%s at %g", name_of(self->error), weft_time());
        weft_reraise;
    }
    weft_end();
}

struct has_self_canceller {
    weft_frame frame;
    weft_task *task;
    const weft_error *error;
};

weft_async(has_self_canceller) {
    weft_begin(has_self_canceller);
    self->task = EAGER(cancels_itself);
    say("main");
    weft_await(weft_sleep(1));
    say("%d", weft_task_cancelled(self->task));
    weft_end();
}

TEST(one_that_cancels_itself_does_not_cancel_its_creator) {
    RUN(weft_call(has_self_canceller));
    CHECK_EQ_STR(world.said, "main Cancelled at 0 1");
}

/* --- In the middle of things --- */

struct in_blocks {
    weft_frame frame;
    const weft_error *error;
    int item;
};

weft_async(in_blocks) {
    weft_begin(in_blocks);
    weft_try {
        weft_try {
            weft_raise(WEFT_USER + 1, "outer");
        }
        weft_catch(self->error) {
            EAGER(child, .name = "c", .fails = true);
            say("%s", self->error->message);
            weft_reraise;
        }
        weft_finally {
            EAGER(child, .name = "f", .delay = 1);
        }
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(an_error_on_its_way_stays_its_creators) {
    RUN(weft_call(in_blocks));
    CHECK_EQ_STR(world.said, "c+ c- c. outer f+ outer f- f.");
}

struct generates {
    weft_frame frame;
    int i;
};

weft_async(generates) {
    weft_begin(generates);
    for (self->i = 0; self->i < 2; self->i++) {
        EAGER(child, .name = self->i == 0 ? "x" : "y");
        weft_yield(self->i);
    }
    weft_end();
}

struct iterates {
    weft_frame frame;
    int item;
};

weft_async(iterates) {
    weft_begin(iterates);
    weft_for_await (self->item, weft_call(generates)) {
        EAGER(child, .name = "i");
        say("%d", self->item);
    }
    weft_end();
}

TEST(a_generator_can_start_one) {
    RUN(weft_call(iterates));
    CHECK_EQ_STR(world.said, "x+ x- x. i+ i- i. 0 y+ y- y. i+ i- i. 1");
}

struct has_deadline {
    weft_frame frame;
};

weft_async(has_deadline) {
    weft_begin(has_deadline);
    weft_with(weft_timeout(1)) {
        weft_await(weft_sleep(100));
    }
    weft_end();
}

struct times_out {
    weft_frame frame;
    weft_task *task;
    const weft_error *error;
};

weft_async(times_out) {
    weft_begin(times_out);
    weft_try {
        weft_with(weft_timeout(2)) {
            self->task = EAGER(has_deadline);
            weft_await(weft_sleep(100));
        }
    }
    weft_catch(self->error) {
        say("%s at %g, %s", name_of(self->error), weft_time(),
            self->task == NULL ? "none" : name_of(weft_task_error(self->task)));
    }
    weft_end();
}

TEST(its_timeouts_are_its_own) {
    RUN(weft_call(times_out));
    CHECK_EQ_STR(world.said, "TimedOut at 2, TimedOut");
}

struct drops {
    weft_frame frame;
};

weft_async(drops) {
    weft_begin(drops);
    weft_await(weft_sleep(0));
    weft_drop();
    EAGER(child, .name = "d");
    EAGER(child, .name = "w", .delay = 1);
    weft_end();
}

struct waits_for_drop {
    weft_frame frame;
};

weft_async(waits_for_drop) {
    weft_begin(waits_for_drop);
    weft_await(weft_call(drops));
    say("main");
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(what_stands_after_weft_drop_can_start_one) {
    RUN(weft_call(waits_for_drop));
    CHECK_EQ_STR(world.said, "d+ d- d. w+ main w- w.");
}

static void start_one(void *argument) {
    weft_release(EAGER(child, .name = argument));
    CHECK(weft_current_task() == NULL);
    say("back");
}

struct calls_back {
    weft_frame frame;
};

weft_async(calls_back) {
    weft_begin(calls_back);
    weft_call_soon(start_one, "soon");
    weft_call_later(1, start_one, "later");
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(a_callback_can_start_one) {
    RUN(weft_call(calls_back));
    CHECK_EQ_STR(world.said, "soon+ soon- soon. back later+ later- later. back");
}

TEST(outside_of_the_loop_one_starts_as_others_do) {
    if (!CHECK(world_open()))
        return;
    weft_task *task = EAGER(child, .name = "a");
    CHECK(!weft_task_done(task));
    CHECK_EQ_STR(world.said, "");
    world_start(weft_call(calls_back));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK(weft_task_done(task));
    world_close();
}

/* --- Groups --- */

struct adds_child {
    weft_frame frame;
    weft_group *group;
    weft_task *sibling;
};

weft_async(adds_child) {
    weft_begin(adds_child);
    self->sibling =
        weft_group_create_task_with(self->group, weft_call(child, .name = "s", .fails = true), .eager = true);
    weft_raise(WEFT_USER + 1, "adder");
    weft_end();
}

struct groups {
    weft_frame frame;
    weft_group group;
    weft_task *task;
    const weft_error *error;
};

weft_async(groups) {
    weft_begin(groups);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task_with(&self->group, weft_call(child, .name = "a"), .eager = true);
            weft_group_create_task_with(&self->group, weft_call(adds_child, .group = &self->group),
                                        .eager = true);
            say("body"); /* errors come with the next tick */
            weft_await(weft_sleep(5));
        }
    }
    weft_catch_code(WEFT_GROUP, self->error) {
        say("%d", (int)self->error->child_count);
        for (size_t i = 0; i < self->error->child_count; i++)
            say("%s", self->error->children[i]->message);
        say("at %g", weft_time());
    }
    weft_end();
}

TEST(a_group_learns_of_errors_of_the_start_a_tick_later) {
    RUN(weft_call(groups));
    CHECK_EQ_STR(world.said, "a+ a- a. s+ s- s. body 2 s adder at 0");
    CHECK_EQ_STR(world.reports, "");
}

struct cancels_group {
    weft_frame frame;
    weft_group *group;
};

weft_async(cancels_group) {
    weft_begin(cancels_group);
    weft_group_cancel(self->group);
    weft_await(weft_sleep(1));
    say("not cancelled");
    weft_end();
}

struct is_cancelled_in_group {
    weft_frame frame;
    weft_group group;
};

weft_async(is_cancelled_in_group) {
    weft_begin(is_cancelled_in_group);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task_with(&self->group, weft_call(cancels_group, .group = &self->group),
                                    .eager = true);
        weft_await(weft_sleep(5));
    }
    say("at %g", weft_time());
    weft_end();
}

TEST(one_that_cancels_its_group_is_no_child_yet) {
    RUN(weft_call(is_cancelled_in_group));
    CHECK_EQ_STR(world.said, "not cancelled at 1");
}

/* --- A loop whose tasks all start so --- */

struct sets_future {
    weft_frame frame;
    weft_future *future;
};

weft_async(sets_future) {
    weft_begin(sets_future);
    weft_future_set_value(self->future, weft_value_of("set"));
    weft_return("setter");
    weft_end();
}

struct gathers_eagerly {
    weft_frame frame;
    weft_future *future;
    weft_values *values;
    weft_task *task;
};

weft_async(gathers_eagerly) {
    weft_begin(gathers_eagerly);
    weft_create_task(weft_call(child, .name = "other", .delay = 1));
    weft_loop_set_eager(world.loop, true);
    weft_await_to(self->values, weft_gather(weft_call(child, .name = "a"), weft_call(child, .name = "b")));
    say("%s %s", weft_value_string(self->values->items[0]), weft_value_string(self->values->items[1]));
    self->future = weft_create_future();
    weft_await_to(self->values,
                  weft_gather(self->future, weft_call(sets_future, .future = self->future), self->future));
    say("%s %s %s", weft_value_string(self->values->items[0]), weft_value_string(self->values->items[1]),
        weft_value_string(self->values->items[2]));
    self->task = weft_create_task(weft_call(child, .name = "t"));
    CHECK(weft_task_done(self->task));
    CHECK(weft_shield(self->task) == weft_task_future(self->task));
    weft_await(weft_wait_for(weft_call(child, .name = "w"), 1));
    weft_loop_set_eager(world.loop, false);
    weft_create_task(weft_call(child, .name = "last"));
    say("end");
    weft_end();
}

TEST(a_loop_can_start_every_task_so) {
    RUN(weft_call(gathers_eagerly));
    CHECK_EQ_STR(
        world.said,
        "a+ a- a. b+ b- b. a b other+ set setter set t+ t- t. w+ w- w. end last+ last- last. other.");
    CHECK_EQ_STR(world.reports, "");
}

/* --- Context variables --- */

static const weft_context_variable user = WEFT_CONTEXT_VARIABLE_STRING("user", "nobody");

struct sets_user {
    weft_frame frame;
    const char *name;
};

weft_async(sets_user) {
    weft_begin(sets_user);
    say("%s", weft_value_string(weft_context_get(&user)));
    weft_context_set(&user, self->name);
    weft_end();
}

static void start_in(void *argument) {
    EAGER(sets_user, .name = argument);
    say("%s", weft_value_string(weft_context_get(&user)));
}

struct has_user {
    weft_frame frame;
    weft_context *context;
};

weft_async(has_user) {
    weft_begin(has_user);
    weft_context_set(&user, "ada");
    self->context = weft_context_copy();
    EAGER(sets_user, .name = "bob");
    say("%s", weft_value_string(weft_context_get(&user)));
    weft_create_task_with(weft_call(sets_user, .name = "cid"), .eager = true, .context = self->context);
    weft_context_run(self->context, start_in, "dan");
    say("%s", weft_value_string(weft_context_get(&user)));
    weft_drop();
    weft_context_release(self->context);
    weft_end();
}

TEST(its_variables_are_its_own) {
    RUN(weft_call(has_user));
    CHECK_EQ_STR(world.said, "ada ada ada cid cid ada");
}

/* --- What is written down of it --- */

TEST(debug_mode_runs_them_as_well) {
    world.debug = true;
    RUN(weft_call(creates));
    CHECK_EQ_STR(world.said, "main a+ pending a- a. a");
    world.debug = true;
    RUN(weft_call(nests, .level = 0));
    CHECK_EQ_STR(world.reports, "");
}

static void note(void *context, const weft_log_record *records, size_t count, uint64_t base) {
    (void)context;
    (void)base;
    for (size_t i = 0; i < count; i++) {
        if (records[i].kind == WEFT_LOG_STRING_DEF)
            i += (records[i].payload + sizeof *records - 1) / sizeof *records;
        else if (records[i].kind == WEFT_LOG_CREATED)
            say("created%u%s", records[i].task, records[i].subkind == 1 ? "!" : "");
        else if (records[i].kind == WEFT_LOG_RESUME)
            say("resume%u", records[i].task);
        else if (records[i].kind == WEFT_LOG_SUSPEND)
            say("suspend%u", records[i].task);
    }
}

struct quiet {
    weft_frame frame;
};

weft_async(quiet) {
    weft_begin(quiet);
    weft_await(weft_sleep(0));
    weft_end();
}

struct starts_quietly {
    weft_frame frame;
};

weft_async(starts_quietly) {
    weft_begin(starts_quietly);
    EAGER(quiet);
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(the_log_has_its_step_inside_that_of_its_creator) {
    if (!CHECK(world_open()))
        return;
    weft_log_on(note, NULL);
    world_start(weft_call(starts_quietly));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 4);
    world_close();
    CHECK_EQ_STR(world.said, "created1 resume1 created3! resume3 suspend3 suspend1 "
                             "resume3 suspend3 resume1 suspend1");
}

TEST(a_turn_that_stops_at_a_step_stops_behind_its_creators) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(starts_quietly));
    CHECK_EQ_INT(weft_simulation_turn(&world.simulation, world.loop, 1), WEFT_TURN_STOPPED);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 2);
    CHECK_EQ_INT(weft_simulation_turn(&world.simulation, world.loop, 3), WEFT_TURN_STOPPED);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 3);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
}

/* --- Memory --- */

struct uses_all {
    weft_frame frame;
    weft_group group;
    weft_task *task;
    const weft_error *error;
};

weft_async(uses_all) {
    weft_begin(uses_all);
    weft_try {
        self->task = EAGER(child, .name = "a", .delay = 1);
        weft_context_set(&user, "ada");
        weft_loop_set_eager(world.loop, true);
        weft_await(weft_gather(weft_call(child, .name = "b"), weft_call(child, .name = "c", .delay = 1)));
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group, weft_call(adds_child, .group = &self->group));
        }
    }
    weft_catch(self->error) {}
    weft_end();
}

/* Small objects come from pools, which hide when memory is needed: here each is asked for. */
static bool run_short_of_memory(int level, size_t fail, bool onwards) {
    if (!CHECK(world_open()))
        return false;
    for (int i = 0; i < level; i++) {
        weft_create_task(weft_call(child, .name = "filler"));
        weft_create_future();
    }
    world.fail_at = world.allocations + fail;
    world.fail_onwards = onwards;
    weft_task *main = world_start(weft_call(uses_all));
    CHECK_EQ_INT(weft_task_done(main) ? WEFT_TURN_DONE : world_turn(), WEFT_TURN_DONE);
    bool failed = world.out_of_memory;
    world_close();
    CHECK(strstr(world.reports, "retained") == NULL);
    return failed;
}

TEST(without_memory_nothing_is_lost) {
    sweep_allow(SWEEP_DESTROYED); /* the fillers, where there is no main task to turn the loop for */
    for (int level = 0; level < 40; level++)
        for (int onwards = 0; onwards < 2; onwards++)
            for (size_t fail = 1; run_short_of_memory(level, fail, onwards != 0); fail++) {
            }
}

struct passes {
    weft_frame frame;
    char room[100]; /* whose memory the others do not take at once */
};

weft_async(passes) {
    weft_begin(passes);
    weft_await(weft_sleep(1));
    weft_end();
}

static char tree[1000];

struct prints_tree {
    weft_frame frame;
};

weft_async(prints_tree) {
    weft_begin(prints_tree);
    weft_format_task_tree(tree, sizeof tree);
    weft_end();
}

/* Its step began in a coroutine that is gone when the other looks. */
struct is_looked_at {
    weft_frame frame;
};

weft_async(is_looked_at) {
    weft_begin(is_looked_at);
    weft_await(weft_call(passes));
    weft_create_eager_task(weft_call(prints_tree));
    weft_end();
}

TEST(where_the_outer_task_stands_can_be_seen_meanwhile) {
    RUN(weft_call(is_looked_at));
    CHECK(strstr(tree, "in is_looked_at") != NULL);
    CHECK(strstr(tree, "in passes") == NULL);
}

TEST_MAIN(TEST_CASE(it_runs_to_its_first_wait_at_once),
          TEST_CASE(one_that_does_not_wait_is_done_when_the_call_returns),
          TEST_CASE(an_error_waits_for_who_awaits_it),
          TEST_CASE(it_is_the_current_task_and_then_its_creator_is_again),
          TEST_CASE(the_later_ones_of_a_gather_are_not_there_yet),
          TEST_CASE(what_it_creates_is_held_for_it_and_not_for_its_creator),
          TEST_CASE(their_depth_has_a_limit_beyond_which_they_start_as_others_do),
          TEST_CASE(one_that_cancels_its_creator_does_so_at_its_next_wait),
          TEST_CASE(one_that_cancels_itself_does_not_cancel_its_creator),
          TEST_CASE(an_error_on_its_way_stays_its_creators), TEST_CASE(a_generator_can_start_one),
          TEST_CASE(its_timeouts_are_its_own), TEST_CASE(what_stands_after_weft_drop_can_start_one),
          TEST_CASE(a_callback_can_start_one), TEST_CASE(outside_of_the_loop_one_starts_as_others_do),
          TEST_CASE(a_group_learns_of_errors_of_the_start_a_tick_later),
          TEST_CASE(one_that_cancels_its_group_is_no_child_yet), TEST_CASE(a_loop_can_start_every_task_so),
          TEST_CASE(its_variables_are_its_own), TEST_CASE(debug_mode_runs_them_as_well),
          TEST_CASE(the_log_has_its_step_inside_that_of_its_creator),
          TEST_CASE(a_turn_that_stops_at_a_step_stops_behind_its_creators),
          TEST_CASE(without_memory_nothing_is_lost),
          TEST_CASE(where_the_outer_task_stands_can_be_seen_meanwhile))
