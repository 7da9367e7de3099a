/* A chosen allocation of this thread that fails. The program is linked with --wrap of the three functions
 * (tests/CMakeLists.txt), so that weft's calls come here; those of shared libraries do not. */
#ifndef FAILING_MALLOC_H
#define FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

static _Thread_local int allocations_before_failure = -1; /* that succeed; below zero: all do */
static bool allocation_failed;                            /* set when it has */

static bool allocation_fails(void) {
    if (allocations_before_failure < 0 || allocations_before_failure-- > 0)
        return false;
    allocation_failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

void *__wrap_malloc(size_t size) {
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size) {
    return allocation_fails() ? NULL : __real_realloc(pointer, size);
}

#endif
