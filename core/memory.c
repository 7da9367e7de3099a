/* Memory: pools of small objects in front of the loop's allocator. */

#include "internal.h"

#include <stdlib.h>

enum { CHUNK_FIRST = 2048, CHUNK_LARGEST = 65536 };

/* Objects follow it. */
struct weft__chunk {
    weft__chunk *next;
    size_t size;
};

_Thread_local weft_loop *weft__current;

static size_t object_size(unsigned pool) {
    return pool == POOL_TASKS ? sizeof(weft_task) : (size_t)(pool + 1) * POOL_STEP;
}

static size_t chunk_head(void) {
    return (sizeof(weft__chunk) + POOL_STEP - 1) / POOL_STEP * POOL_STEP;
}

/* Makes a chunk of free objects; returns the first free one, which stays on the list. */
void *weft__pool_grow(weft_loop *loop, unsigned pool) {
    weft__pool *self = &loop->pools[pool];
    size_t step = object_size(pool);
    size_t size = !WEFT_POOLS ? chunk_head() + step : self->chunk_size == 0 ? CHUNK_FIRST : self->chunk_size;
    weft__chunk *chunk = weft__large_new(loop, size);
    if (chunk == NULL)
        return NULL;
    *chunk = (weft__chunk){NULL, size};
    if (self->newest != NULL)
        self->newest->next = chunk;
    else
        self->chunks = chunk;
    self->newest = chunk;
    self->chunk_size = (uint32_t)(size < CHUNK_LARGEST ? size * 2 : size);

    char *first = (char *)chunk + chunk_head();
    size_t count = (size - chunk_head()) / step;
    for (size_t i = count; i-- > 0;) {
        void **object = (void **)(void *)(first + i * step);
        *object = self->free;
        self->free = object;
        if (pool == POOL_TASKS)
            ((weft_task *)(void *)object)->future.handle.kind = HANDLE_FREE;
        else
            WEFT__POISON(object, step);
    }
    WEFT__UNPOISON(first, sizeof(void *));
    return self->free;
}

void weft__task_memory_free(weft_loop *loop, weft_task *task) {
    weft__pool *pool = &loop->pools[POOL_TASKS];
    task->future.handle.kind = HANDLE_FREE;
    if (WEFT_POOLS) {
        *(void **)(void *)task = pool->free;
        pool->free = task;
    }
    loop->objects--;
    /* The handle stays readable: a walk over all tasks looks at its kind. */
    WEFT__POISON((char *)task + sizeof(weft__handle), sizeof *task - sizeof(weft__handle));
}

void weft__each_task(weft_loop *loop, weft__visit *visit, void *context) {
    for (weft__chunk *chunk = loop->pools[POOL_TASKS].chunks; chunk != NULL; chunk = chunk->next) {
        weft_task *task = (weft_task *)(void *)((char *)chunk + chunk_head());
        size_t count = (chunk->size - chunk_head()) / sizeof *task;
        for (size_t i = 0; i < count; i++)
            if (task[i].future.handle.kind == HANDLE_TASK && !visit(loop, &task[i], context))
                return;
    }
}

void *weft__large_new(weft_loop *loop, size_t size) {
    void *pointer = loop->allocator.allocate(loop->allocator.context, size);
    if (pointer != NULL)
        loop->memory += size;
    return pointer;
}

void weft__large_delete(weft_loop *loop, void *pointer, size_t size) {
    if (pointer == NULL)
        return;
    loop->memory -= size;
    loop->allocator.release(loop->allocator.context, pointer);
}

void *weft__resize(weft_loop *loop, void *pointer, size_t old_size, size_t size) {
    void *moved = loop->allocator.reallocate(loop->allocator.context, pointer, size);
    if (moved != NULL)
        loop->memory += size - old_size;
    return moved;
}

void weft__memory_close(weft_loop *loop) {
    for (unsigned pool = 0; pool < POOLS; pool++) {
        for (weft__chunk *chunk = loop->pools[pool].chunks, *next; chunk != NULL; chunk = next) {
            next = chunk->next;
            WEFT__UNPOISON(chunk, chunk->size);
            weft__large_delete(loop, chunk, chunk->size);
        }
        loop->pools[pool] = (weft__pool){0};
    }
}

char *weft__copy_text(weft_loop *loop, const char *text) {
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = weft__new(loop, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void weft__free_text(weft_loop *loop, char *text) {
    if (text != NULL)
        weft__delete(loop, text, strlen(text) + 1);
}

void *weft_allocate(size_t size) {
    weft_loop *loop = weft__current;
    return loop != NULL ? loop->allocator.allocate(loop->allocator.context, size) : malloc(size);
}

void weft_free(void *pointer) {
    weft_loop *loop = weft__current;
    if (pointer == NULL)
        return;
    if (loop != NULL)
        loop->allocator.release(loop->allocator.context, pointer);
    else
        free(pointer);
}

size_t weft_loop_memory(const weft_loop *loop) {
    return loop->memory;
}
