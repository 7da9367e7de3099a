/* Channels within one loop: order, limits, ownership; no cancellation loses, doubles or reorders a value, and
 * a deadlock is found. Between threads: tests/native/test_channel_threads.c. */

#include "world.h"

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

/* --- A script of moves --- */

struct receives {
    weft_frame frame;
    weft_channel *channel;
    const char *name;
    weft_value value;
    const weft_error *error;
};

weft_async(receives) {
    weft_begin(receives);
    weft_try {
        weft_await_to(self->value, weft_channel_receive(self->channel));
        say("%s", self->name);
        say_value(self->value);
    }
    weft_catch_all(self->error) {
        say("%s %s", self->name, name_of(self->error));
    }
    weft_end();
}

struct sends {
    weft_frame frame;
    weft_channel *channel;
    const char *name;
    const weft_error *error;
};

weft_async(sends) {
    weft_begin(sends);
    weft_try {
        weft_await(weft_channel_send(self->channel, owned(self->name)));
        say("+%s", self->name);
    }
    weft_catch_all(self->error) {
        say("+%s %s", self->name, name_of(self->error));
    }
    weft_end();
}

struct iterates {
    weft_frame frame;
    weft_channel *channel;
    weft_value value;
};

weft_async(iterates) {
    weft_begin(iterates);
    weft_for_await (self->value, weft_channel_values(self->channel)) {
        say("*");
        say_value(self->value);
    }
    say("*end");
    weft_end();
}

/*
 * One letter a move: r and w start tasks (a, b, … and A, B, …) that receive and send, R and W try that in
 * place, i starts one that iterates, s gives every task a turn, c and a letter cancels a task, x closes, l
 * lets go of the channel.
 */
struct script {
    weft_frame frame;
    weft_channel *channel;
    const char *moves;
    size_t capacity;
    weft_task *tasks[128];
    char names[32][2];
    int made, receivers, senders;
};

static weft_task *start(struct script *self, bool receives) {
    char letter = (char)(receives ? 'a' + self->receivers++ : 'A' + self->senders++);
    char *name = self->names[self->made++];
    name[0] = letter;
    return self->tasks[(int)letter] =
               weft_create_task(receives ? weft_call(receives, .channel = self->channel, .name = name)
                                         : weft_call(sends, .channel = self->channel, .name = name));
}

static void let_go(struct script *self) {
    weft_channel_release(self->channel);
    self->channel = NULL;
}

static void move(struct script *self) {
    switch (*self->moves) {
    case 'r':
    case 'w':
        start(self, *self->moves == 'r');
        break;
    case 'i':
        weft_create_task(weft_call(iterates, .channel = self->channel));
        break;
    case 'R':
        say("R");
        say_value(weft_channel_try_receive(self->channel));
        break;
    case 'W':
        say("W%s", name_of(weft_channel_try_send(self->channel, owned("item"))));
        break;
    case 'c':
        weft_cancel(self->tasks[(int)*++self->moves]);
        break;
    case 'x':
        weft_channel_close(self->channel);
        break;
    case 'l':
        let_go(self);
        break;
    default:
        break;
    }
}

weft_async(script) {
    weft_begin(script);
    self->channel = weft_channel_new(self->capacity);
    for (; *self->moves != '\0'; self->moves++) {
        if (*self->moves == 's')
            weft_await(weft_sleep(0));
        move(self);
    }
    weft_drop();
    let_go(self);
    weft_end();
}

static const char *play(size_t capacity, const char *moves) {
    RUN(weft_call(script, .moves = moves, .capacity = capacity));
    CHECK_EQ_INT(owned_strings, 0);
    return world.said;
}

TEST(values_come_out_in_their_order) {
    CHECK_EQ_STR(play(2, "wwsRRR"), "+A +B R A R B R QueueEmpty: the channel is empty");
}

TEST(a_full_one_lets_wait_and_an_empty_one_too) {
    CHECK_EQ_STR(play(1, "WWwsRsR"), "Wnone WQueueFull R item +A R A");
    CHECK_EQ_STR(play(1, "rsWs"), "Wnone a item");
    CHECK_EQ_STR(
        play(0, "WWWWWWWWWWWWRRR"),
        "Wnone Wnone Wnone Wnone Wnone Wnone Wnone Wnone Wnone Wnone Wnone Wnone R item R item R item");
}

TEST(receivers_are_served_in_their_order) {
    CHECK_EQ_STR(play(0, "rrsWWsrsWs"), "Wnone Wnone a item b item Wnone c item");
}

TEST(senders_are_served_in_their_order) {
    CHECK_EQ_STR(play(1, "Wwwws RsRsRsR"), "Wnone R item +A R A +B R B +C R C");
}

TEST(nobody_overtakes_who_was_woken) {
    CHECK_EQ_STR(play(0, "rrsWRs"), "Wnone R QueueEmpty: the channel is empty a item b Cancelled");
    CHECK_EQ_STR(play(1, "WwsRWsR"), "Wnone R item WQueueFull +A R A");
}

TEST(a_receiver_that_is_cancelled_leaves_its_value_to_the_next) {
    CHECK_EQ_STR(play(0, "rrsWcass"), "Wnone a Cancelled b item");
    CHECK_EQ_STR(play(0, "rsWcasR"), "Wnone a Cancelled R item");
    CHECK_EQ_STR(play(0, "rrscasWs"), "a Cancelled Wnone b item");
    CHECK_EQ_STR(play(0, "rrrscbWs"), "Wnone b Cancelled a item c Cancelled");
}

TEST(a_sender_that_is_cancelled_has_not_sent_and_leaves_its_room_to_the_next) {
    CHECK_EQ_STR(play(1, "WwwsRcAssR"), "Wnone R item +A Cancelled +B R B");
    CHECK_EQ_STR(play(1, "WwsRcAsR"), "Wnone R item +A Cancelled R QueueEmpty: the channel is empty");
    CHECK_EQ_STR(play(1, "WwwscAsRsR"), "Wnone +A Cancelled R item +B R B");
}

TEST(a_closed_one_gives_what_is_left_and_then_the_end) {
    CHECK_EQ_STR(play(0, "WWxWRRR"),
                 "Wnone Wnone WQueueShutDown R item R item R QueueShutDown: the channel was closed");
    CHECK_EQ_STR(play(0, "WxrrS sS"), "Wnone a item b QueueShutDown");
}

TEST(closing_wakes_all_who_wait_in_vain) {
    CHECK_EQ_STR(play(0, "rrsxs"), "a QueueShutDown b QueueShutDown");
    CHECK_EQ_STR(play(1, "WwwsxsRR"),
                 "Wnone +A QueueShutDown +B QueueShutDown R item R QueueShutDown: the channel was closed");
    CHECK_EQ_STR(play(1, "WwsRxs"), "Wnone R item +A QueueShutDown");
}

TEST(a_value_that_was_granted_before_the_close_is_not_lost) {
    CHECK_EQ_STR(play(0, "rsWxs"), "Wnone a item");
    CHECK_EQ_STR(play(0, "rrsWxcass"), "Wnone a Cancelled b item");
    CHECK_EQ_STR(play(0, "rsWxrscass"), "Wnone a item b QueueShutDown");
    CHECK_EQ_STR(play(0, "rrsWxss"), "Wnone a item b QueueShutDown");
}

TEST(a_generator_gives_all_values_and_ends) {
    CHECK_EQ_STR(play(0, "isWWsWsxs"), "Wnone Wnone * item * item Wnone * item *end");
    CHECK_EQ_STR(play(0, "WiWxs"), "Wnone Wnone * item * item *end");
}

TEST(what_is_left_goes_with_the_last_reference) {
    CHECK_EQ_STR(play(0, "WWW"), "Wnone Wnone Wnone");
    CHECK_EQ_STR(play(1, "Wwsl"), "Wnone +A Cancelled");
}

/* --- Deadlocks --- */

struct waits {
    weft_frame frame;
    weft_channel *channel;
};

weft_async(waits) {
    weft_begin(waits);
    weft_await(weft_channel_receive(self->channel));
    weft_end();
}

TEST(a_channel_of_one_thread_can_be_part_of_a_deadlock) {
    weft_channel *channel = weft_channel_new(1);
    CHECK(strstr(RUN(weft_call(waits, .channel = channel)), "waits for channel") != NULL);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
    weft_channel_release(channel);
}

#if defined(__wasm__) && !defined(__wasm_atomics__)
enum { HAS_THREADS = false };
#else
enum { HAS_THREADS = true };
#endif

TEST(one_that_another_thread_holds_keeps_the_loop_waiting_until_it_lets_go) {
    weft_channel *channel = weft_channel_new(1);
    weft_channel_retain(channel);
    if (!world_open())
        return;
    weft_task *main = world_start(weft_call(waits, .channel = channel));
    if (HAS_THREADS) {
        CHECK_EQ_INT(world_turn(), WEFT_TURN_IDLE);
        CHECK(!weft_task_done(main));
    }
    weft_channel_release(channel);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_outcome(main);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
    world_close();
    weft_channel_release(channel);
}

TEST(a_reference_given_while_a_task_waits_counts) {
    weft_channel *channel = weft_channel_new(1);
    if (!world_open())
        return;
    weft_task *main = world_start(weft_call(waits, .channel = channel));
    weft_loop_turn(world.loop, 1);
    weft_channel_retain(channel);
    if (HAS_THREADS)
        CHECK_EQ_INT(world_turn(), WEFT_TURN_IDLE);
    CHECK(weft_channel_try_send(channel, 1) == NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK(weft_task_error(main) == NULL);
    world_close();
    weft_channel_release(channel);
    weft_channel_release(channel);
}

TEST(a_loop_is_closed_while_tasks_wait) {
    weft_channel *full = weft_channel_new(1), *empty = weft_channel_new(1);
    sweep_allow(SWEEP_DEADLOCK); /* the loop is not meant to come to its end */
    if (world_open()) {
        weft_channel_try_send(full, owned("first"));
        for (int i = 0; i < 3; i++) {
            world_start(weft_call(sends, .channel = full, .name = "w"));
            world_start(weft_call(receives, .channel = empty, .name = "r"));
        }
        weft_loop_turn(world.loop, 6);
        weft_value value = weft_channel_try_receive(full); /* one is granted room, one a value */
        weft_value_free(&value);
        weft_channel_try_send(empty, owned("woken"));
        world_close();
        value = weft_channel_try_receive(empty); /* it came back */
        CHECK_EQ_INT(value.kind, WEFT_STRING);
        weft_value_free(&value);
    }
    weft_channel_release(full);
    weft_channel_release(empty);
    CHECK_EQ_INT(owned_strings, 0);
}

/* --- What may cross --- */

struct crossing {
    weft_frame frame;
    weft_channel *channel;
    weft_value value;
    const weft_error *error;
    double number;
    char *text;
};

weft_async(crossing) {
    weft_begin(crossing);
    weft_await(weft_channel_send(self->channel, weft_format("number %d", 5)));
    weft_await(weft_channel_send(self->channel, weft_owned_pointer(weft_allocate(3), weft_free)));
    weft_drop();
    weft_end();
}

TEST(memory_of_a_loop_becomes_malloc_s_or_stays) {
    weft_channel *channel = weft_channel_new(0);
    /* The world has an allocator of its own. */
    CHECK(strstr(RUN(weft_call(crossing, .channel = channel)), "cannot go to another loop") != NULL);
    weft_value value = weft_channel_try_receive(channel);
    CHECK_EQ_STR(weft_value_string(value), "number 5");
    CHECK(value.release == free);
    weft_value_free(&value);
    weft_channel_release(channel);
}

struct misuse {
    weft_frame frame;
    weft_channel *channel;
    const weft_error *error;
    weft_value value;
    double number;
};

weft_async(misuse) {
    weft_begin(misuse);
    weft_try {
        weft_await(weft_channel_send(NULL, owned("nowhere")));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_await(weft_channel_receive(NULL));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    weft_try {
        weft_for_await (self->value, weft_channel_values(NULL)) {
        }
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    self->channel = weft_channel_new(1);
    weft_try {
        weft_await(weft_channel_send(self->channel, weft_failure(WEFT_RUNTIME, "none")));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    say("%s", name_of(weft_channel_try_send(self->channel, weft_value_of(&weft_error_out_of_memory))));
    say("%s", name_of(weft_channel_try_send(NULL, owned("nowhere"))));
    say("%s", name_of(weft_value_error(weft_channel_try_receive(NULL))));
    weft_coroutine_close(weft_channel_send(self->channel, owned("never")));
    weft_coroutine_close(weft_channel_receive(self->channel));
    weft_await(weft_channel_send(self->channel, owned("text")));
    weft_try {
        weft_await_to(self->number, weft_channel_receive(self->channel));
    }
    weft_catch(self->error) {
        say("%s", name_of(self->error));
    }
    say("%zu/%zu %d", weft_channel_size(self->channel), weft_channel_capacity(self->channel),
        weft_channel_closed(self->channel));
    weft_channel_close(NULL);
    weft_channel_release(NULL);
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

TEST(misuse_is_an_error_and_frees_the_value) {
    RUN(weft_call(misuse));
    CHECK_EQ_STR(world.said, "InvalidArgument InvalidArgument InvalidArgument InvalidArgument OutOfMemory "
                             "InvalidArgument InvalidArgument TypeMismatch 0/1 0");
    CHECK_EQ_INT(owned_strings, 0);
}

TEST(without_a_loop_values_go_in_and_out) {
    weft_channel *channel = weft_channel_new(1);
    CHECK(weft_channel_try_send(channel, weft_format("%d", 7)) == NULL);
    CHECK_EQ_STR(name_of(weft_channel_try_send(channel, owned("too much"))), "QueueFull");
    weft_value value = weft_channel_try_receive(channel);
    CHECK_EQ_STR(weft_value_string(value), "7");
    weft_value_free(&value);
    weft_channel_release(channel);
    CHECK_EQ_INT(owned_strings, 0);
}

/* --- The log --- */

static char records[512];

static void read_records(void *unused, const weft_log_record *record, size_t count, uint64_t base) {
    static uint32_t channel;
    (void)unused, (void)base;
    for (const weft_log_record *end = record + count; record < end; record++) {
        char words[64] = "";
        if (record->kind == WEFT_LOG_STRING_DEF) /* its text takes the place of records */
            record += (record->payload + sizeof *record - 1) / sizeof *record;
        else if (record->kind == WEFT_LOG_OBJECT_NEW && record->subkind == 11)
            snprintf(words, sizeof words, "new %u ", (unsigned)record->payload), channel = record->object;
        else if (record->object != channel || channel == 0)
            continue;
        else if (record->kind == WEFT_LOG_WAIT)
            snprintf(words, sizeof words, "wait %u/%u ", record->subkind, record->count);
        else if (record->kind == WEFT_LOG_RELEASE || record->kind == WEFT_LOG_ACQUIRE)
            snprintf(words, sizeof words, "%s %u/%u ", record->kind == WEFT_LOG_RELEASE ? "put" : "got",
                     (unsigned)record->payload, record->count);
        else if (record->kind == WEFT_LOG_WAKE)
            snprintf(words, sizeof words, "wake ");
        strncat(records, words, sizeof records - strlen(records) - 1);
    }
}

TEST(the_log_has_it_as_a_queue) {
    records[0] = '\0';
    if (!world_open())
        return;
    weft_log_on(read_records, NULL);
    CHECK_EQ_STR(world_finish(weft_call(script, .moves = "rsWsWwsRsR", .capacity = 1)), "none");
    CHECK_EQ_STR(records,
                 "new 1 wait 12/1 put 1/0 wake got 0/0 put 1/0 wait 12/2 got 0/0 wake put 1/0 got 0/0 ");
    CHECK_EQ_INT(owned_strings, 0);
}

/* --- Many, in many orders, with cancellations at every step --- */

enum { SENDERS = 3, RECEIVERS = 3, EACH = 8 };

/* What tasks have that outlive the coroutine which started them, where memory ends. */
static struct state {
    weft_channel *channel;
    unsigned char sent[SENDERS * EACH], got[SENDERS * EACH];
    int last[RECEIVERS][SENDERS]; /* what a receiver got last from each sender */
    bool in_order;
} state;

struct sends_many {
    weft_frame frame;
    int next, last;
};

weft_async(sends_many) {
    weft_begin(sends_many);
    for (; self->next < self->last; self->next++) {
        weft_await(weft_channel_send(state.channel, self->next));
        state.sent[self->next]++;
    }
    weft_end();
}

struct receives_many {
    weft_frame frame;
    int *last;
    int number;
};

static void note(struct receives_many *self) {
    int *last = &self->last[self->number / EACH];
    state.got[self->number]++;
    state.in_order &= *last < self->number;
    *last = self->number;
}

weft_async(receives_many) {
    weft_begin(receives_many);
    weft_for_await (self->number, weft_channel_values(state.channel)) {
        note(self);
        weft_await(weft_sleep(0));
    }
    weft_end();
}

struct factory {
    weft_frame frame;
    weft_task *tasks[SENDERS + RECEIVERS];
    int i;
    const weft_error *error;
};

weft_async(factory) {
    weft_begin(factory);
    for (self->i = 0; self->i < RECEIVERS; self->i++) {
        self->tasks[self->i] = weft_create_task(weft_call(receives_many, .last = state.last[self->i]));
    }
    for (self->i = 0; self->i < SENDERS; self->i++)
        self->tasks[RECEIVERS + self->i] =
            weft_create_task(weft_call(sends_many, .next = self->i * EACH, .last = (self->i + 1) * EACH));
    /* A sender that nobody serves any more is told so. */
    for (self->i = RECEIVERS; self->i < RECEIVERS + SENDERS; self->i++) {
        weft_try {
            weft_await(weft_wait_for(self->tasks[self->i], 10));
        }
        weft_catch_all(self->error) {}
    }
    weft_channel_close(state.channel);
    for (self->i = 0; self->i < RECEIVERS; self->i++) {
        weft_try {
            weft_await(self->tasks[self->i]);
        }
        weft_catch_all(self->error) {}
    }
    for (self->i = 0; self->i < SENDERS * EACH; self->i++) {
        weft_value value = weft_channel_try_receive(state.channel);
        if (value.kind == WEFT_INT)
            state.got[weft_value_int(value)]++;
    }
    for (self->i = 0; self->i < SENDERS * EACH; self->i++)
        CHECK_EQ_INT(state.got[self->i], state.sent[self->i]);
    CHECK(state.in_order);
    weft_end();
}

/* A receiver is cancelled while it has a value in its hands only where its body waits. */
static void run_factory(uint64_t seed, size_t capacity, const weft_injection *injection) {
    world.options = (weft_simulation_options){.seed = seed,
                                              .seeded = seed != 0,
                                              .permute_ready = seed != 0,
                                              .injections = injection,
                                              .injection_count = injection != NULL};
    state = (struct state){.channel = weft_channel_new(capacity), .in_order = true};
    memset(state.last, -1, sizeof state.last);
    RUN(weft_call(factory));
    weft_channel_release(state.channel);
}

TEST(in_every_order_each_value_arrives_once) {
    for (uint64_t seed = 0; seed < 150; seed++)
        run_factory(seed, seed % 4, NULL);
}

TEST(a_cancellation_at_any_step_loses_and_doubles_nothing) {
    for (uint32_t task = 0; task < SENDERS + RECEIVERS; task++)
        for (uint64_t step = 1; step < 70; step++)
            run_factory(step * 7 + task, 1 + task % 2, &(weft_injection){.step = step, .task = task + 2});
}

TEST_MAIN(TEST_CASE(values_come_out_in_their_order), TEST_CASE(a_full_one_lets_wait_and_an_empty_one_too),
          TEST_CASE(receivers_are_served_in_their_order), TEST_CASE(senders_are_served_in_their_order),
          TEST_CASE(nobody_overtakes_who_was_woken),
          TEST_CASE(a_receiver_that_is_cancelled_leaves_its_value_to_the_next),
          TEST_CASE(a_sender_that_is_cancelled_has_not_sent_and_leaves_its_room_to_the_next),
          TEST_CASE(a_closed_one_gives_what_is_left_and_then_the_end),
          TEST_CASE(closing_wakes_all_who_wait_in_vain),
          TEST_CASE(a_value_that_was_granted_before_the_close_is_not_lost),
          TEST_CASE(a_generator_gives_all_values_and_ends),
          TEST_CASE(what_is_left_goes_with_the_last_reference),
          TEST_CASE(a_channel_of_one_thread_can_be_part_of_a_deadlock),
          TEST_CASE(one_that_another_thread_holds_keeps_the_loop_waiting_until_it_lets_go),
          TEST_CASE(a_reference_given_while_a_task_waits_counts),
          TEST_CASE(a_loop_is_closed_while_tasks_wait), TEST_CASE(memory_of_a_loop_becomes_malloc_s_or_stays),
          TEST_CASE(misuse_is_an_error_and_frees_the_value), TEST_CASE(without_a_loop_values_go_in_and_out),
          TEST_CASE(the_log_has_it_as_a_queue), TEST_CASE(in_every_order_each_value_arrives_once),
          TEST_CASE(a_cancellation_at_any_step_loses_and_doubles_nothing))
