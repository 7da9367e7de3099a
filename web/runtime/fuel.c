/*
 * Finds the line at which a program spins. It is run once more, compiled with clang's
 * -fsanitize-coverage=trace-pc, which calls the function below at every branch, and linked so that every turn
 * of the loop comes through here. A turn that takes too many branches ends where it is, in a trap, whose
 * address tells the line.
 */

#include <stdint.h>

#include <weft/loop.h>

/* About a second, many times what a turn takes that gives way in time. */
enum { MOST_BRANCHES = 1 << 28 };

static uint32_t left = MOST_BRANCHES;

/* The names are those of clang and of the linker's option --wrap. */
void __sanitizer_cov_trace_pc(void);
weft_turn __real_weft_loop_turn(weft_loop *loop, uint64_t stop_at_step);
weft_turn __wrap_weft_loop_turn(weft_loop *loop, uint64_t stop_at_step);

void __sanitizer_cov_trace_pc(void) {
    if (left-- == 0)
        __builtin_trap();
}

weft_turn __wrap_weft_loop_turn(weft_loop *loop, uint64_t stop_at_step) {
    left = MOST_BRANCHES;
    return __real_weft_loop_turn(loop, stop_at_step);
}
