/* weft_uv_attach: tasks beside other libuv handles, in a uv_loop that the program runs. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <stdlib.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* --- A uv_loop with an attachment --- */

static uv_loop_t uv;
static weft_uv attachment;
static int detached;

static void count_detached(weft_uv *self) {
    CHECK(self == &attachment);
    CHECK(weft_loop_current() == NULL);
    detached++;
}

static void begin(void) {
    detached = 0;
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    CHECK_EQ_INT(weft_uv_attach(&attachment, &uv, NULL), 0);
    CHECK(weft_loop_current() == attachment.loop);
}

static void count_handle(uv_handle_t *handle, void *count) {
    (void)handle;
    ++*(int *)count;
}

/* libuv has one handle of its own in every loop, which its walk leaves out. */
static int count_handles(void) {
    int count = 0;
    uv_walk(&uv, count_handle, &count);
    return count;
}

static void end(void) {
    CHECK_EQ_INT(weft_uv_detach(&attachment, count_detached), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(detached, 1);
    CHECK_EQ_INT(count_handles(), 0);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
}

/* --- Tasks --- */

struct adding {
    weft_frame frame;
    int a, b;
    double seconds;
};

weft_async(adding) {
    weft_begin(adding);
    weft_await(weft_sleep(self->seconds));
    weft_return(self->a + self->b);
    weft_end();
}

static int called_back;

static void on_sum(weft_future *future, void *argument) {
    CHECK_EQ_INT(weft_value_int(weft_future_value(future)), *(int *)argument);
    called_back++;
}

TEST(a_callback_gets_the_value) {
    int expected = 5;
    begin();
    called_back = 0;
    weft_task *task = weft_loop_start(attachment.loop, weft_call(adding, .a = 2, .b = 3, .seconds = 0.002));
    CHECK(weft_task_add_done_callback(task, on_sum, &expected));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(called_back, 1);
    end();
}

struct failing {
    weft_frame frame;
};

weft_async(failing) {
    weft_begin(failing);
    weft_raise(WEFT_USER + 2, "lost");
    weft_end();
}

static void on_failure(weft_future *future, void *argument) {
    const weft_error *error = weft_future_error(future);
    *(int *)argument = error != NULL ? error->code : 0;
}

TEST(a_callback_gets_the_error) {
    int code = 0;
    begin();
    CHECK(
        weft_task_add_done_callback(weft_loop_start(attachment.loop, weft_call(failing)), on_failure, &code));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(code, WEFT_USER + 2);
    end();
}

TEST(an_attachment_without_tasks_keeps_nothing_running) {
    begin();
    CHECK_EQ_INT(uv_run(&uv, UV_RUN_DEFAULT), 0);
    CHECK(!uv_loop_alive(&uv));
    end();
}

TEST(tasks_can_be_started_again_after_the_last_one_has_ended) {
    begin();
    for (int i = 0; i < 3; i++) {
        weft_task *task = weft_loop_start(attachment.loop, weft_call(adding, .a = i, .seconds = 0.001));
        CHECK(uv_loop_alive(&uv));
        uv_run(&uv, UV_RUN_DEFAULT);
        CHECK_EQ_INT(weft_value_int(weft_task_value(task)), i);
        weft_release(task);
    }
    end();
}

/* --- Beside other handles --- */

static int ticks;

static void on_tick(uv_timer_t *timer) {
    if (++ticks == 5)
        uv_close((uv_handle_t *)timer, NULL);
}

static void start_ticking(uv_timer_t *timer) {
    ticks = 0;
    CHECK_EQ_INT(uv_timer_init(&uv, timer), 0);
    CHECK_EQ_INT(uv_timer_start(timer, on_tick, 1, 1), 0);
}

struct counting {
    weft_frame frame;
    int naps;
};

weft_async(counting) {
    weft_begin(counting);
    for (self->naps = 0; self->naps < 5; self->naps++)
        weft_await(weft_sleep(0.001));
    weft_return(self->naps);
    weft_end();
}

TEST(tasks_and_timers_of_libuv_run_side_by_side) {
    uv_timer_t timer;
    begin();
    start_ticking(&timer);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(counting));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(ticks, 5);
    CHECK_EQ_INT(weft_value_int(weft_task_value(task)), 5);
    end();
}

struct spinning {
    weft_frame frame;
    int64_t turns;
};

weft_async(spinning) {
    weft_begin(spinning);
    while (ticks < 5) {
        weft_await(weft_sleep(0));
        self->turns++;
    }
    weft_return(self->turns);
    weft_end();
}

/* Were libuv not served, the task would spin for ever. */
TEST(a_task_that_is_always_ready_does_not_starve_libuv) {
    uv_timer_t timer;
    begin();
    start_ticking(&timer);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(spinning));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(ticks, 5);
    CHECK(weft_task_done(task));
    end();
}

struct busy {
    weft_frame frame;
    int steps;
};

weft_async(busy) {
    weft_begin(busy);
    for (self->steps = 0; self->steps < 1000; self->steps++)
        weft_await(weft_sleep(0));
    weft_end();
}

static int iterations;

static void count_iteration(uv_prepare_t *prepare) {
    iterations++;
    if (weft_all_tasks(NULL, 0) == 0)
        uv_close((uv_handle_t *)prepare, NULL);
}

/* The slice is made so long that it never ends before the task does. */
TEST(libuv_polls_once_a_slice_and_not_once_a_tick) {
    uv_prepare_t prepare;
    begin();
    attachment.host.slice = 60;
    iterations = 0;
    CHECK_EQ_INT(uv_prepare_init(&uv, &prepare), 0);
    CHECK_EQ_INT(uv_prepare_start(&prepare, count_iteration), 0);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(busy));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK(weft_task_done(task));
    CHECK(iterations < 10);
    end();
}

static void on_async(uv_async_t *async) {
    if (++ticks == 5)
        uv_close((uv_handle_t *)async, NULL);
    else
        uv_async_send(async);
}

TEST(nor_does_it_starve_what_comes_in_while_libuv_polls) {
    uv_async_t async;
    begin();
    ticks = 0;
    CHECK_EQ_INT(uv_async_init(&uv, &async, on_async), 0);
    CHECK_EQ_INT(uv_async_send(&async), 0);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(spinning));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(ticks, 5);
    CHECK(weft_task_done(task));
    end();
}

static void on_idle(uv_idle_t *idle) {
    if (weft_all_tasks(NULL, 0) == 0)
        uv_close((uv_handle_t *)idle, NULL);
}

/* An idle handle of the program's keeps libuv from ever waiting. */
TEST(nor_does_libuv_starve_a_task) {
    uv_idle_t idle;
    begin();
    CHECK_EQ_INT(uv_idle_init(&uv, &idle), 0);
    weft_task *task = weft_loop_start(attachment.loop, weft_call(counting));
    CHECK_EQ_INT(uv_idle_start(&idle, on_idle), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK(weft_task_done(task));
    end();
}

struct waiting {
    weft_frame frame;
    weft_future *future;
    int number;
};

weft_async(waiting) {
    weft_begin(waiting);
    weft_await_to(self->number, self->future);
    weft_return(self->number + 1);
    weft_end();
}

static void set_future(uv_timer_t *timer) {
    CHECK(weft_future_set_value(timer->data, weft_value_of(41)));
    uv_close((uv_handle_t *)timer, NULL);
}

TEST(a_callback_of_libuv_sets_a_future) {
    uv_timer_t timer;
    begin();
    weft_future *future = weft_create_future();
    weft_task *task = weft_loop_start(attachment.loop, weft_call(waiting, .future = future));
    timer.data = future;
    CHECK_EQ_INT(uv_timer_init(&uv, &timer), 0);
    CHECK_EQ_INT(uv_timer_start(&timer, set_future, 3, 0), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(weft_value_int(weft_task_value(task)), 42);
    end();
}

static weft_task *started;

static void start_task(uv_timer_t *timer) {
    started = weft_loop_start(attachment.loop, weft_call(adding, .a = 1, .b = 1, .seconds = 0.001));
    uv_close((uv_handle_t *)timer, NULL);
}

TEST(a_callback_of_libuv_starts_a_task) {
    uv_timer_t timer;
    begin();
    CHECK_EQ_INT(uv_timer_init(&uv, &timer), 0);
    CHECK_EQ_INT(uv_timer_start(&timer, start_task, 1, 0), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(weft_value_int(weft_task_value(started)), 2);
    end();
}

TEST(run_in_an_attached_thread_is_nested) {
    const weft_error *error;
    begin();
    CHECK(!weft_run(weft_call(adding), NULL, &error));
    if (CHECK(error != NULL))
        CHECK_EQ_INT(error->code, WEFT_RUNTIME);
    weft_error_release(error);
    end();
}

/* --- Detaching --- */

static int cleaned;

struct cleaning {
    weft_frame frame;
};

weft_async(cleaning) {
    weft_begin(cleaning);
    weft_try {
        weft_await(weft_sleep(1e6));
    }
    weft_finally {
        weft_await(weft_sleep(0.002));
        cleaned++;
    }
    weft_end();
}

TEST(detaching_cancels_tasks_and_waits_for_them) {
    begin();
    cleaned = 0;
    for (int i = 0; i < 3; i++)
        weft_loop_start(attachment.loop, weft_call(cleaning));
    uv_run(&uv, UV_RUN_NOWAIT);
    end();
    CHECK_EQ_INT(cleaned, 3);
}

TEST(detaching_before_the_first_turn_runs_no_task) {
    begin();
    cleaned = 0;
    weft_loop_start(attachment.loop, weft_call(cleaning));
    end();
    CHECK_EQ_INT(cleaned, 0);
}

static weft_value wait_for_gate(void *argument) {
    uv_sem_wait(argument);
    return weft_none();
}

static void open_gate(uv_timer_t *timer) {
    CHECK_EQ_INT(detached, 0);
    uv_sem_post(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

TEST(detaching_waits_for_functions_in_threads) {
    uv_sem_t gate;
    uv_timer_t timer;
    CHECK_EQ_INT(uv_sem_init(&gate, 0), 0);
    begin();
    weft_loop_start(attachment.loop, weft_to_thread(wait_for_gate, &gate));
    uv_run(&uv, UV_RUN_NOWAIT);
    timer.data = &gate;
    CHECK_EQ_INT(uv_timer_init(&uv, &timer), 0);
    CHECK_EQ_INT(uv_timer_start(&timer, open_gate, 5, 0), 0);
    end();
    uv_sem_destroy(&gate);
}

struct leaver {
    weft_frame frame;
};

weft_async(leaver) {
    weft_begin(leaver);
    weft_await(weft_sleep(0));
    CHECK_EQ_INT(weft_uv_detach(&attachment, count_detached), 0);
    CHECK_EQ_INT(weft_uv_detach(&attachment, count_detached), UV_EALREADY);
    weft_await(weft_sleep(1e6));
    CHECK(false);
    weft_end();
}

TEST(a_task_may_detach_its_own_loop) {
    begin();
    weft_loop_start(attachment.loop, weft_call(leaver));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(detached, 1);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
}

TEST(detaching_takes_no_callback_too) {
    begin();
    CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), 0);
    CHECK_EQ_INT(weft_uv_detach(&attachment, NULL), UV_EALREADY);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
}

TEST(a_thread_has_one_loop) {
    weft_uv second;
    begin();
    CHECK_EQ_INT(weft_uv_attach(&second, &uv, NULL), UV_EALREADY);
    CHECK_EQ_INT(count_handles(), 4);
    end();
}

static void attach_again(weft_uv *self) {
    detached++;
    CHECK_EQ_INT(count_handles(), 0);
    if (detached == 20)
        return;
    CHECK_EQ_INT(weft_uv_attach(self, &uv, NULL), 0);
    weft_loop_start(self->loop, weft_call(cleaning));
    CHECK_EQ_INT(weft_uv_detach(self, attach_again), 0);
}

TEST(attaches_again_and_again) {
    begin();
    CHECK_EQ_INT(weft_uv_detach(&attachment, attach_again), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(detached, 20);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
}

TEST(the_program_s_data_stays) {
    int data = 0;
    attachment.data = &data;
    begin();
    CHECK(attachment.data == &data);
    end();
    CHECK(attachment.data == &data);
    attachment.data = NULL;
}

/* --- An allocator of the program's --- */

static long blocks;
static long until_failure = -1; /* allocations that succeed; -1: all */

static bool fails_now(void) {
    return until_failure >= 0 && until_failure-- == 0;
}

static void *count_allocate(void *context, size_t size) {
    void *pointer = fails_now() ? NULL : malloc(size);
    blocks += pointer != NULL;
    *(long *)context += 1;
    return pointer;
}

static void *count_reallocate(void *context, void *old, size_t size) {
    void *pointer = fails_now() ? NULL : realloc(old, size);
    blocks += pointer != NULL && old == NULL;
    *(long *)context += 1;
    return pointer;
}

static void count_release(void *context, void *pointer) {
    (void)context;
    blocks -= pointer != NULL;
    free(pointer);
}

TEST(all_memory_comes_from_the_allocator_and_goes_back) {
    long calls = 0;
    const weft_allocator allocator = {count_allocate, count_reallocate, count_release, &calls};
    uv_sem_t gate;
    blocks = 0;
    detached = 0;
    CHECK_EQ_INT(uv_sem_init(&gate, 1), 0);
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    CHECK_EQ_INT(weft_uv_attach(&attachment, &uv, &allocator), 0);
    weft_loop_start(attachment.loop, weft_call(counting));
    weft_loop_start(attachment.loop, weft_to_thread(wait_for_gate, &gate));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK(calls > 0);
    end();
    CHECK_EQ_INT(blocks, 0);
    uv_sem_destroy(&gate);
}

/* True if the attachment came to its end without running out of memory. */
static bool attach_with_failure_at(long nth) {
    long calls = 0;
    const weft_allocator allocator = {count_allocate, count_reallocate, count_release, &calls};
    blocks = 0;
    detached = 0;
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    until_failure = nth;
    int attached = weft_uv_attach(&attachment, &uv, &allocator);
    if (attached == 0) {
        weft_loop_start(attachment.loop, weft_call(counting));
        uv_run(&uv, UV_RUN_NOWAIT);
        int code = weft_uv_detach(&attachment, count_detached);
        if (code != 0)
            CHECK_EQ_INT(code, UV_ENOMEM);
        bool again = code != 0;
        bool whole = !again && until_failure >= 0;
        if (again)
            CHECK_EQ_INT(weft_uv_detach(&attachment, count_detached), 0);
        uv_run(&uv, UV_RUN_DEFAULT);
        CHECK_EQ_INT(detached, 1);
        CHECK_EQ_INT(blocks, 0);
        CHECK_EQ_INT(uv_loop_close(&uv), 0);
        until_failure = -1;
        return whole;
    }
    CHECK_EQ_INT(attached, UV_ENOMEM);
    CHECK(weft_loop_current() == NULL);
    CHECK_EQ_INT(blocks, 0);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
    return false;
}

TEST(every_allocation_may_fail) {
    long nth = 0;
    while (nth < 100 && !attach_with_failure_at(nth))
        nth++;
    CHECK(nth > 1);
    CHECK(nth < 100);
}

TEST_MAIN(TEST_CASE(a_callback_gets_the_value), TEST_CASE(a_callback_gets_the_error),
          TEST_CASE(an_attachment_without_tasks_keeps_nothing_running),
          TEST_CASE(tasks_can_be_started_again_after_the_last_one_has_ended),
          TEST_CASE(tasks_and_timers_of_libuv_run_side_by_side),
          TEST_CASE(a_task_that_is_always_ready_does_not_starve_libuv),
          TEST_CASE(libuv_polls_once_a_slice_and_not_once_a_tick),
          TEST_CASE(nor_does_it_starve_what_comes_in_while_libuv_polls),
          TEST_CASE(nor_does_libuv_starve_a_task), TEST_CASE(a_callback_of_libuv_sets_a_future),
          TEST_CASE(a_callback_of_libuv_starts_a_task), TEST_CASE(run_in_an_attached_thread_is_nested),
          TEST_CASE(detaching_cancels_tasks_and_waits_for_them),
          TEST_CASE(detaching_before_the_first_turn_runs_no_task),
          TEST_CASE(detaching_waits_for_functions_in_threads), TEST_CASE(a_task_may_detach_its_own_loop),
          TEST_CASE(detaching_takes_no_callback_too), TEST_CASE(a_thread_has_one_loop),
          TEST_CASE(attaches_again_and_again), TEST_CASE(the_program_s_data_stays),
          TEST_CASE(all_memory_comes_from_the_allocator_and_goes_back), TEST_CASE(every_allocation_may_fail))
