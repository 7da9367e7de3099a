#ifndef WEFT_CORE_TEXT_H
#define WEFT_CORE_TEXT_H

/* Text for people, in a buffer of the caller's that may be too small: what fits is kept, the whole is
 * counted. */

#include <stdio.h>

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

/* Lines that go to a stream, many at a time. Its text is in a buffer of the caller's, which keeps at least
 * half of it free before each line. Without a stream, all stays in the buffer. */
typedef struct weft__lines {
    weft__text text;
    FILE *stream;
} weft__lines;

enum { WEFT__LINES_PART = 4096 }; /* a good size for that buffer */

void weft__lines_end(weft__lines *lines);   /* of a line */
void weft__lines_flush(weft__lines *lines); /* at the end: what has not gone yet goes */

#endif
