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

static size_t size_of(const char *text) {
    return text == NULL ? 0 : strlen(text) + 1;
}

void *weft__copy_fields(const char **const *fields, size_t count, const weft_error **error) {
    size_t total = 1;
    for (size_t i = 0; i < count; i++)
        total += size_of(*fields[i]);
    char *block = weft_allocate(total), *end = block;
    if (block == NULL)
        *error = &weft_error_out_of_memory;
    for (size_t i = 0; i < count && block != NULL; i++) {
        size_t size = size_of(*fields[i]);
        if (size > 0)
            *fields[i] = memcpy(end, *fields[i], size);
        end += size;
    }
    return block;
}
