/* Runs the lines of a program. */

#include "interpret.h"

#include <stdlib.h>
#include <string.h>

static char **words_of(const struct line *line) {
    union {
        char *const *from;
        char **to;
    } words = {line->words};
    return words.to;
}

/* --- What a line says, by its first word --- */

static const struct block_kind *block_kind_of(const struct line *line) {
    static const struct block_kind *const tables[] = {block_kinds, manager_kinds, many_blocks,
                                                      generator_blocks};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct block_kind *kind = tables[i]; kind->word != NULL; kind++)
            if (program_is(line, kind->word))
                return kind;
    program_wrong("no such block", line->words[0]);
}

static const struct wait_kind *wait_kind_of(const struct line *line) {
    static const struct wait_kind *const tables[] = {task_waits, primitive_waits, queue_waits, many_waits,
                                                     generator_waits};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct wait_kind *kind = tables[i]; kind->word != NULL; kind++)
            if (program_is(line, kind->word))
                return kind;
    return NULL;
}

void act(const char *who, char **words) {
    static const struct action *const tables[] = {task_actions, primitive_actions, queue_actions,
                                                  many_actions, context_actions};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct action *action = tables[i]; action->word != NULL; action++)
            if (strcmp(words[0], action->word) == 0) {
                action->does((struct call){who, words + 1});
                return;
            }
    program_wrong("no such instruction", words[0]);
}

/* --- Waiting: in a coroutine of its own, whose value comes back --- */

struct operation {
    weft_frame frame;
    weft_op awaited;
    weft_value value;
};

static weft_async(operation) {
    weft_begin(operation);
    weft_await_to(self->value, self->awaited);
    weft_return(self->value);
    weft_end();
}

struct future {
    weft_frame frame;
    weft_future *awaited;
    weft_value value;
};

static weft_async(future) {
    weft_begin(future);
    weft_await_to(self->value, self->awaited);
    weft_return(self->value);
    weft_end();
}

static weft_coroutine *waiting(const struct wait_kind *kind, const struct line *line) {
    if (kind->operation != NULL)
        return weft_call(operation, .awaited = kind->operation(words_of(line) + 1));
    weft_awaitable awaited = kind->other(words_of(line) + 1);
    return awaited.future != NULL ? weft_call(future, .awaited = awaited.future) : awaited.coroutine;
}

/* --- Lines --- */

struct lines {
    weft_frame frame;
    struct part part;
    const struct wait_kind *kind;
    weft_value value;
    const weft_error *error; /* that it raises */
};

static weft_async(lines) {
    weft_begin(lines);
    for (; self->part.at < self->part.end && !self->part.result->stopped; self->part.at++) {
        self->kind = wait_kind_of(self->part.at);
        if (program_opens(self->part.at)) {
            weft_await(block_kind_of(self->part.at)->open(self->part));
            self->part.at = self->part.at->end;
        } else if (self->kind != NULL) {
            weft_await_to(self->value, waiting(self->kind, self->part.at));
            self->kind->tell((struct call){self->part.who, words_of(self->part.at) + 1}, self->value);
            weft_value_free(&self->value);
        } else if (program_is(self->part.at, "return")) {
            self->part.result->stopped = true;
            self->part.result->value = weft_value_of(atoi(self->part.at->words[1]));
        } else if (program_is(self->part.at, "leave")) {
            self->part.result->stopped = self->part.result->left = true;
        } else if (program_is(self->part.at, "raise")) {
            self->error = new_error(self->part.at->words[1], words_of(self->part.at) + 2);
            weft_raise_error(self->error);
        } else if (program_is(self->part.at, "reraise")) {
            weft_raise_error(self->part.result->caught);
        } else {
            act(self->part.who, words_of(self->part.at));
        }
    }
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

weft_coroutine *run_part(struct part part) {
    return weft_call(lines, .part = part);
}

weft_coroutine *inside(const struct part *block) {
    const struct line *end = block->at->clause != NULL ? block->at->clause : block->at->end;
    return run_part((struct part){block->at + 1, end, block->who, block->result});
}

weft_coroutine *clause(const struct part *block, struct result *result) {
    return run_part((struct part){block->at->clause + 1, block->at->end, block->who, result});
}

bool goes_on(struct result *result) {
    if (result->left) {
        result->stopped = result->left = false;
        return false;
    }
    return !result->stopped;
}

/* --- Bodies --- */

struct run {
    weft_frame frame;
    const struct body *body;
    const char *who;
    struct result result;
    const weft_error *error;
};

static unsigned begun;

unsigned bodies_begun(void) {
    return begun;
}

static weft_async(run) {
    weft_begin(run);
    begun++;
    say(self->who, "begins");
    weft_try {
        weft_await(run_part((struct part){self->body->lines, self->body->lines + self->body->count, self->who,
                                          &self->result}));
    }
    weft_catch_all(self->error) {
        if (self->error->code == WEFT_DEADLOCK)
            world_stuck();
        say(self->who, "ends with %s", describe_error(self->error).is);
        weft_reraise;
    }
    say(self->who, "returns %s", describe(self->result.value).is);
    weft_return(self->result.value);
    weft_end();
}

weft_coroutine *run_named(const char *definition, const char *who) {
    return weft_call(run, .body = program_body(world_program(), definition), .who = who);
}

weft_awaitable awaitable(const char *name) {
    bool is_thing = find(name) != NULL || !program_has(world_program(), name);
    return is_thing ? weft_awaitable_of(future_of(name)) : weft_awaitable_of(run_named(name, name));
}

size_t awaitables(char **words, weft_awaitable *all) {
    size_t count = 0;
    for (; *words != NULL; words++)
        all[count++] = awaitable(*words);
    return count;
}
