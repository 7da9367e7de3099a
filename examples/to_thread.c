/* A call that blocks runs in a thread, and the loop stays free
 * meanwhile. Where there are no threads, as in a page, it runs in
 * place. */
#include <stdio.h>
#include <threads.h>
#include <weft/weft.h>

/* Runs in a thread. It must not call weft, except to make its value. */
static weft_value read_file(void *name) {
    /* The sleep stands for a slow disk. */
    thrd_sleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    return weft_format("%s is read", (const char *)name);
}

struct beat {
    weft_frame frame;
    int beats;
};

weft_async(beat) {
    weft_begin(beat);
    for (self->beats = 0; self->beats < 4; self->beats++)
        weft_await(weft_sleep(0.1));
    weft_return(weft_format("the heart has beaten %d times", self->beats));
    weft_end();
}

struct to_thread {
    weft_frame frame;
    const weft_values *results;
};

weft_async(to_thread) {
    weft_begin(to_thread);
    weft_await_to(self->results, weft_gather(weft_to_thread(read_file, "first.txt"),
                                             weft_to_thread(read_file, "second.txt"), weft_call(beat)));
    for (size_t i = 0; i < self->results->count; i++)
        printf("%s\n", weft_value_string(self->results->items[i]));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(to_thread));
}
