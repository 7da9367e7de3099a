/*
 * Counts the blocks of memory that the C library has given out and not got back, whoever asked for them. The
 * linker puts these in the place of the library's functions (--wrap in cmake/module.rsp); where it is not
 * told to, this file is not linked.
 */

#include "bridge.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void __real_free(void *pointer);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
void __wrap_free(void *pointer);

static int blocks;

void *__wrap_malloc(size_t size) {
    void *made = __real_malloc(size);
    blocks += made != NULL;
    return made;
}

void *__wrap_calloc(size_t count, size_t size) {
    void *made = __real_calloc(count, size);
    blocks += made != NULL;
    return made;
}

void *__wrap_realloc(void *pointer, size_t size) {
    void *made = __real_realloc(pointer, size);
    blocks += pointer == NULL && made != NULL;
    return made;
}

void __wrap_free(void *pointer) {
    blocks -= pointer != NULL;
    __real_free(pointer);
}

WEFT__CALLABLE(weft_wasm_blocks) int weft_wasm_blocks(void) {
    return blocks;
}
