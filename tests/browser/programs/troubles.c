/* What the page must live with: programs that spin, flood, trap, fail, sleep for ever, or have many tasks. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

WEFT_PARAM(int, count, 10000, 1, 20000); /* Tasks of the crowd */

struct spin {
    weft_frame frame;
};
weft_async(spin) {
    weft_begin(spin);
    printf("about to spin\n");
    fflush(stdout);
    for (volatile int turns = 0;; turns = turns + 1) {
    }
    weft_end();
}

/* Prints for ever without giving the thread back. */
struct flood {
    weft_frame frame;
};
weft_async(flood) {
    weft_begin(flood);
    for (volatile unsigned line = 0;; line = line + 1)
        printf("line %u of too many\n", line);
    weft_end();
}

/* Gives the thread back all the time: its output and its events never end. */
struct ticker {
    weft_frame frame;
    int tick;
};
weft_async(ticker) {
    weft_begin(ticker);
    for (;; self->tick++) {
        printf("tick %d\n", self->tick);
        weft_await(weft_sleep(0.0));
    }
    weft_end();
}

struct trap {
    weft_frame frame;
};
weft_async(trap) {
    weft_begin(trap);
    printf("before the trap\n");
    fflush(stdout);
    __builtin_trap();
    weft_end();
}

struct open_file {
    weft_frame frame;
};
weft_async(open_file) {
    weft_begin(open_file);
    weft_await(weft_sleep(0.25));
    weft_raise(WEFT_RUNTIME, "the file %s is not there", "plan.txt");
    weft_end();
}

struct fail {
    weft_frame frame;
};
weft_async(fail) {
    weft_begin(fail);
    fprintf(stderr, "looking for the plan\n");
    weft_await(weft_call(open_file));
    weft_end();
}

struct sleeper {
    weft_frame frame;
};
weft_async(sleeper) {
    weft_begin(sleeper);
    printf("sleeping\n");
    weft_try {
        weft_await(weft_sleep(1000.0));
    }
    weft_finally {
        printf("cleaned up\n");
    }
    weft_end();
}

struct nap {
    weft_frame frame;
};
weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(1.0));
    weft_end();
}

/* So many tasks asleep at once. */
struct crowd {
    weft_frame frame;
    weft_awaitable *naps;
};
weft_async(crowd) {
    weft_begin(crowd);
    self->naps = calloc((size_t)count, sizeof *self->naps);
    if (self->naps == NULL)
        weft_raise(WEFT_RUNTIME, "no memory for %d tasks", count);
    for (int i = 0; i < count; i++)
        self->naps[i] = weft_awaitable_of(weft_call(nap));
    weft_await(weft_gather_array((size_t)count, self->naps, false));
    printf("%d tasks slept\n", count);
    weft_drop();
    free(self->naps);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(TROUBLE));
}
