#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * WebSocket's frames over a stream. wslay makes and reads them; it is given what has come as soon as it
 * comes, whether or not a task receives, so that pings are answered. It is given no more while the core has
 * no room for messages, or while too much is unwritten: then the peer must wait.
 */

#include "websocket_wire.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <strings.h>
#include <wslay/wslay.h>

enum {
    CODE_PROTOCOL = 1002,
    CODE_NONE = 1005,
    CODE_ABNORMAL = 1006,
    CODE_TOO_BIG = 1009,
    CODE_NORMAL = 1000
};

typedef struct carrier {
    weft_websocket *socket;
    weft_stream *stream; /* NULL: closed */
    wslay_event_context_ptr frames;
    weft__reader reader;
    weft__writer writer;
    const char *input; /* what wslay has yet to take */
    size_t input_size;
    char *output; /* what wslay has made, on its way to the stream */
    size_t output_size, output_room;
    weft_handle *looks; /* the call that will look at all this; NULL: none is asked for */
    bool stopped;       /* the core has no room */
    bool inside;        /* wslay runs */
    bool over;          /* the core has been told of the end */
    bool is_server;
} carrier;

static carrier *of_reader(weft__waiting *waiting) {
    return (carrier *)(void *)((char *)waiting - offsetof(carrier, reader.waiting));
}

static carrier *of_writer(weft__waiting *waiting) {
    return (carrier *)(void *)((char *)waiting - offsetof(carrier, writer.waiting));
}

/* --- The end --- */

struct websocket_linger {
    weft_frame frame;
    weft_stream *stream; /* with a share of its users */
    const weft_error *error;
    size_t size;
    char buffer[256];
};

/* The peer has yet to read what was said, while it still sends: closing now would reset the connection, and
 * it would lose that. */
static weft_async(websocket_linger) {
    weft_begin(websocket_linger);
    weft_try {
        weft_with(weft_timeout(2)) {
            weft_await(weft_stream_shutdown(self->stream));
            do
                weft_await_to(self->size, weft_stream_read(self->stream, self->buffer, sizeof self->buffer));
            while (self->size > 0);
        }
    }
    weft_catch(self->error) {}
    weft_drop();
    weft_stream_close(self->stream);
    weft__stream_leave(self->stream);
    weft_end();
}

static bool is_over(const weft_stream *stream) {
    return stream->closed || stream->ended || !weft__stream_is_sound(stream);
}

static void leave_stream(carrier *self) {
    weft_stream *stream = self->stream;
    if (stream == NULL)
        return;
    self->stream = NULL;
    if (stream->reader == &self->reader)
        stream->reader = NULL;
    weft__writer_leave(&self->writer);
    if (is_over(stream) || wslay_event_get_close_received(self->frames) || self->socket->loop->shut) {
        weft_stream_close(stream);
        weft__stream_leave(stream);
        return;
    }
    weft__input_consume(stream, weft__input_size(stream));
    weft_release(weft_create_task_named(weft_call(websocket_linger, .stream = stream), "WebSocket"));
}

static void fail(carrier *self, const weft_error *error) {
    if (self->over) {
        weft_error_release(error);
        return;
    }
    self->over = true;
    weft__websocket_failed(self->socket, error);
}

/* --- Out --- */

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t size, int flags,
                       void *argument) {
    carrier *self = argument;
    (void)flags;
    if (self->output_room - self->output_size < size) {
        size_t room = self->output_room > 0 ? self->output_room * 2 : 512;
        while (room - self->output_size < size)
            room *= 2;
        char *output = realloc(self->output, room);
        if (output == NULL) {
            wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
            return -1;
        }
        self->output = output;
        self->output_room = room;
    }
    memcpy(self->output + self->output_size, data, size);
    self->output_size += size;
    return (ssize_t)size;
}

/* Clients mask what they send with numbers that nobody can foresee. */
static int on_mask(wslay_event_context_ptr frames, uint8_t *buffer, size_t size, void *argument) {
    (void)argument;
    if (RAND_bytes(buffer, (int)size) == 1)
        return 0;
    wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

/* Writes what wslay has queued, in one piece. NULL, or an error, the caller's. */
static const weft_error *flush(carrier *self) {
    if (self->inside || self->stream == NULL)
        return NULL;
    bool sound = wslay_event_send(self->frames) == 0;
    const weft_error *error = NULL;
    if (!sound)
        error = weft_error_new(WEFT_WEBSOCKET, "a frame could not be made: out of memory or randomness");
    else if (self->output_size > 0)
        error = weft__stream_put(self->stream, self->output, self->output_size);
    free(self->output);
    self->output = NULL;
    self->output_size = self->output_room = 0;
    return error;
}

static const weft_error *refused(int code) {
    return code == WSLAY_ERR_NOMEM ? &weft_error_out_of_memory
                                   : weft_error_new(WEFT_WEBSOCKET, code == WSLAY_ERR_NO_MORE_MSG
                                                                        ? "the WebSocket is being closed"
                                                                        : "a message that cannot be sent");
}

static void watch_output(carrier *self) {
    if (self->writer.link == NULL && weft_stream_unwritten(self->stream) > WEBSOCKET_UNSENT_MOST)
        weft__writer_enter(self->stream, &self->writer, WEBSOCKET_UNSENT_MOST / 4);
}

static const weft_error *send_message(weft_websocket *socket, bool text, const void *data, size_t size) {
    carrier *self = socket->carrier;
    struct wslay_event_msg message = {
        .opcode = text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, .msg = data, .msg_length = size};
    if (self->stream == NULL)
        return refused(WSLAY_ERR_NO_MORE_MSG);
    int code = wslay_event_queue_msg(self->frames, &message);
    const weft_error *error = code != 0 ? refused(code) : flush(self);
    if (error == NULL)
        watch_output(self);
    return error;
}

static size_t unsent(const weft_websocket *socket) {
    const carrier *self = socket->carrier;
    return self->stream == NULL ? 0 : weft_stream_unwritten(self->stream);
}

static const weft_error *say_goodbye(weft_websocket *socket, int code, const char *reason) {
    carrier *self = socket->carrier;
    int failure =
        wslay_event_queue_close(self->frames, (uint16_t)code, (const uint8_t *)reason, strlen(reason));
    return failure == 0 ? flush(self) : refused(failure);
}

/* --- In --- */

static ssize_t on_receive(wslay_event_context_ptr frames, uint8_t *buffer, size_t size, int flags,
                          void *argument) {
    carrier *self = argument;
    (void)flags;
    if (self->input_size == 0 || self->stopped) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (size > self->input_size)
        size = self->input_size;
    memcpy(buffer, self->input, size);
    self->input += size;
    self->input_size -= size;
    return (ssize_t)size;
}

static void on_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *message,
                       void *argument) {
    carrier *self = argument;
    (void)frames;
    if (self->over)
        return;
    if (message->opcode == WSLAY_TEXT_FRAME || message->opcode == WSLAY_BINARY_FRAME)
        self->stopped = !weft__websocket_message(self->socket, message->opcode == WSLAY_TEXT_FRAME,
                                                 message->msg, message->msg_length);
    if (message->opcode != WSLAY_CONNECTION_CLOSE)
        return;
    self->over = true;
    if (message->status_code == 0)
        weft__websocket_closed(self->socket, CODE_NONE, NULL, 0);
    else
        weft__websocket_closed(self->socket, message->status_code, (const char *)message->msg + 2,
                               message->msg_length - 2);
}

/* wslay has found the peer at fault, and has said goodbye with this code. */
static void peer_at_fault(carrier *self) {
    unsigned code = wslay_event_get_status_code_sent(self->frames);
    if (code == CODE_TOO_BIG)
        fail(self,
             weft_error_new(WEFT_LIMIT, "a message exceeds the limit of %zu bytes", self->socket->limit));
    else
        fail(self, weft_error_new(WEFT_WEBSOCKET, "the peer broke the protocol (%u)", code));
}

/* What came is no frame, to which wslay would say goodbye without a code. */
static const weft_error *say_protocol_error(carrier *self) {
    uint8_t code[] = {CODE_PROTOCOL >> 8, CODE_PROTOCOL & 0xff}, mask[4];
    char frame[8] = {(char)0x88, (char)(self->is_server ? 2 : 0x82)}, *at = frame + 2;
    if (!self->is_server) {
        if (RAND_bytes(mask, sizeof mask) != 1)
            return NULL; /* then it ends without a goodbye */
        memcpy(at, mask, sizeof mask);
        at += sizeof mask;
    }
    for (size_t i = 0; i < sizeof code; i++)
        *at++ = (char)(self->is_server ? code[i] : code[i] ^ mask[i]);
    return weft__stream_put(self->stream, frame, (size_t)(at - frame));
}

/* Gives wslay what has come. */
static void read_frames(carrier *self) {
    weft_stream *stream = self->stream;
    size_t size = weft__input_size(stream);
    self->input = stream->input + stream->input_start;
    self->input_size = size;
    self->inside = true;
    int code = wslay_event_recv(self->frames);
    self->inside = false;
    weft__input_consume(stream, size - self->input_size);
    const weft_error *error = code == 0 || code == WSLAY_ERR_NOMEM ? flush(self) : say_protocol_error(self);
    if (code == WSLAY_ERR_NOMEM)
        fail(self, &weft_error_out_of_memory);
    else if (code != 0)
        fail(self, weft_error_new(WEFT_WEBSOCKET, "the peer sent what is no frame"));
    else if (!self->over && !wslay_event_get_read_enabled(self->frames))
        peer_at_fault(self);
    if (error != NULL)
        fail(self, error);
}

/* The stream has ended under it. */
static void end(carrier *self) {
    const weft_error *failure = weft__stream_failure(self->stream);
    if (self->over) {
        weft_error_release(failure);
    } else if (failure != NULL) {
        fail(self, failure);
    } else {
        self->over = true;
        weft__websocket_closed(self->socket, CODE_ABNORMAL, NULL, 0);
    }
}

static bool may_read(const carrier *self) {
    return !self->inside && !self->stopped && weft_stream_unwritten(self->stream) <= WEBSOCKET_UNSENT_MOST;
}

/* Sees to all that has come, or changed. */
static void look(void *argument) {
    carrier *self = argument;
    self->looks = NULL;
    if (self->stream == NULL)
        return;
    while (!self->over && may_read(self) && weft__input_size(self->stream) > 0)
        read_frames(self);
    if (self->over) /* what still comes is of no use */
        weft__input_consume(self->stream, weft__input_size(self->stream));
    else
        watch_output(self);
    if (is_over(self->stream) && weft__input_size(self->stream) == 0)
        end(self);
    if (self->over && (wslay_event_get_close_received(self->frames) || is_over(self->stream)))
        leave_stream(self);
    else
        weft__stream_start(self->stream);
}

/* In the next turn: what has come is told from inside of the stream, which must not end there. */
static void look_soon(carrier *self) {
    weft_loop *outer = weft__current;
    weft__current = self->socket->loop;
    if (self->looks == NULL)
        self->looks = weft_call_soon(look, self);
    if (self->looks == NULL)
        fail(self, &weft_error_out_of_memory);
    weft__current = outer;
}

static void on_input(weft__waiting *waiting) {
    look_soon(of_reader(waiting));
}

static void on_drained(weft__waiting *waiting) {
    carrier *self = of_writer(waiting);
    weft__writer_leave(&self->writer);
    weft__websocket_drained(self->socket);
    look_soon(self);
}

static void resume(weft_websocket *socket) {
    carrier *self = socket->carrier;
    self->stopped = false;
    look_soon(self);
}

/* --- Life --- */

static void leave(weft_websocket *socket) {
    carrier *self = socket->carrier;
    if (!self->over && self->stream != NULL && !wslay_event_get_close_sent(self->frames))
        weft_error_release(say_goodbye(socket, CODE_NORMAL, ""));
    self->over = true;
    leave_stream(self);
    weft_handle_cancel(self->looks);
    wslay_event_context_free(self->frames);
    free(self->output);
    free(self);
}

static const weft__websocket_transport transport = {send_message, unsent, resume, say_goodbye, leave};

const weft_error *weft__websocket_carry(weft_websocket *socket, weft_stream *stream, bool is_server) {
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_receive,
                                                           .send_callback = on_send,
                                                           .genmask_callback = on_mask,
                                                           .on_msg_recv_callback = on_message};
    carrier *self = calloc(1, sizeof *self);
    if (self == NULL)
        return &weft_error_out_of_memory;
    int code = is_server ? wslay_event_context_server_init(&self->frames, &callbacks, self)
                         : wslay_event_context_client_init(&self->frames, &callbacks, self);
    self->looks = code != 0 ? NULL : weft_call_soon(look, self); /* some may be there already */
    if (self->looks == NULL) {
        if (code == 0)
            wslay_event_context_free(self->frames);
        free(self);
        return &weft_error_out_of_memory;
    }
    wslay_event_config_set_max_recv_msg_length(self->frames, socket->limit);
    self->socket = socket;
    self->is_server = is_server;
    self->stream = stream;
    self->reader.waiting.notify = on_input;
    self->writer.waiting.notify = on_drained;
    stream->reader = &self->reader;
    socket->transport = &transport;
    socket->carrier = self;
    return NULL;
}

/* --- Words of the handshake --- */

bool weft__websocket_accept_of(const char *key, char accept[WEBSOCKET_ACCEPT_SIZE]) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char text[24 + sizeof guid], hash[EVP_MAX_MD_SIZE];
    size_t size = strlen(key);
    if (size != 24)
        return false;
    memcpy(text, key, size);
    memcpy(text + size, guid, sizeof guid);
    if (EVP_Digest(text, size + sizeof guid - 1, hash, NULL, EVP_sha1(), NULL) != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)accept, hash, 20);
    return true;
}

const char *weft__list_next(const char **at, size_t *size) {
    const char *token = *at + strspn(*at, ", \t");
    size_t length = strcspn(token, ",");
    *at = token + length;
    while (length > 0 && (token[length - 1] == ' ' || token[length - 1] == '\t'))
        length--;
    *size = length;
    return length > 0 ? token : NULL;
}

bool weft__list_has(const char *list, const char *token, size_t size) {
    size_t length;
    for (const char *at = list, *one; list != NULL && (one = weft__list_next(&at, &length)) != NULL;)
        if (length == size && strncasecmp(one, token, size) == 0)
            return true;
    return false;
}
