/* What the program that runs has made, by name; and how it says what happens. */
#ifndef WORLD_H
#define WORLD_H

#include "program.h"

#include <weft/weft.h>

enum kind {
    FUTURE,
    TASK,
    LOCK,
    EVENT,
    SEMAPHORE,
    CONDITION,
    BARRIER,
    QUEUE,
    GROUP,
    DEADLINE,
    HANDLE,
    COUNTER,
    COMPLETION,
    GENERATOR,
    VARIABLE,
    TOKEN,
    CONTEXT,
    LABEL
};

struct thing {
    const char *name;
    enum kind kind;
    union {
        weft_future *future;
        weft_task *task;
        weft_lock lock;
        weft_event event;
        weft_semaphore semaphore;
        weft_condition condition;
        weft_barrier barrier;
        weft_queue queue;
        weft_group group;
        weft_deadline deadline;
        weft_handle *handle;
        int counter;
        weft_completion completion;
        weft_coroutine *generator; /* NULL: it has ended */
        weft_context_variable variable;
        weft_context_token token;
        weft_context *context;
        const char *label; /* of a callback of the thing with that name */
    } as;
    struct thing *older;
};

/* Forgets all; the things of `program` come. With `quiet` nothing is printed, and what could not be made for
 * lack of memory has a substitute. */
void world_begin(const struct scenario *program, bool quiet);
/* Where CPython would hang, as nothing can go on: from now on nothing is printed. The first says so. */
void world_stuck(void);
void world_mute(void);
/* Lets go of everything, before the loop closes; and frees it, after. */
void world_let_go(void);
void world_end(void);

const struct scenario *world_program(void);

/* The newest thing of this name, or NULL; a new one; one that must be there, of this kind. */
struct thing *find(const char *name);
struct thing *add(const char *name, enum kind kind);
struct thing *get(const char *name, enum kind kind);
void put_future(const char *name, weft_future *future);
void put_task(const char *name, weft_task *task);
weft_future *future_of(const char *name);
/* The same pointer for the same two names, by which a callback is found again. */
void *label_of(const char *name, const char *label);
/* The name that a future or task has here; "?" if it has none. */
const char *name_of(const weft_future *future);

/* Prints a line, after the time and the tick. */
void say(const char *who, const char *format, ...);
/* Prints a line for each step of each task, too. */
void say_steps(void);

struct text {
    char is[512];
};
void append(struct text *text, const char *format, ...);
struct text describe(weft_value value);
struct text describe_error(const weft_error *error);
struct text joined(char **words); /* with spaces, as they were written */
const char *boolean(bool value);
double seconds(const char *word);                              /* "none" is INFINITY */
const weft_error *new_error(const char *name, char **message); /* E1, Cancelled, or Group with its children */

#endif
