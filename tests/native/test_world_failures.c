/* Every allocation that weft makes for names, datagrams, children, streams and signals fails once: an error,
 * nothing lost, nobody left behind. The linker gives weft's calls of malloc to the functions below. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "failing_malloc.h"
#include "weft_test.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/process.h>
#include <weft/stream.h>
#include <weft/udp.h>
#include <weft/uv.h>
#include <weft/weft.h>

static bool childless(void) {
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void quiet(void *context, const char *text) {
    (void)context;
    (void)text;
}

/* Runs it again and again, each time with another allocation that fails, until none does. */
static void sweep(weft_coroutine *(*make)(void)) {
    int before = open_descriptors();
    int n = 0;
    allocation_failed = true;
    for (; allocation_failed && CHECK(n < 1000); n++) {
        const weft_error *error = NULL;
        weft_value value = weft_none();
        allocation_failed = false;
        allocations_before_failure = n;
        bool ended = weft_run(make(), &value, &error);
        allocations_before_failure = -1;
        CHECK(allocation_failed || ended); /* without a failure it works */
        if (!ended)                        /* or the words of a host that had none */
            CHECK(error->code == WEFT_OUT_OF_MEMORY || strstr(error->message, "ENOMEM") != NULL);
        weft_value_free(&value);
        weft_error_release(error);
        CHECK_EQ_INT(open_descriptors(), before);
        CHECK(childless());
    }
    CHECK(n > 8); /* so the linker did give them here */
}

/* --- Names --- */

struct names {
    weft_frame frame;
    weft_addresses *found;
    weft_name *name;
};

static weft_async(names) {
    weft_begin(names);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->found, weft_getaddrinfo("127.0.0.1", "80",
                                                &(weft_dns_options){.numeric = true, .canonical = true}));
    weft_await_to(self->name, weft_getnameinfo("127.0.0.1", 80, &(weft_name_options){.numeric = true}));
    weft_drop();
    weft_free(self->found);
    weft_free(self->name);
    weft_end();
}

static weft_coroutine *call_names(void) {
    return weft_call(names);
}

TEST(names_without_memory) {
    sweep(call_names);
}

/* --- Datagrams --- */

struct datagrams {
    weft_frame frame;
    weft_udp *a, *b;
    weft_address address;
    weft_datagram *datagram;
};

static weft_async(datagrams) {
    weft_begin(datagrams);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->a, weft_udp_bind("127.0.0.1", 0, NULL));
    weft_with(self->a) {
        weft_udp_local(self->a, &self->address);
        weft_await_to(self->b, weft_udp_connect("localhost", self->address.port, NULL));
        weft_with(self->b) {
            weft_await(weft_udp_send(self->b, "one", 3));
            weft_await_to(self->datagram, weft_udp_receive(self->a));
            weft_await(weft_udp_send_to(self->a, self->datagram->sender.host, self->datagram->sender.port,
                                        "two", 3));
            weft_free(self->datagram);
            self->datagram = NULL;
            weft_for_await (self->datagram, weft_udp_datagrams(self->b)) {
                weft_break;
            }
        }
    }
    weft_drop();
    weft_free(self->datagram);
    weft_end();
}

static weft_coroutine *call_datagrams(void) {
    return weft_call(datagrams);
}

TEST(datagrams_without_memory) {
    sweep(call_datagrams);
}

/* --- Children --- */

struct children {
    weft_frame frame;
    weft_process *first, *second;
    weft_process_result *result;
};

static weft_async(children) {
    weft_begin(children);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->first, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe(),
                                                  .output = weft_stdio_pipe()));
    weft_with(self->first) {
        weft_await_to(self->second,
                      weft_process_start(.shell = "cat", .errors = weft_stdio_pipe(),
                                         .input = weft_stdio_stream(weft_process_output(self->first)),
                                         .output = weft_stdio_pipe()));
        weft_with(self->second) {
            weft_await(weft_stream_write(weft_process_input(self->first), "text", 4));
            weft_stream_close(weft_process_input(self->first));
            weft_await_to(self->result, weft_process_communicate(self->second, NULL, 0, 1000));
        }
    }
    weft_drop();
    weft_process_result_free(self->result);
    weft_end();
}

static weft_coroutine *call_children(void) {
    return weft_call(children);
}

TEST(children_without_memory) {
    sweep(call_children);
}

struct ends {
    weft_frame frame;
    weft_process *process;
};

/* A child that still runs at the end of its block is ended, though there be no memory to do it in order. */
static weft_async(ends) {
    weft_begin(ends);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("sleep", "1000")));
    weft_with(self->process) {
        weft_await(weft_sleep(0));
    }
    weft_end();
}

static weft_coroutine *call_ends(void) {
    return weft_call(ends);
}

TEST(the_end_of_a_child_without_memory) {
    sweep(call_ends);
}

/* --- Streams --- */

enum { MUCH = 6000000 }; /* more than the system takes at once */

static char much[MUCH];

struct streams {
    weft_frame frame;
    weft_listener *listener;
    weft_stream *client, *server;
    weft_task *sending;
    weft_bytes *bytes;
    const weft_error *error;
    char *line;
    char buffer[10];
};

struct sending {
    weft_frame frame;
    weft_stream **stream;
    const weft_error *error;
};

static weft_async(sending) {
    weft_begin(sending);
    weft_try {
        weft_await(weft_stream_printf(*self->stream, "%s\n%600d;", "a line", 1));
        weft_await(weft_stream_write(*self->stream, much, MUCH));
        weft_await(weft_stream_shutdown(*self->stream));
    }
    weft_catch(self->error) {
        weft_stream_abort(*self->stream); /* who reads is not to wait for ever */
        *self->stream = NULL;
        weft_reraise;
    }
    weft_end();
}

static weft_async(streams) {
    weft_begin(streams);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_await_to(self->client, weft_tcp_connect("localhost", weft_listener_port(self->listener)));
    weft_await_to(self->server, weft_listener_accept(self->listener));
    self->sending = weft_create_task(weft_call(sending, .stream = &self->client));
    if (weft_task_done(self->sending)) /* it could not be made */
        weft_await(self->sending);
    weft_try {
        weft_await_to(self->line, weft_stream_readline(self->server));
        weft_await_to(self->bytes, weft_stream_read_until(self->server, ";"));
        weft_await(weft_stream_read_exactly(self->server, self->buffer, sizeof self->buffer));
        weft_free(self->bytes);
        self->bytes = NULL;
        weft_await_to(self->bytes, weft_stream_read_all(self->server, MUCH));
    }
    weft_catch(self->error) {
        weft_stream_abort(self->server); /* who sends is not to wait for ever */
        self->server = NULL;
        if (self->error->code != WEFT_OUT_OF_MEMORY)
            weft_await(self->sending); /* where it came from */
        weft_reraise;
    }
    weft_await(self->sending);
    weft_drop();
    weft_free(self->line);
    weft_free(self->bytes);
    weft_stream_close(self->client);
    weft_stream_close(self->server);
    weft_listener_close(self->listener);
    weft_end();
}

static weft_coroutine *call_streams(void) {
    return weft_call(streams);
}

TEST(streams_without_memory) {
    sweep(call_streams);
}

static char socket_path[60];

struct chunks {
    weft_frame frame;
    weft_listener *listener;
    weft_stream *client, *server;
    weft_bytes *bytes;
};

static weft_async(chunks) {
    weft_begin(chunks);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    weft_await_to(self->listener, weft_unix_listen(socket_path, NULL));
    weft_await_to(self->client, weft_unix_connect(socket_path));
    weft_with(self->client) {
        weft_await_to(self->server, weft_listener_accept(self->listener));
        weft_await(weft_stream_write(self->client, much, 10000));
        weft_await(weft_stream_flush(self->client));
    }
    weft_for_await (self->bytes, weft_stream_chunks(self->server)) {
        weft_free(self->bytes);
    }
    weft_drop();
    weft_stream_close(self->server);
    weft_listener_close(self->listener);
    weft_end();
}

static weft_coroutine *call_chunks(void) {
    snprintf(socket_path, sizeof socket_path, "/tmp/weft-world-failures-%d", (int)getpid());
    return weft_call(chunks);
}

TEST(chunks_without_memory) {
    sweep(call_chunks);
}

/* --- Signals --- */

static void send_itself(void *number) {
    raise((int)(intptr_t)number);
}

struct signals {
    weft_frame frame;
    int number;
};

static weft_async(signals) {
    weft_begin(signals);
    weft_loop_set_reporter(weft_loop_current(), quiet, NULL);
    if (weft_call_soon(send_itself, (void *)(intptr_t)SIGURG) == NULL) /* which is ignored by default */
        weft_raise_error(&weft_error_out_of_memory);
    weft_for_await (self->number, weft_signals(SIGURG, SIGWINCH)) {
        weft_break;
    }
    weft_end();
}

static weft_coroutine *call_signals(void) {
    return weft_call(signals);
}

TEST(signals_without_memory) {
    sweep(call_signals);
}

TEST_MAIN(TEST_CASE(names_without_memory), TEST_CASE(datagrams_without_memory),
          TEST_CASE(children_without_memory), TEST_CASE(the_end_of_a_child_without_memory),
          TEST_CASE(streams_without_memory), TEST_CASE(chunks_without_memory),
          TEST_CASE(signals_without_memory))
