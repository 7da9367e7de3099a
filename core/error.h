#ifndef WEFT_CORE_ERROR_H
#define WEFT_CORE_ERROR_H

/* Errors, and the tracebacks that they collect on their way. */

#include "scope.h"

const weft_error *weft__error_copy(const weft_error *error); /* for another thread: in memory of malloc's */
const weft_error *weft__error_of_system(const char *name, const char *format, ...)
    WEFT__PRINTF(2, 3); /* `name` is static */
const weft_error *weft__error_named(int code, const char *name, const char *format, ...)
    WEFT__PRINTF(3, 4);                                  /* of any code; the system's name may be NULL */
weft_value weft__owned_failure(const weft_error *error); /* takes the error */
const weft_error *
/* The strings but for the message are static; copies that. */
weft__error_at(const char *function, const char *file, int line, const weft_error *cause, int code,
               const char *message);

weft__traceback *weft__traceback_add(weft_loop *loop, weft__traceback *traceback, weft_frame *frame,
                                     int line);
weft__traceback *weft__traceback_copy(weft_loop *loop, const weft__traceback *traceback);
void weft__traceback_free(weft_loop *loop, weft__traceback *traceback);
bool weft__traceback_wanted(const weft_error *error);

#endif
