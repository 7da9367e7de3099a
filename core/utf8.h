#ifndef WEFT_CORE_UTF8_H
#define WEFT_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are UTF-8: no overlong sequences, surrogates or numbers beyond Unicode. */
bool weft__is_utf8(const void *data, size_t size);

#endif
