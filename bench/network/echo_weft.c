/* An echo server on weft: a task a connection, which reads and writes. Prints its port. */

#include <stdio.h>
#include <weft/stream.h>
#include <weft/weft.h>

struct echo {
    weft_frame frame;
    weft_stream *stream;
    size_t count;
    char bytes[1024];
};

static weft_async(echo) {
    weft_begin(echo);
    for (;;) {
        weft_await_to(self->count, weft_stream_read(self->stream, self->bytes, sizeof self->bytes));
        if (self->count == 0)
            weft_return(weft_none());
        weft_await(weft_stream_write(self->stream, self->bytes, self->count));
    }
    weft_end();
}

static weft_coroutine *serve(weft_stream *stream, void *argument) {
    (void)argument;
    return weft_call(echo, .stream = stream);
}

struct program {
    weft_frame frame;
    weft_listener *listener;
};

static weft_async(program) {
    weft_begin(program);
    weft_await_to(self->listener, weft_tcp_listen("127.0.0.1", 0, &(weft_listen_options){.backlog = 1024}));
    printf("%d\n", weft_listener_port(self->listener));
    fflush(stdout);
    weft_with(self->listener) {
        weft_await(weft_listener_serve(self->listener, serve, NULL));
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(program));
}
