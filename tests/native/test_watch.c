/* Watching files and directories. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "outcome.h"
#include "scratch.h"
#include "weft_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weft/file.h>
#include <weft/weft.h>

static void add_to(const char *name, const char *text) {
    int file = open(in_folder(name), O_CREAT | O_WRONLY | O_APPEND, 0600);
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
}

static void end_case(void) {
    CHECK_EQ_STR(said, "");
    RUN(weft_directory_remove_all(folder));
}

/* Events as text, "name:changes", a space between them. */
static char seen[4096];

static void note(const weft_watch_event *event) {
    char words[300];
    if (event == NULL)
        snprintf(words, sizeof words, "%snone", seen[0] == '\0' ? "" : " ");
    else
        snprintf(words, sizeof words, "%s%s:%u", seen[0] == '\0' ? "" : " ", event->name, event->changes);
    strncat(seen, words, sizeof seen - strlen(seen) - 1);
}

/* --- What happens in a directory --- */

struct directory {
    weft_frame frame;
    weft_watch *watch;
    weft_watch_event *event;
    int i;
};

static weft_async(directory) {
    weft_begin(directory);
    seen[0] = '\0';
    weft_await_to(self->watch, weft_watch_open(folder, NULL));
    weft_with(self->watch) {
        for (self->i = 0; self->i < 100; self->i++) /* a burst is one event */
            add_to("one", "x");
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        CHECK(rename(in_folder("one"), in_folder("two")) == 0);
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        chmod(in_folder("two"), 0600);
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        unlink(in_folder("two"));
        mkdir(in_folder("three"), 0700);
        add_to("three/four", "not seen");
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
        unlink(in_folder("three/four"));
        rmdir(in_folder("three"));
        weft_await_to(self->event, weft_watch_next(self->watch));
        note(self->event);
        weft_free(self->event);
    }
    weft_end();
}

static const char in_directory[] = "one:3 one:1 two:1 two:2 two:1 three:1 three:1";

TEST(what_happens_in_a_directory_is_told) {
    make_folder();
    RUN(weft_call(directory));
    CHECK_EQ_STR(seen, in_directory);
    end_case();
}

TEST(in_virtual_time_the_same) {
    make_folder();
    setenv("WEFT_VIRTUAL", "1", 1);
    RUN(weft_call(directory));
    unsetenv("WEFT_VIRTUAL");
    CHECK_EQ_STR(seen, in_directory);
    end_case();
}

/* --- What is watched vanishes --- */

struct vanishing {
    weft_frame frame;
    const char *path;
    void (*act)(void);
    weft_watch *watch;
    weft_watch_event *event;
    bool again;
};

static weft_async(vanishing) {
    weft_begin(vanishing);
    seen[0] = '\0';
    weft_await_to(self->watch, weft_watch_open(self->path, NULL));
    self->act();
    weft_for_await (self->event, weft_watch_events(self->watch)) {
        note(self->event);
        weft_free(self->event);
    }
    self->event = NULL;
    weft_await_to(self->event, weft_watch_next(self->watch));
    CHECK(self->event == NULL);
    weft_drop();
    weft_watch_close(self->watch);
    weft_end();
}

static void remove_file(void) {
    unlink(in_folder("file"));
}

static void remove_directory(void) {
    rmdir(in_folder("below"));
}

static void make_again(void) {
    rmdir(in_folder("below"));
    mkdir(in_folder("below"), 0700); /* perhaps of the same number */
}

static void move_file(void) {
    rename(in_folder("file"), in_folder("moved"));
}

static void replace_file(void) {
    add_to("new", "y");
    rename(in_folder("new"), in_folder("file"));
}

TEST(what_is_watched_can_vanish) {
    static void (*const of_files[])(void) = {remove_file, move_file, replace_file};
    static void (*const of_directories[])(void) = {remove_directory, make_again};
    make_folder();
    for (int i = 0; i < 3; i++) {
        add_to("file", "x");
        RUN(weft_call(vanishing, .path = in_folder("file"), .act = of_files[i]));
        CHECK_EQ_STR(seen, ":8");
    }
    for (int i = 0; i < 2; i++) {
        mkdir(in_folder("below"), 0700);
        RUN(weft_call(vanishing, .path = in_folder("below"), .act = of_directories[i]));
        CHECK_EQ_STR(seen, ":8");
    }
    end_case();
}

/* --- Too much, and too often --- */

struct flooded {
    weft_frame frame;
    weft_watch *watch;
    weft_watch_event *event;
    int names, overflows, i;
};

/* A name is kept of whatever comes, ten of them; of the rest it is told that there was more. */
static weft_async(flooded) {
    weft_begin(flooded);
    weft_await_to(self->watch, weft_watch_open(folder, &(weft_watch_options){.max_names = 10}));
    for (self->i = 0; self->i < 300; self->i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", self->i);
        add_to(name, "x");
    }
    while (self->overflows == 0) {
        weft_await_to(self->event, weft_watch_next(self->watch));
        self->names += self->event->name[0] != '\0';
        self->overflows += (self->event->changes & WEFT_WATCH_OVERFLOW) != 0;
        weft_free(self->event);
    }
    CHECK_EQ_INT(self->names, 10);
    add_to("last", "x");
    weft_await_to(self->event, weft_watch_next(self->watch)); /* it goes on */
    CHECK_EQ_STR(self->event->name, "last");
    weft_free(self->event);
    weft_drop();
    weft_watch_close(self->watch);
    weft_end();
}

TEST(more_than_there_is_room_for_is_told) {
    make_folder();
    RUN(weft_call(flooded));
    end_case();
}

struct saving {
    weft_frame frame;
    int i;
};

static weft_async(saving) {
    weft_begin(saving);
    for (self->i = 0; self->i < 5; self->i++) {
        add_to("file", "x");
        weft_await(weft_sleep(0.002));
    }
    weft_end();
}

struct debounced {
    weft_frame frame;
    weft_watch *watch;
    weft_watch_event *event;
    weft_task *saving;
};

/* Were it not for the debounce, the first event would come before the others. */
static weft_async(debounced) {
    weft_begin(debounced);
    weft_await_to(self->watch, weft_watch_open(folder, &(weft_watch_options){.debounce = 1}));
    self->saving = weft_create_task(weft_call(saving));
    weft_await_to(self->event, weft_watch_next(self->watch));
    CHECK(weft_task_done(self->saving));
    CHECK_EQ_STR(self->event->name, "file");
    CHECK_EQ_INT(self->event->changes, WEFT_WATCH_RENAMED | WEFT_WATCH_CHANGED);
    weft_free(self->event);
    weft_drop();
    weft_watch_close(self->watch);
    weft_end();
}

TEST(a_debounce_waits_until_it_is_quiet) {
    make_folder();
    RUN(weft_call(debounced));
    end_case();
}

/* --- Misuse, and waits that end early --- */

struct early {
    weft_frame frame;
    weft_watch *watch;
    weft_task *task;
    weft_watch_event *event;
    const weft_error *error;
    int told;
};

static weft_async(early) {
    weft_begin(early);
    weft_await_to(self->watch, weft_watch_open(folder, NULL));
    self->task = weft_create_task(weft_watch_next(self->watch));
    weft_await(weft_sleep(0));
    weft_try {
        weft_await(weft_watch_next(self->watch));
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        CHECK_EQ_STR(self->error->message, "another task is waiting for the watch");
        self->told++;
    }
    weft_cancel(self->task);
    add_to("file", "x");
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        self->told++;
    }
    weft_await_to(self->event, weft_watch_next(self->watch)); /* nothing was lost */
    CHECK_EQ_STR(self->event->name, "file");
    weft_free(self->event);
    self->task = weft_create_task(weft_watch_next(self->watch));
    weft_await(weft_sleep(0));
    weft_watch_close(self->watch);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        CHECK_EQ_STR(self->error->message, "the watch is closed");
        self->told++;
    }
    CHECK_EQ_INT(self->told, 3);
    weft_await(weft_watch_open(folder, NULL)); /* nobody takes it */
    weft_end();
}

TEST(waits_end_early_and_nothing_is_lost) {
    make_folder();
    RUN(weft_watch_open(folder, NULL));
    int descriptors = open_descriptors();
    for (int i = 0; i < 3; i++) {
        RUN(weft_call(early));
        CHECK_EQ_INT(open_descriptors(), descriptors);
    }
    end_case();
}

TEST(misuse_is_told) {
    RUN(weft_watch_open("/nowhere", NULL));
    CHECK_EQ_STR(said, "cannot watch /nowhere: no such file or directory (ENOENT)");
    RUN(weft_watch_open(NULL, NULL));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_watch_next(NULL));
    CHECK_EQ_STR(said, "a watch is needed, not NULL");
    weft_watch_close(NULL);
}

TEST_MAIN(TEST_CASE(what_happens_in_a_directory_is_told), TEST_CASE(in_virtual_time_the_same),
          TEST_CASE(what_is_watched_can_vanish), TEST_CASE(more_than_there_is_room_for_is_told),
          TEST_CASE(a_debounce_waits_until_it_is_quiet), TEST_CASE(waits_end_early_and_nothing_is_lost),
          TEST_CASE(misuse_is_told))
