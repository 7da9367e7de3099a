/* Bodies that yield, and what iterates over them. */

#include "interpret.h"

#include <stdlib.h>
#include <string.h>

/* --- A generator: its body yields at its top, or inside of one block there --- */

struct generate {
    weft_frame frame;
    const char *who;
    struct part part;
    struct result result, ignored;
    const struct line *block, *stop;
    struct thing *deadline;
    weft_value sent;
    const weft_error *error, *caught;
};

static bool yields(const struct line *line) {
    return program_is(line, "yield");
}

static bool yields_inside(const struct line *block) {
    const struct line *end = !program_opens(block)   ? block
                             : block->clause != NULL ? block->clause
                                                     : block->end;
    for (const struct line *line = block + 1; line < end; line++)
        if (yields(line))
            return true;
    return false;
}

/* The line that the generator is at, with all that is inside of it. */
static weft_coroutine *run_line(struct generate *self) {
    const struct line *at = self->part.at;
    const struct line *last = program_opens(at) ? at->end : at;
    self->part.at = last;
    return run_part((struct part){at, last + 1, self->who, &self->result});
}

static bool more(const struct generate *self, const struct line *end) {
    return self->part.at < end && !self->result.stopped;
}

static void say_sent(struct generate *self) {
    say(self->who, "is sent %s", describe(self->sent).is);
    weft_value_free(&self->sent);
}

static void enter_block(struct generate *self) {
    self->ignored = (struct result){.stopped = false};
    self->block = self->part.at++;
    self->stop = self->block->clause != NULL ? self->block->clause : self->block->end;
}

static weft_coroutine *run_clause(struct generate *self, struct result *result) {
    const struct part part = {self->block, self->block->end, self->who, result};
    return clause(&part, result);
}

#define RUN_OR_YIELD()                                                \
    do {                                                              \
        if (yields(self->part.at)) {                                  \
            weft_yield_to(self->sent, atoi(self->part.at->words[1])); \
            say_sent(self);                                           \
        } else {                                                      \
            weft_await(run_line(self));                               \
        }                                                             \
    } while (0)

static weft_async(generate) {
    weft_begin(generate);
    say(self->who, "begins");
    weft_try {
        for (; more(self, self->part.end); self->part.at++) {
            if (!yields_inside(self->part.at)) {
                RUN_OR_YIELD();
                continue;
            }
            enter_block(self);
            if (program_is(self->block, "timeout")) {
                self->deadline = add(self->block->words[1], DEADLINE);
                weft_with_as(self->deadline->as.deadline, weft_timeout(seconds(self->block->words[2]))) {
                    for (; more(self, self->stop); self->part.at++)
                        RUN_OR_YIELD();
                }
            } else if (program_is(self->block->clause, "finally")) {
                weft_try {
                    for (; more(self, self->stop); self->part.at++)
                        RUN_OR_YIELD();
                }
                weft_finally {
                    weft_await(run_clause(self, &self->ignored));
                }
            } else {
                weft_try {
                    for (; more(self, self->stop); self->part.at++)
                        RUN_OR_YIELD();
                }
                weft_catch_all(self->caught) {
                    say(self->who, "catches %s", describe_error(self->caught).is);
                    self->result.caught = self->caught;
                    weft_await(run_clause(self, &self->result));
                }
            }
            self->part.at = self->block->end;
        }
    }
    weft_catch_all(self->error) {
        say(self->who, "ends with %s", describe_error(self->error).is);
        weft_reraise;
    }
    say(self->who, "ends");
    weft_end();
}

static weft_coroutine *make_generator(const char *definition) {
    const struct body *body = program_body(world_program(), definition);
    return weft_call(generate, .who = definition,
                     .part = {.at = body->lines, .end = body->lines + body->count});
}

/* --- Iterating --- */

struct each {
    weft_frame frame;
    struct part part;
    weft_value item;
};

static weft_async(each) {
    weft_begin(each);
    weft_for_await (self->item, make_generator(self->part.at->words[2])) {
        say(self->part.who, "%s is %s", self->part.at->words[1], describe(self->item).is);
        weft_await(inside(&self->part));
        if (!goes_on(self->part.result))
            break;
    }
    say(self->part.who, "leaves %s", self->part.at->words[1]);
    weft_end();
}

static weft_coroutine *open_each(struct part part) {
    return weft_call(each, .part = part);
}

/* A generator that is used by name, inside of the block; its first item comes at the beginning. */
struct in_generator {
    weft_frame frame;
    struct part part;
    struct thing *thing;
    weft_value item;
};

static weft_async(in_generator) {
    weft_begin(in_generator);
    self->thing->as.generator = make_generator(self->part.at->words[2]);
    weft_try {
        weft_await_to(self->item, weft_generator_next(self->thing->as.generator));
        say(self->part.who, "%s gave %s", self->thing->name, describe(self->item).is);
        weft_await(inside(&self->part));
    }
    weft_finally {
        weft_await(weft_generator_close(self->thing->as.generator));
    }
    say(self->part.who, "leaves %s", self->thing->name);
    weft_drop();
    self->thing->as.generator = NULL;
    weft_end();
}

static weft_coroutine *open_generator(struct part part) {
    return weft_call(in_generator, .part = part, .thing = add(part.at->words[1], GENERATOR));
}

const struct block_kind generator_blocks[] = {
    {"each", open_each},
    {"generator", open_generator},
    {NULL, NULL},
};

static weft_coroutine *generator_of(const char *name) {
    return get(name, GENERATOR)->as.generator;
}

static weft_op next(char **words) {
    return weft_generator_next(generator_of(words[0]));
}

static weft_op send(char **words) {
    return weft_generator_send(generator_of(words[0]), atoi(words[1]));
}

static weft_op close(char **words) {
    return weft_generator_close(generator_of(words[0]));
}

struct throwing {
    weft_frame frame;
    char **words;
    const weft_error *error;
    weft_value item;
};

static weft_async(throwing) {
    weft_begin(throwing);
    self->error = new_error(self->words[1], self->words + 2);
    weft_await_to(self->item, weft_generator_throw(generator_of(self->words[0]), self->error));
    weft_return(self->item);
    weft_drop();
    weft_error_release(self->error);
    weft_end();
}

static weft_awaitable throw(char **words) {
    return weft_awaitable_of(weft_call(throwing, .words = words));
}

static void tell_item(struct call call, weft_value value) {
    say(call.who, "%s gave %s", call.words[0], describe(value).is);
}

const struct wait_kind generator_waits[] = {
    {"next", next, NULL, tell_item},   {"send", send, NULL, tell_item}, {"throw", NULL, throw, tell_item},
    {"close", close, NULL, tell_item}, {NULL, NULL, NULL, NULL},
};
