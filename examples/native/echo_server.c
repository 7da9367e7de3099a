/* An echo server: a task a connection, which sends every line
 * back. With a port it serves until Ctrl-C (try nc); without one
 * it talks to itself. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/stream.h>
#include <weft/weft.h>

struct echo {
    weft_frame frame;
    weft_stream *stream;
    char *line;
};

weft_async(echo) {
    weft_begin(echo);
    weft_for_await (self->line, weft_stream_lines(self->stream)) {
        weft_await(weft_stream_printf(self->stream, "%s\n", self->line));
        weft_free(self->line);
        self->line = NULL;
    }
    weft_drop();
    weft_free(self->line);
    weft_end();
}

static weft_coroutine *serve(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(echo, .stream = stream);
}

struct ask {
    weft_frame frame;
    int port;
    const char *word;
    weft_stream *stream;
    char *answer;
};

weft_async(ask) {
    weft_begin(ask);
    weft_await_to(self->stream, weft_tcp_connect("127.0.0.1", self->port));
    weft_with(self->stream) {
        weft_await(weft_stream_printf(self->stream, "%s\n", self->word));
        weft_await_to(self->answer, weft_stream_readline(self->stream));
        printf("%s comes back as %s\n", self->word, self->answer);
    }
    weft_drop();
    weft_free(self->answer);
    weft_end();
}

struct echo_server {
    weft_frame frame;
    int port;
    weft_listener *listener;
    weft_task *server;
};

weft_async(echo_server) {
    weft_begin(echo_server);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", self->port, NULL));
    weft_with(self->listener) {
        self->server = weft_create_task(weft_listener_serve(self->listener, serve, NULL));
        if (self->port != 0) {
            printf("echoes at port %d\n", self->port);
            fflush(stdout);
            weft_await(self->server);
        }
        self->port = weft_listener_port(self->listener);
        weft_await(weft_call(ask, .port = self->port, .word = "one"));
        weft_await(weft_call(ask, .port = self->port, .word = "two"));
        weft_await(weft_call(ask, .port = self->port, .word = "three"));
    }
    weft_end();
}

int main(int count, char **arguments) {
    return weft_main(weft_call(echo_server, .port = count > 1 ? atoi(arguments[1]) : 0));
}
