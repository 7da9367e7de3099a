#ifndef WEFT_CORE_VALUE_H
#define WEFT_CORE_VALUE_H

/* Values, from hand to hand. */

#include <stdarg.h>
#include <weft/weft.h>

/* A copy of so many bytes as a string, the taker's; out-of-memory if there is none. */
weft_value weft__string_value(const char *text, size_t length);
weft_value weft__value_detach(weft_value value);
weft_value weft__format_list(const char *format, va_list arguments) WEFT__PRINTF(1, 0);
static inline weft_value weft__value_move(weft_value *from) {
    weft_value value = *from;
    *from = weft__of_none();
    return value;
}

#endif
