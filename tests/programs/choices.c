/* What the simulation chooses: three timers that tie, twice, then three tasks that are ready together. */
#include <stdio.h>
#include <weft/weft.h>

struct racer {
    weft_frame frame;
    int number;
    double delay;
};

weft_async(racer) {
    weft_begin(racer);
    if (self->delay > 0)
        weft_await(weft_sleep(self->delay));
    printf("%d", self->number);
    weft_end();
}

struct race {
    weft_frame frame;
    double delay;
    int i;
    weft_group group;
    const weft_error *error;
};

weft_async(race) {
    weft_begin(race);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            for (self->i = 1; self->i <= 3; self->i++)
                weft_group_create_task(&self->group,
                                       weft_call(racer, .number = self->i, .delay = self->delay));
        }
    }
    weft_catch_all(self->error) {
        printf(" %s", weft_error_name(self->error->code));
    }
    printf("\n");
    weft_end();
}

struct choices {
    weft_frame frame;
};

weft_async(choices) {
    weft_begin(choices);
    weft_await(weft_call(race, .delay = 1));
    weft_await(weft_call(race, .delay = 1));
    weft_await(weft_call(race, .delay = 0));
    weft_end();
}

int main(void) {
    return weft_main(weft_call(choices));
}
