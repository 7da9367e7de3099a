/* The file that WEFT_DECISIONS_OUT names: a line a choice, there even if the program crashes at the next. */

#include "decisions_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;

static void write_choice(void *context, weft_choice kind, uint32_t candidates, uint32_t chosen) {
    static const char *const names[] = {[WEFT_CHOICE_TIMER_TIE] = "timer-tie",
                                        [WEFT_CHOICE_EXTERNAL] = "external",
                                        [WEFT_CHOICE_READY] = "ready"};
    (void)context;
    fprintf(file, "%s %u %u\n", names[kind], (unsigned)candidates, (unsigned)chosen);
    fflush(file);
}

void weft__write_decisions(weft_simulation *simulation) {
    const char *path = getenv("WEFT_DECISIONS_OUT");
    if (path == NULL || path[0] == '\0')
        return;
    if (file != NULL)
        fclose(file); /* of a loop before this one */
    file = fopen(path, "w");
    if (file == NULL)
        fprintf(stderr, "weft: cannot write the decisions %s: %s\n", path, strerror(errno));
    else
        simulation->on_choice = write_choice;
}
