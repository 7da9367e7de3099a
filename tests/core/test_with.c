/* with and while, and what crosses them: return, break, continue, cancellation. */

#include "plan.h"

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

static void *made(void) {
    return malloc(1);
}

/* --- With --- */

/* What a manager of the tests does: the letters of its enter, of the block's body, and of its exit. */
struct manages {
    char enter; /* 0 no function, - no coroutine, n normally, e raises, s a string, m frees an owned value */
    char exit;  /* 0, -, n, e; f answers false, t true, 1 one, s a string */
};

struct enters {
    weft_frame frame;
    struct manages *how;
};

weft_async(enters) {
    weft_begin(enters);
    weft_await(weft_sleep(1));
    say("enter");
    if (self->how->enter == 'e')
        weft_raise(MY_ERROR, "enter");
    if (self->how->enter == 's')
        weft_return("item");
    if (self->how->enter == 'm')
        weft_return_owned(made(), count_free);
    weft_end();
}

struct exits {
    weft_frame frame;
    struct manages *how;
    const weft_error *error;
};

weft_async(exits) {
    weft_begin(exits);
    weft_await(weft_sleep(1));
    say("exit(%s)", chain_of(self->error));
    if (self->how->exit == 'e')
        weft_raise(OTHER_ERROR, "exit");
    if (self->how->exit == 'f')
        weft_return((_Bool)0);
    if (self->how->exit == 't')
        weft_return((_Bool)1);
    if (self->how->exit == '1')
        weft_return(1);
    if (self->how->exit == 's')
        weft_return("no answer");
    weft_end();
}

static weft_coroutine *enter(void *object) {
    struct manages *how = object;
    return how->enter == '-' ? NULL : weft_call(enters, .how = how);
}

static weft_coroutine *leave(void *object, const weft_error *error) {
    struct manages *how = object;
    if (how->exit == '-')
        say("exit(%s)", chain_of(error));
    return how->exit == '-' ? NULL : weft_call(exits, .how = how, .error = error);
}

static weft_manager manager(struct manages *how) {
    return (weft_manager){
        .enter = how->enter == '0' ? NULL : enter, .exit = how->exit == '0' ? NULL : leave, .object = how};
}

struct with {
    weft_frame frame;
    struct manages how;
    char body;
    int round;
};

weft_async(with) {
    weft_begin(with);
    weft_while(self->round++ < 2) {
        weft_with(manager(&self->how)) {
            ACT("body", self->body);
        }
        say("end");
    }
    say("after");
    weft_return("done");
    weft_end();
}

static completion model_with(const struct manages *how, char body) {
    model_said[0] = '\0';
    for (int round = 0; round < 2; round++) {
        if (strchr("nesm", how->enter) != NULL)
            world_add(model_said, sizeof model_said, " ", "enter");
        if (how->enter == 'e')
            return (completion){'e', "enter"};
        completion end = model_part("body", body, "");
        if (how->exit != '0') {
            world_add(model_said, sizeof model_said, " ", end.how == 'e' ? "exit(body)" : "exit()");
            if (how->exit == 'e')
                return (completion){'e', "exit"};
            if (end.how == 'e' && (how->exit == 't' || how->exit == '1'))
                end.how = 'n';
        }
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

TEST(every_with) {
    freed = 0;
    unsigned owned = 0;
    for (const char *enter_letter = "0-nesm"; *enter_letter != '\0'; enter_letter++)
        for (const char *body = "nerbc"; *body != '\0'; body++)
            for (const char *exit_letter = "0-neft1s"; *exit_letter != '\0'; exit_letter++)
                for (int i = 0; i < 2; i++) {
                    struct manages how = {*enter_letter, *exit_letter};
                    char actual[600], wanted[600];
                    awaits = i == 1;
                    RUN(weft_call(with, .how = how, .body = *body));
                    completion expected = model_with(&how, *body);
                    snprintf(actual, sizeof actual, "%c%c%c: %.400s: %.100s", how.enter, *body, how.exit,
                             world.said, world.outcome);
                    snprintf(wanted, sizeof wanted, "%c%c%c: %.400s: %s%.100s", how.enter, *body, how.exit,
                             model_said,
                             expected.how == 'r'                  ? ""
                             : strcmp(expected.text, "exit") == 0 ? "Error 1002: "
                                                                  : "Error 1001: ",
                             expected.text);
                    CHECK_EQ_STR(actual, wanted);
                    for (const char *at = world.said; how.enter == 'm' && (at = strstr(at, "enter")); at++)
                        owned++;
                }
    CHECK(owned > 0);
    CHECK_EQ_INT(freed, owned);
}

struct with_as {
    weft_frame frame;
    struct manages how;
    const char *item;
    int number;
    weft_value owned;
};

weft_async(with_as) {
    weft_begin(with_as);
    if (self->number == 0) {
        weft_with_as(self->item, manager(&self->how)) {
            say("%s", self->item == NULL ? "NULL" : self->item);
            self->item = "changed";
            weft_await(weft_sleep(1));
            say("%s", self->item);
        }
    } else if (self->number == 1) {
        weft_with_as(self->number, manager(&self->how)) {
            say("not reached");
        }
    } else {
        weft_with_as(self->owned, manager(&self->how)) {
            say("freed %u", freed);
        }
    }
    weft_drop();
    weft_value_free(&self->owned);
    weft_end();
}

TEST(with_as_stores_what_entering_gave) {
    RUN(weft_call(with_as, .how = {'s', 'n'}));
    CHECK_EQ_STR(world.said, "enter item changed exit()");
    RUN(weft_call(with_as, .how = {'-', 'n'}));
    CHECK_EQ_STR(world.said, "NULL changed exit()");
    RUN(weft_call(with_as, .how = {'0', '0'}));
    CHECK_EQ_STR(world.said, "NULL changed");
}

TEST(with_as_moves_an_owned_value) {
    freed = 0;
    RUN(weft_call(with_as, .how = {'m', 'n'}, .number = 2));
    CHECK_EQ_STR(world.said, "enter freed 0 exit()");
    CHECK_EQ_INT(freed, 1);
}

TEST(a_with_as_that_does_not_fit_leaves_through_the_exit) {
    CHECK_EQ_STR(RUN(weft_call(with_as, .how = {'s', 'n'}, .number = 1)),
                 "TypeMismatch: the awaited value is string, the variable takes int");
    CHECK_EQ_STR(world.said, "enter exit(the awaited value is string, the variable takes int)");
}

struct cancelled_with {
    weft_frame frame;
    struct manages how;
};

weft_async(cancelled_with) {
    weft_begin(cancelled_with);
    weft_with(manager(&self->how)) {
        say("body");
        weft_await(weft_sleep(10));
    }
    say("after");
    weft_end();
}

struct cancels_with {
    weft_frame frame;
    struct manages how;
    double first, second;
    weft_task *task;
};

weft_async(cancels_with) {
    weft_begin(cancels_with);
    self->task = weft_create_task(weft_call(cancelled_with, .how = self->how));
    weft_await(weft_sleep(self->first));
    weft_cancel(self->task);
    if (self->second > 0) {
        weft_await(weft_sleep(self->second));
        weft_cancel(self->task);
    }
    weft_await(self->task);
    weft_end();
}

TEST(a_cancelled_with_runs_its_exit_which_may_await) {
    CHECK_EQ_STR(RUN(weft_call(cancels_with, .how = {'n', 'n'}, .first = 0.5)), "Cancelled");
    CHECK_EQ_STR(world.said, "");
    CHECK_EQ_STR(RUN(weft_call(cancels_with, .how = {'n', 'n'}, .first = 2)), "Cancelled");
    CHECK_EQ_STR(world.said, "enter body exit(Cancelled)");
    CHECK_EQ_STR(RUN(weft_call(cancels_with, .how = {'n', 't'}, .first = 2)), "none");
    CHECK_EQ_STR(world.said, "enter body exit(Cancelled) after");
    CHECK_EQ_STR(RUN(weft_call(cancels_with, .how = {'n', 'n'}, .first = 2, .second = 0.5)), "Cancelled");
    CHECK_EQ_STR(world.said, "enter body");
}

/* --- While --- */

struct loops {
    weft_frame frame;
    int i, k;
    struct manages how;
};

weft_async(loops) {
    weft_begin(loops);
    for (self->i = 0; self->i < 2; self->i++) {
        self->k = 0;
        weft_while(self->k++ < 6) {
            if (self->k == 1)
                continue; /* plain, directly in the loop */
            weft_with(manager(&self->how)) {
                weft_try {
                    if (self->k == 2)
                        weft_continue;
                    if (self->k == 4)
                        weft_break;
                    say("%d.%d", self->i, self->k);
                }
                weft_finally {
                    weft_await(weft_sleep(0));
                    say("f");
                }
            }
        }
        say("out");
    }
    weft_while(true) {
        weft_await(weft_sleep(1));
        break; /* plain, directly in the loop */
    }
    weft_while(false) {
        say("never");
    }
    weft_end();
}

TEST(breaks_and_continues_cross_blocks_to_the_nearest_loop) {
    CHECK_EQ_STR(RUN(weft_call(loops, .how = {'-', '-'})), "none");
    CHECK_EQ_STR(world.said, "f exit() 0.3 f exit() f exit() out f exit() 1.3 f exit() f exit() out");
    CHECK_EQ_STR(world.reports, "");
}

struct nested_loops {
    weft_frame frame;
    int i, k;
};

weft_async(nested_loops) {
    weft_begin(nested_loops);
    weft_while(self->i++ < 3) {
        self->k = 0;
        weft_while(self->k++ < 3) {
            weft_try {
                if (self->k == 2)
                    weft_break;
            }
            weft_finally {
                if (self->i == 2)
                    weft_continue;
            }
            say("%d.%d", self->i, self->k);
        }
        if (self->i == 2)
            weft_continue;
        say("end");
    }
    weft_end();
}

TEST(loops_nest) {
    RUN(weft_call(nested_loops));
    CHECK_EQ_STR(world.said, "1.1 end 3.1 end");
}

struct strays {
    weft_frame frame;
    bool again, in_try;
    const weft_error *error;
};

weft_async(strays) {
    weft_begin(strays);
    weft_try {
        if (self->in_try && self->again)
            weft_continue;
        if (self->in_try)
            weft_break;
    }
    weft_finally {
        say("finally");
    }
    if (self->again)
        weft_continue;
    weft_break;
    weft_end();
}

TEST(a_break_or_continue_without_a_loop_is_an_error) {
    for (int i = 0; i < 4; i++) {
        RUN(weft_call(strays, .again = i % 2, .in_try = i / 2));
        CHECK_EQ_STR(world.outcome,
                     i % 2 ? "RuntimeError: weft_continue outside of weft_while and weft_for_await"
                           : "RuntimeError: weft_break outside of weft_while and weft_for_await");
        CHECK_EQ_STR(world.said, "finally");
    }
}

/* --- Plain break and continue leave the innermost block --- */

static int block_line;

struct leaves_plainly {
    weft_frame frame;
    bool again;
    int i;
    const weft_error *error;
};

weft_async(leaves_plainly) {
    weft_begin(leaves_plainly);
    for (self->i = 0; self->i < 2; self->i++) {
        block_line = __LINE__ + 1;
        weft_try {
            weft_await(weft_sleep(1));
            if (self->again)
                continue;
            break;
        }
        weft_finally {
            say("finally");
        }
        say("after");
    }
    weft_end();
}

struct leaves_clauses {
    weft_frame frame;
    struct manages how;
    const weft_error *error;
};

weft_async(leaves_clauses) {
    weft_begin(leaves_clauses);
    weft_with(manager(&self->how)) {
        weft_try {
            weft_raise(MY_ERROR, "one");
        }
        weft_catch(self->error) {
            weft_await(weft_sleep(1));
            if (self->error != NULL)
                break;
            say("not reached");
        }
        weft_finally {
            say("finally");
            if (self->error != NULL)
                continue;
            say("not reached");
        }
        say("in-with");
        if (self->error != NULL)
            break;
        say("not reached");
    }
    say("after");
    weft_end();
}

TEST(a_plain_break_or_continue_closes_the_innermost_block) {
    CHECK_EQ_STR(RUN(weft_call(leaves_plainly)), "none");
    CHECK_EQ_STR(world.said, "finally after finally after");
    CHECK_EQ_STR(RUN(weft_call(leaves_plainly, .again = true)), "none");
    CHECK_EQ_STR(world.said, "finally after finally after");
    CHECK_EQ_STR(world.reports, "");
    CHECK_EQ_STR(RUN(weft_call(leaves_clauses, .how = {'n', 'n'})), "none");
    CHECK_EQ_STR(world.said, "enter finally in-with exit() after");
}

TEST(debug_mode_reports_a_plain_break_out_of_a_block) {
    char expected[300];
    world.debug = true;
    RUN(weft_call(leaves_plainly));
    snprintf(
        expected, sizeof expected,
        "%s:%d: leaves_plainly: a plain break leaves the block that begins here; weft_break leaves the loop",
        __FILE__, block_line);
    CHECK(strncmp(world.reports, expected, strlen(expected)) == 0);
    CHECK_EQ_STR(world.said, "finally after finally after");
    world.debug = true;
    RUN(weft_call(loops, .how = {'-', '-'}));
    CHECK_EQ_STR(world.reports, "");
    world.debug = true;
    RUN(weft_call(leaves_clauses, .how = {'n', 'n'}));
    CHECK(strstr(world.reports, "leaves_clauses: a plain break") != NULL);
}

TEST_MAIN(TEST_CASE(every_with), TEST_CASE(with_as_stores_what_entering_gave),
          TEST_CASE(with_as_moves_an_owned_value),
          TEST_CASE(a_with_as_that_does_not_fit_leaves_through_the_exit),
          TEST_CASE(a_cancelled_with_runs_its_exit_which_may_await),
          TEST_CASE(breaks_and_continues_cross_blocks_to_the_nearest_loop), TEST_CASE(loops_nest),
          TEST_CASE(a_break_or_continue_without_a_loop_is_an_error),
          TEST_CASE(a_plain_break_or_continue_closes_the_innermost_block),
          TEST_CASE(debug_mode_reports_a_plain_break_out_of_a_block))
