#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* All that a child process is given, and all that it says. */

#include <string.h>
#include <weft/group.h>

#include "process.h"
#include "stream.h"

void weft_process_result_free(weft_process_result *result) {
    if (result == NULL)
        return;
    weft_free(result->output);
    weft_free(result->errors);
    weft_free(result);
}

static void release_result(void *result) {
    weft_process_result_free(result);
}

struct feed {
    weft_frame frame;
    weft_stream *stream;
    const void *input;
    size_t size;
    const weft_error *error; /* borrowed */
};

static bool is_early_end(const weft_error *error) {
    return error->system != NULL &&
           (strcmp(error->system, "EPIPE") == 0 || strcmp(error->system, "ECONNRESET") == 0);
}

/* A child that ends before it has read all knows why. */
static weft_async(feed) {
    weft_begin(feed);
    weft_try {
        weft_await(weft_stream_write(self->stream, self->input, self->size));
        weft_await(weft_stream_flush(self->stream));
    }
    weft_catch(self->error) {
        if (!is_early_end(self->error))
            weft_reraise;
    }
    weft_stream_close(self->stream);
    weft_drop();
    weft__stream_leave(self->stream);
    weft_end();
}

struct communicate {
    weft_frame frame;
    weft_process *process;
    weft_bytes *input; /* owned */
    size_t limit;
    weft_group group;
    weft_task *output, *errors;
    weft_process_result *result; /* owned */
    const weft_error *error;     /* borrowed, or static; at first of the call */
};

static const weft_error *begin_communicate(struct communicate *self) {
    const weft_error *refusal = weft__process_refusal(self->process);
    if (refusal != NULL)
        return refusal;
    if (self->error != NULL)
        return self->error;
    self->result = weft_allocate(sizeof *self->result);
    if (self->result == NULL)
        return &weft_error_out_of_memory;
    *self->result = (weft_process_result){.status = 0};
    return NULL;
}

static bool is_open(const weft_stream *stream) {
    return stream != NULL && !stream->closed;
}

static void start_all(struct communicate *self) {
    weft_stream *const *streams = self->process->streams;
    if (is_open(streams[0]))
        weft_group_create_task(&self->group,
                               weft_call(feed, .stream = weft__stream_use(streams[0]),
                                         .input = self->input->data, .size = self->input->size));
    if (is_open(streams[1]))
        self->output = weft_group_create_task(&self->group, weft_stream_read_all(streams[1], self->limit));
    if (is_open(streams[2]))
        self->errors = weft_group_create_task(&self->group, weft_stream_read_all(streams[2], self->limit));
}

static weft_bytes *bytes_of(weft_task *task) {
    return task == NULL ? NULL : weft_value_pointer(weft_task_take(task));
}

static weft_process_result *take_result(struct communicate *self) {
    weft_process_result *result = self->result;
    self->result = NULL;
    result->output = bytes_of(self->output);
    result->errors = bytes_of(self->errors);
    return result;
}

static weft_async(communicate) {
    weft_begin(communicate);
    if ((self->error = begin_communicate(self)) != NULL)
        weft_raise_error(self->error);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            start_all(self);
        }
    }
    weft_catch_code(WEFT_GROUP, self->error) {
        weft_raise_error(self->error->children[0]); /* the others were cancelled for its sake */
    }
    weft_await_to(self->result->status, weft_process_wait(self->process));
    weft_return(weft_owned_pointer(take_result(self), release_result));
    weft_drop();
    weft_process_result_free(self->result);
    weft_free(self->input);
    weft__process_leave(self->process);
    weft_end();
}

weft_coroutine *weft_process_communicate(weft_process *process, const void *input, size_t size,
                                         size_t limit) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no input"};
    bool given = input != NULL || size == 0;
    weft_bytes *copy = given ? weft__bytes_new(input, size) : NULL;
    return weft_call(communicate, .process = weft__process_use(process), .input = copy, .limit = limit,
                     .error = copy != NULL ? NULL
                              : given      ? &weft_error_out_of_memory
                                           : &null);
}
