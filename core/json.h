#ifndef WEFT_CORE_JSON_H
#define WEFT_CORE_JSON_H

/* JSON, written in pieces through a function. Any bytes become a valid string. */

#include <weft/base.h>
#include <weft/log.h>

typedef struct weft__json {
    weft_trace_write *write;
    void *context;
    size_t used;
    char buffer[4096];
} weft__json;

/* Text that is JSON already. */
void weft__json_text(weft__json *json, const char *text);

/* As printf prints, at most 255 bytes. */
void weft__json_format(weft__json *json, const char *format, ...) WEFT__PRINTF(2, 3);

/* A string without its quotation marks: escaped, what is not UTF-8 replaced by U+FFFD. */
void weft__json_characters(weft__json *json, const char *bytes, size_t length);

/* Bytes as base64, without quotation marks. */
void weft__json_base64(weft__json *json, const void *bytes, size_t length);

/* Hands over what has gathered. */
void weft__json_flush(weft__json *json);

#endif
