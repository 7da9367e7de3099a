/* The interpreter's parts: what runs lines, and the tables of what lines can say. */
#ifndef INTERPRET_H
#define INTERPRET_H

#include "world.h"

/* What a body gives, as its blocks find it. */
struct result {
    bool stopped; /* its lines go no further: */
    bool left;    /* the innermost loop is left; or else the body has returned */
    weft_value value;
    const weft_error *caught; /* in a catch; borrowed */
};

/* Lines that run: from `at` on, in the task that is called `who`, and where a return goes. */
struct part {
    const struct line *at, *end;
    const char *who;
    struct result *result;
};

/* A coroutine that runs a body of the program. */
weft_coroutine *run_named(const char *definition, const char *who);
/* How many bodies have begun so far. */
unsigned bodies_begun(void);
/* A coroutine that runs lines; those inside of a block; those of its clause. */
weft_coroutine *run_part(struct part part);
weft_coroutine *inside(const struct part *block);
weft_coroutine *clause(const struct part *block, struct result *result);
/* Whether the loop that ran lines is to go on. */
bool goes_on(struct result *result);

/* What a name stands for, where something is awaited: one of no thing is a coroutine to be made. */
weft_awaitable awaitable(const char *name);
/* All that the words name; returns how many. */
size_t awaitables(char **words, weft_awaitable *all);

/* A line as its instruction finds it: whose it is, and the words after its own. */
struct call {
    const char *who;
    char **words;
};

/* What opens a block: gives a coroutine that runs it. */
struct block_kind {
    const char *word;
    weft_coroutine *(*open)(struct part part);
};

/* What waits: an operation or an awaitable, from the words after its own; and what is said of its value. */
struct wait_kind {
    const char *word;
    weft_op (*operation)(char **words);
    weft_awaitable (*other)(char **words);
    void (*tell)(struct call call, weft_value value);
};

/* What does not wait. It may say something. */
struct action {
    const char *word;
    void (*does)(struct call call);
};

/* Does what these words say, which must not wait. */
void act(const char *who, char **words);

/* Each ends with a NULL word. */
extern const struct block_kind block_kinds[], manager_kinds[], many_blocks[], generator_blocks[];
extern const struct wait_kind task_waits[], primitive_waits[], queue_waits[], many_waits[], generator_waits[];
extern const struct action task_actions[], primitive_actions[], queue_actions[], many_actions[],
    context_actions[];

#endif
