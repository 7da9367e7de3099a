/* Wait by itself: what it gives, what it refuses, what it leaves behind. Orders of ticks: tests/differential.
 */

#include "world.h"

#include <math.h>

enum { MY_ERROR = WEFT_USER + 1 };

struct works {
    weft_frame frame;
    double seconds;
    char how; /* e: raises; c: cancels itself */
};

weft_async(works) {
    weft_begin(works);
    if (self->seconds >= 0)
        weft_await(weft_sleep(self->seconds));
    if (self->how == 'e')
        weft_raise(MY_ERROR, "failed after %g", self->seconds);
    if (self->how == 'c') {
        weft_task_cancel(weft_current_task(), NULL);
        weft_await(weft_sleep(0));
    }
    weft_return(self->seconds);
    weft_end();
}

/* Waits for tasks that last as long as a plan says, in quarters of a second, `-` not even a tick, with `e` or
 * `c` behind those that fail; then says how many are done, the names in the array's order, and the time. */
struct waits {
    weft_frame frame;
    const char *plan;
    weft_wait_until until;
    double seconds;
    weft_task *tasks[16], *ordered[16];
    int count, done;
    double start;
};

static weft_task *first_task;

static void make_tasks(struct waits *self) {
    for (const char *at = self->plan; *at != '\0'; at++) {
        double seconds = *at == '-' ? -1 : (*at - '0') / 4.0;
        char how = at[1] == 'e' || at[1] == 'c' ? *++at : 'v';
        self->tasks[self->count] = weft_create_task(weft_call(works, .seconds = seconds, .how = how));
        self->ordered[self->count] = self->tasks[self->count];
        self->count++;
    }
    first_task = self->tasks[0];
}

static void say_order(struct waits *self) {
    char names[17] = "";
    for (int i = 0; i < self->count; i++)
        for (int k = 0; k < self->count; k++)
            if (self->ordered[i] == self->tasks[k])
                names[i] = (char)('a' + k);
    say("%d %s %g", self->done, names, weft_time() - self->start);
}

weft_async(waits) {
    weft_begin(waits);
    make_tasks(self);
    self->start = weft_time();
    if (*self->plan == '-')
        weft_await(weft_sleep(0));
    weft_await_to(self->done, weft_wait(self->ordered, (size_t)self->count, self->until, self->seconds));
    say_order(self);
    for (int i = 0; i < self->count; i++)
        if (weft_task_done(self->tasks[i]))
            weft_task_error(self->tasks[i]);
    weft_end();
}

static const char *waited(const char *plan, weft_wait_until until, double seconds) {
    RUN(weft_call(waits, .plan = plan, .until = until, .seconds = seconds));
    CHECK_EQ_INT(world.code, WEFT_OK);
    CHECK_EQ_STR(world.reports, "");
    return world.said;
}

TEST(it_waits_for_all) {
    CHECK_EQ_STR(waited("312", WEFT_ALL_COMPLETED, INFINITY), "3 abc 0.75");
    CHECK_EQ_STR(waited("3e1c2", WEFT_ALL_COMPLETED, INFINITY), "3 abc 0.75");
    CHECK_EQ_STR(waited("---", WEFT_ALL_COMPLETED, INFINITY), "3 abc 0");
}

TEST(it_waits_for_the_first) {
    CHECK_EQ_STR(waited("4213", WEFT_FIRST_COMPLETED, INFINITY), "1 cabd 0.25");
    CHECK_EQ_STR(waited("421e1c3", WEFT_FIRST_COMPLETED, INFINITY), "2 cdabe 0.25");
    CHECK_EQ_STR(waited("42113", WEFT_FIRST_COMPLETED, INFINITY), "2 cdabe 0.25");
    CHECK_EQ_STR(waited("-213", WEFT_FIRST_COMPLETED, INFINITY), "1 abcd 0");
}

TEST(it_waits_for_the_first_error) {
    CHECK_EQ_STR(waited("4213", WEFT_FIRST_ERROR, INFINITY), "4 abcd 1");
    CHECK_EQ_STR(waited("421c3e", WEFT_FIRST_ERROR, INFINITY), "3 bcda 0.75");
    CHECK_EQ_STR(waited("4e21e3", WEFT_FIRST_ERROR, INFINITY), "1 cabd 0.25");
}

TEST(a_timeout_ends_it_and_nothing_else) {
    CHECK_EQ_STR(waited("4213", WEFT_ALL_COMPLETED, 0.6), "2 bcad 0.6");
    CHECK_EQ_STR(waited("4213", WEFT_FIRST_COMPLETED, 0.1), "0 abcd 0.1");
    CHECK_EQ_STR(waited("43", WEFT_ALL_COMPLETED, 0), "0 ab 0");
    CHECK_EQ_STR(waited("43", WEFT_ALL_COMPLETED, -5), "0 ab 0");
    CHECK_EQ_STR(waited("43", WEFT_ALL_COMPLETED, -INFINITY), "0 ab 0");
    CHECK_EQ_STR(waited("-43", WEFT_ALL_COMPLETED, 0), "1 abc 0");
    CHECK_EQ_STR(waited("43", WEFT_ALL_COMPLETED, 1e9), "2 ab 1");
}

/* --- What is in the array --- */

struct futures {
    weft_frame frame;
    weft_future *array[6];
    int done;
};

weft_async(futures) {
    weft_begin(futures);
    self->array[0] = weft_create_future();
    self->array[1] = weft_gather(weft_sleep(0.5), weft_sleep(1));
    self->array[2] = self->array[0];
    self->array[3] = weft_task_future(weft_create_task(weft_sleep(0.25)));
    self->array[4] = self->array[1];
    self->array[5] = self->array[3];
    weft_await_to(self->done, weft_wait(self->array, 6, WEFT_FIRST_COMPLETED, INFINITY));
    say("%d %d %d", self->done, self->array[0] == self->array[1], weft_future_done(self->array[0]));
    weft_future_set_value(self->array[2], weft_none());
    weft_await_to(self->done, weft_wait(self->array, 6, WEFT_ALL_COMPLETED, 0.1));
    say("%d %d", self->done, weft_future_done(self->array[3]) && !weft_future_done(self->array[4]));
    weft_await_to(self->done, weft_wait(self->array + 0, 6, WEFT_ALL_COMPLETED, INFINITY));
    say("%d %g", self->done, weft_time());
    weft_end();
}

TEST(one_that_is_there_twice_is_waited_for_once_and_stays_twice) {
    RUN(weft_call(futures));
    CHECK_EQ_INT(world.code, WEFT_OK);
    CHECK_EQ_STR(world.said, "2 1 1 4 1 6 1");
}

struct refusals {
    weft_frame frame;
    weft_task *task, *none;
    weft_future *foreign;
    const weft_error *error;
};

weft_async(refusals) {
    weft_begin(refusals);
    self->task = weft_create_task(weft_sleep(1));
    weft_try {
        weft_await(weft_wait(&self->task, 0, WEFT_ALL_COMPLETED, INFINITY));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_wait((weft_task **)NULL, 1, WEFT_ALL_COMPLETED, INFINITY));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_wait(&self->none, 1, WEFT_ALL_COMPLETED, INFINITY));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_wait(&self->task, 1, (weft_wait_until)7, INFINITY));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_wait(&self->task, 1, WEFT_ALL_COMPLETED, (double)NAN));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_wait(&self->foreign, 1, WEFT_ALL_COMPLETED, 1));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_end();
}

TEST(what_cannot_be_waited_for_is_refused) {
    /* Another loop's future: a copy that says so. */
    static unsigned char bytes[512];
    if (!world_open())
        return;
    weft_future *foreign = (weft_future *)(void *)bytes;
    bytes[sizeof(void *) + 3] = 255;
    world_finish(weft_call(refusals, .foreign = foreign));
    CHECK_EQ_STR(world.said, "InvalidArgument InvalidArgument TypeMismatch InvalidArgument InvalidArgument "
                             "RuntimeError");
}

/* --- What it leaves alone, and what it leaves behind --- */

struct forgets {
    weft_frame frame;
    weft_task *task;
    int done;
};

weft_async(forgets) {
    weft_begin(forgets);
    self->task = weft_create_task(weft_call(works, .how = 'e'));
    weft_await_to(self->done, weft_wait(&self->task, 1, WEFT_FIRST_ERROR, INFINITY));
    weft_end();
}

TEST(an_error_is_still_the_callers_to_look_at) {
    RUN(weft_call(forgets));
    CHECK(strstr(world.reports, "never retrieved") != NULL);
}

struct again {
    weft_frame frame;
    weft_future *never;
    int i, done;
};

weft_async(again) {
    weft_begin(again);
    self->never = weft_create_future();
    for (self->i = 0; self->i < 1000; self->i++) {
        weft_await_to(self->done, weft_wait(&self->never, 1, WEFT_ALL_COMPLETED, 0.001));
        if (self->i == 100)
            say("%zu", weft_loop_memory(world.loop));
    }
    say("%zu", weft_loop_memory(world.loop));
    weft_end();
}

TEST(nothing_stays_on_those_that_are_not_done) {
    size_t before = 0, after = 1;
    RUN(weft_call(again));
    sscanf(world.said, "%zu %zu", &before, &after);
#if defined(WEFT_POOLS) && !WEFT_POOLS /* no memory is used again */
    CHECK(before < after);
#else
    CHECK_EQ_INT((long long)before, (long long)after);
#endif
}

struct cancelled {
    weft_frame frame;
    weft_future *futures[3];
    weft_task *waiter;
    int done;
    const weft_error *error;
    double seconds;
};

struct waiter {
    weft_frame frame;
    struct cancelled *of;
    int done;
};

weft_async(waiter) {
    weft_begin(waiter);
    weft_await_to(self->done, weft_wait(self->of->futures, 3, WEFT_ALL_COMPLETED, self->of->seconds));
    say("%d", self->done);
    weft_end();
}

weft_async(cancelled) {
    weft_begin(cancelled);
    for (int i = 0; i < 3; i++)
        self->futures[i] = weft_create_future();
    self->waiter = weft_create_task(weft_call(waiter, .of = self));
    weft_await(weft_sleep(0));
    weft_future_set_value(self->futures[1], weft_none());
    weft_task_cancel(self->waiter, "enough");
    weft_try {
        weft_await(self->waiter);
    }
    weft_catch_all(self->error) {
        say("%s: %s", name_of(self->error), self->error->message);
    }
    for (int i = 0; i < 3; i++)
        say("%d", weft_future_done(self->futures[i]));
    weft_await(weft_sleep(5));
    weft_future_set_value(self->futures[0], weft_none());
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(cancelling_it_cancels_nothing_else) {
    RUN(weft_call(cancelled, .seconds = 2));
    CHECK_EQ_STR(world.said, "Cancelled: enough 0 1 0");
    RUN(weft_call(cancelled, .seconds = INFINITY));
    CHECK_EQ_STR(world.said, "Cancelled: enough 0 1 0");
}

/* --- In the call graph --- */

static char graph[4096];
static size_t waiting_for_first;

static void look(void *unused) {
    weft_task *by[4];
    (void)unused;
    weft_format_task_tree(graph, sizeof graph);
    waiting_for_first = first_task == NULL ? 0 : weft_awaited_by(first_task, by, 4);
}

/* The tree without the places. */
static const char *tree_while(weft_coroutine *coroutine) {
    static char names[512];
    first_task = NULL;
    world_start(coroutine);
    weft_call_later(0.1, look, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    names[0] = '\0';
    for (char *line = strtok(graph, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strstr(line, " at ") == NULL)
            world_add(names, sizeof names, "\n", line);
    world_close();
    return names;
}

TEST(the_call_graph_shows_what_is_waited_for) {
    if (!world_open())
        return;
    CHECK_EQ_STR(tree_while(weft_call(waits, .plan = "421", .seconds = 0.2)),
                 "Task-1 (task 1) waits for future 6\n"
                 "├── Task-3 (task 3) waits for a timer, 0.900 s left\n"
                 "├── Task-4 (task 4) waits for a timer, 0.400 s left\n"
                 "└── Task-5 (task 5) waits for a timer, 0.150 s left");
    CHECK_EQ_INT((long long)waiting_for_first, 1);
}

/* --- Memory --- */

/* A loop that is closed at any step of a wait, or finds no memory at any of its allocations. */
static bool runs_with(size_t fail, uint64_t stop) {
    if (!world_open())
        return false;
    world.fail_at = fail == 0 ? 0 : world.allocations + fail;
    weft_task *main = world_start(weft_call(waits, .plan = "4213e-", .seconds = 0.6));
    if (!weft_task_done(main))
        weft_simulation_turn(&world.simulation, world.loop, stop);
    weft_future_error(weft_task_future(main));
    bool came = fail == 0 ? weft_loop_steps(world.loop) >= stop : world.out_of_memory;
    bool told = !weft_task_done(main) || world.said[0] != '\0' ||
                (weft_task_error(main) != NULL && weft_task_error(main)->code == WEFT_OUT_OF_MEMORY);
    world_close();
    CHECK(told);
    CHECK(strstr(world.reports, "retained") == NULL);
    return came;
}

TEST(any_allocation_may_fail) {
    for (size_t fail = 1; runs_with(fail, 0); fail++) {
    }
}

TEST(the_loop_may_be_closed_at_any_step) {
    for (uint64_t stop = 1; runs_with(0, stop); stop++) {
    }
}

struct many {
    weft_frame frame;
    weft_task *tasks[5000];
    int done;
};

weft_async(many) {
    weft_begin(many);
    for (int i = 0; i < 5000; i++)
        self->tasks[i] = weft_create_task(weft_sleep(i % 2));
    weft_await_to(self->done, weft_wait(self->tasks, 5000, WEFT_ALL_COMPLETED, 0.5));
    say("%d", self->done);
    weft_await_to(self->done, weft_wait(self->tasks, 5000, WEFT_ALL_COMPLETED, INFINITY));
    say("%d", self->done);
    weft_end();
}

TEST(many_are_waited_for) {
    RUN(weft_call(many));
    CHECK_EQ_STR(world.said, "2500 5000");
}

/* Many wait for one future, by weft_wait or by themselves, or have a callback on it; some leave. */
enum { PLACES = 9 };

struct waits_for_one {
    weft_frame frame;
    weft_future *future; /* its own reference */
    char name;
    int done;
};

weft_async(waits_for_one) {
    weft_begin(waits_for_one);
    weft_await_to(self->done, weft_wait(&self->future, 1, WEFT_ALL_COMPLETED, INFINITY));
    say("%c", self->name);
    weft_drop();
    weft_release(self->future);
    weft_end();
}

struct awaits_one {
    weft_frame frame;
    weft_future *future; /* its own reference */
    char name;
};

weft_async(awaits_one) {
    weft_begin(awaits_one);
    weft_await(self->future);
    say("%c", self->name);
    weft_drop();
    weft_release(self->future);
    weft_end();
}

static void called_back(weft_future *future, void *argument) {
    (void)future;
    say("%s", (const char *)argument);
}

struct leaves_in_any_order {
    weft_frame frame;
    unsigned seed;
    weft_future *future;
    weft_task *tasks[PLACES];
    char names[PLACES][2];
    bool left[PLACES];
};

static char expected[4 * PLACES];

/* The awaiting ones go on with the callbacks; who waits with weft_wait comes after them. */
static void expect(const bool *left) {
    static const char order[] = "cfibehadg";
    expected[0] = '\0';
    for (const char *name = order; *name != '\0'; name++)
        if (!left[*name - 'a'])
            world_add(expected, sizeof expected, " ", (char[]){*name, '\0'});
}

/* a, d, g wait with weft_wait, b, e, h have callbacks, c, f, i await it. */
weft_async(leaves_in_any_order) {
    weft_begin(leaves_in_any_order);
    self->future = weft_create_future();
    for (int i = 0; i < PLACES; i++) {
        self->names[i][0] = (char)('a' + i);
        if (i % 3 == 0)
            self->tasks[i] = weft_create_task(
                weft_call(waits_for_one, .future = weft_retain(self->future), .name = self->names[i][0]));
        if (i % 3 == 2)
            self->tasks[i] = weft_create_task(
                weft_call(awaits_one, .future = weft_retain(self->future), .name = self->names[i][0]));
    }
    weft_await(weft_sleep(1));
    for (int i = 1; i < PLACES; i += 3)
        weft_future_add_done_callback(self->future, called_back, self->names[i]);
    for (int left = 0; left < PLACES / 2; left++) {
        self->seed = self->seed * 1103515245 + 12345;
        int i = (int)(self->seed >> 16) % PLACES;
        if (i % 3 == 0)
            self->left[i] |= weft_cancel(self->tasks[i]);
        if (i % 3 == 1)
            self->left[i] |= weft_future_remove_done_callback(self->future, called_back, self->names[i]) > 0;
    }
    weft_await(weft_sleep(1));
    weft_future_set_value(self->future, weft_none());
    weft_await(weft_sleep(1));
    expect(self->left);
    weft_end();
}

TEST(whoever_leaves_a_future_the_others_are_told_in_their_order) {
    for (unsigned seed = 0; seed < 200; seed++) {
        CHECK_EQ_STR(RUN(weft_call(leaves_in_any_order, .seed = seed)), "none");
        CHECK_EQ_STR(world.said, expected);
    }
}

TEST_MAIN(TEST_CASE(it_waits_for_all), TEST_CASE(it_waits_for_the_first),
          TEST_CASE(it_waits_for_the_first_error), TEST_CASE(a_timeout_ends_it_and_nothing_else),
          TEST_CASE(one_that_is_there_twice_is_waited_for_once_and_stays_twice),
          TEST_CASE(what_cannot_be_waited_for_is_refused),
          TEST_CASE(an_error_is_still_the_callers_to_look_at),
          TEST_CASE(nothing_stays_on_those_that_are_not_done), TEST_CASE(cancelling_it_cancels_nothing_else),
          TEST_CASE(the_call_graph_shows_what_is_waited_for), TEST_CASE(any_allocation_may_fail),
          TEST_CASE(the_loop_may_be_closed_at_any_step), TEST_CASE(many_are_waited_for),
          TEST_CASE(whoever_leaves_a_future_the_others_are_told_in_their_order))
