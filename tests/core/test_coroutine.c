/* Calling, awaiting, returning and raising: what a coroutine is without blocks. */

#include "world.h"

#include <math.h>

enum { MY_ERROR = WEFT_USER + 7 };

static unsigned drops;

/* --- Calling --- */

struct adds_up {
    weft_frame frame;
    int to, i, sum;
};

weft_async(adds_up) {
    weft_begin(adds_up);
    for (self->i = 1; self->i <= self->to; self->i++) {
        weft_await(weft_sleep(1));
        say("%d@%g", self->i, weft_time());
        self->sum += self->i;
    }
    weft_return(self->sum);
    weft_end();
}

TEST(an_await_in_a_loop_keeps_the_structure) {
    CHECK_EQ_STR(RUN(weft_call(adds_up, .to = 3)), "6");
    CHECK_EQ_STR(world.said, "1@1 2@2 3@3");
    CHECK_EQ_STR(world.reports, "");
}

struct speaks {
    weft_frame frame;
    const char *words;
};

weft_async(speaks) {
    weft_begin(speaks);
    say("%s", self->words == NULL ? "nothing" : self->words);
    weft_end();
}

struct calls_then_awaits {
    weft_frame frame;
    weft_coroutine *callee;
};

weft_async(calls_then_awaits) {
    weft_begin(calls_then_awaits);
    self->callee = weft_call(speaks, .words = "callee");
    say("called");
    weft_await(self->callee);
    say("awaited");
    weft_end();
}

TEST(calling_runs_nothing) {
    CHECK_EQ_STR(RUN(weft_call(calls_then_awaits)), "none");
    CHECK_EQ_STR(world.said, "called callee awaited");
}

TEST(a_call_without_arguments_zeroes_the_structure) {
    CHECK_EQ_STR(RUN(weft_call(speaks)), "none");
    CHECK_EQ_STR(world.said, "nothing");
}

struct takes_its_turn {
    weft_frame frame;
    int ticks;
    weft_task *task;
};

weft_async(takes_its_turn) {
    weft_begin(takes_its_turn);
    say("first");
    self->task = weft_create_task(weft_call(speaks, .words = "task"));
    weft_await(weft_call(speaks, .words = "direct")); /* an await of a coroutine gives no turn away */
    say("second");
    weft_await(self->task);
    say("third");
    weft_end();
}

TEST(awaiting_a_coroutine_gives_no_turn_away) {
    RUN(weft_call(takes_its_turn));
    CHECK_EQ_STR(world.said, "first direct second task third");
}

/* Declared before it is defined, as from a header. */
weft_declare(later);
struct later {
    weft_frame frame;
    int x;
};

struct calls_later {
    weft_frame frame;
    int x;
};

weft_async(calls_later) {
    weft_begin(calls_later);
    weft_await_to(self->x, weft_call(later, .x = 20));
    weft_return(self->x + 1);
    weft_end();
}

weft_async(later) {
    weft_begin(later);
    weft_return(self->x * 2);
    weft_end();
}

TEST(a_declared_coroutine_can_be_called_before_its_body) {
    CHECK_EQ_STR(RUN(weft_call(calls_later)), "41");
}

/* Several macros on one line, a switch and loops of the program's own: they do not disturb each other. */
struct crowded {
    weft_frame frame;
    int i, x;
    const weft_error *error;
};

/* clang-format off */
weft_async(crowded) {
    weft_begin(crowded);
    for (self->i = 0; self->i < 3; self->i++) {
        switch (self->i) {
        case 0: say("zero"); break;
        case 0x40000000: say("never"); break;
        default: say("more"); break;
        }
        if (self->i == 1)
            weft_await(weft_sleep(1));
        else
            weft_await_to(self->x, weft_call(later, .x = self->i));
    }
    weft_try { weft_with(weft_timeout(5)) { weft_await(weft_sleep(9)); } } weft_catch(self->error) { say("%s", name_of(self->error)); }
    weft_return(self->x);
    weft_end();
}
/* clang-format on */

TEST(different_macros_share_a_line) {
    CHECK_EQ_STR(RUN(weft_call(crowded)), "4");
    CHECK_EQ_STR(world.said, "zero more more TimedOut");
}

/* --- Returning --- */

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

static char *copy_of(const char *text) {
    return strcpy(malloc(strlen(text) + 1), text);
}

struct gives {
    weft_frame frame;
    bool gone; /* the value is */
    weft_value value;
};

weft_async(gives) {
    weft_begin(gives);
    self->gone = true;
    weft_return(self->value);
    weft_drop();
    if (!self->gone)
        weft_value_free(&self->value);
    weft_end();
}

#define GIVES(x) weft_call(gives, .value = weft_value_of(x))

TEST(returns_every_kind) {
    int thing;
    char pointer[32];
    snprintf(pointer, sizeof pointer, "%p", (void *)&thing);
    CHECK_EQ_STR(RUN(GIVES(weft_none())), "none");
    CHECK_EQ_STR(RUN(GIVES(-42)), "-42");
    CHECK_EQ_STR(RUN(GIVES(INT64_MIN)), "-9223372036854775808");
    CHECK_EQ_STR(RUN(GIVES((_Bool)1)), "true");
    CHECK_EQ_STR(RUN(GIVES(0.1)), "0.1");
    CHECK_EQ_STR(RUN(GIVES("words")), "words");
    CHECK_EQ_STR(RUN(GIVES((void *)&thing)), pointer);
}

struct returns_nothing {
    weft_frame frame;
    int how;
};

weft_async(returns_nothing) {
    weft_begin(returns_nothing);
    if (self->how == 1)
        weft_return_none();
    if (self->how == 2)
        weft_return(weft_none());
    weft_drop();
    drops++;
    weft_end();
}

TEST(reaching_the_end_or_the_drop_returns_none) {
    drops = 0;
    for (int how = 0; how < 3; how++)
        CHECK_EQ_STR(RUN(weft_call(returns_nothing, .how = how)), "none");
    CHECK_EQ_INT(drops, 3);
}

TEST(returning_a_failure_raises_its_error) {
    static const weft_error mine = {.code = WEFT_RUNTIME, .message = "mine"};
    CHECK_EQ_STR(RUN(GIVES((const weft_error *)&mine)), "RuntimeError: mine");
    CHECK_EQ_STR(RUN(GIVES(weft_failure(WEFT_TIMED_OUT, "after %d", 3))), "TimedOut: after 3");
    CHECK_EQ_STR(RUN(GIVES(weft_owned_string(NULL, free))), "OutOfMemory");
}

struct returns_owned {
    weft_frame frame;
    char how;
};

weft_async(returns_owned) {
    weft_begin(returns_owned);
    if (self->how == 's')
        weft_return_owned(copy_of("string"), count_free);
    if (self->how == 'p')
        weft_return_owned((void *)copy_of("pointer"), count_free);
    if (self->how == '0')
        weft_return_owned((char *)NULL, count_free);
    weft_return(weft_format("%s %d", "formatted", 5));
    weft_end();
}

struct awaits_owned {
    weft_frame frame;
    char how;
    bool into;
    const char *text;
    void *pointer;
};

weft_async(awaits_owned) {
    weft_begin(awaits_owned);
    if (!self->into)
        weft_await(weft_call(returns_owned, .how = self->how));
    else if (self->how == 'p')
        weft_await_to(self->pointer, weft_call(returns_owned, .how = self->how));
    else
        weft_await_to(self->text, weft_call(returns_owned, .how = self->how));
    say("freed %u", freed);
    if (self->pointer != NULL)
        count_free(self->pointer);
    if (self->text != NULL && self->how == 's')
        count_free((void *)self->text);
    else if (self->text != NULL)
        weft_free((void *)self->text);
    weft_end();
}

TEST(an_await_without_a_target_frees_the_value) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 's')), "none");
    CHECK_EQ_STR(world.said, "freed 1");
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 'p')), "none");
    CHECK_EQ_STR(world.said, "freed 2");
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 'f')), "none");
    CHECK_EQ_INT(freed, 2);
}

TEST(an_await_with_a_target_moves_the_value) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 's', .into = true)), "none");
    CHECK_EQ_STR(world.said, "freed 0");
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 'p', .into = true)), "none");
    CHECK_EQ_STR(world.said, "freed 1");
    CHECK_EQ_STR(RUN(weft_call(awaits_owned, .how = 'f', .into = true)), "none");
    CHECK_EQ_INT(freed, 2);
}

TEST(an_owned_null_is_out_of_memory) {
    CHECK_EQ_STR(RUN(weft_call(returns_owned, .how = '0')), "OutOfMemory");
    CHECK_EQ_STR(RUN(weft_call(returns_owned, .how = 'f')), "formatted 5");
}

/* --- Awaiting into every type --- */

typedef enum colour { RED, GREEN } colour;
struct thing {
    int x;
};
typedef struct thing *thing_pointer;
typedef const struct thing *const_thing_pointer;
typedef void *pointer;
typedef char *string;
typedef const char *const_string;
typedef signed char signed_char;
typedef unsigned char unsigned_char;
typedef unsigned short unsigned_short;
typedef unsigned long unsigned_long;
typedef long long long_long;
typedef unsigned long long unsigned_long_long;

/* Awaits the value into a variable of the type, and returns the variable. */
#define TAKER(name)                                                         \
    struct takes_##name {                                                   \
        weft_frame frame;                                                   \
        weft_value value;                                                   \
        name taken;                                                         \
    };                                                                      \
    static weft_async(takes_##name) {                                       \
        weft_begin(takes_##name);                                           \
        weft_await_to(self->taken, weft_call(gives, .value = self->value)); \
        say("took");                                                        \
        weft_return(self->taken);                                           \
        weft_end();                                                         \
    }                                                                       \
    static weft_coroutine *take_##name(weft_value value) {                  \
        return weft_call(takes_##name, .value = value);                     \
    }

TAKER(_Bool)
TAKER(char)
TAKER(signed_char)
TAKER(unsigned_char)
TAKER(short)
TAKER(unsigned_short)
TAKER(int)
TAKER(unsigned)
TAKER(long)
TAKER(unsigned_long)
TAKER(long_long)
TAKER(unsigned_long_long)
TAKER(float)
TAKER(double)
TAKER(string)
TAKER(const_string)
TAKER(pointer)
TAKER(thing_pointer)
TAKER(const_thing_pointer)
TAKER(colour)
TAKER(weft_value)

#define TAKES(name, given, printed) CHECK_EQ_STR(RUN(take_##name(weft_value_of(given))), printed)

TEST(takes_into_every_type) {
    struct thing thing = {0};
    char address[32];
    snprintf(address, sizeof address, "%p", (void *)&thing);
    TAKES(_Bool, (_Bool)1, "true");
    TAKES(char, 'x', "120");
    TAKES(signed_char, -100, "-100");
    TAKES(unsigned_char, 200, "200");
    TAKES(short, -30000, "-30000");
    TAKES(unsigned_short, 60000, "60000");
    TAKES(int, INT32_MIN, "-2147483648");
    TAKES(unsigned, UINT32_MAX, "4294967295");
    TAKES(long, -5L, "-5");
    TAKES(unsigned_long, 5UL, "5");
    TAKES(long_long, INT64_MAX, "9223372036854775807");
    TAKES(unsigned_long_long, 1ULL << 62, "4611686018427387904");
    TAKES(float, 0.5f, "0.5");
    TAKES(double, -1e300, "-1e+300");
    TAKES(string, "text", "text");
    TAKES(const_string, "text", "text");
    TAKES(pointer, (void *)&thing, address);
    TAKES(thing_pointer, &thing, address);
    TAKES(const_thing_pointer, (const struct thing *)&thing, address);
    TAKES(colour, GREEN, "1");
    TAKES(weft_value, 12, "12");
    TAKES(weft_value, "text", "text");
}

TEST(takes_values_of_near_kinds) {
    TAKES(double, 3, "3.0");
    TAKES(double, (_Bool)1, "1.0");
    TAKES(float, 3, "3.0");
    TAKES(pointer, weft_none(), "NULL");
    TAKES(const_string, weft_none(), "NULL");
    TAKES(weft_value, weft_none(), "none");
}

TEST(refuses_values_of_other_kinds) {
    static const struct {
        const char *name;
        weft_coroutine *(*take)(weft_value);
        const char *refused; /* initials of kinds: none, bool, int, double, string, pointer */
    } targets[] = {
        {"bool", take__Bool, "ndsp"},
        {"int", take_char, "ndsp"},
        {"int", take_int, "ndsp"},
        {"int", take_unsigned_long_long, "ndsp"},
        {"double", take_double, "nsp"},
        {"double", take_float, "nsp"},
        {"string", take_const_string, "bid"},
        {"string", take_string, "bid"},
        {"pointer", take_pointer, "bid"},
        {"pointer", take_thing_pointer, "bid"},
        {"failure", take_weft_value, ""},
    };
    static int thing;
    const weft_value values[] = {weft_none(),        weft_value_of((_Bool)1), weft_value_of(5),
                                 weft_value_of(2.5), weft_value_of("text"),   weft_value_of((void *)&thing)};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            const char *kind = weft_kind_name((weft_kind)values[k].kind);
            char refusal[100];
            snprintf(refusal, sizeof refusal, "TypeMismatch: the awaited value is %s, the variable takes %s",
                     kind, targets[i].name);
            RUN(targets[i].take(values[k]));
            if (strchr(targets[i].refused, kind[0]) != NULL) {
                CHECK_EQ_STR(world.outcome, refusal);
                CHECK_EQ_STR(world.said, "");
            } else {
                CHECK_EQ_STR(world.said, "took");
            }
        }
}

struct mismatches {
    weft_frame frame;
    int number;
    const weft_error *error;
};

weft_async(mismatches) {
    weft_begin(mismatches);
    self->number = 7;
    weft_try {
        weft_await_to(self->number, weft_call(returns_owned, .how = 's'));
    }
    weft_catch_code(WEFT_TYPE_MISMATCH, self->error) {
        say("%d freed %u", self->number, freed);
    }
    weft_end();
}

TEST(a_mismatch_frees_the_value_and_leaves_the_variable) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(mismatches)), "none");
    CHECK_EQ_STR(world.said, "7 freed 1");
}

/* --- Awaiting tasks and futures --- */

static void set_to_9(void *future) {
    say("set %d", weft_future_set_value(future, weft_value_of(9)));
}

struct awaits_future {
    weft_frame frame;
    weft_future *future;
    int x;
};

weft_async(awaits_future) {
    weft_begin(awaits_future);
    self->future = weft_create_future();
    if (weft_call_later(2, set_to_9, self->future) == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    weft_await_to(self->x, self->future);
    say("%d@%g", self->x, weft_time());
    weft_await_to(self->x, self->future); /* as often as one likes */
    weft_return(self->x + 1);
    weft_end();
}

TEST(awaits_a_future) {
    CHECK_EQ_STR(RUN(weft_call(awaits_future)), "10");
    CHECK_EQ_STR(world.said, "set 1 9@2");
}

struct awaits_task {
    weft_frame frame;
    weft_task *task;
    const char *text, *again;
    const weft_error *error;
};

weft_async(awaits_task) {
    weft_begin(awaits_task);
    self->task = weft_create_task(weft_call(returns_owned, .how = 's'));
    weft_await_to(self->text, self->task);
    weft_await_to(self->again, self->task);
    say("%s %d %u", self->text, self->text == self->again, freed);
    self->task = weft_create_task(weft_call(gives, .value = weft_failure(MY_ERROR, "of the task")));
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_end();
}

TEST(a_tasks_value_is_borrowed_and_its_error_raised_each_time) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(awaits_task)), "none");
    CHECK_EQ_STR(world.said, "string 1 0 of the task of the task");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_STR(world.reports, "");
}

struct awaits_sleep {
    weft_frame frame;
    weft_value value;
};

weft_async(awaits_sleep) {
    weft_begin(awaits_sleep);
    weft_await_to(self->value, weft_sleep(0.25));
    say("%s@%g", weft_kind_name((weft_kind)self->value.kind), weft_time());
    weft_await(weft_sleep(-1));
    say("@%g", weft_time());
    weft_await(weft_sleep(NAN));
    weft_end();
}

TEST(awaits_operations) {
    CHECK_EQ_STR(RUN(weft_call(awaits_sleep)), "InvalidArgument: a delay that is not a number");
    CHECK_EQ_STR(world.said, "none@0.25 @0.25");
}

/* --- Raising --- */

static int raise_line, await_line, outer_line;

struct raises {
    weft_frame frame;
    int number;
};

weft_async(raises) {
    weft_begin(raises);
    weft_await(weft_sleep(1));
    raise_line = __LINE__ + 1;
    weft_raise(MY_ERROR, "number %d", self->number);
    weft_drop();
    drops++;
    weft_end();
}

struct passes_on {
    weft_frame frame;
    bool task;
    const weft_error *error;
};

weft_async(passes_on) {
    weft_begin(passes_on);
    if (!self->task) {
        await_line = __LINE__ + 1;
        weft_await(weft_call(raises, .number = 5));
    } else {
        await_line = __LINE__ + 1;
        weft_await(weft_create_task(weft_call(raises, .number = 6)));
    }
    say("not reached");
    weft_drop();
    drops++;
    weft_end();
}

struct outermost {
    weft_frame frame;
    bool task;
};

weft_async(outermost) {
    weft_begin(outermost);
    outer_line = __LINE__ + 1;
    weft_await(weft_call(passes_on, .task = self->task));
    say("not reached");
    weft_drop();
    drops++;
    weft_end();
}

static const char *expected_traceback(const char *error) {
    static char text[2048];
    snprintf(text, sizeof text,
             "Traceback (most recent call last):\n"
             "  File \"%s\", line %d, in outermost\n"
             "  File \"%s\", line %d, in passes_on\n"
             "  File \"%s\", line %d, in raises\n"
             "%s",
             __FILE__, outer_line, __FILE__, await_line, __FILE__, raise_line, error);
    return text;
}

TEST(an_error_unwinds_with_functions_and_lines) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(outermost)), "Error 1007: number 5");
    CHECK_EQ_STR(world.said, "");
    CHECK_EQ_INT(drops, 3);
    CHECK_EQ_STR(world.traceback, expected_traceback("Error 1007: number 5\n"));
}

TEST(a_traceback_goes_through_tasks) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(outermost, .task = true)), "Error 1007: number 6");
    CHECK_EQ_INT(drops, 3);
    CHECK_EQ_STR(world.traceback, expected_traceback("Error 1007: number 6\n"));
    CHECK_EQ_STR(world.reports, "");
}

struct looks_at_error {
    weft_frame frame;
    const weft_error *error;
};

weft_async(looks_at_error) {
    weft_begin(looks_at_error);
    weft_try {
        weft_await(weft_call(raises, .number = 1));
    }
    weft_catch(self->error) {
        CHECK_EQ_INT(self->error->code, MY_ERROR);
        CHECK_EQ_STR(self->error->message, "number 1");
        CHECK_EQ_STR(self->error->function, "raises");
        CHECK_EQ_STR(self->error->file, __FILE__);
        CHECK_EQ_INT(self->error->line, raise_line);
        CHECK(self->error->cause == NULL);
        CHECK_EQ_INT((long long)self->error->child_count, 0);
    }
    weft_end();
}

TEST(an_error_knows_where_it_was_raised) {
    CHECK_EQ_STR(RUN(weft_call(looks_at_error)), "none");
}

struct raises_given {
    weft_frame frame;
    const weft_error *error;
};

weft_async(raises_given) {
    weft_begin(raises_given);
    raise_line = __LINE__ + 1;
    weft_raise_error(self->error);
    weft_end();
}

TEST(raises_an_error_that_exists) {
    char expected[200];
    CHECK_EQ_STR(RUN(weft_call(raises_given, .error = &weft_error_timed_out)), "TimedOut");
    snprintf(expected, sizeof expected,
             "Traceback (most recent call last):\n  File \"%s\", line %d, in raises_given\nTimedOut\n",
             __FILE__, raise_line);
    CHECK_EQ_STR(world.traceback, expected);
    CHECK_EQ_STR(RUN(weft_call(raises_given, .error = NULL)), "TypeMismatch: raised NULL, which is no error");
    CHECK_EQ_STR(RUN(weft_call(raises_given, .error = &weft_error_cancelled)), "Cancelled");
    CHECK_EQ_STR(world.traceback, "Cancelled\n");

    const weft_error *mine = weft_error_new(WEFT_RUNTIME, "mine");
    CHECK_EQ_STR(RUN(weft_call(raises_given, .error = mine)), "RuntimeError: mine");
    CHECK_EQ_INT(mine->references, 1);
    weft_error_release(mine);
}

struct raises_long {
    weft_frame frame;
    int length;
};

weft_async(raises_long) {
    weft_begin(raises_long);
    weft_raise(WEFT_RUNTIME, "%0*d", self->length, 7);
    weft_end();
}

TEST(a_message_of_any_length_is_kept) {
    static const int lengths[] = {1, 511, 512, 513, 2000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        RUN(weft_call(raises_long, .length = lengths[i]));
        CHECK_EQ_INT((long long)strlen(world.outcome), (long long)strlen("RuntimeError: ") + lengths[i]);
        CHECK_EQ_INT(world.outcome[strlen(world.outcome) - 1], '7');
    }
}

/* --- Chains of any depth --- */

enum { DEPTH = 1000000 };

struct deep {
    weft_frame frame;
    int left;
    char how;
    int below;
};

weft_async(deep) {
    weft_begin(deep);
    if (self->left == 0 && self->how == 'e')
        weft_raise(MY_ERROR, "from below");
    if (self->left == 0)
        weft_await(weft_sleep(1));
    else
        weft_await_to(self->below, weft_call(deep, .left = self->left - 1, .how = self->how));
    weft_return(self->below + 1);
    weft_drop();
    drops++;
    weft_end();
}

TEST(a_chain_a_million_deep_returns) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(deep, .left = DEPTH)), "1000001");
    CHECK_EQ_INT(drops, DEPTH + 1);
}

static unsigned lines_of(const char *text) {
    unsigned lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

TEST(an_error_unwinds_a_chain_a_million_deep) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(deep, .left = DEPTH, .how = 'e')), "Error 1007: from below");
    CHECK_EQ_INT(drops, DEPTH + 1);
    /* The words, 32 outermost, how many are missing, 32 innermost, the error. */
    CHECK_EQ_INT(lines_of(world.traceback), 1 + 32 + 1 + 32 + 1);
    CHECK(strstr(world.traceback, "\n  … 999937 more …\n") != NULL);
}

struct cancels_deep {
    weft_frame frame;
    weft_task *task;
};

weft_async(cancels_deep) {
    weft_begin(cancels_deep);
    self->task = weft_create_task(weft_call(deep, .left = DEPTH));
    weft_await(weft_sleep(0.5));
    weft_cancel(self->task);
    weft_await(self->task);
    weft_end();
}

TEST(a_cancellation_unwinds_a_chain_a_million_deep) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(cancels_deep)), "Cancelled");
    CHECK_EQ_INT(drops, DEPTH + 1);
}

TEST(closing_the_loop_drops_a_chain_a_million_deep) {
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(deep, .left = DEPTH));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    CHECK_EQ_INT(drops, 0);
    world_close();
    CHECK_EQ_INT(drops, DEPTH + 1);
    CHECK(strstr(world.reports, "destroyed while it was pending: it waits for a timer") != NULL);
}

/* --- What is known of a coroutine --- */

struct described {
    weft_frame frame;
    _Bool flag;
    char letter;
    unsigned char byte;
    short small;
    unsigned count;
    long long big;
    float narrow;
    double wide;
    char *text;
    const char *words;
    int *numbers;
    weft_value value;
    int undeclared;
};

weft_export(described, flag, letter, byte, small, count, big, narrow, wide, text, words, numbers, value);

weft_async(described) {
    weft_begin(described);
    weft_return(self->count);
    weft_end();
}

static void check_field(const weft_field *field, const char *name, weft_field_type type, size_t offset,
                        size_t size) {
    CHECK_EQ_STR(field->name, name);
    CHECK_EQ_INT(field->type, type);
    CHECK_EQ_INT(field->offset, (long long)offset);
    CHECK_EQ_INT(field->size, (long long)size);
}

#define CHECK_FIELD(index, name, type)                                         \
    check_field(&fields[index], #name, type, offsetof(struct described, name), \
                sizeof(((struct described *)0)->name))

TEST(describes_its_fields) {
    const weft_field *fields = weft_export_described()->fields->list;
    CHECK_FIELD(0, flag, WEFT_FIELD_BOOL);
    CHECK_FIELD(1, letter, WEFT_FIELD_INT);
    CHECK_FIELD(2, byte, WEFT_FIELD_UNSIGNED);
    CHECK_FIELD(3, small, WEFT_FIELD_INT);
    CHECK_FIELD(4, count, WEFT_FIELD_UNSIGNED);
    CHECK_FIELD(5, big, WEFT_FIELD_INT);
    CHECK_FIELD(6, narrow, WEFT_FIELD_FLOAT);
    CHECK_FIELD(7, wide, WEFT_FIELD_DOUBLE);
    CHECK_FIELD(8, text, WEFT_FIELD_STRING);
    CHECK_FIELD(9, words, WEFT_FIELD_STRING);
    CHECK_FIELD(10, numbers, WEFT_FIELD_POINTER);
    CHECK_FIELD(11, value, WEFT_FIELD_VALUE);
    CHECK(fields[12].name == NULL);
}

struct takes_nothing {
    weft_frame frame;
};
weft_export(takes_nothing);
static weft_async(takes_nothing) {
    weft_begin(takes_nothing);
    weft_end();
}

TEST(an_export_may_have_no_arguments) {
    const weft_type *type = weft_export_takes_nothing();
    CHECK_EQ_STR(type->name, "takes_nothing");
    CHECK(type->fields->list != NULL && type->fields->list[0].name == NULL);
}

TEST(an_export_is_known_by_name_and_size) {
    const weft_type *type = weft_export_described();
    CHECK_EQ_STR(type->name, "described");
    CHECK_EQ_STR(type->file, __FILE__);
    CHECK_EQ_INT(type->size, sizeof(struct described));
    CHECK(type->step == described_weft_step);
}

TEST(a_coroutine_tells_its_type_before_it_runs) {
    if (!CHECK(world_open()))
        return;
    weft_coroutine *coroutine = weft_call(described, .count = 3);
    CHECK(weft_coroutine_type(coroutine) == weft_export_described());
    CHECK_EQ_STR(world_finish(coroutine), "3");
    if (!CHECK(world_open()))
        return;
    coroutine = weft_call(speaks);
    CHECK_EQ_STR(weft_coroutine_type(coroutine)->name, "speaks");
    CHECK(weft_coroutine_type(coroutine)->fields->list == NULL);
    world_finish(coroutine);
}

TEST_MAIN(TEST_CASE(an_await_in_a_loop_keeps_the_structure), TEST_CASE(calling_runs_nothing),
          TEST_CASE(a_call_without_arguments_zeroes_the_structure),
          TEST_CASE(awaiting_a_coroutine_gives_no_turn_away),
          TEST_CASE(a_declared_coroutine_can_be_called_before_its_body),
          TEST_CASE(different_macros_share_a_line), TEST_CASE(returns_every_kind),
          TEST_CASE(reaching_the_end_or_the_drop_returns_none),
          TEST_CASE(returning_a_failure_raises_its_error),
          TEST_CASE(an_await_without_a_target_frees_the_value),
          TEST_CASE(an_await_with_a_target_moves_the_value), TEST_CASE(an_owned_null_is_out_of_memory),
          TEST_CASE(takes_into_every_type), TEST_CASE(takes_values_of_near_kinds),
          TEST_CASE(refuses_values_of_other_kinds),
          TEST_CASE(a_mismatch_frees_the_value_and_leaves_the_variable), TEST_CASE(awaits_a_future),
          TEST_CASE(a_tasks_value_is_borrowed_and_its_error_raised_each_time), TEST_CASE(awaits_operations),
          TEST_CASE(an_error_unwinds_with_functions_and_lines), TEST_CASE(a_traceback_goes_through_tasks),
          TEST_CASE(an_error_knows_where_it_was_raised), TEST_CASE(raises_an_error_that_exists),
          TEST_CASE(a_message_of_any_length_is_kept), TEST_CASE(a_chain_a_million_deep_returns),
          TEST_CASE(an_error_unwinds_a_chain_a_million_deep),
          TEST_CASE(a_cancellation_unwinds_a_chain_a_million_deep),
          TEST_CASE(closing_the_loop_drops_a_chain_a_million_deep), TEST_CASE(describes_its_fields),
          TEST_CASE(an_export_may_have_no_arguments), TEST_CASE(an_export_is_known_by_name_and_size),
          TEST_CASE(a_coroutine_tells_its_type_before_it_runs))
