/*
 * A soak: many connections at once, each of which does something else, well or badly: echoes, resets,
 * timeouts, cancellations, lines that are too long or never end; and the same for requests of HTTP, by the
 * client and by hand. Two waves of them; then all must be as it was between the waves: handles, file
 * descriptors, the loop's memory.
 *
 *     soak CONNECTIONS AT_ONCE SEED
 */

#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <weft/http_server.h>
#include <weft/stream.h>
#include <weft/weft.h>

#include "../../../native/outside.h"

enum { LIMIT = 4096, FLOOD = 200000, SMALL = 3, FILES = 64 };

static uint64_t state;

static unsigned draw(unsigned candidates) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545F4914F6CDD1Du) >> 33) % candidates;
}

/* --- The server: each line comes back, but for one that asks it to stall --- */

struct serve {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(serve) {
    weft_begin(serve);
    weft_stream_set_limit(self->stream, LIMIT);
    weft_for_await (self->line, weft_stream_lines(self->stream)) {
        if (strcmp(self->line, "stall") == 0)
            weft_await(weft_sleep(0.2)); /* its clients do not wait that long */
        weft_await(weft_stream_printf(self->stream, "%s\n", self->line));
        weft_free(self->line);
        self->line = NULL;
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *handle(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(serve, .stream = stream);
}

/* --- The HTTP server: the body comes back, but for a path that asks it to stall --- */

struct answer {
    weft_frame frame;
    weft_request *request;
    weft_bytes *body;
};

static weft_async(answer) {
    weft_begin(answer);
    if (strcmp(weft_request_path(self->request), "/stall") == 0)
        weft_await(weft_sleep(0.2));
    weft_await_to(self->body, weft_request_body(self->request));
    weft_await(weft_respond(self->request, 200, "text/plain", self->body->data, self->body->size));
    weft_drop();
    weft_free(self->body);
    weft_end();
}

static weft_coroutine *handle_request(weft_request *request, void *argument) {
    (void)argument;
    return weft_call(answer, .request = request);
}

/* A peer that breaks the rules is no news here. */
static void say_nothing(void *context, const char *text) {
    (void)context;
    (void)text;
}

/* --- The clients: one coroutine for each way to behave --- */

static void expect(bool fine, const char *what) {
    if (fine)
        return;
    fprintf(stderr, "soak: %s\n", what);
    exit(1);
}

struct echo {
    weft_frame frame;
    weft_stream *stream;
    char *line;
    int i;
};

static weft_async(echo) {
    weft_begin(echo);
    for (; self->i < SMALL; self->i++) {
        weft_await(weft_stream_printf(self->stream, "%d\n", self->i));
        weft_await_to(self->line, weft_stream_readline(self->stream));
        expect(self->line != NULL && atoi(self->line) == self->i, "another line came back");
        weft_free(self->line);
        self->line = NULL;
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

struct half_close {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(half_close) {
    weft_begin(half_close);
    weft_await(weft_stream_printf(self->stream, "last"));
    weft_await(weft_stream_shutdown(self->stream));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    expect(self->line != NULL && strcmp(self->line, "last") == 0, "the last line did not come back");
    weft_free(self->line);
    weft_await_to(self->line, weft_stream_readline(self->stream));
    expect(self->line == NULL, "a line came after the last");
    weft_drop();
    weft_free(self->line);
    weft_end();
}

struct stall {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(stall) {
    weft_begin(stall);
    weft_await(weft_stream_printf(self->stream, "stall\n"));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    expect(false, "the server did not stall");
    weft_end();
}

/* Leaves in the middle of a line; the stream is closed by who opened it. */
struct half_line {
    weft_frame frame;
    weft_stream *stream;
};

static weft_async(half_line) {
    weft_begin(half_line);
    weft_await(weft_stream_printf(self->stream, "no end"));
    weft_end();
}

struct reset {
    weft_frame frame;
    weft_stream *stream;
};

static weft_async(reset) {
    weft_begin(reset);
    weft_await(weft_stream_printf(self->stream, "%d\n", 1));
    weft_raise(WEFT_USER, "an error leaves the block, which aborts the stream");
    weft_end();
}

/* The server ends the connection, since the line is longer than its limit. */
struct flood {
    weft_frame frame;
    weft_stream *stream;
    char *bytes;
};

static weft_async(flood) {
    weft_begin(flood);
    self->bytes = malloc(FLOOD);
    expect(self->bytes != NULL, "no memory");
    memset(self->bytes, 'x', FLOOD);
    weft_await(weft_stream_write(self->stream, self->bytes, FLOOD));
    weft_await_to(self->bytes[0], weft_stream_read(self->stream, self->bytes + 1, 1));
    expect(self->bytes[0] == 0, "an answer came to a line without an end");
    weft_raise(WEFT_SYSTEM, "the server has closed it");
    weft_drop();
    free(self->bytes);
    weft_end();
}

/* --- The same to the HTTP server --- */

struct request {
    weft_frame frame;
    weft_stream *stream;
    weft_bytes *answer;
};

static weft_async(request) {
    weft_begin(request);
    weft_await(weft_stream_printf(self->stream, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"));
    weft_await(weft_sleep(0));
    weft_await(weft_stream_printf(self->stream, "\r\nbo"));
    weft_await(weft_stream_printf(self->stream, "dyGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    weft_await_to(self->answer, weft_stream_read_all(self->stream, LIMIT));
    expect(strstr(self->answer->data, "\r\n\r\nbodyHTTP/1.1 200 OK\r\n") != NULL, "another answer came");
    weft_drop();
    weft_free(self->answer);
    weft_end();
}

struct half_request {
    weft_frame frame;
    weft_stream *stream;
};

static weft_async(half_request) {
    weft_begin(half_request);
    weft_await(weft_stream_printf(self->stream, "GET / HTTP/1.1\r\nHo"));
    weft_end();
}

struct nonsense {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

static weft_async(nonsense) {
    weft_begin(nonsense);
    weft_await(weft_stream_printf(self->stream, "GET good morning\r\n\r\n"));
    weft_await_to(self->line, weft_stream_readline(self->stream));
    expect(self->line != NULL && strstr(self->line, "400") != NULL, "nonsense was answered");
    weft_drop();
    weft_free(self->line);
    weft_end();
}

/* Leaves while its request is being answered. */
struct lost_request {
    weft_frame frame;
    weft_stream *stream;
};

static weft_async(lost_request) {
    weft_begin(lost_request);
    weft_await(weft_stream_printf(self->stream, "GET /stall HTTP/1.1\r\nHost: a\r\n\r\n"));
    weft_raise(WEFT_USER, "an error leaves the block, which aborts the stream");
    weft_end();
}

#define START(name)                                            \
    static weft_coroutine *start_##name(weft_stream *stream) { \
        return weft_call(name, .stream = stream);              \
    }
START(echo)
START(half_close)
START(stall)
START(half_line)
START(reset)
START(flood)
START(request)
START(half_request)
START(nonsense)
START(lost_request)

/* How a client behaves, and the code of the error that it must end with. */
static const struct behaviour {
    weft_coroutine *(*start)(weft_stream *stream); /* to the one server, or to the other … */
    bool http;
    const char *path; /* … or a path that the HTTP client asks for */
    int ends_with;
    bool cancelled;
} behaviours[] = {
    {.start = start_echo},
    {.start = start_half_close},
    {.start = start_stall, .ends_with = WEFT_TIMED_OUT},
    {.start = start_stall, .ends_with = WEFT_CANCELLED, .cancelled = true},
    {.start = start_half_line},
    {.start = start_reset, .ends_with = WEFT_USER},
    {.start = start_flood, .ends_with = WEFT_SYSTEM},
    {.start = start_request, .http = true},
    {.start = start_half_request, .http = true},
    {.start = start_nonsense, .http = true},
    {.start = start_lost_request, .http = true, .ends_with = WEFT_USER},
    {.path = "/"},
    {.path = "/stall", .ends_with = WEFT_CANCELLED, .cancelled = true},
};
enum { BEHAVIOURS = sizeof behaviours / sizeof *behaviours };

/* Whom they talk to. */
typedef struct servers {
    int lines, http; /* their ports */
    weft_http *client;
} servers;

struct connected {
    weft_frame frame;
    const servers *servers;
    const struct behaviour *behaviour;
    weft_stream *stream;
};

static weft_async(connected) {
    weft_begin(connected);
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", self->behaviour->http ? self->servers->http
                                                                                    : self->servers->lines));
    weft_with(self->stream) {
        weft_await(self->behaviour->start(self->stream));
    }
    weft_end();
}

struct fetched {
    weft_frame frame;
    const servers *servers;
    const struct behaviour *behaviour;
    weft_http_response *response;
};

static weft_async(fetched) {
    weft_begin(fetched);
    weft_await_to(self->response,
                  weft_http_post(self->servers->client, self->behaviour->path, "text/plain", "body", 4));
    weft_with(self->response) {
        expect(strcmp(weft_http_text(self->response), "body") == 0, "another body came back");
    }
    weft_end();
}

static weft_coroutine *begin(const servers *there, const struct behaviour *behaviour) {
    return behaviour->path != NULL ? weft_call(fetched, .servers = there, .behaviour = behaviour)
                                   : weft_call(connected, .servers = there, .behaviour = behaviour);
}

struct client {
    weft_frame frame;
    const servers *servers;
    weft_semaphore *at_once;
    const struct behaviour *behaviour;
    weft_task *task;
    const weft_error *error;
    int ended_with;
};

/* One that is cancelled may be at any await by then: its delay is drawn. */
static double delay_of(const struct behaviour *behaviour) {
    if (behaviour->cancelled)
        return draw(4) == 0 ? 0 : draw(1000) * 50e-6;
    return behaviour->ends_with == WEFT_TIMED_OUT ? 0.02 + draw(1000) * 50e-6 : 60;
}

static weft_async(client) {
    weft_begin(client);
    weft_with(self->at_once) {
        self->task = weft_create_task(begin(self->servers, self->behaviour));
        weft_try {
            if (self->behaviour->cancelled) {
                weft_await(weft_sleep(delay_of(self->behaviour)));
                weft_cancel(self->task);
                weft_await(self->task);
            } else {
                weft_await(weft_wait_for(self->task, delay_of(self->behaviour)));
            }
        }
        weft_catch_all(self->error) {
            self->ended_with = self->error->code;
            if (self->ended_with != self->behaviour->ends_with)
                fprintf(stderr, "soak: %s\n", self->error->message);
        }
    }
    expect(self->ended_with == self->behaviour->ends_with, "a client ended in another way");
    weft_end();
}

struct wave {
    weft_frame frame;
    servers servers;
    char base[32];
    int connections, at_once, i;
    weft_semaphore permits;
    weft_group group;
};

/* With an HTTP client of its own: what that keeps open goes with it. */
static weft_async(wave) {
    weft_begin(wave);
    weft_semaphore_init(&self->permits, (uint32_t)self->at_once);
    snprintf(self->base, sizeof self->base, "http://127.0.0.1:%d", self->servers.http);
    self->servers.client = weft_http_open(&(weft_http_options){.base_url = self->base, .proxy = ""});
    weft_with(self->servers.client) {
        weft_with_as(self->group, weft_task_group()) {
            for (; self->i < self->connections; self->i++)
                weft_group_create_task(&self->group,
                                       weft_call(client, .servers = &self->servers, .at_once = &self->permits,
                                                 .behaviour = &behaviours[draw(BEHAVIOURS)]));
        }
    }
    weft_end();
}

/* --- What must be as it was --- */

typedef struct holdings {
    int files;
    unsigned handles; /* of libuv's */
    size_t memory;    /* the loop's, bytes */
} holdings;

static void count_handle(uv_handle_t *handle, void *count) {
    (void)handle;
    ++*(unsigned *)count;
}

static holdings holdings_now(void) {
    holdings now = {.memory = weft_loop_memory(weft_loop_current())};
    const weft_error *error = NULL;
    uv_walk(weft__uv_here(&error)->uv, count_handle, &now.handles);
    DIR *folder = opendir("/proc/self/fd");
    expect(folder != NULL, "cannot read /proc/self/fd");
    while (readdir(folder) != NULL)
        now.files++;
    closedir(folder);
    return now;
}

static void print(const char *when, holdings now) {
    printf("%s: %d files, %u handles, %zu bytes\n", when, now.files, now.handles, now.memory);
}

struct soak {
    weft_frame frame;
    int connections, at_once;
    weft_listener *listener;
    weft_http_server *http;
    weft_task *server;
    servers servers;
    holdings between;
};

static weft_async(soak) {
    weft_begin(soak);
    weft_loop_set_reporter(weft_loop_current(), say_nothing, NULL);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, &(weft_listen_options){.backlog = 4096}));
    weft_await_to(self->http, weft_http_serve("127.0.0.1", 0, handle_request, NULL,
                                              &(weft_http_server_options){.listen = {.backlog = 4096}}));
    weft_with(self->http) {
        self->server = weft_create_task(weft_listener_serve(self->listener, handle, NULL));
        self->servers =
            (servers){weft_listener_port(self->listener), weft_http_server_port(self->http), NULL};
        weft_await(weft_call(wave, .servers = self->servers, .connections = self->connections,
                             .at_once = self->at_once));
        weft_await(weft_sleep(0.5)); /* the servers hear of the last ones, and have stalled */
        self->between = holdings_now();
        print("between", self->between);
        weft_await(weft_call(wave, .servers = self->servers, .connections = self->connections,
                             .at_once = self->at_once));
        weft_await(weft_sleep(0.5));
        print("after", holdings_now());
        expect(holdings_now().files == self->between.files, "file descriptors are left");
        expect(holdings_now().handles == self->between.handles, "handles are left");
        expect(holdings_now().memory <= self->between.memory + self->between.memory / 10 + 65536,
               "memory is left");
        expect(weft_http_server_connections(self->http) == 0, "connections are left");
        weft_listener_close(self->listener);
    }
    weft_end();
}

/* Both ends of a connection are here. */
static int most_at_once(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return (int)((files.rlim_cur > 100000 ? 100000 : files.rlim_cur) - FILES) / 2;
}

int main(int count, char **arguments) {
    expect(count == 4, "usage: soak CONNECTIONS AT_ONCE SEED");
    int at_once = atoi(arguments[2]), most = most_at_once();
    state = strtoull(arguments[3], NULL, 10) * 2 + 1;
    return weft_main(
        weft_call(soak, .connections = atoi(arguments[1]), .at_once = at_once < most ? at_once : most));
}
