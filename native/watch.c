#define _POSIX_C_SOURCE 200809L /* for uv.h */

/*
 * Watching files: what libuv tells is kept, an event a name, until a task asks for it.
 */

#include "file.h"

#include <stdlib.h>

enum { MOST_NAMES = 1024, MOST_DEBOUNCES = 10 };

typedef struct change {
    char *name; /* malloc's */
    uint32_t hash;
    uint32_t changes;
} change;

struct weft_watch {
    weft__opened opened; /* first */
    weft_uv *host;
    weft_loop *loop;
    uv_fs_event_t handle;
    weft__waiting waiting; /* of the task that asks */
    change *kept;          /* in the order of their first change: from `first` on, `count` */
    size_t first, count, room;
    size_t most;
    double debounce;
    double began, latest; /* when the first and the last change came of those that are kept */
    uv_stat_t watched;
    uint32_t overflow; /* WEFT_WATCH_OVERFLOW, or 0 */
    int failure;       /* libuv's code, or 0 */
    uint32_t users;    /* coroutines made for it */
    bool gone, told;   /* what is watched; and the program knows */
    bool busy;
    bool closed;
    bool released; /* by libuv */
    char path[1];  /* in truth as long as it is */
};

/* --- What libuv tells --- */

static uint32_t hash_of(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

/* Mostly it is about what came last. */
static change *find(const weft_watch *self, const char *name, uint32_t hash) {
    for (size_t i = self->count; i > 0; i--) {
        change *kept = &self->kept[self->first + i - 1];
        if (kept->hash == hash && strcmp(kept->name, name) == 0)
            return kept;
    }
    return NULL;
}

static bool make_room(weft_watch *self) {
    if (self->first > 0) {
        memmove(self->kept, self->kept + self->first, self->count * sizeof *self->kept);
        self->first = 0;
    }
    if (self->count < self->room)
        return true;
    size_t room = self->room == 0 ? 8 : self->room * 2;
    change *kept = self->count < self->most ? realloc(self->kept, room * sizeof *kept) : NULL;
    if (kept == NULL)
        return false;
    self->kept = kept;
    self->room = room;
    return true;
}

static void keep(weft_watch *self, const char *name, uint32_t changes) {
    uint32_t hash = hash_of(name);
    change *kept = find(self, name, hash);
    if (kept != NULL) {
        kept->changes |= changes;
        return;
    }
    char *copy = self->count < self->most && make_room(self) ? malloc(strlen(name) + 1) : NULL;
    if (copy == NULL) {
        self->overflow = WEFT_WATCH_OVERFLOW;
        return;
    }
    memcpy(copy, name, strlen(name) + 1);
    self->kept[self->first + self->count++] = (change){.name = copy, .hash = hash, .changes = changes};
}

/* 0 or libuv's code. At once: a path that is being watched is at hand. */
static int look(const char *path, uv_stat_t *known) {
    uv_fs_t fs;
    int code = uv_fs_stat(NULL, &fs, path, NULL);
    *known = fs.statbuf;
    uv_fs_req_cleanup(&fs);
    return code;
}

/* The number of a file that went can be another's at once, so its birth counts, too. */
static bool is_gone(const weft_watch *self) {
    uv_stat_t now;
    const uv_stat_t *then = &self->watched;
    return look(self->path, &now) < 0 || now.st_dev != then->st_dev || now.st_ino != then->st_ino ||
           now.st_birthtim.tv_sec != then->st_birthtim.tv_sec ||
           now.st_birthtim.tv_nsec != then->st_birthtim.tv_nsec;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool anything(const weft_watch *self) {
    return self->count > 0 || self->overflow != 0 || self->gone || self->failure != 0;
}

/* Of what is watched itself libuv tells by the last part of its path, as if of something in it. */
static void on_event(uv_fs_event_t *handle, const char *name, int events, int status) {
    weft_watch *self = handle->data;
    bool first = !anything(self);
    bool itself = name == NULL || strcmp(name, last_part(self->path)) == 0;
    if (self->gone)
        return; /* inotify tells it twice */
    if (status < 0)
        self->failure = status;
    else if (itself && is_gone(self))
        self->gone = true;
    else
        keep(self, name == NULL ? "" : name,
             (events & UV_RENAME ? WEFT_WATCH_RENAMED : 0u) | (events & UV_CHANGE ? WEFT_WATCH_CHANGED : 0u));
    if (self->debounce > 0) {
        self->latest = weft__now(self->loop);
        self->began = first ? self->latest : self->began;
    }
    weft__waiting_end(&self->waiting);
}

/* --- Closing --- */

static void let_go(weft_watch *self) {
    if (!self->released || self->users > 0)
        return;
    while (self->count > 0)
        free(self->kept[self->first + --self->count].name);
    free(self->kept);
    free(self);
}

static void on_released(uv_handle_t *handle) {
    weft_watch *self = handle->data;
    weft_uv *host = self->host;
    self->released = true;
    let_go(self);
    weft__uv_handle_closed(host);
}

static void close_watch(weft__opened *opened) {
    weft_watch *self = (weft_watch *)(void *)opened;
    if (self->closed)
        return;
    self->closed = true;
    weft__open_ends(opened);
    weft__waiting_end(&self->waiting);
    weft__close_handle(self->host, (uv_handle_t *)&self->handle, on_released);
}

void weft_watch_close(weft_watch *self) {
    if (self != NULL)
        close_watch(&self->opened);
}

static void release_watch(void *watch) {
    weft_watch_close(watch);
}

struct watch_exit {
    weft_frame frame;
    weft_watch *watch;
};

static weft_watch *use(weft_watch *self) {
    if (self != NULL)
        self->users++;
    return self;
}

static void unuse(weft_watch *self) {
    if (self == NULL)
        return;
    self->users--;
    let_go(self);
}

static weft_async(watch_exit) {
    weft_begin(watch_exit);
    weft_watch_close(self->watch);
    weft_drop();
    unuse(self->watch);
    weft_end();
}

static weft_coroutine *exit_watch(void *object, const weft_error *error) {
    (void)error;
    return weft_call(watch_exit, .watch = use(object));
}

/* --- Opening --- */

struct watch_open {
    weft_frame frame;
    weft__path path;
    weft_watch_options options;
};

static weft_watch *new_watch(weft_uv *host, const char *path, const weft_watch_options *options) {
    size_t length = strlen(path);
    weft_watch *self = calloc(1, sizeof *self + length);
    if (self == NULL)
        return NULL;
    memcpy(self->path, path, length + 1);
    self->host = host;
    self->loop = weft__current;
    self->handle.data = self;
    self->opened.resource.exit = exit_watch;
    self->debounce = options->debounce > 0 ? options->debounce : 0;
    self->most = options->max_names > 0 ? options->max_names : MOST_NAMES;
    return self;
}

static weft_value open_watch(const struct watch_open *self) {
    const weft_error *error = weft__path_refusal(&self->path);
    weft_uv *host = error == NULL ? weft__uv_here(&error) : NULL;
    if (error != NULL)
        return weft__of_error(error);
    weft_watch *watch = new_watch(host, self->path.text, &self->options);
    if (watch == NULL)
        return weft__of_error(&weft_error_out_of_memory);
    uv_fs_event_init(host->uv, &watch->handle); /* cannot fail */
    weft__open(&watch->opened, host, "watch", close_watch);
    int code = uv_fs_event_start(&watch->handle, on_event, watch->path, 0);
    if (code == 0)
        code = look(watch->path, &watch->watched);
    if (code == 0)
        return weft_owned_pointer(watch, release_watch);
    weft_watch_close(watch);
    return weft__path_failure(code, "watch", self->path.text);
}

static weft_async(watch_open) {
    weft_begin(watch_open);
    weft_return(open_watch(self));
    weft_drop();
    weft__path_free(&self->path);
    weft_end();
}

weft_coroutine *weft_watch_open(const char *path, const weft_watch_options *options) {
    return weft_call(watch_open, .path = weft__path_of(path),
                     .options = options != NULL ? *options : (weft_watch_options){.debounce = 0});
}

/* --- Asking --- */

struct watch_next {
    weft_frame frame;
    weft_watch *watch;
    bool entered;
    double rest;
    const weft_error *error;
};

static const weft_error closed_watch = {.code = WEFT_INVALID_STATE, .message = "the watch is closed"};

static const weft_error *enter(struct watch_next *self) {
    static const weft_error none = {.code = WEFT_INVALID_ARGUMENT, .message = "a watch is needed, not NULL"};
    static const weft_error foreign = {.code = WEFT_RUNTIME, .message = "the watch is of another loop"};
    static const weft_error busy = {.code = WEFT_RUNTIME, .message = "another task is waiting for the watch"};
    weft_watch *watch = self->watch;
    if (watch == NULL)
        return &none;
    if (watch->closed)
        return &closed_watch;
    if (watch->loop != weft__current)
        return &foreign;
    if (watch->busy)
        return &busy;
    watch->busy = self->entered = true;
    return NULL;
}

/* Seconds until it has been quiet for long enough. */
static double rest_of(const weft_watch *self) {
    if (self->debounce == 0 || self->told)
        return 0;
    double quiet = fmin(self->latest + self->debounce, self->began + self->debounce * MOST_DEBOUNCES);
    return quiet - weft__now(self->loop);
}

static weft_value event_of(const char *name, uint32_t changes) {
    size_t length = strlen(name);
    weft_watch_event *event = weft_allocate(sizeof *event + length);
    if (event != NULL) {
        event->changes = changes;
        memcpy(event->name, name, length + 1);
    }
    return weft_owned_pointer(event, weft_free);
}

static weft_value take(weft_watch *self) {
    weft_value value = weft_none();
    change *kept = self->count > 0 ? &self->kept[self->first] : NULL;
    if (kept != NULL)
        value = event_of(kept->name, kept->changes);
    else if (self->overflow != 0)
        value = event_of("", self->overflow);
    else if (self->gone && !self->told)
        value = event_of("", WEFT_WATCH_GONE);
    else if (!self->gone)
        return weft__path_failure(self->failure, "watch", self->path);
    if (value.kind == WEFT_FAILURE)
        return value;
    if (kept != NULL) {
        free(kept->name);
        self->first++;
        self->count--;
    } else if (self->overflow != 0) {
        self->overflow = 0;
    } else {
        self->told = true;
    }
    return value;
}

static weft_async(watch_next) {
    weft_begin(watch_next);
    self->error = enter(self);
    if (self->error != NULL)
        weft_raise_error(self->error);
    while (!anything(self->watch)) {
        WEFT__WAIT_OUTSIDE(&self->watch->waiting, "a change of a file");
        if (self->watch->closed)
            weft_raise_error(&closed_watch);
    }
    while ((self->rest = rest_of(self->watch)) > 0) {
        weft_await(weft_sleep(self->rest));
        if (self->watch->closed)
            weft_raise_error(&closed_watch);
    }
    weft_return(take(self->watch));
    weft_drop();
    if (self->entered) {
        weft__waiting_leave(&self->watch->waiting);
        self->watch->busy = false;
    }
    unuse(self->watch);
    weft_end();
}

weft_coroutine *weft_watch_next(weft_watch *watch) {
    return weft_call(watch_next, .watch = use(watch));
}

struct watch_events {
    weft_frame frame;
    weft_watch *watch;
    weft_value event;
};

static weft_async(watch_events) {
    weft_begin(watch_events);
    for (;;) {
        weft_await_to(self->event, weft_watch_next(self->watch));
        if (self->event.kind == WEFT_NONE)
            break;
        weft_yield(self->event);
    }
    weft_drop();
    unuse(self->watch);
    weft_end();
}

weft_coroutine *weft_watch_events(weft_watch *watch) {
    return weft_call(watch_events, .watch = use(watch));
}
