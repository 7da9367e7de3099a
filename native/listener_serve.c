#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Serving: a task for each connection that a listener accepts. */

#include "listener.h"

static void report(const weft_error *error, const char *what) {
    weft_loop *loop = weft__current;
    weft_loop_call_exception_handler(loop, &(weft_error_context){.message = what,
                                                                 .error = error,
                                                                 .task = loop->current,
                                                                 .future = weft_task_future(loop->current)});
}

struct connection {
    weft_frame frame;
    weft_stream *stream; /* used, and owned: it is closed at the end of all */
    weft_stream_handler *handler;
    void *argument;
    weft_coroutine *coroutine;
    const weft_error *error;
};

static weft_async(connection) {
    weft_begin(connection);
    weft_try {
        weft_with(self->stream) {
            self->coroutine = self->handler(self->stream, self->argument);
            weft_await(self->coroutine);
        }
    }
    weft_catch(self->error) {
        report(self->error, "a connection failed");
    }
    weft_drop();
    weft_stream_abort(self->stream);
    weft__stream_leave(self->stream);
    weft_end();
}

enum { PAUSE_MILLISECONDS = 100 }; /* after a failure to accept, which would only come again */

struct listener_serve {
    weft_frame frame;
    weft_listener *listener;
    weft_stream_handler *handler;
    void *argument;
    weft_group group;
    weft_stream *stream;
    const weft_error *error;
    bool told; /* that accepting fails; once for each time it begins to */
};

/* What failed, if that is news. */
static void tell_of(struct listener_serve *self) {
    if (!self->told)
        report(self->error, "a server cannot accept");
    self->told = true;
}

static void start_connection(struct listener_serve *self) {
    weft_stream *stream = self->stream;
    self->stream = NULL;
    self->told = false;
    weft_release(weft_group_create_task(/* the group has it, and this goes on without end */
                                        &self->group,
                                        weft_call(connection, .stream = weft__stream_use(stream),
                                                  .handler = self->handler, .argument = self->argument)));
}

static weft_async(listener_serve) {
    weft_begin(listener_serve);
    if ((self->error = weft__listener_refusal(self->listener)) != NULL)
        weft_raise_error(self->error);
    if (self->handler == NULL)
        weft_raise(WEFT_INVALID_ARGUMENT, "a server needs a handler, not NULL");
    weft_with_as(self->group, weft_task_group()) {
        weft_while(!self->listener->closed) {
            self->error = NULL;
            weft_try {
                weft_await_to(self->stream, weft_listener_accept(self->listener));
                start_connection(self);
            }
            weft_catch(self->error) {
                if (!self->listener->closed)
                    tell_of(self);
            }
            if (self->error != NULL && !self->listener->closed)
                weft_await(weft_sleep(PAUSE_MILLISECONDS * 1e-3));
        }
        weft_group_cancel(&self->group);
    }
    weft_drop();
    weft__listener_leave(self->listener);
    weft_end();
}

weft_coroutine *weft_listener_serve(weft_listener *listener, weft_stream_handler *handler, void *argument) {
    return weft_call(listener_serve, .listener = weft__listener_use(listener), .handler = handler,
                     .argument = argument);
}
