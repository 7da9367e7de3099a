#ifndef WEFT_CORE_MEMORY_H
#define WEFT_CORE_MEMORY_H

/* Memory of a loop: from its pools, or from its allocator. */

#include "future.h"
#include "loop.h"

void *weft__pool_grow(weft_loop *loop, unsigned pool);
void *weft__large_new(weft_loop *loop, size_t size);
void weft__large_delete(weft_loop *loop, void *pointer, size_t size);
void *weft__resize(weft_loop *loop, void *pointer, size_t old_size, size_t size); /* never from a pool */
void weft__task_memory_free(weft_loop *loop, weft_task *task);
void weft__memory_close(weft_loop *loop);
/* Freed with weft__free_text; NULL for NULL or no memory. */
char *weft__copy_text(weft_loop *loop, const char *text);
void weft__free_text(weft_loop *loop, char *text);

#if defined(__SANITIZE_ADDRESS__)
#define WEFT__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT__ASAN 1
#endif
#endif
#ifdef WEFT__ASAN
/* What a pool has free is poisoned, so that the sanitizer sees a use after free there, too. */
void __asan_poison_memory_region(void const volatile *, size_t);
void __asan_unpoison_memory_region(void const volatile *, size_t);
#define WEFT__POISON(p, size) __asan_poison_memory_region((p), (size))
#define WEFT__UNPOISON(p, size) __asan_unpoison_memory_region((p), (size))
#else
#define WEFT__POISON(p, size) ((void)0)
#define WEFT__UNPOISON(p, size) ((void)0)
#endif

/* Memory that is not zeroed; NULL if there is none. */
static inline void *weft__new(weft_loop *loop, size_t size) {
    if (WEFT__UNLIKELY(size > POOL_LARGEST))
        return weft__large_new(loop, size);
    unsigned pool = (unsigned)(size - 1) / POOL_STEP;
    void *object = loop->pools[pool].free;
    if (WEFT__UNLIKELY(object == NULL) && (object = weft__pool_grow(loop, pool)) == NULL)
        return NULL;
    WEFT__UNPOISON(object, (pool + 1) * POOL_STEP);
    loop->pools[pool].free = *(void **)object;
    loop->objects++;
    return object;
}

static inline void weft__delete(weft_loop *loop, void *object, size_t size) {
    if (WEFT__UNLIKELY(size > POOL_LARGEST)) {
        weft__large_delete(loop, object, size);
        return;
    }
    unsigned pool = (unsigned)(size - 1) / POOL_STEP;
    if (WEFT_POOLS) {
        *(void **)object = loop->pools[pool].free;
        loop->pools[pool].free = object;
    }
    loop->objects--;
    WEFT__POISON(object, (pool + 1) * POOL_STEP);
}

static inline weft_task *weft__task_memory(weft_loop *loop) {
    weft__pool *pool = &loop->pools[POOL_TASKS];
    if (WEFT__UNLIKELY(pool->free == NULL) && weft__pool_grow(loop, POOL_TASKS) == NULL)
        return NULL;
    weft_task *task = (weft_task *)pool->free;
    pool->free = *(void **)pool->free;
    WEFT__UNPOISON(task, sizeof *task);
    loop->objects++;
    return task;
}

#endif
