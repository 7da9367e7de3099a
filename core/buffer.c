#include "buffer.h"

#include "internal.h"

#include <stdlib.h>

enum { ROOM_LEAST = 512 };

void *weft__loop_reallocate(void *memory, size_t size) {
    const weft_allocator *allocator = weft__current == NULL ? NULL : &weft__current->allocator;
    if (memory == NULL || allocator == NULL)
        return memory == NULL ? weft_allocate(size) : realloc(memory, size);
    return allocator->reallocate(allocator->context, memory, size);
}

bool weft__buffer_reserve(weft__buffer *self, size_t more, weft__reallocate *reallocate) {
    size_t room = self->room < ROOM_LEAST ? ROOM_LEAST : self->room;
    if (self->room - self->size >= more)
        return true;
    while (room - self->size < more)
        if ((room *= 2) > SIZE_MAX / 4)
            return false;
    char *data = reallocate(self->data, room);
    if (data == NULL)
        return false;
    self->data = data;
    self->room = room;
    return true;
}

bool weft__buffer_add(weft__buffer *self, const void *data, size_t size, weft__reallocate *reallocate) {
    if (!weft__buffer_reserve(self, size, reallocate))
        return false;
    if (size > 0)
        memcpy(self->data + self->size, data, size);
    self->size += size;
    return true;
}
