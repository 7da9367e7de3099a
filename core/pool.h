#ifndef WEFT_CORE_POOL_H
#define WEFT_CORE_POOL_H

/* Where small objects come from. */

#include <stdint.h>

/* Small objects come from pools: one for each multiple of 16 bytes, one for tasks, so that all of them can be
 * found. A build for tests turns pools off: then every object is an allocation of its own, which can fail,
 * and its memory is not used again, so that a use after free is always seen. */
#ifndef WEFT_POOLS
#define WEFT_POOLS 1
#endif
enum { POOL_STEP = 16, POOL_LARGEST = 512, POOL_TASKS = POOL_LARGEST / POOL_STEP, POOLS };

typedef struct weft__chunk weft__chunk;
typedef struct weft__pool {
    void *free;
    weft__chunk *chunks, *newest; /* in the order in which they were made */
    uint32_t chunk_size;          /* of the next, bytes */
} weft__pool;

#endif
