/* try: every way to leave every part, alone and nested, with and without awaits in between.
 */

#include "plan.h"

/* --- Try within try: every plan against a model --- */

/* The parts of a plan (plan.h); a catch that is absent is -. */
enum { OUTER_BODY, BODY, CATCH, FINALLY, OUTER_CATCH, OUTER_FINALLY, PARTS };
static char plan[PARTS + 1];

#define CATCHES(letter) ((letter) == '-' ? NO_ERROR : MY_ERROR)

#define NEST(name)                       \
    struct name {                        \
        weft_frame frame;                \
        int round;                       \
        const weft_error *inner, *outer; \
    };
NEST(nest_in_body)
NEST(nest_in_catch)
NEST(nest_in_finally)

static weft_async(nest_in_body) {
    weft_begin(nest_in_body);
    weft_while(self->round++ < 2) {
        weft_try {
            ACT("outer-body", plan[OUTER_BODY]);
            weft_try {
                ACT("body", plan[BODY]);
            }
            weft_catch_code(CATCHES(plan[CATCH]), self->inner) {
                ACT("catch", plan[CATCH]);
            }
            weft_finally {
                ACT("finally", plan[FINALLY]);
            }
            ACT("tail", 'n');
        }
        weft_catch_code(CATCHES(plan[OUTER_CATCH]), self->outer) {
            ACT("outer-catch", plan[OUTER_CATCH]);
        }
        weft_finally {
            ACT("outer-finally", plan[OUTER_FINALLY]);
        }
        ACT("end", 'n');
    }
    say("after");
    weft_return("done");
    weft_end();
}

static weft_async(nest_in_catch) {
    weft_begin(nest_in_catch);
    weft_while(self->round++ < 2) {
        weft_try {
            ACT("outer-body", plan[OUTER_BODY]);
        }
        weft_catch_code(CATCHES(plan[OUTER_CATCH]), self->outer) {
            weft_try {
                ACT("body", plan[BODY]);
            }
            weft_catch_code(CATCHES(plan[CATCH]), self->inner) {
                ACT("catch", plan[CATCH]);
            }
            weft_finally {
                ACT("finally", plan[FINALLY]);
            }
            ACT("tail", 'n');
        }
        weft_finally {
            ACT("outer-finally", plan[OUTER_FINALLY]);
        }
        ACT("end", 'n');
    }
    say("after");
    weft_return("done");
    weft_end();
}

static weft_async(nest_in_finally) {
    weft_begin(nest_in_finally);
    weft_while(self->round++ < 2) {
        weft_try {
            ACT("outer-body", plan[OUTER_BODY]);
        }
        weft_catch_code(CATCHES(plan[OUTER_CATCH]), self->outer) {
            ACT("outer-catch", plan[OUTER_CATCH]);
        }
        weft_finally {
            weft_try {
                ACT("body", plan[BODY]);
            }
            weft_catch_code(CATCHES(plan[CATCH]), self->inner) {
                ACT("catch", plan[CATCH]);
            }
            weft_finally {
                ACT("finally", plan[FINALLY]);
            }
            ACT("tail", 'n');
        }
        ACT("end", 'n');
    }
    say("after");
    weft_return("done");
    weft_end();
}

/* The same in plain C. */
static const char *pending_error(const completion *end, const char *handled) {
    return end->how == 'e' ? end->text : handled;
}

/* `handled` is the error that the code around it is dealing with. */
static completion model_inner(const char *handled) {
    completion end = model_part("body", plan[BODY], handled);
    if (end.how == 'e' && plan[CATCH] != '-')
        end = model_part("catch", plan[CATCH], end.text);
    completion last = model_part("finally", plan[FINALLY], pending_error(&end, handled));
    if (last.how != 'n')
        end = last;
    if (end.how == 'n')
        end = model_part("tail", 'n', "");
    return end;
}

static completion model_outer(char shape) {
    completion end = model_part("outer-body", plan[OUTER_BODY], "");
    if (shape == 'b' && end.how == 'n')
        end = model_inner("");
    if (end.how == 'e' && plan[OUTER_CATCH] != '-')
        end = shape == 'c' ? model_inner(end.text) : model_part("outer-catch", plan[OUTER_CATCH], end.text);
    const char *pending = pending_error(&end, "");
    completion last =
        shape == 'f' ? model_inner(pending) : model_part("outer-finally", plan[OUTER_FINALLY], pending);
    return last.how == 'n' ? end : last;
}

static completion model(char shape) {
    model_said[0] = '\0';
    for (int round = 0; round < 2; round++) {
        completion end = model_outer(shape);
        if (end.how == 'n')
            world_add(model_said, sizeof model_said, " ", "end");
        else if (end.how == 'b')
            break;
        else if (end.how != 'c')
            return end;
    }
    world_add(model_said, sizeof model_said, " ", "after");
    return (completion){'r', "done"};
}

static weft_coroutine *nest_of(char shape) {
    return shape == 'b'   ? weft_call(nest_in_body)
           : shape == 'c' ? weft_call(nest_in_catch)
                          : weft_call(nest_in_finally);
}

struct compares {
    weft_frame frame;
    char shape;
    const char *how, *value;
    const weft_error *error;
    char text[200];
};

static void compare(const struct compares *self) {
    completion expected = model(self->shape);
    char actual[1400], wanted[1400];
    snprintf(actual, sizeof actual, "%s: %.1000s: %s %s", plan, world.said, self->how, self->text);
    snprintf(wanted, sizeof wanted, "%s: %s: %s %s", plan, model_said,
             expected.how == 'e' ? "raised" : "returned", expected.text);
    CHECK_EQ_STR(actual, wanted);
    world.said[0] = '\0';
}

weft_async(compares) {
    weft_begin(compares);
    self->how = "returned";
    weft_try {
        weft_await_to(self->value, nest_of(self->shape));
        snprintf(self->text, sizeof self->text, "%s", self->value);
    }
    weft_catch_all(self->error) {
        self->how = "raised";
        snprintf(self->text, sizeof self->text, "%s", chain_of(self->error));
    }
    compare(self);
    weft_end();
}

/* The letters that each part of a plan goes through. */
static const char *const letters_of[3][PARTS] = {
    {"nerbc", "nerbc", "-nerbcx", "nerbc", "-nerbcx", "nerbc"},
    {"e", "nerbc", "-nerbcx", "nerbc", "n", "nerbc"},
    {"nerbc", "nerbc", "-nerbcx", "nerbc", "-nerbcx", "n"},
};

static bool next_plan(size_t at[PARTS], const char *const letters[PARTS]) {
    for (size_t part = 0; part < PARTS; part++) {
        if (letters[part][++at[part]] != '\0')
            return true;
        at[part] = 0;
    }
    return false;
}

struct compares_all {
    weft_frame frame;
    int shape;
    size_t at[PARTS];
};

weft_async(compares_all) {
    weft_begin(compares_all);
    do {
        for (size_t part = 0; part < PARTS; part++)
            plan[part] = letters_of[self->shape][part][self->at[part]];
        if (plan[OUTER_BODY] != 'n' && self->shape == 0 && plan[BODY] != 'n')
            continue; /* what would be nested is not reached: one plan of these is enough */
        weft_await(weft_call(compares, .shape = "bcf"[self->shape]));
    } while (next_plan(self->at, letters_of[self->shape]));
    weft_end();
}

static void compare_all(int shape) {
    for (int i = 0; i < 2; i++) {
        awaits = i == 1;
        CHECK_EQ_STR(RUN(weft_call(compares_all, .shape = shape)), "none");
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(every_try_in_a_try) {
    compare_all(0);
}
TEST(every_try_in_a_catch) {
    compare_all(1);
}
TEST(every_try_in_a_finally) {
    compare_all(2);
}

/* --- Clauses --- */

struct raises {
    weft_frame frame;
    int code;
    double after;
};

weft_async(raises) {
    weft_begin(raises);
    if (self->after > 0)
        weft_await(weft_sleep(self->after));
    if (self->code == WEFT_CANCELLED)
        weft_raise_error(&weft_error_cancelled);
    if (self->code != 0)
        weft_raise(self->code, "raised");
    weft_return("fine");
    weft_end();
}

struct chooses {
    weft_frame frame;
    int code;
    const weft_error *error;
};

weft_async(chooses) {
    weft_begin(chooses);
    weft_try {
        weft_await(weft_call(raises, .code = self->code));
        say("no-error");
    }
    weft_catch_code(MY_ERROR, self->error) {
        say("mine");
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        say("timed-out");
    }
    weft_catch(self->error) {
        say("error");
    }
    weft_catch_code(OTHER_ERROR, self->error) {
        say("too-late");
    }
    weft_catch_all(self->error) {
        say("all");
    }
    weft_finally {
        say("finally %s", name_of(self->error));
    }
    weft_end();
}

TEST(the_first_clause_that_fits_catches) {
    RUN(weft_call(chooses));
    CHECK_EQ_STR(world.said, "no-error finally none");
    RUN(weft_call(chooses, .code = MY_ERROR));
    CHECK_EQ_STR(world.said, "mine finally Error 1001");
    RUN(weft_call(chooses, .code = WEFT_TIMED_OUT));
    CHECK_EQ_STR(world.said, "timed-out finally TimedOut");
    RUN(weft_call(chooses, .code = OTHER_ERROR));
    CHECK_EQ_STR(world.said, "error finally Error 1002");
    RUN(weft_call(chooses, .code = WEFT_CANCELLED));
    CHECK_EQ_STR(world.said, "all finally Cancelled");
    RUN(weft_call(chooses, .code = WEFT_GENERATOR_EXIT));
    CHECK_EQ_STR(world.said, "all finally GeneratorExit");
}

struct breaks {
    weft_frame frame;
    const weft_error *error;
};

weft_async(breaks) {
    weft_begin(breaks);
    weft_try {
        weft_raise(WEFT_BROKEN_BARRIER, "aborted");
    }
    weft_catch_code(WEFT_RUNTIME, self->error) {
        say("as RuntimeError");
    }
    weft_catch_code(WEFT_BROKEN_BARRIER, self->error) {
        say("by its own code");
    }
    weft_end();
}

TEST(a_code_is_caught_by_itself_alone) {
    RUN(weft_call(breaks));
    CHECK_EQ_STR(world.said, "by its own code");
}

/* Each clause alone, and none. */
struct alone {
    weft_frame frame;
    char which;
    const weft_error *error;
};

weft_async(alone) {
    weft_begin(alone);
    if (self->which == '0') {
        weft_try {
            weft_await(weft_call(raises, .code = MY_ERROR));
        }
    }
    if (self->which == 'c') {
        weft_try {
            weft_await(weft_call(raises, .code = MY_ERROR));
        }
        weft_catch(self->error) {
            say("caught");
        }
    }
    if (self->which == 'f') {
        weft_try {
            weft_await(weft_call(raises, .code = MY_ERROR));
        }
        weft_finally {
            say("finally");
        }
    }
    if (self->which == 'e') {
        weft_try {}
        weft_catch(self->error) {}
        weft_finally {}
    }
    say("after");
    weft_end();
}

TEST(clauses_may_be_absent) {
    CHECK_EQ_STR(RUN(weft_call(alone, .which = '0')), "Error 1001: raised");
    CHECK_EQ_STR(world.said, "");
    CHECK_EQ_STR(RUN(weft_call(alone, .which = 'c')), "none");
    CHECK_EQ_STR(world.said, "caught after");
    CHECK_EQ_STR(RUN(weft_call(alone, .which = 'f')), "Error 1001: raised");
    CHECK_EQ_STR(world.said, "finally");
    CHECK_EQ_STR(RUN(weft_call(alone, .which = 'e')), "none");
    CHECK_EQ_STR(world.said, "after");
}

/* --- Errors within errors --- */

static int try_line, reraise_line;

struct reraises {
    weft_frame frame;
    bool anew;
    const weft_error *error;
};

weft_async(reraises) {
    weft_begin(reraises);
    weft_try {
        try_line = __LINE__ + 1;
        weft_await(weft_call(raises, .code = MY_ERROR));
    }
    weft_catch(self->error) {
        weft_await(weft_sleep(1));
        if (!self->anew)
            weft_reraise;
        reraise_line = __LINE__ + 1;
        weft_raise_error(self->error);
    }
    weft_end();
}

TEST(a_reraised_error_keeps_its_traceback) {
    char way[200];
    CHECK_EQ_STR(RUN(weft_call(reraises)), "Error 1001: raised");
    snprintf(way, sizeof way, "line %d, in reraises\n  File \"%s\", line", try_line, __FILE__);
    CHECK(strstr(world.traceback, way) != NULL);
    CHECK(strstr(world.traceback, "in raises\nError 1001: raised\n") != NULL);
    CHECK_EQ_STR(RUN(weft_call(reraises, .anew = true)), "Error 1001: raised");
    snprintf(way, sizeof way, "line %d, in reraises\nError 1001: raised\n", reraise_line);
    CHECK(strstr(world.traceback, way) != NULL);
    CHECK(strstr(world.traceback, "in raises\n") == NULL);
}

struct converts {
    weft_frame frame;
    const weft_error *error, *again;
};

weft_async(converts) {
    weft_begin(converts);
    weft_try {
        weft_try {
            weft_raise(MY_ERROR, "first");
        }
        weft_catch(self->error) {
            weft_try {
                weft_raise(MY_ERROR, "second");
            }
            weft_catch(self->again) {
                say("%s", chain_of(self->again));
            }
            weft_raise(OTHER_ERROR, "third");
        }
    }
    weft_catch(self->error) {
        say("%s", chain_of(self->error));
    }
    weft_raise(MY_ERROR, "fourth"); /* nothing is being handled any more */
    weft_end();
}

TEST(an_error_raised_while_another_is_handled_has_it_as_its_cause) {
    CHECK_EQ_STR(RUN(weft_call(converts)), "Error 1001: fourth");
    CHECK_EQ_STR(world.said, "second<first third<first");
}

struct catches_nothing {
    weft_frame frame;
    bool in_try;
};

weft_async(catches_nothing) {
    weft_begin(catches_nothing);
    if (!self->in_try)
        weft_reraise;
    weft_try {
        weft_reraise;
    }
    weft_finally {
        say("finally");
    }
    weft_end();
}

TEST(reraising_outside_of_a_catch_is_an_error) {
    CHECK_EQ_STR(RUN(weft_call(catches_nothing)), "RuntimeError: weft_reraise outside of a weft_catch");
    CHECK_EQ_STR(RUN(weft_call(catches_nothing, .in_try = true)),
                 "RuntimeError: weft_reraise outside of a weft_catch");
    CHECK_EQ_STR(world.said, "finally");
}

/* --- Values through finally --- */

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

static void *made(void) {
    return malloc(1);
}

struct returns_through {
    weft_frame frame;
    char how;
    const weft_error *error;
};

weft_async(returns_through) {
    weft_begin(returns_through);
    weft_while(true) {
        weft_try {
            weft_try {
                weft_return_owned(made(), count_free);
            }
            weft_finally {
                weft_await(weft_sleep(1));
                say("freed %u", freed);
                if (self->how == 'e')
                    weft_raise(MY_ERROR, "instead");
                if (self->how == 'r')
                    weft_return_owned(made(), count_free);
                if (self->how == 'b')
                    weft_break;
            }
        }
        weft_catch(self->error) {
            say("caught");
        }
        weft_finally {
            weft_await(weft_sleep(1));
        }
        weft_return("after");
    }
    weft_end();
}

struct awaits_through {
    weft_frame frame;
    char how;
};

weft_async(awaits_through) {
    weft_begin(awaits_through);
    weft_await(weft_call(returns_through, .how = self->how));
    say("freed %u", freed);
    weft_end();
}

TEST(a_returned_value_survives_awaits_in_finally_and_is_freed_once) {
    static const struct {
        char how;
        const char *said;
    } cases[] = {{'n', "freed 0 freed 1"},
                 {'e', "freed 0 caught freed 1"},
                 {'r', "freed 0 freed 2"},
                 {'b', "freed 0 freed 1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        freed = 0;
        CHECK_EQ_STR(RUN(weft_call(awaits_through, .how = cases[i].how)), "none");
        CHECK_EQ_STR(world.said, cases[i].said);
        CHECK_EQ_STR(world.reports, "");
    }
}

/* --- Cancellation --- */

struct resists {
    weft_frame frame;
    char how;
    const weft_error *error;
};

weft_async(resists) {
    weft_begin(resists);
    weft_try {
        weft_await(weft_sleep(10));
    }
    weft_catch(self->error) {
        say("catch");
    }
    weft_catch_all(self->error) {
        say("%s@%g", chain_of(self->error), weft_time());
        if (self->how == 'r')
            weft_reraise;
        weft_await(weft_sleep(10));
        say("catch-went-on");
    }
    weft_finally {
        say("finally@%g", weft_time());
        weft_await(weft_sleep(10));
        say("finally-went-on@%g", weft_time());
    }
    weft_return("resisted");
    weft_end();
}

struct cancels {
    weft_frame frame;
    char how;
    int times;
    weft_task *task;
    const char *value;
    const weft_error *error;
};

weft_async(cancels) {
    weft_begin(cancels);
    self->task = weft_create_task(weft_call(resists, .how = self->how));
    while (self->times-- > 0) {
        weft_await(weft_sleep(1));
        weft_task_cancel(self->task, self->times == 0 ? "last" : NULL);
    }
    weft_await_to(self->value, self->task);
    say("%s", self->value);
    weft_end();
}

TEST(catch_all_takes_a_cancellation_and_finally_may_await_then) {
    RUN(weft_call(cancels, .times = 1));
    CHECK_EQ_STR(world.said, "last@1 catch-went-on finally@11 finally-went-on@21 resisted");
    CHECK_EQ_STR(RUN(weft_call(cancels, .times = 1, .how = 'r')), "Cancelled: last");
    CHECK_EQ_STR(world.said, "last@1 finally@1 finally-went-on@11");
}

TEST(a_second_cancellation_interrupts_the_catch_and_a_third_the_finally) {
    CHECK_EQ_STR(RUN(weft_call(cancels, .times = 2)), "Cancelled: last");
    CHECK_EQ_STR(world.said, "Cancelled@1 finally@2 finally-went-on@12");
    CHECK_EQ_STR(RUN(weft_call(cancels, .times = 3)), "Cancelled: last");
    CHECK_EQ_STR(world.said, "Cancelled@1 finally@2");
    CHECK_EQ_STR(RUN(weft_call(cancels, .times = 2, .how = 'r')), "Cancelled: last");
    CHECK_EQ_STR(world.said, "Cancelled@1 finally@1");
}

TEST_MAIN(TEST_CASE(every_try_in_a_try), TEST_CASE(every_try_in_a_catch), TEST_CASE(every_try_in_a_finally),
          TEST_CASE(the_first_clause_that_fits_catches), TEST_CASE(a_code_is_caught_by_itself_alone),
          TEST_CASE(clauses_may_be_absent), TEST_CASE(a_reraised_error_keeps_its_traceback),
          TEST_CASE(an_error_raised_while_another_is_handled_has_it_as_its_cause),
          TEST_CASE(reraising_outside_of_a_catch_is_an_error),
          TEST_CASE(a_returned_value_survives_awaits_in_finally_and_is_freed_once),
          TEST_CASE(catch_all_takes_a_cancellation_and_finally_may_await_then),
          TEST_CASE(a_second_cancellation_interrupts_the_catch_and_a_third_the_finally))
