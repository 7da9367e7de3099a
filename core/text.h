#ifndef WEFT_CORE_TEXT_H
#define WEFT_CORE_TEXT_H

/* Text for people, in a buffer of the caller's that may be too small: what fits is kept, the whole is
 * counted. */

#include <weft/base.h>

typedef struct weft__text {
    char *buffer;
    size_t size;
    size_t length; /* of the whole */
} weft__text;

/* An empty text; no buffer is needed for a size of 0. */
weft__text weft__text_in(char *buffer, size_t size);

/* Appends as printf prints. */
void weft__text_add(weft__text *text, const char *format, ...) WEFT__PRINTF(2, 3);

/* The most bytes of UTF-8 text, up to `limit`, that do not end within a character. */
size_t weft__text_cut(const char *text, size_t length, size_t limit);

#endif
