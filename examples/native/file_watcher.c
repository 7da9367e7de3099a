/* Watches a directory: with a path until Ctrl-C; without one a
 * directory of its own, in which things happen. */
#include <stdio.h>
#include <weft/file.h>
#include <weft/weft.h>

static void print_event(const weft_watch_event *event) {
    printf("%s", event->name);
    if (event->changes & WEFT_WATCH_RENAMED)
        printf(" came or went");
    if (event->changes & WEFT_WATCH_CHANGED)
        printf(" changed");
    if (event->changes & WEFT_WATCH_OVERFLOW)
        printf(" more than could be kept");
    if (event->changes & WEFT_WATCH_GONE)
        printf(" it is gone");
    printf("\n");
    fflush(stdout);
}

struct watch_all {
    weft_frame frame;
    const char *path;
    weft_watch *watch;
    weft_watch_event *event;
};

weft_async(watch_all) {
    weft_begin(watch_all);
    weft_await_to(self->watch, weft_watch_open(self->path, &(weft_watch_options){.debounce = 0.1}));
    weft_with(self->watch) {
        weft_for_await (self->event, weft_watch_events(self->watch)) {
            print_event(self->event);
            weft_free(self->event);
            self->event = NULL;
        }
    }
    weft_drop();
    weft_free(self->event);
    weft_end();
}

struct print_next {
    weft_frame frame;
    weft_watch *watch;
    weft_watch_event *event;
};

weft_async(print_next) {
    weft_begin(print_next);
    weft_await_to(self->event, weft_watch_next(self->watch));
    print_event(self->event);
    weft_drop();
    weft_free(self->event);
    weft_end();
}

struct change {
    weft_frame frame;
    weft_watch *watch;
    char *directory, file[300], other[300];
};

weft_async(change) {
    weft_begin(change);
    weft_await_to(self->directory, weft_directory_create_temporary("watched-"));
    snprintf(self->file, sizeof self->file, "%s/notes", self->directory);
    snprintf(self->other, sizeof self->other, "%s/plans", self->directory);
    weft_try {
        weft_await_to(self->watch, weft_watch_open(self->directory, &(weft_watch_options){.debounce = 0.1}));
        weft_with(self->watch) {
            weft_await(weft_directory_create(self->file));
            weft_await(weft_call(print_next, .watch = self->watch));
            weft_await(weft_file_rename(self->file, self->other));
            weft_await(weft_call(print_next, .watch = self->watch));
            weft_await(weft_call(print_next, .watch = self->watch));
            weft_await(weft_directory_remove(self->other));
            weft_await(weft_call(print_next, .watch = self->watch));
        }
    }
    weft_finally {
        weft_await(weft_directory_remove_all(self->directory));
    }
    weft_drop();
    weft_free(self->directory);
    weft_end();
}

int main(int count, char **arguments) {
    return weft_main(count > 1 ? weft_call(watch_all, .path = arguments[1]) : weft_call(change));
}
