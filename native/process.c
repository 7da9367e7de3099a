#define _POSIX_C_SOURCE 200809L

/*
 * Child processes. libuv forks, and collects the status when SIGCHLD says so.
 *
 *     made ─ uv_spawn → RUNNING ─ its end → ENDED
 *                          │ close: killed      │ close
 *                       KILLED ─ its end → CLOSING ─ libuv → gone
 *
 * RUNNING, ENDED: open; `ended` tells them apart. KILLED: `closed`, and libuv still waits for the child.
 * CLOSING: uv_close was called. It is freed when it is gone and has no users: as with streams, these are the
 * coroutines made for it.
 */

#include "stream.h"
#include "stream_wire.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft/group.h>
#include <weft/process.h>

enum { GRACE = 5 };

/* A task that waits for the end. Part of its frame. */
typedef struct waiter {
    weft__waiting waiting;
    struct waiter *next, **link; /* link NULL: it stands in no list */
} waiter;

struct weft_process {
    weft__opened opened;
    weft_uv *host;
    uv_process_t handle;
    uv_timer_t timer; /* of the grace, once it is `timed` */
    waiter *waiters;
    weft_stream *streams[3]; /* to stdin, from stdout and stderr; NULL: no pipes. It is a user of them */
    uint64_t grace;          /* milliseconds */
    int pid, status;
    uint32_t users, handles; /* handles: not closed yet */
    bool session, timed, ended, closed;
    char name[]; /* for people */
};

/* --- Its end --- */

static void free_if_unused(weft_process *process) {
    if (process->handles == 0 && process->users == 0)
        free(process);
}

static void leave(weft_process *process) {
    if (process == NULL)
        return;
    process->users--;
    free_if_unused(process);
}

/* The process, with one user more: the coroutine that is made with it, which leaves in its weft_drop. */
static weft_process *use(weft_process *process) {
    if (process != NULL)
        process->users++;
    return process;
}

static void on_closed(uv_handle_t *handle) {
    weft_process *process = handle->data;
    weft_uv *host = process->host;
    process->handles--;
    free_if_unused(process);
    weft__uv_handle_closed(host);
}

static void wake_all(weft_process *process) {
    for (waiter *at = process->waiters; at != NULL; at = at->next)
        weft__waiting_end(&at->waiting);
}

static void on_exit_of(uv_process_t *handle, int64_t status, int number) {
    weft_process *process = handle->data;
    process->ended = true;
    process->status = number != 0 ? -number : (int)status;
    if (process->timed)
        uv_timer_stop(&process->timer);
    if (process->closed)
        uv_close((uv_handle_t *)handle, on_closed);
    wake_all(process);
}

/* The number is the child's until libuv has told of its end. */
static bool send_signal(weft_process *process, int number) {
    if (process->ended)
        return false;
    return kill(process->session ? -process->pid : process->pid, number) == 0;
}

static void close_streams(weft_process *process) {
    for (int i = 0; i < 3; i++) {
        if (process->streams[i] == NULL)
            continue;
        weft_stream_abort(process->streams[i]);
        weft__stream_leave(process->streams[i]);
        process->streams[i] = NULL;
    }
}

/* While libuv waits for a child that was killed, the host counts its handle as one that is being closed. */
static void close_process(weft__opened *opened) {
    weft_process *process = (weft_process *)(void *)opened;
    if (process->closed)
        return;
    process->closed = true;
    weft__open_ends(opened);
    close_streams(process);
    if (process->timed)
        weft__close_handle(process->host, (uv_handle_t *)&process->timer, on_closed);
    if (process->ended) {
        weft__close_handle(process->host, (uv_handle_t *)&process->handle, on_closed);
    } else {
        send_signal(process, SIGKILL);
        process->host->open_handles++;
        uv_ref((uv_handle_t *)&process->handle);
    }
    wake_all(process);
}

void weft_process_close(weft_process *process) {
    if (process != NULL)
        close_process(&process->opened);
}

static void release_process(void *process) {
    weft_process_close(process);
}

static const weft_error null_process = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no process"};
static const weft_error closed_process = {.code = WEFT_INVALID_STATE, .message = "the process was closed"};

static const weft_error *refusal_of(const weft_process *process) {
    return process == NULL ? &null_process : process->closed ? &closed_process : NULL;
}

/* --- A plan: the options, copied --- */

typedef struct plan {
    weft_process_options options; /* its stdio; not its strings */
    char **argv, **environment;   /* environment NULL: that of this process */
    char *file, *folder, *name;   /* name: for people */
    char *memory[];
} plan;

/* Lists are copied into the plan's memory, their strings behind all lists. */
typedef struct packing {
    char **lists;
    char *strings;
} packing;

static size_t count_of(const char *const *list) {
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

static size_t size_of(const char *string) {
    return string == NULL ? 0 : strlen(string) + 1;
}

static size_t sizes_of(const char *const *list) {
    size_t size = 0;
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        size += size_of(list[i]);
    return size;
}

static char *pack(packing *into, const char *string) {
    if (string == NULL)
        return NULL;
    char *copy = memcpy(into->strings, string, size_of(string));
    into->strings += size_of(string);
    return copy;
}

static char **pack_list(packing *into, const char *const *list) {
    char **copy = into->lists;
    if (list == NULL)
        return NULL;
    for (; *list != NULL; list++)
        *into->lists++ = pack(into, *list);
    *into->lists++ = NULL;
    return copy;
}

static const char *name_of(const weft_process_options *options, const char *const *argv) {
    return options->shell != NULL ? options->shell : options->program != NULL ? options->program : argv[0];
}

/* NULL without memory. */
static plan *copy_options(const weft_process_options *options, const char *const *argv) {
    const char *file = options->shell != NULL     ? "/bin/sh"
                       : options->program != NULL ? options->program
                                                  : argv[0];
    const char *name = name_of(options, argv);
    size_t pointers = count_of(argv) + count_of(options->environment) + 2;
    size_t text = sizes_of(argv) + sizes_of(options->environment) + size_of(file) + size_of(options->folder) +
                  size_of(name);
    plan *made = malloc(sizeof *made + pointers * sizeof(char *) + text);
    if (made == NULL)
        return NULL;
    packing into = {.lists = made->memory, .strings = (char *)&made->memory[pointers]};
    made->options = *options;
    made->argv = pack_list(&into, argv);
    made->environment = pack_list(&into, options->environment);
    made->file = pack(&into, file);
    made->folder = pack(&into, options->folder);
    made->name = pack(&into, name);
    return made;
}

static const weft_stdio *stdio_of(const weft_process_options *options, int i) {
    return i == 0 ? &options->input : i == 1 ? &options->output : &options->errors;
}

/* Streams are not freed before the child has taken them over, whoever closes them meanwhile. */
static void use_streams(plan *made, bool used) {
    for (int i = 0; i < 3; i++) {
        const weft_stdio *stdio = stdio_of(&made->options, i);
        if (stdio->kind != WEFT__STDIO_STREAM || stdio->stream == NULL)
            continue;
        if (used)
            weft__stream_use(stdio->stream);
        else
            weft__stream_leave(stdio->stream);
    }
}

/* What is wrong with the options. Static; or NULL. */
static const weft_error *refusal_of_options(const weft_process_options *options) {
    static const weft_error nothing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a process needs an argv or a shell's command"},
                            both = {.code = WEFT_INVALID_ARGUMENT,
                                    .message = "a process has an argv or a shell's command, not both"},
                            circle = {.code = WEFT_INVALID_ARGUMENT,
                                      .message = "weft_stdio_output is for a process's errors"},
                            grace = {.code = WEFT_INVALID_ARGUMENT, .message = "a grace below zero"};
    bool has_argv = options != NULL && options->argv != NULL && options->argv[0] != NULL;
    if (options == NULL || (!has_argv && options->shell == NULL))
        return &nothing;
    if (options->shell != NULL && (options->argv != NULL || options->program != NULL))
        return &both;
    if (options->input.kind == WEFT__STDIO_OUTPUT || options->output.kind == WEFT__STDIO_OUTPUT)
        return &circle;
    return options->grace >= 0 ? NULL : &grace;
}

/* --- Starting --- */

/* Descriptors of a start under way: the child's, and this process's end of a pipe. -1: none. */
typedef struct channel {
    int child, own;
    bool made; /* the child's is only for it */
} channel;

struct start_process {
    weft_frame frame;
    plan *plan;              /* owned */
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

static int spawn(weft_process *process, const plan *how, const channel *channels) {
    uv_stdio_container_t stdio[3];
    for (int i = 0; i < 3; i++) {
        stdio[i].flags = channels[i].child < 0 ? UV_IGNORE : UV_INHERIT_FD;
        stdio[i].data.fd = channels[i].child;
    }
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
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
static void take_streams_over(const plan *how, const channel *channels, bool started) {
    for (int i = 0; i < 3; i++) {
        const weft_stdio *stdio = stdio_of(&how->options, i);
        if (stdio->kind != WEFT__STDIO_STREAM || channels[i].child < 0)
            continue;
        if (started)
            weft_stream_close(stdio->stream);
        else
            fcntl(channels[i].child, F_SETFL, fcntl(channels[i].child, F_GETFL) | O_NONBLOCK);
    }
}

static weft_coroutine *exit_process(void *object, const weft_error *error);

static weft_process *new_process(weft_uv *host, const plan *how) {
    weft_process *process = calloc(1, sizeof *process + size_of(how->name));
    double grace = how->options.grace == 0 ? GRACE : how->options.grace;
    if (process == NULL)
        return NULL;
    process->host = host;
    process->opened.resource.exit = exit_process;
    process->grace = (uint64_t)fmin(ceil(grace * 1e3), 1e12);
    process->session = how->options.session;
    process->handle.data = process;
    memcpy(process->name, how->name, size_of(how->name));
    return process;
}

static weft_value start_failure(const plan *how, int code) {
    if (how->folder != NULL)
        return weft__system_failure(code, "cannot start %s in %s", how->name, how->folder);
    return weft__system_failure(code, "cannot start %s", how->name);
}

/* From here on the process is open, running or not. */
static weft_value run(weft_process *process, const plan *how, channel *channels) {
    weft__open(&process->opened, process->host, "process", close_process);
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
static weft_value prepare(weft_uv *host, const plan *how, channel *channels) {
    weft_process *process = new_process(host, how);
    if (process == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    for (int i = 0; i < 3; i++) {
        if (open_stream(process, i, &channels[i]))
            continue;
        close_streams(process);
        free(process);
        return weft__of_error(&weft_error_out_of_memory);
    }
    return run(process, how, channels);
}

static weft_value start(const plan *how) {
    channel channels[3] = {{-1, -1, false}, {-1, -1, false}, {-1, -1, false}};
    const weft_error *error = NULL;
    weft_uv *host = weft__uv_here(&error);
    for (int i = 0; i < 3 && error == NULL; i++)
        error = open_channel(stdio_of(&how->options, i), i, channels);
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
        use_streams(self->plan, false);
    free(self->plan);
    weft_end();
}

weft_coroutine *weft_process_start_of(const weft_process_options *options) {
    const weft_error *error = refusal_of_options(options);
    plan *made = NULL;
    if (error == NULL) {
        const char *const shell[] = {"sh", "-c", options->shell, NULL};
        made = copy_options(options, options->shell != NULL ? shell : options->argv);
        if (made == NULL)
            error = &weft_error_out_of_memory;
        else
            use_streams(made, true);
    }
    return weft_call(start_process, .plan = made, .error = error);
}

/* --- While it runs --- */

int weft_process_pid(const weft_process *process) {
    return process == NULL ? 0 : process->pid;
}

weft_stream *weft_process_input(const weft_process *process) {
    return process == NULL ? NULL : process->streams[0];
}

weft_stream *weft_process_output(const weft_process *process) {
    return process == NULL ? NULL : process->streams[1];
}

weft_stream *weft_process_errors(const weft_process *process) {
    return process == NULL ? NULL : process->streams[2];
}

bool weft_process_signal(weft_process *process, int number) {
    return process != NULL && !process->closed && send_signal(process, number);
}

bool weft_process_terminate(weft_process *process) {
    return weft_process_signal(process, SIGTERM);
}

bool weft_process_kill(weft_process *process) {
    return weft_process_signal(process, SIGKILL);
}

/* --- Waiting for its end --- */

struct wait_for_process {
    weft_frame frame;
    weft_process *process;
    waiter waiter;
    const weft_error *error; /* static */
};

static void begin_wait(weft_process *process, waiter *self) {
    self->next = process->waiters;
    self->link = &process->waiters;
    if (self->next != NULL)
        self->next->link = &self->next;
    process->waiters = self;
}

static void end_wait(waiter *self) {
    weft__waiting_leave(&self->waiting);
    if (self->link == NULL)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    self->link = NULL;
}

static bool is_awaited(const weft_process *process) {
    return !process->ended && !process->closed;
}

static weft_async(wait_for_process) {
    weft_begin(wait_for_process);
    if ((self->error = refusal_of(self->process)) != NULL)
        weft_raise_error(self->error);
    begin_wait(self->process, &self->waiter);
    while (is_awaited(self->process))
        WEFT__WAIT_OUTSIDE(&self->waiter.waiting, "another program");
    if (!self->process->ended)
        weft_raise_error(&closed_process);
    weft_return(self->process->status);
    weft_drop();
    end_wait(&self->waiter);
    leave(self->process);
    weft_end();
}

weft_coroutine *weft_process_wait(weft_process *process) {
    return weft_call(wait_for_process, .process = use(process));
}

bool weft_process_ended(const weft_process *process, int *status) {
    if (process == NULL || !process->ended)
        return false;
    if (status != NULL)
        *status = process->status;
    return true;
}

const weft_error *weft_process_check(const weft_process *process) {
    if (process == NULL)
        return &null_process;
    if (!process->ended)
        return weft_error_new(WEFT_RUNTIME, "%s still runs", process->name);
    if (process->status == 0)
        return NULL;
    if (process->status > 0)
        return weft_error_new(WEFT_RUNTIME, "%s ended with status %d", process->name, process->status);
    return weft_error_new(WEFT_RUNTIME, "%s was ended by signal %d (%s)", process->name, -process->status,
                          strsignal(-process->status));
}

/* --- weft_with --- */

struct end_process {
    weft_frame frame;
    weft_process *process;
    waiter waiter;
};

static void on_grace(uv_timer_t *timer) {
    send_signal(timer->data, SIGKILL);
}

/* Its time is real, even where weft's clock is not: the child's is. */
static void begin_end(weft_process *process) {
    weft_stream_close(process->streams[0]);
    send_signal(process, SIGTERM);
    if (!process->timed) {
        uv_timer_init(process->host->uv, &process->timer); /* cannot fail */
        uv_unref((uv_handle_t *)&process->timer);
        process->timer.data = process;
        process->timed = true;
        process->handles++;
    }
    uv_update_time(process->host->uv);
    uv_timer_start(&process->timer, on_grace, process->grace, 0);
}

static weft_async(end_process) {
    weft_begin(end_process);
    begin_end(self->process);
    begin_wait(self->process, &self->waiter);
    while (is_awaited(self->process))
        WEFT__WAIT_OUTSIDE(&self->waiter.waiting, "another program");
    weft_drop();
    end_wait(&self->waiter);
    weft_process_close(self->process);
    leave(self->process);
    weft_end();
}

static weft_coroutine *exit_process(void *object, const weft_error *error) {
    weft_process *process = object;
    (void)error;
    if (is_awaited(process))
        return weft_call(end_process, .process = use(process));
    weft_process_close(process);
    return NULL;
}

/* --- Communicating --- */

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
    const void *input;
    size_t size, limit;
    weft_group group;
    weft_task *output, *errors;
    weft_process_result *result; /* owned */
    const weft_error *error;     /* borrowed, or static */
};

static const weft_error *begin_communicate(struct communicate *self) {
    static const weft_error null = {.code = WEFT_INVALID_ARGUMENT, .message = "NULL is no input"};
    const weft_error *refusal = refusal_of(self->process);
    if (refusal != NULL)
        return refusal;
    if (self->input == NULL && self->size > 0)
        return &null;
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
        weft_group_create_task(&self->group, weft_call(feed, .stream = weft__stream_use(streams[0]),
                                                       .input = self->input, .size = self->size));
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
    leave(self->process);
    weft_end();
}

weft_coroutine *weft_process_communicate(weft_process *process, const void *input, size_t size,
                                         size_t limit) {
    return weft_call(communicate, .process = use(process), .input = input, .size = size, .limit = limit);
}
