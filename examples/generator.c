/* A generator that also takes values: each one sent in goes to
 * its yield, and the next one yielded comes back. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, count, 4, 0, 10); /* Values */

struct average {
    weft_frame frame;
    double sum, next;
    int count;
};

weft_async(average) {
    weft_begin(average);
    weft_try {
        weft_yield_to(self->next, weft_none());
        for (;;) {
            self->sum += self->next;
            self->count++;
            weft_await(weft_sleep(0.2));
            weft_yield_to(self->next, self->sum / self->count);
        }
    }
    weft_finally {
        printf("%d values were averaged\n", self->count);
    }
    weft_end();
}

struct generator {
    weft_frame frame;
    int i;
    double value;
    weft_coroutine *average;
};

weft_async(generator) {
    weft_begin(generator);
    self->average = weft_call(average);
    weft_await(weft_generator_next(self->average)); /* to its first yield */
    for (self->i = 1; self->i <= count; self->i++) {
        weft_await_to(self->value, weft_generator_send(self->average, 10.0 * self->i));
        printf("sent %d, average %.1f\n", 10 * self->i, self->value);
    }
    weft_await(weft_generator_close(self->average));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(generator));
}
