/* A server of one short text on weft's HTTP server. Prints its port. */

#include <stdio.h>
#include <weft/http_server.h>
#include <weft/weft.h>

static weft_coroutine *answer(weft_request *request, void *argument) {
    (void)argument;
    return weft_respond(request, 200, "text/plain", "Hello, world\n", 13);
}

struct program {
    weft_frame frame;
    weft_http_server *server;
};

static weft_async(program) {
    weft_begin(program);
    weft_await_to(self->server, weft_http_serve("127.0.0.1", 0, answer, NULL,
                                                &(weft_http_server_options){.listen = {.backlog = 1024}}));
    weft_with(self->server) {
        printf("%d\n", weft_http_server_port(self->server));
        fflush(stdout);
        weft_await(weft_http_server_wait(self->server));
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(program));
}
