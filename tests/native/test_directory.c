/* Directories: what is in them, making and removing them. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "outcome.h"
#include "scratch.h"
#include "weft_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/file.h>
#include <weft/weft.h>

static char path[128];

/* By what is tested. */
static void end_case(void) {
    RUN(weft_directory_remove_all(folder));
    CHECK_EQ_STR(said, "");
    CHECK(access(folder, F_OK) != 0);
}

static void touch(const char *name) {
    int file = open(in_folder(name), O_CREAT | O_WRONLY, 0600);
    CHECK(file >= 0);
    close(file);
}

/* --- What is in one --- */

struct scanning {
    weft_frame frame;
    const char *path;
    int leave_after; /* 0: does not */
    weft_directory_entry *entry;
    int count;
};

static int kinds[WEFT_FILE_BLOCKS + 1];
static size_t sum; /* of the numbers that are names */

static weft_async(scanning) {
    weft_begin(scanning);
    memset(kinds, 0, sizeof kinds);
    sum = 0;
    weft_for_await (self->entry, weft_directory_scan(self->path)) {
        self->count++;
        kinds[self->entry->kind]++;
        sum += strtoul(self->entry->name, NULL, 10);
        if (self->count == self->leave_after)
            break;
    }
    weft_return(self->count);
    weft_end();
}

static int scan(const char *name, int leave_after) {
    weft_value value = weft_none();
    const weft_error *error = NULL;
    bool run = weft_run(weft_call(scanning, .path = name, .leave_after = leave_after), &value, &error);
    keep_outcome(run, error);
    return run ? (int)weft_value_int(value) : -1;
}

TEST(a_scan_tells_what_each_entry_is) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    make_folder();
    CHECK_EQ_INT(scan(folder, 0), 0);
    touch("1");
    CHECK(mkdir(in_folder("2"), 0700) == 0);
    CHECK(symlink("/nowhere", in_folder("4")) == 0);
    CHECK(mkfifo(in_folder("8"), 0600) == 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_folder("16"));
    int bound = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(bound, (struct sockaddr *)&address, sizeof address) == 0);
    close(bound);
    CHECK_EQ_INT(scan(folder, 0), 5);
    CHECK_EQ_INT(sum, 31);
    CHECK(kinds[WEFT_FILE_REGULAR] == 1 && kinds[WEFT_FILE_DIRECTORY] == 1 && kinds[WEFT_FILE_LINK] == 1 &&
          kinds[WEFT_FILE_PIPE] == 1 && kinds[WEFT_FILE_SOCKET] == 1);
    CHECK(scan("/dev", 0) > 0);
    CHECK(kinds[WEFT_FILE_CHARACTERS] > 0);
    end_case();
}

enum { MANY = 1000 };

TEST(a_large_directory_comes_in_parts_and_can_be_left) {
    make_folder();
    for (int i = 1; i <= MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        touch(name);
    }
    int descriptors = open_descriptors();
    CHECK_EQ_INT(scan(folder, 0), MANY);
    CHECK_EQ_INT(sum, MANY * (MANY + 1) / 2);
    CHECK_EQ_INT(scan(folder, 1), 1);
    CHECK_EQ_INT(scan(folder, 300), 300);
    CHECK(descriptors_become(descriptors));
    setenv("WEFT_VIRTUAL", "1", 1);
    CHECK_EQ_INT(scan(folder, 0), MANY);
    unsetenv("WEFT_VIRTUAL");
    end_case();
}

TEST(what_is_no_directory_cannot_be_scanned) {
    make_folder();
    touch("file");
    snprintf(path, sizeof path, "%s", in_folder("file"));
    CHECK_EQ_INT(scan(path, 0), -1);
    CHECK(strstr(said, "cannot scan the directory /tmp/weft-test-") == said);
    CHECK(strstr(said, "not a directory (ENOTDIR)") != NULL);
    CHECK_EQ_INT(scan("/nowhere", 0), -1);
    CHECK(strstr(said, "(ENOENT)") != NULL);
    CHECK_EQ_INT(scan(NULL, 0), -1);
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    end_case();
}

/* --- Making --- */

struct making {
    weft_frame frame;
    char *one, *two;
    weft_file_status status;
    weft_file *file;
    const weft_error *error;
};

static weft_async(making) {
    weft_begin(making);
    weft_await(weft_directory_create(in_folder("a")));
    weft_try {
        weft_await(weft_directory_create(in_folder("a")));
    }
    weft_catch_code(WEFT_SYSTEM, self->error) {
        CHECK_EQ_STR(self->error->system, "EEXIST");
    }
    weft_await(weft_directory_create_all(in_folder("a/b//c/d/")));
    weft_await(weft_directory_create_all(in_folder("a/b/c")));
    weft_await(weft_file_stat(in_folder("a/b/c/d"), &self->status));
    CHECK(self->status.kind == WEFT_FILE_DIRECTORY);
    weft_await(weft_directory_remove(in_folder("a/b/c/d")));
    weft_await_to(self->one, weft_directory_create_temporary(in_folder("t-")));
    weft_await_to(self->two, weft_directory_create_temporary(in_folder("t-")));
    CHECK(strcmp(self->one, self->two) != 0 && strlen(self->one) == strlen(folder) + strlen("/t-123456"));
    weft_await(weft_file_stat(self->one, &self->status));
    CHECK(self->status.kind == WEFT_FILE_DIRECTORY && self->status.permissions == 0700);
    weft_await_to(self->file, weft_file_open_temporary(in_folder("f-")));
    weft_await(weft_file_stat(weft_file_path(self->file), &self->status));
    CHECK(self->status.kind == WEFT_FILE_REGULAR && self->status.permissions == 0600);
    weft_file_close(self->file);
    self->file = NULL;
    weft_await_to(self->file, weft_file_open_temporary(NULL));
    weft_await(weft_file_write(self->file, "x", 1));
    weft_await(weft_file_remove(weft_file_path(self->file)));
    weft_drop();
    weft_free(self->one);
    weft_free(self->two);
    weft_file_close(self->file);
    weft_end();
}

TEST(directories_are_made_with_those_above_them) {
    make_folder();
    RUN(weft_call(making));
    CHECK_EQ_STR(said, "");
    RUN(weft_directory_create(in_folder("x/y")));
    CHECK(strstr(said, "(ENOENT)") != NULL);
    touch("file");
    RUN(weft_directory_create_all(in_folder("file/y")));
    CHECK(strstr(said, "(ENOTDIR)") != NULL);
    RUN(weft_directory_create_all(in_folder("file")));
    CHECK(strstr(said, "(EEXIST)") != NULL);
    RUN(weft_directory_create_all(""));
    CHECK(strstr(said, "(ENOENT)") != NULL);
    RUN(weft_directory_create_temporary("/nowhere/x"));
    CHECK_EQ_STR(said, "cannot create the directory /nowhere/xXXXXXX: no such file or directory (ENOENT)");
    RUN(weft_directory_remove(folder));
    CHECK(strstr(said, "directory not empty (ENOTEMPTY)") != NULL);
    end_case();
}

/* --- Removing all --- */

TEST(links_are_removed_and_not_followed) {
    make_folder();
    CHECK(mkdir(in_folder("kept"), 0700) == 0);
    touch("kept/file");
    CHECK(mkdir(in_folder("tree"), 0700) == 0);
    CHECK(mkdir(in_folder("tree/below"), 0700) == 0);
    CHECK(symlink("../kept", in_folder("tree/link")) == 0);
    CHECK(symlink(in_folder("kept"), in_folder("tree/below/link")) == 0);
    touch("tree/below/file");
    CHECK(symlink("kept", in_folder("link")) == 0);
    RUN(weft_directory_remove_all(in_folder("tree")));
    CHECK_EQ_STR(said, "");
    CHECK(access(in_folder("tree"), F_OK) != 0);
    RUN(weft_directory_remove_all(in_folder("link")));
    CHECK_EQ_STR(said, "");
    CHECK(access(in_folder("link"), F_OK) != 0);
    CHECK(access(in_folder("kept/file"), F_OK) == 0);
    RUN(weft_directory_remove_all(in_folder("kept/file")));
    CHECK_EQ_STR(said, "");
    RUN(weft_directory_remove_all(in_folder("nothing")));
    CHECK(strstr(said, "(ENOENT)") != NULL);
    RUN(weft_directory_remove_all(NULL));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    end_case();
}

/* Deeper than there may be descriptors, and than a path may be long. */
TEST(a_deep_tree_is_removed_with_few_descriptors) {
    enum { DEPTH = 500 };
    make_folder();
    int at = open(folder, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < DEPTH; i++) {
        CHECK(mkdirat(at, "a-name-of-some-length", 0700) == 0);
        int below = openat(at, "a-name-of-some-length", O_RDONLY | O_DIRECTORY);
        close(openat(at, "file", O_CREAT | O_WRONLY, 0600));
        close(at);
        at = below;
    }
    close(at);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){30, 30});
        RUN(weft_directory_remove_all(folder));
        _exit(said[0] != '\0');
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(access(folder, F_OK) != 0);
}

/* Entries of procfs cannot be removed, by nobody. */
TEST(what_cannot_be_removed_is_told) {
    RUN(weft_directory_remove_all("/proc/self/task"));
    CHECK(strstr(said, "cannot remove /proc/self/task, for ") == said);
    CHECK(strstr(said, "(EPERM)") != NULL);
}

/* --- Cancelling --- */

typedef weft_coroutine *make_operation(void);

static weft_coroutine *op_scan(void) {
    return weft_call(scanning, .path = folder);
}
static weft_coroutine *op_create(void) {
    return weft_directory_create_all(in_folder("p/q"));
}
static weft_coroutine *op_temporary(void) {
    return weft_directory_create_temporary(in_folder("t-"));
}
static weft_coroutine *op_remove(void) {
    return weft_directory_remove_all(in_folder("tree"));
}

static make_operation *const operations[] = {op_scan, op_create, op_temporary, op_remove};

struct interrupted {
    weft_frame frame;
    make_operation *make;
    int ticks, i;
    weft_task *task;
    bool ended;
    const weft_error *error;
};

static weft_async(interrupted) {
    weft_begin(interrupted);
    self->task = weft_create_task(self->make());
    for (self->i = 0; self->i < self->ticks; self->i++)
        weft_await(weft_sleep(0));
    self->ended = weft_task_done(self->task);
    weft_cancel(self->task);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_all(self->error) {
        CHECK_EQ_INT(self->error->code, WEFT_CANCELLED);
    }
    weft_return(self->ended);
    weft_end();
}

static int temporaries(void) {
    int count = 0;
    const struct dirent *entry;
    DIR *directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        count += strncmp(entry->d_name, "t-", 2) == 0;
    closedir(directory);
    return count;
}

TEST(a_cancellation_at_any_moment_leaves_nothing) {
    make_folder();
    int descriptors = open_descriptors(), taken = 0;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        for (int ticks = 0;; ticks = ticks * 3 / 2 + 1) {
            weft_value value;
            for (int j = 0; j < 20; j++) {
                char name[32];
                mkdir(in_folder("tree"), 0700);
                snprintf(name, sizeof name, "tree/%d", j);
                mkdir(in_folder(name), 0700);
            }
            CHECK(weft_run(weft_call(interrupted, .make = operations[i], .ticks = ticks), &value, NULL));
            CHECK(descriptors_become(descriptors));
            taken += operations[i] == op_temporary && weft_value_bool(value);
            if (weft_value_bool(value) || ticks > 1000000)
                break;
        }
    CHECK_EQ_INT(temporaries(), taken); /* those that came too late are gone */
    end_case();
}

TEST_MAIN(TEST_CASE(a_scan_tells_what_each_entry_is),
          TEST_CASE(a_large_directory_comes_in_parts_and_can_be_left),
          TEST_CASE(what_is_no_directory_cannot_be_scanned),
          TEST_CASE(directories_are_made_with_those_above_them),
          TEST_CASE(links_are_removed_and_not_followed),
          TEST_CASE(a_deep_tree_is_removed_with_few_descriptors), TEST_CASE(what_cannot_be_removed_is_told),
          TEST_CASE(a_cancellation_at_any_moment_leaves_nothing))
