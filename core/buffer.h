#ifndef WEFT_CORE_BUFFER_H
#define WEFT_CORE_BUFFER_H

/* Bytes to which more are added. */

#include <weft/base.h>

/* Zeroed: empty. Freed by who has it, as it was allocated. */
typedef struct weft__buffer {
    char *data;
    size_t size, room;
} weft__buffer;

/* Where its memory is from, always the same one: realloc, or the current loop's. */
typedef void *weft__reallocate(void *memory, size_t size);
void *weft__loop_reallocate(void *memory, size_t size);

/* Makes room for so many bytes more. False without memory: then it is as it was. */
bool weft__buffer_reserve(weft__buffer *self, size_t more, weft__reallocate *reallocate);

/* Adds a copy of these. False without memory. */
bool weft__buffer_add(weft__buffer *self, const void *data, size_t size, weft__reallocate *reallocate);

#endif
