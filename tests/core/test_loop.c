/* Loops: life, turns, callbacks of this and of other threads, holds. */

#include "world.h"

static void called(void *argument) {
    say("%s", (const char *)argument);
}

struct says {
    weft_frame frame;
    const char *word;
    double delay;
};

weft_async(says) {
    weft_begin(says);
    weft_await(weft_sleep(self->delay));
    say("%s", self->word);
    weft_end();
}

TEST(a_thread_has_one_loop) {
    CHECK(weft_loop_current() == NULL);
    if (!CHECK(world_open()))
        return;
    CHECK(weft_loop_current() == world.loop);
    CHECK(weft_loop_new(&world.simulation.host, NULL) == NULL);
    world_close();
}

TEST(a_loop_without_tasks_waits) {
    if (!CHECK(world_open()))
        return;
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 0);
    world_close();
}

TEST(it_is_done_once_its_main_tasks_are_and_can_start_again) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(says, .word = "one", .delay = 2));
    world_start(weft_call(says, .word = "two", .delay = 1));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_start(weft_call(says, .word = "three", .delay = 1));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_STR(world.said, "two one three");
    world_close();
}

TEST(what_ran_is_counted_in_steps) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(says, .word = "a", .delay = 1));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 2);
    world_close();
}

struct spins {
    weft_frame frame;
    int left;
};

weft_async(spins) {
    weft_begin(spins);
    for (; self->left > 0; self->left--)
        weft_await(weft_sleep(0));
    weft_end();
}

TEST(it_stops_at_a_step_and_goes_on_from_there) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(spins, .left = 999));
    for (int at = 1; at < 1000; at += 123) {
        CHECK_EQ_INT(weft_loop_turn(world.loop, (uint64_t)at), WEFT_TURN_STOPPED);
        CHECK_EQ_INT((long long)weft_loop_steps(world.loop), at);
    }
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_DONE);
    CHECK_EQ_INT((long long)weft_loop_steps(world.loop), 1000);
    world_close();
}

TEST(callbacks_come_in_their_order_a_tick_later) {
    if (!CHECK(world_open()))
        return;
    CHECK(weft_call_soon(called, "a"));
    world_start(weft_call(says, .word = "task"));
    CHECK(weft_call_soon(called, "b"));
    CHECK(weft_call_soon_threadsafe(world.loop, called, "c"));
    CHECK(weft_call_soon_threadsafe(world.loop, called, "d"));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_STR(world.said, "a b c d task");
    world_close();
}

static int again;

static void call_again(void *argument) {
    say("%d", again);
    if (--again > 0)
        weft_call_soon(call_again, argument);
}

struct waits_ticks {
    weft_frame frame;
};

weft_async(waits_ticks) {
    weft_begin(waits_ticks);
    weft_call_soon(call_again, NULL);
    weft_await(weft_sleep(0));
    say("tick");
    weft_await(weft_sleep(0));
    say("tock");
    weft_end();
}

TEST(what_a_callback_asks_for_is_of_the_next_tick) {
    again = 2;
    RUN(weft_call(waits_ticks));
    CHECK_EQ_STR(world.said, "2 tick 1 tock");
}

static void turn_inside(void *unused) {
    (void)unused;
    say("%d", weft_loop_turn(world.loop, 0) == WEFT_TURN_MORE);
}

struct nests {
    weft_frame frame;
};

weft_async(nests) {
    weft_begin(nests);
    weft_call_soon(turn_inside, NULL);
    weft_await(weft_sleep(0));
    turn_inside(NULL);
    weft_end();
}

TEST(a_turn_inside_a_turn_does_nothing) {
    RUN(weft_call(nests));
    CHECK_EQ_STR(world.said, "1 1");
}

static weft_future *outside;

static void set_outside(void *unused) {
    (void)unused;
    if (outside != NULL)
        weft_future_set_value(outside, weft_value_of(42));
    weft_loop_unhold(world.loop);
}

struct waits_outside {
    weft_frame frame;
    weft_value value;
};

weft_async(waits_outside) {
    weft_begin(waits_outside);
    outside = weft_create_future();
    weft_await_to(self->value, outside);
    say("at %g", weft_time());
    weft_return(self->value);
    weft_drop();
    outside = NULL;
    weft_end();
}

TEST(while_held_it_waits_for_the_world_outside) {
    if (!CHECK(world_open()))
        return;
    weft_loop_hold(world.loop);
    weft_task *main = world_start(weft_call(waits_outside));
    world_start(weft_call(says, .word = "later", .delay = 5));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_IDLE);
    CHECK_EQ_STR(world.said, ""); /* the clock stands still */
    if (!CHECK(weft_call_soon_threadsafe(world.loop, set_outside, NULL)))
        set_outside(NULL);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_STR(world.said, "at 0 later");
    CHECK_EQ_STR(world_outcome(main), "42");
    world_close();
}

struct stubborn {
    weft_frame frame;
    const weft_error *error;
    weft_future *never;
};

weft_async(stubborn) {
    weft_begin(stubborn);
    self->never = weft_create_future();
    weft_try {
        weft_await(self->never);
    }
    weft_catch_all(self->error) {
        say("caught");
    }
    weft_await(weft_sleep(1));
    say("ends at %g", weft_time());
    weft_end();
}

struct leaves {
    weft_frame frame;
    weft_coroutine *coroutine;
};

weft_async(leaves) {
    weft_begin(leaves);
    weft_create_task(self->coroutine);
    weft_await(weft_sleep(0));
    weft_return(1);
    weft_end();
}

TEST(what_main_leaves_is_cancelled_and_waited_for) {
    if (!CHECK(world_open()))
        return;
    weft_task *main = world_start(weft_call(leaves, .coroutine = weft_call(stubborn)));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    CHECK_EQ_STR(world_outcome(main), "1");
    CHECK_EQ_STR(world.said, "caught ends at 1");
    CHECK_EQ_STR(world.reports, "");
    world_close();
}

static weft_task *of_another_loop;

struct crosses {
    weft_frame frame;
};

weft_async(crosses) {
    weft_begin(crosses);
    weft_await(of_another_loop);
    weft_end();
}

static weft_coroutine *make_crossing(void *unused) {
    (void)unused;
    return weft_call(crosses);
}

struct crossing {
    weft_frame frame;
    const weft_error *error;
};

weft_async(crossing) {
    weft_begin(crossing);
    of_another_loop = weft_current_task();
    say("%d", weft_simulation_run(NULL, NULL, make_crossing, NULL, NULL, &self->error));
    say("%s: %s", name_of(self->error), self->error->message);
    weft_error_release(self->error);
    weft_end();
}

TEST(a_task_of_another_loop_cannot_be_awaited) {
    RUN(weft_call(crossing));
    CHECK_EQ_STR(world.said, "0 RuntimeError: the future belongs to another loop");
}

TEST_MAIN(TEST_CASE(a_thread_has_one_loop), TEST_CASE(a_loop_without_tasks_waits),
          TEST_CASE(it_is_done_once_its_main_tasks_are_and_can_start_again),
          TEST_CASE(what_ran_is_counted_in_steps), TEST_CASE(it_stops_at_a_step_and_goes_on_from_there),
          TEST_CASE(callbacks_come_in_their_order_a_tick_later),
          TEST_CASE(what_a_callback_asks_for_is_of_the_next_tick),
          TEST_CASE(a_turn_inside_a_turn_does_nothing), TEST_CASE(while_held_it_waits_for_the_world_outside),
          TEST_CASE(what_main_leaves_is_cancelled_and_waited_for),
          TEST_CASE(a_task_of_another_loop_cannot_be_awaited))
