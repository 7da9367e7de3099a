/* What other threads may do to a loop: weft_call_soon_threadsafe, weft_run_coroutine_threadsafe. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <weft/concurrent.h>
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

/* --- Coroutines that another thread asks for --- */

/* A loop in a thread of its own, which runs until it is told to stop. */
typedef struct service {
    pthread_t thread;
    uv_sem_t started;
    weft_loop *loop;
    weft_future *stop;
    atomic_int dropped;
} service;

static service the_service;

struct serving {
    weft_frame frame;
    service *service;
};

/* What is asked for too late is destroyed, and that is said. */
static void ignore(void *context, const char *text) {
    (void)context;
    (void)text;
}

weft_async(serving) {
    weft_begin(serving);
    weft_loop_set_reporter(weft_loop_current(), ignore, NULL);
    self->service->stop = weft_create_future();
    self->service->loop = weft_loop_current();
    weft_loop_hold(self->service->loop);
    uv_sem_post(&self->service->started);
    weft_await(self->service->stop);
    weft_loop_unhold(self->service->loop);
    weft_end();
}

static void *serve_all(void *argument) {
    if (!weft_run(weft_call(serving, .service = argument), NULL, NULL))
        abort();
    return NULL;
}

static weft_loop *start_service(void) {
    atomic_init(&the_service.dropped, 0);
    if (uv_sem_init(&the_service.started, 0) != 0 ||
        pthread_create(&the_service.thread, NULL, serve_all, &the_service) != 0)
        abort();
    uv_sem_wait(&the_service.started);
    return the_service.loop;
}

static void stop_service(void) {
    if (!weft_call_soon_threadsafe(the_service.loop, set, the_service.stop))
        abort();
    pthread_join(the_service.thread, NULL);
    uv_sem_destroy(&the_service.started);
}

/* How it ends: v with a value, s a string, e an error, n with nested ones, c cancelled, f never */
struct asked {
    weft_frame frame;
    char how;
    int number;
    uv_sem_t *begun;
    const weft_error *error;
};

static const weft_error *nested_error(void) {
    const weft_error *children[2];
    children[0] = weft_error_new(WEFT_USER + 1, "one");
    children[1] = weft_error_from(&weft_error_timed_out, WEFT_USER + 2, "two");
    const weft_error *group = weft_error_group("both", children, 2);
    const weft_error *error = weft_error_from(group, WEFT_RUNTIME, "outside");
    weft_error_release(children[0]);
    weft_error_release(children[1]);
    weft_error_release(group);
    return error;
}

weft_async(asked) {
    weft_begin(asked);
    if (self->begun != NULL)
        uv_sem_post(self->begun);
    weft_await(weft_sleep(0));
    if (self->how == 'v')
        weft_return(self->number * 2);
    if (self->how == 's')
        weft_return(weft_format("number %d", self->number));
    if (self->how == 'e')
        weft_raise(WEFT_USER + 3, "no number %d", self->number);
    if (self->how == 'n') {
        self->error = nested_error();
        weft_raise_error(self->error);
    }
    if (self->how == 'c')
        weft_task_cancel(weft_current_task(), "enough");
    weft_await(weft_sleep(1e6));
    weft_drop();
    weft_error_release(self->error);
    atomic_fetch_add(&the_service.dropped, 1);
    weft_end();
}

TEST(another_thread_gets_the_value) {
    weft_loop *loop = start_service();
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'v', .number = 21);
    CHECK(weft_concurrent_wait(answer, INFINITY));
    CHECK(weft_concurrent_done(answer));
    CHECK(weft_concurrent_error(answer) == NULL);
    CHECK_EQ_INT(weft_value_int(weft_concurrent_value(answer)), 42);
    weft_concurrent_release(answer);
    stop_service();
}

TEST(a_string_outlives_the_loop) {
    weft_loop *loop = start_service();
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 's', .number = 5);
    weft_concurrent_future *other = weft_run_coroutine_threadsafe(loop, asked, .how = 's', .number = 6);
    CHECK(weft_concurrent_wait(answer, INFINITY));
    CHECK(weft_concurrent_wait(other, INFINITY));
    weft_value value = weft_concurrent_take(answer);
    CHECK_EQ_INT(weft_concurrent_take(answer).kind, WEFT_NONE);
    stop_service();
    CHECK_EQ_STR(weft_value_string(value), "number 5");
    CHECK_EQ_STR(weft_value_string(weft_concurrent_value(other)), "number 6");
    weft_value_free(&value);
    weft_concurrent_release(answer);
    weft_concurrent_release(other);
}

TEST(an_error_crosses_with_all_that_it_has) {
    char text[256];
    weft_loop *loop = start_service();
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'e', .number = 7);
    weft_concurrent_future *nested = weft_run_coroutine_threadsafe(loop, asked, .how = 'n');
    CHECK(weft_concurrent_wait(answer, INFINITY));
    CHECK(weft_concurrent_wait(nested, INFINITY));
    stop_service();
    const weft_error *error = weft_concurrent_error(answer);
    CHECK_EQ_INT(error->code, WEFT_USER + 3);
    CHECK_EQ_STR(error->message, "no number 7");
    CHECK_EQ_STR(error->function, "asked");
    CHECK(error->line > 0);
    CHECK(weft_value_error(weft_concurrent_value(answer)) == error);
    weft_error_print(weft_concurrent_error(nested), text, sizeof text);
    CHECK_EQ_STR(text, "RuntimeError: outside\n"
                       "caused by ErrorGroup: both\n"
                       "  Error 1001: one\n"
                       "  Error 1002: two\n"
                       "  caused by TimedOut\n");
    weft_concurrent_release(answer);
    weft_concurrent_release(nested);
}

TEST(a_wait_has_a_limit) {
    weft_loop *loop = start_service();
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'f');
    CHECK(!weft_concurrent_wait(answer, 0));
    CHECK(!weft_concurrent_wait(answer, 0.002));
    CHECK(!weft_concurrent_wait(answer, -1));
    CHECK(!weft_concurrent_wait(answer, NAN));
    CHECK_EQ_INT(weft_concurrent_error(answer)->code, WEFT_INVALID_STATE);
    CHECK(!weft_concurrent_cancelled(answer));
    stop_service(); /* which cancels what is left */
    CHECK(weft_concurrent_wait(answer, 0));
    CHECK(weft_concurrent_cancelled(answer));
    weft_concurrent_release(answer);
    CHECK_EQ_INT(the_service.dropped, 1);
}

TEST(cancelling_the_future_cancels_the_task) {
    uv_sem_t begun;
    weft_loop *loop = start_service();
    uv_sem_init(&begun, 0);
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'f', .begun = &begun);
    uv_sem_wait(&begun);
    CHECK(weft_concurrent_cancel(answer));
    CHECK(weft_concurrent_cancelled(answer)); /* at once */
    CHECK(weft_concurrent_wait(answer, INFINITY));
    CHECK(!weft_concurrent_cancel(answer));
    while (atomic_load(&the_service.dropped) == 0) /* or it would sleep for days */
        sched_yield();
    weft_concurrent_release(answer);
    stop_service();
    uv_sem_destroy(&begun);
}

TEST(one_that_is_cancelled_before_it_begins) {
    weft_loop *loop = start_service();
    for (int i = 0; i < 100; i++) {
        weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'f');
        CHECK(weft_concurrent_cancel(answer));
        weft_concurrent_release(answer);
    }
    stop_service();
    CHECK_EQ_INT(the_service.dropped, 100);
}

TEST(a_task_that_is_cancelled_cancels_the_future) {
    weft_loop *loop = start_service();
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'c');
    CHECK(weft_concurrent_wait(answer, INFINITY));
    CHECK(weft_concurrent_cancelled(answer));
    CHECK_EQ_STR(weft_concurrent_error(answer)->message, "enough");
    weft_concurrent_release(answer);
    stop_service();
}

static pthread_t called_in;
static uv_sem_t called;
static char call_order[8];

static void on_answer(weft_concurrent_future *future, void *sign) {
    called_in = pthread_self();
    call_order[strlen(call_order)] = *(const char *)sign;
    if (!weft_concurrent_done(future))
        abort();
    uv_sem_post(&called);
}

TEST(callbacks) {
    weft_loop *loop = start_service();
    memset(call_order, 0, sizeof call_order);
    uv_sem_init(&called, 0);
    uv_sem_t begun;
    uv_sem_init(&begun, 0);
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'f', .begun = &begun);
    CHECK(weft_concurrent_add_done_callback(answer, on_answer, (void *)"a"));
    CHECK(weft_concurrent_add_done_callback(answer, on_answer, (void *)"b"));
    CHECK(!weft_concurrent_add_done_callback(answer, NULL, NULL));
    CHECK_EQ_STR(call_order, "");
    weft_concurrent_cancel(answer); /* calls them here */
    CHECK_EQ_STR(call_order, "ab");
    CHECK(pthread_equal(called_in, pthread_self()));
    CHECK(weft_concurrent_add_done_callback(answer, on_answer, (void *)"c")); /* at once */
    CHECK_EQ_STR(call_order, "abc");
    weft_concurrent_release(answer);

    for (int i = 0; i < 3; i++)
        uv_sem_wait(&called);
    answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'v');
    CHECK(weft_concurrent_add_done_callback(answer, on_answer, (void *)"d"));
    uv_sem_wait(&called);
    CHECK_EQ_STR(call_order, "abcd");
    weft_concurrent_release(answer);
    stop_service();
    uv_sem_destroy(&called);
    uv_sem_destroy(&begun);
}

/* --- Many at once, let go of at every moment --- */

static void *ask_often(void *argument) {
    weft_loop *loop = argument;
    for (int i = 0; i < 200; i++) {
        char how = "vsencf"[i % 6];
        weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = how, .number = i);
        if (answer == NULL)
            abort();
        if (i % 6 == 5 || i % 7 == 0)
            weft_concurrent_cancel(answer);
        if (i % 3 > 0 && !weft_concurrent_wait(answer, INFINITY))
            abort();
        if (i % 6 == 0 && i % 7 > 0 && weft_concurrent_wait(answer, INFINITY) &&
            weft_value_int(weft_concurrent_value(answer)) != 2 * i)
            abort();
        weft_concurrent_release(answer);
    }
    return NULL;
}

TEST(many_threads_ask) {
    pthread_t threads[THREADS];
    weft_loop *loop = start_service();
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, ask_often, loop) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stop_service();
    CHECK_EQ_INT(the_service.dropped, THREADS * 200);
}

/* One thread cancels while the loop comes to its end. */
static void *cancel_it(void *answer) {
    weft_concurrent_cancel(answer);
    return NULL;
}

TEST(a_cancellation_beside_the_end_of_the_loop) {
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        weft_loop *loop = start_service();
        weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, asked, .how = 'f');
        if (pthread_create(&thread, NULL, cancel_it, answer) != 0)
            abort();
        stop_service();
        pthread_join(thread, NULL);
        CHECK(weft_concurrent_cancelled(answer));
        weft_concurrent_release(answer);
        CHECK_EQ_INT(the_service.dropped, 1);
    }
}

/* --- In the loop's own thread, and where the loop ends at once --- */

struct asks_itself {
    weft_frame frame;
    weft_concurrent_future *answer;
};

weft_async(asks_itself) {
    weft_begin(asks_itself);
    self->answer = weft_run_coroutine_threadsafe(weft_loop_current(), asked, .how = 'v', .number = 4);
    CHECK(!weft_concurrent_wait(self->answer, INFINITY)); /* it would wait for itself */
    while (!weft_concurrent_wait(self->answer, INFINITY))
        weft_await(weft_sleep(0));
    CHECK_EQ_INT(weft_value_int(weft_concurrent_value(self->answer)), 8);
    weft_concurrent_release(self->answer);
    weft_end();
}

TEST(the_loop_s_own_thread_does_not_wait) {
    CHECK(weft_run(weft_call(asks_itself), NULL, NULL));
}

struct nothing {
    weft_frame frame;
};

weft_async(nothing) {
    weft_begin(nothing);
    weft_end();
}

TEST(a_loop_that_is_closed_first_cancels) {
    weft_runner runner;
    weft_runner_init(&runner, NULL);
    CHECK(weft_runner_run(&runner, weft_call(nothing), NULL, NULL));
    weft_loop_set_reporter(weft_runner_loop(&runner), ignore, NULL);
    atomic_store(&the_service.dropped, 0);
    weft_concurrent_future *answer =
        weft_run_coroutine_threadsafe(weft_runner_loop(&runner), asked, .how = 'f');
    CHECK(!weft_concurrent_done(answer));
    weft_runner_close(&runner);
    CHECK(weft_concurrent_cancelled(answer));
    CHECK_EQ_INT(the_service.dropped, 1);
    weft_concurrent_release(answer);
}

static const weft_context_variable user = WEFT_CONTEXT_VARIABLE_STRING("user", "nobody");

struct tells_user {
    weft_frame frame;
};

weft_async(tells_user) {
    weft_begin(tells_user);
    weft_return(weft_value_string(weft_context_get(&user)));
    weft_end();
}

static weft_value ask_from_thread(void *loop) {
    weft_concurrent_future *answer = weft_run_coroutine_threadsafe(loop, tells_user);
    weft_concurrent_wait(answer, INFINITY);
    bool is_ada = strcmp(weft_value_string(weft_concurrent_value(answer)), "ada") == 0;
    weft_concurrent_release(answer);
    return weft_value_of(is_ada);
}

struct sends_thread {
    weft_frame frame;
    weft_loop *loop; /* that the thread asks */
    bool is_ada;
};

weft_async(sends_thread) {
    weft_begin(sends_thread);
    CHECK(weft_context_set(&user, "ada") == NULL);
    if (self->loop == NULL)
        self->loop = weft_loop_current();
    weft_await_to(self->is_ada, weft_to_thread(ask_from_thread, self->loop));
    weft_return(self->is_ada);
    weft_end();
}

TEST(the_variables_of_a_thread_come_along) {
    weft_value is_ada;
    CHECK(weft_run(weft_call(sends_thread), &is_ada, NULL) && weft_value_bool(is_ada));
}

/* They are another loop's, whose memory and counts are for its own thread. */
TEST(the_variables_of_a_thread_stay_out_of_other_loops) {
    weft_value is_ada;
    weft_loop *loop = start_service();
    CHECK(weft_run(weft_call(sends_thread, .loop = loop), &is_ada, NULL) && !weft_value_bool(is_ada));
    stop_service();
}

static void count_call(weft_concurrent_future *future, void *argument) {
    (void)future;
    ++*(int *)argument;
}

TEST(one_that_could_not_be_made_is_done_with_an_error) {
    int calls = 0;
    weft_concurrent_future *none = weft_run_coroutine_threadsafe(NULL, asked, .how = 'v', .number = 21);
    CHECK(none == NULL);
    CHECK(weft_concurrent_wait(none, 1) && weft_concurrent_done(none));
    CHECK_EQ_INT(weft_concurrent_error(none)->code, WEFT_OUT_OF_MEMORY);
    CHECK(!weft_concurrent_cancelled(none) && !weft_concurrent_cancel(none));
    CHECK_EQ_INT(weft_concurrent_value(none).kind, WEFT_FAILURE);
    CHECK_EQ_INT(weft_concurrent_take(none).kind, WEFT_FAILURE);
    CHECK(!weft_concurrent_add_done_callback(none, count_call, &calls));
    CHECK_EQ_INT(calls, 0);
    weft_concurrent_release(none);
}

TEST_MAIN(TEST_CASE(one_that_could_not_be_made_is_done_with_an_error),
          TEST_CASE(every_call_arrives_in_the_order_of_its_thread), TEST_CASE(a_call_wakes_a_sleeping_loop),
          TEST_CASE(the_loop_s_own_thread_may_call_too),
          TEST_CASE(an_attached_loop_is_called_and_stopped_from_another_thread),
          TEST_CASE(another_thread_gets_the_value), TEST_CASE(a_string_outlives_the_loop),
          TEST_CASE(an_error_crosses_with_all_that_it_has), TEST_CASE(a_wait_has_a_limit),
          TEST_CASE(cancelling_the_future_cancels_the_task),
          TEST_CASE(one_that_is_cancelled_before_it_begins),
          TEST_CASE(a_task_that_is_cancelled_cancels_the_future), TEST_CASE(callbacks),
          TEST_CASE(many_threads_ask), TEST_CASE(a_cancellation_beside_the_end_of_the_loop),
          TEST_CASE(the_loop_s_own_thread_does_not_wait), TEST_CASE(a_loop_that_is_closed_first_cancels),
          TEST_CASE(the_variables_of_a_thread_come_along),
          TEST_CASE(the_variables_of_a_thread_stay_out_of_other_loops))
