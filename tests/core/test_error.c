#include <weft/weft.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft_test.h"

enum { DEEP = 100000 };

static char text[4096];
static const char *text_of(const weft_error *error) {
    weft_error_print(error, text, sizeof text);
    return text;
}

/* Gives away the caller's reference. */
static const weft_error *caused_by(const weft_error *cause, int code, const char *message) {
    const weft_error *error = weft_error_from(cause, code, "%s", message);
    weft_error_release(cause);
    return error;
}

static const weft_error *group_of(const weft_error *first, const weft_error *second) {
    const weft_error *children[] = {first, second};
    const weft_error *group = weft_error_group("two failed", children, second == NULL ? 1 : 2);
    weft_error_release(first);
    weft_error_release(second);
    return group;
}

/* --- Names --- */

TEST(names_every_code) {
#define X(name, number, printed) CHECK_EQ_STR(weft_error_name(name), printed);
    WEFT_ERRORS(X)
#undef X
}

TEST(names_of_the_programs_own_codes) {
    CHECK_EQ_STR(weft_error_name(1001), "Error 1001");
    CHECK(weft_error_register(1001, "NotFound"));
    CHECK_EQ_STR(weft_error_name(1001), "NotFound");
    CHECK_EQ_STR(weft_error_name(1001 + 256), "Error 1257");
    CHECK(weft_error_register(1001, "Missing"));
    CHECK_EQ_STR(weft_error_name(1001), "Missing");
    CHECK(!weft_error_register(WEFT_TIMED_OUT, "Mine"));
    CHECK_EQ_STR(weft_error_name(WEFT_TIMED_OUT), "TimedOut");
    CHECK(!weft_error_register(1002, NULL));
}

TEST(two_names_live_at_a_time) {
    const char *one = weft_error_name(5001), *other = weft_error_name(5002);
    CHECK_EQ_STR(one, "Error 5001");
    CHECK_EQ_STR(other, "Error 5002");
}

TEST(registering_ends_when_there_is_no_room) {
    int registered = 0;
    for (int code = 20000; code < 22000; code++)
        registered += weft_error_register(code, "Many");
    CHECK(registered >= 100);
    CHECK(registered < 2000);
    CHECK_EQ_STR(weft_error_name(21999), "Error 21999");
}

/* --- Making --- */

TEST(an_error_has_its_words) {
    const weft_error *error = weft_error_new(WEFT_RUNTIME, "%s %d", "number", 7);
    CHECK_EQ_INT(error->code, WEFT_RUNTIME);
    CHECK_EQ_STR(error->message, "number 7");
    CHECK(error->cause == NULL);
    CHECK_EQ_INT(error->child_count, 0);
    weft_error_release(error);
}

TEST(a_message_may_be_long) {
    static char words[10000];
    memset(words, 'x', sizeof words - 1);
    const weft_error *error = weft_error_new(WEFT_RUNTIME, "%s", words);
    CHECK_EQ_STR(error->message, words);
    weft_error_release(error);
}

TEST(static_errors_are_never_freed) {
    CHECK(weft_error_retain(&weft_error_cancelled) == &weft_error_cancelled);
    for (int i = 0; i < 3; i++)
        weft_error_release(&weft_error_cancelled);
    CHECK_EQ_INT(weft_error_cancelled.code, WEFT_CANCELLED);
    CHECK_EQ_STR(weft_error_cancelled.message, "");
    weft_error_release(NULL);
    CHECK(weft_error_retain(NULL) == NULL);
}

TEST(a_failure_owns_its_error) {
    weft_value value = weft_failure(WEFT_SYSTEM, "ENOENT: %s", "a.txt");
    CHECK_EQ_INT(weft_value_error(value)->code, WEFT_SYSTEM);
    CHECK_EQ_STR(weft_value_error(value)->message, "ENOENT: a.txt");
    weft_value_free(&value);
    CHECK_EQ_INT(value.kind, WEFT_NONE);
}

/* --- Memory --- */

static int live, allowed;
static void *count_allocate(void *context, size_t size) {
    (void)context;
    void *pointer = allowed == 0 ? NULL : malloc(size);
    allowed -= allowed > 0;
    live += pointer != NULL;
    return pointer;
}
static void *count_reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = allowed == 0 ? NULL : realloc(pointer, size);
    live += moved != NULL && pointer == NULL;
    return moved;
}
static void count_release(void *context, void *pointer) {
    (void)context;
    live -= pointer != NULL;
    free(pointer);
}
static const weft_allocator counting = {count_allocate, count_reallocate, count_release, NULL};

/* Errors made in a loop that counts its memory. */
static weft_simulation world;
static void ignore_report(void *context, const char *report) {
    (void)context;
    (void)report;
}
static weft_loop *open_loop(void) {
    allowed = -1;
    weft_simulation_init(&world, NULL);
    weft_loop *loop = weft_loop_new(&world.host, &counting);
    weft_loop_set_reporter(loop, ignore_report, NULL);
    return loop;
}
static void close_loop(weft_loop *loop) {
    weft_loop_close(loop);
    weft_simulation_destroy(&world);
}

TEST(what_an_error_keeps_goes_with_it) {
    weft_loop *loop = open_loop();
    int before = live;
    const weft_error *cause = weft_error_new(1, "%s", "cause");
    const weft_error *error = weft_error_from(cause, 2, "%s", "error");
    CHECK(error->cause == cause);
    weft_error_release(cause);
    CHECK_EQ_STR(error->cause->message, "cause");
    const weft_error *group = group_of(error, weft_error_new(3, "%s", "other"));
    CHECK_EQ_INT(group->child_count, 2);
    CHECK_EQ_INT(live, before + 4);
    const weft_error *child = weft_error_retain(group->children[1]);
    weft_error_release(group);
    CHECK_EQ_INT(live, before + 1);
    CHECK_EQ_STR(child->message, "other");
    weft_error_release(child);
    CHECK_EQ_INT(live, before);
    close_loop(loop);
    CHECK_EQ_INT(live, 0);
}

TEST(an_error_outlives_its_loop) {
    weft_loop *loop = open_loop();
    const weft_error *error = weft_error_new(WEFT_RUNTIME, "%s", "still here");
    close_loop(loop);
    CHECK_EQ_INT(live, 1);
    CHECK_EQ_STR(error->message, "still here");
    weft_error_release(error);
    CHECK_EQ_INT(live, 0);
}

TEST(an_error_of_no_loop_ends_in_one) {
    const weft_error *error = weft_error_new(WEFT_RUNTIME, "%s", "from a thread");
    weft_loop *loop = open_loop();
    int before = live;
    weft_error_release(error);
    CHECK_EQ_INT(live, before);
    close_loop(loop);
    CHECK_EQ_INT(live, 0);
}

TEST(without_memory_it_is_out_of_memory) {
    weft_loop *loop = open_loop();
    const weft_error *cause = weft_error_new(WEFT_RUNTIME, "%s", "cause");
    allowed = 0;
    CHECK(weft_error_new(WEFT_RUNTIME, "%s", "x") == &weft_error_out_of_memory);
    CHECK(weft_error_from(cause, WEFT_RUNTIME, "%s", "x") == &weft_error_out_of_memory);
    CHECK(weft_error_group("x", &cause, 1) == &weft_error_out_of_memory);
    CHECK_EQ_INT(cause->references, 1);
    weft_value failure = weft_failure(WEFT_RUNTIME, "%s", "x");
    CHECK(weft_value_error(failure) == &weft_error_out_of_memory);
    weft_value_free(&failure);
    allowed = -1;
    weft_error_release(cause);
    close_loop(loop);
    CHECK_EQ_INT(live, 0);
}

/* --- Depth --- */

TEST(a_deep_chain_of_causes) {
    const weft_error *error = weft_error_new(WEFT_TIMED_OUT, "%s", "first");
    for (int i = 0; i < DEEP; i++)
        error = caused_by(error, WEFT_RUNTIME, "x");
    CHECK(!weft_error_has(error, WEFT_TIMED_OUT)); /* a cause is not a child */
    size_t line = strlen("caused by RuntimeError: x\n");
    CHECK_EQ_INT(weft_error_print(error, text, sizeof text), DEEP * line + strlen("TimedOut: first\n"));
    CHECK(strncmp(text, "RuntimeError: x\ncaused by RuntimeError: x\n", 42) == 0);
    weft_error_release(error);
}

TEST(deeply_nested_groups) {
    const weft_error *error = weft_error_new(WEFT_TIMED_OUT, "%s", "first");
    for (int i = 0; i < DEEP; i++)
        error = group_of(error, NULL);
    CHECK(weft_error_has(error, WEFT_TIMED_OUT));
    CHECK(!weft_error_has(error, WEFT_SYSTEM));
    CHECK(weft_error_print(error, text, sizeof text) > DEEP * strlen("ErrorGroup: two failed\n"));
    weft_error_release(error);
}

/* 2^60 paths, 61 errors. */
TEST(shared_children_are_gone_into_once) {
    const weft_error *error = weft_error_new(WEFT_TIMED_OUT, "%s", "first");
    for (int i = 0; i < 60; i++)
        error = group_of(weft_error_retain(error), error);
    CHECK(!weft_error_has(error, WEFT_SYSTEM));
    CHECK(weft_error_has(error, WEFT_TIMED_OUT));
    size_t once = weft_error_print(error, NULL, 0);
    CHECK(once < 60 * 2 * 128);
    CHECK_EQ_INT(weft_error_print(error, NULL, 0), once);
    weft_error_release(error);
}

/* --- Text --- */

TEST(prints_causes_and_children) {
    const weft_error *first =
        caused_by(weft_error_retain(&weft_error_timed_out), WEFT_SYSTEM, "ECONNRESET: peer left");
    const weft_error *group = group_of(first, group_of(weft_error_new(WEFT_RUNTIME, "%s", ""), NULL));
    const weft_error *error = caused_by(group, WEFT_INVALID_STATE, "not open");
    CHECK_EQ_STR(text_of(error), "InvalidState: not open\n"
                                 "caused by ErrorGroup: two failed\n"
                                 "  SystemError: ECONNRESET: peer left\n"
                                 "  caused by TimedOut\n"
                                 "  ErrorGroup: two failed\n"
                                 "    RuntimeError\n");
    weft_error_release(error);
}

TEST(a_groups_cause_stands_below_its_children) {
    const weft_error *cause = weft_error_new(WEFT_RUNTIME, "%s", "cause");
    const weft_error *outer = caused_by(caused_by(cause, WEFT_RUNTIME, "middle"), WEFT_RUNTIME, "outer");
    const weft_error *error = group_of(outer, weft_error_new(WEFT_TIMED_OUT, "%s", "late"));
    CHECK_EQ_STR(text_of(error), "ErrorGroup: two failed\n"
                                 "  RuntimeError: outer\n"
                                 "  caused by RuntimeError: middle\n"
                                 "  caused by RuntimeError: cause\n"
                                 "  TimedOut: late\n");
    weft_error_release(error);
}

TEST(print_keeps_what_fits) {
    char few[8];
    size_t whole = strlen("TimedOut\n");
    CHECK_EQ_INT(weft_error_print(&weft_error_timed_out, few, sizeof few), whole);
    CHECK_EQ_STR(few, "TimedOu");
    CHECK_EQ_INT(weft_error_print(NULL, few, sizeof few), 0);
    CHECK_EQ_STR(few, "");
}

/* --- Tracebacks --- */

struct descend {
    weft_frame frame;
    int levels;
};

static weft_async(descend) {
    weft_begin(descend);
    if (self->levels == 0)
        weft_raise(WEFT_RUNTIME, "the bottom");
    weft_await(weft_call(descend, .levels = self->levels - 1));
    weft_end();
}

/* Runs a coroutine that fails, and prints its error. */
static weft_task *run_to_failure(weft_loop *loop, weft_coroutine *coroutine) {
    weft_task *task = weft_loop_start(loop, coroutine);
    while (weft_simulation_turn(&world, loop, 0) == WEFT_TURN_MORE)
        ;
    weft_task_print_error(task, text, sizeof text);
    return task;
}

static int count_of(const char *what) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

TEST(a_traceback_begins_outermost) {
    weft_loop *loop = open_loop();
    weft_trace_entry entries[4] = {{NULL, NULL, 0}};
    weft_task *task = run_to_failure(loop, weft_call(descend, .levels = 2));
    CHECK_EQ_INT(weft_task_traceback(task, entries, 4), 3);
    CHECK_EQ_STR(entries[0].function, "descend");
    CHECK(strstr(entries[0].file, "test_error.c") != NULL);
    CHECK_EQ_INT(entries[0].line, entries[1].line);
    CHECK_EQ_INT(entries[2].line, entries[1].line - 1); /* the raise stands above the await */
    CHECK(strncmp(text, "Traceback (most recent call last):\n  File \"", 43) == 0);
    CHECK_EQ_INT(count_of("in descend\n"), 3);
    CHECK(strstr(text, "\nRuntimeError: the bottom\n") != NULL);
    close_loop(loop);
}

TEST(a_traceback_keeps_both_ends) {
    enum { FRAMES = 1001 };
    static weft_trace_entry entries[FRAMES];
    weft_loop *loop = open_loop();
    weft_task *task = run_to_failure(loop, weft_call(descend, .levels = FRAMES - 1));
    CHECK_EQ_INT(weft_task_traceback(task, entries, FRAMES), FRAMES);
    CHECK_EQ_INT(count_of("in descend\n"), 64);
    CHECK(strstr(text, "  … 937 more …\n") != NULL);
    CHECK(entries[63].function != NULL && entries[64].function == NULL);
    CHECK_EQ_INT(entries[62].line, entries[0].line);
    CHECK_EQ_INT(entries[63].line, entries[0].line - 1);
    close_loop(loop);
}

TEST(a_pending_task_has_no_traceback) {
    weft_loop *loop = open_loop();
    weft_task *task = weft_loop_start(loop, weft_call(descend, .levels = 0));
    CHECK_EQ_INT(weft_task_traceback(task, NULL, 0), 0);
    CHECK_EQ_INT(weft_task_print_error(task, text, sizeof text), 0);
    CHECK_EQ_STR(text, "");
    close_loop(loop);
}

TEST_MAIN(TEST_CASE(names_every_code), TEST_CASE(names_of_the_programs_own_codes),
          TEST_CASE(two_names_live_at_a_time), TEST_CASE(registering_ends_when_there_is_no_room),
          TEST_CASE(an_error_has_its_words), TEST_CASE(a_message_may_be_long),
          TEST_CASE(static_errors_are_never_freed), TEST_CASE(a_failure_owns_its_error),
          TEST_CASE(what_an_error_keeps_goes_with_it), TEST_CASE(an_error_outlives_its_loop),
          TEST_CASE(an_error_of_no_loop_ends_in_one), TEST_CASE(without_memory_it_is_out_of_memory),
          TEST_CASE(a_deep_chain_of_causes), TEST_CASE(deeply_nested_groups),
          TEST_CASE(shared_children_are_gone_into_once), TEST_CASE(prints_causes_and_children),
          TEST_CASE(a_groups_cause_stands_below_its_children), TEST_CASE(print_keeps_what_fits),
          TEST_CASE(a_traceback_begins_outermost), TEST_CASE(a_traceback_keeps_both_ends),
          TEST_CASE(a_pending_task_has_no_traceback))
