#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void program_wrong(const char *what, const char *which) {
    fprintf(stderr, "%s: %s\n", what, which);
    exit(2);
}

bool program_is(const struct line *line, const char *word) {
    return strcmp(line->words[0], word) == 0;
}

bool program_opens(const struct line *line) {
    static const char *const opening[] = {"try",    "group",   "timeout", "timeout_at", "with",
                                          "repeat", "managed", "each",    "each_done",  "generator"};
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
        if (program_is(line, opening[i]))
            return true;
    return false;
}

static const struct body *find_body(const struct scenario *program, const char *name) {
    for (size_t i = 0; i < program->count; i++)
        if (strcmp(program->bodies[i].name, name) == 0)
            return &program->bodies[i];
    return NULL;
}

bool program_has(const struct scenario *program, const char *name) {
    return find_body(program, name) != NULL;
}

const struct body *program_body(const struct scenario *program, const char *name) {
    const struct body *found = find_body(program, name);
    if (found == NULL)
        program_wrong("no such coroutine", name);
    return found;
}

static bool is_clause(const struct line *line) {
    return program_is(line, "catch") || program_is(line, "catch_all") || program_is(line, "finally");
}

/* Finds the end of the block that `first` opens; returns it. */
static struct line *close_block(struct line *first, struct line *end) {
    for (struct line *at = first + 1; at < end; at++)
        if (program_opens(at)) {
            at = close_block(at, end);
        } else if (program_is(at, "end")) {
            first->end = at;
            return at;
        } else if (is_clause(at)) {
            first->clause = at;
        }
    program_wrong("a block without end", first->words[0]);
}

static void close_blocks(struct body *body) {
    struct line *end = body->lines + body->count;
    for (struct line *at = body->lines; at < end; at++)
        if (program_opens(at))
            at = close_block(at, end);
}

/* The next line of the text as words; a comment and an empty line have none. False at the end of the text. */
static bool next_line(char **at, struct line *read) {
    char *text = *at;
    if (*text == '\0')
        return false;
    size_t length = strcspn(text, "\n");
    *at = text + length + (text[length] == '\n');
    text[length] = '\0';
    *read = (struct line){.words = {NULL}};
    size_t count = 0;
    for (char *word = strtok(text, " "); word != NULL && *word != '#'; word = strtok(NULL, " ")) {
        if (count == MOST_WORDS)
            program_wrong("too many words", text);
        read->words[count++] = word;
    }
    return true;
}

static void add_line(struct scenario *program, struct line read) {
    if (program_is(&read, "def")) {
        if (program->count == MOST_BODIES)
            program_wrong("too many coroutines", program->name);
        program->bodies[program->count++] = (struct body){.name = read.words[1]};
        return;
    }
    struct body *last = &program->bodies[program->count - 1];
    if (program->count == 0 || last->count == MOST_LINES)
        program_wrong("no room for a line", read.words[0]);
    last->lines[last->count++] = read;
}

bool program_next(char **at, struct scenario *program) {
    struct line read = {.words = {NULL}};
    do
        if (!next_line(at, &read))
            return false;
    while (read.words[0] == NULL);
    program->count = 0;
    program->name[0] = '\0';
    for (char **word = read.words + 1; *word != NULL; word++)
        snprintf(program->name + strlen(program->name), sizeof program->name - strlen(program->name), "%s%s",
                 word == read.words + 1 ? "" : " ", *word);
    while (**at != '\0' && strncmp(*at, "scenario ", 9) != 0)
        if (next_line(at, &read) && read.words[0] != NULL)
            add_line(program, read);
    for (size_t i = 0; i < program->count; i++)
        close_blocks(&program->bodies[i]);
    return true;
}
