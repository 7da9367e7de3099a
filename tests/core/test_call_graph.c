/* Who waits for whom, as text and as lists. The coroutines stand in a file of their own, "band.c", as far as
 * the compiler knows: so the texts can be compared whole. */

#include "world.h"

#include <limits.h>

static char seen[65536];
static size_t seen_length;
static bool seen_for_nothing; /* without an allocation */

/* As a callback: no task runs. */
static void look(void *unused) {
    (void)unused;
    size_t before = world.allocations;
    seen_length = weft_format_task_tree(seen, sizeof seen);
    seen_for_nothing = world.allocations == before;
}

static void look_at_table(void *unused) {
    (void)unused;
    seen_length = weft_format_tasks(seen, sizeof seen);
}

static weft_task *task_numbered(uint32_t id) {
    static weft_task *tasks[128];
    size_t count = weft_all_tasks(tasks, 128);
    for (size_t i = 0; i < count; i++)
        if (weft_task_id(tasks[i]) == id)
            return tasks[i];
    return NULL;
}

static struct wanted {
    uint32_t id;
    int limit;
} wanted;

static void look_at_one(void *unused) {
    (void)unused;
    seen_length = weft_format_call_graph(task_numbered(wanted.id), wanted.limit, seen, sizeof seen);
}

/* The tree half a second after `coroutine` began. */
static const char *tree_of(weft_coroutine *coroutine) {
    seen[0] = '\0';
    world_start(coroutine);
    weft_call_later(0.5, look, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK(seen_for_nothing);
    world_close();
    return seen;
}
#define TREE(coroutine) (world_open() ? tree_of(coroutine) : "")

/* clang-format off */
#line 1 "band.c"
struct rest { weft_frame frame; double seconds; };
weft_async(rest) {
    weft_begin(rest);
    weft_await(weft_sleep(self->seconds));
    weft_end();
}

struct play { weft_frame frame; double seconds; };
weft_async(play) {
    weft_begin(play);
    weft_await(weft_call(rest, .seconds = self->seconds));
    weft_end();
}

struct follow { weft_frame frame; weft_task *task; weft_future *future, *kept; };
weft_async(follow) {
    weft_begin(follow);
    if (self->task != NULL)
        weft_await(self->task);
    else
        weft_await(self->future);
    weft_drop(); weft_release(self->kept); weft_end();
}

struct solo { weft_frame frame; weft_task *player; };
weft_async(solo) {
    weft_begin(solo);
    self->player = weft_create_task_named(weft_call(play, .seconds = 1.25), "player");
    weft_await(weft_call(follow, .task = self->player));
    weft_end();
}

struct band { weft_frame frame; weft_group group; weft_task *drums; };
weft_async(band) {
    weft_begin(band);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task_named(&self->group, weft_call(play, .seconds = 2), "bass");
        self->drums = weft_group_create_task_named(&self->group, weft_call(rest, .seconds = 1), "drums");
        weft_await(weft_gather(weft_call(solo), weft_shield(self->drums)));
    }
    weft_end();
}

struct practice { weft_frame frame; weft_semaphore *room; weft_lock *piano; weft_event *open; };
weft_async(practice) {
    weft_begin(practice);
    if (self->open != NULL)
        weft_await(weft_event_wait(self->open));
    if (self->room != NULL)
        weft_await(weft_semaphore_acquire(self->room));
    if (self->piano != NULL)
        weft_await(weft_lock_acquire(self->piano));
    weft_await(weft_sleep(1));
    weft_end();
}

struct school { weft_frame frame; weft_semaphore room; weft_lock piano; weft_event open; weft_task *tasks[6]; };
weft_async(school) {
    weft_begin(school);
    weft_semaphore_init(&self->room, 1);
    for (int i = 0; i < 6; i++)
        self->tasks[i] = weft_create_task(weft_call(practice, .room = i / 2 == 0 ? &self->room : NULL,
            .piano = i / 2 == 1 ? &self->piano : NULL, .open = i / 2 == 2 ? &self->open : NULL));
    weft_await(weft_sleep(0.75));
    weft_event_set(&self->open);
    weft_semaphore_release(&self->room);
    weft_lock_release(&self->piano);
    weft_end();
}

struct circle { weft_frame frame; weft_group group; weft_task *own, *behind; };
weft_async(circle) {
    weft_begin(circle);
    self->own = weft_current_task();
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task_named(&self->group, weft_call(follow, .task = self->own), "tail");
        if (self->behind != NULL)
            weft_group_create_task_named(&self->group, weft_call(follow, .task = self->behind), "branch");
    }
    weft_end();
}

struct plays_round { weft_frame frame; weft_task *circle, *behind; bool joins, branches; };
weft_async(plays_round) {
    weft_begin(plays_round);
    if (self->branches)
        self->behind = weft_create_task_named(weft_call(rest, .seconds = 1), "behind");
    self->circle = weft_create_task_named(weft_call(circle, .behind = self->behind), "head");
    if (self->joins)
        weft_create_task_named(weft_call(follow, .task = self->circle, .kept = weft_retain(self->circle)), "outsider");
    weft_await(weft_sleep(1));
    weft_end();
}

struct shared { weft_frame frame; weft_future *both; };
weft_async(shared) {
    weft_begin(shared);
    self->both = weft_gather(weft_call(rest, .seconds = 1), weft_call(rest, .seconds = 2));
    weft_create_task_named(weft_call(follow, .future = self->both, .kept = weft_retain(self->both)), "second");
    weft_await(self->both);
    weft_end();
}

struct chain { weft_frame frame; int left; weft_task *next; };
weft_async(chain) {
    weft_begin(chain);
    if (self->left == 0)
        weft_await(weft_sleep(1));
    if (self->left > 0)
        weft_await(self->next = weft_create_task(weft_call(chain, .left = self->left - 1)));
    weft_end();
}

struct stack { weft_frame frame; int left; };
weft_async(stack) {
    weft_begin(stack);
    if (self->left > 0)
        weft_await(weft_call(stack, .left = self->left - 1));
    else
        weft_await(weft_sleep(1));
    weft_end();
}

struct web { weft_frame frame; weft_future *gathers[50]; };
weft_async(web) {
    weft_begin(web);
    self->gathers[0] = weft_gather(weft_sleep(1));
    self->gathers[1] = weft_gather(weft_sleep(2));
    for (int i = 2; i < 50; i++)
        self->gathers[i] = weft_gather(self->gathers[i - 1], self->gathers[i - 2]);
    weft_await(self->gathers[49]);
    weft_end();
}

struct looks { weft_frame frame; weft_task *task; };
weft_async(looks) {
    weft_begin(looks);
    self->task = weft_create_task_named(weft_call(rest), "fresh");
    weft_await(weft_call(rest));
    look(NULL);
    weft_end();
}

struct mourns { weft_frame frame; weft_future *never; };
weft_async(mourns) {
    weft_begin(mourns);
    self->never = weft_create_future();
    weft_try {
        weft_await(weft_create_future());
    } weft_finally {
        weft_await(self->never);
    }
    weft_drop();
    look(NULL);
    weft_end();
}

struct leaves_one { weft_frame frame; };
weft_async(leaves_one) {
    weft_begin(leaves_one);
    weft_create_task(weft_call(mourns));
    weft_await(weft_sleep(1));
    weft_end();
}
#line 223 "test_call_graph.c"
/* clang-format on */

/* --- The tree --- */

TEST(a_chain_of_awaits) {
    CHECK_EQ_STR(TREE(weft_call(solo)), "Task-1 (task 1) waits for task 3\n"
                                        "│   at band.c:19 in follow\n"
                                        "│   at band.c:29 in solo\n"
                                        "└── player (task 3) waits for a timer, 0.750 s left\n"
                                        "        at band.c:4 in rest\n"
                                        "        at band.c:11 in play\n");
    CHECK_EQ_INT((long long)seen_length, (long long)strlen(seen));
}

TEST(a_group_a_gather_and_a_shield) {
    CHECK_EQ_STR(TREE(weft_call(band)), "Task-1 (task 1) waits for gather 7\n"
                                        "│   at band.c:39 in band\n"
                                        "├── gather 7\n"
                                        "│   ├── Task-8 (task 8) waits for task 9\n"
                                        "│   │   │   at band.c:19 in follow\n"
                                        "│   │   │   at band.c:29 in solo\n"
                                        "│   │   └── player (task 9) waits for a timer, 0.750 s left\n"
                                        "│   │           at band.c:4 in rest\n"
                                        "│   │           at band.c:11 in play\n"
                                        "│   └── shield 6\n"
                                        "│       └── drums (task 5) waits for a timer, 0.500 s left\n"
                                        "│               at band.c:4 in rest\n"
                                        "└── group 3, opened at band.c:36 in band\n"
                                        "    ├── bass (task 4) waits for a timer, 1.500 s left\n"
                                        "    │       at band.c:4 in rest\n"
                                        "    │       at band.c:11 in play\n"
                                        "    └── drums (task 5), as above\n");
}

TEST(queues_are_told_by_their_primitive_and_number) {
    CHECK_EQ_STR(TREE(weft_call(school)), "Task-1 (task 1) waits for a timer, 0.250 s left\n"
                                          "    at band.c:64 in school\n"
                                          "Task-3 (task 3) waits for a timer, 0.500 s left\n"
                                          "    at band.c:53 in practice\n"
                                          "Task-4 (task 4) waits for semaphore 9\n"
                                          "    at band.c:50 in practice\n"
                                          "Task-5 (task 5) waits for a timer, 0.500 s left\n"
                                          "    at band.c:53 in practice\n"
                                          "Task-6 (task 6) waits for lock 10\n"
                                          "    at band.c:52 in practice\n"
                                          "Task-7 (task 7) waits for event 11\n"
                                          "    at band.c:48 in practice\n"
                                          "Task-8 (task 8) waits for event 11\n"
                                          "    at band.c:48 in practice\n");
}

TEST(a_cycle_that_nobody_awaits) {
    CHECK_EQ_STR(TREE(weft_call(plays_round)), "Task-1 (task 1) waits for a timer, 0.500 s left\n"
                                               "    at band.c:91 in plays_round\n"
                                               "head (task 3) waits for the tasks of group 4\n"
                                               "│   at band.c:75 in circle\n"
                                               "└── group 4, opened at band.c:75 in circle\n"
                                               "    └── tail (task 5) waits for task 3\n"
                                               "        │   at band.c:19 in follow\n"
                                               "        └── head (task 3), which closes a cycle\n");
}

TEST(a_cycle_that_somebody_awaits) {
    CHECK_EQ_STR(TREE(weft_call(plays_round, .joins = true)),
                 "Task-1 (task 1) waits for a timer, 0.500 s left\n"
                 "    at band.c:91 in plays_round\n"
                 "outsider (task 4) waits for task 3\n"
                 "│   at band.c:19 in follow\n"
                 "└── head (task 3) waits for the tasks of group 5\n"
                 "    │   at band.c:75 in circle\n"
                 "    └── group 5, opened at band.c:75 in circle\n"
                 "        └── tail (task 6) waits for task 3\n"
                 "            │   at band.c:19 in follow\n"
                 "            └── head (task 3), which closes a cycle\n");
}

TEST(what_waits_behind_a_cycle_is_told_below_it) {
    CHECK_EQ_STR(TREE(weft_call(plays_round, .branches = true)),
                 "Task-1 (task 1) waits for a timer, 0.500 s left\n"
                 "    at band.c:91 in plays_round\n"
                 "head (task 4) waits for the tasks of group 5\n"
                 "│   at band.c:75 in circle\n"
                 "└── group 5, opened at band.c:75 in circle\n"
                 "    ├── tail (task 6) waits for task 4\n"
                 "    │   │   at band.c:19 in follow\n"
                 "    │   └── head (task 4), which closes a cycle\n"
                 "    └── branch (task 7) waits for task 3\n"
                 "        │   at band.c:19 in follow\n"
                 "        └── behind (task 3) waits for a timer, 0.500 s left\n"
                 "                at band.c:4 in rest\n");
}

TEST(what_several_await_is_told_once) {
    CHECK_EQ_STR(TREE(weft_call(shared)), "Task-1 (task 1) waits for gather 3\n"
                                          "│   at band.c:100 in shared\n"
                                          "└── gather 3\n"
                                          "    ├── Task-4 (task 4) waits for a timer, 0.500 s left\n"
                                          "    │       at band.c:4 in rest\n"
                                          "    └── Task-5 (task 5) waits for a timer, 1.500 s left\n"
                                          "            at band.c:4 in rest\n"
                                          "second (task 6) waits for gather 3\n"
                                          "│   at band.c:21 in follow\n"
                                          "└── gather 3, as above\n");
}

TEST(ways_without_number_through_gathers) {
    CHECK(strstr(TREE(weft_call(web)), "└── gather 52, as above\n") != NULL);
    CHECK(strstr(seen, "deeper") == NULL);
}

/* The text ends with this. */
static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), part = strlen(end);
    return length >= part && strcmp(text + length - part, end) == 0;
}

TEST(a_chain_of_very_many_tasks_is_cut) {
    CHECK(ends_with(TREE(weft_call(chain, .left = 100000)), "\n… and 99936 more, deeper than 64 levels\n"));
    CHECK(strstr(seen, "Task-66 (task 66) waits for task 67, …\n") != NULL);
    CHECK(strstr(seen, "Task-67 (task 67)") == NULL);
}

TEST(of_a_long_stack_the_middle_is_left_out) {
    CHECK(strstr(TREE(weft_call(stack, .left = 100000)), "    at band.c:118 in stack\n"
                                                         "    … 99937 more …\n"
                                                         "    at band.c:118 in stack\n") != NULL);
    unsigned lines = 0;
    for (const char *at = seen; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    CHECK_EQ_INT(lines, 66);
}

TEST(the_task_that_runs_and_one_that_is_about_to) {
    RUN(weft_call(looks));
    CHECK_EQ_STR(seen, "Task-1 (task 1) runs\n"
                       "    at band.c:139 in looks\n"
                       "fresh (task 2) waits for its next step\n"
                       "    at band.c:4 in rest\n");
}

TEST(a_task_that_is_being_destroyed_is_not_told) {
    strcpy(seen, "?");
    RUN(weft_call(leaves_one));
    CHECK_EQ_STR(seen, "");
}

static char seen_before[4096];

static void look_twice(void *unused) {
    look(unused);
    strcpy(seen_before, seen);
    look(unused);
}

TEST(a_second_look_tells_the_same) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(band));
    weft_call_later(0.5, look_twice, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK(strlen(seen) > 100);
    CHECK_EQ_STR(seen, seen_before);
}

/* --- A buffer that is too small --- */

TEST(what_fits_is_kept_and_the_whole_is_counted) {
    char few[16], none = '?';
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(rest, .seconds = 1));
    CHECK_EQ_INT((long long)weft_format_task_tree(few, sizeof few), 64);
    CHECK_EQ_STR(few, "Task-1 (task 1)");
    CHECK_EQ_INT((long long)weft_format_task_tree(&none, 0), 64);
    CHECK_EQ_INT((long long)weft_format_task_tree(NULL, 0), 64);
    CHECK_EQ_INT(none, '?');
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_INT((long long)weft_format_task_tree(few, sizeof few), 0);
    world_close();
}

TEST(without_a_loop_there_is_nothing_to_tell) {
    char text[8] = "?";
    weft_task *task;
    CHECK_EQ_INT((long long)weft_format_task_tree(text, sizeof text), 0);
    CHECK_EQ_STR(text, "");
    CHECK_EQ_INT((long long)weft_format_tasks(text, sizeof text), 0);
    CHECK_EQ_INT((long long)weft_format_call_graph((weft_task *)NULL, 1, text, sizeof text), 0);
    CHECK_EQ_INT((long long)weft_awaited_by((weft_task *)NULL, &task, 1), 0);
    CHECK_EQ_INT((long long)weft_task_stack(NULL, NULL, 0), 0);
    CHECK(weft_task_waits_for(NULL).what == NULL);
}

/* --- The table --- */

TEST(the_table) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(band));
    weft_call_later(0.5, look_at_table, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(seen, "task  name    waits for              awaited by  coroutines, innermost first\n"
                       "1     Task-1  gather 7                           band\n"
                       "4     bass    a timer, 1.500 s left  1           rest, play\n"
                       "5     drums   a timer, 0.500 s left  1           rest\n"
                       "8     Task-8  task 9                 1           follow, solo\n"
                       "9     player  a timer, 0.750 s left  8           rest, play\n");
}

TEST(the_table_shortens_names_and_stacks) {
    if (!CHECK(world_open()))
        return;
    weft_task_set_name(world_start(weft_call(stack, .left = 9)),
                       "Zur Begrüßung spielt die große Kapelle jetzt laut");
    weft_call_later(0.5, look_at_table, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(
        seen, "task  name                                   waits for              awaited by  coroutines, "
              "innermost first\n"
              "1     Zur Begrüßung spielt die große Kapell  a timer, 0.500 s left              stack, stack, "
              "stack, stack, … 6 more\n");
}

/* --- One future --- */

/* The text of one task of `band`, by its number, half a second after it began. */
static const char *graph_of(uint32_t id, int limit) {
    wanted = (struct wanted){id, limit};
    seen[0] = '\0';
    if (!CHECK(world_open()))
        return "";
    world_start(weft_call(band));
    weft_call_later(0.5, look_at_one, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    return seen;
}

TEST(who_awaits_a_task) {
    CHECK_EQ_STR(graph_of(9, INT_MAX), "player (task 9) waits for a timer, 0.750 s left\n"
                                       "    at band.c:4 in rest\n"
                                       "    at band.c:11 in play\n"
                                       "    awaited by Task-8 (task 8)\n"
                                       "        at band.c:19 in follow\n"
                                       "        at band.c:29 in solo\n"
                                       "        awaited by gather 7\n"
                                       "            awaited by Task-1 (task 1)\n"
                                       "                at band.c:39 in band\n");
}

TEST(who_awaits_a_task_in_several_ways) {
    CHECK_EQ_STR(graph_of(5, INT_MAX), "drums (task 5) waits for a timer, 0.500 s left\n"
                                       "    at band.c:4 in rest\n"
                                       "    awaited by group 3 of Task-1 (task 1)\n"
                                       "        at band.c:39 in band\n"
                                       "    awaited by shield 6\n"
                                       "        awaited by gather 7\n"
                                       "            awaited by Task-1 (task 1), as above\n");
}

TEST(a_limit_keeps_the_outermost_or_innermost_of_each_stack) {
    CHECK_EQ_STR(graph_of(9, 1), "player (task 9) waits for a timer, 0.750 s left\n"
                                 "    at band.c:11 in play\n"
                                 "    awaited by Task-8 (task 8)\n"
                                 "        at band.c:29 in solo\n"
                                 "        awaited by gather 7\n"
                                 "            awaited by Task-1 (task 1)\n"
                                 "                at band.c:39 in band\n");
    CHECK_EQ_STR(graph_of(9, -1), "player (task 9) waits for a timer, 0.750 s left\n"
                                  "    at band.c:4 in rest\n"
                                  "    awaited by Task-8 (task 8)\n"
                                  "        at band.c:19 in follow\n"
                                  "        awaited by gather 7\n"
                                  "            awaited by Task-1 (task 1)\n"
                                  "                at band.c:39 in band\n");
    CHECK_EQ_STR(graph_of(9, 0), "player (task 9) waits for a timer, 0.750 s left\n"
                                 "    awaited by Task-8 (task 8)\n"
                                 "        awaited by gather 7\n"
                                 "            awaited by Task-1 (task 1)\n");
    CHECK(strstr(graph_of(9, INT_MIN), "in rest\n    at band.c:11 in play\n") != NULL);
}

TEST(a_future_and_one_that_is_done) {
    char text[256];
    if (!CHECK(world_open()))
        return;
    weft_future *future = weft_create_future();
    world_start(weft_call(follow, .future = future));
    weft_loop_hold(world.loop); /* else nothing could set the future */
    CHECK_EQ_INT(world_turn(), WEFT_TURN_IDLE);
    weft_format_call_graph(future, INT_MAX, text, sizeof text);
    CHECK_EQ_STR(text, "future 1\n"
                       "    awaited by Task-2 (task 2)\n"
                       "        at band.c:21 in follow\n");
    weft_future_set_value(future, weft_value_of(1));
    weft_format_call_graph(future, INT_MAX, text, sizeof text);
    CHECK_EQ_STR(text, "future 1 is done\n");
    weft_loop_unhold(world.loop);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
}

TEST(upwards_a_cycle_is_told) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(plays_round));
    wanted = (struct wanted){5, INT_MAX};
    weft_call_later(0.5, look_at_one, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK_EQ_STR(seen, "tail (task 5) waits for task 3\n"
                       "    at band.c:19 in follow\n"
                       "    awaited by group 4 of head (task 3)\n"
                       "        at band.c:75 in circle\n"
                       "        awaited by tail (task 5), which closes a cycle\n");
}

TEST(upwards_a_long_chain_is_cut) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(chain, .left = 100));
    wanted = (struct wanted){102, 0};
    weft_call_later(0.5, look_at_one, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_close();
    CHECK(ends_with(seen, "    awaited by Task-38 (task 38), …\n"));
}

/* --- Lists --- */

static weft_task *found[8];

static void list(void *unused) {
    (void)unused;
    size_t count = weft_all_tasks(found, 8);
    for (size_t i = 0; i < count && i < 8; i++) {
        weft_task *above[2];
        weft_trace_entry stack[4];
        weft_task_wait wait = weft_task_waits_for(found[i]);
        size_t depth = weft_task_stack(found[i], stack, 4), awaiting = weft_awaited_by(found[i], above, 2);
        say("%u:%s-%u-%g:%s+%d/%zu:%zu", weft_task_id(found[i]), wait.what, wait.id, wait.seconds,
            stack[0].function, stack[0].line, depth, awaiting);
        if (awaiting > 0)
            say("<%u", weft_task_id(above[0]));
    }
}

TEST(the_lists_of_each_task) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(band));
    weft_call_later(0.5, list, NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_STR(world.said, "1:gather-7-0:band+39/1:0 "
                             "4:timer-0-1.5:rest+4/2:1 <1 "
                             "5:timer-0-0.5:rest+4/1:1 <1 "
                             "8:task-9-0:follow+19/2:1 <1 "
                             "9:timer-0-0.75:rest+4/2:1 <8");
    world_close();
}

TEST_MAIN(TEST_CASE(a_chain_of_awaits), TEST_CASE(a_group_a_gather_and_a_shield),
          TEST_CASE(queues_are_told_by_their_primitive_and_number), TEST_CASE(a_cycle_that_nobody_awaits),
          TEST_CASE(a_cycle_that_somebody_awaits), TEST_CASE(what_waits_behind_a_cycle_is_told_below_it),
          TEST_CASE(what_several_await_is_told_once), TEST_CASE(ways_without_number_through_gathers),
          TEST_CASE(a_chain_of_very_many_tasks_is_cut), TEST_CASE(of_a_long_stack_the_middle_is_left_out),
          TEST_CASE(the_task_that_runs_and_one_that_is_about_to),
          TEST_CASE(a_task_that_is_being_destroyed_is_not_told), TEST_CASE(a_second_look_tells_the_same),
          TEST_CASE(what_fits_is_kept_and_the_whole_is_counted),
          TEST_CASE(without_a_loop_there_is_nothing_to_tell), TEST_CASE(the_table),
          TEST_CASE(the_table_shortens_names_and_stacks), TEST_CASE(who_awaits_a_task),
          TEST_CASE(who_awaits_a_task_in_several_ways),
          TEST_CASE(a_limit_keeps_the_outermost_or_innermost_of_each_stack),
          TEST_CASE(a_future_and_one_that_is_done), TEST_CASE(upwards_a_cycle_is_told),
          TEST_CASE(upwards_a_long_chain_is_cut), TEST_CASE(the_lists_of_each_task))
