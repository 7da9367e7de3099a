/* Queues by themselves: order, limits, ownership; no cancellation loses or doubles an item. Orders of ticks
 * and races: tests/differential. */

#include "world.h"

#include <math.h>

/* What is owned by values, to see that all of it is freed. */
static int owned_strings;

static void free_owned(void *pointer) {
    owned_strings--;
    free(pointer);
}

static weft_value owned(const char *text) {
    owned_strings++;
    return weft_owned_string(strcpy(malloc(strlen(text) + 1), text), free_owned);
}

static void say_value(weft_value value) {
    char text[256];
    weft_value_print(value, text, sizeof text);
    say("%s", text);
    weft_value_free(&value);
}

/* --- Order --- */

struct orders {
    weft_frame frame;
    weft_queue queue;
    int i, number;
    char kind;
};

weft_async(orders) {
    weft_begin(orders);
    if (self->kind == 'l')
        weft_queue_init_lifo(&self->queue, 0);
    else if (self->kind == 'p')
        weft_queue_init_priority(&self->queue, 0, NULL);
    for (self->i = 0; self->i < 40; self->i++) {
        weft_await(weft_queue_put(&self->queue, self->i * 7 % 40));
        if (self->i % 4 == 3) {
            weft_await_to(self->number, weft_queue_get(&self->queue));
            say("%d", self->number);
        }
    }
    say("|");
    while (!weft_queue_empty(&self->queue)) {
        weft_await_to(self->number, weft_queue_get(&self->queue));
        say("%d", self->number);
    }
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

TEST(a_zeroed_one_is_first_in_first_out) {
    RUN(weft_call(orders));
    CHECK_EQ_STR(world.said, "0 7 14 21 28 35 2 9 16 23 | 30 37 4 11 18 25 32 39 6 13 20 27 34 1 8 15 22 29 "
                             "36 3 10 17 24 31 38 5 12 19 26 33");
}

TEST(a_lifo_one_is_last_in_first_out) {
    RUN(weft_call(orders, .kind = 'l'));
    CHECK_EQ_STR(world.said, "21 9 37 25 13 1 29 17 5 33 | 26 19 12 38 31 24 10 3 36 22 15 8 34 27 20 6 39 "
                             "32 18 11 4 30 23 16 2 35 28 14 7 0");
}

TEST(a_priority_one_gives_the_lowest_first) {
    RUN(weft_call(orders, .kind = 'p'));
    CHECK_EQ_STR(world.said, "0 2 7 4 6 1 8 3 5 9 | 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 "
                             "29 30 31 32 33 34 35 36 37 38 39");
}

static int by_second_letter(weft_value a, weft_value b) {
    return (weft_value_string(a)[1] > weft_value_string(b)[1]) -
           (weft_value_string(a)[1] < weft_value_string(b)[1]);
}

static void put_all(weft_queue *queue, int count, const weft_value *values) {
    for (int i = 0; i < count; i++)
        say("%s", name_of(weft_queue_put_value_nowait(queue, values[i])));
    say("|");
    while (!weft_queue_empty(queue))
        say_value(weft_queue_get_nowait(queue));
    weft_queue_free(queue);
}
#define PUT_ALL(queue, ...)                                                           \
    put_all((queue), (int)(sizeof((weft_value[]){__VA_ARGS__}) / sizeof(weft_value)), \
            (weft_value[]){__VA_ARGS__})
#define V(x) weft_value_of(x)

TEST(numbers_are_compared_exactly_and_nan_comes_last) {
    weft_queue queue;
    if (!world_open())
        return;
    weft_queue_init_priority(&queue, 0, NULL);
    PUT_ALL(&queue, V((double)NAN), V(9007199254740993), V(9007199254740992.0), V(1e300), V((bool)true),
            V(-1e300), V(0.5), V(-0.5), V(0), V(INT64_MAX), V(0x1p63), V(INT64_MIN), V(-0x1p63),
            V((double)NAN));
    CHECK_EQ_STR(world.said,
                 "none none none none none none none none none none none none none none | -1e+300 "
                 "-9223372036854775808 -9.223372036854776e+18 -0.5 0 0.5 true 9007199254740992.0 "
                 "9007199254740993 9223372036854775807 9.223372036854776e+18 1e+300 nan nan");
    world_close();
}

TEST(equal_priorities_keep_their_order) {
    weft_queue queue;
    if (!world_open())
        return;
    weft_queue_init_priority(&queue, 0, by_second_letter);
    PUT_ALL(&queue, V("a2"), V("b1"), V("c2"), V("d1"), V("e3"), V("f2"), V("g1"), V("h2"), V("i1"), V("j0"));
    CHECK(strstr(world.said, "| j0 b1 d1 g1 i1 a2 c2 f2 h2 e3") != NULL);
    world_close();
}

TEST(what_cannot_be_compared_is_refused_and_freed) {
    weft_queue queue;
    int here = 0;
    if (!world_open())
        return;
    weft_queue_init_priority(&queue, 0, NULL);
    PUT_ALL(&queue, V("pear"), V(3), owned("apple"), V(&here), weft_none(), V((const char *)NULL), V(1.5));
    weft_queue_init_priority(&queue, 0, NULL);
    PUT_ALL(&queue, V(2), owned("fig"), V((bool)true));
    CHECK_EQ_STR(world.said,
                 "none TypeMismatch none TypeMismatch TypeMismatch TypeMismatch TypeMismatch | apple pear "
                 "none TypeMismatch none | true 2");
    CHECK_EQ_INT(owned_strings, 0);
    world_close();
}

/* --- Without waiting --- */

struct limits {
    weft_frame frame;
    weft_queue queue;
};

static void say_state(const weft_queue *queue) {
    say("%zu/%zu%s%s", weft_queue_size(queue), weft_queue_maxsize(queue), weft_queue_empty(queue) ? "e" : "",
        weft_queue_full(queue) ? "f" : "");
}

weft_async(limits) {
    weft_begin(limits);
    weft_queue_init(&self->queue, 2);
    say_state(&self->queue);
    say_value(weft_queue_get_nowait(&self->queue));
    say("%s", name_of(weft_queue_put_nowait(&self->queue, owned("a"))));
    say_state(&self->queue);
    say("%s", name_of(weft_queue_put_nowait(&self->queue, 2.5)));
    say_state(&self->queue);
    say("%s", name_of(weft_queue_put_nowait(&self->queue, owned("lost"))));
    say_value(weft_queue_get_nowait(&self->queue));
    say("%s", name_of(weft_queue_put_nowait(&self->queue, weft_failure(WEFT_RUNTIME, "no value"))));
    say("%s", name_of(weft_queue_put_nowait(&self->queue, weft_value_of(&weft_error_out_of_memory))));
    weft_queue_shutdown(&self->queue, false);
    say("%s", name_of(weft_queue_put_nowait(&self->queue, owned("late"))));
    say_value(weft_queue_get_nowait(&self->queue));
    say_value(weft_queue_get_nowait(&self->queue));
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

TEST(nowait_says_what_is_wrong) {
    RUN(weft_call(limits));
    CHECK_EQ_STR(world.said,
                 "0/2e QueueEmpty: the queue is empty none 1/2 none 2/2f QueueFull a InvalidArgument "
                 "OutOfMemory QueueShutDown 2.5 QueueShutDown: the queue was shut down");
    CHECK_EQ_INT(owned_strings, 0);
}

TEST(without_a_loop_nothing_is_put_in) {
    weft_queue queue = {0};
    CHECK_EQ_STR(name_of(weft_queue_put_nowait(&queue, owned("x"))), "RuntimeError");
    CHECK_EQ_STR(name_of(weft_value_error(weft_queue_get_nowait(&queue))), "QueueEmpty");
    weft_queue_free(&queue);
    CHECK_EQ_INT(owned_strings, 0);
}

/* --- Waiting --- */

struct shared {
    weft_queue queue;
};

struct gets {
    weft_frame frame;
    weft_queue *queue;
    const char *name;
    weft_value value;
    const weft_error *error;
};

weft_async(gets) {
    weft_begin(gets);
    weft_try {
        weft_await_to(self->value, weft_queue_get(self->queue));
        say("%s", self->name);
        say_value(self->value);
    }
    weft_catch_all(self->error) {
        say("%s %s", self->name, name_of(self->error));
    }
    weft_end();
}

struct puts_in {
    weft_frame frame;
    weft_queue *queue;
    const char *name;
    const weft_error *error;
};

weft_async(puts_in) {
    weft_begin(puts_in);
    weft_try {
        weft_await(weft_queue_put(self->queue, owned(self->name)));
        say("+%s", self->name);
    }
    weft_catch_all(self->error) {
        say("+%s %s", self->name, name_of(self->error));
    }
    weft_end();
}

struct joins {
    weft_frame frame;
    weft_queue *queue;
};

weft_async(joins) {
    weft_begin(joins);
    weft_await(weft_queue_join(self->queue));
    say("joined");
    weft_end();
}

/*
 * A script of one letter a move: g and p start tasks (a, b, … and A, B, …) that get and put, G and P do so in
 * place, s gives every task a turn, c and a letter cancels a task, d is task_done, j starts a join, x and X
 * shut down, f frees the queue.
 */
struct script {
    weft_frame frame;
    weft_queue queue;
    const char *moves;
    size_t most;
    weft_task *tasks[128];
    char names[32][2];
    char kind;
    int made, getters, putters;
};

static weft_task *script_task(struct script *self, bool gets) {
    char letter = (char)(gets ? 'a' + self->getters++ : 'A' + self->putters++),
         *name = self->names[self->made++];
    name[0] = letter;
    return self->tasks[(int)letter] =
               weft_create_task(gets ? weft_call(gets, .queue = &self->queue, .name = name)
                                     : weft_call(puts_in, .queue = &self->queue, .name = name));
}

static void script_move(struct script *self) {
    switch (*self->moves) {
    case 'g':
    case 'p':
        script_task(self, *self->moves == 'g');
        break;
    case 'j':
        weft_create_task(weft_call(joins, .queue = &self->queue));
        break;
    case 'G':
        say("G");
        say_value(weft_queue_get_nowait(&self->queue));
        break;
    case 'P':
        say("P%s", name_of(weft_queue_put_nowait(&self->queue, owned("item"))));
        break;
    case 'N':
        say("N%s", name_of(weft_queue_put_nowait(&self->queue, 1)));
        break;
    case 'c':
        weft_cancel(self->tasks[(int)*++self->moves]);
        break;
    case 'd':
        say("d%s", name_of(weft_queue_task_done(&self->queue)));
        break;
    case 'x':
    case 'X':
        weft_queue_shutdown(&self->queue, *self->moves == 'X');
        break;
    case 'f':
        weft_queue_free(&self->queue);
        break;
    default:
        break;
    }
}

weft_async(script) {
    weft_begin(script);
    if (self->kind == 'p')
        weft_queue_init_priority(&self->queue, self->most, NULL);
    else
        weft_queue_init(&self->queue, self->most);
    for (; *self->moves != '\0'; self->moves++) {
        if (*self->moves == 's')
            weft_await(weft_sleep(0));
        script_move(self);
    }
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

static const char *play(size_t limit, const char *script_of_moves) {
    RUN(weft_call(script, .moves = script_of_moves, .most = limit));
    CHECK_EQ_INT(owned_strings, 0);
    return world.said;
}

TEST(getters_are_served_in_their_order) {
    CHECK_EQ_STR(play(0, "ggsPPsgsPs"), "Pnone Pnone a item b item Pnone c item");
}

TEST(putters_are_served_in_their_order) {
    CHECK_EQ_STR(play(1, "Ppppps GsGsGsGsG"), "Pnone G item +A G A +B G B +C G C +D G D");
}

TEST(a_newcomer_may_take_the_item_and_the_woken_one_waits_again_behind_the_others) {
    CHECK_EQ_STR(play(0, "ggsPGsPsPs"), "Pnone G item Pnone b item Pnone a item");
}

TEST(a_newcomer_may_take_the_room_and_the_woken_one_waits_again_behind_the_others) {
    CHECK_EQ_STR(play(1, "PppsGPsGsGsG"), "Pnone G item Pnone G item +B G B +A G A");
}

TEST(a_getter_woken_and_cancelled_wakes_the_next) {
    CHECK_EQ_STR(play(0, "ggsPcass"), "Pnone a Cancelled b item");
    CHECK_EQ_STR(play(0, "gsPcasG"), "Pnone a Cancelled G item");
}

TEST(a_getter_cancelled_and_then_passed_over_wakes_nobody) {
    CHECK_EQ_STR(play(0, "ggggscaPssPsPs"), "Pnone a Cancelled b item Pnone c item Pnone d item");
    CHECK_EQ_STR(play(0, "gggscaPsss"), "Pnone a Cancelled b item c Cancelled");
}

TEST(a_getter_whose_item_is_gone_wakes_nobody_when_cancelled) {
    CHECK_EQ_STR(play(0, "gggsPGcassPsPs"), "Pnone G item a Cancelled Pnone b item Pnone c item");
    CHECK_EQ_STR(play(0, "ggsPGcasPs"), "Pnone G item a Cancelled Pnone b item");
}

TEST(a_putter_woken_and_cancelled_wakes_the_next) {
    CHECK_EQ_STR(play(1, "PppsGcAssGs"), "Pnone G item +A Cancelled +B G B");
}

TEST(a_putter_whose_room_is_gone_wakes_nobody_when_cancelled) {
    CHECK_EQ_STR(play(1, "PpppsGPcAssGsGsG"), "Pnone G item Pnone +A Cancelled G item +B G B +C G C");
    CHECK_EQ_STR(play(1, "PppsGPcAsGsG"), "Pnone G item Pnone +A Cancelled G item +B G B");
}

TEST(a_put_that_fails_after_its_wait_leaves_the_room_to_the_next) {
    RUN(weft_call(script, .moves = "NppsGsGssG", .most = 1, .kind = 'p'));
    CHECK_EQ_STR(world.said, "Nnone G 1 +A G A +B G B");
    RUN(weft_call(script, .moves = "NNppsGss", .most = 2, .kind = 'p'));
    CHECK_EQ_STR(world.said, "Nnone Nnone G 1 +A TypeMismatch +B TypeMismatch");
    CHECK_EQ_INT(owned_strings, 0);
}

TEST(join_waits_until_all_work_is_done) {
    CHECK_EQ_STR(play(0, "jsPPjjssGGdsds"), "joined Pnone Pnone G item G item dnone dnone joined joined");
    CHECK_EQ_STR(play(0, "PjsdPds"), "Pnone dnone Pnone dnone joined");
    CHECK_EQ_STR(play(0, "d"), "dInvalidArgument");
    CHECK_EQ_STR(play(0, "PGdd"), "Pnone G item dnone dInvalidArgument");
}

TEST(shutdown_wakes_all_who_get) {
    CHECK_EQ_STR(play(0, "ggsxsgP"), "a QueueShutDown b QueueShutDown PQueueShutDown c QueueShutDown");
    CHECK_EQ_STR(play(0, "ggsxsgs"), "a QueueShutDown b QueueShutDown c QueueShutDown");
}

TEST(shutdown_wakes_all_who_put_and_leaves_what_is_in) {
    CHECK_EQ_STR(play(1, "PppsxsPGG"),
                 "Pnone +A QueueShutDown +B QueueShutDown PQueueShutDown G item G QueueShutDown: the queue "
                 "was shut down");
    CHECK_EQ_STR(play(0, "PPjsxsgsgsddss"), "Pnone Pnone a item b item dnone dnone joined");
}

TEST(immediate_shutdown_frees_what_is_in_and_counts_it_as_done) {
    CHECK_EQ_STR(play(3, "PPPGjpsXss"), "Pnone Pnone Pnone G item +A");
    CHECK_EQ_STR(play(2, "PPpjsXsG"),
                 "Pnone Pnone joined +A QueueShutDown G QueueShutDown: the queue was shut down");
    CHECK_EQ_STR(play(0, "PPGjsXsdsd"), "Pnone Pnone G item dnone joined dInvalidArgument");
    CHECK_EQ_STR(play(0, "PdXd"), "Pnone dnone dInvalidArgument");
}

TEST(a_woken_getter_that_finds_the_queue_shut_down_and_empty_raises) {
    CHECK_EQ_STR(play(0, "gsPXs"), "Pnone a QueueShutDown");
    CHECK_EQ_STR(play(0, "gsPGxs"), "Pnone G item a QueueShutDown");
    CHECK_EQ_STR(play(0, "gsPxs"), "Pnone a item");
}

TEST(a_freed_one_frees_what_is_put_and_lets_wait) {
    CHECK_EQ_STR(play(0, "gsPPfPsPs"), "Pnone Pnone Pnone Pnone a Cancelled");
    CHECK_EQ_STR(play(1, "PppgfGsss"), "Pnone G QueueEmpty: the queue is empty +A +B a Cancelled");
    CHECK_EQ_STR(play(1, "Pppsfsss"), "Pnone +A Cancelled +B Cancelled");
}

TEST(a_loop_is_closed_while_tasks_wait) {
    static struct shared shared[2];
    memset(shared, 0, sizeof shared);
    sweep_allow(SWEEP_DEADLOCK); /* the loop is not meant to come to its end */
    if (!world_open())
        return;
    weft_queue_init(&shared[0].queue, 1);
    CHECK(weft_queue_put_nowait(&shared[0].queue, owned("first")) == NULL);
    for (int i = 0; i < 3; i++) {
        world_start(weft_call(puts_in, .queue = &shared[0].queue, .name = "p"));
        world_start(weft_call(gets, .queue = &shared[1].queue, .name = "g"));
        world_start(weft_call(joins, .queue = &shared[0].queue));
    }
    weft_loop_turn(world.loop, 9);
    weft_queue_free(&shared[0].queue);
    weft_queue_put_nowait(&shared[1].queue, owned("woken"));
    weft_queue_free(&shared[1].queue);
    world_close();
    CHECK_EQ_INT(owned_strings, 0);
}

static char numbers[4096];

static void look(void *unused) {
    (void)unused;
    weft_format_task_tree(numbers, sizeof numbers);
}

struct stuck {
    weft_frame frame;
    weft_queue queue, other;
};

weft_async(stuck) {
    weft_begin(stuck);
    weft_queue_init(&self->queue, 1);
    weft_queue_put_nowait(&self->queue, 1);
    weft_create_task(weft_call(joins, .queue = &self->queue));
    weft_create_task(weft_call(gets, .queue = &self->other, .name = "g"));
    weft_create_task(weft_call(puts_in, .queue = &self->queue, .name = "p"));
    weft_call_later(1, look, NULL);
    weft_await(weft_sleep(2));
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

/* What stands behind " queue " in the tree, one after the other. */
TEST(all_who_wait_for_one_wait_for_one_number) {
    unsigned number[3] = {0};
    int count = 0;
    RUN(weft_call(stuck));
    for (const char *at = numbers; (at = strstr(at, " queue ")) != NULL && count < 3; at++)
        number[count++] = (unsigned)atoi(at + 7);
    CHECK_EQ_INT(count, 3);
    CHECK(number[0] != 0 && number[0] == number[2] && number[0] != number[1]);
}

/* --- Wherever an awaitable is taken --- */

struct everywhere {
    weft_frame frame;
    weft_queue queue;
    weft_value value;
    weft_values *values;
    const weft_error *error;
    double number;
};

weft_async(everywhere) {
    weft_begin(everywhere);
    weft_queue_init(&self->queue, 1);
    weft_await_to(self->values, weft_gather(weft_queue_get(&self->queue), weft_queue_put(&self->queue, 1),
                                            weft_queue_put(&self->queue, owned("two"))));
    say_value(self->values->items[0]);
    weft_await_to(self->value, weft_wait_for(weft_queue_get(&self->queue), 1));
    say_value(self->value);
    weft_try {
        weft_await(weft_wait_for(weft_queue_get(&self->queue), 1));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_coroutine_close(weft_coroutine_of(weft_queue_put(&self->queue, owned("never"))));
    weft_await(weft_queue_put(&self->queue, owned("text")));
    weft_try {
        weft_await_to(self->number, weft_queue_get(&self->queue));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_queue_put((weft_queue *)NULL, owned("nowhere")));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_queue_put(&self->queue, weft_failure(WEFT_RUNTIME, "none")));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_await(weft_queue_put(&self->queue, owned("first")));
    weft_try {
        weft_await(weft_queue_put(&self->queue, weft_failure(WEFT_RUNTIME, "none")));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_await(weft_queue_join(NULL));
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

TEST(operations_are_awaited_wherever_a_coroutine_is) {
    CHECK(strstr(RUN(weft_call(everywhere)), "TypeMismatch: awaited an operation on NULL") != NULL);
    CHECK_EQ_STR(world.said, "1 two TimedOut TypeMismatch TypeMismatch InvalidArgument InvalidArgument");
    CHECK_EQ_INT(owned_strings, 0);
}

struct in_drop {
    weft_frame frame;
    weft_queue *queue;
};

weft_async(in_drop) {
    weft_begin(in_drop);
    weft_drop();
    weft_await(weft_queue_put(self->queue, owned("late")));
    weft_end();
}

TEST(an_await_in_drop_is_reported_and_frees_the_value) {
    weft_queue queue = {0};
    RUN(weft_call(in_drop, .queue = &queue));
    CHECK(world.reports[0] != '\0');
    CHECK_EQ_INT(owned_strings, 0);
}

/* --- Memory --- */

struct passes {
    weft_frame frame;
    weft_queue there, back;
    int i, number;
};

struct echoes {
    weft_frame frame;
    weft_queue *there, *back;
    int number;
};

weft_async(echoes) {
    weft_begin(echoes);
    for (;;) {
        weft_await_to(self->number, weft_queue_get(self->there));
        weft_await(weft_queue_put(self->back, self->number + 1));
    }
    weft_drop();
    weft_queue_shutdown(self->back, false);
    weft_end();
}

static size_t allocated;

weft_async(passes) {
    weft_begin(passes);
    weft_create_task(weft_call(echoes, .there = &self->there, .back = &self->back));
    for (self->i = 0; self->i < 2000; self->i++) {
        if (self->i == 10)
            allocated = world.allocations;
        weft_await(weft_queue_put(&self->there, self->number));
        weft_await_to(self->number, weft_queue_get(&self->back));
    }
    say("%d %zu", self->number, world.allocations - allocated);
    weft_drop();
    weft_queue_free(&self->there);
    weft_queue_free(&self->back);
    weft_end();
}

TEST(passing_values_allocates_nothing) {
    sweep_allow(SWEEP_DEADLOCK); /* nobody answers if there is no memory for who would */
    RUN(weft_call(passes));
    CHECK_EQ_STR(world.said, "2000 0");
}

TEST(a_long_queue_gives_its_memory_back_when_it_is_empty) {
    weft_queue queue = {0};
    long long sum = 0;
    if (!world_open())
        return;
    for (int i = 0; i < 100000; i++)
        weft_queue_put_nowait(&queue, i);
    size_t live = world.live;
    for (int i = 0; i < 100000; i++)
        sum += weft_value_int(weft_queue_get_nowait(&queue));
    CHECK_EQ_INT((long long)(live - world.live), 1);
    CHECK_EQ_INT(sum, 4999950000);
    CHECK(weft_queue_put_nowait(&queue, 1) == NULL);
    CHECK_EQ_INT(weft_value_int(weft_queue_get_nowait(&queue)), 1);
    weft_queue_free(&queue);
    world_close();
}

TEST(growth_that_fails_changes_nothing) {
    for (int kind = 0; kind < 2; kind++) {
        weft_queue queue;
        if (!world_open())
            return;
        kind == 0 ? weft_queue_init(&queue, 0) : weft_queue_init_priority(&queue, 0, NULL);
        for (int i = 0; i < 100; i++) {
            world.fail_at = world.allocations + 1;
            const weft_error *error = weft_queue_put_nowait(&queue, 100 - i);
            world.fail_at = 0;
            if (error != NULL)
                CHECK(error->code == WEFT_OUT_OF_MEMORY && weft_queue_put_nowait(&queue, 100 - i) == NULL);
        }
        for (int i = 0; i < 100; i++)
            CHECK_EQ_INT(weft_value_int(weft_queue_get_nowait(&queue)), kind == 0 ? 100 - i : i + 1);
        weft_queue_free(&queue);
        world_close();
    }
}

/* Plays with the `fail`th allocation failing. Returns whether it came so far. */
static bool play_without(size_t fail, const char *moves) {
    if (!world_open())
        return false;
    world.fail_at = world.allocations + fail;
    weft_task *main = world_start(weft_call(script, .moves = moves, .most = 1));
    if (!weft_task_done(main))
        CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    bool failed = world.out_of_memory;
    world_close();
    CHECK_EQ_INT(owned_strings, 0);
    return failed;
}

/* A put without memory for its wait, or for its item after that, raises; the others get their turn. */
TEST(no_lack_of_memory_loses_an_item_or_a_turn) {
    for (size_t fail = 1; play_without(fail, "PppppjsGdsGdsGdsGdsGdsGdss"); fail++) {
    }
    CHECK_EQ_STR(world.said, "Pnone G item dnone +A joined G A dnone +B G B dnone +C G C dnone +D G D dnone "
                             "G QueueEmpty: the queue is empty dInvalidArgument");
}

/* --- Many --- */

enum { PRODUCERS = 5, CONSUMERS = 7, EACH = 60 };

struct factory {
    weft_frame frame;
    weft_queue queue;
    weft_task *tasks[PRODUCERS + CONSUMERS];
    unsigned char made[PRODUCERS * EACH], got[PRODUCERS * EACH];
    uint64_t random;
    int i;
};

static unsigned draw(struct factory *self, unsigned below) {
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(self->random >> 33) % below;
}

struct produces {
    weft_frame frame;
    struct factory *of;
    int next, last;
    const weft_error *error;
};

weft_async(produces) {
    weft_begin(produces);
    while (self->next < self->last) {
        weft_try {
            weft_await(weft_queue_put(&self->of->queue, weft_format("%d", self->next)));
            self->of->made[self->next++]++;
            weft_await(weft_sleep(draw(self->of, 3) / 8.0));
        }
        weft_catch_all(self->error) {
            if (self->error->code != WEFT_CANCELLED)
                weft_return_none();
        }
    }
    weft_end();
}

struct consumes {
    weft_frame frame;
    struct factory *of;
    char *item;
    const weft_error *error;
};

weft_async(consumes) {
    weft_begin(consumes);
    for (;;) {
        weft_try {
            weft_await_to(self->item, weft_queue_get(&self->of->queue));
            self->of->got[atoi(self->item)]++;
            weft_free(self->item);
            weft_queue_task_done(&self->of->queue);
            weft_await(weft_sleep(draw(self->of, 3) / 8.0));
        }
        weft_catch_all(self->error) {
            if (self->error->code != WEFT_CANCELLED)
                weft_return_none();
        }
    }
    weft_drop();
    weft_queue_shutdown(&self->of->queue, true); /* or it ends before the work, without memory */
    weft_end();
}

weft_async(factory) {
    weft_begin(factory);
    weft_queue_init(&self->queue, draw(self, 4));
    for (int i = 0; i < PRODUCERS; i++)
        self->tasks[i] =
            weft_create_task(weft_call(produces, .of = self, .next = i * EACH, .last = (i + 1) * EACH));
    for (int i = 0; i < CONSUMERS; i++)
        self->tasks[PRODUCERS + i] = weft_create_task(weft_call(consumes, .of = self));
    for (self->i = 0; self->i < 400; self->i++) {
        weft_await(weft_sleep(draw(self, 3) == 0 ? 0.125 : 0));
        weft_cancel(self->tasks[draw(self, PRODUCERS + CONSUMERS)]);
        if (draw(self, 2))
            weft_cancel(self->tasks[draw(self, PRODUCERS + CONSUMERS)]);
    }
    for (self->i = 0; self->i < PRODUCERS; self->i++)
        weft_await(self->tasks[self->i]);
    weft_await(weft_queue_join(&self->queue));
    weft_queue_shutdown(&self->queue, false);
    for (; self->i < PRODUCERS + CONSUMERS; self->i++)
        weft_await(self->tasks[self->i]);
    for (int i = 0; i < PRODUCERS * EACH; i++)
        if (self->made[i] != 1 || self->got[i] != 1)
            say("%d was made %d times and got %d times", i, self->made[i], self->got[i]);
    say("done");
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

TEST(no_cancellation_loses_or_doubles_an_item) {
    sweep_allow(
        SWEEP_DESTROYED); /* they go on when they are cancelled, even at the end of a main without memory */
    for (uint64_t seed = 1; seed <= 40; seed++) {
        RUN(weft_call(factory, .random = seed));
        CHECK_EQ_STR(world.said, "done");
    }
}

TEST_MAIN(TEST_CASE(a_zeroed_one_is_first_in_first_out), TEST_CASE(a_lifo_one_is_last_in_first_out),
          TEST_CASE(a_priority_one_gives_the_lowest_first),
          TEST_CASE(numbers_are_compared_exactly_and_nan_comes_last),
          TEST_CASE(equal_priorities_keep_their_order),
          TEST_CASE(what_cannot_be_compared_is_refused_and_freed), TEST_CASE(nowait_says_what_is_wrong),
          TEST_CASE(without_a_loop_nothing_is_put_in), TEST_CASE(getters_are_served_in_their_order),
          TEST_CASE(putters_are_served_in_their_order),
          TEST_CASE(a_newcomer_may_take_the_item_and_the_woken_one_waits_again_behind_the_others),
          TEST_CASE(a_newcomer_may_take_the_room_and_the_woken_one_waits_again_behind_the_others),
          TEST_CASE(a_getter_woken_and_cancelled_wakes_the_next),
          TEST_CASE(a_getter_cancelled_and_then_passed_over_wakes_nobody),
          TEST_CASE(a_getter_whose_item_is_gone_wakes_nobody_when_cancelled),
          TEST_CASE(a_putter_woken_and_cancelled_wakes_the_next),
          TEST_CASE(a_putter_whose_room_is_gone_wakes_nobody_when_cancelled),
          TEST_CASE(a_put_that_fails_after_its_wait_leaves_the_room_to_the_next),
          TEST_CASE(join_waits_until_all_work_is_done), TEST_CASE(shutdown_wakes_all_who_get),
          TEST_CASE(shutdown_wakes_all_who_put_and_leaves_what_is_in),
          TEST_CASE(immediate_shutdown_frees_what_is_in_and_counts_it_as_done),
          TEST_CASE(a_woken_getter_that_finds_the_queue_shut_down_and_empty_raises),
          TEST_CASE(a_freed_one_frees_what_is_put_and_lets_wait),
          TEST_CASE(a_loop_is_closed_while_tasks_wait), TEST_CASE(all_who_wait_for_one_wait_for_one_number),
          TEST_CASE(operations_are_awaited_wherever_a_coroutine_is),
          TEST_CASE(an_await_in_drop_is_reported_and_frees_the_value),
          TEST_CASE(passing_values_allocates_nothing),
          TEST_CASE(a_long_queue_gives_its_memory_back_when_it_is_empty),
          TEST_CASE(growth_that_fails_changes_nothing), TEST_CASE(no_lack_of_memory_loses_an_item_or_a_turn),
          TEST_CASE(no_cancellation_loses_or_doubles_an_item))
