/* Files: reading, writing, what is known of them, and a bad world. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "outcome.h"
#include "scratch.h"
#include "weft_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/file.h>
#include <weft/weft.h>

/* --- A folder for each case --- */

static char path[128], other[128];
static int descriptors;

static void begin_case(void) {
    make_folder();
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
}

/* Nothing is left in the folder but what the case made. */
static void end_case(int left) {
    struct dirent *entry;
    int count = 0;
    DIR *directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char name[400];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        unlink(name);
        count++;
    }
    closedir(directory);
    CHECK_EQ_INT(count, left);
    CHECK(rmdir(folder) == 0);
}

static void put(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    CHECK(file != NULL);
    if (file == NULL)
        return;
    fputs(text, file);
    fclose(file);
}

static bool holds(const char *name, const char *text) {
    char read[256] = "";
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return false;
    size_t size = fread(read, 1, sizeof read - 1, file);
    fclose(file);
    return size == strlen(text) && memcmp(read, text, size) == 0;
}

/* --- The usual ways --- */

struct usual {
    weft_frame frame;
    weft_file *file;
    weft_bytes *bytes;
    char buffer[32];
    int count;
    int64_t position;
};

static weft_async(usual) {
    weft_begin(usual);
    weft_await_to(self->file, weft_file_open(path, "w+"));
    CHECK_EQ_STR(weft_file_path(self->file), path);
    weft_with(self->file) {
        weft_await(weft_file_write(self->file, "hello ", 6));
        weft_await(weft_file_printf(self->file, "%s %d", "world", 7));
        CHECK_EQ_INT(weft_file_tell(self->file), 13);
        weft_await_to(self->count, weft_file_read(self->file, self->buffer, sizeof self->buffer));
        CHECK_EQ_INT(self->count, 0);
        weft_await_to(self->position, weft_file_seek(self->file, 0, SEEK_SET));
        CHECK_EQ_INT(self->position, 0);
        weft_await_to(self->count, weft_file_read(self->file, self->buffer, 5));
        CHECK_EQ_INT(self->count, 5);
        CHECK(memcmp(self->buffer, "hello", 5) == 0);
        CHECK_EQ_INT(weft_file_tell(self->file), 5);
        weft_await(
            weft_file_write(self->file, "!", 1)); /* where the program is, not where it read ahead to */
        weft_await_to(self->count, weft_file_read(self->file, self->buffer, 5));
        CHECK(self->count == 5 && memcmp(self->buffer, "world", 5) == 0);
        weft_await_to(self->count, weft_file_read_at(self->file, self->buffer, 100, 4));
        CHECK(self->count == 9 && memcmp(self->buffer, "o!world 7", 9) == 0);
        weft_await(weft_file_write_at(self->file, "W", 1, 6));
        CHECK_EQ_INT(weft_file_tell(self->file), 11);
        weft_await_to(self->position, weft_file_seek(self->file, -2, SEEK_END));
        CHECK_EQ_INT(self->position, 11);
        weft_await(weft_file_truncate(self->file, 12));
        weft_await(weft_file_sync(self->file));
        weft_await_to(self->bytes, weft_file_read_rest(self->file, 100));
        CHECK_EQ_STR(self->bytes->data, " ");
        weft_free(self->bytes);
    }
    self->bytes = NULL;
    weft_await_to(self->bytes, weft_file_read_all(path, 12));
    CHECK_EQ_INT(self->bytes->size, 12);
    CHECK_EQ_STR(self->bytes->data, "hello!World ");
    weft_drop();
    weft_free(self->bytes);
    weft_end();
}

TEST(reads_and_writes_where_it_is_told) {
    begin_case();
    RUN(weft_call(usual));
    CHECK_EQ_STR(said, "");
    end_case(1);
}

TEST(in_virtual_time_the_same) {
    begin_case();
    setenv("WEFT_VIRTUAL", "1", 1);
    RUN(weft_call(usual));
    unsetenv("WEFT_VIRTUAL");
    CHECK_EQ_STR(said, "");
    end_case(1);
}

struct appending {
    weft_frame frame;
    weft_file *file;
    char buffer[8];
    int count;
};

static weft_async(appending) {
    weft_begin(appending);
    weft_await_to(self->file, weft_file_open(path, "a+"));
    weft_await_to(self->count, weft_file_read(self->file, self->buffer, 2));
    weft_await(weft_file_write(self->file, "def", 3));
    CHECK_EQ_INT(weft_file_tell(self->file), 6);
    weft_await(weft_file_seek(self->file, 2, SEEK_SET));
    weft_await(weft_file_write(self->file, "g", 1));
    CHECK_EQ_INT(weft_file_tell(self->file), 7);
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

TEST(what_is_appended_goes_to_the_end) {
    begin_case();
    put(path, "abc");
    RUN(weft_call(appending));
    CHECK_EQ_STR(said, "");
    CHECK(holds(path, "abcdefg"));
    end_case(1);
}

/* --- Lines and pieces --- */

struct lines {
    weft_frame frame;
    weft_file *file;
    char *line;
};

static char all_lines[512];

static weft_async(lines) {
    weft_begin(lines);
    all_lines[0] = '\0';
    weft_await_to(self->file, weft_file_open(path, "r"));
    weft_for_await (self->line, weft_file_lines(self->file)) {
        strncat(all_lines, self->line, 20);
        strcat(all_lines, "|");
        weft_free(self->line);
    }
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

TEST(lines_come_without_their_ends) {
    begin_case();
    put(path, "one\ntwo\r\n\nfour\rx\nlast");
    RUN(weft_call(lines));
    CHECK_EQ_STR(said, "");
    CHECK_EQ_STR(all_lines, "one|two||four\rx|last|");
    end_case(1);
}

struct bad_lines {
    weft_frame frame;
    weft_file *file;
    char *line;
    const weft_error *error;
    int limits, zeros;
};

static weft_async(bad_lines) {
    weft_begin(bad_lines);
    weft_await_to(self->file, weft_file_open(path, "r"));
    weft_file_set_limit(self->file, 5);
    weft_try {
        weft_await(weft_file_readline(self->file));
    }
    weft_catch_code(WEFT_LIMIT, self->error) {
        self->limits++;
    }
    weft_try {
        weft_await(weft_file_readline(self->file));
    }
    weft_catch_code(WEFT_INVALID_ARGUMENT, self->error) {
        self->zeros++;
    }
    weft_await_to(self->line, weft_file_readline(self->file));
    CHECK_EQ_STR(self->line, "12345");
    CHECK_EQ_INT(self->limits, 1);
    CHECK_EQ_INT(self->zeros, 1);
    weft_drop();
    weft_free(self->line);
    weft_file_close(self->file);
    weft_end();
}

TEST(lines_too_long_or_with_a_zero_are_errors_and_reading_goes_on) {
    static const char text[] = "123456\na\0b\n12345\n";
    begin_case();
    RUN(weft_file_write_all(path, text, sizeof text - 1));
    CHECK_EQ_STR(said, "");
    RUN(weft_call(bad_lines));
    CHECK_EQ_STR(said, "");
    end_case(1);
}

enum { LARGE = 300000 };

struct pieces {
    weft_frame frame;
    weft_file *file;
    weft_bytes *piece;
    size_t sum, lines;
    char *line;
    bool good;
};

static weft_async(pieces) {
    weft_begin(pieces);
    weft_await_to(self->file, weft_file_open(path, "r"));
    weft_for_await (self->piece, weft_file_chunks(self->file)) {
        for (size_t i = 0; i < self->piece->size; i++)
            self->good &= self->piece->data[i] == (char)('a' + (self->sum + i) % 26);
        self->sum += self->piece->size;
        weft_free(self->piece);
    }
    CHECK_EQ_INT(self->sum, LARGE);
    CHECK(self->good);
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

TEST(a_large_file_comes_in_pieces) {
    char *text = malloc(LARGE);
    begin_case();
    for (int i = 0; i < LARGE; i++)
        text[i] = (char)('a' + i % 26);
    RUN(weft_file_write_all(path, text, LARGE));
    CHECK_EQ_STR(said, "");
    RUN(weft_call(pieces, .good = true));
    CHECK_EQ_STR(said, "");
    free(text);
    end_case(1);
}

/* --- Whole files --- */

TEST(a_whole_file_is_replaced_at_once_and_keeps_its_permissions) {
    struct stat before, after;
    begin_case();
    RUN(weft_file_write_all(path, "one", 3));
    CHECK_EQ_STR(said, "");
    mode_t mask = umask(0);
    umask(mask);
    CHECK(stat(path, &before) == 0);
    CHECK_EQ_INT(before.st_mode & 07777, 0666 & ~mask);
    chmod(path, 0640);
    int old = open(path, O_RDONLY);
    RUN(weft_file_write_all(path, "second", 6));
    CHECK_EQ_STR(said, "");
    CHECK(holds(path, "second"));
    CHECK(stat(path, &after) == 0);
    CHECK_EQ_INT(after.st_mode & 07777, 0640);
    char read_from_old[8] = "";
    CHECK_EQ_INT(read(old, read_from_old, 7), 3); /* who has the old one still has it whole */
    CHECK_EQ_STR(read_from_old, "one");
    close(old);
    CHECK(symlink("file", other) == 0);
    RUN(weft_file_write_all(other, "", 0));
    CHECK_EQ_STR(said, "");
    CHECK(holds(path, ""));
    CHECK(lstat(other, &after) == 0 && S_ISLNK(after.st_mode));
    end_case(2);
}

TEST(what_is_too_much_is_refused) {
    begin_case();
    put(path, "12345");
    RUN(weft_file_read_all(path, 4));
    CHECK_EQ_INT(code, WEFT_LIMIT);
    CHECK(strstr(said, "holds more than 4 bytes") != NULL);
    RUN(weft_file_read_all("/dev/zero", 1000000));
    CHECK_EQ_STR(said, "/dev/zero holds more than 1000000 bytes");
    end_case(1);
}

/* --- What is known of a file, and names --- */

struct names {
    weft_frame frame;
    weft_file_status status;
    weft_file *file;
    char *text;
    bool there;
};

static weft_async(names) {
    weft_begin(names);
    weft_await(weft_file_write_all(path, "1234", 4));
    weft_await(weft_file_set_permissions(path, 0600));
    weft_await(weft_file_set_times(path, 1000.5, 2000.25));
    weft_await(weft_file_stat(path, &self->status));
    CHECK(self->status.kind == WEFT_FILE_REGULAR && self->status.size == 4);
    CHECK_EQ_INT(self->status.permissions, 0600);
    CHECK(self->status.accessed == 1000.5 && self->status.modified == 2000.25);
    weft_await(weft_file_link(path, other));
    weft_await_to(self->file, weft_file_open(other, "r"));
    weft_await(weft_file_fstat(self->file, &self->status));
    CHECK_EQ_INT(self->status.links, 2);
    weft_await(weft_file_remove(other));
    weft_await(weft_file_symlink("file", other));
    weft_await(weft_file_lstat(other, &self->status));
    CHECK(self->status.kind == WEFT_FILE_LINK);
    weft_await_to(self->text, weft_file_readlink(other));
    CHECK_EQ_STR(self->text, "file");
    weft_free(self->text);
    weft_await_to(self->text, weft_file_real_path(other));
    CHECK_EQ_STR(self->text, path);
    weft_await(weft_file_remove(other));
    weft_await_to(self->there, weft_file_exists(other));
    CHECK(!self->there);
    weft_await(weft_file_copy(path, other, true));
    weft_await_to(self->there, weft_file_exists(other));
    CHECK(self->there);
    weft_await(weft_file_access(other, R_OK | W_OK));
    weft_await(weft_file_rename(other, path));
    weft_await_to(self->there, weft_file_exists(other));
    CHECK(!self->there);
    weft_drop();
    weft_free(self->text);
    weft_file_close(self->file);
    weft_end();
}

TEST(names_are_given_and_taken) {
    begin_case();
    RUN(weft_call(names));
    CHECK_EQ_STR(said, "");
    end_case(1);
}

/* --- A bad world --- */

static bool ends_in(const char *text, const char *end) {
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

TEST(errors_name_the_path_and_the_system_s_words) {
    begin_case();
    RUN(weft_file_open("/nowhere/at/all", "r"));
    CHECK_EQ_STR(said, "cannot open /nowhere/at/all: no such file or directory (ENOENT)");
    CHECK_EQ_INT(code, WEFT_SYSTEM);
    RUN(weft_file_open("/tmp", "r"));
    CHECK_EQ_STR(said, "cannot open /tmp: illegal operation on a directory (EISDIR)");
    RUN(weft_file_read_all("/tmp", 10));
    CHECK(ends_in(said, "(EISDIR)"));
    RUN(weft_file_write_all("/tmp", "x", 1));
    CHECK_EQ_STR(said, "cannot write to /tmp: illegal operation on a directory (EISDIR)");
    RUN(weft_file_write_all("/proc/weft", "x", 1)); /* nor can root make one there */
    CHECK(ends_in(said, "(ENOENT)") || ends_in(said, "(EACCES)") || ends_in(said, "(EPERM)"));
    put(path, "x");
    RUN(weft_file_open_with(path, O_RDONLY | O_DIRECTORY, 0));
    CHECK(ends_in(said, "not a directory (ENOTDIR)"));
    RUN(weft_file_open(path, "wx"));
    CHECK(ends_in(said, "file already exists (EEXIST)"));
    RUN(weft_file_copy(path, path, true));
    CHECK(ends_in(said, "(EEXIST)"));
    RUN(weft_file_rename("/nowhere/a", "/nowhere/b"));
    CHECK_EQ_STR(said, "cannot rename /nowhere/a to /nowhere/b: no such file or directory (ENOENT)");
    RUN(weft_file_exists("/dev/null/x"));
    CHECK_EQ_STR(said, "");
    end_case(1);
}

TEST(odd_names_are_files_and_do_no_harm_in_messages) {
    weft_value value;
    begin_case();
    snprintf(other, sizeof other, "%s/\033[31m\xFF\n", folder);
    RUN(weft_file_write_all(other, "odd", 3));
    CHECK_EQ_STR(said, "");
    CHECK(weft_run(weft_file_exists(other), &value, NULL));
    CHECK(weft_value_bool(value));
    RUN(weft_file_write_all("/nowhere/\033[31m\n", "", 0));
    CHECK(strchr(said, '\033') == NULL && strchr(said, '\n') == NULL);
    char *deep = calloc(1, 5001);
    for (int i = 0; i < 5000; i++)
        deep[i] = i % 10 == 0 ? '/' : 'd';
    RUN(weft_file_open(deep, "r"));
    CHECK(ends_in(said, "(ENAMETOOLONG)"));
    free(deep);
    end_case(1);
}

TEST(misuse_is_told) {
    begin_case();
    RUN(weft_file_open(NULL, "r"));
    CHECK_EQ_STR(said, "a path is needed, not NULL");
    RUN(weft_file_open(path, NULL));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_file_open(path, "rw"));
    CHECK_EQ_STR(said, "\"rw\" is no mode to open a file in");
    RUN(weft_file_read(NULL, said, 1));
    CHECK_EQ_STR(said, "a file is needed, not NULL");
    RUN(weft_file_write(NULL, "x", 1));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_file_write_at(NULL, "x", 1, 0));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_file_stat(path, NULL));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_file_rename(path, NULL));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    RUN(weft_file_write_all(path, NULL, 1));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    weft_file_close(NULL);
    end_case(0);
}

struct full_disk {
    weft_frame frame;
    weft_file *file;
    const weft_error *error;
    char buffer[4];
    int count;
};

static weft_async(full_disk) {
    weft_begin(full_disk);
    weft_await_to(self->file, weft_file_open("/dev/full", "r+"));
    weft_try {
        weft_await(weft_file_write(self->file, "x", 1));
    }
    weft_catch_code(WEFT_SYSTEM, self->error) {
        CHECK_EQ_STR(self->error->message, "cannot write to /dev/full: no space left on device (ENOSPC)");
        CHECK_EQ_STR(self->error->system, "ENOSPC");
    }
    weft_await_to(self->count, weft_file_read(self->file, self->buffer, 4)); /* it can still be used */
    CHECK_EQ_INT(self->count, 4);
    weft_await(weft_file_write_at(self->file, "x", 1, 0));
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

TEST(a_full_disk_is_told) {
    RUN(weft_call(full_disk));
    CHECK_EQ_STR(said, "cannot write to /dev/full: no space left on device (ENOSPC)");
    RUN(weft_file_write_all("/dev/full", "x", 1));
    CHECK_EQ_STR(said, "cannot write to /dev/full: no space left on device (ENOSPC)");
}

/* A file that may not grow stands for a disk that is full: what was there stays, and nothing else is left. */
TEST(a_file_that_cannot_be_written_whole_is_left_as_it_was) {
    begin_case();
    put(path, "old");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *large = calloc(1, 100000);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){50000, 50000});
        RUN(weft_file_write_all(path, large, 100000));
        free(large);
        _exit(ends_in(said, "file too large (EFBIG)") ? 0 : 1);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(holds(path, "old"));
    end_case(1);
}

TEST(too_many_open_files_is_told) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        static char told[512];
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 20});
        weft_runner runner;
        weft_value value;
        const weft_error *error = NULL;
        weft_runner_init(&runner, NULL);
        weft_runner_run(&runner, weft_file_exists("/"), &value, &error);
        while (dup(0) >= 0) {
        }
        weft_runner_run(&runner, weft_file_open("/dev/null", "r"), &value, &error);
        snprintf(told, sizeof told, "%s", error == NULL ? "" : error->message);
        weft_error_release(error);
        weft_runner_close(&runner);
        _exit(strcmp(told, "cannot open /dev/null: too many open files (EMFILE)") != 0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* --- What is no regular file --- */

struct piping {
    weft_frame frame;
    weft_file *file, *out;
    weft_task *reader;
    char *line;
    int64_t position;
    const weft_error *error;
    char *much;
    weft_bytes *bytes;
};

/* The reader waits for a writer, and a writer for a reader of all that the pipe does not hold. */
static weft_async(piping) {
    weft_begin(piping);
    weft_await_to(self->file, weft_file_open(path, "r"));
    self->reader = weft_create_task(weft_file_readline(self->file));
    weft_await(weft_sleep(0.001));
    CHECK(!weft_task_done(self->reader));
    weft_await_to(self->out, weft_file_open(path, "w"));
    weft_await(weft_file_write(self->out, "a line\n", 7));
    weft_await_to(self->line, self->reader);
    CHECK_EQ_STR(self->line, "a line");
    weft_try {
        weft_await(weft_file_seek(self->file, 0, SEEK_SET));
    }
    weft_catch_code(WEFT_SYSTEM, self->error) {
        CHECK_EQ_STR(self->error->system, "ESPIPE");
    }
    CHECK_EQ_INT(weft_file_tell(self->file), -1);
    self->reader = weft_create_task(weft_file_read_rest(self->file, LARGE));
    self->much = calloc(1, LARGE);
    weft_await(weft_file_write(self->out, self->much, LARGE));
    weft_file_close(self->out);
    self->out = NULL;
    weft_await_to(self->bytes, self->reader);
    CHECK_EQ_INT(self->bytes->size, LARGE);
    weft_drop();
    free(self->much);
    weft_file_close(self->file);
    weft_file_close(self->out);
    weft_end();
}

TEST(a_named_pipe_blocks_nobody) {
    begin_case();
    CHECK(mkfifo(path, 0600) == 0);
    RUN(weft_call(piping));
    CHECK_EQ_STR(said, "");
    RUN(weft_file_open(path, "w"));
    CHECK(ends_in(said, "(ENXIO)"));
    RUN(weft_wait_for(weft_file_read_all(path, 10), 0.005)); /* nobody writes */
    CHECK_EQ_INT(code, WEFT_TIMED_OUT);
    RUN(weft_file_copy(path, other, false));
    CHECK(ends_in(said, "the first is a named pipe"));
    CHECK_EQ_INT(rename(path, other), 0);
    CHECK_EQ_INT(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    RUN(weft_file_copy(path, other, false));
    CHECK(ends_in(said, "the second is a named pipe"));
    CHECK_EQ_INT(code, WEFT_INVALID_ARGUMENT);
    CHECK_EQ_INT(unlink(other), 0);
    end_case(1);
}

/* --- Two at once, and closing meanwhile --- */

struct two {
    weft_frame frame;
    weft_file *file;
    weft_task *first;
    char buffer[16], again[16];
    int count, closed;
    const weft_error *error;
};

static weft_async(two) {
    weft_begin(two);
    weft_await_to(self->file, weft_file_open(path, "r"));
    self->first = weft_create_task(weft_file_read(self->file, self->buffer, 4));
    weft_await(weft_sleep(0));
    weft_try {
        weft_await(weft_file_read(self->file, self->again, 4));
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        CHECK_EQ_STR(self->error->message, "another task is using the file at its position");
        self->closed++;
    }
    weft_await_to(self->count, weft_file_read_at(self->file, self->again, 4, 2));
    CHECK(self->count == 4 && memcmp(self->again, "3456", 4) == 0);
    weft_await_to(self->count, self->first);
    CHECK(self->count == 4 && memcmp(self->buffer, "1234", 4) == 0);
    CHECK_EQ_INT(self->closed, 1);
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

TEST(two_tasks_may_read_elsewhere_but_not_at_the_position) {
    begin_case();
    put(path, "123456789");
    RUN(weft_call(two));
    CHECK_EQ_STR(said, "");
    end_case(1);
}

typedef weft_coroutine *make_operation(weft_file *file);

static char scratch[64];

static weft_coroutine *op_read(weft_file *file) {
    return weft_file_read(file, scratch, sizeof scratch);
}
static weft_coroutine *op_line(weft_file *file) {
    return weft_file_readline(file);
}
static weft_coroutine *op_rest(weft_file *file) {
    return weft_file_read_rest(file, 1000);
}
static weft_coroutine *op_write(weft_file *file) {
    return weft_file_write(file, "123456789", 9);
}
static weft_coroutine *op_read_at(weft_file *file) {
    return weft_file_read_at(file, scratch, sizeof scratch, 1);
}
static weft_coroutine *op_write_at(weft_file *file) {
    return weft_file_write_at(file, "4", 1, 3);
}
static weft_coroutine *op_sync(weft_file *file) {
    return weft_file_sync(file);
}
static weft_file_status known;
static weft_coroutine *op_fstat(weft_file *file) {
    return weft_file_fstat(file, &known);
}
static weft_coroutine *op_truncate(weft_file *file) {
    return weft_file_truncate(file, 9);
}
static weft_coroutine *op_open(weft_file *file) {
    (void)file;
    return weft_file_open(path, "r");
}
static weft_coroutine *op_temporary(weft_file *file) {
    (void)file;
    return weft_file_open_temporary(other);
}
static weft_coroutine *op_read_all(weft_file *file) {
    (void)file;
    return weft_file_read_all(path, 100);
}
static weft_coroutine *op_write_all(weft_file *file) {
    (void)file;
    return weft_file_write_all(path, "123456789", 9);
}
static weft_coroutine *op_stat(weft_file *file) {
    (void)file;
    return weft_file_stat(path, &known);
}

static make_operation *const operations[] = {op_read,      op_line,     op_rest,      op_write,    op_read_at,
                                             op_write_at,  op_sync,     op_fstat,     op_truncate, op_open,
                                             op_temporary, op_read_all, op_write_all, op_stat};
enum { OPERATIONS = sizeof operations / sizeof *operations };

struct interrupted {
    weft_frame frame;
    make_operation *make;
    int ticks;
    bool close; /* else it is cancelled */
    weft_file *file;
    weft_task *task;
    weft_value value;
    const weft_error *error;
    bool ended;
    int i, count;
    char buffer[16];
};

/* What was cancelled loses nothing: the file reads on as if it had never been. */
static weft_async(interrupted) {
    weft_begin(interrupted);
    weft_await_to(self->file, weft_file_open(path, "r+"));
    self->task = weft_create_task(self->make(self->file));
    for (self->i = 0; self->i < self->ticks; self->i++)
        weft_await(weft_sleep(0));
    self->ended = weft_task_done(self->task);
    if (self->close) {
        weft_file_close(self->file);
        self->file = NULL;
    } else {
        weft_cancel(self->task);
    }
    weft_try {
        weft_await_to(self->value, self->task);
    }
    weft_catch_all(self->error) {
        CHECK_EQ_INT(self->error->code, self->close ? WEFT_INVALID_STATE : WEFT_CANCELLED);
    }
    if (self->file != NULL) {
        weft_await(weft_file_seek(self->file, 0, SEEK_SET));
        weft_await_to(self->count, weft_file_read(self->file, self->buffer, sizeof self->buffer));
        CHECK(self->count == 9 && memcmp(self->buffer, "123456789", 9) == 0);
    }
    weft_return(self->ended);
    weft_drop();
    weft_file_close(self->file);
    weft_end();
}

static void interrupt_each(bool close) {
    begin_case();
    descriptors = open_descriptors();
    for (int i = 0; i < OPERATIONS; i++)
        for (int ticks = 0;; ticks = ticks * 3 / 2 + 1) {
            weft_value value;
            put(path, "123456789");
            CHECK(weft_run(weft_call(interrupted, .make = operations[i], .ticks = ticks, .close = close),
                           &value, NULL));
            if (weft_value_bool(value) || ticks > 1000000)
                break;
        }
    CHECK(descriptors_become(descriptors));
    CHECK(holds(path, "123456789"));
    DIR *directory = opendir(folder); /* temporary files that somebody took are removed by them */
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, "other", 5) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    end_case(1);
}

TEST(a_cancellation_at_any_moment_leaves_nothing) {
    interrupt_each(false);
}

struct close_meanwhile {
    weft_frame frame;
    weft_file *file;
    weft_task *task;
    const weft_error *error;
    int told;
};

static weft_async(close_meanwhile) {
    weft_begin(close_meanwhile);
    weft_await_to(self->file, weft_file_open(path, "r"));
    self->task = weft_create_task(weft_file_readline(self->file));
    weft_await(weft_sleep(0.001));
    weft_file_close(self->file);
    weft_try {
        weft_await(self->task);
    }
    weft_catch_code(WEFT_INVALID_STATE, self->error) {
        self->told++;
    }
    CHECK_EQ_INT(self->told, 1);
    weft_end();
}

TEST(closing_ends_the_wait_of_others) {
    begin_case();
    CHECK(mkfifo(path, 0600) == 0);
    descriptors = open_descriptors();
    RUN(weft_call(close_meanwhile));
    CHECK_EQ_STR(said, "");
    CHECK(descriptors_become(descriptors));
    end_case(1);
    begin_case();
    put(path, "123456789");
    for (int i = 0; i < 8; i++) /* those on the file itself */
        for (int ticks = 0; ticks < 50; ticks = ticks * 2 + 1)
            RUN(weft_call(interrupted, .make = operations[i], .ticks = ticks, .close = true));
    CHECK(descriptors_become(descriptors));
    end_case(1);
}

/* --- What nobody closes --- */

static char reports[512];

static void remember(void *context, const char *text) {
    (void)context;
    snprintf(reports, sizeof reports, "%s", text);
}

struct forgotten {
    weft_frame frame;
    weft_file *file;
};

static weft_async(forgotten) {
    weft_begin(forgotten);
    weft_loop_set_debug(weft_loop_current(), true);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    weft_await(weft_file_open(path, "w")); /* nobody takes it */
    CHECK_EQ_STR(reports, "");
    weft_await_to(self->file, weft_file_open(path, "w"));
    weft_end();
}

TEST(what_nobody_closes_is_closed_with_the_loop) {
    begin_case();
    descriptors = open_descriptors();
    reports[0] = '\0';
    RUN(weft_call(forgotten));
    CHECK(strstr(reports, "a file was never closed") != NULL);
    CHECK(descriptors_become(descriptors));
    end_case(1);
}

TEST_MAIN(TEST_CASE(reads_and_writes_where_it_is_told), TEST_CASE(in_virtual_time_the_same),
          TEST_CASE(what_is_appended_goes_to_the_end), TEST_CASE(lines_come_without_their_ends),
          TEST_CASE(lines_too_long_or_with_a_zero_are_errors_and_reading_goes_on),
          TEST_CASE(a_large_file_comes_in_pieces),
          TEST_CASE(a_whole_file_is_replaced_at_once_and_keeps_its_permissions),
          TEST_CASE(what_is_too_much_is_refused), TEST_CASE(names_are_given_and_taken),
          TEST_CASE(errors_name_the_path_and_the_system_s_words),
          TEST_CASE(odd_names_are_files_and_do_no_harm_in_messages), TEST_CASE(misuse_is_told),
          TEST_CASE(a_full_disk_is_told), TEST_CASE(a_file_that_cannot_be_written_whole_is_left_as_it_was),
          TEST_CASE(too_many_open_files_is_told), TEST_CASE(a_named_pipe_blocks_nobody),
          TEST_CASE(two_tasks_may_read_elsewhere_but_not_at_the_position),
          TEST_CASE(a_cancellation_at_any_moment_leaves_nothing), TEST_CASE(closing_ends_the_wait_of_others),
          TEST_CASE(what_nobody_closes_is_closed_with_the_loop))
