/* Scenarios as text: small programs, each a few coroutines, that weft and CPython both run (README.md). */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum { MOST_WORDS = 24, MOST_LINES = 2000, MOST_BODIES = 24 };

struct line {
    char *words[MOST_WORDS + 1]; /* ends with NULL */
    struct line *clause, *end;   /* of a line that opens a block: its catch or finally, and its end */
};

struct body {
    const char *name;
    size_t count;
    struct line lines[MOST_LINES];
};

struct scenario {
    char name[160];
    size_t count;
    struct body bodies[MOST_BODIES];
};

/* Reads the next scenario of the text at `*at`, which it writes into and moves on. False at its end; ends the
 * program for a text that it does not understand. */
bool program_next(char **at, struct scenario *read);

bool program_has(const struct scenario *program, const char *name);
const struct body *program_body(const struct scenario *program, const char *name);
bool program_is(const struct line *line, const char *word);
bool program_opens(const struct line *line);

/* Ends the program with a message about its input. */
_Noreturn void program_wrong(const char *what, const char *which);

#endif
