/* What tests/node/http-server.test.mjs has talk to a server of another make: websocket_peer URL [PROTOCOLS]
 * says hello, sends back all that comes, and prints how it ended. */

#include <stdio.h>
#include <weft/weft.h>

struct talk {
    weft_frame frame;
    const char *url, *protocols;
    weft_websocket *socket;
    weft_value message;
    const weft_error *error;
};

static weft_coroutine *send_back(weft_websocket *socket, const weft_value *message) {
    const weft_bytes *bytes = weft_value_pointer(*message);
    return bytes != NULL ? weft_websocket_send_bytes(socket, bytes->data, bytes->size)
                         : weft_websocket_send(socket, weft_value_string(*message));
}

weft_async(talk) {
    weft_begin(talk);
    weft_await_to(self->socket,
                  weft_websocket_connect(self->url, &(weft_websocket_options){.protocols = self->protocols}));
    printf("speaks %s\n", weft_websocket_protocol(self->socket));
    weft_try {
        weft_await(weft_websocket_send(self->socket, "hello"));
        weft_for_await (self->message, weft_websocket_messages(self->socket)) {
            weft_await(send_back(self->socket, &self->message));
            weft_value_free(&self->message);
        }
    }
    weft_catch(self->error) {
        printf("%s: %s\n", weft_error_name(self->error->code), self->error->message);
    }
    printf("closed %d %s\n", weft_websocket_close_code(self->socket),
           weft_websocket_close_reason(self->socket));
    weft_drop();
    weft_value_free(&self->message);
    weft_websocket_close(self->socket);
    weft_end();
}

int main(int count, char **arguments) {
    return weft_main(weft_call(talk, .url = count > 1 ? arguments[1] : NULL,
                               .protocols = count > 2 ? arguments[2] : NULL));
}
