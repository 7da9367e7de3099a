#include "text.h"

#include <stdarg.h>
#include <stdio.h>

weft__text weft__text_in(char *buffer, size_t size) {
    if (size > 0)
        buffer[0] = '\0';
    return (weft__text){buffer, size, 0};
}

void weft__text_add(weft__text *text, const char *format, ...) {
    bool fits = text->length < text->size;
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(fits ? text->buffer + text->length : NULL, fits ? text->size - text->length : 0,
                          format, arguments);
    va_end(arguments);
    if (added > 0)
        text->length += (size_t)added;
}

size_t weft__text_cut(const char *text, size_t length, size_t limit) {
    if (length <= limit)
        return length;
    size_t cut = limit;
    while (cut > 0 && limit - cut < 4 && ((unsigned char)text[cut] & 0xC0) == 0x80)
        cut--;
    return ((unsigned char)text[cut] & 0xC0) == 0x80 ? limit : cut;
}

void weft__lines_flush(weft__lines *lines) {
    weft__text *text = &lines->text;
    fwrite(text->buffer, 1, text->length < text->size ? text->length : text->size - 1, lines->stream);
    if (text->length >= text->size) /* a line that was too long for it */
        fputc('\n', lines->stream);
    *text = weft__text_in(text->buffer, text->size);
}

void weft__lines_end(weft__lines *lines) {
    weft__text_add(&lines->text, "\n");
    if (lines->stream != NULL && lines->text.length > lines->text.size / 2)
        weft__lines_flush(lines);
}
