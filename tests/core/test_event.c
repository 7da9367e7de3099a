/* Events by themselves. Orders: tests/differential. */

#include "world.h"

/* --- What tasks do with an event --- */

/* Waits, and says when it went on, or why not. */
struct waits {
    weft_frame frame;
    weft_event *event;
    char name;
    bool seen;
    const weft_error *error;
};

weft_async(waits) {
    weft_begin(waits);
    weft_try {
        weft_await_to(self->seen, weft_event_wait(self->event));
        say("%c:%d@%g", self->name, self->seen, weft_time());
    }
    weft_catch_all(self->error) {
        say("%c:%s@%g", self->name, name_of(self->error), weft_time());
    }
    weft_end();
}

#define WAITER(letter) weft_create_task(weft_call(waits, .event = &self->event, .name = (letter)))

#define SCENARIO(name)           \
    struct name {                \
        weft_frame frame;        \
        weft_event event;        \
        weft_task *a, *b, *c;    \
        const weft_error *error; \
        int i;                   \
        bool seen;               \
    };                           \
    weft_async(name)

/* --- Setting and clearing --- */

SCENARIO(sets) {
    weft_begin(sets);
    say("%d", weft_event_is_set(&self->event));
    self->a = WAITER('a');
    self->b = WAITER('b');
    weft_await(weft_sleep(1));
    weft_event_set(&self->event);
    weft_event_set(&self->event);
    say("%d", weft_event_is_set(&self->event));
    self->c = WAITER('c');
    weft_await(weft_gather(self->a, self->b, self->c));
    weft_end();
}

TEST(all_go_on_when_it_is_set_and_all_who_come_later) {
    RUN(weft_call(sets));
    CHECK_EQ_STR(world.said, "0 1 a:1@1 b:1@1 c:1@1");
}

static void tick(void *argument) {
    (void)argument;
    say("tick");
}

SCENARIO(waits_for_what_is) {
    weft_begin(waits_for_what_is);
    weft_event_set(&self->event);
    weft_call_soon(tick, NULL);
    weft_await_to(self->seen, weft_event_wait(&self->event));
    say("%d", self->seen);
    weft_await(weft_sleep(0));
    weft_end();
}

TEST(an_event_that_is_set_costs_no_turn) {
    RUN(weft_call(waits_for_what_is));
    CHECK_EQ_STR(world.said, "1 tick");
}

SCENARIO(clears) {
    weft_begin(clears);
    self->a = WAITER('a');
    weft_await(weft_sleep(1));
    weft_event_set(&self->event);
    weft_event_clear(&self->event);
    say("%d", weft_event_is_set(&self->event));
    self->b = WAITER('b');
    weft_await(weft_sleep(1));
    say("%d", weft_task_done(self->b));
    weft_event_set(&self->event);
    weft_await(self->b);
    weft_end();
}

TEST(who_was_woken_goes_on_although_it_is_cleared) {
    RUN(weft_call(clears));
    CHECK_EQ_STR(world.said, "0 a:1@1 0 b:1@2");
}

/* The event is gone when those that it woke resume. */
static weft_event made;

SCENARIO(frees_it) {
    weft_begin(frees_it);
    weft_event_init(&made);
    self->a = weft_create_task(weft_call(waits, .event = &made, .name = 'a'));
    self->b = weft_create_task(weft_call(waits, .event = &made, .name = 'b'));
    self->c = weft_create_task(weft_call(waits, .event = &made, .name = 'c'));
    weft_await(weft_sleep(1));
    weft_event_set(&made);
    memset((void *)&made, 0xA5, sizeof made);
    weft_cancel(self->b);
    weft_await(weft_gather(self->a, self->b, self->c));
    weft_end();
}

TEST(an_event_may_end_once_it_is_set) {
    RUN(weft_call(frees_it));
    CHECK_EQ_STR(world.said, "a:1@1 b:Cancelled@1 c:1@1");
}

/* --- Cancellation --- */

SCENARIO(cancels) {
    weft_begin(cancels);
    self->a = WAITER('a');
    self->b = WAITER('b');
    self->c = WAITER('c');
    weft_await(weft_sleep(1));
    weft_cancel(self->b);
    if (self->i > 0)
        weft_await(weft_sleep(0));
    weft_event_set(&self->event);
    weft_cancel(self->c);
    weft_await(weft_gather(self->a, self->b, self->c));
    weft_end();
}

TEST(a_cancellation_beats_the_event) {
    RUN(weft_call(cancels));
    CHECK_EQ_STR(world.said, "b:Cancelled@1 a:1@1 c:Cancelled@1");
    RUN(weft_call(cancels, .i = 1));
    CHECK_EQ_STR(world.said, "b:Cancelled@1 a:1@1 c:Cancelled@1");
}

SCENARIO(times_out) {
    weft_begin(times_out);
    self->a = WAITER('a');
    weft_try {
        weft_await(weft_wait_for(weft_event_wait(&self->event), 2));
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        say("%s@%g", name_of(self->error), weft_time());
    }
    weft_event_set(&self->event);
    weft_await_to(self->seen, weft_wait_for(weft_event_wait(&self->event), 2));
    say("%d", self->seen);
    weft_await(weft_gather(self->a, weft_event_wait(&self->event)));
    weft_end();
}

TEST(wait_is_awaited_wherever_a_coroutine_is) {
    RUN(weft_call(times_out));
    CHECK_EQ_STR(world.said, "TimedOut@2 1 a:1@2");
}

/* A waiter that nobody wakes would leave main with a Deadlock. */
SCENARIO(serves_all) {
    weft_begin(serves_all);
    self->a = WAITER('a');
    self->b = WAITER('b');
    weft_await(weft_sleep(1));
    self->c = WAITER('c');
    weft_event_set(&self->event);
    weft_await(weft_sleep(0));
    weft_event_clear(&self->event);
    weft_event_set(&self->event);
    weft_await(weft_gather_return_errors(self->a, self->b, self->c));
    weft_end();
}

/* Returns whether the run came so far. */
static bool cancelled_at(uint64_t step, const weft_injection *injections, size_t count) {
    world.options.injections = injections;
    world.options.injection_count = count;
    if (!CHECK(world_open()))
        return false;
    weft_task *main = world_start(weft_call(serves_all));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    bool reached = weft_loop_steps(world.loop) >= step;
    CHECK(weft_task_cancelled(main) || weft_task_error(main) == NULL);
    CHECK_EQ_STR(world.reports, "");
    world_close();
    return reached;
}

TEST(no_cancellation_keeps_another_waiting) {
    for (uint32_t task = 1; task <= 4; task++)
        for (uint64_t step = 1; cancelled_at(step, &(weft_injection){step, task}, 1); step++)
            for (uint64_t later = 0; later < 6; later++)
                for (uint32_t second = 1; second <= 4; second++)
                    cancelled_at(step, (weft_injection[]){{step, task}, {step + later, second}}, 2);
}

/* --- The end --- */

SCENARIO(waits_for_ever) {
    weft_begin(waits_for_ever);
    weft_event_init(&self->event);
    weft_await(weft_event_wait(&self->event));
    weft_end();
}

TEST(who_waits_for_what_never_comes_is_told) {
    CHECK(strstr(RUN(weft_call(waits_for_ever)), "waits for event") != NULL);
    CHECK_EQ_INT(world.code, WEFT_DEADLOCK);
}

/* Waits until the event is set, whatever comes. */
struct insists {
    weft_frame frame;
    weft_event *event;
    const weft_error *error;
    bool seen;
};

weft_async(insists) {
    weft_begin(insists);
    while (!self->seen) {
        weft_try {
            weft_await_to(self->seen, weft_event_wait(self->event));
        }
        weft_catch_all(self->error) {
            say("again");
        }
    }
    weft_end();
}

SCENARIO(leaves_one_behind) {
    weft_begin(leaves_one_behind);
    weft_create_task(weft_call(insists, .event = &self->event));
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_waiter_is_destroyed_with_the_loop) {
    RUN(weft_call(leaves_one_behind));
    CHECK_EQ_STR(world.said, "again");
    CHECK(strstr(world.reports, "destroyed") != NULL);
}

static weft_event lasting;

SCENARIO(uses_a_lasting_one) {
    weft_begin(uses_a_lasting_one);
    self->a = weft_create_task(weft_call(waits, .event = &lasting, .name = 'a'));
    weft_await(weft_sleep(1));
    if (self->i == 0) { /* else it is cancelled with the loop */
        weft_event_set(&lasting);
        weft_await(self->a);
    }
    weft_end();
}

TEST(one_event_serves_one_loop_after_the_other) {
    RUN(weft_call(uses_a_lasting_one, .i = 1));
    CHECK_EQ_STR(world.said, "a:Cancelled@1");
    RUN(weft_call(uses_a_lasting_one));
    CHECK_EQ_STR(world.said, "a:1@1");
    weft_event_clear(&lasting);
    weft_event_set(&lasting); /* without a loop, too */
    CHECK(weft_event_is_set(&lasting));
}

SCENARIO(uses_none) {
    weft_begin(uses_none);
    weft_await(weft_event_wait(NULL));
    weft_end();
}

TEST(an_event_that_is_null_raises) {
    CHECK(strstr(RUN(weft_call(uses_none)), "TypeMismatch") != NULL);
}

TEST_MAIN(TEST_CASE(all_go_on_when_it_is_set_and_all_who_come_later),
          TEST_CASE(an_event_that_is_set_costs_no_turn),
          TEST_CASE(who_was_woken_goes_on_although_it_is_cleared), TEST_CASE(an_event_may_end_once_it_is_set),
          TEST_CASE(a_cancellation_beats_the_event), TEST_CASE(wait_is_awaited_wherever_a_coroutine_is),
          TEST_CASE(no_cancellation_keeps_another_waiting), TEST_CASE(who_waits_for_what_never_comes_is_told),
          TEST_CASE(a_waiter_is_destroyed_with_the_loop),
          TEST_CASE(one_event_serves_one_loop_after_the_other), TEST_CASE(an_event_that_is_null_raises))
