#ifndef WEFT_NATIVE_PROCESS_PLAN_H
#define WEFT_NATIVE_PROCESS_PLAN_H

/* What a child process is to be: the options of its start, copied at the call. */

#include <weft/process.h>

typedef struct weft__plan {
    weft_process_options options; /* its stdio; not its strings */
    char **argv, **environment;   /* environment NULL: that of this process */
    char *file, *folder, *name;   /* name: for people */
    char *memory[];
} weft__plan;

/* What is wrong with the options. Static; or NULL. */
const weft_error *weft__plan_refusal(const weft_process_options *options);

/* One allocation, to be freed by free. NULL without memory. */
weft__plan *weft__plan_copy(const weft_process_options *options, const char *const *argv);

/* Streams are not freed before the child has taken them over, whoever closes them meanwhile. */
void weft__plan_use_streams(weft__plan *made, bool used);

static inline const weft_stdio *weft__stdio_of(const weft_process_options *options, int i) {
    return i == 0 ? &options->input : i == 1 ? &options->output : &options->errors;
}

#endif
