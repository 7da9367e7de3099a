#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void weft__json_flush(weft__json *json) {
    if (json->used > 0)
        json->write(json->context, json->buffer, json->used);
    json->used = 0;
}

static void put(weft__json *json, const char *bytes, size_t length) {
    while (length > 0) {
        if (json->used == sizeof json->buffer)
            weft__json_flush(json);
        size_t room = sizeof json->buffer - json->used;
        size_t part = length < room ? length : room;
        memcpy(json->buffer + json->used, bytes, part);
        json->used += part;
        bytes += part;
        length -= part;
    }
}

void weft__json_text(weft__json *json, const char *text) {
    put(json, text, strlen(text));
}

void weft__json_format(weft__json *json, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    weft__json_text(json, text);
}

/* The length of the UTF-8 character that begins here; 0 if there is none: stray, overlong, a surrogate,
 * beyond U+10FFFF. */
static size_t character_length(const unsigned char *at, size_t length) {
    static const struct {
        unsigned char first, last, second_least, second_most;
        size_t length;
    } forms[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (at[0] < forms[i].first || at[0] > forms[i].last)
            continue;
        if (forms[i].length > length)
            return 0;
        if (forms[i].length > 1 && (at[1] < forms[i].second_least || at[1] > forms[i].second_most))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((at[k] & 0xC0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

void weft__json_characters(weft__json *json, const char *bytes, size_t length) {
    for (size_t i = 0; i < length;) {
        const unsigned char *at = (const unsigned char *)bytes + i;
        size_t size = character_length(at, length - i);
        if (size == 0)
            weft__json_text(json, "\\ufffd");
        else if (*at < 0x20 || *at == 0x7F)
            weft__json_format(json, "\\u%04x", *at);
        else if (*at == '"' || *at == '\\')
            weft__json_format(json, "\\%c", *at);
        else
            put(json, bytes + i, size);
        i += size > 0 ? size : 1;
    }
}

void weft__json_base64(weft__json *json, const void *bytes, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = bytes;
    for (size_t size; length > 0; at += size, length -= size) {
        size = length < 3 ? length : 3;
        uint32_t bits = (uint32_t)at[0] << 16;
        if (size > 1)
            bits |= (uint32_t)at[1] << 8;
        if (size > 2)
            bits |= at[2];
        char text[4] = {digits[bits >> 18], digits[bits >> 12 & 63], size > 1 ? digits[bits >> 6 & 63] : '=',
                        size > 2 ? digits[bits & 63] : '='};
        put(json, text, sizeof text);
    }
}
