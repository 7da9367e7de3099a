/* Futures by themselves: results, who is told, who owns what. Orders against CPython: tests/differential. */

#include "world.h"

static unsigned freed;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

static weft_value owned_text(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    return weft_owned_string(copy == NULL ? NULL : strcpy(copy, text), count_free);
}

static void note(weft_future *future, void *argument) {
    say("%s(%s)", (const char *)argument, weft_future_done(future) ? "done" : "pending");
}

struct states {
    weft_frame frame;
    weft_future *future;
    weft_value value;
};

weft_async(states) {
    weft_begin(states);
    self->future = weft_create_future();
    say("%d %s", weft_future_done(self->future), name_of(weft_future_error(self->future)));
    say("%s", name_of(weft_value_error(weft_future_value(self->future))));
    say("%d", weft_future_set_value(self->future, weft_value_of(3)));
    say("%d %s", weft_future_done(self->future), name_of(weft_future_error(self->future)));
    say("%d", weft_future_set_value(self->future, weft_value_of(4)));
    say("%d", weft_future_set_error(self->future, &weft_error_timed_out));
    say("%d", weft_future_cancel(self->future, NULL));
    weft_await_to(self->value, self->future);
    weft_return(self->value);
    weft_end();
}

TEST(it_is_set_once) {
    CHECK_EQ_STR(RUN(weft_call(states)), "3");
    CHECK_EQ_STR(world.said, "0 InvalidState InvalidState 1 1 none 0 0 0");
}

struct fails {
    weft_frame frame;
    weft_future *future;
    const weft_error *error;
};

weft_async(fails) {
    weft_begin(fails);
    self->future = weft_create_future();
    self->error = weft_error_new(WEFT_USER, "bad");
    say("%d", weft_future_set_error(self->future, self->error));
    weft_error_release(self->error);
    say("%d %d", weft_future_cancelled(self->future), weft_future_set_error(self->future, NULL));
    weft_await(self->future);
    weft_end();
}

TEST(it_fails_with_an_error_that_it_keeps) {
    RUN(weft_call(fails));
    CHECK_EQ_INT(world.code, WEFT_USER);
    CHECK_EQ_STR(world.said, "1 0 0");
    CHECK(strstr(world.traceback, "bad") != NULL);
}

struct is_cancelled {
    weft_frame frame;
    weft_future *future;
    bool by_error;
};

weft_async(is_cancelled) {
    weft_begin(is_cancelled);
    self->future = weft_create_future();
    if (self->by_error)
        say("%d", weft_future_set_error(self->future, &weft_error_cancelled));
    else
        say("%d", weft_future_cancel(self->future, "no more"));
    say("%d %s", weft_future_cancelled(self->future), name_of(weft_future_error(self->future)));
    weft_await(self->future);
    weft_end();
}

TEST(it_is_cancelled_by_a_call_or_by_its_error) {
    CHECK_EQ_STR(RUN(weft_call(is_cancelled)), "Cancelled: no more");
    CHECK_EQ_STR(world.said, "1 1 Cancelled");
    CHECK_EQ_STR(RUN(weft_call(is_cancelled, .by_error = true)), "Cancelled");
    CHECK_EQ_STR(world.said, "1 1 Cancelled");
}

struct failure_value {
    weft_frame frame;
    weft_future *future;
};

weft_async(failure_value) {
    weft_begin(failure_value);
    self->future = weft_create_future();
    say("%d", weft_future_set_value(self->future, weft_failure(WEFT_USER + 1, "a failure")));
    weft_await(self->future);
    weft_end();
}

TEST(a_failure_as_its_value_is_an_error) {
    RUN(weft_call(failure_value));
    CHECK_EQ_INT(world.code, WEFT_USER + 1);
}

struct owner {
    weft_frame frame;
    weft_future *future;
    const char *text;
    weft_value taken;
    bool take, twice;
};

weft_async(owner) {
    weft_begin(owner);
    self->future = weft_create_future();
    weft_future_set_value(self->future, owned_text("mine"));
    if (self->twice)
        weft_future_set_value(self->future, owned_text("too late"));
    say("freed %u", freed);
    weft_await_to(self->text, self->future);
    say("%s", self->text);
    weft_await_to(self->text, self->future);
    say("%s freed %u", self->text, freed);
    if (self->take) {
        self->taken = weft_future_take(self->future);
        say("%s", weft_value_string(self->taken));
        say("%s", weft_kind_name((weft_kind)weft_future_value(self->future).kind));
        weft_value_free(&self->taken);
        say("freed %u", freed);
    }
    weft_end();
}

TEST(it_owns_its_value_until_somebody_takes_it) {
    freed = 0;
    CHECK_EQ_STR(RUN(weft_call(owner)), "none");
    CHECK_EQ_STR(world.said, "freed 0 mine mine freed 0");
    CHECK_EQ_INT(freed, 1);
    freed = 0;
    RUN(weft_call(owner, .take = true));
    CHECK_EQ_STR(world.said, "freed 0 mine mine freed 0 mine none freed 1");
    CHECK_EQ_INT(freed, 1);
}

TEST(a_value_that_comes_too_late_is_freed) {
    freed = 0;
    RUN(weft_call(owner, .twice = true));
    CHECK_EQ_STR(world.said, "freed 1 mine mine freed 1");
    CHECK_EQ_INT(freed, 2);
}

struct callbacks {
    weft_frame frame;
    weft_future *future;
};

weft_async(callbacks) {
    weft_begin(callbacks);
    self->future = weft_create_future();
    weft_future_add_done_callback(self->future, note, "a");
    weft_future_add_done_callback(self->future, note, "b");
    weft_future_add_done_callback(self->future, note, "a");
    say("%zu", weft_future_remove_done_callback(self->future, note, "nobody"));
    say("%zu", weft_future_remove_done_callback(self->future, note, "a"));
    weft_future_add_done_callback(self->future, note, "c");
    weft_future_set_value(self->future, weft_none());
    say("%zu set", weft_future_remove_done_callback(self->future, note, "c"));
    weft_await(weft_sleep(0));
    weft_future_add_done_callback(self->future, note, "late");
    say("added");
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(callbacks_come_a_tick_later_in_their_order) {
    RUN(weft_call(callbacks));
    CHECK_EQ_STR(world.said, "0 2 0 set b(done) c(done) added late(done)");
}

struct forgets {
    weft_frame frame;
    weft_future *future;
    bool pending;
};

weft_async(forgets) {
    weft_begin(forgets);
    self->future = weft_create_future();
    weft_future_add_done_callback(self->future, note, "called");
    if (!self->pending)
        weft_future_set_value(self->future, owned_text("x"));
    weft_end();
}

TEST(it_may_end_with_callbacks_that_nobody_calls) {
    freed = 0;
    RUN(weft_call(forgets, .pending = true));
    CHECK_EQ_STR(world.said, "");
    RUN(weft_call(forgets));
    CHECK_EQ_STR(world.said, "called(done)");
    CHECK_EQ_INT(freed, 1);
}

/* Creates without end, and lets go of each. */
struct releases {
    weft_frame frame;
    int left;
    size_t memory;
};

weft_async(releases) {
    weft_begin(releases);
    for (; self->left > 0; self->left--) {
        weft_future *future = weft_create_future();
        weft_future_set_value(future, owned_text("x"));
        weft_release(future);
        if (self->left % 2500 == 0) {
            say("%s",
                self->memory == 0 || self->memory == weft_loop_memory(weft_loop_current()) ? "=" : "grew");
            self->memory = weft_loop_memory(weft_loop_current());
        }
    }
    weft_end();
}

TEST(letting_go_early_keeps_a_loop_small) {
    freed = 0;
    RUN(weft_call(releases, .left = 10000));
    CHECK_EQ_STR(world.said, WORLD_REUSES ? "= = = =" : "= grew grew grew");
    CHECK_EQ_INT(freed, 10000);
}

static weft_future *kept;

struct keeps {
    weft_frame frame;
};

weft_async(keeps) {
    weft_begin(keeps);
    kept = weft_create_future();
    weft_retain(kept);
    weft_end();
}

struct uses_kept {
    weft_frame frame;
    weft_value value;
};

weft_async(uses_kept) {
    weft_begin(uses_kept);
    weft_await(weft_call(keeps));
    weft_future_set_value(kept, weft_value_of(7));
    weft_await_to(self->value, kept);
    weft_release(kept);
    weft_return(self->value);
    weft_end();
}

TEST(retained_it_outlives_its_creator) {
    CHECK_EQ_STR(RUN(weft_call(uses_kept)), "7");
    CHECK_EQ_STR(world.reports, "");
}

struct pairs {
    weft_frame frame;
    weft_future *future;
    weft_value value;
    int times;
};

weft_async(pairs) {
    weft_begin(pairs);
    self->future = weft_create_future();
    for (int i = 0; i < self->times; i++)
        weft_retain(self->future);
    for (int i = 0; i < self->times; i++)
        weft_release(self->future);
    weft_future_set_value(self->future, weft_value_of(3));
    weft_await_to(self->value, self->future);
    weft_return(self->value);
    weft_end();
}

TEST(a_release_takes_back_a_retain_before_what_the_creator_holds) {
    CHECK_EQ_STR(RUN(weft_call(pairs, .times = 1)), "3");
    CHECK_EQ_STR(world.reports, "");
    CHECK_EQ_STR(RUN(weft_call(pairs, .times = 50)), "3");
    CHECK_EQ_STR(world.reports, "");
}

TEST_MAIN(TEST_CASE(it_is_set_once), TEST_CASE(it_fails_with_an_error_that_it_keeps),
          TEST_CASE(it_is_cancelled_by_a_call_or_by_its_error), TEST_CASE(a_failure_as_its_value_is_an_error),
          TEST_CASE(it_owns_its_value_until_somebody_takes_it),
          TEST_CASE(a_value_that_comes_too_late_is_freed),
          TEST_CASE(callbacks_come_a_tick_later_in_their_order),
          TEST_CASE(it_may_end_with_callbacks_that_nobody_calls),
          TEST_CASE(letting_go_early_keeps_a_loop_small), TEST_CASE(retained_it_outlives_its_creator),
          TEST_CASE(a_release_takes_back_a_retain_before_what_the_creator_holds))
