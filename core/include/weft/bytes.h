#ifndef WEFT_BYTES_H
#define WEFT_BYTES_H

/*
 * Bytes: what reads give that may hold zeros. Whoever takes them out of an await owns them and frees them
 * with weft_free. Python's bytes
 *
 *     weft_await_to(self->body, weft_stream_read_all(self->stream, 1 << 20));
 *     printf("%zu bytes: %s\n", self->body->size, self->body->data);
 *     weft_free(self->body);
 */

#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

/* So many bytes, and a zero behind them that does not count, so that text can be used as a string. */
typedef struct weft_bytes {
    size_t size;
    char data[1]; /* in truth `size` + 1 of them */
} weft_bytes;

/* Internal. A copy of the bytes, or of NULL room for so many, in memory of the current loop; NULL without
 * memory. The other makes them more or fewer; NULL without memory, and then they are as they were. */
weft_bytes *weft__bytes_new(const void *data, size_t size);
weft_bytes *weft__bytes_resize(weft_bytes *bytes, size_t size);

WEFT_END_DECLARATIONS

#endif
