#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* The options of a process: checked, and copied into one piece of memory. */

#include "process_plan.h"

#include <stdlib.h>
#include <string.h>

#include "stream.h"

/* Lists are copied into the plan's memory, their strings behind all lists. */
typedef struct packing {
    char **lists;
    char *strings;
} packing;

static size_t count_of(const char *const *list) {
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

static size_t size_of(const char *string) {
    return string == NULL ? 0 : strlen(string) + 1;
}

static size_t sizes_of(const char *const *list) {
    size_t size = 0;
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        size += size_of(list[i]);
    return size;
}

static char *pack(packing *into, const char *string) {
    if (string == NULL)
        return NULL;
    char *copy = memcpy(into->strings, string, size_of(string));
    into->strings += size_of(string);
    return copy;
}

static char **pack_list(packing *into, const char *const *list) {
    char **copy = into->lists;
    if (list == NULL)
        return NULL;
    for (; *list != NULL; list++)
        *into->lists++ = pack(into, *list);
    *into->lists++ = NULL;
    return copy;
}

static const char *name_of(const weft_process_options *options, const char *const *argv) {
    return options->shell != NULL ? options->shell : options->program != NULL ? options->program : argv[0];
}

weft__plan *weft__plan_copy(const weft_process_options *options, const char *const *argv) {
    const char *file = options->shell != NULL     ? "/bin/sh"
                       : options->program != NULL ? options->program
                                                  : argv[0];
    const char *name = name_of(options, argv);
    size_t pointers = count_of(argv) + count_of(options->environment) + 2;
    size_t text = sizes_of(argv) + sizes_of(options->environment) + size_of(file) + size_of(options->folder) +
                  size_of(name);
    weft__plan *made = malloc(sizeof *made + pointers * sizeof(char *) + text);
    if (made == NULL)
        return NULL;
    packing into = {.lists = made->memory, .strings = (char *)&made->memory[pointers]};
    made->options = *options;
    made->argv = pack_list(&into, argv);
    made->environment = pack_list(&into, options->environment);
    made->file = pack(&into, file);
    made->folder = pack(&into, options->folder);
    made->name = pack(&into, name);
    return made;
}

void weft__plan_use_streams(weft__plan *made, bool used) {
    for (int i = 0; i < 3; i++) {
        const weft_stdio *stdio = weft__stdio_of(&made->options, i);
        if (stdio->kind != WEFT__STDIO_STREAM || stdio->stream == NULL)
            continue;
        if (used)
            weft__stream_use(stdio->stream);
        else
            weft__stream_leave(stdio->stream);
    }
}

const weft_error *weft__plan_refusal(const weft_process_options *options) {
    static const weft_error nothing = {.code = WEFT_INVALID_ARGUMENT,
                                       .message = "a process needs an argv or a shell's command"},
                            both = {.code = WEFT_INVALID_ARGUMENT,
                                    .message = "a process has an argv or a shell's command, not both"},
                            circle = {.code = WEFT_INVALID_ARGUMENT,
                                      .message = "weft_stdio_output is for a process's errors"},
                            grace = {.code = WEFT_INVALID_ARGUMENT, .message = "a grace below zero"};
    bool has_argv = options != NULL && options->argv != NULL && options->argv[0] != NULL;
    if (options == NULL || (!has_argv && options->shell == NULL))
        return &nothing;
    if (options->shell != NULL && (options->argv != NULL || options->program != NULL))
        return &both;
    if (options->input.kind == WEFT__STDIO_OUTPUT || options->output.kind == WEFT__STDIO_OUTPUT)
        return &circle;
    return options->grace >= 0 ? NULL : &grace;
}
