/* Instructions: tasks, groups, futures, what stands on them, and callbacks. */

#include "interpret.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Tasks and groups --- */

static weft_coroutine *child(char *const *words) {
    return run_named(words[1] != NULL ? words[1] : words[0], words[0]);
}

static void do_spawn(struct call call) {
    put_task(call.words[0], weft_create_task(child(call.words)));
}

static void do_spawn_eager(struct call call) {
    put_task(call.words[0], weft_create_eager_task(child(call.words)));
}

static void do_eager(struct call call) {
    weft_loop_set_eager(weft_loop_current(), strcmp(call.words[0], "true") == 0);
}

/* A task that has ended without beginning was refused. */
static void do_start(struct call call) {
    unsigned begun = bodies_begun();
    weft_task *task = weft_group_create_task(&get(call.words[0], GROUP)->as.group, child(call.words + 1));
    if (!weft_task_done(task) || bodies_begun() != begun) {
        put_task(call.words[1], task);
        return;
    }
    weft_task_error(task);
    say(call.who, "%s refuses %s", call.words[0], call.words[1]);
}

static void do_group_new(struct call call) {
    weft_group_init(&add(call.words[0], GROUP)->as.group);
}

static void do_group_cancel(struct call call) {
    weft_group_cancel(&get(call.words[0], GROUP)->as.group);
}

static void do_uncancel(struct call call) {
    say(call.who, "uncancel %s: %u", call.words[0], weft_task_uncancel(get(call.words[0], TASK)->as.task));
}

static void do_cancelling(struct call call) {
    say(call.who, "cancelling %s: %u", call.words[0],
        weft_task_cancelling(get(call.words[0], TASK)->as.task));
}

static void do_rename(struct call call) {
    weft_task_set_name(get(call.words[0], TASK)->as.task, call.words[1]);
}

static void do_name(struct call call) {
    const char *name = weft_task_name(get(call.words[0], TASK)->as.task);
    say(call.who, "%s is called %s", call.words[0], strncmp(name, "Task-", 5) == 0 ? "by its number" : name);
}

/* --- Futures --- */

static void do_future(struct call call) {
    put_future(call.words[0], weft_create_future());
}

static void do_set(struct call call) {
    bool set = weft_future_set_value(future_of(call.words[0]), weft_value_of(atoi(call.words[1])));
    say(call.who, "set %s: %s", call.words[0], boolean(set));
}

static void do_fail(struct call call) {
    const weft_error *error = new_error(call.words[1], call.words + 2);
    bool set = weft_future_set_error(future_of(call.words[0]), error);
    say(call.who, "fail %s: %s", call.words[0], boolean(set));
    weft_error_release(error);
}

static void do_cancel(struct call call) {
    struct text message = joined(call.words + 1);
    bool done = weft_future_cancel(future_of(call.words[0]), message.is[0] == '\0' ? NULL : message.is);
    say(call.who, "cancel %s: %s", call.words[0], boolean(done));
}

static void do_state(struct call call) {
    weft_future *future = future_of(call.words[0]);
    if (!weft_future_done(future))
        say(call.who, "%s is pending", call.words[0]);
    else if (weft_future_cancelled(future))
        say(call.who, "%s is cancelled", call.words[0]);
    else
        say(call.who, "%s has %s", call.words[0], describe(weft_future_value(future)).is);
}

/* --- Many, and shielded ones --- */

static void gather(char **words, bool return_errors) {
    weft_awaitable all[MOST_WORDS];
    size_t count = awaitables(words + 1, all);
    put_future(words[0], weft_gather_array(count, all, return_errors));
}

static void do_gather(struct call call) {
    gather(call.words, false);
}

static void do_gather_errors(struct call call) {
    gather(call.words, true);
}

static void do_shield(struct call call) {
    put_future(call.words[0], weft_shield_of(awaitable(call.words[1])));
}

/* --- Callbacks and timers --- */

static void say_label(void *label) {
    say("loop", "%s", (const char *)label);
}

static void say_label_when_done(weft_future *future, void *label) {
    (void)future;
    say_label(label);
}

static void do_soon(struct call call) {
    weft_call_soon(say_label, call.words[0]);
}

/* Its handle is gone then. */
static void say_timer(void *thing) {
    struct thing *timer = thing;
    timer->as.handle = NULL;
    say("loop", "%s", timer->name);
}

static void do_later(struct call call) {
    struct thing *timer = add(call.words[0], HANDLE);
    timer->as.handle = weft_call_later(seconds(call.words[1]), say_timer, timer);
}

static void do_at(struct call call) {
    struct thing *timer = add(call.words[0], HANDLE);
    timer->as.handle = weft_call_at(seconds(call.words[1]), say_timer, timer);
}

static void do_drop(struct call call) {
    struct thing *timer = get(call.words[0], HANDLE);
    weft_handle_cancel(timer->as.handle);
    timer->as.handle = NULL;
}

static void do_callback(struct call call) {
    weft_future_add_done_callback(future_of(call.words[0]), say_label_when_done,
                                  label_of(call.words[0], call.words[1]));
}

static void do_uncallback(struct call call) {
    say(call.who, "removed %zu",
        weft_future_remove_done_callback(future_of(call.words[0]), say_label_when_done,
                                         label_of(call.words[0], call.words[1])));
}

/* Any instruction that does not wait, as a callback: its words are the argument. */
static void act_words(void *words) {
    act("loop", words);
}

static void act_when_done(weft_future *future, void *words) {
    (void)future;
    act_words(words);
}

static void do_soon_do(struct call call) {
    weft_call_soon(act_words, call.words);
}

static void do_later_do(struct call call) {
    weft_call_later(seconds(call.words[0]), act_words, call.words + 1);
}

static void do_when_done(struct call call) {
    weft_future_add_done_callback(future_of(call.words[0]), act_when_done, call.words + 1);
}

/* --- Deadlines --- */

static void do_reschedule(struct call call) {
    weft_deadline *deadline = &get(call.words[0], DEADLINE)->as.deadline;
    const weft_error *refused = weft_deadline_reschedule(deadline, seconds(call.words[1]));
    if (refused == NULL)
        say(call.who, "%s moves", call.words[0]);
    else
        say(call.who, "%s refuses to move: %s", call.words[0], describe_error(refused).is);
}

static void do_deadline(struct call call) {
    const weft_deadline *deadline = &get(call.words[0], DEADLINE)->as.deadline;
    char when[32] = "none";
    if (weft_deadline_when(deadline) != INFINITY)
        snprintf(when, sizeof when, "%g", weft_deadline_when(deadline));
    say(call.who, "%s at %s, expired: %s", call.words[0], when, boolean(weft_deadline_expired(deadline)));
}

/* --- And the rest --- */

static void do_log(struct call call) {
    say(call.who, "%s", joined(call.words).is);
}

const struct action task_actions[] = {
    {"log", do_log},
    {"spawn", do_spawn},
    {"spawn_eager", do_spawn_eager},
    {"eager", do_eager},
    {"start", do_start},
    {"group_new", do_group_new},
    {"group_cancel", do_group_cancel},
    {"uncancel", do_uncancel},
    {"cancelling", do_cancelling},
    {"rename", do_rename},
    {"name", do_name},
    {"future", do_future},
    {"set", do_set},
    {"fail", do_fail},
    {"cancel", do_cancel},
    {"state", do_state},
    {"gather", do_gather},
    {"gather_errors", do_gather_errors},
    {"shield", do_shield},
    {"soon", do_soon},
    {"later", do_later},
    {"at", do_at},
    {"drop", do_drop},
    {"soon_do", do_soon_do},
    {"later_do", do_later_do},
    {"when_done", do_when_done},
    {"callback", do_callback},
    {"uncallback", do_uncallback},
    {"reschedule", do_reschedule},
    {"deadline", do_deadline},
    {NULL, NULL},
};

/* --- What waits --- */

static weft_op sleep_for(char **words) {
    return weft_sleep(seconds(words[0]));
}

static void tell_slept(struct call call, weft_value value) {
    (void)value;
    say(call.who, "slept %s", call.words[0]);
}

static weft_awaitable await(char **words) {
    return awaitable(words[0]);
}

static weft_awaitable wait_for(char **words) {
    return weft_awaitable_of(weft_wait_for_of(awaitable(words[0]), seconds(words[1])));
}

static void tell_value(struct call call, weft_value value) {
    say(call.who, "%s gave %s", call.words[0], describe(value).is);
}

const struct wait_kind task_waits[] = {
    {"sleep", sleep_for, NULL, tell_slept},
    {"await", NULL, await, tell_value},
    {"wait_for", NULL, wait_for, tell_value},
    {NULL, NULL, NULL, NULL},
};
