/* Instructions of context variables. */

#include "interpret.h"

#include <stdlib.h>

static const weft_context_variable *variable_of(const char *name) {
    return &get(name, VARIABLE)->as.variable;
}

static void do_variable(struct call call) {
    add(call.words[0], VARIABLE)->as.variable = (weft_context_variable)WEFT_CONTEXT_VARIABLE(call.words[0]);
}

static void do_value(struct call call) {
    say(call.who, "%s is %s", call.words[0], describe(weft_context_get(variable_of(call.words[0]))).is);
}

static void do_assign(struct call call) {
    weft_context_token *token = call.words[2] == NULL ? NULL : &add(call.words[2], TOKEN)->as.token;
    weft_context_set_value(variable_of(call.words[0]), weft_format("%s", call.words[1]), token);
}

static void do_restore(struct call call) {
    const weft_error *refused = weft_context_reset(&get(call.words[0], TOKEN)->as.token);
    say(call.who, "restore %s: %s", call.words[0], refused == NULL ? "done" : describe_error(refused).is);
}

/* --- Contexts as objects --- */

/* NULL if there was no memory for it. */
static weft_context *context_of(const char *name) {
    return get(name, CONTEXT)->as.context;
}

static void do_context(struct call call) {
    add(call.words[0], CONTEXT)->as.context = weft_context_copy();
}

static void do_context_of(struct call call) {
    weft_context *context = weft_task_context(get(call.words[1], TASK)->as.task);
    add(call.words[0], CONTEXT)->as.context = weft_context_retain(context);
}

static void do_value_in(struct call call) {
    const weft_context *context = context_of(call.words[0]);
    weft_value value =
        context == NULL ? weft_none() : weft_context_value(context, variable_of(call.words[1]));
    say(call.who, "%s in %s is %s", call.words[1], call.words[0], describe(value).is);
}

static void act_here(void *words) {
    act("context", words);
}

static void do_run_in(struct call call) {
    weft_context *context = context_of(call.words[0]);
    if (context != NULL && weft_context_run(context, act_here, call.words + 1) != NULL)
        say(call.who, "%s refuses to run", call.words[0]);
}

static void do_spawn_in(struct call call) {
    const char *definition = call.words[2] != NULL ? call.words[2] : call.words[1];
    put_task(call.words[1], weft_create_task_with(run_named(definition, call.words[1]),
                                                  .context = context_of(call.words[0])));
}

const struct action context_actions[] = {
    {"variable", do_variable}, {"value", do_value},
    {"assign", do_assign},     {"restore", do_restore},
    {"context", do_context},   {"context_of", do_context_of},
    {"value_in", do_value_in}, {"run_in", do_run_in},
    {"spawn_in", do_spawn_in}, {NULL, NULL},
};
