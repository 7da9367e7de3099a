/* Context variables: who sees what, tokens, contexts as objects, ownership of values, and memory running out.
 */

#include "world.h"

static const weft_context_variable user = WEFT_CONTEXT_VARIABLE_STRING("user", "nobody");
static const weft_context_variable depth = WEFT_CONTEXT_VARIABLE_INT("depth", 0);
static const weft_context_variable bare = WEFT_CONTEXT_VARIABLE("bare");

static const char *who(void) {
    return weft_value_string(weft_context_get(&user));
}

static void set_user(const char *name) {
    CHECK(weft_context_set(&user, name) == NULL);
}

/* --- Reading and setting --- */

struct sets {
    weft_frame frame;
};

weft_async(sets) {
    weft_begin(sets);
    say("%s %d %s", who(), (int)weft_value_int(weft_context_get(&depth)),
        name_of(weft_value_error(weft_context_get(&bare))));
    set_user("ada");
    weft_context_set(&depth, 3);
    weft_context_set(&bare, 1);
    weft_await(weft_sleep(1));
    say("%s %d %d", who(), (int)weft_value_int(weft_context_get(&depth)),
        (int)weft_value_int(weft_context_get(&bare)));
    weft_end();
}

TEST(a_variable_is_its_initial_value_until_it_is_set) {
    RUN(weft_call(sets));
    CHECK_EQ_STR(world.said, "nobody 0 LookupError ada 3 1");
}

TEST(every_kind_has_an_initial_value) {
    static const weft_context_variable plain = {.name = "plain"};
    static const weft_context_variable half = WEFT_CONTEXT_VARIABLE_DOUBLE("half", 0.5);
    static const weft_context_variable yes = WEFT_CONTEXT_VARIABLE_BOOL("yes", true);
    static const weft_context_variable here = WEFT_CONTEXT_VARIABLE_POINTER("here", &world);
    CHECK_EQ_INT(weft_context_get(&plain).kind, WEFT_NONE);
    CHECK(weft_value_double(weft_context_get(&half)) == 0.5);
    CHECK(weft_value_bool(weft_context_get(&yes)));
    CHECK(weft_value_pointer(weft_context_get(&here)) == &world);
}

TEST(where_no_loop_runs_nothing_can_be_set) {
    CHECK_EQ_STR(name_of(weft_context_set(&user, "ada")), "RuntimeError");
    CHECK(weft_context_copy() == NULL);
    CHECK_EQ_STR(who(), "nobody");
}

/* --- Tokens --- */

struct resets {
    weft_frame frame;
    weft_context_token first, second;
};

weft_async(resets) {
    weft_begin(resets);
    weft_context_set_token(&user, "ada", &self->first);
    weft_context_set_token(&user, "bob", &self->second);
    say("%s", who());
    say("%s", name_of(weft_context_reset(&self->second)));
    say("%s", who());
    say("%s", name_of(weft_context_reset(&self->first)));
    say("%s", who());
    say("%s", name_of(weft_context_reset(&self->first)));
    weft_context_set_token(&depth, 5, &self->first);
    weft_context_set(&depth, 6);
    weft_context_set(&bare, 7);
    weft_context_reset(&self->first); /* to before its own set, whatever came since */
    say("%d %d", (int)weft_value_int(weft_context_get(&depth)), (int)weft_value_int(weft_context_get(&bare)));
    weft_drop();
    weft_context_token_free(&self->first);
    weft_context_token_free(&self->second);
    weft_end();
}

TEST(a_token_takes_its_set_back_once) {
    RUN(weft_call(resets));
    CHECK_EQ_STR(world.said, "bob none ada none nobody RuntimeError 0 7");
}

struct resets_of_another {
    weft_frame frame;
    weft_context_token *token;
};

weft_async(resets_of_another) {
    weft_begin(resets_of_another);
    say("%s", name_of(weft_context_reset(self->token)));
    weft_end();
}

struct lends_token {
    weft_frame frame;
    weft_context_token token;
};

weft_async(lends_token) {
    weft_begin(lends_token);
    weft_context_set_token(&user, "ada", &self->token);
    weft_await(weft_create_task(weft_call(resets_of_another, .token = &self->token)));
    say("%s", who());
    weft_await(weft_call(resets_of_another, .token = &self->token));
    say("%s", who());
    weft_drop();
    weft_context_token_free(&self->token);
    weft_end();
}

TEST(another_task_cannot_use_a_token_but_another_coroutine_can) {
    RUN(weft_call(lends_token));
    CHECK_EQ_STR(world.said, "InvalidArgument ada none nobody");
}

/* --- Who sees what --- */

struct child {
    weft_frame frame;
    const char *name;
};

weft_async(child) {
    weft_begin(child);
    say("child:%s", who());
    set_user(self->name);
    weft_await(weft_sleep(1));
    say("child:%s", who());
    weft_end();
}

struct parent {
    weft_frame frame;
    char how; /* t task, a await, g gather, w wait_for, n named, G group */
    weft_task *task;
    weft_group group;
};

weft_async(parent) {
    weft_begin(parent);
    set_user("ada");
    if (self->how == 't')
        self->task = weft_create_task(weft_call(child, .name = "bob"));
    if (self->how == 'n')
        self->task = weft_create_task_named(weft_call(child, .name = "bob"), "named");
    set_user("eve");
    if (self->how == 'a')
        weft_await(weft_call(child, .name = "bob"));
    if (self->how == 'g')
        weft_await(weft_gather(weft_call(child, .name = "bob"), weft_call(child, .name = "cid")));
    if (self->how == 'w')
        weft_await(weft_wait_for(weft_call(child, .name = "bob"), 5));
    if (self->how == 'G') {
        weft_with_as(self->group, weft_task_group()) {
            weft_group_create_task(&self->group, weft_call(child, .name = "bob"));
        }
    }
    if (self->task != NULL)
        weft_await(self->task);
    say("%s", who());
    weft_end();
}

TEST(a_task_copies_its_creators_variables_and_its_own_are_its_own) {
    RUN(weft_call(parent, .how = 't'));
    CHECK_EQ_STR(world.said, "child:ada child:bob eve");
    RUN(weft_call(parent, .how = 'n'));
    CHECK_EQ_STR(world.said, "child:ada child:bob eve");
    RUN(weft_call(parent, .how = 'g'));
    CHECK_EQ_STR(world.said, "child:eve child:eve child:bob child:cid eve");
    RUN(weft_call(parent, .how = 'G'));
    CHECK_EQ_STR(world.said, "child:eve child:bob eve");
}

TEST(what_is_awaited_in_place_shares_them) {
    RUN(weft_call(parent, .how = 'a'));
    CHECK_EQ_STR(world.said, "child:eve child:bob bob");
    RUN(weft_call(parent, .how = 'w'));
    CHECK_EQ_STR(world.said, "child:eve child:bob bob");
}

/* --- Callbacks --- */

static void tell(void *argument) {
    say("%s:%s", (const char *)argument, who());
    set_user("callback"); /* which nobody else sees */
    say("%s", who());
}

static void tell_done(weft_future *future, void *argument) {
    (void)future;
    tell(argument);
}

struct calls_back {
    weft_frame frame;
    weft_future *future;
};

weft_async(calls_back) {
    weft_begin(calls_back);
    self->future = weft_create_future();
    set_user("ada");
    CHECK(weft_call_soon(tell, "soon"));
    CHECK(weft_call_later(1, tell, "later") != NULL);
    CHECK(weft_call_at(2, tell, "at") != NULL);
    CHECK(weft_call_soon_threadsafe(world.loop, tell, "safe"));
    CHECK(weft_future_add_done_callback(self->future, tell_done, "done"));
    CHECK(weft_future_add_done_callback(self->future, tell_done, "not"));
    CHECK_EQ_INT((int)weft_future_remove_done_callback(self->future, tell_done, "not"), 1);
    set_user("eve");
    weft_handle_cancel(weft_call_later(1, tell, "never"));
    weft_future_set_value(self->future, weft_none());
    weft_await(weft_sleep(3));
    say("%s", who());
    weft_end();
}

TEST(a_callback_has_the_variables_of_when_it_was_asked_for) {
    RUN(weft_call(calls_back));
    CHECK_EQ_STR(world.said, "soon:ada callback done:ada callback safe:ada callback "
                             "later:ada callback at:ada callback eve");
}

struct asks_unset {
    weft_frame frame;
};

weft_async(asks_unset) {
    weft_begin(asks_unset);
    weft_call_soon(tell, "soon");
    weft_call_later(0.5, tell, "later");
    set_user("eve");
    weft_await(weft_sleep(1));
    say("%s", who());
    weft_end();
}

TEST(a_callback_asked_for_without_variables_has_none) {
    RUN(weft_call(asks_unset));
    CHECK_EQ_STR(world.said, "soon:nobody callback later:nobody callback eve");
}

TEST(callbacks_that_never_run_let_go_of_their_variables) {
    if (!CHECK(world_open()))
        return;
    set_user("ada");
    weft_call_soon(tell, "soon");
    weft_call_later(9, tell, "later");
    weft_call_soon_threadsafe(world.loop, tell, "safe");
    weft_future_add_done_callback(weft_create_future(), tell_done, "done");
    world_close();
    CHECK_EQ_STR(world.reports, "");
}

/* --- Generators --- */

struct generates {
    weft_frame frame;
    int i;
};

weft_async(generates) {
    weft_begin(generates);
    for (self->i = 0; self->i < 2; self->i++) {
        say("generator:%s", who());
        set_user("generator");
        weft_yield(self->i);
    }
    weft_end();
}

struct takes_one {
    weft_frame frame;
    weft_coroutine *generator;
    int item;
};

weft_async(takes_one) {
    weft_begin(takes_one);
    set_user("taker");
    weft_await_to(self->item, weft_generator_next(self->generator));
    say("%s", who());
    weft_end();
}

struct iterates {
    weft_frame frame;
    weft_coroutine *generator;
    int item;
};

weft_async(iterates) {
    weft_begin(iterates);
    self->generator = weft_call(generates);
    weft_await_to(self->item, weft_generator_next(self->generator));
    say("%s", who());
    set_user("ada");
    weft_await(weft_create_task(weft_call(takes_one, .generator = self->generator)));
    say("%s", who());
    weft_end();
}

TEST(a_generator_runs_with_the_variables_of_who_iterates) {
    RUN(weft_call(iterates));
    CHECK_EQ_STR(world.said, "generator:nobody generator generator:taker generator ada");
}

/* --- Contexts as objects --- */

struct shares {
    weft_frame frame;
    weft_context *context;
    weft_task *task;
};

static void tell_and_nest(void *argument) {
    say("%s", name_of(weft_context_run(argument, tell, "nested")));
    set_user("run");
}

weft_async(shares) {
    weft_begin(shares);
    set_user("ada");
    self->context = weft_context_copy();
    set_user("eve");
    say("%s", name_of(weft_context_run(self->context, tell_and_nest, self->context)));
    say("%s %s", who(), weft_value_string(weft_context_value(self->context, &user)));
    say("%s", name_of(weft_context_run(weft_task_context(weft_current_task()), tell, "own")));
    self->task = weft_create_task_with(weft_call(child, .name = "bob"), .context = self->context);
    weft_await(weft_create_task_with(weft_call(child, .name = "cid"), .context = self->context));
    weft_await(self->task);
    CHECK(weft_task_context(self->task) == self->context);
    say("%s %s", who(), weft_value_string(weft_context_value(self->context, &user)));
    weft_drop();
    weft_context_release(self->context);
    weft_end();
}

TEST(a_context_can_be_run_in_and_shared) {
    RUN(weft_call(shares));
    CHECK_EQ_STR(world.said, "RuntimeError none eve run RuntimeError "
                             "child:run child:bob child:cid child:cid eve cid");
}

static void run_the_tasks_own(void *argument) {
    (void)argument;
    say("%s", name_of(weft_context_run(weft_task_context(weft_current_task()), tell, "own")));
    weft_create_task(weft_call(child, .name = "bob"));
}

struct runs_in_empty {
    weft_frame frame;
    weft_context *context;
};

weft_async(runs_in_empty) {
    weft_begin(runs_in_empty);
    self->context = weft_context_copy();
    set_user("ada");
    weft_context_run(self->context, tell, "empty");
    say("%s", name_of(weft_context_run(self->context, run_the_tasks_own, NULL)));
    weft_await(weft_sleep(2));
    weft_drop();
    weft_context_release(self->context);
    weft_end();
}

TEST(a_task_created_in_a_context_copies_that) {
    RUN(weft_call(runs_in_empty));
    CHECK_EQ_STR(world.said, "empty:nobody callback RuntimeError none child:callback child:bob");
}

TEST(main_tasks_share_a_context_that_they_are_given) {
    if (!CHECK(world_open()))
        return;
    set_user("outside");
    weft_context *context = weft_context_copy();
    weft_loop_start_in(world.loop, weft_call(child, .name = "bob"), context);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    weft_loop_start_in(world.loop, weft_call(child, .name = "cid"), context);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_start(weft_call(child, .name = "dan"));
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    say("%s %s", who(), weft_value_string(weft_context_value(context, &user)));
    weft_context_release(context);
    world_close();
    CHECK_EQ_STR(world.said,
                 "child:outside child:bob child:bob child:cid child:outside child:dan outside cid");
}

/* --- Reports --- */

static bool say_user(void *context, const weft_error_context *report) {
    (void)context;
    say("%s:%s", report->task == NULL ? "none" : "task", who());
    set_user("handler");
    return true;
}

struct fails_as {
    weft_frame frame;
    const char *name;
};

weft_async(fails_as) {
    weft_begin(fails_as);
    set_user(self->name);
    weft_raise(WEFT_USER, "nobody reads this");
    weft_end();
}

struct leaves_failed {
    weft_frame frame;
};

weft_async(leaves_failed) {
    weft_begin(leaves_failed);
    weft_loop_set_exception_handler(world.loop, say_user, NULL);
    set_user("eve");
    weft_await(weft_sleep(0));
    weft_release(weft_create_task(weft_call(fails_as, .name = "ada")));
    weft_await(weft_sleep(1));
    weft_loop_call_exception_handler(world.loop, &(weft_error_context){.message = "words"});
    say("%s", who());
    weft_end();
}

TEST(the_exception_handler_has_the_variables_of_the_task) {
    RUN(weft_call(leaves_failed));
    CHECK_EQ_STR(world.said, "task:ada none:eve handler");
}

/* --- Values that own --- */

static int freed;

static void count_freed(void *pointer) {
    freed++;
    weft_free(pointer);
}

static const weft_error *set_owned(weft_context_token *token) {
    return weft_context_set_value(&bare, weft_owned_pointer(weft_allocate(1), count_freed), token);
}

struct owns_values {
    weft_frame frame;
    weft_context_token token;
    weft_task *task;
};

weft_async(owns_values) {
    weft_begin(owns_values);
    set_owned(NULL);
    set_owned(NULL);
    CHECK_EQ_INT(freed, 1);
    self->task = weft_create_task(weft_call(child, .name = "bob"));
    set_owned(NULL);
    CHECK_EQ_INT(freed, 1); /* the child has it */
    weft_await(self->task);
    weft_release(self->task);
    CHECK_EQ_INT(freed, 2);
    set_owned(&self->token);
    weft_context_set(&bare, 0);
    CHECK_EQ_INT(freed, 3);
    weft_context_reset(&self->token);
    CHECK_EQ_INT(freed, 3);
    set_owned(&self->token);
    weft_context_token_free(&self->token);
    CHECK_EQ_INT(freed, 4);
    set_owned(&self->token);
    weft_drop();
    weft_context_token_free(&self->token);
    weft_end();
}

TEST(an_owned_value_is_freed_when_its_last_holder_goes) {
    freed = 0;
    RUN(weft_call(owns_values));
    CHECK_EQ_INT(freed, 6);
    CHECK_EQ_STR(world.reports, "");
}

struct forgets_token {
    weft_frame frame;
    weft_context_token token;
};

weft_async(forgets_token) {
    weft_begin(forgets_token);
    weft_context_set(&depth, 1);
    weft_context_set_token(&depth, 2, &self->token);
    weft_end();
}

TEST(a_forgotten_token_is_counted_at_the_end) {
    RUN(weft_call(forgets_token));
    CHECK(strstr(world.reports, "objects were still retained when their loop was closed") != NULL);
}

/* --- Cost --- */

struct idles {
    weft_frame frame;
};

weft_async(idles) {
    weft_begin(idles);
    weft_await(weft_sleep(1));
    weft_end();
}

/* Allocations of a run whose tasks, callbacks and reads meet no variable that was set. */
struct reads_only {
    weft_frame frame;
    bool reads;
};

weft_async(reads_only) {
    weft_begin(reads_only);
    weft_create_task(weft_call(idles));
    weft_call_soon(tell, "soon");
    if (self->reads)
        CHECK_EQ_STR(who(), "nobody");
    CHECK(weft_current_task() != NULL);
    weft_await(weft_sleep(2));
    weft_end();
}

TEST(reading_takes_no_memory) {
    RUN(weft_call(reads_only));
    size_t without = world.allocations;
    RUN(weft_call(reads_only, .reads = true));
    CHECK_EQ_INT((long long)world.allocations, (long long)without);
}

/* --- Memory --- */

struct uses_all {
    weft_frame frame;
    weft_context *context;
    weft_context_token token;
    weft_future *future;
    const weft_error *error;
};

static void ignore(void *argument) {
    (void)argument;
}

static void ignore_done(weft_future *future, void *argument) {
    (void)future;
    (void)argument;
}

weft_async(uses_all) {
    weft_begin(uses_all);
    set_owned(NULL);
    set_owned(&self->token);
    weft_context_set_value(&user, weft_format("%s", "ada"), NULL);
    self->context = weft_context_copy();
    self->future = weft_create_future();
    weft_future_add_done_callback(self->future, ignore_done, NULL);
    weft_call_soon(ignore, NULL);
    weft_call_later(1, ignore, NULL);
    weft_call_soon_threadsafe(world.loop, ignore, NULL);
    weft_try {
        weft_await(weft_gather(weft_call(idles), weft_call(idles)));
        if (self->context != NULL)
            weft_await(weft_create_task_with(weft_call(idles), .context = self->context, .name = "x"));
    }
    weft_catch(self->error) {}
    weft_context_reset(&self->token);
    weft_drop();
    weft_context_token_free(&self->token);
    weft_context_release(self->context);
    weft_end();
}

/* Small objects come from pools, which hide when memory is needed: fills those of contexts and bindings. */
enum { FILLINGS = 70 };
static weft_context *filling[FILLINGS];
static weft_context_token filling_tokens[FILLINGS];

static void fill(int level) {
    for (int i = 0; i < level; i++) {
        weft_context_set_token(&depth, i, &filling_tokens[i]);
        filling[i] = weft_context_copy();
    }
}

static void empty(int level) {
    for (int i = 0; i < level; i++) {
        weft_context_release(filling[i]);
        weft_context_token_free(&filling_tokens[i]);
    }
}

/* Whether it came to the allocation that fails. */
static bool run_short_of_memory(int level, size_t fail, bool onwards) {
    freed = 0;
    if (!CHECK(world_open()))
        return false;
    fill(level);
    world.fail_at = world.allocations + fail;
    world.fail_onwards = onwards;
    weft_task *main = world_start(weft_call(uses_all));
    CHECK_EQ_INT(weft_task_done(main) ? WEFT_TURN_DONE : world_turn(), WEFT_TURN_DONE);
    bool failed = world.out_of_memory;
    CHECK(failed || weft_task_error(main) == NULL);
    empty(level);
    world_close();
    CHECK(strstr(world.reports, "retained") == NULL);
    return failed;
}

TEST(without_memory_nothing_is_lost) {
    for (int level = 0; level < FILLINGS; level++)
        for (int onwards = 0; onwards < 2; onwards++)
            for (size_t fail = 1; run_short_of_memory(level, fail, onwards != 0); fail++) {
            }
}

TEST_MAIN(TEST_CASE(a_variable_is_its_initial_value_until_it_is_set),
          TEST_CASE(every_kind_has_an_initial_value), TEST_CASE(where_no_loop_runs_nothing_can_be_set),
          TEST_CASE(a_token_takes_its_set_back_once),
          TEST_CASE(another_task_cannot_use_a_token_but_another_coroutine_can),
          TEST_CASE(a_task_copies_its_creators_variables_and_its_own_are_its_own),
          TEST_CASE(what_is_awaited_in_place_shares_them),
          TEST_CASE(a_callback_has_the_variables_of_when_it_was_asked_for),
          TEST_CASE(a_callback_asked_for_without_variables_has_none),
          TEST_CASE(callbacks_that_never_run_let_go_of_their_variables),
          TEST_CASE(a_generator_runs_with_the_variables_of_who_iterates),
          TEST_CASE(a_context_can_be_run_in_and_shared), TEST_CASE(a_task_created_in_a_context_copies_that),
          TEST_CASE(main_tasks_share_a_context_that_they_are_given),
          TEST_CASE(the_exception_handler_has_the_variables_of_the_task),
          TEST_CASE(an_owned_value_is_freed_when_its_last_holder_goes),
          TEST_CASE(a_forgotten_token_is_counted_at_the_end), TEST_CASE(reading_takes_no_memory),
          TEST_CASE(without_memory_nothing_is_lost))
