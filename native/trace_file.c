/* The file that WEFT_TRACE names, and the sources that go into it. */

#include "../core/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;
static const char *file_path;
static int trouble; /* the first failed write's errno, or 0 */

/* The text comes in large pieces. Without a buffer a failed write is the last one: what is in the file is a
 * beginning of the trace, without its end, and not a trace with a hole. */
bool weft__program_trace_open(const char *path) {
    file = fopen(path, "w");
    file_path = path;
    trouble = 0;
    if (file == NULL)
        fprintf(stderr, "weft: cannot write the trace %s: %s\n", path, strerror(errno));
    else
        setvbuf(file, NULL, _IONBF, 0);
    return file != NULL;
}

void weft__program_trace_write(void *context, const char *text, size_t length) {
    (void)context;
    if (trouble == 0 && fwrite(text, 1, length, file) != length)
        trouble = errno;
}

void weft__program_trace_close(void) {
    if (fclose(file) != 0 && trouble == 0)
        trouble = errno;
    if (trouble != 0)
        fprintf(stderr, "weft: the trace %s is incomplete: %s\n", file_path, strerror(trouble));
}

/* One that is longer, or no file at all, was not written by a person. */
enum { LONGEST_SOURCE = 1 << 20 };

char *weft__program_source(const char *path, size_t *length) {
    FILE *source = fopen(path, "r");
    if (source == NULL)
        return NULL;
    char *text = malloc(LONGEST_SOURCE + 1);
    *length = text == NULL ? 0 : fread(text, 1, LONGEST_SOURCE + 1, source);
    bool whole = text != NULL && *length <= LONGEST_SOURCE && !ferror(source);
    fclose(source);
    if (whole)
        return text;
    free(text);
    return NULL;
}
