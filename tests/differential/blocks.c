/* Blocks: each is a coroutine that runs the lines inside of it. */

#include "interpret.h"

#include <stdlib.h>

/* --- Errors --- */

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
        weft_await(clause(&self->part, &self->ignored));
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
    if (self->error->code == WEFT_DEADLOCK)
        world_stuck();
    say(self->part.who, "catches %s", describe_error(self->error).is);
    self->outer = self->part.result->caught;
    self->part.result->caught = self->error;
    weft_await(clause(&self->part, self->part.result));
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

static weft_coroutine *open_try(struct part part) {
    if (program_is(part.at->clause, "finally"))
        return weft_call(try_finally, .part = part);
    if (program_is(part.at->clause, "catch_all"))
        return weft_call(try_catch_all, .part = part);
    return weft_call(try_catch, .part = part);
}

/* --- Groups and timeouts --- */

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

static weft_coroutine *open_group(struct part part) {
    const char *name = part.at->words[1];
    struct thing *made = find(name);
    return weft_call(in_group, .part = part, .thing = made != NULL ? made : add(name, GROUP));
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

static weft_coroutine *open_timeout(struct part part) {
    char *const *words = part.at->words;
    return weft_call(in_timeout, .part = part, .thing = add(words[1], DEADLINE),
                     .manager = weft_timeout(seconds(words[2])));
}

static weft_coroutine *open_timeout_at(struct part part) {
    char *const *words = part.at->words;
    return weft_call(in_timeout, .part = part, .thing = add(words[1], DEADLINE),
                     .manager = weft_timeout_at(seconds(words[2])));
}

/* --- Loops --- */

struct repeat {
    weft_frame frame;
    struct part part;
    int left;
};

static weft_async(repeat) {
    weft_begin(repeat);
    for (self->left = atoi(self->part.at->words[1]); self->left > 0; self->left--) {
        weft_await(inside(&self->part));
        if (!goes_on(self->part.result))
            weft_return_none();
    }
    weft_end();
}

static weft_coroutine *open_repeat(struct part part) {
    return weft_call(repeat, .part = part);
}

/* --- Managers: bodies that run at both ends of a block; the second may suppress its error --- */

struct managed {
    weft_frame frame;
    struct part part;
    weft_value entered;
};

struct exiting {
    weft_frame frame;
    weft_coroutine *body;
    weft_value value;
};

static weft_async(exiting) {
    weft_begin(exiting);
    weft_await_to(self->value, self->body);
    weft_return(weft_value_int(self->value) == 1);
    weft_end();
}

static weft_coroutine *enter_managed(void *block) {
    const struct part *part = block;
    return run_named(part->at->words[1], part->at->words[1]);
}

static weft_coroutine *exit_managed(void *block, const weft_error *error) {
    const struct part *part = block;
    say(part->who, "told %s", error == NULL ? "nothing" : describe_error(error).is);
    return weft_call(exiting, .body = run_named(part->at->words[2], part->at->words[2]));
}

static weft_async(managed) {
    weft_begin(managed);
    weft_with_as(self->entered,
                 ((weft_manager){.enter = enter_managed, .exit = exit_managed, .object = &self->part})) {
        say(self->part.who, "enters with %s", describe(self->entered).is);
        weft_await(inside(&self->part));
    }
    say(self->part.who, "leaves %s", self->part.at->words[1]);
    weft_end();
}

static weft_coroutine *open_managed(struct part part) {
    return weft_call(managed, .part = part);
}

const struct block_kind block_kinds[] = {
    {"try", open_try},
    {"group", open_group},
    {"timeout", open_timeout},
    {"timeout_at", open_timeout_at},
    {"repeat", open_repeat},
    {"managed", open_managed},
    {NULL, NULL},
};
