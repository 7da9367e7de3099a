/* Sleeps and timers: the heap against a sorted list, ties, and what is taken back. */

#include "world.h"

#include <math.h>

enum { MANY = 4000 };

static double fired[2 * MANY];
static size_t fired_count;
static const char *order_is_wrong;

/* Pairs of a deadline and the number in which it was set. */
struct entry {
    double when;
    unsigned number;
    weft_handle *handle;
};

static struct entry entries[MANY];

static void fire(void *argument) {
    const struct entry *entry = argument;
    if (entry->when != weft_time())
        order_is_wrong = "a timer fired at another time";
    if (fired_count > 0 &&
        (fired[2 * (fired_count - 1)] > entry->when ||
         (fired[2 * (fired_count - 1)] == entry->when && fired[2 * fired_count - 1] > entry->number)))
        order_is_wrong = "a timer fired before an earlier one";
    fired[2 * fired_count] = entry->when;
    fired[2 * fired_count++ + 1] = entry->number;
}

struct sets_many {
    weft_frame frame;
    uint64_t random;
    int deadlines;   /* that there are */
    int dropped;     /* one in so many is taken back; 0: none */
    unsigned expect; /* that fire */
};

weft_async(sets_many) {
    weft_begin(sets_many);
    for (unsigned i = 0; i < MANY; i++) {
        self->random = self->random * 6364136223846793005u + 1442695040888963407u;
        entries[i] = (struct entry){
            .when = 1 + (double)((self->random >> 33) % (unsigned)self->deadlines) / 8, .number = i};
        entries[i].handle = weft_call_at(entries[i].when, fire, &entries[i]);
        self->expect++;
    }
    for (unsigned i = 0; i < MANY && self->dropped > 0; i++)
        if ((i * 7919u) % (unsigned)self->dropped != 0) {
            weft_handle_cancel(entries[i].handle);
            self->expect--;
        }
    weft_await(weft_sleep(1000));
    say("%s", self->expect == fired_count ? "all" : "not all");
    weft_end();
}

static void fires_in_order(int deadlines, int dropped) {
    fired_count = 0;
    order_is_wrong = "none";
    RUN(weft_call(sets_many, .random = 11, .deadlines = deadlines, .dropped = dropped));
    CHECK_EQ_STR(world.said, "all");
    CHECK_EQ_STR(order_is_wrong, "none");
}

TEST(timers_fire_by_deadline_and_then_by_order) {
    fires_in_order(4000, 0);
    fires_in_order(7, 0);
    fires_in_order(1, 0);
}

TEST(timers_that_are_taken_back_do_not_fire) {
    fires_in_order(4000, 3);
    fires_in_order(50, 10);
    fires_in_order(7, 2);
}

struct sleeps {
    weft_frame frame;
    double seconds;
};

weft_async(sleeps) {
    weft_begin(sleeps);
    weft_await(weft_sleep(self->seconds));
    say("%g", weft_time());
    weft_end();
}

TEST(a_sleep_takes_its_seconds_and_none_takes_no_time) {
    RUN(weft_call(sleeps, .seconds = 3600));
    CHECK_EQ_STR(world.said, "3600");
    RUN(weft_call(sleeps, .seconds = 0));
    CHECK_EQ_STR(world.said, "0");
    RUN(weft_call(sleeps, .seconds = -5));
    CHECK_EQ_STR(world.said, "0");
    RUN(weft_call(sleeps, .seconds = -INFINITY));
    CHECK_EQ_STR(world.said, "0");
}

TEST(a_sleep_that_is_not_a_number_raises) {
    CHECK(strstr(RUN(weft_call(sleeps, .seconds = NAN)), "InvalidArgument") != NULL);
}

static void never(void *unused) {
    (void)unused;
    say("called");
}

struct not_a_number {
    weft_frame frame;
};

weft_async(not_a_number) {
    weft_begin(not_a_number);
    say("%d", weft_call_later(NAN, never, NULL) == NULL);
    say("%d", weft_call_at(NAN, never, NULL) == NULL);
    weft_await(weft_sleep(1));
    weft_end();
}

TEST(a_timer_that_is_not_a_number_is_none) {
    RUN(weft_call(not_a_number));
    CHECK_EQ_STR(world.said, "1 1");
}

struct times_out {
    weft_frame frame;
    int left;
    size_t memory;
};

weft_async(times_out) {
    weft_begin(times_out);
    for (; self->left > 0; self->left--) {
        weft_with(weft_timeout(1e6)) {
            weft_await(weft_sleep(0));
        }
        weft_handle_cancel(weft_call_later(1e6, never, NULL));
        if (self->left % 5000 == 0) {
            say("%s",
                self->memory == 0 || weft_loop_memory(weft_loop_current()) == self->memory ? "=" : "grew");
            self->memory = weft_loop_memory(weft_loop_current());
        }
    }
    weft_end();
}

TEST(timers_that_were_taken_back_do_not_heap_up) {
    RUN(weft_call(times_out, .left = 20000));
    CHECK_EQ_STR(world.said, WORLD_REUSES ? "= = = =" : "= grew grew grew");
}

struct sums {
    weft_frame frame;
};

weft_async(sums) {
    weft_begin(sums);
    weft_create_task(weft_call(sleeps, .seconds = 0.1 + 0.2));
    weft_create_task(weft_call(sleeps, .seconds = 0.3));
    weft_await(weft_sleep(1));
    say("%d", 0.1 + 0.2 > 0.3);
    weft_end();
}

TEST(deadlines_are_doubles_down_to_the_last_bit) {
    RUN(weft_call(sums));
    CHECK_EQ_STR(world.said, "0.3 0.3 1");
}

static weft_handle *own;

static void cancel_own(void *unused) {
    (void)unused;
    say("runs");
    weft_handle_cancel(own);
}

struct cancels_own {
    weft_frame frame;
};

weft_async(cancels_own) {
    weft_begin(cancels_own);
    own = weft_call_later(1, cancel_own, NULL);
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(a_timer_may_be_taken_back_while_it_runs) {
    RUN(weft_call(cancels_own));
    CHECK_EQ_STR(world.said, "runs");
}

/* What is ready already is taken back as well: by its like before it, by itself, or not at all. */
static weft_handle *soon[4];

static void take_back(void *number) {
    say("%d", (int)(intptr_t)number);
    if ((intptr_t)number == 0)
        weft_handle_cancel(soon[1]);
    weft_handle_cancel(soon[(intptr_t)number]);
}

struct calls_soon {
    weft_frame frame;
};

weft_async(calls_soon) {
    weft_begin(calls_soon);
    for (intptr_t i = 0; i < 4; i++)
        soon[i] = weft_call_soon(take_back, (void *)i);
    weft_handle_cancel(soon[2]);
    weft_handle_cancel(soon[2]);
    weft_await(weft_sleep(0));
    soon[0] = weft_call_soon(take_back, NULL); /* which the end of the loop frees */
    weft_handle_cancel(soon[0]);
    weft_end();
}

TEST(a_callback_that_is_ready_may_be_taken_back) {
    CHECK_EQ_STR(RUN(weft_call(calls_soon)), "none");
    CHECK_EQ_STR(world.said, "0 3");
}

TEST_MAIN(TEST_CASE(timers_fire_by_deadline_and_then_by_order),
          TEST_CASE(timers_that_are_taken_back_do_not_fire),
          TEST_CASE(a_sleep_takes_its_seconds_and_none_takes_no_time),
          TEST_CASE(a_sleep_that_is_not_a_number_raises), TEST_CASE(a_timer_that_is_not_a_number_is_none),
          TEST_CASE(timers_that_were_taken_back_do_not_heap_up),
          TEST_CASE(deadlines_are_doubles_down_to_the_last_bit),
          TEST_CASE(a_timer_may_be_taken_back_while_it_runs),
          TEST_CASE(a_callback_that_is_ready_may_be_taken_back))
