/* Three philosophers, three forks: each takes the one to the
 * left and waits for the one to the right, which another has.
 * Where all take the lower one first nobody waits for ever. */
#include <stdio.h>
#include <weft/weft.h>

struct eat {
    weft_frame frame;
    weft_lock *first, *second;
    int number;
};

weft_async(eat) {
    weft_begin(eat);
    weft_with(self->first) {
        printf("philosopher %d has a fork\n", self->number);
        weft_await(weft_sleep(0.1));
        weft_with(self->second) {
            printf("philosopher %d eats\n", self->number);
            weft_await(weft_sleep(0.2));
        }
    }
    weft_end();
}

struct deadlock {
    weft_frame frame;
    weft_lock forks[3];
    const weft_error *error;
};

weft_async(deadlock) {
    weft_begin(deadlock);
    weft_try {
        weft_with(weft_timeout(1.0)) {
            weft_await(weft_gather(
                weft_call(eat, .first = &self->forks[0], .second = &self->forks[1], .number = 1),
                weft_call(eat, .first = &self->forks[1], .second = &self->forks[2], .number = 2),
                weft_call(eat, .first = &self->forks[2], .second = &self->forks[0], .number = 3)));
        }
    }
    weft_catch_code(WEFT_TIMED_OUT, self->error) {
        printf("nobody has eaten\n");
    }

    weft_await(weft_gather(weft_call(eat, .first = &self->forks[0], .second = &self->forks[1], .number = 1),
                           weft_call(eat, .first = &self->forks[1], .second = &self->forks[2], .number = 2),
                           weft_call(eat, .first = &self->forks[0], .second = &self->forks[2], .number = 3)));
    printf("everybody has eaten\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(deadlock));
}
