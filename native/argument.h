#ifndef WEFT_NATIVE_ARGUMENT_H
#define WEFT_NATIVE_ARGUMENT_H

/* Strings that a coroutine is called with are copied at the call, since the caller's own may be gone when it
 * is awaited. A copy is in the loop's memory and freed by weft_free in the coroutine's weft_drop. */

#include <weft/error.h>

/* A copy of what must be there; else NULL, with an error of the coroutine's: the refusal of NULL in words, or
 * that there is no memory. */
char *weft__copy_argument(const char *text, const char *refusal, const weft_error **error);

/* The same of what may be NULL, which stays so. */
char *weft__copy_optional(const char *text, const weft_error **error);

/* The same of several in one block, which is returned and freed as one: `fields` says where they stand, and
 * their copies stand there afterwards. */
void *weft__copy_fields(const char **const *fields, size_t count, const weft_error **error);

#endif
