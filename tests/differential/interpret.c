/* Runs the programs of a scenario file in weft's simulation and prints what they did, as interpret.py does in
 * CPython. The two files name everything alike and stand in the same order. */

#include "program.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

enum { QUIET_TICKS = 8, MOST_THINGS = 64 };

/* --- What a program has made, by name --- */

enum kind { FUTURE, TASK, SEMAPHORE, GROUP, DEADLINE, HANDLE, LABEL };

struct thing {
    const char *name;
    enum kind kind;
    union {
        weft_future *future;
        weft_task *task;
        weft_semaphore semaphore;
        weft_group group;
        weft_deadline deadline;
        weft_handle *handle;
        const char *label; /* of a callback of the thing with that name */
    } as;
};

static struct world {
    const struct scenario *program;
    struct thing things[MOST_THINGS];
    size_t count;
    unsigned tick, quiet;
    bool counting;
} world;

/* The loop's memory: counted, and made to fail where it is asked for. */
static struct memory {
    bool fails; /* and then nothing is printed */
    size_t fail_from, fail_to;
    size_t asked, live;
} memory;

static bool may_allocate(void) {
    memory.asked++;
    return !memory.fails || memory.asked < memory.fail_from || memory.asked > memory.fail_to;
}

static void *allocate(void *context, size_t size) {
    (void)context;
    void *pointer = may_allocate() ? malloc(size) : NULL;
    memory.live += pointer != NULL;
    return pointer;
}

static void *reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = may_allocate() ? realloc(pointer, size) : NULL;
    memory.live += moved != NULL && pointer == NULL;
    return moved;
}

static void release(void *context, void *pointer) {
    (void)context;
    memory.live -= pointer != NULL;
    free(pointer);
}

static struct thing *find(const char *name) {
    for (size_t i = 0; i < world.count; i++)
        if (world.things[i].kind != LABEL && strcmp(world.things[i].name, name) == 0)
            return &world.things[i];
    return NULL;
}

static struct thing *add(const char *name, enum kind kind) {
    if (world.count == MOST_THINGS)
        program_wrong("too many things", name);
    struct thing *added = &world.things[world.count++];
    memset(added, 0, sizeof *added);
    added->name = name;
    added->kind = kind;
    return added;
}

static void let_go(const struct thing *thing) {
    if (thing->kind == FUTURE)
        weft_release(thing->as.future);
    else if (thing->kind == TASK && strcmp(thing->name, "main") != 0) /* that one the loop holds */
        weft_release(thing->as.task);
}

/* A thing of this name, new or in the old one's place. */
static struct thing *put(const char *name, enum kind kind) {
    struct thing *old = find(name);
    if (old == NULL)
        return add(name, kind);
    let_go(old);
    *old = (struct thing){.name = name, .kind = kind};
    return old;
}

static void put_future(const char *name, weft_future *future) {
    weft_retain(future);
    put(name, FUTURE)->as.future = future;
}

static void put_task(const char *name, weft_task *task) {
    weft_retain(task);
    put(name, TASK)->as.task = task;
}

/* What was not made for lack of memory, which a program that runs on must have all the same. */
static struct thing *substitute(const char *name, enum kind kind) {
    if (kind == TASK)
        put_task(name, weft_create_task((weft_coroutine *)NULL));
    else if (kind == FUTURE)
        put_future(name, weft_create_future());
    else
        add(name, kind);
    return find(name);
}

static struct thing *get(const char *name, enum kind kind) {
    struct thing *found = find(name);
    if (found == NULL && !memory.fails)
        program_wrong("nothing has this name", name);
    return found != NULL ? found : substitute(name, kind);
}

static weft_future *future_of(const char *name) {
    struct thing *found = get(name, FUTURE);
    return found->kind == TASK ? weft_task_future(found->as.task) : found->as.future;
}

/* --- What happens is printed with the time and the tick; ticks are counted for a while after each line ---
 */

static void count(void *unused) {
    (void)unused;
    world.tick++;
    world.counting = ++world.quiet < QUIET_TICKS;
    if (world.counting)
        weft_call_soon(count, NULL);
}

static void say(const char *who, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!memory.fails) {
        printf("%g %u %s: ", weft_time(), world.tick, who);
        vprintf(format, arguments);
        putchar('\n');
    }
    va_end(arguments);
    world.quiet = 0;
    if (!world.counting) {
        world.counting = true;
        weft_call_soon(count, NULL);
    }
}

struct text {
    char is[512];
};

static void append(struct text *text, const char *format, ...) {
    size_t used = strlen(text->is);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text->is + used, sizeof text->is - used, format, arguments);
    va_end(arguments);
}

static void append_error(struct text *text, const weft_error *error) {
    if (error->code == WEFT_GROUP) {
        append(text, "ErrorGroup[");
        for (size_t i = 0; i < error->child_count; i++) {
            append(text, i == 0 ? "" : ", ");
            append_error(text, error->children[i]);
        }
        append(text, "]");
        return;
    }
    if (error->code >= WEFT_USER)
        append(text, "E%d", error->code - WEFT_USER);
    else
        append(text, "%s", weft_error_name(error->code));
    if (error->message[0] != '\0' && (error->code >= WEFT_USER || error->code == WEFT_CANCELLED))
        append(text, ": %s", error->message);
}

static struct text describe_error(const weft_error *error) {
    struct text text = {""};
    append_error(&text, error);
    return text;
}

static void append_value(struct text *text, weft_value value) {
    if (value.kind == WEFT_POINTER) {
        const weft_values *values = weft_value_pointer(value);
        append(text, "[");
        for (size_t i = 0; i < values->count; i++) {
            append(text, i == 0 ? "" : ", ");
            append_value(text, values->items[i]);
        }
        append(text, "]");
    } else if (value.kind == WEFT_FAILURE) {
        append_error(text, weft_value_error(value));
    } else if (value.kind == WEFT_NONE) {
        append(text, "none");
    } else {
        append(text, "%lld", (long long)weft_value_int(value));
    }
}

static struct text describe(weft_value value) {
    struct text text = {""};
    append_value(&text, value);
    return text;
}

static const char *boolean(bool value) {
    return value ? "true" : "false";
}

static double seconds(const char *word) {
    return strcmp(word, "none") == 0 ? INFINITY : strtod(word, NULL);
}

/* The words from here on, as they were written. */
static struct text joined(char **words) {
    struct text text = {""};
    for (; *words != NULL; words++)
        append(&text, text.is[0] == '\0' ? "%s" : " %s", *words);
    return text;
}

static const weft_error *new_error(const char *name, char **message) {
    if (strcmp(name, "Cancelled") == 0)
        return &weft_error_cancelled;
    return weft_error_new(WEFT_USER + atoi(name + 1), "%s", joined(message).is);
}

/* --- Coroutines --- */

/* What a body gives, as its blocks find it. */
struct result {
    bool returned;
    weft_value value;
    const weft_error *caught; /* in a catch; borrowed */
};

/* A block that runs: its lines, the name of its task, and where a return goes. */
struct part {
    const struct line *at, *end;
    const char *who;
    struct result *result;
};

struct run {
    weft_frame frame;
    const struct body *body;
    const char *who;
    struct result result;
    const weft_error *error;
};

struct block {
    weft_frame frame;
    struct part part;
    weft_value value;
    const weft_error *error; /* that it raises */
};

weft_declare(run);
weft_declare(block);

static weft_coroutine *run_named(const char *definition, const char *who) {
    return weft_call(run, .body = program_body(world.program, definition), .who = who);
}

/* A name of no thing is a coroutine to be made. */
static weft_awaitable awaitable(const char *name) {
    bool is_thing = find(name) != NULL || !program_has(world.program, name);
    return is_thing ? weft_awaitable_of(future_of(name)) : weft_awaitable_of(run_named(name, name));
}

weft_async(run) {
    weft_begin(run);
    say(self->who, "begins");
    weft_try {
        weft_await(weft_call(block, .part = {self->body->lines, self->body->lines + self->body->count,
                                             self->who, &self->result}));
    }
    weft_catch_all(self->error) {
        say(self->who, "ends with %s", describe_error(self->error).is);
        weft_reraise;
    }
    say(self->who, "returns %s", describe(self->result.value).is);
    weft_return(self->result.value);
    weft_end();
}

/* --- Blocks --- */

/* The lines between two, in the block's own task. */
static weft_coroutine *between(const struct part *part, const struct line *before, const struct line *end,
                               struct result *result) {
    return weft_call(block, .part = {before + 1, end, part->who, result});
}

static weft_coroutine *inside(const struct part *part) {
    const struct line *end = part->at->clause != NULL ? part->at->clause : part->at->end;
    return between(part, part->at, end, part->result);
}

struct try_finally {
    weft_frame frame;
    struct part part;
    struct result ignored;
};

static weft_async(try_finally) {
    weft_begin(try_finally);
    weft_try {
        weft_await(inside(&self->part));
    }
    weft_finally {
        weft_await(between(&self->part, self->part.at->clause, self->part.at->end, &self->ignored));
    }
    weft_end();
}

struct handler {
    weft_frame frame;
    struct part part;
    const weft_error *error, *outer;
};

static weft_async(handler) {
    weft_begin(handler);
    say(self->part.who, "catches %s", describe_error(self->error).is);
    self->outer = self->part.result->caught;
    self->part.result->caught = self->error;
    weft_await(between(&self->part, self->part.at->clause, self->part.at->end, self->part.result));
    weft_drop();
    self->part.result->caught = self->outer;
    weft_end();
}

struct try_catch {
    weft_frame frame;
    struct part part;
    const weft_error *error;
};

static weft_async(try_catch) {
    weft_begin(try_catch);
    weft_try {
        weft_await(inside(&self->part));
    }
    weft_catch(self->error) {
        weft_await(weft_call(handler, .part = self->part, .error = self->error));
    }
    weft_end();
}

struct try_catch_all {
    weft_frame frame;
    struct part part;
    const weft_error *error;
};

static weft_async(try_catch_all) {
    weft_begin(try_catch_all);
    weft_try {
        weft_await(inside(&self->part));
    }
    weft_catch_all(self->error) {
        weft_await(weft_call(handler, .part = self->part, .error = self->error));
    }
    weft_end();
}

struct in_group {
    weft_frame frame;
    struct part part;
    struct thing *thing;
};

static weft_async(in_group) {
    weft_begin(in_group);
    weft_with(&self->thing->as.group) {
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->thing->name);
    weft_end();
}

struct in_timeout {
    weft_frame frame;
    struct part part;
    struct thing *thing;
    weft_manager manager;
};

static weft_async(in_timeout) {
    weft_begin(in_timeout);
    weft_with_as(self->thing->as.deadline, self->manager) {
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->thing->name);
    weft_end();
}

struct in_semaphore {
    weft_frame frame;
    struct part part;
    struct thing *thing;
};

static weft_async(in_semaphore) {
    weft_begin(in_semaphore);
    weft_with(&self->thing->as.semaphore) {
        say(self->part.who, "enters %s", self->thing->name);
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->thing->name);
    weft_end();
}

struct repeat {
    weft_frame frame;
    struct part part;
    int left;
};

static weft_async(repeat) {
    weft_begin(repeat);
    for (self->left = atoi(self->part.at->words[1]); self->left > 0; self->left--)
        weft_await(inside(&self->part));
    weft_end();
}

static weft_coroutine *open_try(struct part part) {
    if (program_is(part.at->clause, "finally"))
        return weft_call(try_finally, .part = part);
    if (program_is(part.at->clause, "catch_all"))
        return weft_call(try_catch_all, .part = part);
    return weft_call(try_catch, .part = part);
}

static weft_coroutine *open_block(struct part part) {
    const struct line *line = part.at;
    const char *name = line->words[1];
    if (program_is(line, "try"))
        return open_try(part);
    if (program_is(line, "group"))
        return weft_call(in_group, .part = part, .thing = find(name) != NULL ? find(name) : add(name, GROUP));
    if (program_is(line, "timeout"))
        return weft_call(in_timeout, .part = part, .thing = add(name, DEADLINE),
                         .manager = weft_timeout(seconds(line->words[2])));
    if (program_is(line, "timeout_at"))
        return weft_call(in_timeout, .part = part, .thing = add(name, DEADLINE),
                         .manager = weft_timeout_at(seconds(line->words[2])));
    if (program_is(line, "with"))
        return weft_call(in_semaphore, .part = part, .thing = get(name, SEMAPHORE));
    return weft_call(repeat, .part = part);
}

/* --- What does not wait: each takes the words after its own and may say something --- */

static void do_log(const char *who, char **words) {
    say(who, "%s", joined(words).is);
}

static void do_spawn(const char *who, char **words) {
    (void)who;
    put_task(words[0], weft_create_task(run_named(words[1] != NULL ? words[1] : words[0], words[0])));
}

static void do_start(const char *who, char **words) {
    weft_coroutine *coroutine = run_named(words[2] != NULL ? words[2] : words[1], words[1]);
    weft_task *task = weft_group_create_task(&get(words[0], GROUP)->as.group, coroutine);
    if (!weft_task_done(task)) {
        put_task(words[1], task);
        return;
    }
    weft_task_error(task);
    say(who, "%s refuses %s", words[0], words[1]);
}

static void do_group_new(const char *who, char **words) {
    (void)who;
    weft_group_init(&add(words[0], GROUP)->as.group);
}

static void do_group_cancel(const char *who, char **words) {
    (void)who;
    weft_group_cancel(&get(words[0], GROUP)->as.group);
}

static void do_future(const char *who, char **words) {
    (void)who;
    put_future(words[0], weft_create_future());
}

static void do_set(const char *who, char **words) {
    bool set = weft_future_set_value(future_of(words[0]), weft_value_of(atoi(words[1])));
    say(who, "set %s: %s", words[0], boolean(set));
}

static void do_fail(const char *who, char **words) {
    const weft_error *error = new_error(words[1], words + 2);
    say(who, "fail %s: %s", words[0], boolean(weft_future_set_error(future_of(words[0]), error)));
    weft_error_release(error);
}

static void do_cancel(const char *who, char **words) {
    bool done = weft_future_cancel(future_of(words[0]), words[1] == NULL ? NULL : joined(words + 1).is);
    say(who, "cancel %s: %s", words[0], boolean(done));
}

static void do_uncancel(const char *who, char **words) {
    say(who, "uncancel %s: %u", words[0], weft_task_uncancel(get(words[0], TASK)->as.task));
}

static void do_cancelling(const char *who, char **words) {
    say(who, "cancelling %s: %u", words[0], weft_task_cancelling(get(words[0], TASK)->as.task));
}

static void do_state(const char *who, char **words) {
    weft_future *future = future_of(words[0]);
    if (!weft_future_done(future))
        say(who, "%s is pending", words[0]);
    else if (weft_future_cancelled(future))
        say(who, "%s is cancelled", words[0]);
    else
        say(who, "%s has %s", words[0], describe(weft_future_value(future)).is);
}

static void gather(char **words, bool return_errors) {
    weft_awaitable awaitables[MOST_WORDS];
    size_t count = 0;
    for (char **word = words + 1; *word != NULL; word++)
        awaitables[count++] = awaitable(*word);
    put_future(words[0], weft_gather_array(count, awaitables, return_errors));
}

static void do_gather(const char *who, char **words) {
    (void)who;
    gather(words, false);
}

static void do_gather_errors(const char *who, char **words) {
    (void)who;
    gather(words, true);
}

static void do_shield(const char *who, char **words) {
    (void)who;
    put_future(words[0], weft_shield_of(awaitable(words[1])));
}

static void do_semaphore(const char *who, char **words) {
    (void)who;
    weft_semaphore_init(&add(words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(words[1]));
}

static void do_bounded(const char *who, char **words) {
    (void)who;
    weft_semaphore_init_bounded(&add(words[0], SEMAPHORE)->as.semaphore, (uint32_t)atoi(words[1]));
}

static void do_release(const char *who, char **words) {
    if (weft_semaphore_release(&get(words[0], SEMAPHORE)->as.semaphore) != NULL)
        say(who, "%s refuses a release", words[0]);
}

static void do_locked(const char *who, char **words) {
    weft_semaphore *semaphore = &get(words[0], SEMAPHORE)->as.semaphore;
    say(who, "%s locked: %s, %u free", words[0], boolean(weft_semaphore_locked(semaphore)),
        weft_semaphore_value(semaphore));
}

static void say_label(void *label) {
    say("loop", "%s", (const char *)label);
}

static void say_label_when_done(weft_future *future, void *label) {
    (void)future;
    say("loop", "%s", (const char *)label);
}

static void do_soon(const char *who, char **words) {
    (void)who;
    weft_call_soon(say_label, words[0]);
}

static void do_later(const char *who, char **words) {
    (void)who;
    put(words[0], HANDLE)->as.handle = weft_call_later(seconds(words[1]), say_label, words[0]);
}

static void do_at(const char *who, char **words) {
    (void)who;
    put(words[0], HANDLE)->as.handle = weft_call_at(seconds(words[1]), say_label, words[0]);
}

static void do_drop(const char *who, char **words) {
    (void)who;
    if (get(words[0], HANDLE)->as.handle != NULL) /* else there was no memory for it */
        weft_handle_cancel(get(words[0], HANDLE)->as.handle);
}

/* The same pointer for the same two names, by which a callback is found again. */
static void *label_of(const char *name, const char *label) {
    union {
        const char *from;
        void *to;
    } cast;
    for (size_t i = 0; i < world.count; i++) {
        cast.from = world.things[i].as.label;
        if (world.things[i].kind == LABEL && strcmp(world.things[i].name, name) == 0 &&
            strcmp(cast.from, label) == 0)
            return cast.to;
    }
    add(name, LABEL)->as.label = cast.from = label;
    return cast.to;
}

static void do_callback(const char *who, char **words) {
    (void)who;
    weft_future_add_done_callback(future_of(words[0]), say_label_when_done, label_of(words[0], words[1]));
}

static void do_uncallback(const char *who, char **words) {
    size_t removed = weft_future_remove_done_callback(future_of(words[0]), say_label_when_done,
                                                      label_of(words[0], words[1]));
    say(who, "removed %zu", removed);
}

static void do_reschedule(const char *who, char **words) {
    const weft_error *refused =
        weft_deadline_reschedule(&get(words[0], DEADLINE)->as.deadline, seconds(words[1]));
    say(who, refused == NULL ? "%s moves" : "%s refuses to move", words[0]);
    weft_error_release(refused);
}

static void do_deadline(const char *who, char **words) {
    const weft_deadline *deadline = &get(words[0], DEADLINE)->as.deadline;
    char when[32] = "none";
    if (weft_deadline_when(deadline) != INFINITY)
        snprintf(when, sizeof when, "%g", weft_deadline_when(deadline));
    say(who, "%s at %s, expired: %s", words[0], when, boolean(weft_deadline_expired(deadline)));
}

static const struct action {
    const char *word;
    void (*does)(const char *who, char **words);
} actions[] = {
#define ACTION(name) \
    { #name, do_##name }
    ACTION(log),        ACTION(spawn),    ACTION(start),   ACTION(group_new), ACTION(group_cancel),
    ACTION(future),     ACTION(set),      ACTION(fail),    ACTION(cancel),    ACTION(uncancel),
    ACTION(cancelling), ACTION(state),    ACTION(gather),  ACTION(shield),    ACTION(gather_errors),
    ACTION(semaphore),  ACTION(bounded),  ACTION(release), ACTION(locked),    ACTION(soon),
    ACTION(later),      ACTION(at),       ACTION(drop),    ACTION(callback),  ACTION(uncallback),
    ACTION(reschedule), ACTION(deadline),
#undef ACTION
};

static char **words_from(const struct line *line, size_t first) {
    union {
        char *const *from;
        char **to;
    } words = {line->words + first};
    return words.to;
}

static void act(const struct line *line, const char *who) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (program_is(line, actions[i].word)) {
            actions[i].does(who, words_from(line, 1));
            return;
        }
    program_wrong("no such instruction", line->words[0]);
}

/* --- What waits --- */

/* The await itself; its value comes back. */
struct waiting {
    weft_frame frame;
    const struct line *line;
    weft_value value;
};

static weft_async(waiting) {
    weft_begin(waiting);
    const char *name = self->line->words[1];
    if (program_is(self->line, "sleep"))
        weft_await(weft_sleep(seconds(name)));
    else if (program_is(self->line, "acquire"))
        weft_await(weft_semaphore_acquire(&get(name, SEMAPHORE)->as.semaphore));
    else if (program_is(self->line, "wait_for"))
        weft_await_to(self->value, weft_wait_for_of(awaitable(name), seconds(self->line->words[2])));
    else if (find(name) != NULL || !program_has(world.program, name))
        weft_await_to(self->value, future_of(name));
    else
        weft_await_to(self->value, run_named(name, name));
    weft_return(self->value);
    weft_end();
}

static bool waits(const struct line *line) {
    return program_is(line, "sleep") || program_is(line, "acquire") || program_is(line, "wait_for") ||
           program_is(line, "await");
}

static void say_awaited(const struct line *line, const char *who, weft_value value) {
    if (program_is(line, "sleep"))
        say(who, "slept %s", line->words[1]);
    else if (program_is(line, "acquire"))
        say(who, "acquired %s", line->words[1]);
    else
        say(who, "%s gave %s", line->words[1], describe(value).is);
}

weft_async(block) {
    weft_begin(block);
    for (; self->part.at < self->part.end && !self->part.result->returned; self->part.at++) {
        if (program_opens(self->part.at)) {
            weft_await(open_block(self->part));
            self->part.at = self->part.at->end;
        } else if (waits(self->part.at)) {
            weft_await_to(self->value, weft_call(waiting, .line = self->part.at));
            say_awaited(self->part.at, self->part.who, self->value);
        } else if (program_is(self->part.at, "return")) {
            self->part.result->returned = true;
            self->part.result->value = weft_value_of(atoi(self->part.at->words[1]));
        } else if (program_is(self->part.at, "raise")) {
            self->error = new_error(self->part.at->words[1], words_from(self->part.at, 2));
            weft_raise_error(self->error);
        } else if (program_is(self->part.at, "reraise")) {
            weft_raise_error(self->part.result->caught);
        } else {
            act(self->part.at, self->part.who);
        }
    }
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

/* --- The world --- */

static void ignore_report(void *context, const char *text) {
    (void)context;
    (void)text;
}

struct begin {
    weft_frame frame;
};

static weft_async(begin) {
    weft_begin(begin);
    add("main", TASK)->as.task = weft_current_task();
    weft_await(run_named("main", "main"));
    weft_end();
}

static void run_main(weft_simulation *simulation, weft_loop *loop) {
    weft_loop_set_reporter(loop, ignore_report, NULL);
    weft_task *main_task = weft_loop_start(loop, weft_call(begin));
    weft_simulation_turn(simulation, loop, 0);
    const weft_error *error = weft_task_error(main_task);
    if (!memory.fails && error != NULL && error->code == WEFT_DEADLOCK)
        puts("stuck");
    for (size_t i = 0; i < world.count; i++)
        let_go(&world.things[i]);
    weft_loop_close(loop);
}

static void interpret(const struct scenario *program) {
    static const weft_allocator allocator = {allocate, reallocate, release, NULL};
    weft_simulation simulation;
    memset(&world, 0, sizeof world);
    world.program = program;
    memory.asked = 0;
    weft_simulation_init(&simulation, NULL);
    weft_loop *loop = weft_loop_new(&simulation.host, &allocator);
    if (loop != NULL)
        run_main(&simulation, loop);
    weft_simulation_destroy(&simulation);
    if (memory.live > 0)
        program_wrong("memory was not given back", program->name);
}

/* Runs it again and again, with every allocation failing once, and with all from there on failing. What it
 * does then is not looked at, but it must end, and give back all memory. */
static void torture(const struct scenario *program) {
    size_t times = 0;
    memory.fails = true;
    memory.fail_from = 0;
    do {
        memory.fail_from++;
        memory.fail_to = SIZE_MAX;
        interpret(program);
        memory.fail_to = memory.fail_from;
        interpret(program);
        times += 2;
    } while (memory.asked >= memory.fail_from);
    printf("scenario %s\nended %zu times\n", program->name, times);
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size = file == NULL || fseek(file, 0, SEEK_END) != 0 ? -1 : ftell(file);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (text == NULL || fseek(file, 0, SEEK_SET) != 0 || fread(text, 1, (size_t)size, file) != (size_t)size)
        program_wrong("cannot read", path);
    fclose(file);
    text[size] = '\0';
    return text;
}

int main(int argc, char **argv) {
    static struct scenario program;
    bool tortures = argc == 3 && strcmp(argv[2], "--torture") == 0;
    if (argc != 2 && !tortures)
        program_wrong("usage", "differential SCENARIOS [--torture]");
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a crash must not swallow the lines before it */
    char *text = read_file(argv[1]), *at = text;
    while (program_next(&at, &program)) {
        if (tortures) {
            torture(&program);
        } else {
            printf("scenario %s\n", program.name);
            interpret(&program);
        }
    }
    free(text);
    return 0;
}
