/* weft_call_soon_threadsafe: what other threads may do to a loop. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <weft/uv.h>
#include <weft/weft.h>

enum { THREADS = 4, CALLS = 500 };

/* What a thread sends; numbers[i] == i, so that a call knows its place in the order. */
typedef struct sender {
    struct receiver *receiver;
    pthread_t thread;
    int sent[CALLS];
    int next; /* the number that must come next */
} sender;

struct receiver {
    weft_frame frame;
    sender *senders;
    weft_loop *loop;
    weft_future *all;
    pthread_t thread;
    int received;
    bool in_order, in_thread;
};

typedef struct letter {
    sender *from;
    int number;
} letter;

static void receive(void *argument) {
    letter *self = argument;
    sender *from = self->from;
    struct receiver *to = from->receiver;
    to->in_order = to->in_order && self->number == from->next++;
    to->in_thread = to->in_thread && pthread_equal(pthread_self(), to->thread);
    free(self);
    if (++to->received == THREADS * CALLS)
        weft_future_set_value(to->all, weft_none());
}

static void *send_all(void *argument) {
    sender *self = argument;
    for (int i = 0; i < CALLS; i++) {
        letter *message = malloc(sizeof *message);
        if (message == NULL)
            abort();
        *message = (letter){self, i};
        if (!weft_call_soon_threadsafe(self->receiver->loop, receive, message))
            abort();
    }
    return NULL;
}

weft_async(receiver) {
    weft_begin(receiver);
    self->loop = weft_loop_current();
    self->all = weft_create_future();
    self->thread = pthread_self();
    self->in_order = self->in_thread = true;
    for (int i = 0; i < THREADS; i++) {
        self->senders[i].receiver = self;
        if (pthread_create(&self->senders[i].thread, NULL, send_all, &self->senders[i]) != 0)
            abort();
    }
    weft_loop_hold(self->loop); /* or waiting for what no task can set would be a deadlock */
    weft_await(self->all);
    weft_loop_unhold(self->loop);
    for (int i = 0; i < THREADS; i++)
        pthread_join(self->senders[i].thread, NULL);
    CHECK_EQ_INT(self->received, THREADS * CALLS);
    CHECK(self->in_order);
    CHECK(self->in_thread);
    weft_end();
}

TEST(every_call_arrives_in_the_order_of_its_thread) {
    sender *senders = calloc(THREADS, sizeof *senders);
    CHECK(weft_run(weft_call(receiver, .senders = senders), NULL, NULL));
    free(senders);
}

typedef struct waker {
    weft_loop *loop;
    weft_task *sleeper;
} waker;

static void cancel_sleeper(void *argument) {
    weft_task_cancel(((waker *)argument)->sleeper, "enough");
}

static void *wake(void *argument) {
    waker *self = argument;
    if (!weft_call_soon_threadsafe(self->loop, cancel_sleeper, self))
        abort();
    return NULL;
}

struct woken {
    weft_frame frame;
    waker waker;
    pthread_t thread;
    const weft_error *error;
    bool cancelled;
};

weft_async(woken) {
    weft_begin(woken);
    self->waker = (waker){weft_loop_current(), weft_current_task()};
    if (pthread_create(&self->thread, NULL, wake, &self->waker) != 0)
        abort();
    weft_try {
        weft_await(weft_sleep(1e6));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        self->cancelled = true;
        weft_task_uncancel(weft_current_task());
    }
    pthread_join(self->thread, NULL);
    weft_return(self->cancelled);
    weft_end();
}

/* Again and again, so that the call comes before and while the loop sleeps. */
TEST(a_call_wakes_a_sleeping_loop) {
    for (int i = 0; i < 50; i++) {
        weft_value value;
        CHECK(weft_run(weft_call(woken), &value, NULL));
        CHECK(weft_value_bool(value));
    }
}

static void set(void *argument) {
    weft_future_set_value(argument, weft_value_of("set"));
}

struct own {
    weft_frame frame;
    weft_future *future;
    const char *text;
};

weft_async(own) {
    weft_begin(own);
    self->future = weft_create_future();
    CHECK(weft_call_soon_threadsafe(weft_loop_current(), set, self->future));
    CHECK(!weft_future_done(self->future));
    weft_await_to(self->text, self->future);
    CHECK_EQ_STR(self->text, "set");
    weft_end();
}

TEST(the_loop_s_own_thread_may_call_too) {
    CHECK(weft_run(weft_call(own), NULL, NULL));
}

/* --- A loop that is attached in another thread --- */

struct idling {
    weft_frame frame;
};

weft_async(idling) {
    weft_begin(idling);
    weft_await(weft_sleep(1e6));
    weft_end();
}

typedef struct server {
    pthread_t thread;
    uv_sem_t attached;
    weft_uv attachment;
    int asked, detached;
} server;

static void count_detached(weft_uv *attachment) {
    server *self = attachment->data;
    self->detached++;
}

static void *serve(void *argument) {
    server *self = argument;
    uv_loop_t uv;
    if (uv_loop_init(&uv) != 0)
        abort();
    self->attachment.data = self;
    if (weft_uv_attach(&self->attachment, &uv, NULL) != 0)
        abort();
    weft_loop_start(self->attachment.loop, weft_call(idling));
    uv_sem_post(&self->attached);
    uv_run(&uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&uv) != 0)
        abort();
    return NULL;
}

static void ask(void *argument) {
    ((server *)argument)->asked++;
}

static void stop(void *argument) {
    weft_uv_detach(&((server *)argument)->attachment, count_detached);
}

TEST(an_attached_loop_is_called_and_stopped_from_another_thread) {
    static server it;
    CHECK_EQ_INT(uv_sem_init(&it.attached, 0), 0);
    if (pthread_create(&it.thread, NULL, serve, &it) != 0)
        abort();
    uv_sem_wait(&it.attached);
    for (int i = 0; i < 100; i++)
        CHECK(weft_call_soon_threadsafe(it.attachment.loop, ask, &it));
    CHECK(weft_call_soon_threadsafe(it.attachment.loop, stop, &it));
    pthread_join(it.thread, NULL);
    uv_sem_destroy(&it.attached);
    CHECK_EQ_INT(it.asked, 100);
    CHECK_EQ_INT(it.detached, 1);
}

TEST_MAIN(TEST_CASE(every_call_arrives_in_the_order_of_its_thread), TEST_CASE(a_call_wakes_a_sleeping_loop),
          TEST_CASE(the_loop_s_own_thread_may_call_too),
          TEST_CASE(an_attached_loop_is_called_and_stopped_from_another_thread))
