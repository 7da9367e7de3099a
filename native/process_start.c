#define _POSIX_C_SOURCE 200809L

/* Starting a child process, and what becomes its standard streams. */

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "process_plan.h"
#include "stream_wire.h"

enum { GRACE = 5 }; /* seconds */

/* Descriptors of a start under way: the child's, and this process's end of a pipe. -1: none. */
typedef struct channel {
    int child, own;
    bool made; /* the child's is only for it */
} channel;

struct start_process {
    weft_frame frame;
    weft__plan *plan;        /* owned */
    const weft_error *error; /* static: there is no plan */
};

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static const weft_error *take_descriptor(weft_stream *stream, int *descriptor) {
    const weft_error *refusal = weft__stream_refusal(stream);
    uv_os_fd_t found;
    if (refusal != NULL)
        return refusal;
    if (stream->reader != NULL || stream->input != NULL || stream->ended)
        return weft_error_new(WEFT_INVALID_STATE, "a stream that was read from cannot be a process's");
    if (stream->outputs > 0 || stream->shut || stream->filter != NULL)
        return weft_error_new(WEFT_INVALID_STATE,
                              "a stream that still sends, or has TLS on it, cannot be a process's");
    weft__stream_stop(stream);
    int code = uv_fileno(&stream->wire.handle, &found);
    if (code != 0)
        return weft__system_error(code, "cannot hand a stream over to a process");
    *descriptor = found;
    return NULL;
}

static const weft_error *open_channel(const weft_stdio *stdio, int i, channel *channels) {
    channel *self = &channels[i];
    uv_file ends[2];
    switch (stdio->kind) {
    case WEFT__STDIO_PIPE: {
        int ours = i == 0; /* which end */
        int code = uv_pipe(ends, ours == 0 ? UV_NONBLOCK_PIPE : 0, ours == 1 ? UV_NONBLOCK_PIPE : 0);
        if (code != 0)
            return weft__system_error(code, "cannot make a pipe");
        *self = (channel){.child = ends[!ours], .own = ends[ours], .made = true};
        return NULL;
    }
    case WEFT__STDIO_NULL:
        return NULL;
    case WEFT__STDIO_OUTPUT:
        self->child = channels[1].child;
        return NULL;
    case WEFT__STDIO_DESCRIPTOR:
        self->child = stdio->descriptor;
        if (fcntl(stdio->descriptor, F_GETFD) < 0)
            return weft__system_error(UV_EBADF, "a process cannot have the descriptor %d", stdio->descriptor);
        return NULL;
    case WEFT__STDIO_STREAM:
        return take_descriptor(stdio->stream, &self->child);
    default:
        self->child = i;
        return NULL;
    }
}

/* A stream of this process's end of a pipe, which is the process's. False without memory. */
static bool open_stream(weft_process *process, int i, channel *from) {
    if (from->own < 0)
        return true;
    weft_stream *stream = weft__stream_new_pipe(process->host);
    if (stream == NULL)
        return false;
    stream->opened.what = NULL; /* it is closed with the process */
    process->streams[i] = weft__stream_use(stream);
    if (uv_pipe_open(&stream->wire.pipe, from->own) == 0)
        from->own = -1;
    return from->own < 0;
}

static int spawn(weft_process *process, const weft__plan *how, const channel *channels) {
    uv_stdio_container_t stdio[3];
    for (int i = 0; i < 3; i++) {
        stdio[i].flags = channels[i].child < 0 ? UV_IGNORE : UV_INHERIT_FD;
        stdio[i].data.fd = channels[i].child;
    }
    uv_process_options_t options = {
        .exit_cb = weft__process_has_ended,
        .file = how->file,
        .args = how->argv,
        .env = how->environment,
        .cwd = how->folder,
        .flags = how->options.session ? UV_PROCESS_DETACHED : 0,
        .stdio_count = 3,
        .stdio = stdio,
    };
    return uv_spawn(process->host->uv, &process->handle, &options);
}

/* The child has made the description block that both have, even if it then failed. */
static void take_streams_over(const weft__plan *how, const channel *channels, bool started) {
    for (int i = 0; i < 3; i++) {
        const weft_stdio *stdio = weft__stdio_of(&how->options, i);
        if (stdio->kind != WEFT__STDIO_STREAM || channels[i].child < 0)
            continue;
        if (started)
            weft_stream_close(stdio->stream);
        else
            fcntl(channels[i].child, F_SETFL, fcntl(channels[i].child, F_GETFL) | O_NONBLOCK);
    }
}

static weft_process *new_process(weft_uv *host, const weft__plan *how) {
    weft_process *process = calloc(1, sizeof *process + strlen(how->name) + 1);
    double grace = how->options.grace == 0 ? GRACE : how->options.grace;
    if (process == NULL)
        return NULL;
    process->host = host;
    process->opened.resource.exit = weft__process_exit;
    process->grace = (uint64_t)fmin(ceil(grace * 1e3), 1e12);
    process->session = how->options.session;
    process->handle.data = process;
    memcpy(process->name, how->name, strlen(how->name) + 1);
    return process;
}

static weft_value start_failure(const weft__plan *how, int code) {
    if (how->folder != NULL)
        return weft__system_failure(code, "cannot start %s in %s", how->name, how->folder);
    return weft__system_failure(code, "cannot start %s", how->name);
}

static void release_process(void *process) {
    weft_process_close(process);
}

/* From here on the process is open, running or not. */
static weft_value run(weft_process *process, const weft__plan *how, channel *channels) {
    weft__open(&process->opened, process->host, "process", weft__process_close);
    int code = spawn(process, how, channels);
    process->handles = 1; /* even if it failed */
    process->pid = process->handle.pid;
    process->ended = code != 0;
    take_streams_over(how, channels, code == 0);
    if (code == 0) {
        uv_unref((uv_handle_t *)&process->handle); /* tasks keep the loop running */
        return weft_owned_pointer(process, release_process);
    }
    weft_process_close(process);
    return start_failure(how, code);
}

/* Streams are made before the child is, since nothing may fail once it runs. */
static weft_value prepare(weft_uv *host, const weft__plan *how, channel *channels) {
    weft_process *process = new_process(host, how);
    if (process == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    for (int i = 0; i < 3; i++) {
        if (open_stream(process, i, &channels[i]))
            continue;
        weft__process_close_streams(process);
        free(process);
        return weft__of_error(&weft_error_out_of_memory);
    }
    return run(process, how, channels);
}

static weft_value start(const weft__plan *how) {
    channel channels[3] = {{-1, -1, false}, {-1, -1, false}, {-1, -1, false}};
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    for (int i = 0; i < 3 && error == NULL; i++)
        error = open_channel(weft__stdio_of(&how->options, i), i, channels);
    weft_value outcome = error != NULL ? weft__owned_failure(error) : prepare(host, how, channels);
    for (int i = 0; i < 3; i++) {
        if (channels[i].made)
            close_descriptor(&channels[i].child);
        close_descriptor(&channels[i].own);
    }
    return outcome;
}

static weft_async(start_process) {
    weft_begin(start_process);
    if (self->error != NULL)
        weft_raise_error(self->error);
    weft_return(start(self->plan));
    weft_drop();
    if (self->plan != NULL)
        weft__plan_use_streams(self->plan, false);
    free(self->plan);
    weft_end();
}

weft_coroutine *weft_process_start_of(const weft_process_options *options) {
    const weft_error *error = weft__plan_refusal(options);
    weft__plan *made = NULL;
    if (error == NULL) {
        const char *const shell[] = {"sh", "-c", options->shell, NULL};
        made = weft__plan_copy(options, options->shell != NULL ? shell : options->argv);
        if (made == NULL)
            error = &weft_error_out_of_memory;
        else
            weft__plan_use_streams(made, true);
    }
    return weft_call(start_process, .plan = made, .error = error);
}
