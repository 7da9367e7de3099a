#include "argument.h"

#include <string.h>
#include <weft/loop.h>

char *weft__copy_argument(const char *text, const char *refusal, const weft_error **error) {
    if (text == NULL)
        *error = weft_error_new(WEFT_INVALID_ARGUMENT, "%s", refusal);
    return weft__copy_optional(text, error);
}

char *weft__copy_optional(const char *text, const weft_error **error) {
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = weft_allocate(size);
    if (copy == NULL)
        *error = &weft_error_out_of_memory;
    else
        memcpy(copy, text, size);
    return copy;
}
