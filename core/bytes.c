#include "internal.h"

enum { HEAD = offsetof(weft_bytes, data) + 1 };

static weft_bytes *sized(weft_bytes *bytes, size_t size) {
    if (bytes == NULL)
        return NULL;
    bytes->size = size;
    bytes->data[size] = '\0';
    return bytes;
}

weft_bytes *weft__bytes_new(const void *data, size_t size) {
    weft_bytes *bytes = size > SIZE_MAX - HEAD ? NULL : sized(weft_allocate(HEAD + size), size);
    if (bytes != NULL && data != NULL && size > 0)
        memcpy(bytes->data, data, size);
    return bytes;
}

weft_bytes *weft__bytes_resize(weft_bytes *bytes, size_t size) {
    const weft_allocator *allocator = &weft__current->allocator;
    return size > SIZE_MAX - HEAD
               ? NULL
               : sized(allocator->reallocate(allocator->context, bytes, HEAD + size), size);
}
