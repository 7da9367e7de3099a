/* Results in the order in which they come, of which the first may
 * be enough: one question to three servers, and the others stop. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, oslo, 0.9, 0.1, 2); /* Oslo takes, s */
WEFT_PARAM(double, rome, 0.5, 0.1, 2); /* Rome takes, s */
WEFT_PARAM(double, lima, 1.3, 0.1, 2); /* Lima takes, s */

struct ask {
    weft_frame frame;
    const char *city;
    double delay;
    const weft_error *error;
};

weft_async(ask) {
    weft_begin(ask);
    printf("%s is asked\n", self->city);
    weft_try {
        weft_await(weft_sleep(self->delay));
    }
    weft_catch_code(WEFT_CANCELLED, self->error) {
        printf("%s is not needed\n", self->city);
        weft_reraise;
    }
    weft_return(self->city);
    weft_end();
}

struct as_completed {
    weft_frame frame;
    weft_task *tasks[3], *first;
    weft_group group;
};

weft_async(as_completed) {
    weft_begin(as_completed);
    weft_with_as(self->group, weft_task_group()) {
        self->tasks[0] = weft_group_create_task(&self->group, weft_call(ask, .city = "Oslo", .delay = oslo));
        self->tasks[1] = weft_group_create_task(&self->group, weft_call(ask, .city = "Rome", .delay = rome));
        self->tasks[2] = weft_group_create_task(&self->group, weft_call(ask, .city = "Lima", .delay = lima));
        weft_for_await (self->first, weft_as_completed(self->tasks[0], self->tasks[1], self->tasks[2])) {
            printf("%s has answered\n", weft_value_string(weft_task_value(self->first)));
            break;
        }
        weft_group_cancel(&self->group);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(as_completed));
}
