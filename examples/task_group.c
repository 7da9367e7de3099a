/* Tasks that end together: when one fails, the group cancels
 * the others, waits for them, and raises all that went wrong. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, count, 4, 1, 10);       /* Fetches */
WEFT_PARAM(int, failing, 2, 0, 10);     /* The one that fails (0: none) */
WEFT_PARAM(int, untidy, 4, 0, 10);      /* Fails when cancelled (0: none) */
WEFT_PARAM(double, delay, 0.4, 0.1, 1); /* Delay of the first, s */

struct fetch {
    weft_frame frame;
    int number;
    double delay;
    bool fails, fails_to_clean_up;
    const weft_error *error;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("fetch %d begins\n", self->number);
    weft_try {
        weft_await(weft_sleep(self->delay));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("fetch %d is cancelled\n", self->number);
        if (self->fails_to_clean_up)
            weft_raise(WEFT_RUNTIME, "fetch %d could not clean up", self->number);
        weft_reraise;
    }
    if (self->fails)
        weft_raise(WEFT_RUNTIME, "fetch %d found nothing", self->number);
    printf("fetch %d ends\n", self->number);
    weft_end();
}

struct task_group {
    weft_frame frame;
    weft_group group;
    const weft_error *error;
};

weft_async(task_group) {
    weft_begin(task_group);
    weft_try {
        weft_with_as(self->group, weft_task_group()) {
            for (int i = 1; i <= count; i++)
                weft_group_create_task(&self->group,
                                       weft_call(fetch, .number = i, .delay = i * delay,
                                                 .fails = i == failing, .fails_to_clean_up = i == untidy));
            /* Leaving the block waits for every task. */
        }
        printf("all fetches ended\n");
    }
    weft_catch_code(WEFT_GROUP, self->error) {
        for (size_t i = 0; i < self->error->child_count; i++)
            printf("failed: %s\n", self->error->children[i]->message);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(task_group));
}
