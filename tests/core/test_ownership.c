/* Who owns values, errors, tasks and futures: each is freed once, by whoever has it last. */

#include "world.h"

enum { MY_ERROR = WEFT_USER + 1 };

static unsigned freed, made_count;

static void count_free(void *pointer) {
    freed++;
    free(pointer);
}

static weft_value made(const char *text) {
    made_count++;
    return weft_owned_string(strcpy(malloc(strlen(text) + 1), text), count_free);
}

struct makes {
    weft_frame frame;
    double seconds;
    bool fail;
};

weft_async(makes) {
    weft_begin(makes);
    if (self->seconds > 0)
        weft_await(weft_sleep(self->seconds));
    if (self->fail)
        weft_raise(MY_ERROR, "failed");
    weft_return(made("text"));
    weft_end();
}

/* Does one thing, by letter, and says how much was freed when. */
struct owns {
    weft_frame frame;
    char what;
    weft_task *task;
    weft_future *future, *gather;
    weft_value value, again;
    const char *text;
    weft_values *items;
    const weft_error *error, *kept;
    int i;
};

weft_async(owns) {
    weft_begin(owns);
    if (self->what == 'b') { /* borrows a task's value */
        self->task = weft_create_task(weft_call(makes));
        weft_await_to(self->text, self->task);
        weft_await_to(self->value, self->task);
        say("%s %d %d", self->text, self->value.release == NULL, (int)freed);
    }
    if (self->what == 't') { /* takes it */
        self->task = weft_create_task(weft_call(makes));
        weft_await(self->task);
        self->value = weft_task_take(self->task);
        self->again = weft_task_take(self->task);
        say("%s %s", self->value.as.string, weft_kind_name((weft_kind)self->again.kind));
        weft_value_free(&self->value);
        say("%d", (int)freed);
    }
    if (self->what == 'n') { /* awaits it without a target: it stays the task's */
        self->task = weft_create_task(weft_call(makes));
        weft_await(self->task);
        say("%d %s", (int)freed, weft_task_value(self->task).as.string);
    }
    if (self->what == 'i') { /* nobody ever asks */
        weft_create_task(weft_call(makes));
        weft_await(weft_sleep(1));
        say("%d", (int)freed);
    }
    if (self->what == 'r') { /* lets go of the task before it is done */
        self->task = weft_create_task(weft_call(makes, .seconds = 1));
        weft_release(self->task);
        weft_await(weft_sleep(2));
        say("%d", (int)freed);
    }
    if (self->what == 'l') { /* the last who holds it awaits it: the value moves */
        self->task = weft_create_task(weft_call(makes, .seconds = 1));
        if (!weft_task_done(self->task))
            weft_release(self->task);
        weft_await_to(self->value, self->task);
        say("%s %d %d", self->value.as.string, self->value.release != NULL, (int)freed);
        weft_value_free(&self->value);
    }
    if (self->what == 'L') { /* the same without a target */
        self->task = weft_create_task(weft_call(makes, .seconds = 1));
        if (!weft_task_done(self->task))
            weft_release(self->task);
        weft_await(self->task);
        say("%d", (int)freed);
    }
    if (self->what == 'f') { /* sets a future twice */
        self->future = weft_create_future();
        say("%d", weft_future_set_value(self->future, made("one")));
        say("%d", weft_future_set_value(self->future, made("two")));
        say("%d", (int)freed);
        weft_await_to(self->text, self->future);
        say("%s", self->text);
        weft_release(self->future);
        say("%d", (int)freed);
    }
    if (self->what == 'F') { /* sets it to a failure, which is an error */
        self->future = weft_create_future();
        weft_future_set_value(self->future, weft_failure(MY_ERROR, "as a value"));
        weft_try {
            weft_await(self->future);
        }
        weft_catch(self->error) {
            say("%s", self->error->message);
        }
    }
    if (self->what == 'g') { /* a gather's items are its children's */
        self->gather = weft_gather(weft_call(makes), weft_call(makes, .seconds = 1));
        weft_await_to(self->items, self->gather);
        say("%d %s %s", (int)self->items->count, self->items->items[0].as.string,
            self->items->items[1].as.string);
        say("%d %d", self->items->items[0].release == NULL, (int)freed);
        weft_release(self->gather);
        say("%d", (int)freed);
    }
    if (self->what == 'c') { /* a cancelled gather */
        self->gather = weft_gather(weft_call(makes), weft_call(makes, .seconds = 9));
        weft_await(weft_sleep(1));
        weft_cancel(self->gather);
        weft_try {
            weft_await(self->gather);
        }
        weft_catch_all(self->error) {
            say("%s", name_of(self->error));
        }
    }
    if (self->what == 'k') { /* keeps what another coroutine made */
        weft_await_to(self->future, weft_call(owns, .what = 'K'));
        say("%s %d", weft_future_value(self->future).as.string, (int)freed);
        weft_release(self->future);
        say("%d", (int)freed);
    }
    if (self->what == 'K') {
        self->future = weft_create_future();
        weft_future_set_value(self->future, made("kept"));
        weft_return((void *)weft_retain(self->future));
    }
    if (self->what == 'e') { /* keeps an error beyond its block */
        weft_try {
            weft_await(weft_call(makes, .fail = true));
        }
        weft_catch(self->error) {
            self->kept = weft_error_retain(self->error);
        }
        weft_await(weft_sleep(1));
        say("%s", self->kept->message);
    }
    if (self->what == 's') { /* a shield lends what its inner one has */
        self->task = weft_create_task(weft_call(makes, .seconds = 1));
        self->future = weft_shield(self->task);
        weft_await_to(self->value, self->future);
        say("%s %d", self->value.as.string, self->value.release == NULL);
    }
    if (self->what == 'w') { /* what is waited for moves, as from any coroutine */
        weft_await_to(self->value, weft_wait_for(weft_call(makes, .seconds = 1), 2));
        say("%s %d %d", self->value.as.string, self->value.release != NULL, (int)freed);
        weft_value_free(&self->value);
    }
    if (self->what == 'p') { /* passes a value on */
        weft_await_to(self->value, weft_call(makes));
        weft_return(self->value);
    }
    weft_drop();
    weft_error_release(self->kept);
    weft_end();
}

static const char *own(char what) {
    freed = made_count = 0;
    RUN(weft_call(owns, .what = what));
    CHECK_EQ_INT(freed, made_count);
    CHECK_EQ_STR(world.reports, "");
    return world.said;
}

TEST(a_tasks_value_is_borrowed_or_taken_once) {
    CHECK_EQ_STR(own('b'), "text 1 0");
    CHECK_EQ_STR(own('n'), "0 text");
    CHECK_EQ_STR(own('t'), "text none 1");
}

TEST(what_nobody_takes_is_freed) {
    CHECK_EQ_STR(own('i'), "0");
    CHECK_EQ_STR(own('r'), "1");
}

TEST(the_last_who_holds_a_task_gets_its_value) {
    CHECK_EQ_STR(own('l'), "text 1 0");
    CHECK_EQ_STR(own('L'), "1");
}

TEST(a_future_owns_what_it_was_set_to) {
    CHECK_EQ_STR(own('f'), "1 0 1 one 2");
    CHECK_EQ_STR(own('F'), "as a value");
}

TEST(a_gathers_items_live_as_long_as_it) {
    CHECK_EQ_STR(own('g'), "2 text text 1 0 2");
    CHECK_EQ_STR(own('c'), "Cancelled");
}

TEST(what_is_retained_outlives_its_maker) {
    CHECK_EQ_STR(own('k'), "kept 0 1");
    CHECK_EQ_STR(own('e'), "failed");
}

TEST(what_stands_between_lends_or_moves) {
    CHECK_EQ_STR(own('s'), "text 1");
    CHECK_EQ_STR(own('w'), "text 1 0");
    CHECK_EQ_STR(own('p'), "");
    CHECK_EQ_STR(world.outcome, "text");
}

/* --- What is created is held until the frame ends --- */

struct creates {
    weft_frame frame;
    int count;
    bool release;
    size_t before;
    int i;
    weft_task *first, *task;
};

weft_async(creates) {
    weft_begin(creates);
    for (self->i = 0; self->i < self->count; self->i++) {
        self->task = weft_create_task(weft_call(makes));
        if (self->i == 0)
            self->first = self->task;
        weft_await(weft_sleep(0));
        weft_await(weft_sleep(0));
        if (self->release)
            weft_release(self->task);
        if (self->i == 100)
            self->before = weft_loop_memory(weft_loop_current());
    }
    if (!self->release)
        say("%s", weft_task_value(self->first).as.string);
    say(weft_loop_memory(weft_loop_current()) > self->before ? "grown" : "level");
    say("%d", (int)freed);
    weft_end();
}

struct lets_create {
    weft_frame frame;
    bool release;
};

weft_async(lets_create) {
    weft_begin(lets_create);
    weft_await(weft_call(creates, .count = 5000, .release = self->release));
    say("%d", (int)freed);
    weft_end();
}

TEST(tasks_are_held_for_the_frame_that_created_them) {
    freed = 0;
    RUN(weft_call(lets_create));
    CHECK_EQ_STR(world.said, "text grown 0 5000");
}

TEST(releasing_lets_go_at_once) {
    freed = 0;
    RUN(weft_call(lets_create, .release = true));
    CHECK_EQ_STR(world.said, WORLD_REUSES ? "level 5000 5000" : "grown 5000 5000");
}

static void make_future(void *kept) {
    *(weft_future **)kept = weft_create_future();
    weft_future_set_value(*(weft_future **)kept, made("of a callback"));
}

struct asks_a_callback {
    weft_frame frame;
    weft_future *future;
};

weft_async(asks_a_callback) {
    weft_begin(asks_a_callback);
    weft_call_soon(make_future, &self->future);
    weft_await(weft_sleep(1));
    if (self->future == NULL)
        weft_raise_error(&weft_error_out_of_memory);
    say("%s %d", weft_future_value(self->future).as.string, (int)freed);
    weft_end();
}

TEST(what_a_callback_creates_is_held_by_the_loop) {
    freed = 0;
    RUN(weft_call(asks_a_callback));
    CHECK_EQ_STR(world.said, "of a callback 0");
    CHECK_EQ_INT(freed, 1);
}

/* --- What leaves the loop --- */

static weft_coroutine *make_by_letter(void *letter) {
    switch (*(const char *)letter) {
    case 'f':
        return weft_call(makes, .fail = true);
    default:
        return weft_call(makes);
    }
}

struct formats {
    weft_frame frame;
};

weft_async(formats) {
    weft_begin(formats);
    weft_return(weft_format("%s", "formatted"));
    weft_end();
}

static weft_coroutine *make_formats(void *nothing) {
    (void)nothing;
    return weft_call(formats);
}

TEST(a_simulations_outcome_outlives_its_loop) {
    weft_value value;
    const weft_error *error;
    freed = 0;
    CHECK(weft_simulation_run(NULL, NULL, make_by_letter, "v", &value, &error));
    CHECK_EQ_STR(value.as.string, "text");
    CHECK(error == NULL);
    weft_value_free(&value);
    CHECK_EQ_INT(freed, 1);

    CHECK(weft_simulation_run(NULL, NULL, make_formats, NULL, &value, NULL));
    CHECK_EQ_STR(value.as.string, "formatted");
    weft_value_free(&value);

    CHECK(!weft_simulation_run(NULL, NULL, make_by_letter, "f", &value, &error));
    CHECK_EQ_STR(error->message, "failed");
    CHECK_EQ_INT(value.kind, WEFT_NONE);
    weft_error_release(error);

    CHECK(weft_simulation_run(NULL, NULL, make_by_letter, "v", NULL, NULL));
    CHECK_EQ_INT(freed, 2);
}

/* --- Tasks that are destroyed together --- */

struct waits_for_permit {
    weft_frame frame;
    weft_semaphore *semaphore;
};

weft_async(waits_for_permit) {
    weft_begin(waits_for_permit);
    weft_with(self->semaphore) {
        say("not reached");
    }
    weft_end();
}

struct lends_permits {
    weft_frame frame;
    weft_semaphore semaphore;
    int level;
    char room[400];
};

weft_async(lends_permits) {
    weft_begin(lends_permits);
    weft_semaphore_init(&self->semaphore, 0);
    if (self->level > 0)
        weft_create_task(weft_call(lends_permits, .level = self->level - 1));
    weft_create_task(weft_call(waits_for_permit, .semaphore = &self->semaphore));
    weft_create_task(weft_call(waits_for_permit, .semaphore = &self->semaphore));
    weft_await(weft_sleep(9));
    weft_end();
}

TEST(closing_the_loop_takes_tasks_out_of_each_others_frames_first) {
    if (!CHECK(world_open()))
        return;
    world_start(weft_call(lends_permits, .level = 3));
    CHECK_EQ_INT(weft_loop_turn(world.loop, 0), WEFT_TURN_IDLE);
    world_close();
    CHECK(strstr(world.reports, "retained") == NULL);
    CHECK(strstr(world.reports, "waits for semaphore") != NULL);
}

TEST_MAIN(TEST_CASE(a_tasks_value_is_borrowed_or_taken_once), TEST_CASE(what_nobody_takes_is_freed),
          TEST_CASE(the_last_who_holds_a_task_gets_its_value), TEST_CASE(a_future_owns_what_it_was_set_to),
          TEST_CASE(a_gathers_items_live_as_long_as_it), TEST_CASE(what_is_retained_outlives_its_maker),
          TEST_CASE(what_stands_between_lends_or_moves),
          TEST_CASE(tasks_are_held_for_the_frame_that_created_them), TEST_CASE(releasing_lets_go_at_once),
          TEST_CASE(what_a_callback_creates_is_held_by_the_loop),
          TEST_CASE(a_simulations_outcome_outlives_its_loop),
          TEST_CASE(closing_the_loop_takes_tasks_out_of_each_others_frames_first))
