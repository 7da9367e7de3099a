/*
 * Finds the line at which a program spins. It is run once more, compiled with clang's
 * -fsanitize-coverage=trace-pc, which calls the function below at every branch. When a turn of the loop has
 * taken more branches than it may, each of the next ones is shown to JavaScript, which looks at the stack.
 */

#include <stdint.h>

__attribute__((import_module("env"), import_name("weft_js_spin"))) void weft_js_spin(void);

static uint32_t left;

/* How many branches the turn that begins may take. */
__attribute__((export_name("weft_fuel"))) void weft_fuel(uint32_t branches);
void weft_fuel(uint32_t branches) {
    left = branches;
}

/* The name is clang's. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    if (left > 0)
        left--;
    else
        weft_js_spin();
}
