/* Asynchronous generators: weft_for_await, and the operations that drive one by hand. */

#include "world.h"

enum { MY_ERROR = WEFT_USER + 1, OTHER_ERROR = WEFT_USER + 2, NO_ERROR = WEFT_USER + 3 };

static unsigned drops, freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

/* --- For-await --- */

/* Yields from..to, resting between, and says how it ends. */
struct counts {
    weft_frame frame;
    int from, to;
    double rest;
    char ending; /* e: raises at the end; f: in its finally; y: yields in its finally; c: catches all */
    const weft_error *error;
};

weft_async(counts) {
    weft_begin(counts);
    weft_try {
        while (self->from <= self->to) {
            if (self->rest > 0)
                weft_await(weft_sleep(self->rest));
            weft_yield(self->from++);
        }
        if (self->ending == 'e')
            weft_raise(MY_ERROR, "at the end");
        say("end");
    }
    weft_catch_code(self->ending == 'c' ? WEFT_GENERATOR_EXIT : NO_ERROR, self->error) {
        say("closed");
    }
    weft_finally {
        weft_await(weft_sleep(1));
        say("finally@%g", weft_time());
        if (self->ending == 'f')
            weft_raise(MY_ERROR, "in finally");
        if (self->ending == 'y')
            weft_yield(-1);
    }
    weft_return("ignored");
    weft_drop();
    drops++;
    weft_end();
}

struct sums {
    weft_frame frame;
    int to;
    char ending, leave;
    int item, round;
    double rest, rest_of_generator;
    const weft_error *error;
};

weft_async(sums) {
    weft_begin(sums);
    weft_while(self->round++ < 1) {
        weft_for_await (self->item, weft_call(counts, .from = 1, .to = self->to, .ending = self->ending,
                                              .rest = self->rest_of_generator)) {
            say("%d", self->item);
            if (self->rest > 0)
                weft_await(weft_sleep(self->rest));
            if (self->leave == 'b' && self->item == 2)
                break;
            if (self->leave == 'c' && self->item == 2)
                continue;
            weft_try {
                if (self->item == 2 && self->leave == 'B')
                    weft_break;
                if (self->item == 2 && self->leave == 'C')
                    weft_continue;
                if (self->item == 2 && self->leave == 'e')
                    weft_raise(OTHER_ERROR, "in the body");
                if (self->item == 2 && self->leave == 'r')
                    weft_return("returned");
            }
            weft_finally {
                say("f");
            }
        }
        say("after");
    }
    say("out");
    weft_end();
}

TEST(for_await_takes_every_item) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3)), "none");
    CHECK_EQ_STR(world.said, "1 f 2 f 3 f end finally@1 after out");
    CHECK_EQ_INT(drops, 1);
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 0)), "none");
    CHECK_EQ_STR(world.said, "end finally@1 after out");
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 2, .rest = 1, .rest_of_generator = 2)), "none");
    CHECK_EQ_STR(world.said, "1 f 2 f end finally@7 after out");
    CHECK_EQ_INT(drops, 3);
}

TEST(for_await_closes_its_generator_however_it_is_left) {
    static const struct {
        char leave;
        const char *outcome, *said;
    } cases[] = {
        {'b', "none", "1 f 2 finally@1 after out"},
        {'B', "none", "1 f 2 f finally@1 after out"},
        {'c', "none", "1 f 2 3 f end finally@1 after out"},
        {'C', "none", "1 f 2 f 3 f end finally@1 after out"},
        {'e', "Error 1002: in the body", "1 f 2 f finally@1"},
        {'r', "returned", "1 f 2 f finally@1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .leave = cases[i].leave)), cases[i].outcome);
        CHECK_EQ_STR(world.said, cases[i].said);
        CHECK_EQ_INT(drops, 1);
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(a_generators_error_arrives_at_the_loop) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 1, .ending = 'e')), "Error 1001: at the end");
    CHECK_EQ_STR(world.said, "1 f finally@1");
    CHECK(strstr(world.traceback, "in sums\n") != NULL);
    CHECK(strstr(world.traceback, "in counts\nError 1001: at the end\n") != NULL);
    CHECK_EQ_INT(drops, 1);
}

TEST(an_error_while_closing_replaces_what_was_on_its_way) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .ending = 'f', .leave = 'b')),
                 "Error 1001: in finally\ncaused by GeneratorExit");
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .ending = 'f', .leave = 'e')),
                 "Error 1001: in finally\ncaused by GeneratorExit");
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .ending = 'f', .leave = 'r')),
                 "Error 1001: in finally\ncaused by GeneratorExit");
    CHECK_EQ_INT(drops, 3);
}

TEST(a_yield_while_closing_is_an_error) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .ending = 'y', .leave = 'b')),
                 "RuntimeError: a generator that was being closed yielded");
    CHECK_EQ_INT(drops, 1);
}

TEST(a_generator_may_catch_its_closing) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(sums, .to = 3, .ending = 'c', .leave = 'b')), "none");
    CHECK_EQ_STR(world.said, "1 f 2 closed finally@1 after out");
    CHECK_EQ_INT(drops, 1);
}

struct cancels_sums {
    weft_frame frame;
    double after, rest, rest_of_generator;
    weft_task *task;
};

weft_async(cancels_sums) {
    weft_begin(cancels_sums);
    self->task = weft_create_task(
        weft_call(sums, .to = 3, .rest = self->rest, .rest_of_generator = self->rest_of_generator));
    weft_await(weft_sleep(self->after));
    weft_task_cancel(self->task, "enough");
    weft_await(self->task);
    weft_end();
}

TEST(a_cancellation_closes_the_generator) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(cancels_sums, .after = 15, .rest = 10)), "Cancelled: enough");
    CHECK_EQ_STR(world.said, "1 f 2 finally@16");
    CHECK_EQ_STR(RUN(weft_call(cancels_sums, .after = 15, .rest_of_generator = 10)), "Cancelled: enough");
    CHECK_EQ_STR(world.said, "1 f finally@16");
    CHECK_EQ_STR(RUN(weft_call(cancels_sums, .after = 0, .rest = 10)), "Cancelled: enough");
    CHECK_EQ_INT(drops, 3);
}

struct yields_kind {
    weft_frame frame;
    bool owned;
    int left;
};

weft_async(yields_kind) {
    weft_begin(yields_kind);
    while (self->left-- > 0) {
        if (self->owned)
            weft_yield(weft_owned_string(strcpy(malloc(5), "text"), count_free));
        else
            weft_yield("text");
    }
    weft_drop();
    drops++;
    weft_end();
}

struct takes_items {
    weft_frame frame;
    char as;
    bool owned;
    const char *text;
    int number;
    weft_value value;
    const weft_error *error;
};

weft_async(takes_items) {
    weft_begin(takes_items);
    if (self->as == 's') {
        weft_for_await (self->text, weft_call(yields_kind, .owned = self->owned, .left = 2)) {
            say("%s freed %u", self->text, freed);
            if (self->owned)
                count_free((void *)self->text);
        }
    } else if (self->as == 'v') {
        weft_for_await (self->value, weft_call(yields_kind, .owned = self->owned, .left = 2)) {
            say("%s", self->value.as.string);
            weft_value_free(&self->value);
        }
    } else {
        weft_try {
            weft_for_await (self->number, weft_call(yields_kind, .owned = self->owned, .left = 2)) {
                say("not reached");
            }
        }
        weft_catch(self->error) {
            say("%s", self->error->message);
        }
    }
    say("freed %u", freed);
    weft_end();
}

TEST(items_move_to_the_variable) {
    drops = freed = 0;
    RUN(weft_call(takes_items, .as = 's'));
    CHECK_EQ_STR(world.said, "text freed 0 text freed 0 freed 0");
    RUN(weft_call(takes_items, .as = 's', .owned = true));
    CHECK_EQ_STR(world.said, "text freed 0 text freed 1 freed 2");
    RUN(weft_call(takes_items, .as = 'v', .owned = true));
    CHECK_EQ_STR(world.said, "text text freed 4");
    CHECK_EQ_INT(drops, 3);
}

TEST(an_item_that_does_not_fit_ends_the_loop_and_is_freed) {
    drops = freed = 0;
    RUN(weft_call(takes_items, .as = 'n', .owned = true));
    CHECK_EQ_STR(world.said, "the awaited value is string, the variable takes int freed 1");
    CHECK_EQ_INT(drops, 1);
}

/* Generators of generators: each level passes on what the one below yields. */
struct passes_up {
    weft_frame frame;
    int level, item, left;
};

weft_async(passes_up) {
    weft_begin(passes_up);
    if (self->level == 0) {
        while (self->left-- > 0) {
            weft_await(weft_sleep(1));
            weft_yield(self->left);
        }
    } else {
        weft_for_await (self->item, weft_call(passes_up, .level = self->level - 1, .left = self->left)) {
            weft_yield(self->item);
        }
    }
    weft_drop();
    drops++;
    weft_end();
}

struct takes_from_below {
    weft_frame frame;
    int level, left, item, sum;
    char how;
};

weft_async(takes_from_below) {
    weft_begin(takes_from_below);
    weft_for_await (self->item, weft_call(passes_up, .level = self->level, .left = self->left)) {
        self->sum += self->item;
        if (self->how == 'b' && self->item == 1)
            break;
        if (self->how == 's' && self->item == 1)
            weft_await(weft_sleep(1e9));
    }
    weft_return(self->sum);
    weft_end();
}

TEST(generators_nest) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(takes_from_below, .level = 5, .left = 4)), "6");
    CHECK_EQ_INT(drops, 6);
    CHECK_EQ_STR(RUN(weft_call(takes_from_below, .level = 5, .left = 4, .how = 'b')), "6");
    CHECK_EQ_INT(drops, 12);
}

/* Where no memory is used again, a walk over all tasks meets those that are gone, too. */
enum { DEPTH = WORLD_REUSES ? 300000 : 3000 };

TEST(generators_nest_deep) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(takes_from_below, .level = DEPTH, .left = 3)), "3");
    CHECK_EQ_INT(drops, DEPTH + 1);
    CHECK_EQ_STR(RUN(weft_call(takes_from_below, .level = DEPTH, .left = 3, .how = 'b')), "3");
    CHECK_EQ_INT(drops, 2 * (DEPTH + 1));
}

/* Closes the loop after so many turns, the clock at 0, 1, …; at the first the generators run, then they rest.
 */
static void close_after(int turns) {
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(takes_from_below, .level = DEPTH, .left = 2, .how = 's'));
    for (int i = 0; i < turns; i++) {
        world.simulation.clock = i;
        CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    }
    CHECK_EQ_INT(drops, 0);
    world_close();
    CHECK_EQ_INT(drops, DEPTH + 1);
}

TEST(closing_the_loop_drops_deep_generators_that_run) {
    close_after(1);
}

TEST(closing_the_loop_drops_deep_generators_that_rest_at_a_yield) {
    close_after(2);
}

/* --- By hand --- */

static void say_value(weft_value value) {
    char text[100];
    weft_value_print(value, text, sizeof text);
    say("%s", text);
}

static void say_error(const weft_error *error) {
    say(error->message[0] != '\0' ? "%s: %s" : "%s", weft_error_name(error->code), error->message);
}

/* Yields what it was sent. */
struct echoes {
    weft_frame frame;
    int left;
    int got;
    bool stubborn, typed;
    weft_value value;
    const weft_error *error;
};

/* Yielding moves. */
static weft_value yielded(struct echoes *self) {
    weft_value value = self->value;
    self->value = weft_none();
    return value;
}

weft_async(echoes) {
    weft_begin(echoes);
    self->value = weft_value_of("ready");
    while (self->left-- > 0) {
        weft_try {
            if (self->typed)
                weft_yield_to(self->got, yielded(self));
            else
                weft_yield_to(self->value, yielded(self));
        }
        weft_catch(self->error) {
            say("(%s)", self->error->message);
            if (!self->stubborn)
                weft_reraise;
            self->value = weft_value_of("survived");
        }
        weft_finally {
            weft_await(weft_sleep(1));
        }
    }
    say("ended");
    weft_drop();
    drops++;
    weft_value_free(&self->value);
    weft_end();
}

/* A script of operations, a letter each: n(ext), s(end a number), S(end owned), t(hrow), T(hrow NULL),
 * c(lose). */
struct drives {
    weft_frame frame;
    const char *script;
    bool stubborn, typed;
    int left;
    weft_coroutine *generator;
    const weft_error *error, *caught;
    weft_value value;
    int sent;
};

static weft_op operation(struct drives *self) {
    switch (*self->script++) {
    case 's':
        return weft_generator_send(self->generator, ++self->sent);
    case 'S':
        return weft_generator_send(self->generator,
                                   weft_owned_string(strcpy(malloc(6), "owned"), count_free));
    case 't':
        return weft_generator_throw(self->generator, self->error);
    case 'T':
        return weft_generator_throw(self->generator, NULL);
    case 'c':
        return weft_generator_close(self->generator);
    default:
        return weft_generator_next(self->generator);
    }
}

weft_async(drives) {
    weft_begin(drives);
    self->error = weft_error_new(MY_ERROR, "thrown");
    self->generator = weft_call(echoes, .left = self->left, .stubborn = self->stubborn, .typed = self->typed);
    while (*self->script != '\0') {
        weft_try {
            weft_await_to(self->value, operation(self));
            say_value(self->value);
            weft_value_free(&self->value);
        }
        weft_catch_all(self->caught) {
            say_error(self->caught);
        }
    }
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

static const char *drive(const char *script, bool stubborn) {
    drops = freed = 0;
    CHECK_EQ_STR(RUN(weft_call(drives, .script = script, .left = 2, .stubborn = stubborn)), "none");
    CHECK_EQ_INT(drops, 1);
    CHECK_EQ_STR(world.reports, "");
    return world.said;
}

TEST(next_gives_item_after_item_and_then_stop_iteration) {
    CHECK_EQ_STR(drive("nnnnn", false), "ready none ended StopIteration StopIteration StopIteration");
}

TEST(send_gives_the_yield_its_value) {
    CHECK_EQ_STR(drive("nsns", false), "ready 1 ended StopIteration StopIteration");
    CHECK_EQ_STR(drive("nS", false), "ready owned");
    CHECK_EQ_STR(drive("s", false), "TypeMismatch: a generator that has not begun can be sent nothing");
    CHECK_EQ_STR(drive("snn", false),
                 "TypeMismatch: a generator that has not begun can be sent nothing ready none");
}

TEST(throw_raises_at_the_yield) {
    CHECK_EQ_STR(drive("ntnt", false), "ready (thrown) Error 1001: thrown StopIteration none");
    CHECK_EQ_STR(drive("ntnn", true), "ready (thrown) survived ended StopIteration StopIteration");
    CHECK_EQ_STR(drive("tn", false), "Error 1001: thrown StopIteration");
    CHECK_EQ_STR(
        drive("nTn", false),
        "ready (raised NULL, which is no error) TypeMismatch: raised NULL, which is no error StopIteration");
}

TEST(a_throw_after_the_end_gives_none) {
    CHECK_EQ_STR(drive("nnnttn", false), "ready none ended StopIteration none none StopIteration");
    CHECK_EQ_STR(drive("cTt", false), "none none none");
}

TEST(close_may_come_at_any_time) {
    CHECK_EQ_STR(drive("cn", false), "none StopIteration");
    CHECK_EQ_STR(drive("ncnc", false), "ready none StopIteration none");
    CHECK_EQ_STR(drive("nnnccc", false), "ready none ended StopIteration none none none");
}

TEST(a_late_send_frees_what_it_sends) {
    CHECK_EQ_STR(drive("cS", false), "none StopIteration");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_STR(drive("S", false), "TypeMismatch: a generator that has not begun can be sent nothing");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_STR(drive("nSn", false), "ready owned ended StopIteration");
    CHECK_EQ_INT(freed, 1);
}

TEST(what_is_sent_must_fit) {
    drops = freed = 0;
    RUN(weft_call(drives, .script = "nsS", .left = 3, .typed = true, .stubborn = true));
    CHECK_EQ_STR(world.said, "ready none (the awaited value is string, the variable takes int) survived");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_INT(drops, 1);
}

/* --- Generators that are used wrongly --- */

/* Uses the generator of another task while that task uses it. */
struct intrudes {
    weft_frame frame;
    weft_coroutine *generator;
    char how;
    int x;
    const weft_error *error;
};

weft_async(intrudes) {
    weft_begin(intrudes);
    weft_try {
        if (self->how == 'n')
            weft_await_to(self->x, weft_generator_next(self->generator));
        else if (self->how == 'c')
            weft_await(weft_generator_close(self->generator));
        else if (self->how == 't')
            weft_await(weft_generator_throw(self->generator, &weft_error_timed_out));
        else if (self->how == 's')
            weft_await(weft_generator_send(self->generator,
                                           weft_owned_string(strcpy(malloc(6), "owned"), count_free)));
        else if (self->how == 'a')
            weft_await(self->generator);
        else if (self->how == 'T')
            weft_await(weft_create_task(self->generator));
        else
            weft_for_await (self->x, self->generator) {
                say("%d", self->x);
            }
        say("intruded %d", self->x);
    }
    weft_catch(self->error) {
        say_error(self->error);
    }
    weft_end();
}

struct shares {
    weft_frame frame;
    char how;
    weft_coroutine *generator;
    weft_task *task;
    int x;
};

weft_async(shares) {
    weft_begin(shares);
    self->generator = weft_call(counts, .from = 1, .to = 2, .rest = 1);
    self->task = weft_create_task(weft_call(intrudes, .generator = self->generator, .how = self->how));
    weft_await_to(self->x, weft_generator_next(self->generator));
    say("%d", self->x);
    weft_await(self->task);
    weft_await(weft_generator_close(self->generator));
    weft_end();
}

TEST(a_running_generator_cannot_be_used_by_another_task) {
    const char *running = "RuntimeError: the generator is running already";
    for (const char *how = "ncts"; *how != '\0'; how++) {
        char expected[200];
        drops = freed = 0;
        CHECK_EQ_STR(RUN(weft_call(shares, .how = *how)), "none");
        snprintf(expected, sizeof expected, "%s 1 finally@2", running);
        CHECK_EQ_STR(world.said, expected);
        CHECK_EQ_INT(drops, 1);
        CHECK_EQ_INT(freed, *how == 's');
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(a_generator_can_be_neither_awaited_nor_a_task_nor_taken_over) {
    static const struct {
        char how;
        const char *error;
    } cases[] = {{'a', "TypeMismatch: awaited a generator: use weft_for_await"},
                 {'T', "RuntimeError: the coroutine was awaited already"},
                 {'f', "RuntimeError: the generator is used already"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[200];
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(shares, .how = cases[i].how)), "none");
        snprintf(expected, sizeof expected, "%s 1 finally@2", cases[i].error);
        CHECK_EQ_STR(world.said, expected);
        CHECK_EQ_INT(drops, 1);
        CHECK_EQ_STR(world.reports, "");
    }
}

struct uses_itself {
    weft_frame frame;
    int x;
    weft_coroutine *self_again;
};

static weft_coroutine *itself;

weft_async(uses_itself) {
    weft_begin(uses_itself);
    weft_yield(1);
    weft_await(weft_generator_next(itself));
    weft_drop();
    drops++;
    weft_end();
}

struct uses_one_that_uses_itself {
    weft_frame frame;
    weft_coroutine *generator;
};

weft_async(uses_one_that_uses_itself) {
    weft_begin(uses_one_that_uses_itself);
    itself = self->generator = weft_call(uses_itself);
    weft_await(weft_generator_next(self->generator));
    weft_await(weft_generator_next(self->generator));
    weft_end();
}

TEST(a_generator_cannot_use_itself) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(uses_one_that_uses_itself)), "RuntimeError: the generator is running already");
    CHECK_EQ_INT(drops, 1);
}

struct misuses {
    weft_frame frame;
    char how;
    int x;
    weft_coroutine *generator;
};

weft_async(misuses) {
    weft_begin(misuses);
    if (self->how == '0') {
        weft_for_await (self->x, NULL) {
            say("not reached");
        }
    }
    if (self->how == 'n')
        weft_await(weft_generator_next(NULL));
    if (self->how == 'a')
        weft_await(weft_call(counts, .to = 3));
    if (self->how == 't')
        weft_await(weft_create_task(weft_call(counts, .to = 3)));
    if (self->how == '2') {
        self->generator = weft_call(counts, .from = 1, .to = 1);
        weft_for_await (self->x, self->generator) {
            say("%d", self->x);
            weft_for_await (self->x, self->generator) {
                say("not reached");
            }
        }
    }
    if (self->how == 'l') {
        self->generator = weft_call(counts, .from = 1, .to = 1);
        weft_for_await (self->x, self->generator) {
            say("%d", self->x);
        }
        weft_await(weft_generator_next(self->generator));
    }
    weft_end();
}

TEST(misuse_is_an_error) {
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = '0')),
                 "TypeMismatch: iterated over NULL, which is no generator");
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = 'n')),
                 "TypeMismatch: iterated over NULL, which is no generator");
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = 'a')),
                 "RuntimeError: a coroutine that is awaited cannot yield");
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = 't')),
                 "RuntimeError: a coroutine that is awaited cannot yield");
    CHECK_EQ_INT(drops, 2);
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = '2')), "RuntimeError: the generator is used already");
    CHECK_EQ_STR(world.said, "1 finally@1");
    CHECK_EQ_STR(RUN(weft_call(misuses, .how = 'l')), "RuntimeError: the generator is used already");
    CHECK_EQ_INT(drops, 4);
}

struct iterates_a_plain_coroutine {
    weft_frame frame;
    int x;
};

weft_async(iterates_a_plain_coroutine) {
    weft_begin(iterates_a_plain_coroutine);
    weft_for_await (self->x, weft_call(counts, .from = 2, .to = 1)) {
        say("not reached");
    }
    say("after");
    weft_end();
}

TEST(one_that_yields_nothing_gives_no_items) {
    CHECK_EQ_STR(RUN(weft_call(iterates_a_plain_coroutine)), "none");
    CHECK_EQ_STR(world.said, "end finally@1 after");
}

/* --- Generators that are left behind --- */

struct leaves_behind {
    weft_frame frame;
    char ending;
    bool next_is_for;
    weft_coroutine *generator;
    int x;
};

weft_async(leaves_behind) {
    weft_begin(leaves_behind);
    self->generator = weft_call(counts, .from = 1, .to = 9, .ending = self->ending);
    weft_await_to(self->x, weft_generator_next(self->generator));
    say("%d", self->x);
    if (self->next_is_for) {
        weft_for_await (self->x, self->generator) {
            say("%d", self->x);
            if (self->x == 3)
                break;
        }
    }
    weft_end();
}

struct lets_leave_behind {
    weft_frame frame;
    char ending;
    bool next_is_for;
};

weft_async(lets_leave_behind) {
    weft_begin(lets_leave_behind);
    weft_await(weft_call(leaves_behind, .ending = self->ending, .next_is_for = self->next_is_for));
    say("back");
    weft_await(weft_sleep(5));
    say("rested");
    weft_end();
}

TEST(a_generator_that_is_left_behind_is_closed_by_a_task) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(lets_leave_behind)), "none");
    CHECK_EQ_STR(world.said, "1 back finally@1 rested");
    CHECK_EQ_STR(RUN(weft_call(leaves_behind)), "none"); /* at the very end, too */
    CHECK_EQ_STR(world.said, "1 finally@1");
    CHECK_EQ_INT(drops, 2);
    CHECK_EQ_STR(world.reports, "");
}

TEST(for_await_takes_over_a_generator_that_was_begun_by_hand) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(lets_leave_behind, .next_is_for = true)), "none");
    CHECK_EQ_STR(world.said, "1 2 3 finally@1 back rested");
    CHECK_EQ_INT(drops, 1);
}

TEST(an_error_while_closing_one_that_was_left_behind_is_reported) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(lets_leave_behind, .ending = 'f')), "none");
    CHECK_EQ_STR(world.said, "1 back finally@1 rested");
    CHECK(strstr(world.reports, "its error was never retrieved: Error 1001: in finally") != NULL);
    CHECK_EQ_STR(RUN(weft_call(lets_leave_behind, .ending = 'y')), "none");
    CHECK(strstr(world.reports, "RuntimeError: a generator that was being closed yielded") != NULL);
    CHECK_EQ_INT(drops, 2);
}

/* The task that a generator belongs to ends while another one runs it. */
struct begins_and_ends {
    weft_frame frame;
    weft_coroutine *generator;
};

weft_async(begins_and_ends) {
    weft_begin(begins_and_ends);
    weft_await(weft_generator_next(self->generator));
    weft_await(weft_sleep(0.5));
    weft_end();
}

struct goes_on_with_it {
    weft_frame frame;
    weft_coroutine *generator;
    int x;
};

weft_async(goes_on_with_it) {
    weft_begin(goes_on_with_it);
    self->generator = weft_call(counts, .from = 1, .to = 3, .rest = 1);
    weft_create_task(weft_call(begins_and_ends, .generator = self->generator));
    weft_await(weft_sleep(1.25));
    weft_await_to(self->x, weft_generator_next(self->generator));
    say("%d", self->x);
    weft_end();
}

TEST(a_generator_lives_as_long_as_a_task_runs_it) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(goes_on_with_it)), "none");
    CHECK_EQ_STR(world.said, "2 finally@3.25");
    CHECK_EQ_INT(drops, 1);
}

/* Takes items by hand out of the generator that a loop iterates over. */
struct skips {
    weft_frame frame;
    int to, item, skipped;
    weft_coroutine *generator;
    const weft_error *error;
};

weft_async(skips) {
    weft_begin(skips);
    self->generator = weft_call(counts, .from = 1, .to = self->to);
    weft_for_await (self->item, self->generator) {
        say("%d", self->item);
        weft_try {
            weft_await_to(self->skipped, weft_generator_next(self->generator));
            say("(%d)", self->skipped);
        }
        weft_catch_code(WEFT_STOP_ITERATION, self->error) {
            say("stop");
        }
    }
    say("after");
    weft_end();
}

TEST(a_loop_goes_on_where_operations_in_its_body_have_left_the_generator) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(skips, .to = 4)), "none");
    CHECK_EQ_STR(world.said, "1 (2) 3 (4) end finally@1 after");
    CHECK_EQ_STR(RUN(weft_call(skips, .to = 3)), "none");
    CHECK_EQ_STR(world.said, "1 (2) 3 end finally@1 stop after");
    CHECK_EQ_INT(drops, 2);
}

/* A task takes an item of a generator that a loop of another task iterates over; meanwhile that loop ends. */
struct robs {
    weft_frame frame;
    weft_coroutine *generator;
    int x;
    const weft_error *error;
};

weft_async(robs) {
    weft_begin(robs);
    weft_try {
        weft_await_to(self->x, weft_generator_next(self->generator));
        say("robbed %d", self->x);
        weft_await_to(self->x, weft_generator_next(self->generator));
    }
    weft_catch(self->error) {
        say_error(self->error);
    }
    weft_end();
}

struct is_robbed {
    weft_frame frame;
    int to, item;
    bool stay;
    weft_coroutine *generator;
    weft_task *robber;
    const weft_error *error;
};

weft_async(is_robbed) {
    weft_begin(is_robbed);
    self->generator = weft_call(counts, .from = 1, .to = self->to, .rest = 1);
    weft_try {
        weft_for_await (self->item, self->generator) {
            self->robber = weft_create_task(weft_call(robs, .generator = self->generator));
            weft_await(weft_sleep(0.5));
            if (!self->stay)
                break;
        }
    }
    weft_catch(self->error) {
        say_error(self->error);
    }
    weft_await(self->robber);
    weft_await(weft_sleep(5));
    weft_end();
}

TEST(a_generator_whose_owner_has_gone_is_closed_by_who_runs_it) {
    const char *running = "RuntimeError: the generator is running already";
    char expected[300];
    for (int stay = 0; stay < 2; stay++) {
        drops = 0;
        CHECK_EQ_STR(RUN(weft_call(is_robbed, .to = 3, .stay = stay)), "none");
        snprintf(expected, sizeof expected, "%s robbed 2 %s finally@3", running, running);
        CHECK_EQ_STR(world.said, expected);
        CHECK_EQ_STR(RUN(weft_call(is_robbed, .to = 1, .stay = stay)), "none");
        snprintf(expected, sizeof expected, "end %s finally@2 StopIteration", running);
        CHECK_EQ_STR(world.said, expected);
        CHECK_EQ_INT(drops, 2);
        CHECK_EQ_STR(world.reports, "");
    }
}

TEST(closing_the_loop_while_a_foreign_task_runs_a_generator) {
    for (int turns = 1; turns < 6; turns++) {
        drops = 0;
        if (!CHECK(world_open()))
            return;
        world_start(weft_call(is_robbed, .to = 3));
        for (int i = 0; i < turns; i++) {
            world.simulation.clock = i * 0.5;
            weft_loop_turn(world.loop, 0);
        }
        world_close();
        CHECK_EQ_INT(drops, 1);
    }
}

/* A generator may have borrowed from the one that iterates over it. */
struct borrows {
    weft_frame frame;
    const char **owner;
    const char *name;
    int x;
};

weft_async(borrows) {
    weft_begin(borrows);
    if (self->owner == NULL) {
        self->name = "owner";
        weft_for_await (self->x, weft_call(borrows, .owner = &self->name)) {
            weft_yield(self->x);
        }
    }
    weft_yield(1);
    weft_drop();
    say("%s", self->owner != NULL ? *self->owner : "last");
    self->name = NULL;
    weft_end();
}

struct lets_borrow {
    weft_frame frame;
    int x;
};

weft_async(lets_borrow) {
    weft_begin(lets_borrow);
    weft_for_await (self->x, weft_call(borrows)) {
        weft_await(weft_sleep(1));
    }
    weft_end();
}

TEST(what_a_generator_iterates_over_is_dropped_before_it) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(lets_borrow));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    world_close();
    CHECK_EQ_STR(world.said, "owner last");
}

/* What an operation is wrapped in need not be what the generator belongs to. */
struct waits_for_items {
    weft_frame frame;
    double limit;
    weft_coroutine *generator;
    int item;
    const weft_error *error;
};

weft_async(waits_for_items) {
    weft_begin(waits_for_items);
    self->generator = weft_call(counts, .from = 1, .to = 9, .rest = 1);
    weft_try {
        while (self->item < 3) {
            weft_await_to(self->item, weft_wait_for(weft_generator_next(self->generator), self->limit));
            say("%d", self->item);
        }
    }
    weft_catch(self->error) {
        say_error(self->error);
    }
    say("@%g", weft_time());
    weft_end();
}

TEST(a_generator_belongs_to_who_makes_the_first_operation) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(waits_for_items, .limit = 1.5)), "none");
    CHECK_EQ_STR(world.said, "1 2 3 @3 finally@4");
    CHECK_EQ_STR(RUN(weft_call(waits_for_items, .limit = 0.5)), "none");
    CHECK_EQ_STR(world.said, "finally@1.5 TimedOut @1.5");
    CHECK_EQ_INT(drops, 2);
    CHECK_EQ_STR(world.reports, "");
}

struct sends_late {
    weft_frame frame;
    weft_coroutine *generator;
    weft_task *task;
};

weft_async(sends_late) {
    weft_begin(sends_late);
    self->generator = weft_call(counts, .from = 1, .to = 9);
    weft_await(weft_generator_next(self->generator));
    self->task = weft_create_task(
        weft_generator_send(self->generator, weft_owned_string(strcpy(malloc(6), "owned"), count_free)));
    weft_cancel(self->task);
    weft_await(self->task);
    weft_end();
}

TEST(what_was_to_be_sent_is_freed_with_a_task_that_never_ran) {
    drops = freed = 0;
    CHECK_EQ_STR(RUN(weft_call(sends_late)), "Cancelled");
    CHECK_EQ_INT(freed, 1);
    CHECK_EQ_INT(drops, 1);
}

/* Each level drives the one below by hand. */
struct drives_below {
    weft_frame frame;
    int level, item;
    weft_coroutine *below;
};

weft_async(drives_below) {
    weft_begin(drives_below);
    if (self->level == 0) {
        weft_yield(0);
    } else {
        self->below = weft_call(drives_below, .level = self->level - 1);
        weft_await_to(self->item, weft_generator_next(self->below));
        weft_yield(self->item + 1);
    }
    say("not reached");
    weft_drop();
    drops++;
    weft_end();
}

struct drives_the_first {
    weft_frame frame;
    int item;
    weft_coroutine *below;
};

weft_async(drives_the_first) {
    weft_begin(drives_the_first);
    self->below = weft_call(drives_below, .level = DEPTH);
    weft_await_to(self->item, weft_generator_next(self->below));
    say("%d", self->item);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(deep_generators_driven_by_hand_end) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(drives_the_first)), "none");
    CHECK_EQ_INT(atoi(world.said), DEPTH);
    CHECK_EQ_INT(drops, DEPTH + 1);
    drops = 0;
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(drives_the_first));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    world_close();
    CHECK_EQ_INT(drops, DEPTH + 1);
}

/* --- Blocks around a yield --- */

struct yields_in_a_timeout {
    weft_frame frame;
};

weft_async(yields_in_a_timeout) {
    weft_begin(yields_in_a_timeout);
    weft_with(weft_timeout(1)) {
        weft_yield(1);
        say("not reached");
    }
    weft_drop();
    drops++;
    weft_end();
}

struct rests_in_the_body {
    weft_frame frame;
    int x;
    const weft_error *error;
};

weft_async(rests_in_the_body) {
    weft_begin(rests_in_the_body);
    weft_for_await (self->x, weft_call(yields_in_a_timeout)) {
        weft_try {
            weft_await(weft_sleep(10));
        }
        weft_catch_all(self->error) {
            say("%s@%g", name_of(self->error), weft_time());
            weft_reraise;
        }
    }
    weft_end();
}

/* As in asyncio: the timeout's scope belongs to the task, which is cancelled wherever it stands. */
TEST(a_timeout_around_a_yield_cancels_who_iterates) {
    drops = 0;
    CHECK_EQ_STR(RUN(weft_call(rests_in_the_body)), "Cancelled");
    CHECK_EQ_STR(world.said, "Cancelled@1");
    CHECK_EQ_INT(drops, 1);
}

/* --- StopIteration inside --- */

struct stops {
    weft_frame frame;
    char how; /* r raises it, n asks an exhausted generator for more, y yields once before */
    weft_coroutine *inner;
};

weft_async(stops) {
    weft_begin(stops);
    if (self->how == 'n') {
        self->inner = weft_call(stops, .how = 'y');
        weft_await(weft_generator_close(self->inner));
        weft_await(weft_generator_next(self->inner));
    }
    weft_yield(1);
    if (self->how == 'r')
        weft_raise(WEFT_STOP_ITERATION, "mine");
    weft_end();
}

struct meets_stop {
    weft_frame frame;
    char how;
    bool by_hand;
    weft_coroutine *generator;
    const weft_error *error, *thrown;
    int item;
};

weft_async(meets_stop) {
    weft_begin(meets_stop);
    self->thrown = weft_error_new(WEFT_STOP_ITERATION, "thrown");
    self->generator = weft_call(stops, .how = self->how == 't' ? 'y' : self->how);
    weft_try {
        if (!self->by_hand) {
            weft_for_await (self->item, self->generator) {
                say("%d", self->item);
            }
        }
        weft_await_to(self->item, weft_generator_next(self->generator));
        say("%d", self->item);
        if (self->how == 't')
            weft_await(weft_generator_throw(self->generator, self->thrown));
        weft_await(weft_generator_next(self->generator));
    }
    weft_catch(self->error) {
        say("%s, caused by %s", name_of(self->error),
            self->error->cause == NULL ? "none" : name_of(self->error->cause));
    }
    weft_drop();
    weft_error_release(self->thrown);
    weft_end();
}

TEST(stop_iteration_raised_in_a_generator_is_a_runtime_error) {
    RUN(weft_call(meets_stop, .how = 'r'));
    CHECK_EQ_STR(world.said, "1 RuntimeError, caused by StopIteration");
    RUN(weft_call(meets_stop, .how = 'n'));
    CHECK_EQ_STR(world.said, "RuntimeError, caused by StopIteration");
    RUN(weft_call(meets_stop, .how = 't', .by_hand = true));
    CHECK_EQ_STR(world.said, "1 RuntimeError, caused by StopIteration");
    RUN(weft_call(meets_stop, .how = 'r', .by_hand = true));
    CHECK_EQ_STR(world.said, "1 RuntimeError, caused by StopIteration");
}

/* --- A group around a yield --- */

struct fails_now {
    weft_frame frame;
};

weft_async(fails_now) {
    weft_begin(fails_now);
    weft_try {
        weft_await(weft_sleep(100));
    }
    weft_finally {
        weft_raise(MY_ERROR, "child");
    }
    weft_end();
}

struct yields_in_group {
    weft_frame frame;
    weft_group group;
    bool child_fails;
};

weft_async(yields_in_group) {
    weft_begin(yields_in_group);
    weft_with_as(self->group, weft_task_group()) {
        if (self->child_fails)
            weft_group_create_task(&self->group, weft_call(fails_now));
        else
            weft_group_create_task(&self->group, weft_sleep(100));
        weft_await(weft_sleep(0));
        weft_yield(1);
    }
    weft_end();
}

struct closes_group {
    weft_frame frame;
    bool child_fails;
    weft_coroutine *generator;
    const weft_error *error;
};

weft_async(closes_group) {
    weft_begin(closes_group);
    self->generator = weft_call(yields_in_group, .child_fails = self->child_fails);
    weft_await(weft_generator_next(self->generator));
    weft_try {
        weft_await(weft_generator_close(self->generator));
        say("closed at %g", weft_time());
    }
    weft_catch_all(self->error) {
        say("%s of %d", name_of(self->error), (int)self->error->child_count);
    }
    weft_end();
}

TEST(closing_a_generator_closes_its_group_without_an_error) {
    RUN(weft_call(closes_group));
    CHECK_EQ_STR(world.said, "closed at 0");
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(closes_group, .child_fails = true));
    CHECK_EQ_STR(world.said, "ErrorGroup of 2");
}

/* --- A block around a yield that outlives the task that opened it --- */

struct opens {
    weft_frame frame;
    char how; /* g group, d group whose child fails, t timeout */
    weft_group group;
};

weft_async(opens) {
    weft_begin(opens);
    if (self->how == 't') {
        weft_with(weft_timeout(1)) {
            weft_yield(1);
            say("not here");
        }
    }
    weft_with_as(self->group, weft_task_group()) {
        if (self->how == 'd')
            weft_group_create_task(&self->group, weft_call(fails_now));
        else
            weft_group_create_task(&self->group, weft_sleep(100));
        weft_await(weft_sleep(0));
        weft_yield(1);
    }
    weft_end();
}

struct begins {
    weft_frame frame;
    char how;
    bool fails;
    weft_coroutine *generator;
};

weft_async(begins) {
    weft_begin(begins);
    self->generator = weft_call(opens, .how = self->how);
    weft_await(weft_generator_next(self->generator));
    if (self->fails)
        weft_raise(MY_ERROR, "left open");
    weft_end();
}

struct outlives {
    weft_frame frame;
    char how;
    weft_task *task;
    const weft_error *error;
};

weft_async(outlives) {
    weft_begin(outlives);
    self->task = weft_create_task(weft_call(begins, .how = self->how, .fails = true));
    weft_try {
        weft_await(self->task);
    }
    weft_catch(self->error) {
        say("%s", self->error->message);
    }
    weft_release(self->task);
    weft_await(weft_sleep(5));
    say("end at %g", weft_time());
    weft_end();
}

TEST(a_block_around_a_yield_may_outlive_its_task) {
    RUN(weft_call(outlives, .how = 'g'));
    CHECK_EQ_STR(world.said, "left open end at 5");
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(outlives, .how = 't'));
    CHECK_EQ_STR(world.said, "left open end at 5");
    CHECK_EQ_STR(world.reports, "");
    RUN(weft_call(outlives, .how = 'd'));
    CHECK_EQ_STR(world.said, "left open end at 5");
    CHECK(strstr(world.reports, "its error was never retrieved: ErrorGroup") != NULL);
}

/* --- Left open --- */

struct closes_slowly {
    weft_frame frame;
};

weft_async(closes_slowly) {
    weft_begin(closes_slowly);
    weft_try {
        weft_yield(1);
        weft_yield(2);
    }
    weft_finally {
        say("closing");
        weft_await(weft_sleep(1));
        say("closed at %g", weft_time());
    }
    weft_end();
}

struct takes_first {
    weft_frame frame;
    weft_coroutine *generator;
    int item;
};

weft_async(takes_first) {
    weft_begin(takes_first);
    self->generator = weft_call(closes_slowly);
    for (;;) {
        weft_await_to(self->item, weft_generator_next(self->generator));
        break;
    }
    weft_await(weft_sleep(1));
    say("main ends");
    weft_end();
}

TEST(a_break_does_not_close_one_used_by_hand_but_the_end_waits_for_it) {
    RUN(weft_call(takes_first));
    CHECK_EQ_STR(world.said, "main ends closing closed at 2");
    CHECK_EQ_STR(world.reports, "");
}

TEST_MAIN(TEST_CASE(for_await_takes_every_item), TEST_CASE(for_await_closes_its_generator_however_it_is_left),
          TEST_CASE(a_generators_error_arrives_at_the_loop),
          TEST_CASE(an_error_while_closing_replaces_what_was_on_its_way),
          TEST_CASE(a_yield_while_closing_is_an_error), TEST_CASE(a_generator_may_catch_its_closing),
          TEST_CASE(a_cancellation_closes_the_generator), TEST_CASE(items_move_to_the_variable),
          TEST_CASE(an_item_that_does_not_fit_ends_the_loop_and_is_freed), TEST_CASE(generators_nest),
          TEST_CASE(generators_nest_deep), TEST_CASE(closing_the_loop_drops_deep_generators_that_run),
          TEST_CASE(closing_the_loop_drops_deep_generators_that_rest_at_a_yield),
          TEST_CASE(next_gives_item_after_item_and_then_stop_iteration),
          TEST_CASE(send_gives_the_yield_its_value), TEST_CASE(throw_raises_at_the_yield),
          TEST_CASE(a_throw_after_the_end_gives_none), TEST_CASE(close_may_come_at_any_time),
          TEST_CASE(a_late_send_frees_what_it_sends), TEST_CASE(what_is_sent_must_fit),
          TEST_CASE(a_running_generator_cannot_be_used_by_another_task),
          TEST_CASE(a_generator_can_be_neither_awaited_nor_a_task_nor_taken_over),
          TEST_CASE(a_generator_cannot_use_itself), TEST_CASE(misuse_is_an_error),
          TEST_CASE(one_that_yields_nothing_gives_no_items),
          TEST_CASE(a_generator_that_is_left_behind_is_closed_by_a_task),
          TEST_CASE(for_await_takes_over_a_generator_that_was_begun_by_hand),
          TEST_CASE(an_error_while_closing_one_that_was_left_behind_is_reported),
          TEST_CASE(a_generator_lives_as_long_as_a_task_runs_it),
          TEST_CASE(a_loop_goes_on_where_operations_in_its_body_have_left_the_generator),
          TEST_CASE(a_generator_whose_owner_has_gone_is_closed_by_who_runs_it),
          TEST_CASE(closing_the_loop_while_a_foreign_task_runs_a_generator),
          TEST_CASE(what_a_generator_iterates_over_is_dropped_before_it),
          TEST_CASE(a_generator_belongs_to_who_makes_the_first_operation),
          TEST_CASE(what_was_to_be_sent_is_freed_with_a_task_that_never_ran),
          TEST_CASE(deep_generators_driven_by_hand_end),
          TEST_CASE(a_timeout_around_a_yield_cancels_who_iterates),
          TEST_CASE(stop_iteration_raised_in_a_generator_is_a_runtime_error),
          TEST_CASE(closing_a_generator_closes_its_group_without_an_error),
          TEST_CASE(a_block_around_a_yield_may_outlive_its_task),
          TEST_CASE(a_break_does_not_close_one_used_by_hand_but_the_end_waits_for_it))
