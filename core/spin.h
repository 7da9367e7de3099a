#ifndef WEFT_CORE_SPIN_H
#define WEFT_CORE_SPIN_H

/*
 * A lock for a few instructions, between threads that must not sleep for it: a page's main thread cannot, and
 * the core knows no other. Zeroed it is free.
 */

#include <stdatomic.h>
#include <stdbool.h>

#if !defined(__wasm__) && !defined(__STDC_NO_THREADS__) && defined(__has_include)
#if __has_include(<threads.h>)
#include <threads.h>
#define WEFT__YIELD() thrd_yield()
#endif
#endif
#ifndef WEFT__YIELD
#define WEFT__YIELD() ((void)0)
#endif

/* Whether other threads can be there at all. */
#if defined(__wasm__) && !defined(__wasm_atomics__)
enum { WEFT__HAS_THREADS = false };
#else
enum { WEFT__HAS_THREADS = true };
#endif

typedef atomic_bool weft__spin;

static inline void weft__lock(weft__spin *lock) {
    enum { PATIENCE = 100 };
    for (unsigned rounds = 0; atomic_exchange_explicit(lock, true, memory_order_acquire);)
        while (atomic_load_explicit(lock, memory_order_relaxed))
            if (++rounds > PATIENCE)
                WEFT__YIELD(); /* who has it may need this very processor */
}

static inline void weft__unlock(weft__spin *lock) {
    atomic_store_explicit(lock, false, memory_order_release);
}

#endif
