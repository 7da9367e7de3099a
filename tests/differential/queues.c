/* Instructions of queues. What goes through them owns memory. */

#include "interpret.h"

#include <stdlib.h>

static weft_queue *queue_of(const char *name) {
    return &get(name, QUEUE)->as.queue;
}

static void do_queue(struct call call) {
    weft_queue_init(&add(call.words[0], QUEUE)->as.queue, (size_t)atoi(call.words[1]));
}

static void do_lifo(struct call call) {
    weft_queue_init_lifo(&add(call.words[0], QUEUE)->as.queue, (size_t)atoi(call.words[1]));
}

static void do_priority(struct call call) {
    weft_queue_init_priority(&add(call.words[0], QUEUE)->as.queue, (size_t)atoi(call.words[1]), NULL);
}

static void do_put_nowait(struct call call) {
    const weft_error *error =
        weft_queue_put_value_nowait(queue_of(call.words[0]), weft_format("%s", call.words[1]));
    say(call.who, "put %s: %s", call.words[0], error == NULL ? "done" : describe_error(error).is);
}

static void do_get_nowait(struct call call) {
    weft_value value = weft_queue_get_nowait(queue_of(call.words[0]));
    say(call.who, "got %s", describe(value).is);
    weft_value_free(&value);
}

static void do_task_done(struct call call) {
    if (weft_queue_task_done(queue_of(call.words[0])) != NULL)
        say(call.who, "%s refuses a task_done", call.words[0]);
}

static void do_shutdown(struct call call) {
    weft_queue_shutdown(queue_of(call.words[0]), false);
}

static void do_shutdown_now(struct call call) {
    weft_queue_shutdown(queue_of(call.words[0]), true);
}

static void do_size(struct call call) {
    const weft_queue *queue = queue_of(call.words[0]);
    say(call.who, "%s: %zu of %zu, empty: %s, full: %s", call.words[0], weft_queue_size(queue),
        weft_queue_maxsize(queue), boolean(weft_queue_empty(queue)), boolean(weft_queue_full(queue)));
}

const struct action queue_actions[] = {
    {"queue", do_queue},
    {"lifo", do_lifo},
    {"priority", do_priority},
    {"put_nowait", do_put_nowait},
    {"get_nowait", do_get_nowait},
    {"task_done", do_task_done},
    {"shutdown", do_shutdown},
    {"shutdown_now", do_shutdown_now},
    {"size", do_size},
    {NULL, NULL},
};

static weft_op put(char **words) {
    return weft_queue_put_value(queue_of(words[0]), weft_format("%s", words[1]));
}

static void tell_put(struct call call, weft_value value) {
    (void)value;
    say(call.who, "put %s into %s", call.words[1], call.words[0]);
}

static weft_op get_item(char **words) {
    return weft_queue_get(queue_of(words[0]));
}

static void tell_got(struct call call, weft_value value) {
    say(call.who, "got %s from %s", describe(value).is, call.words[0]);
}

static weft_op join(char **words) {
    return weft_queue_join(queue_of(words[0]));
}

static void tell_joined(struct call call, weft_value value) {
    (void)value;
    say(call.who, "joined %s", call.words[0]);
}

const struct wait_kind queue_waits[] = {
    {"put", put, NULL, tell_put},
    {"get", get_item, NULL, tell_got},
    {"join", join, NULL, tell_joined},
    {NULL, NULL, NULL, NULL},
};
