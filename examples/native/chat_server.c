/* A chat server: what one says, all others hear. Each client has
 * a queue and a task that writes from it, so that one who reads
 * slowly delays nobody; who does not read at all is left behind.
 * With a port it serves until Ctrl-C (try nc); without one it
 * talks to itself. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/stream.h>
#include <weft/weft.h>

enum { MOST_LINES = 100 }; /* that wait for one client */

struct client {
    struct client *next;
    weft_queue lines;
};

static struct client *clients;

static void tell(struct client *client, const char *name, const char *text) {
    weft_error_release(weft_queue_put_value_nowait(&client->lines, weft_format("%s %s", name, text)));
}

static void tell_others(const struct client *from, const char *name, const char *text) {
    for (struct client *each = clients; each != NULL; each = each->next) {
        if (each != from)
            tell(each, name, text);
    }
}

static void leave(struct client *client) {
    struct client **place = &clients;
    while (*place != NULL && *place != client)
        place = &(*place)->next;
    if (*place != NULL)
        *place = client->next;
}

struct write_lines {
    weft_frame frame;
    weft_stream *stream;
    struct client *client;
    weft_value line;
};

weft_async(write_lines) {
    weft_begin(write_lines);
    for (;;) {
        weft_await_to(self->line, weft_queue_get(&self->client->lines));
        weft_await(weft_stream_printf(self->stream, "%s\n", weft_value_string(self->line)));
        weft_value_free(&self->line);
    }
    weft_drop();
    weft_value_free(&self->line);
    weft_end();
}

struct chat {
    weft_frame frame;
    weft_stream *stream;
    struct client client;
    char *name, *line;
    weft_group group;
    const weft_error *error;
};

weft_async(chat) {
    weft_begin(chat);
    weft_await_to(self->name, weft_stream_readline(self->stream));
    if (self->name == NULL)
        weft_return_none();
    weft_queue_init(&self->client.lines, MOST_LINES);
    tell_others(NULL, self->name, "comes");
    self->client.next = clients;
    clients = &self->client;
    tell(&self->client, self->name, "is welcome");
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group,
                                   weft_call(write_lines, .stream = self->stream, .client = &self->client));
            weft_for_await (self->line, weft_stream_lines(self->stream)) {
                printf("%s: %s\n", self->name, self->line);
                tell_others(&self->client, self->name, self->line);
                weft_free(self->line);
                self->line = NULL;
            }
            weft_group_cancel(&self->group);
        }
    }
    weft_catch(self->error) {
        printf("%s is cut off\n", self->name); /* while reading, writing, or both */
    }
    weft_drop();
    leave(&self->client);
    if (self->name != NULL) {
        tell_others(NULL, self->name, "leaves");
        weft_queue_free(&self->client.lines);
    }
    weft_free(self->line);
    weft_free(self->name);
    weft_end();
}

static weft_coroutine *serve(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(chat, .stream = stream);
}

/* --- Two who meet there --- */

struct hear {
    weft_frame frame;
    const char *who;
    weft_stream *stream;
    char *line;
};

weft_async(hear) {
    weft_begin(hear);
    weft_await_to(self->line, weft_stream_readline(self->stream));
    printf("%s hears: %s\n", self->who, self->line);
    weft_drop();
    weft_free(self->line);
    weft_end();
}

struct meet {
    weft_frame frame;
    int port;
    weft_stream *ada, *bob;
};

weft_async(meet) {
    weft_begin(meet);
    weft_await_to(self->ada, weft_tcp_connect("127.0.0.1", self->port));
    weft_with(self->ada) {
        weft_await(weft_stream_printf(self->ada, "ada\n"));
        weft_await(weft_call(hear, .who = "ada", .stream = self->ada));
        weft_await_to(self->bob, weft_tcp_connect("127.0.0.1", self->port));
        weft_with(self->bob) {
            weft_await(weft_stream_printf(self->bob, "bob\n"));
            weft_await(weft_call(hear, .who = "bob", .stream = self->bob));
            weft_await(weft_call(hear, .who = "ada", .stream = self->ada));
            weft_await(weft_stream_printf(self->bob, "is anybody here?\n"));
            weft_await(weft_call(hear, .who = "ada", .stream = self->ada));
            weft_await(weft_stream_printf(self->ada, "only me\n"));
            weft_await(weft_call(hear, .who = "bob", .stream = self->bob));
        }
        weft_await(weft_call(hear, .who = "ada", .stream = self->ada));
    }
    weft_end();
}

struct chat_server {
    weft_frame frame;
    int port;
    weft_listener *listener;
    weft_task *server;
};

weft_async(chat_server) {
    weft_begin(chat_server);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", self->port, NULL));
    weft_with(self->listener) {
        self->server = weft_create_task(weft_listener_serve(self->listener, serve, NULL));
        if (self->port != 0) {
            printf("chats at port %d\n", self->port);
            fflush(stdout);
            weft_await(self->server);
        }
        weft_await(weft_call(meet, .port = weft_listener_port(self->listener)));
    }
    weft_end();
}

int main(int count, char **arguments) {
    return weft_main(weft_call(chat_server, .port = count > 1 ? atoi(arguments[1]) : 0));
}
