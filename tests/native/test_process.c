/* Child processes, real ones: /bin/cat, sh, sleep, true. */

#define _GNU_SOURCE

#include "descriptors.h"
#include "weft_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/process.h>
#include <weft/uv.h>
#include <weft/weft.h>

/* No child, running or dead, is left. */
static bool childless(void) {
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* Runs it to its end; it must leave no descriptor and no child behind. */
static void run(weft_coroutine *(*make)(void)) {
    int before = open_descriptors();
    const weft_error *error = NULL;
    weft_value value;
    char words[256] = "";
    if (weft_run(make(), &value, &error)) {
        weft_value_free(&value);
    } else {
        weft_error_print(error, words, sizeof words);
        weft_error_release(error);
    }
    CHECK_EQ_STR(words, "");
    CHECK_EQ_INT(open_descriptors(), before);
    CHECK(childless());
}

/* What `run` calls to begin a program. */
#define CALLED(name)                           \
    static weft_coroutine *call_##name(void) { \
        return weft_call(name);                \
    }

static bool is(const weft_bytes *bytes, const char *text) {
    return bytes != NULL && CHECK_EQ_STR(bytes->data, text) && bytes->size == strlen(text);
}

enum { LIMIT = 1 << 20 };

/* --- Status --- */

struct statuses {
    weft_frame frame;
    weft_process *process;
    const weft_error *error;
    int status;
};

static weft_async(statuses) {
    weft_begin(statuses);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("true")));
    weft_with(self->process) {
        CHECK(weft_process_pid(self->process) > 0);
        CHECK(weft_process_input(self->process) == NULL);
        CHECK(weft_process_output(self->process) == NULL);
        weft_await_to(self->status, weft_process_wait(self->process));
        CHECK_EQ_INT(self->status, 0);
        CHECK(weft_process_check(self->process) == NULL);
        self->status = 7;
        weft_await_to(self->status, weft_process_wait(self->process)); /* again */
        CHECK_EQ_INT(self->status, 0);
        CHECK(!weft_process_kill(self->process));
    }
    weft_await_to(self->process, weft_process_start(.shell = "exit 3"));
    weft_with(self->process) {
        self->error = weft_process_check(self->process);
        CHECK_EQ_STR(self->error->message, "exit 3 still runs");
        weft_error_release(self->error);
        CHECK(!weft_process_ended(self->process, NULL));
        weft_await_to(self->status, weft_process_wait(self->process));
        CHECK_EQ_INT(self->status, 3);
        self->status = 0;
        CHECK(weft_process_ended(self->process, &self->status));
        CHECK_EQ_INT(self->status, 3);
        self->error = weft_process_check(self->process);
        CHECK_EQ_INT(self->error->code, WEFT_RUNTIME);
        CHECK_EQ_STR(self->error->message, "exit 3 ended with status 3");
        weft_error_release(self->error);
    }
    weft_end();
}
CALLED(statuses)

TEST(a_status_is_told) {
    run(call_statuses);
}

struct killed {
    weft_frame frame;
    weft_process *process;
    const weft_error *error;
    int status;
};

static weft_async(killed) {
    weft_begin(killed);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("sleep", "1000")));
    weft_with(self->process) {
        CHECK(weft_process_kill(self->process));
        weft_await_to(self->status, weft_process_wait(self->process));
        CHECK_EQ_INT(self->status, -SIGKILL);
        self->error = weft_process_check(self->process);
        CHECK_EQ_STR(self->error->message, "sleep was ended by signal 9 (Killed)");
        weft_error_release(self->error);
    }
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("sleep", "1000")));
    weft_with(self->process) {
        CHECK(!weft_process_signal(self->process, 1000)); /* there is none */
        CHECK(weft_process_terminate(self->process));
        weft_await_to(self->status, weft_process_wait(self->process));
        CHECK_EQ_INT(self->status, -SIGTERM);
    }
    weft_end();
}
CALLED(killed)

TEST(a_signal_that_ended_it_is_told) {
    run(call_killed);
}

/* --- Pipes --- */

struct cats {
    weft_frame frame;
    weft_process *process;
    char *line;
    int lines, status;
};

static weft_async(cats) {
    weft_begin(cats);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("cat"), .program = "/bin/cat",
                                                    .input = weft_stdio_pipe(), .output = weft_stdio_pipe()));
    weft_with(self->process) {
        CHECK(weft_process_errors(self->process) == NULL);
        weft_await(weft_stream_write(weft_process_input(self->process), "one\n", 4));
        weft_await_to(self->line, weft_stream_readline(weft_process_output(self->process)));
        CHECK_EQ_STR(self->line, "one");
        weft_free(self->line);
        weft_await(weft_stream_printf(weft_process_input(self->process), "two\nthree"));
        weft_stream_close(weft_process_input(self->process));
        weft_for_await (self->line, weft_stream_lines(weft_process_output(self->process))) {
            CHECK_EQ_STR(self->line, self->lines++ == 0 ? "two" : "three");
            weft_free(self->line);
        }
        CHECK_EQ_INT(self->lines, 2);
        weft_await_to(self->status, weft_process_wait(self->process));
        CHECK_EQ_INT(self->status, 0);
    }
    weft_end();
}
CALLED(cats)

TEST(it_is_talked_with_by_pipes) {
    run(call_cats);
}

struct half_closes {
    weft_frame frame;
    weft_process *process;
    weft_bytes *bytes;
    const weft_error *error;
    char *large;
};

/* A pipe ends as a socket does: behind what was written to it. */
static weft_async(half_closes) {
    weft_begin(half_closes);
    self->large = calloc(1, 300000);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("wc", "-c"), .input = weft_stdio_pipe(),
                                                    .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await(weft_stream_write(weft_process_input(self->process), self->large, 300000));
        weft_await(weft_stream_shutdown(weft_process_input(self->process)));
        weft_await_to(self->bytes, weft_stream_read_all(weft_process_output(self->process), LIMIT));
        CHECK(is(self->bytes, "300000\n"));
        weft_try {
            weft_await(weft_stream_write(weft_process_input(self->process), "more", 4));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_INVALID_STATE);
        }
    }
    weft_drop();
    weft_free(self->bytes);
    free(self->large);
    weft_end();
}
CALLED(half_closes)

TEST(its_input_is_ended_behind_what_was_written) {
    run(call_half_closes);
}

struct communicates {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
    char *large;
};

static weft_async(communicates) {
    weft_begin(communicates);
    weft_await_to(self->process,
                  weft_process_start(.shell = "cat; echo oh >&2; exit 2", .input = weft_stdio_pipe(),
                                     .output = weft_stdio_pipe(), .errors = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, "hello", 5, LIMIT));
        CHECK_EQ_INT(self->result->status, 2);
        CHECK(is(self->result->output, "hello"));
        CHECK(is(self->result->errors, "oh\n"));
        weft_process_result_free(self->result);
    }
    /* More than pipes hold, both ways at once. */
    self->large = malloc(600000);
    memset(self->large, 'x', 600000);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe(),
                                                    .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, self->large, 600000, LIMIT));
        CHECK_EQ_INT(self->result->status, 0);
        CHECK_EQ_INT(self->result->output->size, 600000);
        CHECK(memcmp(self->result->output->data, self->large, 600000) == 0);
        CHECK(self->result->errors == NULL);
        weft_process_result_free(self->result);
    }
    /* Stderr beside stdout. */
    weft_await_to(self->process,
                  weft_process_start(.shell = "echo out; echo err >&2", .input = weft_stdio_null(),
                                     .output = weft_stdio_pipe(), .errors = weft_stdio_output()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK(is(self->result->output, "out\nerr\n"));
        weft_process_result_free(self->result);
    }
    weft_drop();
    free(self->large);
    weft_end();
}
CALLED(communicates)

TEST(it_is_given_input_and_its_output_taken_whole) {
    run(call_communicates);
}

struct too_much {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
    const weft_error *error;
};

static weft_async(too_much) {
    weft_begin(too_much);
    weft_await_to(self->process,
                  weft_process_start(.shell = "while :; do echo more; done", .output = weft_stdio_pipe(),
                                     .input = weft_stdio_pipe(), .errors = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_try {
            weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, 1000));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_LIMIT);
        }
        CHECK(!weft_process_ended(self->process, NULL));
    }
    weft_end();
}
CALLED(too_much)

TEST(output_beyond_the_limit_is_an_error) {
    run(call_too_much);
}

struct early_end {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
    const weft_error *error;
    char *large;
};

/* A child that does not want its input: EPIPE, and this process lives. */
static weft_async(early_end) {
    weft_begin(early_end);
    self->large = calloc(1, 1000000);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("true"), .input = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await(weft_process_wait(self->process));
        weft_try {
            weft_await(weft_stream_write(weft_process_input(self->process), "to nobody", 9));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_STR(self->error->message, "cannot write: broken pipe (EPIPE)");
        }
    }
    /* While it is written to. */
    weft_await_to(self->process, weft_process_start(.shell = "head -c 100000 >&-; exec <&-; exit 4",
                                                    .input = weft_stdio_pipe(), .output = weft_stdio_pipe(),
                                                    .errors = weft_stdio_null()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, self->large, 1000000, LIMIT));
        CHECK_EQ_INT(self->result->status, 4);
        weft_process_result_free(self->result);
    }
    weft_drop();
    free(self->large);
    weft_end();
}
CALLED(early_end)

TEST(a_child_that_closes_its_stdin_early_is_no_harm) {
    run(call_early_end);
}

/* --- Where they lead --- */

struct leads {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
    int ends[2];
    char text[32];
};

static weft_async(leads) {
    weft_begin(leads);
    /* A descriptor stays ours. */
    CHECK(pipe(self->ends) == 0);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("echo", "-n", "there"),
                                                    .output = weft_stdio_descriptor(self->ends[1])));
    weft_with(self->process) {
        weft_await(weft_process_wait(self->process));
    }
    close(self->ends[1]);
    CHECK_EQ_INT(read(self->ends[0], self->text, sizeof self->text), 5);
    CHECK(memcmp(self->text, "there", 5) == 0);
    CHECK_EQ_INT(read(self->ends[0], self->text, sizeof self->text), 0); /* nobody else has it */
    close(self->ends[0]);
    /* What is null gives nothing and takes everything. Pipes are real ones: they have a name. */
    weft_await_to(self->process,
                  weft_process_start(.shell = "cat && echo said >&2 && echo named > /dev/stdout",
                                     .input = weft_stdio_null(), .output = weft_stdio_pipe(),
                                     .errors = weft_stdio_null()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK_EQ_INT(self->result->status, 0);
        CHECK(is(self->result->output, "named\n"));
        weft_process_result_free(self->result);
    }
    weft_end();
}
CALLED(leads)

TEST(stdio_leads_where_it_is_told_to) {
    run(call_leads);
}

struct surroundings {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
};

static weft_async(surroundings) {
    weft_begin(surroundings);
    weft_await_to(self->process,
                  weft_process_start(.shell = "pwd; echo $GREETING; echo ${HOME-no home}", .folder = "/",
                                     .environment = WEFT_ARGV("GREETING=hi", "PATH=/usr/bin:/bin"),
                                     .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK(is(self->result->output, "/\nhi\nno home\n"));
        weft_process_result_free(self->result);
    }
    /* The name that it is given is its first argument. */
    weft_await_to(self->process,
                  weft_process_start(.program = "/bin/sh", .argv = WEFT_ARGV("me", "-c", "echo $0"),
                                     .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK(is(self->result->output, "me\n"));
        weft_process_result_free(self->result);
    }
    /* All signals are as usual, SIGPIPE, too. */
    weft_await_to(self->process,
                  weft_process_start(.argv = WEFT_ARGV("grep", "SigIgn\\|SigBlk", "/proc/self/status"),
                                     .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK(is(self->result->output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"));
        weft_process_result_free(self->result);
    }
    weft_end();
}
CALLED(surroundings)

TEST(it_has_the_environment_and_folder_that_it_is_given) {
    run(call_surroundings);
}

struct counts {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
};

/* How many descriptors a child has. */
static weft_async(counts) {
    weft_begin(counts);
    weft_await_to(self->process,
                  weft_process_start(.shell = "ls /proc/self/fd | wc -l", .output = weft_stdio_pipe(),
                                     .errors = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        weft_return(atoi(self->result->output->data));
    }
    weft_drop();
    weft_process_result_free(self->result);
    weft_end();
}

struct inherits {
    weft_frame frame;
    weft_process *process;
    int alone, beside;
};

static weft_async(inherits) {
    weft_begin(inherits);
    weft_await_to(self->alone, weft_call(counts));
    weft_await_to(self->process,
                  weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe(),
                                     .output = weft_stdio_pipe(), .errors = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->beside, weft_call(counts));
        CHECK(self->alone >= 4);
        CHECK_EQ_INT(self->beside, self->alone);
    }
    weft_end();
}
CALLED(inherits)

TEST(a_child_has_no_pipe_of_anothers) {
    run(call_inherits);
}

/* --- Pipelines --- */

struct pipeline {
    weft_frame frame;
    weft_process *first, *second, *third;
    weft_process_result *result;
    const weft_error *error;
    int status;
};

static weft_async(pipeline) {
    weft_begin(pipeline);
    weft_await_to(self->first,
                  weft_process_start(.shell = "echo b; echo a; echo b", .output = weft_stdio_pipe()));
    weft_await_to(self->second,
                  weft_process_start(.argv = WEFT_ARGV("sort"), .output = weft_stdio_pipe(),
                                     .input = weft_stdio_stream(weft_process_output(self->first))));
    weft_await_to(self->third,
                  weft_process_start(.argv = WEFT_ARGV("uniq"), .output = weft_stdio_pipe(),
                                     .input = weft_stdio_stream(weft_process_output(self->second))));
    weft_with(self->first) {
        weft_with(self->second) {
            weft_with(self->third) {
                weft_await_to(self->result, weft_process_communicate(self->third, NULL, 0, LIMIT));
                CHECK(is(self->result->output, "a\nb\n"));
                weft_process_result_free(self->result);
                weft_await_to(self->status, weft_process_wait(self->first));
                CHECK_EQ_INT(self->status, 0);
                weft_await_to(self->status, weft_process_wait(self->second));
                CHECK_EQ_INT(self->status, 0);
                weft_try { /* it was handed over */
                    weft_await(weft_stream_read_all(weft_process_output(self->first), LIMIT));
                    CHECK(false);
                }
                weft_catch(self->error) {
                    CHECK_EQ_INT(self->error->code, WEFT_INVALID_STATE);
                }
            }
        }
    }
    weft_end();
}
CALLED(pipeline)

TEST(a_pipeline_is_connected_without_copying) {
    run(call_pipeline);
}

struct broken_pipeline {
    weft_frame frame;
    weft_process *first, *second;
    weft_process_result *result;
    int status;
};

/* The first ends by SIGPIPE when the second has gone: nobody else holds the pipe. */
static weft_async(broken_pipeline) {
    weft_begin(broken_pipeline);
    weft_await_to(self->first, weft_process_start(.argv = WEFT_ARGV("yes"), .output = weft_stdio_pipe()));
    weft_await_to(self->second,
                  weft_process_start(.argv = WEFT_ARGV("head", "-n", "1"), .output = weft_stdio_pipe(),
                                     .input = weft_stdio_stream(weft_process_output(self->first))));
    weft_with(self->first) {
        weft_with(self->second) {
            weft_await_to(self->result, weft_process_communicate(self->second, NULL, 0, LIMIT));
            CHECK(is(self->result->output, "y\n"));
            weft_process_result_free(self->result);
            weft_await_to(self->status, weft_process_wait(self->first));
            CHECK_EQ_INT(self->status, -SIGPIPE);
        }
    }
    weft_end();
}
CALLED(broken_pipeline)

TEST(who_writes_into_a_pipeline_learns_of_its_end) {
    run(call_broken_pipeline);
}

struct hands_over {
    weft_frame frame;
    weft_process *first, *second;
    weft_stream *stream;
    const weft_error *error;
    char text[4];
};

static weft_async(hands_over) {
    weft_begin(hands_over);
    weft_await_to(self->first, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe(),
                                                  .output = weft_stdio_pipe()));
    weft_with(self->first) {
        self->stream = weft_process_output(self->first);
        weft_try { /* a start that fails leaves it usable */
            weft_await(weft_process_start(.argv = WEFT_ARGV("/nowhere/program"),
                                          .input = weft_stdio_stream(self->stream)));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_STR(self->error->system, "ENOENT");
        }
        weft_await(weft_stream_write(weft_process_input(self->first), "abcdef", 6));
        weft_await(weft_stream_read_exactly(self->stream, self->text, 4));
        CHECK(memcmp(self->text, "abcd", 4) == 0);
        weft_try { /* what is in our memory cannot be the child's */
            weft_await(
                weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_stream(self->stream)));
        }
        weft_catch(self->error) {
            CHECK_EQ_STR(self->error->message, "a stream that was read from cannot be a process's");
        }
        weft_try {
            weft_await(weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_stream(NULL)));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_INVALID_ARGUMENT);
        }
        /* Closed between the call and the start. */
        weft_stream_close(weft_process_input(self->first));
        weft_try {
            weft_await(weft_process_start(.argv = WEFT_ARGV("cat"),
                                          .output = weft_stdio_stream(weft_process_input(self->first))));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_INT(self->error->code, WEFT_INVALID_STATE);
        }
    }
    weft_end();
}
CALLED(hands_over)

TEST(only_a_stream_that_is_untouched_is_handed_over) {
    run(call_hands_over);
}

/* --- What cannot start --- */

struct fails {
    weft_frame frame;
    const weft_error *error;
    int i;
};

static weft_coroutine *failing(int i) {
    switch (i) {
    case 0:
        return weft_process_start(.argv = WEFT_ARGV("no-such-program"), .input = weft_stdio_pipe(),
                                  .output = weft_stdio_pipe());
    case 1:
        return weft_process_start(.argv = WEFT_ARGV("/etc/passwd"));
    case 2:
        return weft_process_start(.argv = WEFT_ARGV("true"), .folder = "/no/such/folder");
    case 3:
        return weft_process_start(.argv = WEFT_ARGV("true"), .output = weft_stdio_descriptor(12345));
    case 4:
        return weft_process_start(.argv = NULL);
    case 5:
        return weft_process_start(.argv = WEFT_ARGV("true"), .shell = "true");
    case 6:
        return weft_process_start(.argv = WEFT_ARGV("true"), .output = weft_stdio_output());
    case 7:
        return weft_process_start(.argv = WEFT_ARGV("true"), .grace = -1);
    case 8:
        return weft_process_wait(NULL);
    case 9:
        return weft_process_communicate(NULL, NULL, 0, 0);
    default:
        return NULL;
    }
}

static weft_async(fails) {
    weft_begin(fails);
    static const char *const words[] = {
        "cannot start no-such-program: no such file or directory (ENOENT)",
        "cannot start /etc/passwd: permission denied (EACCES)",
        "cannot start true in /no/such/folder: no such file or directory (ENOENT)",
        "a process cannot have the descriptor 12345: bad file descriptor (EBADF)",
        "a process needs an argv or a shell's command",
        "a process has an argv or a shell's command, not both",
        "weft_stdio_output is for a process's errors",
        "a grace below zero",
        "NULL is no process",
        "NULL is no process",
    };
    for (self->i = 0; self->i < 10; self->i++) {
        weft_try {
            weft_await(failing(self->i));
            CHECK(false);
        }
        weft_catch(self->error) {
            CHECK_EQ_STR(self->error->message, words[self->i]);
        }
    }
    CHECK(weft_process_pid(NULL) == 0 && !weft_process_kill(NULL) && !weft_process_ended(NULL, NULL));
    CHECK(weft_process_output(NULL) == NULL && weft_process_check(NULL) != NULL);
    weft_process_close(NULL);
    weft_process_result_free(NULL);
    weft_end();
}
CALLED(fails)

TEST(what_cannot_start_says_why) {
    run(call_fails);
}

struct no_descriptors {
    weft_frame frame;
    struct rlimit before;
    int first, allowed, failed;
    weft_process *process;
    const weft_error *error;
};

static void allow(const struct no_descriptors *self) {
    struct rlimit few = self->before;
    few.rlim_cur = (rlim_t)(self->first + self->allowed);
    setrlimit(RLIMIT_NOFILE, &few);
}

/* With none left, one, two, …: an error or a child, and no descriptor lost. */
static weft_async(no_descriptors) {
    weft_begin(no_descriptors);
    getrlimit(RLIMIT_NOFILE, &self->before);
    self->first = dup(0);
    close(self->first);
    weft_try {
        for (; self->process == NULL && self->allowed < 30; self->allowed++) {
            allow(self);
            weft_try {
                weft_await_to(self->process,
                              weft_process_start(.argv = WEFT_ARGV("true"), .input = weft_stdio_pipe(),
                                                 .output = weft_stdio_pipe(), .errors = weft_stdio_pipe()));
            }
            weft_catch(self->error) {
                CHECK_EQ_STR(self->error->system, "EMFILE");
                self->failed++;
            }
        }
    }
    weft_finally {
        setrlimit(RLIMIT_NOFILE, &self->before);
    }
    CHECK(self->failed >= 6);
    weft_with(self->process) {
        weft_await(weft_process_wait(self->process));
    }
    weft_end();
}
CALLED(no_descriptors)

TEST(too_many_open_files_is_an_error) {
    run(call_no_descriptors);
}

/* --- Its end --- */

struct stubborn {
    weft_frame frame;
    weft_process *process;
    char *line;
    bool in_error;
    const weft_error *error;
};

/* It ignores SIGTERM, so SIGKILL comes after the time of grace; a block that an error leaves ends it, too. */
static weft_async(stubborn) {
    weft_begin(stubborn);
    weft_await_to(self->process, weft_process_start(.shell = "trap '' TERM; echo ready; exec sleep 1000",
                                                    .grace = 0.01, .output = weft_stdio_pipe()));
    weft_try {
        weft_with(self->process) {
            weft_await_to(self->line, weft_stream_readline(weft_process_output(self->process)));
            weft_free(self->line);
            weft_raise(WEFT_USER, "left by an error");
        }
    }
    weft_catch_code(WEFT_USER, self->error) {
        CHECK(childless());
    }
    weft_end();
}
CALLED(stubborn)

TEST(a_child_that_does_not_end_is_killed_at_the_end_of_its_block) {
    run(call_stubborn);
}

struct gentle {
    weft_frame frame;
    weft_process *process;
    weft_task *output;
    weft_bytes *bytes;
};

/* It is asked first, and has time to clean up. */
static weft_async(gentle) {
    weft_begin(gentle);
    weft_await_to(self->process,
                  weft_process_start(.shell =
                                         "trap 'echo bye; exit 0' TERM; echo ready; while :; do read x || "
                                         "sleep 0.01; done",
                                     .grace = 1000, .output = weft_stdio_pipe(), .input = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->bytes, weft_stream_read_until(weft_process_output(self->process), "ready\n"));
        weft_free(self->bytes);
        self->output = weft_create_task(weft_stream_read_all(weft_process_output(self->process), LIMIT));
        weft_await(weft_sleep(0));
        CHECK(weft_process_terminate(self->process));
        weft_await_to(self->bytes, self->output);
        CHECK(is(self->bytes, "bye\n"));
    }
    weft_end();
}
CALLED(gentle)

TEST(a_child_may_clean_up) {
    run(call_gentle);
}

struct groups {
    weft_frame frame;
    weft_process *process;
    weft_process_result *result;
    weft_bytes *bytes;
};

/* What a child has started holds its stdout; with a session of its own it gets the signal, too. */
static weft_async(groups) {
    weft_begin(groups);
    weft_await_to(self->process, weft_process_start(.shell = "sleep 1000 & echo ready; wait", .session = true,
                                                    .output = weft_stdio_pipe()));
    weft_with(self->process) {
        weft_await_to(self->bytes, weft_stream_read_until(weft_process_output(self->process), "ready\n"));
        weft_free(self->bytes);
        CHECK(weft_process_terminate(self->process));
        weft_await_to(self->result, weft_process_communicate(self->process, NULL, 0, LIMIT));
        CHECK_EQ_INT(self->result->status, -SIGTERM);
        weft_process_result_free(self->result);
    }
    weft_end();
}
CALLED(groups)

TEST(a_session_is_ended_as_a_whole) {
    run(call_groups);
}

struct many_wait {
    weft_frame frame;
    weft_process *process;
    weft_task *waiting[3];
    int i, status;
    const weft_error *error;
};

static weft_async(many_wait) {
    weft_begin(many_wait);
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe()));
    for (self->i = 0; self->i < 3; self->i++)
        self->waiting[self->i] = weft_create_task(weft_process_wait(self->process));
    weft_await(weft_sleep(0));
    weft_cancel(self->waiting[1]);
    weft_stream_close(weft_process_input(self->process));
    for (self->i = 0; self->i < 3; self->i += 2) {
        weft_await_to(self->status, self->waiting[self->i]);
        CHECK_EQ_INT(self->status, 0);
    }
    weft_process_close(self->process);
    /* Closed while they wait. */
    weft_await_to(self->process, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe()));
    for (self->i = 0; self->i < 2; self->i++)
        self->waiting[self->i] = weft_create_task(weft_process_wait(self->process));
    self->waiting[2] = weft_create_task(weft_process_communicate(self->process, NULL, 0, LIMIT));
    weft_await(weft_sleep(0));
    weft_process_close(self->process);
    for (self->i = 0; self->i < 3; self->i++) {
        weft_try {
            weft_await(self->waiting[self->i]);
            CHECK(false);
        }
        weft_catch_code(WEFT_INVALID_STATE, self->error) {
            CHECK_EQ_STR(self->error->message,
                         self->i < 2 ? "the process was closed" : "the stream is closed");
        }
    }
    weft_end();
}
CALLED(many_wait)

TEST(several_tasks_may_wait_for_one) {
    run(call_many_wait);
}

/* --- Cancellation --- */

struct busy {
    weft_frame frame;
    weft_process *first, *second;
    weft_process_result *result;
    char *line;
};

/* A bit of everything. */
static weft_async(busy) {
    weft_begin(busy);
    weft_await_to(self->first, weft_process_start(.argv = WEFT_ARGV("cat"), .input = weft_stdio_pipe(),
                                                  .output = weft_stdio_pipe()));
    weft_with(self->first) {
        weft_await_to(self->second,
                      weft_process_start(.shell = "read x; echo $x; cat",
                                         .input = weft_stdio_stream(weft_process_output(self->first)),
                                         .output = weft_stdio_pipe()));
        weft_with(self->second) {
            weft_await(weft_stream_write(weft_process_input(self->first), "a\nb\n", 4));
            weft_await_to(self->line, weft_stream_readline(weft_process_output(self->second)));
            CHECK_EQ_STR(self->line, "a");
            weft_free(self->line);
            weft_stream_close(weft_process_input(self->first));
            weft_await_to(self->result, weft_process_communicate(self->second, NULL, 0, LIMIT));
            CHECK(is(self->result->output, "b\n"));
            weft_process_result_free(self->result);
            weft_await(weft_process_wait(self->first));
        }
    }
    weft_end();
}

static weft_value nothing(void *argument) {
    (void)argument;
    return weft_none();
}

/* A program that is cancelled after so many looks at the world: it must end cleanly wherever that was. */
struct interrupted {
    weft_frame frame;
    int looks, again;
    weft_task *program;
    const weft_error *error;
};

static weft_async(interrupted) {
    weft_begin(interrupted);
    self->program = weft_create_task(weft_call(busy));
    while (self->looks-- > 0 && !weft_task_done(self->program))
        weft_await(weft_to_thread(nothing, NULL));
    if (!weft_cancel(self->program))
        weft_return(7);
    if (self->again) { /* while it ends its children, too */
        weft_await(weft_to_thread(nothing, NULL));
        weft_cancel(self->program);
    }
    weft_try {
        weft_await(self->program);
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        weft_return(0);
    }
    weft_return(7);
    weft_end();
}

/* Steps that double: how long children take is theirs to say. */
static void cancel_everywhere(int again) {
    int before = open_descriptors();
    int64_t ended = 0;
    for (int looks = 0; ended == 0 && looks < 1000000; looks += 1 + looks / 8) {
        weft_value value;
        if (!CHECK(weft_run(weft_call(interrupted, .looks = looks, .again = again), &value, NULL)))
            return;
        ended = weft_value_int(value);
        CHECK_EQ_INT(open_descriptors(), before);
        CHECK(childless());
    }
    CHECK_EQ_INT(ended, 7);
}

TEST(it_is_cancelled_at_every_await) {
    cancel_everywhere(0);
}

TEST(it_is_cancelled_twice) {
    cancel_everywhere(1);
}

/* --- What nobody closes --- */

static char said[256];

static void remember(void *context, const char *text) {
    (void)context;
    snprintf(said, sizeof said, "%s", text);
}

struct forgets {
    weft_frame frame;
    weft_process *process;
};

static weft_async(forgets) {
    weft_begin(forgets);
    weft_loop_set_debug(weft_loop_current(), true);
    weft_loop_set_reporter(weft_loop_current(), remember, NULL);
    weft_await(weft_process_start(.argv = WEFT_ARGV("sleep", "1000"))); /* nobody takes it */
    weft_await_to(self->process,
                  weft_process_start(.argv = WEFT_ARGV("sleep", "1000"), .output = weft_stdio_pipe()));
    weft_create_task(weft_process_wait(self->process));
    weft_create_task(weft_process_communicate(self->process, NULL, 0, LIMIT));
    weft_await(weft_sleep(0));
    weft_coroutine_close(weft_process_wait(self->process));
    weft_coroutine_close(weft_process_start(.argv = WEFT_ARGV("true"),
                                            .input = weft_stdio_stream(weft_process_output(self->process))));
    weft_end();
}

CALLED(forgets)

TEST(what_nobody_closes_is_killed_with_the_loop) {
    said[0] = '\0';
    run(call_forgets);
    CHECK(strstr(said, "a process was never closed") != NULL);
}

TEST(in_virtual_time_children_take_their_real_time) {
    setenv("WEFT_VIRTUAL", "1", 1);
    run(call_communicates);
    run(call_stubborn);
    unsetenv("WEFT_VIRTUAL");
}

/* --- In a uv_loop of the program's --- */

static int detached;

static void count_detached(weft_uv *attachment) {
    (void)attachment;
    detached++;
}

struct leaves {
    weft_frame frame;
    weft_process *process, *closed;
};

static weft_async(leaves) {
    weft_begin(leaves);
    weft_await_to(self->process,
                  weft_process_start(.argv = WEFT_ARGV("sleep", "1000"), .output = weft_stdio_pipe()));
    weft_await_to(self->closed, weft_process_start(.argv = WEFT_ARGV("sleep", "1000")));
    weft_process_close(self->closed);
    weft_end();
}

/* What is open does not keep uv_run from returning, and a detach takes it out. */
TEST(an_attached_loop_takes_its_children_with_it) {
    uv_loop_t uv;
    weft_uv attachment = {.data = NULL};
    int before = open_descriptors();
    detached = 0;
    CHECK_EQ_INT(uv_loop_init(&uv), 0);
    CHECK_EQ_INT(weft_uv_attach(&attachment, &uv, NULL), 0);
    weft_loop_start(attachment.loop, weft_call(leaves));
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(weft_uv_detach(&attachment, count_detached), 0);
    uv_run(&uv, UV_RUN_DEFAULT);
    CHECK_EQ_INT(detached, 1);
    CHECK_EQ_INT(uv_loop_close(&uv), 0);
    CHECK_EQ_INT(open_descriptors(), before);
    CHECK(childless());
}

/* --- SIGPIPE --- */

static void handle(int number) {
    (void)number;
}

static bool sigpipe_is(void (*handler)(int)) {
    struct sigaction now;
    sigaction(SIGPIPE, NULL, &now);
    return now.sa_handler == handler;
}

/* In a process of its own, which has opened nothing yet. Returns the number of the check that failed. */
static int check_sigpipe(bool handled) {
    signal(SIGPIPE, handled ? handle : SIG_DFL);
    weft_run(weft_coroutine_of(weft_sleep(0)), NULL, NULL);
    if (!sigpipe_is(handled ? handle : SIG_DFL))
        return 1;
    weft_run(call_statuses(), NULL, NULL);
    return sigpipe_is(handled ? handle : SIG_IGN) ? 0 : 2;
}

TEST(sigpipe_is_ignored_once_something_is_open_unless_it_is_handled) {
    for (int handled = 0; handled < 2; handled++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(check_sigpipe(handled));
        CHECK_EQ_INT(waitpid(child, &status, 0), child);
        CHECK_EQ_INT(status, 0);
    }
}

static void *run_communicates(void *argument) {
    (void)argument;
    return weft_run(weft_call(communicates), NULL, NULL) ? NULL : (void *)"failed";
}

TEST(other_threads_may_have_children_too) {
    pthread_t threads[3];
    void *failed;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, run_communicates, NULL) != 0)
            abort();
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &failed);
        CHECK(failed == NULL);
    }
    CHECK(childless());
}

/* The one of SIGPIPE comes first: nothing is open yet. */
TEST_MAIN(TEST_CASE(sigpipe_is_ignored_once_something_is_open_unless_it_is_handled),
          TEST_CASE(a_status_is_told), TEST_CASE(a_signal_that_ended_it_is_told),
          TEST_CASE(it_is_talked_with_by_pipes), TEST_CASE(its_input_is_ended_behind_what_was_written),
          TEST_CASE(it_is_given_input_and_its_output_taken_whole),
          TEST_CASE(output_beyond_the_limit_is_an_error),
          TEST_CASE(a_child_that_closes_its_stdin_early_is_no_harm),
          TEST_CASE(stdio_leads_where_it_is_told_to),
          TEST_CASE(it_has_the_environment_and_folder_that_it_is_given),
          TEST_CASE(a_child_has_no_pipe_of_anothers), TEST_CASE(a_pipeline_is_connected_without_copying),
          TEST_CASE(who_writes_into_a_pipeline_learns_of_its_end),
          TEST_CASE(only_a_stream_that_is_untouched_is_handed_over), TEST_CASE(what_cannot_start_says_why),
          TEST_CASE(too_many_open_files_is_an_error),
          TEST_CASE(a_child_that_does_not_end_is_killed_at_the_end_of_its_block),
          TEST_CASE(a_child_may_clean_up), TEST_CASE(a_session_is_ended_as_a_whole),
          TEST_CASE(several_tasks_may_wait_for_one), TEST_CASE(it_is_cancelled_at_every_await),
          TEST_CASE(it_is_cancelled_twice), TEST_CASE(what_nobody_closes_is_killed_with_the_loop),
          TEST_CASE(in_virtual_time_children_take_their_real_time),
          TEST_CASE(an_attached_loop_takes_its_children_with_it),
          TEST_CASE(other_threads_may_have_children_too))
