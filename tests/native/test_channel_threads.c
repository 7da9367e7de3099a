/* Channels between loops of different threads, and threads without one. */

#define _GNU_SOURCE

#include "weft_test.h"

#include "../../core/internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>
#include <weft/weft.h>

/* --- Many senders and receivers --- */

enum { SENDERS = 3, RECEIVERS = 3, TASKS = 2, EACH = 300 };
enum { ALL = SENDERS * TASKS * EACH };

typedef struct plant {
    weft_channel *channel;
    bool cancels;
    atomic_uchar sent[ALL], got[ALL];
    atomic_int lost_order, left_senders;
} plant;

/* A task of a sender's or receiver's thread. */
struct sends {
    weft_frame frame;
    plant *of;
    int next, last;
};

weft_async(sends) {
    weft_begin(sends);
    for (; self->next < self->last; self->next++) {
        weft_await(weft_channel_send(self->of->channel, weft_format("%d", self->next)));
        atomic_fetch_add(&self->of->sent[self->next], 1);
    }
    weft_end();
}

struct receives {
    weft_frame frame;
    plant *of;
    weft_value value;
    int last[SENDERS * TASKS];
};

static void note(struct receives *self) {
    int number = atoi(weft_value_string(self->value)), *last = &self->last[number / EACH];
    weft_value_free(&self->value);
    atomic_fetch_add(&self->of->got[number], 1);
    if (number < *last)
        atomic_fetch_add(&self->of->lost_order, 1);
    *last = number;
}

weft_async(receives) {
    weft_begin(receives);
    weft_for_await (self->value, weft_channel_values(self->of->channel)) {
        note(self);
    }
    weft_drop();
    weft_value_free(&self->value);
    weft_end();
}

/* One thread's: its tasks, of which some are cancelled and begun again. */
struct crew {
    weft_frame frame;
    plant *of;
    unsigned number;
    weft_task *tasks[TASKS];
    int i, rounds;
    const weft_error *error;
};

static weft_coroutine *begin_task(struct crew *self, int i) {
    int first = ((int)self->number * TASKS + i) * EACH;
    if (self->number < SENDERS)
        return weft_call(sends, .of = self->of, .next = first, .last = first + EACH);
    return weft_call(receives, .of = self->of);
}

weft_async(crew) {
    weft_begin(crew);
    weft_channel_retain(self->of->channel);
    for (self->i = 0; self->i < TASKS; self->i++)
        self->tasks[self->i] = weft_create_task(begin_task(self, self->i));
    for (self->rounds = 0; self->of->cancels && self->rounds < 200 && self->number >= SENDERS;
         self->rounds++) {
        self->i = self->rounds % TASKS;
        weft_await(weft_sleep(self->rounds % 3 == 0 ? 0.0001 : 0));
        if (weft_cancel(self->tasks[self->i])) {
            weft_try {
                weft_await(self->tasks[self->i]);
            }
            weft_catch_code(WEFT_CANCELLED, self->error) {}
            self->tasks[self->i] = weft_create_task(begin_task(self, self->i));
        }
    }
    for (self->i = 0; self->i < TASKS; self->i++)
        weft_await(self->tasks[self->i]);
    if (self->number < SENDERS && atomic_fetch_sub(&self->of->left_senders, 1) == 1)
        weft_channel_close(self->of->channel);
    weft_drop();
    weft_channel_release(self->of->channel);
    weft_end();
}

static weft_coroutine *make_crew(unsigned number, void *argument) {
    return weft_call(crew, .of = argument, .number = number);
}

static void run_plant(size_t capacity, bool cancels) {
    plant *it = calloc(1, sizeof *it);
    it->channel = weft_channel_new(capacity);
    it->cancels = cancels;
    atomic_init(&it->left_senders, SENDERS);
    CHECK(weft_run(weft_threads_run(SENDERS + RECEIVERS, make_crew, it), NULL, NULL));
    for (int i = 0; i < ALL; i++) {
        CHECK_EQ_INT(it->sent[i], 1);
        CHECK_EQ_INT(it->got[i], 1);
    }
    CHECK_EQ_INT(it->lost_order, 0);
    weft_channel_release(it->channel);
    free(it);
}

TEST(every_value_arrives_once_and_in_order) {
    run_plant(1, false);
    run_plant(16, false);
    run_plant(0, false);
}

TEST(cancelled_receivers_lose_nothing) {
    run_plant(1, true);
    run_plant(8, true);
}

/* --- A thread without a loop --- */

static void *send_plainly(void *argument) {
    weft_channel *channel = argument;
    for (int i = 0; i < 1000;) {
        if (weft_channel_try_send(channel, i) == NULL)
            i++;
    }
    weft_channel_close(channel);
    weft_channel_release(channel);
    return NULL;
}

struct sums {
    weft_frame frame;
    weft_channel *channel;
    pthread_t thread;
    int number, sum;
};

weft_async(sums) {
    weft_begin(sums);
    self->channel = weft_channel_new(4);
    if (pthread_create(&self->thread, NULL, send_plainly, weft_channel_retain(self->channel)) != 0)
        abort();
    weft_for_await (self->number, weft_channel_values(self->channel)) {
        self->sum += self->number;
    }
    pthread_join(self->thread, NULL);
    weft_channel_release(self->channel);
    weft_return(self->sum);
    weft_end();
}

TEST(a_thread_without_a_loop_sends) {
    weft_value value;
    CHECK(weft_run(weft_call(sums), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 499500);
}

/* --- What is the end of waiting --- */

static void *let_go(void *channel) {
    weft_channel_try_send(channel, 5);
    weft_channel_release(channel);
    return NULL;
}

struct abandoned {
    weft_frame frame;
    weft_channel *channel;
    pthread_t thread;
    const weft_error *error;
    int number;
};

weft_async(abandoned) {
    weft_begin(abandoned);
    self->channel = weft_channel_new(1);
    if (pthread_create(&self->thread, NULL, let_go, weft_channel_retain(self->channel)) != 0)
        abort();
    weft_await_to(self->number, weft_channel_receive(self->channel));
    CHECK_EQ_INT(self->number, 5);
    weft_await_to(self->number, weft_channel_receive(self->channel));
    weft_drop();
    pthread_join(self->thread, NULL);
    weft_channel_release(self->channel);
    weft_end();
}

TEST(when_every_other_thread_has_let_go_the_deadlock_is_found) {
    for (int i = 0; i < 50; i++) {
        const weft_error *error = NULL;
        CHECK(!weft_run(weft_call(abandoned), NULL, &error));
        CHECK(weft_error_has(error, WEFT_DEADLOCK));
        weft_error_release(error);
    }
}

/* Loops that end while their tasks wait, and others that serve just those. */
struct leaves {
    weft_frame frame;
    weft_channel *channel;
    bool sends;
    int i;
};

struct waits {
    weft_frame frame;
    weft_channel *channel;
    bool sends;
};

weft_async(waits) {
    weft_begin(waits);
    if (self->sends)
        weft_await(weft_channel_send(self->channel, 1));
    else
        weft_await(weft_channel_receive(self->channel));
    weft_end();
}

weft_async(leaves) {
    weft_begin(leaves);
    for (self->i = 0; self->i < 5; self->i++)
        weft_create_task(weft_call(waits, .channel = self->channel, .sends = self->sends));
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

static weft_coroutine *make_leaves(unsigned number, void *channel) {
    return weft_call(leaves, .channel = weft_channel_retain(channel), .sends = number % 2 == 0);
}

TEST(loops_that_end_while_their_tasks_wait_are_forgotten) {
    weft_channel *channel = weft_channel_new(2);
    for (int i = 0; i < 20; i++)
        CHECK(weft_run(weft_threads_run(4, make_leaves, channel), NULL, NULL));
    weft_value value;
    while ((value = weft_channel_try_receive(channel)).kind == WEFT_INT) {
    }
    CHECK(weft_channel_try_send(channel, 1) == NULL); /* nobody's room is kept */
    CHECK(weft_channel_try_send(channel, 2) == NULL);
    CHECK_EQ_INT(weft_value_int(weft_channel_try_receive(channel)), 1);
    weft_channel_release(channel);
}

/* --- Messages --- */

static atomic_int wakes;
static int (*real_wake)(weft_host *host);

static int count_wake(weft_host *host) {
    atomic_fetch_add(&wakes, 1);
    return real_wake(host);
}

struct many {
    weft_frame frame;
    weft_channel *channel;
    pthread_t thread;
    int i;
};

static void *send_hundred(void *argument) {
    for (int i = 0; i < 100; i++)
        if (weft_channel_try_send(argument, i) != NULL)
            abort();
    weft_channel_release(argument);
    return NULL;
}

weft_async(many) {
    weft_begin(many);
    self->channel = weft_channel_new(0);
    for (self->i = 0; self->i < 100; self->i++)
        weft_create_task(weft_call(waits, .channel = self->channel));
    weft_await(weft_sleep(0));
    real_wake = weft__loop->host->wake;
    weft__loop->host->wake = count_wake;
    pthread_create(&self->thread, NULL, send_hundred, weft_channel_retain(self->channel));
    pthread_join(self->thread, NULL); /* this loop does nothing meanwhile */
    CHECK_EQ_INT(wakes, 1);
    weft__loop->host->wake = real_wake;
    weft_await(weft_sleep(0));
    weft_await(weft_sleep(0));
    CHECK_EQ_INT((int)weft_all_tasks(NULL, 0), 1);
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

TEST(one_message_wakes_all_that_a_loop_has_waiting) {
    atomic_store(&wakes, 0);
    CHECK(weft_run(weft_call(many), NULL, NULL));
}

/* --- Bytes --- */

struct bytes {
    weft_frame frame;
    weft_channel *channel;
};

weft_async(bytes) {
    weft_begin(bytes);
    weft_await(
        weft_channel_send(self->channel, weft_owned_pointer(strcpy(weft_allocate(6), "bytes"), weft_free)));
    weft_drop();
    weft_channel_release(self->channel);
    weft_end();
}

static weft_coroutine *make_bytes(void *channel) {
    return weft_call(bytes, .channel = channel);
}

struct takes {
    weft_frame frame;
    weft_channel *channel;
    char *bytes;
};

weft_async(takes) {
    weft_begin(takes);
    self->channel = weft_channel_new(1);
    weft_await(weft_thread_run(make_bytes, weft_channel_retain(self->channel)));
    weft_await_to(self->bytes, weft_channel_receive(self->channel)); /* after the other loop's end */
    CHECK_EQ_STR(self->bytes, "bytes");
    weft_drop();
    free(self->bytes);
    weft_channel_release(self->channel);
    weft_end();
}

TEST(memory_of_weft_allocate_outlives_its_loop) {
    CHECK(weft_run(weft_call(takes), NULL, NULL));
}

TEST_MAIN(TEST_CASE(every_value_arrives_once_and_in_order), TEST_CASE(cancelled_receivers_lose_nothing),
          TEST_CASE(a_thread_without_a_loop_sends),
          TEST_CASE(when_every_other_thread_has_let_go_the_deadlock_is_found),
          TEST_CASE(loops_that_end_while_their_tasks_wait_are_forgotten),
          TEST_CASE(one_message_wakes_all_that_a_loop_has_waiting),
          TEST_CASE(memory_of_weft_allocate_outlives_its_loop))
