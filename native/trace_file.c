/* The file that WEFT_TRACE names. */

#include "../core/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static FILE *file;
static const char *file_path;
static int trouble; /* the first failed write's errno, or 0 */

bool weft__program_trace_open(const char *path) {
    file = fopen(path, "w");
    file_path = path;
    trouble = 0;
    if (file == NULL)
        fprintf(stderr, "weft: cannot write the trace %s: %s\n", path, strerror(errno));
    return file != NULL;
}

void weft__program_trace_write(void *context, const char *text, size_t length) {
    (void)context;
    if (fwrite(text, 1, length, file) != length && trouble == 0)
        trouble = errno;
}

void weft__program_trace_close(void) {
    if (fclose(file) != 0 && trouble == 0)
        trouble = errno;
    if (trouble != 0)
        fprintf(stderr, "weft: the trace %s is incomplete: %s\n", file_path, strerror(trouble));
}
