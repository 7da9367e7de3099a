/* A server on all cores: listeners of several threads share a port, and the system spreads connections. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "weft_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/stream.h>
#include <weft/weft.h>

enum { THREADS = 3, CLIENTS = 60 };

/* --- A thread's server --- */

typedef struct service {
    weft_channel *ports; /* the first to listen chooses one, and tells the others */
    weft_channel *ready; /* each tells who asked that it listens, and where */
} service;

struct answer {
    weft_frame frame;
    weft_stream *stream;
    unsigned number;
    char *line;
};

/* Each line comes back with the number of the thread. */
weft_async(answer) {
    weft_begin(answer);
    weft_for_await (self->line, weft_stream_lines(self->stream)) {
        weft_await(weft_stream_printf(self->stream, "%u %s\n", self->number, self->line));
        weft_free(self->line);
        self->line = NULL;
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *make_answer(weft_stream *stream, void *number) {
    return weft_call(answer, .stream = stream, .number = *(unsigned *)number);
}

struct serve {
    weft_frame frame;
    service *service;
    unsigned number;
    weft_listener *listener;
    int port, i;
};

weft_async(serve) {
    weft_begin(serve);
    weft_channel_retain(self->service->ports);
    weft_channel_retain(self->service->ready);
    if (self->number > 0)
        weft_await_to(self->port, weft_channel_receive(self->service->ports));
    weft_await_to(self->listener,
                  weft_tcp_listen("127.0.0.1", self->port, &(weft_listen_options){.reuse_port = true}));
    for (self->i = 1; self->number == 0 && self->i < THREADS; self->i++)
        weft_await(weft_channel_send(self->service->ports, weft_listener_port(self->listener)));
    weft_await(weft_channel_send(self->service->ready, weft_listener_port(self->listener)));
    weft_await(weft_listener_serve(self->listener, make_answer, &self->number));
    weft_drop();
    weft_listener_close(self->listener);
    weft_channel_release(self->service->ports);
    weft_channel_release(self->service->ready);
    weft_end();
}

static weft_coroutine *make_serve(unsigned number, void *argument) {
    return weft_call(serve, .service = argument, .number = number);
}

/* --- Clients --- */

struct client {
    weft_frame frame;
    int port, number;
    int *served; /* by each thread */
    weft_stream *stream;
    char *line;
    bool stays;
};

/* "3 client 7": the thread that served it, and what it has said. */
static void check_answer(struct client *self) {
    char wanted[32];
    int thread = self->line == NULL ? -1 : atoi(self->line);
    snprintf(wanted, sizeof wanted, "%d client %d", thread, self->number);
    CHECK_EQ_STR(self->line, wanted);
    if (thread >= 0 && thread < THREADS)
        self->served[thread]++;
}

weft_async(client) {
    weft_begin(client);
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", self->port));
    weft_with(self->stream) {
        weft_await(weft_stream_printf(self->stream, "client %d\n", self->number));
        weft_await_to(self->line, weft_stream_readline(self->stream));
        check_answer(self);
        if (self->stays) {
            weft_free(self->line);
            self->line = NULL;
            weft_await_to(self->line, weft_stream_readline(self->stream));
            CHECK(self->line == NULL); /* the server's end is this one's */
        }
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

struct program {
    weft_frame frame;
    service service;
    weft_task *server, *staying;
    int port, i, served[THREADS];
    weft_group group;
    weft_value value;
    const weft_error *error;
    weft_stream *stream;
};

weft_async(program) {
    weft_begin(program);
    self->service.ports = weft_channel_new(0);
    self->service.ready = weft_channel_new(0);
    self->server = weft_create_task(weft_threads_run(THREADS, make_serve, &self->service));
    for (self->i = 0; self->i < THREADS; self->i++)
        weft_await_to(self->port, weft_channel_receive(self->service.ready));
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 0; i < CLIENTS; i++)
            weft_group_create_task(
                &self->group, weft_call(client, .port = self->port, .number = i, .served = self->served));
    }
    CHECK_EQ_INT(self->served[0] + self->served[1] + self->served[2], CLIENTS);
    CHECK(self->served[0] < CLIENTS && self->served[1] < CLIENTS && self->served[2] < CLIENTS);

    self->staying = weft_create_task(
        weft_call(client, .port = self->port, .number = 99, .served = self->served, .stays = true));
    while (self->served[0] + self->served[1] + self->served[2] == CLIENTS)
        weft_await(weft_sleep(0.001));
    weft_cancel(self->server);
    weft_try {
        weft_await(self->server);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {}
    weft_try {
        weft_await(self->staying);
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->system, "ECONNRESET"); /* or the server's end was an abrupt one */
    }
    weft_try {
        weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", self->port));
        weft_stream_close(self->stream);
        weft_return("it still listens");
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->system, "ECONNREFUSED");
    }
    weft_return("stopped");
    weft_drop();
    weft_channel_release(self->service.ports);
    weft_channel_release(self->service.ready);
    weft_end();
}

TEST(threads_share_a_port_and_stop_together) {
    weft_value value;
    int files = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(weft_run(weft_call(program), &value, NULL));
        CHECK_EQ_STR(weft_value_string(value), "stopped");
        if (i == 0)
            files = open_descriptors(); /* libuv keeps some of the process's */
        CHECK_EQ_INT(open_descriptors(), files);
    }
}

struct second {
    weft_frame frame;
    weft_listener *first, *second;
    const weft_error *error;
};

weft_async(second) {
    weft_begin(second);
    weft_await_to(self->first, weft_tcp_listen("127.0.0.1", 0, NULL));
    weft_try {
        weft_await_to(self->second, weft_tcp_listen("127.0.0.1", weft_listener_port(self->first), NULL));
    }
    weft_catch(self->error) {
        CHECK_EQ_STR(self->error->system, "EADDRINUSE");
    }
    weft_drop();
    weft_listener_close(self->first);
    weft_listener_close(self->second);
    weft_end();
}

TEST(a_port_is_shared_only_where_that_was_said) {
    CHECK(weft_run(weft_call(second), NULL, NULL));
}

TEST_MAIN(TEST_CASE(threads_share_a_port_and_stop_together),
          TEST_CASE(a_port_is_shared_only_where_that_was_said))
