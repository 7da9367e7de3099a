/* Waits for libuv and things that stay open: what every file of the outside world relies on. */

#define _POSIX_C_SOURCE 200809L

#include "weft_test.h"

#include "../../native/stream.h"

#include <stdlib.h>
#include <string.h>

typedef struct opened {
    weft__opened head;
    uv_timer_t timer;
    weft_uv *host;
} opened;

static int closed, freed;
static char said[256];

static void remember(void *context, const char *text) {
    (void)context;
    snprintf(said, sizeof said, "%s", text);
}

static void on_closed(uv_handle_t *handle) {
    opened *self = handle->data;
    weft_uv *host = self->host;
    free(self);
    closed++;
    weft__uv_handle_closed(host);
}

static void close_it(weft__opened *head) {
    opened *self = (opened *)(void *)head;
    weft__open_ends(head);
    weft__close_handle(self->host, (uv_handle_t *)&self->timer, on_closed);
}

static opened *open_one(void) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    CHECK(host != NULL);
    opened *self = calloc(1, sizeof *self);
    uv_timer_init(host->uv, &self->timer);
    self->timer.data = self;
    self->host = host;
    weft__open(&self->head, host, "test", close_it);
    return self;
}

typedef struct work {
    weft__request head;
    uv_work_t request;
} work;

static void free_work(weft__request *head) {
    freed++;
    free(head);
}

static void run_work(uv_work_t *request) {
    (void)request;
}

static void end_work(uv_work_t *request, int status) {
    weft__request_end(request->data, status);
}

struct use {
    weft_frame frame;
    bool close;
    opened *opened;
    work *work;
};

static void begin_work(struct use *self) {
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    self->work = weft__request_new(sizeof *self->work, host, free_work);
    self->work->request.data = self->work;
    weft__request_begin(&self->work->head, (uv_req_t *)&self->work->request,
                        uv_queue_work(host->uv, &self->work->request, run_work, end_work));
}

static weft_async(use) {
    weft_begin(use);
    weft_loop_set_debug(weft_loop_current(), true);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    self->opened = open_one();
    begin_work(self);
    WEFT__AWAIT_REQUEST(&self->work->head, "work");
    CHECK_EQ_INT(self->work->head.status, 0);
    if (self->close)
        self->opened->head.close(&self->opened->head);
    weft_return(7);
    weft_drop();
    if (self->work != NULL)
        weft__request_leave(&self->work->head);
    weft_end();
}

static void run_once(bool close) {
    weft_value value;
    closed = freed = 0;
    said[0] = '\0';
    CHECK(weft_run(weft_call(use, .close = close), &value, NULL));
    CHECK_EQ_INT(weft_value_int(value), 7);
    CHECK_EQ_INT(closed, 1);
    CHECK_EQ_INT(freed, 1);
}

TEST(what_is_closed_is_closed_once_and_not_told_of) {
    run_once(true);
    CHECK_EQ_STR(said, "");
}

TEST(what_nobody_closes_goes_with_the_loop_and_debug_mode_says_so) {
    run_once(false);
    CHECK(strstr(said, "a test was never closed") != NULL);
}

TEST(in_virtual_time_the_outside_is_there_and_the_clock_waits_for_it) {
    setenv("WEFT_VIRTUAL", "1", 1);
    run_once(true);
    unsetenv("WEFT_VIRTUAL");
}

struct cancelled {
    weft_frame frame;
    weft_task *task;
};

static weft_async(cancelled) {
    weft_begin(cancelled);
    self->task = weft_create_task(weft_call(use, .close = true));
    weft_await(weft_sleep(0));
    weft_cancel(self->task);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_CANCELLED, *(const weft_error *[]){NULL}) {
        weft_return("cancelled");
    }
    weft_end();
}

TEST(a_wait_that_is_cancelled_frees_its_request_at_its_end) {
    weft_value value;
    closed = freed = 0;
    CHECK(weft_run(weft_call(cancelled), &value, NULL));
    CHECK_EQ_STR(weft_value_string(value), "cancelled");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_INT(closed, 1);
}

/* --- Filters --- */

static int received_by_the_loop;

static const weft_error *received(weft_stream *stream, void *loop, const char *data, size_t size) {
    received_by_the_loop += weft__current == loop;
    weft__stream_deliver(stream, data, size);
    return NULL;
}

static void keep(void *loop) {
    (void)loop;
}

static const weft__filter watching = {.received = received, .free = keep};

struct filtered {
    weft_frame frame;
    weft_listener *listener;
    weft_stream *a, *b;
    char byte;
};

static weft_async(filtered) {
    weft_begin(filtered);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_await_to(self->a, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_await_to(self->b, weft_listener_accept(self->listener));
    weft__stream_set_filter(self->b, &watching, weft_loop_current());
    weft_await(weft_stream_write(self->a, "x", 1));
    weft_await(weft_stream_read_exactly(self->b, &self->byte, 1));
    CHECK_EQ_INT(self->byte, 'x');
    weft_stream_abort(self->a);
    weft_stream_abort(self->b);
    weft_listener_close(self->listener);
    weft_end();
}

TEST(a_filter_has_the_loop_of_its_stream_in_virtual_time_too) {
    for (int virtual = 0; virtual < 2; virtual ++) {
        received_by_the_loop = 0;
        setenv("WEFT_VIRTUAL", virtual ? "1" : "0", 1);
        CHECK(weft_run(weft_call(filtered), NULL, NULL));
        CHECK_EQ_INT(received_by_the_loop, 1);
    }
    unsetenv("WEFT_VIRTUAL");
}

TEST(errors_have_the_systems_name_and_words) {
    const weft_error *error = weft__system_error(UV_ECONNREFUSED, "cannot reach %s", "it");
    CHECK_EQ_STR(error->message, "cannot reach it: connection refused (ECONNREFUSED)");
    CHECK_EQ_STR(error->system, "ECONNREFUSED");
    CHECK_EQ_INT(error->code, WEFT_SYSTEM);
    weft_error_release(error);
}

TEST_MAIN(TEST_CASE(what_is_closed_is_closed_once_and_not_told_of),
          TEST_CASE(what_nobody_closes_goes_with_the_loop_and_debug_mode_says_so),
          TEST_CASE(in_virtual_time_the_outside_is_there_and_the_clock_waits_for_it),
          TEST_CASE(a_wait_that_is_cancelled_frees_its_request_at_its_end),
          TEST_CASE(a_filter_has_the_loop_of_its_stream_in_virtual_time_too),
          TEST_CASE(errors_have_the_systems_name_and_words))
