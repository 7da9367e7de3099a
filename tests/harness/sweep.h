/* Every allocation fails once: `PROGRAM --fail-allocations [NAME]` runs the cases that way.
 *
 * A case's allocator asks sweep_fails() at every allocation. There the program forks: in one child that
 * allocation fails, in another one that and every later one. A child goes on to the end of its world, tells
 * with sweep_end() what came of it, and ends there. The parent has the memory and goes on, so a case runs to
 * its end just once, whatever state it keeps, and its own checks see a run in which nothing failed.
 *
 * In a case of many allocations only so many fail, evenly spread: 300, or fewer if it is a long one.
 *
 * A child must leave nothing that the run of its parent does not: no flaw of the list below, no memory, and
 * it must not crash or hang. Its checks do not count, since a case cannot say how it ends without memory.
 *
 * `--fail-allocation N[+] [NAME]` shows one child without its parent: the Nth allocation of a case fails, and
 * with a + every later one.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include <stdbool.h>
#include <stddef.h>

/* What a world may end with; each is a bit. */
#define SWEEP_FLAWS(X)                                        \
    X(MEMORY, "memory of the loop was left")                  \
    X(OBJECTS, "objects of the loop were left")               \
    X(DESTROYED, "a task was destroyed while it was pending") \
    X(DEADLOCK, "tasks waited for what never came")           \
    X(STUCK, "the loop did not come to its end")              \
    X(CURRENT, "a closed loop was still the current one")
enum {
#define X(name, words) SWEEP_BIT_##name,
    SWEEP_FLAWS(X)
#undef X
        SWEEP_FLAW_COUNT,
#define X(name, words) SWEEP_##name = 1 << SWEEP_BIT_##name,
    SWEEP_FLAWS(X)
#undef X
};

/* For allocators and worlds. */
bool sweep_fails(void); /* whether the allocation that is asked for now is to fail */
void sweep_begin(void); /* a world begins */
void sweep_end(unsigned flaws,
               const char *about); /* it has ended, with these flaws; more about it in words */

/* For a case that says why: without memory it may end with these. */
void sweep_allow(unsigned flaws);

/* For weft_test.c. */
bool sweep_arguments(int *argc, char ***argv); /* takes away its own; false if they make no sense */
void sweep_run(const char *name, void (*run)(void));
void sweep_print(void); /* what was done in all */

#endif
