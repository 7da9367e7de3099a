/* Streams of descriptors that are open already: files, pipes, sockets, terminals. */

#define _GNU_SOURCE

#include "weft_test.h"

#include <weft/tty.h>
#include <weft/uv.h>
#include <weft/weft.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static void run(weft_coroutine *coroutine) {
    const weft_error *error = NULL;
    char words[300] = "";
    if (!weft__run(coroutine, NULL, &error)) {
        weft_error_print(error, words, sizeof words);
        weft_error_release(error);
    }
    CHECK_EQ_STR(words, "");
}

#define RUN(...) run(weft__run_enter() ? weft_call(__VA_ARGS__) : NULL)

static bool blocks(int descriptor) {
    return !(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
}

static bool failed_with(const weft_error *error, const char *name) {
    return error != NULL && error->system != NULL && strcmp(error->system, name) == 0;
}

/* What a case needs; the descriptors are its own. */
#define CASE(name)               \
    struct name {                \
        weft_frame frame;        \
        int first, second;       \
        weft_stream *in, *out;   \
        const weft_error *error; \
        weft_bytes *bytes;       \
        weft_task *task;         \
        char *line;              \
        int count;               \
        char buffer[16];         \
    }

CASE(files);

static weft_async(files) {
    weft_begin(files);
    weft_await_to(self->out, weft_descriptor_open(self->first));
    weft_with(self->out) {
        CHECK(!weft_stream_is_terminal(self->out));
        for (self->count = 0; self->count < 20000; self->count++)
            weft_await(weft_stream_printf(self->out, "line %d\n", self->count));
        weft_await(weft_stream_flush(self->out));
        weft_await(weft_stream_shutdown(self->out));
    }
    weft_await_to(self->in, weft_descriptor_open(self->second));
    weft_with(self->in) {
        self->count = 0;
        weft_for_await (self->line, weft_stream_lines(self->in)) {
            int number = -1;
            CHECK(sscanf(self->line, "line %d", &number) == 1 && number == self->count++);
            weft_free(self->line);
        }
        CHECK_EQ_INT(self->count, 20000);
    }
    weft_end();
}

TEST(a_file_is_written_and_read_as_a_stream) {
    char name[] = "/tmp/weft-tty-XXXXXX";
    int first = mkstemp(name), second = open(name, O_RDONLY);
    unlink(name);
    RUN(files, .first = first, .second = second);
    CHECK(close(first) == 0 && close(second) == 0); /* they stayed the caller's */
}

CASE(devices);

static weft_async(devices) {
    weft_begin(devices);
    weft_await_to(self->out, weft_descriptor_open(self->first));
    weft_try {
        weft_await(weft_stream_write(self->out, "x", 1));
    }
    weft_catch(self->error) {
        CHECK(failed_with(self->error, "ENOSPC"));
        self->count++;
    }
    weft_stream_close(self->out);
    weft_await_to(self->in, weft_descriptor_open(self->second));
    weft_await_to(self->bytes, weft_stream_read_all(self->in, 10));
    CHECK_EQ_INT(self->bytes->size, 0);
    weft_free(self->bytes);
    weft_stream_close(self->in);
    CHECK_EQ_INT(self->count, 1);
    weft_end();
}

TEST(a_full_disk_is_an_error) {
    int full = open("/dev/full", O_WRONLY), empty = open("/dev/null", O_RDONLY);
    RUN(devices, .first = full, .second = empty);
    close(full);
    close(empty);
}

CASE(pipes);

static weft_async(pipes) {
    weft_begin(pipes);
    weft_await_to(self->in, weft_descriptor_open(self->first));
    weft_await_to(self->out, weft_descriptor_open(self->second));
    self->task = weft_create_task(weft_stream_readline(self->in));
    weft_await(weft_sleep(0));
    weft_cancel(self->task);
    weft_await(weft_sleep(0));
    CHECK_EQ_INT(blocks(self->first), self->count == 0); /* what is shared does not, while it is used */
    weft_await(weft_stream_printf(self->out, "hello\n"));
    weft_await_to(self->line, weft_stream_readline(self->in));
    CHECK_EQ_STR(self->line, "hello");
    weft_free(self->line);
    weft_stream_close(self->in);
    weft_stream_close(self->out);
    weft_end();
}

TEST(a_pipe_is_left_as_it_was) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    RUN(pipes, .first = ends[0], .second = ends[1]);
    CHECK(blocks(ends[0]) && blocks(ends[1]));
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

TEST(a_socket_is_left_as_it_was_in_the_end) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    RUN(pipes, .first = ends[0], .second = ends[1], .count = 1);
    CHECK(blocks(ends[0]) && blocks(ends[1]));
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

CASE(terminal);

static bool is_raw(int descriptor) {
    struct termios mode;
    return tcgetattr(descriptor, &mode) == 0 && !(mode.c_lflag & ICANON);
}

static weft_async(terminal) {
    int columns, rows;
    weft_begin(terminal);
    weft_await_to(self->in, weft_descriptor_open(self->second));
    CHECK(weft_stream_is_terminal(self->in));
    CHECK(weft_tty_size(self->in, &columns, &rows) == NULL);
    CHECK_EQ_INT(columns, 72);
    CHECK_EQ_INT(rows, 20);
    CHECK(write(self->first, "a line\n", 7) == 7);
    weft_await_to(self->line, weft_stream_readline(self->in));
    CHECK_EQ_STR(self->line, "a line");
    weft_free(self->line);
    CHECK(weft_tty_set_raw(self->in, true) == NULL);
    CHECK(is_raw(self->second));
    CHECK(write(self->first, "k", 1) == 1); /* a key, without a line's end */
    weft_await_to(self->count, weft_stream_read(self->in, self->buffer, sizeof self->buffer));
    CHECK_EQ_INT(self->count, 1);
    weft_await(weft_stream_write(self->in, "to the screen", 13));
    weft_stream_close(self->in);
    CHECK(!is_raw(self->second));
    weft_end();
}

TEST(a_terminal_tells_its_size_and_is_raw_until_it_is_closed) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK(ioctl(master, TIOCSWINSZ, &(struct winsize){.ws_col = 72, .ws_row = 20}) == 0);
    RUN(terminal, .first = master, .second = slave);
    close(slave);
    close(master);
}

CASE(standard);

static weft_async(standard) {
    weft_begin(standard);
    weft_await_to(self->in, weft_stdin());
    weft_await_to(self->bytes, weft_stream_read_all(self->in, 100));
    CHECK_EQ_STR(self->bytes->data, "from outside");
    weft_free(self->bytes);
    weft_stream_close(self->in);
    weft_await_to(self->out, weft_stderr());
    weft_await(weft_stream_write(self->out, "", 0));
    weft_stream_close(self->out);
    weft_await_to(self->out, weft_stdout());
    weft_stream_abort(self->out);
    CHECK(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
    weft_end();
}

TEST(standard_input_is_what_the_program_was_given) {
    int ends[2], before = dup(STDIN_FILENO);
    CHECK(pipe(ends) == 0 && write(ends[1], "from outside", 12) == 12);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
    RUN(standard);
    dup2(before, STDIN_FILENO);
    close(before);
}

CASE(wrong);

static weft_async(wrong) {
    int columns;
    weft_begin(wrong);
    weft_try {
        weft_await(weft_descriptor_open(-1));
    }
    weft_catch(self->error) {
        CHECK(failed_with(self->error, "EBADF"));
        self->count++;
    }
    weft_await_to(self->in, weft_descriptor_open(self->first));
    self->error = weft_tty_set_raw(self->in, true);
    CHECK_EQ_STR(self->error->message, "the stream is no terminal");
    self->error = weft_tty_size(NULL, &columns, &columns);
    CHECK_EQ_STR(self->error->message, "NULL is no stream");
    CHECK(!weft_stream_is_terminal(NULL));
    weft_stream_close(self->in);
    CHECK_EQ_INT(self->count, 1);
    weft_end();
}

TEST(what_is_no_descriptor_or_no_terminal_is_refused) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    RUN(wrong, .first = ends[0]);
    close(ends[0]);
    close(ends[1]);
}

TEST_MAIN(TEST_CASE(a_file_is_written_and_read_as_a_stream), TEST_CASE(a_full_disk_is_an_error),
          TEST_CASE(a_pipe_is_left_as_it_was), TEST_CASE(a_socket_is_left_as_it_was_in_the_end),
          TEST_CASE(a_terminal_tells_its_size_and_is_raw_until_it_is_closed),
          TEST_CASE(standard_input_is_what_the_program_was_given),
          TEST_CASE(what_is_no_descriptor_or_no_terminal_is_refused))
