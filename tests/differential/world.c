#include "world.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET_TICKS = 8 };

static struct world {
    const struct scenario *program;
    struct thing *newest;
    unsigned tick, quiet_ticks;
    bool quiet, counting;
} world;

void world_begin(const struct scenario *program, bool quiet) {
    world = (struct world){.program = program, .quiet = quiet};
}

const struct scenario *world_program(void) {
    return world.program;
}

void world_stuck(void) {
    if (!world.quiet)
        puts("stuck");
    world.quiet = true;
}

void world_mute(void) {
    weft_log_flush();
    world.quiet = true;
}

/* --- Things --- */

struct thing *find(const char *name) {
    for (struct thing *thing = world.newest; thing != NULL; thing = thing->older)
        if (thing->kind != LABEL && strcmp(thing->name, name) == 0)
            return thing;
    return NULL;
}

struct thing *add(const char *name, enum kind kind) {
    struct thing *added = calloc(1, sizeof *added);
    if (added == NULL)
        program_wrong("no memory for", name);
    *added = (struct thing){.name = name, .kind = kind, .older = world.newest};
    world.newest = added;
    return added;
}

void put_future(const char *name, weft_future *future) {
    weft_retain(future);
    add(name, FUTURE)->as.future = future;
}

void put_task(const char *name, weft_task *task) {
    weft_retain(task);
    add(name, TASK)->as.task = task;
}

/* What was not made for lack of memory, which a program that runs on must have all the same. */
static struct thing *substitute(const char *name, enum kind kind) {
    if (kind == TASK)
        put_task(name, weft_create_task((weft_coroutine *)NULL));
    else if (kind == FUTURE)
        put_future(name, weft_create_future());
    else if (kind == BARRIER)
        weft_barrier_init(&add(name, kind)->as.barrier, 1);
    else
        add(name, kind);
    return find(name);
}

struct thing *get(const char *name, enum kind kind) {
    struct thing *found = find(name);
    if (found == NULL && !world.quiet)
        program_wrong("nothing has this name", name);
    return found != NULL ? found : substitute(name, kind);
}

weft_future *future_of(const char *name) {
    struct thing *found = get(name, FUTURE);
    return found->kind == TASK ? weft_task_future(found->as.task) : found->as.future;
}

const char *name_of(const weft_future *future) {
    for (struct thing *thing = world.newest; thing != NULL; thing = thing->older)
        if ((thing->kind == TASK || thing->kind == FUTURE) && future_of(thing->name) == future)
            return thing->name;
    return "?";
}

void *label_of(const char *name, const char *label) {
    union {
        const char *from;
        void *to;
    } cast = {label};
    for (struct thing *thing = world.newest; thing != NULL; thing = thing->older)
        if (thing->kind == LABEL && strcmp(thing->name, name) == 0 && strcmp(thing->as.label, label) == 0) {
            cast.from = thing->as.label;
            return cast.to;
        }
    add(name, LABEL)->as.label = label;
    return cast.to;
}

void world_let_go(void) {
    for (struct thing *thing = world.newest; thing != NULL; thing = thing->older)
        if (thing->kind == FUTURE)
            weft_release(thing->as.future);
        else if (thing->kind == TASK && strcmp(thing->name, "main") != 0) /* that one the loop holds */
            weft_release(thing->as.task);
        else if (thing->kind == QUEUE)
            weft_queue_free(&thing->as.queue);
        else if (thing->kind == COMPLETION)
            weft_completion_free(&thing->as.completion);
        else if (thing->kind == TOKEN)
            weft_context_token_free(&thing->as.token);
        else if (thing->kind == CONTEXT)
            weft_context_release(thing->as.context);
}

void world_end(void) {
    while (world.newest != NULL) {
        struct thing *thing = world.newest;
        world.newest = thing->older;
        free(thing);
    }
}

/* --- What happens is printed with the time and the tick; ticks are counted for a while after each line ---
 */

static void count(void *unused) {
    (void)unused;
    weft_log_flush();
    world.tick++;
    world.counting = ++world.quiet_ticks < QUIET_TICKS;
    if (world.counting)
        weft_call_soon(count, NULL);
}

void say(const char *who, const char *format, ...) {
    va_list arguments;
    weft_log_flush();
    va_start(arguments, format);
    if (!world.quiet) {
        printf("%g %u %s: ", weft_time(), world.tick, who);
        vprintf(format, arguments);
        putchar('\n');
    }
    va_end(arguments);
    world.quiet_ticks = 0;
    if (!world.counting) {
        world.counting = true;
        weft_call_soon(count, NULL);
    }
}

/* --- The steps of tasks, from the event log. A task's number is how many were created before it --- */

static struct steps {
    uint32_t *ids;
    size_t count, room;
    uint32_t running[64]; /* tasks that step, eager ones inside of others */
    size_t depth;
} steps;

static void number(uint32_t id) {
    if (steps.count == steps.room) {
        steps.room = steps.room == 0 ? 64 : steps.room * 2;
        steps.ids = realloc(steps.ids, steps.room * sizeof *steps.ids);
        if (steps.ids == NULL)
            program_wrong("no memory for", "the numbers of tasks");
    }
    steps.ids[steps.count++] = id;
}

static size_t number_of(uint32_t id) {
    size_t i = steps.count;
    while (i-- > 0 && steps.ids[i] != id) {
    }
    return i;
}

static bool steps_now(uint32_t id) {
    size_t i = 0;
    while (i < steps.depth && steps.running[i] != id)
        i++;
    return i < steps.depth;
}

/* A task that is destroyed ends without a step. */
static void say_record(const weft_log_record *record) {
    bool ends = record->kind == WEFT_LOG_DONE && steps_now(record->task);
    if (record->kind == WEFT_LOG_CREATED)
        number(record->task);
    if (record->kind == WEFT_LOG_RESUME)
        steps.running[steps.depth++] = record->task;
    if (record->kind == WEFT_LOG_SUSPEND)
        steps.depth--;
    if (!world.quiet && (record->kind == WEFT_LOG_RESUME || ends))
        printf("%g %u task %zu %s\n", record->time, world.tick, number_of(record->task),
               ends ? "ends" : "steps");
}

static void say_records(void *unused, const weft_log_record *records, size_t count, uint64_t base) {
    (void)unused;
    (void)base;
    for (size_t i = 0; i < count; i++)
        say_record(&records[i]);
}

void say_steps(void) {
    steps.count = steps.depth = 0;
    if (!weft_log_on(say_records, NULL))
        program_wrong("no memory for", "the log");
}

/* --- Words --- */

void append(struct text *text, const char *format, ...) {
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

struct text describe_error(const weft_error *error) {
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
    } else if (value.kind == WEFT_STRING) {
        append(text, "%s", weft_value_string(value));
    } else {
        append(text, "%lld", (long long)weft_value_int(value));
    }
}

struct text describe(weft_value value) {
    struct text text = {""};
    append_value(&text, value);
    return text;
}

const char *boolean(bool value) {
    return value ? "true" : "false";
}

double seconds(const char *word) {
    return strcmp(word, "none") == 0 ? INFINITY : strtod(word, NULL);
}

struct text joined(char **words) {
    struct text text = {""};
    for (; *words != NULL; words++)
        append(&text, text.is[0] == '\0' ? "%s" : " %s", *words);
    return text;
}

static const weft_error *new_group(char **names) {
    static char *no_message[] = {NULL};
    const weft_error *children[MOST_WORDS] = {NULL};
    size_t count = 0;
    for (; *names != NULL; names++)
        children[count++] = new_error(*names, no_message);
    const weft_error *group = weft_error_group("several", children, count);
    while (count > 0)
        weft_error_release(children[--count]);
    return group;
}

const weft_error *new_error(const char *name, char **message) {
    if (strcmp(name, "Cancelled") == 0)
        return &weft_error_cancelled;
    if (strcmp(name, "Group") == 0)
        return new_group(message);
    return weft_error_new(WEFT_USER + atoi(name + 1), "%s", joined(message).is);
}
