/* Streams by TCP and Unix sockets: reading, writing, limits, their ends, misuse, cancellation. */

#define _DEFAULT_SOURCE

#include "descriptors.h"
#include "weft_test.h"

#include <weft/stream.h>
#include <weft/uv.h>
#include <weft/weft.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- Running --- */

static char reported[2048];

static void remember(void *context, const char *text) {
    (void)context;
    size_t length = strlen(reported);
    snprintf(reported + length, sizeof reported - length, "%s\n", text);
}

static bool entered(void) {
    reported[0] = '\0';
    return weft__run_enter();
}

/* How an await fails: "Name: message". */
static const char *said(const weft_error *error) {
    static char text[300];
    weft_error_print(error, text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static struct {
    weft_value value;
    char error[500];
} outcome;

/* To the end of the loop, after which no descriptor may be left. */
static void run(weft_coroutine *coroutine) {
    const weft_error *error = NULL;
    outcome.error[0] = '\0';
    outcome.value = weft_none();
    if (weft__run(coroutine, &outcome.value, &error))
        return;
    snprintf(outcome.error, sizeof outcome.error, "%s", said(error));
    weft_error_release(error);
}

#define RUN(...)                                        \
    do {                                                \
        int before = open_descriptors();                \
        run(entered() ? weft_call(__VA_ARGS__) : NULL); \
        CHECK_EQ_INT(open_descriptors(), before);       \
    } while (0)
#define RUN_WELL(...)                    \
    do {                                 \
        RUN(__VA_ARGS__);                \
        CHECK_EQ_STR(outcome.error, ""); \
    } while (0)

/* Two ends of a connection. */
struct connected {
    weft_frame frame;
    weft_stream **a, **b;
    weft_listener *listener;
};

static weft_async(connected) {
    weft_begin(connected);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_with(self->listener) {
        weft_await_to(*self->a, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
        weft_await_to(*self->b, weft_listener_accept(self->listener));
    }
    weft_end();
}

#define CONNECT() weft_await(weft_call(connected, .a = &self->a, .b = &self->b))

static void close_both(weft_stream *a, weft_stream *b) {
    weft_stream_close(a);
    weft_stream_close(b);
}

#define RAISES(x, words)                            \
    do {                                            \
        self->error = NULL;                         \
        weft_try {                                  \
            weft_await(x);                          \
        }                                           \
        weft_catch(self->error) {                   \
            CHECK_EQ_STR(said(self->error), words); \
        }                                           \
        CHECK(self->error != NULL);                 \
    } while (0)

/* --- A server --- */

struct echo {
    weft_frame frame;
    weft_stream *stream;
    char buffer[100];
    size_t size;
};

static weft_async(echo) {
    weft_begin(echo);
    for (;;) {
        weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
        if (self->size == 0)
            break;
        weft_await(weft_stream_write(self->stream, self->buffer, self->size));
    }
    weft_end();
}

static weft_coroutine *serve_echo(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(echo, .stream = stream);
}

struct talk {
    weft_frame frame;
    const char *path; /* NULL: by TCP */
    weft_listener *listener;
    weft_task *server;
    weft_stream *stream;
    char *line;
    int count;
};

static weft_async(talk) {
    weft_begin(talk);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL); /* the server's, if this is cancelled */
    if (self->path != NULL)
        weft_await_to(self->listener, weft_unix_listen(self->path, NULL));
    else
        weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    self->server = weft_create_task(weft_listener_serve(self->listener, serve_echo, NULL));
    if (self->path != NULL)
        weft_await_to(self->stream, weft_unix_connect(self->path));
    else /* ::1 refuses, where it is there */
        weft_await_to(self->stream, weft_tcp_connect("localhost", weft_listener_port(self->listener)));
    weft_with(self->stream) {
        weft_await(weft_stream_printf(self->stream, "one %d\r\ntwo\n\nlast", 1));
        weft_await(weft_stream_shutdown(self->stream));
        weft_for_await (self->line, weft_stream_lines(self->stream)) {
            static const char *const lines[] = {"one 1", "two", "", "last"};
            CHECK_EQ_STR(self->line, lines[self->count++]);
            weft_free(self->line);
        }
    }
    CHECK_EQ_INT(self->count, 4);
    weft_listener_close(self->listener);
    weft_await(self->server);
    weft_return("talked");
    weft_end();
}

TEST(lines_go_to_an_echo_server_and_come_back) {
    RUN_WELL(talk);
}

static char socket_path[100];

static void new_socket_path(void) {
    snprintf(socket_path, sizeof socket_path, "/tmp/weft-stream-%d", (int)getpid());
    unlink(socket_path);
}

TEST(unix_sockets_do_the_same_and_leave_no_file) {
    new_socket_path();
    RUN_WELL(talk, .path = socket_path);
    CHECK(access(socket_path, F_OK) != 0);
}

/* Cancelled right before each of its steps in turn, until it ends by itself. */
static void cancel_everywhere(const char *path) {
    int cancelled = 0;
    int before = open_descriptors();
    for (int step = 1; step < 200; step++) {
        char injection[30];
        snprintf(injection, sizeof injection, "%d:1", step);
        setenv("WEFT_INJECTIONS", injection, 1);
        run(entered() ? weft_call(talk, .path = path) : NULL);
        unsetenv("WEFT_INJECTIONS");
        if (outcome.error[0] == '\0' || !CHECK_EQ_STR(outcome.error, "Cancelled"))
            break;
        cancelled++;
        if (path != NULL)
            CHECK(access(path, F_OK) != 0);
    }
    CHECK_EQ_STR(outcome.error, "");
    CHECK(cancelled > 5);
    CHECK(descriptors_become(before)); /* not at once where a name is still being looked up in a thread */
}

TEST(a_cancellation_at_any_step_leaves_nothing_open) {
    cancel_everywhere(NULL);
    new_socket_path();
    cancel_everywhere(socket_path);
}

/* --- Reading --- */

/* Two connected streams, and what a case needs beside them. */
#define PAIR(name)               \
    struct name {                \
        weft_frame frame;        \
        weft_stream *a, *b;      \
        const weft_error *error; \
        char buffer[20];         \
        size_t size, sum;        \
        weft_bytes *bytes;       \
        char *line;              \
        weft_task *task;         \
        weft_listener *listener; \
        int count;               \
    }

PAIR(exact_reads);

static weft_async(exact_reads) {
    weft_begin(exact_reads);
    CONNECT();
    weft_await(weft_stream_write(self->a, "abcdefghij", 10));
    weft_await_to(self->size, weft_stream_read_exactly(self->b, self->buffer, 4));
    CHECK_EQ_INT(self->size, 4);
    CHECK(memcmp(self->buffer, "abcd", 4) == 0);
    weft_await_to(self->size, weft_stream_read(self->b, self->buffer, 0));
    CHECK_EQ_INT(self->size, 0);
    weft_await_to(self->size, weft_stream_read_exactly(self->b, self->buffer, 6));
    self->task = weft_create_task(weft_stream_read_exactly(self->b, self->buffer, 5));
    weft_await(weft_stream_write(self->a, "12", 2));
    weft_await(weft_sleep(0.005)); /* so that the two most likely come by themselves */
    weft_await(weft_stream_write(self->a, "345", 3));
    weft_await(self->task);
    CHECK(memcmp(self->buffer, "12345", 5) == 0);
    weft_await(weft_stream_write(self->a, "xyz", 3));
    weft_stream_close(self->a);
    RAISES(weft_stream_read_exactly(self->b, self->buffer, 4),
           "IncompleteRead: the stream ended after 3 of 4 bytes");
    CHECK(memcmp(self->buffer, "xyz", 3) == 0);
    weft_await_to(self->size, weft_stream_read(self->b, self->buffer, 4));
    CHECK_EQ_INT(self->size, 0);
    RAISES(weft_stream_read_exactly(self->b, self->buffer, 1),
           "IncompleteRead: the stream ended after 0 of 1 bytes");
    weft_stream_close(self->b);
    weft_end();
}

TEST(reads_give_what_is_there_or_exactly_so_much) {
    RUN_WELL(exact_reads);
}

PAIR(cancelled_read);

/* Whether the bytes have come when the read is cancelled is chance; they must be there afterwards. */
static weft_async(cancelled_read) {
    weft_begin(cancelled_read);
    CONNECT();
    for (self->count = 0; self->count < 20; self->count++) {
        self->task = weft_create_task(weft_stream_read_exactly(self->b, self->buffer, 20));
        weft_await(weft_sleep(0));
        weft_await(weft_stream_write(self->a, "0123456789", 10));
        weft_await(weft_sleep(self->count % 2 == 0 ? 0.0 : 0.001));
        weft_cancel(self->task);
        weft_try {
            weft_await(self->task);
        }
        weft_catch_code(WEFT_CANCELLED, self->error) {}
        memset(self->buffer, 0, sizeof self->buffer);
        weft_await_to(self->size, weft_stream_read_exactly(self->b, self->buffer, 10));
        CHECK(memcmp(self->buffer, "0123456789", 10) == 0);
    }
    close_both(self->a, self->b);
    weft_end();
}

TEST(a_cancelled_read_loses_nothing) {
    RUN_WELL(cancelled_read);
}

PAIR(separated);

static weft_async(separated) {
    weft_begin(separated);
    CONNECT();
    weft_await(weft_stream_write(self->a, "a--b\0-c---d", 11));
    weft_await_to(self->bytes, weft_stream_read_until(self->b, "--"));
    CHECK_EQ_STR(self->bytes->data, "a--");
    weft_free(self->bytes);
    weft_await_to(self->bytes, weft_stream_read_until(self->b, "---"));
    CHECK_EQ_INT(self->bytes->size, 7);
    CHECK(memcmp(self->bytes->data, "b\0-c---", 8) == 0);
    weft_free(self->bytes);
    RAISES(weft_stream_read_until(self->b, ""), "InvalidArgument: a separator without a byte");
    RAISES(weft_stream_read_until(self->b, NULL), "InvalidArgument: a separator without a byte");
    self->task = weft_create_task(weft_stream_read_until(self->b, "=!="));
    for (self->count = 0; self->count < 5; self->count++) { /* the separator comes in parts */
        weft_await(weft_stream_write(self->a, &"==!=="[self->count], 1));
        weft_await(weft_sleep(0.002));
    }
    weft_await_to(self->bytes, self->task);
    CHECK_EQ_STR(self->bytes->data, "d==!=");
    weft_stream_close(self->a);
    RAISES(weft_stream_read_until(self->b, "--"),
           "IncompleteRead: the stream ended before the separator: 1 bytes are left");
    weft_await_to(self->size, weft_stream_read(self->b, self->buffer, sizeof self->buffer));
    CHECK_EQ_INT(self->size, 1);
    weft_stream_close(self->b);
    weft_end();
}

TEST(a_read_until_a_separator_finds_it_wherever_it_is_cut) {
    RUN_WELL(separated);
}

PAIR(limited);

static weft_async(limited) {
    weft_begin(limited);
    CONNECT();
    weft_stream_set_limit(self->b, 8);
    weft_stream_set_limit(self->b, 0); /* no effect */
    weft_await(weft_stream_write(self->a, "12345678\r\n123456789\nz\0\n", 23));
    weft_await_to(self->line, weft_stream_readline(self->b));
    CHECK_EQ_STR(self->line, "12345678");
    weft_free(self->line);
    RAISES(weft_stream_readline(self->b), "LimitExceeded: a line of more than 8 bytes");
    RAISES(weft_stream_readline(self->b), "InvalidArgument: a line with a zero byte in it");
    weft_await(weft_stream_write(self->a, "never a line, but very, very, very, very, very long", 51));
    weft_await(weft_sleep(0.002));
    RAISES(weft_stream_read_until(self->b, "\n"), "LimitExceeded: more than 8 bytes without the separator");
    weft_await_to(self->size, weft_stream_read_exactly(self->b, self->buffer, 20));
    CHECK(memcmp(self->buffer, "never a line, but ve", 20) == 0);
    RAISES(weft_stream_readline(self->b), "LimitExceeded: a line of more than 8 bytes");
    weft_stream_close(self->a);
    weft_await_to(self->bytes, weft_stream_read_all(self->b, 1000)); /* there may be more of it */
    weft_free(self->bytes);
    weft_stream_close(self->b);
    weft_end();
}

TEST(lines_have_a_limit_and_reading_goes_on_after_it) {
    RUN_WELL(limited);
}

PAIR(all);

static weft_async(all) {
    weft_begin(all);
    CONNECT();
    weft_await(weft_stream_write(self->a, "0123456789", 10));
    weft_stream_close(self->a);
    RAISES(weft_stream_read_all(self->b, 9), "LimitExceeded: more than 9 bytes");
    RAISES(weft_stream_read_all(self->b, 0), "LimitExceeded: more than 0 bytes");
    weft_await_to(self->bytes, weft_stream_read_all(self->b, 10));
    CHECK_EQ_INT(self->bytes->size, 10);
    CHECK_EQ_STR(self->bytes->data, "0123456789");
    weft_free(self->bytes);
    weft_await_to(self->bytes, weft_stream_read_all(self->b, 10));
    CHECK_EQ_INT(self->bytes->size, 0);
    weft_free(self->bytes);
    weft_await_to(self->line, weft_stream_readline(self->b));
    CHECK(self->line == NULL);
    weft_stream_close(self->b);
    weft_end();
}

TEST(all_can_be_read_up_to_a_limit) {
    RUN_WELL(all);
}

/* --- Writing --- */

enum { MUCH = 12000000, PIECE = 50000 }; /* more than the system buffers */

static char much[MUCH];

struct pump {
    weft_frame frame;
    weft_stream *stream;
    size_t done;
    size_t *most; /* unwritten after any of the writes */
};

static weft_async(pump) {
    weft_begin(pump);
    for (; self->done < MUCH; self->done += PIECE) {
        weft_await(weft_stream_write(self->stream, much + self->done, PIECE));
        if (weft_stream_unwritten(self->stream) > *self->most)
            *self->most = weft_stream_unwritten(self->stream);
    }
    weft_end();
}

static void fill(void) {
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)(i * 7 + i / 251);
}

PAIR(pressed);

static weft_async(pressed) {
    weft_begin(pressed);
    CONNECT();
    self->task = weft_create_task(weft_call(pump, .stream = self->a, .most = &self->size));
    weft_await(weft_sleep(0.05));
    CHECK(!weft_task_done(self->task)); /* nobody reads */
    weft_for_await (self->bytes, weft_stream_chunks(self->b)) {
        CHECK(self->sum + self->bytes->size <= MUCH &&
              memcmp(self->bytes->data, much + self->sum, self->bytes->size) == 0);
        self->sum += self->bytes->size;
        weft_free(self->bytes);
        if (self->sum == MUCH)
            break;
    }
    weft_await(self->task);
    CHECK(self->size <= 65536 + PIECE);
    weft_await(weft_stream_flush(self->a));
    CHECK_EQ_INT(weft_stream_unwritten(self->a), 0);
    close_both(self->a, self->b);
    weft_end();
}

TEST(who_writes_waits_for_who_reads) {
    fill();
    RUN_WELL(pressed);
}

PAIR(lingering);

static weft_async(lingering) {
    weft_begin(lingering);
    CONNECT();
    weft_coroutine_close(weft_stream_write(self->a, much, MUCH)); /* it is written without an await, too */
    CHECK(weft_stream_unwritten(self->a) > 0);
    weft_stream_close(self->a);
    weft_await_to(self->bytes, weft_stream_read_all(self->b, MUCH));
    CHECK(self->bytes->size == MUCH && memcmp(self->bytes->data, much, MUCH) == 0);
    weft_free(self->bytes);
    weft_stream_close(self->b);
    weft_end();
}

TEST(a_close_still_sends_what_was_written) {
    fill();
    RUN_WELL(lingering);
}

PAIR(block);

struct write_in_block {
    weft_frame frame;
    weft_stream *stream;
    bool fail;
};

static weft_async(write_in_block) {
    weft_begin(write_in_block);
    weft_with(self->stream) {
        weft_coroutine_close(weft_stream_write(self->stream, much, MUCH));
        if (self->fail)
            weft_raise(WEFT_USER, "on purpose");
    }
    weft_end();
}

static weft_async(block) {
    weft_begin(block);
    CONNECT();
    self->task = weft_create_task(weft_call(write_in_block, .stream = self->a));
    weft_await_to(self->bytes, weft_stream_read_all(self->b, MUCH));
    CHECK_EQ_INT(self->bytes->size, MUCH);
    weft_free(self->bytes);
    weft_stream_close(self->b);
    CONNECT();
    RAISES(weft_call(write_in_block, .stream = self->a, .fail = true), "Error 1000: on purpose");
    RAISES(weft_stream_read_all(self->b, MUCH),
           "SystemError: cannot read: connection reset by peer (ECONNRESET)");
    RAISES(weft_stream_read_all(self->b, MUCH),
           "SystemError: cannot read: connection reset by peer (ECONNRESET)");
    weft_stream_close(self->b);
    weft_end();
}

TEST(a_block_flushes_or_resets_if_an_error_leaves_it) {
    fill();
    RUN_WELL(block);
}

PAIR(gone);

static weft_async(gone) {
    weft_begin(gone);
    CONNECT();
    weft_stream_abort(self->b);
    self->error = NULL;
    weft_try {
        for (;;)
            weft_await(weft_stream_write(self->a, much, PIECE));
    }
    weft_catch(self->error) {
        CHECK(strcmp(self->error->system, "EPIPE") == 0 || strcmp(self->error->system, "ECONNRESET") == 0);
    }
    CHECK(self->error != NULL);
    weft_stream_close(self->a);
    weft_end();
}

TEST(writing_to_a_peer_that_has_gone_is_an_error) {
    RUN_WELL(gone);
}

PAIR(half);

static weft_async(half) {
    weft_begin(half);
    CONNECT();
    weft_await(weft_stream_printf(self->a, "%s", ""));
    weft_await(weft_stream_printf(self->a, "%600d", 7)); /* longer than the buffer that most fit into */
    weft_await(weft_stream_shutdown(self->a));
    weft_await(weft_stream_shutdown(self->a));
    RAISES(weft_stream_write(self->a, "x", 1), "InvalidState: the stream was shut down for writing");
    weft_await_to(self->bytes, weft_stream_read_all(self->b, 1000));
    CHECK_EQ_INT(self->bytes->size, 600);
    weft_free(self->bytes);
    weft_await(weft_stream_write(self->b, "still here", 10));
    weft_await_to(self->size, weft_stream_read_exactly(self->a, self->buffer, 10));
    CHECK(memcmp(self->buffer, "still here", 10) == 0);
    close_both(self->a, self->b);
    weft_end();
}

TEST(after_a_half_close_the_other_half_goes_on) {
    RUN_WELL(half);
}

/* --- Misuse --- */

PAIR(closed_while_waiting);

static weft_async(closed_while_waiting) {
    weft_begin(closed_while_waiting);
    CONNECT();
    self->task = weft_create_task(weft_stream_readline(self->a));
    weft_await(weft_sleep(0));
    RAISES(weft_stream_read(self->a, self->buffer, 1), "RuntimeError: another task reads from this stream");
    weft_stream_close(self->a);
    RAISES(self->task, "InvalidState: the stream is closed");
    self->task = weft_create_task(weft_call(pump, .stream = self->b, .most = &self->size));
    weft_await(weft_sleep(0));
    weft_stream_abort(self->b);
    self->error = NULL;
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        CHECK(self->error->code == WEFT_INVALID_STATE || self->error->code == WEFT_SYSTEM);
    }
    CHECK(self->error != NULL);
    weft_await_to(self->listener, weft_tcp_listen("::1", 0, &(weft_listen_options){.ipv6_only = true}));
    self->task = weft_create_task(weft_listener_accept(self->listener));
    weft_await(weft_sleep(0));
    weft_listener_close(self->listener);
    RAISES(self->task, "InvalidState: the listener is closed");
    weft_end();
}

TEST(closing_raises_an_error_in_the_tasks_that_wait) {
    RUN_WELL(closed_while_waiting);
}

PAIR(misused);

static weft_async(misused) {
    weft_begin(misused);
    RAISES(weft_stream_read(NULL, self->buffer, 1), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_readline(NULL), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_read_until(NULL, "x"), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_read_all(NULL, 1), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_write(NULL, "x", 1), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_printf(NULL, "x"), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_flush(NULL), "InvalidArgument: NULL is no stream");
    RAISES(weft_stream_shutdown(NULL), "InvalidArgument: NULL is no stream");
    RAISES(weft_listener_accept(NULL), "InvalidArgument: NULL is no listener");
    RAISES(weft_listener_serve(NULL, serve_echo, NULL), "InvalidArgument: NULL is no listener");
    RAISES(weft_tcp_connect(NULL, 80), "InvalidArgument: NULL is no host to connect to");
    RAISES(weft_tcp_connect("127.0.0.1", 0), "InvalidArgument: 0 is no port to connect to");
    RAISES(weft_tcp_connect("127.0.0.1", 65536), "InvalidArgument: 65536 is no port to connect to");
    RAISES(weft_tcp_listen("127.0.0.1", -1, NULL), "InvalidArgument: -1 is no port to listen at");
    RAISES(weft_unix_connect(NULL), "InvalidArgument: NULL is no path to connect to");
    RAISES(weft_unix_listen("", NULL), "InvalidArgument: a path without a character");
    weft_stream_close(NULL);
    weft_stream_abort(NULL);
    weft_listener_close(NULL);
    CHECK(weft_stream_set_nodelay(NULL, true) != NULL);
    CHECK_EQ_INT(weft_listener_port(NULL), 0);
    CHECK_EQ_INT(weft_stream_peer(NULL, self->buffer, sizeof self->buffer), 0);
    CONNECT();
    RAISES(weft_stream_read(self->a, NULL, 1), "InvalidArgument: NULL is no buffer");
    RAISES(weft_stream_write(self->a, NULL, 1), "InvalidArgument: NULL is no data");
    weft_stream_close(self->a);
    weft_stream_close(self->a);
    RAISES(weft_stream_read(self->a, self->buffer, 1), "InvalidState: the stream is closed");
    weft_stream_close(self->b);
    weft_end();
}

TEST(misuse_raises_errors_in_clear_words) {
    RUN_WELL(misused);
}

PAIR(forgotten);

static weft_async(forgotten) {
    weft_begin(forgotten);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    weft_loop_set_debug(weft_loop_current(), true);
    CONNECT();
    weft_coroutine_close(weft_stream_write(self->a, much, MUCH));
    weft_stream_close(self->a); /* lingers, and nobody forgot it */
    weft_end();
}

TEST(what_nobody_closes_goes_with_the_loop_and_debug_mode_says_so) {
    RUN_WELL(forgotten);
    CHECK_EQ_STR(reported, "a stream was never closed\n");
}

/* --- A bad world --- */

static char port_text[200];

PAIR(refused);

static weft_async(refused) {
    weft_begin(refused);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    self->count = weft_listener_port(self->listener);
    snprintf(port_text, sizeof port_text,
             "SystemError: cannot listen at 127.0.0.1 port %d: address already in use (EADDRINUSE)",
             self->count);
    RAISES(weft_tcp_listen("127.0.0.1", self->count, NULL), port_text);
    weft_listener_close(self->listener);
    weft_await(weft_sleep(0.001)); /* libuv closes it in its next round */
    snprintf(port_text, sizeof port_text,
             "SystemError: cannot connect to 127.0.0.1 port %d: connection refused (ECONNREFUSED)",
             self->count);
    RAISES(weft_tcp_connect("127.0.0.1", self->count), port_text);
    RAISES(weft_unix_connect("/no/such/socket"),
           "SystemError: cannot connect to /no/such/socket: no such file or directory (ENOENT)");
    RAISES(weft_unix_listen("/no/such/socket", NULL),
           "SystemError: cannot listen at /no/such/socket: permission denied (EACCES)");
    weft_end();
}

TEST(what_cannot_be_connected_to_or_listened_at_says_why) {
    RUN_WELL(refused);
}

PAIR(taken_path);

static void leave_socket_behind(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    CHECK(bind(file, (struct sockaddr *)&address, sizeof address) == 0);
    close(file);
}

static weft_async(taken_path) {
    weft_begin(taken_path);
    leave_socket_behind();
    weft_await_to(self->listener, weft_unix_listen(socket_path, NULL));
    CHECK_EQ_INT(weft_listener_address(self->listener, self->buffer, sizeof self->buffer),
                 strlen(socket_path));
    snprintf(port_text, sizeof port_text,
             "SystemError: cannot listen at %s: address already in use (EADDRINUSE)", socket_path);
    RAISES(weft_unix_listen(socket_path, NULL), port_text);
    weft_await_to(self->a, weft_unix_connect(socket_path)); /* the first one still listens */
    close_both(self->a, NULL);
    weft_listener_close(self->listener);
    weft_await(weft_sleep(0.001));
    close(open(socket_path, O_CREAT | O_WRONLY, 0600)); /* not a socket */
    RAISES(weft_unix_listen(socket_path, NULL), port_text);
    CHECK(access(socket_path, F_OK) == 0);
    unlink(socket_path);
    weft_end();
}

TEST(only_a_socket_that_was_left_behind_is_replaced) {
    new_socket_path();
    RUN_WELL(taken_path);
}

static rlim_t limit_files(rlim_t most) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

static int fill_files(int *files, int room) {
    int count = 0;
    while (count < room && (files[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    return count;
}

PAIR(full);

static int files[300], file_count;
static rlim_t files_before;

static weft_async(full) {
    weft_begin(full);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    self->count = weft_listener_port(self->listener);
    files_before = limit_files(200);
    file_count = fill_files(files, 300);
    CHECK(file_count < 300);
    snprintf(port_text, sizeof port_text,
             "SystemError: cannot connect to 127.0.0.1 port %d: too many open files (EMFILE)", self->count);
    RAISES(weft_tcp_connect("127.0.0.1", self->count), port_text);
    close(files[--file_count]); /* enough for one end of a connection, and none is left to accept it */
    self->task = weft_create_task(weft_listener_accept(self->listener));
    weft_await_to(self->a, weft_tcp_connect("127.0.0.1", self->count));
    weft_await_to(self->size, weft_stream_read(self->a, self->buffer, 1)); /* libuv closes it */
    CHECK_EQ_INT(self->size, 0);
    CHECK(!weft_task_done(self->task));
    weft_stream_close(self->a);
    while (file_count > 0)
        close(files[--file_count]);
    limit_files(files_before);
    weft_await_to(self->a, weft_tcp_connect("127.0.0.1", self->count));
    weft_await_to(self->b, self->task);
    CHECK(self->b != NULL);
    self->b = weft_value_pointer(weft_task_take(self->task));
    close_both(self->a, self->b);
    weft_listener_close(self->listener);
    weft_end();
}

TEST(without_a_free_descriptor_connecting_fails_and_accepting_goes_on) {
    RUN_WELL(full);
}

/* --- Servers --- */

static weft_coroutine *serve_badly(weft_stream *stream, void *argument);

struct bad {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(bad) {
    weft_begin(bad);
    weft_await_to(self->line, weft_stream_readline(self->stream));
    if (self->line != NULL && strcmp(self->line, "fail") == 0)
        weft_raise(WEFT_USER, "on purpose");
    weft_await(weft_stream_printf(self->stream, "%s\n", self->line));
    weft_await(weft_sleep(100));
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *serve_badly(weft_stream *stream, void *argument) {
    ++*(int *)argument;
    return weft_call(bad, .stream = stream);
}

PAIR(served);

static weft_async(served) {
    weft_begin(served);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    weft_await_to(self->listener, weft_tcp_listen(NULL, 0, &(weft_listen_options){.reuse_port = true}));
    self->task = weft_create_task(weft_listener_serve(self->listener, serve_badly, &self->count));
    weft_await_to(self->a, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_await(weft_stream_printf(self->a, "fail\n"));
    RAISES(weft_stream_read(self->a, self->buffer, 1),
           "SystemError: cannot read: connection reset by peer (ECONNRESET)");
    CHECK(strstr(reported, "a connection failed: Error 1000: on purpose") != NULL);
    weft_await_to(self->b, weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_await(weft_stream_printf(self->b, "hello\n"));
    weft_await_to(self->line, weft_stream_readline(self->b));
    CHECK_EQ_STR(self->line, "hello");
    weft_free(self->line);
    weft_cancel(self->task); /* and the connection with it, which would sleep for long */
    self->error = NULL;
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        CHECK_EQ_INT(self->count, 2);
    }
    CHECK(self->error != NULL);
    RAISES(weft_stream_readline(self->b), "SystemError: cannot read: connection reset by peer (ECONNRESET)");
    close_both(self->a, self->b);
    RAISES(weft_listener_serve(self->listener, NULL, NULL),
           "InvalidArgument: a server needs a handler, not NULL");
    weft_listener_close(self->listener);
    weft_end();
}

TEST(a_connection_that_fails_is_reported_and_the_server_goes_on) {
    RUN_WELL(served);
}

enum { CROWD = 150 };

struct crowd {
    weft_frame frame;
    weft_listener *listener;
    weft_stream *streams[CROWD];
    weft_stream *stream;
    weft_task *task;
    const weft_error *error;
    int count;
};

static weft_async(crowd) {
    weft_begin(crowd);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    for (self->count = 0; self->count < CROWD; self->count++)
        weft_await_to(self->streams[self->count],
                      weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    self->task = weft_create_task(weft_listener_accept(self->listener));
    weft_cancel(self->task);
    for (self->count = 0; self->count < CROWD - 10; self->count++) {
        weft_await_to(self->stream, weft_listener_accept(self->listener));
        weft_stream_close(self->stream);
    }
    weft_listener_close(self->listener); /* with connections that nobody has taken */
    for (self->count = 0; self->count < CROWD; self->count++)
        weft_stream_close(self->streams[self->count]);
    weft_end();
}

TEST(a_crowd_waits_until_it_is_accepted) {
    RUN_WELL(crowd);
}

#define LIMITED(name)                       \
    struct name {                           \
        weft_frame frame;                   \
        weft_listener *listener;            \
        weft_stream *streams[3], *accepted; \
        weft_task *task;                    \
        int count, served;                  \
        char byte;                          \
    }

static weft_coroutine *count_echo(weft_stream *stream, void *argument) {
    ++*(int *)argument;
    return weft_call(echo, .stream = stream);
}

LIMITED(limited_server);

static weft_async(limited_server) {
    weft_begin(limited_server);
    weft_await_to(self->listener,
                  weft_tcp_listen("127.0.0.1", 0, &(weft_listen_options){.connection_limit = 2}));
    self->task = weft_create_task(weft_listener_serve(self->listener, count_echo, &self->served));
    for (self->count = 2; self->count >= 0; self->count--) {
        weft_await_to(self->streams[self->count],
                      weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
        weft_await(weft_stream_printf(self->streams[self->count], "%d", self->count));
    }
    for (self->count = 0; self->count < 20; self->count++) { /* time enough for the third to be accepted */
        weft_await(weft_stream_write(self->streams[1], "x", 1));
        weft_await(weft_stream_read_exactly(self->streams[1], &self->byte, 1));
    }
    CHECK_EQ_INT(self->served, 2);
    weft_await(weft_stream_read_exactly(self->streams[1], &self->byte, 1)); /* its first, or closing resets */
    weft_stream_close(self->streams[1]);
    weft_await(weft_stream_read_exactly(self->streams[0], &self->byte, 1));
    CHECK_EQ_INT(self->byte, '0');
    CHECK_EQ_INT(self->served, 3);
    weft_await_to(self->streams[1], weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_listener_close(self->listener); /* while libuv holds one, and two are open */
    weft_await(self->task);
    for (self->count = 0; self->count < 3; self->count++)
        weft_stream_close(self->streams[self->count]);
    weft_end();
}

LIMITED(limited_accept);

static weft_async(limited_accept) {
    weft_begin(limited_accept);
    weft_await_to(self->listener,
                  weft_tcp_listen("127.0.0.1", 0, &(weft_listen_options){.connection_limit = 1}));
    for (self->count = 0; self->count < 3; self->count++)
        weft_await_to(self->streams[self->count],
                      weft_tcp_connect("127.0.0.1", weft_listener_port(self->listener)));
    weft_await_to(self->accepted, weft_listener_accept(self->listener));
    self->task = weft_create_task(weft_listener_accept(self->listener));
    weft_await(weft_sleep(0.005));
    CHECK(!weft_task_done(self->task));
    weft_stream_abort(self->accepted); /* which makes room for it at once */
    weft_await(weft_sleep(0));
    weft_await_to(self->accepted, self->task);
    self->accepted = weft_value_pointer(weft_task_take(self->task));
    weft_listener_close(self->listener);
    for (self->count = 0; self->count < 3; self->count++)
        weft_stream_close(self->streams[self->count]);
    weft_stream_close(self->accepted); /* which outlived its listener */
    weft_end();
}

TEST(as_many_connections_are_open_as_the_limit_says) {
    RUN_WELL(limited_server);
    RUN_WELL(limited_accept);
}

/* --- What is known of it --- */

PAIR(known);

static weft_async(known) {
    static char peer[64], local[64];
    weft_begin(known);
    CONNECT();
    self->size = weft_stream_peer(self->a, peer, sizeof peer);
    CHECK_EQ_INT(self->size, strlen(peer));
    weft_stream_local(self->b, local, sizeof local);
    CHECK_EQ_STR(peer, local);
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0);
    CHECK(weft_stream_set_nodelay(self->a, false) == NULL);
    CHECK(weft_stream_set_keepalive(self->a, 60) == NULL);
    CHECK(weft_stream_set_keepalive(self->a, 0) == NULL);
    close_both(self->a, self->b);
    weft_await_to(self->listener, weft_tcp_listen("::1", 0, NULL));
    weft_await_to(self->a, weft_tcp_connect("::1", weft_listener_port(self->listener)));
    weft_stream_peer(self->a, peer, sizeof peer);
    weft_listener_address(self->listener, local, sizeof local);
    CHECK_EQ_STR(peer, local);
    CHECK(strncmp(peer, "[::1]:", 6) == 0);
    weft_stream_close(self->a);
    weft_listener_close(self->listener);
    weft_end();
}

TEST(addresses_and_options) {
    RUN_WELL(known);
}

struct listens_alone {
    weft_frame frame;
    bool inherited[64]; /* descriptors that were there before */
    weft_listener *listener;
};

/* Of what is open, children get the standard streams alone. */
static weft_async(listens_alone) {
    weft_begin(listens_alone);
    for (int descriptor = 0; descriptor < 64; descriptor++)
        self->inherited[descriptor] = fcntl(descriptor, F_GETFD) >= 0;
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    for (int descriptor = 0; descriptor < 64; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        struct stat what;
        if (!self->inherited[descriptor] && flags >= 0 && fstat(descriptor, &what) == 0 &&
            S_ISSOCK(what.st_mode))
            CHECK(flags & FD_CLOEXEC);
    }
    weft_listener_close(self->listener);
    weft_end();
}

TEST(a_listener_is_not_inherited) {
    CHECK(weft_run(weft_call(listens_alone), NULL, NULL));
}

TEST_MAIN(TEST_CASE(a_listener_is_not_inherited), TEST_CASE(lines_go_to_an_echo_server_and_come_back),
          TEST_CASE(unix_sockets_do_the_same_and_leave_no_file),
          TEST_CASE(a_cancellation_at_any_step_leaves_nothing_open),
          TEST_CASE(reads_give_what_is_there_or_exactly_so_much), TEST_CASE(a_cancelled_read_loses_nothing),
          TEST_CASE(a_read_until_a_separator_finds_it_wherever_it_is_cut),
          TEST_CASE(lines_have_a_limit_and_reading_goes_on_after_it),
          TEST_CASE(all_can_be_read_up_to_a_limit), TEST_CASE(who_writes_waits_for_who_reads),
          TEST_CASE(a_close_still_sends_what_was_written),
          TEST_CASE(a_block_flushes_or_resets_if_an_error_leaves_it),
          TEST_CASE(writing_to_a_peer_that_has_gone_is_an_error),
          TEST_CASE(after_a_half_close_the_other_half_goes_on),
          TEST_CASE(closing_raises_an_error_in_the_tasks_that_wait),
          TEST_CASE(misuse_raises_errors_in_clear_words),
          TEST_CASE(what_nobody_closes_goes_with_the_loop_and_debug_mode_says_so),
          TEST_CASE(what_cannot_be_connected_to_or_listened_at_says_why),
          TEST_CASE(only_a_socket_that_was_left_behind_is_replaced),
          TEST_CASE(without_a_free_descriptor_connecting_fails_and_accepting_goes_on),
          TEST_CASE(a_connection_that_fails_is_reported_and_the_server_goes_on),
          TEST_CASE(a_crowd_waits_until_it_is_accepted),
          TEST_CASE(as_many_connections_are_open_as_the_limit_says), TEST_CASE(addresses_and_options))
