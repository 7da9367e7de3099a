/* What running one coroutine came to, natively: RUN(weft_directory_remove(path)), then `said` and `code`. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdio.h>
#include <weft/weft.h>

static char said[512]; /* the error's message, "" if there is none */
static int code;       /* its code, or WEFT_OK */

static void keep_outcome(bool succeeded, const weft_error *error) {
    code = succeeded ? WEFT_OK : error->code;
    snprintf(said, sizeof said, "%s", succeeded ? "" : error->message);
    weft_error_release(error);
}

#define RUN(coroutine)                                         \
    do {                                                       \
        const weft_error *error_of_run = NULL;                 \
        bool run = weft_run((coroutine), NULL, &error_of_run); \
        keep_outcome(run, error_of_run);                       \
    } while (0)

#endif
