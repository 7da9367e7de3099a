/* Threads of this host: none, in a module without shared memory. */

#include "../core/threads.h"
#include "../core/program.h"

int weft__program_thread(weft__thread *self) {
    (void)self;
    return 1;
}

void weft__program_join(weft__thread *self) {
    (void)self;
}

void weft__program_detach(weft__thread *self) {
    (void)self;
}

unsigned weft__program_cores(void) {
    return 1;
}
