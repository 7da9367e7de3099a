/* Six timers tie, and the first to fire says how the program ends. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

static bool decided;

struct racer {
    weft_frame frame;
    int number;
};

weft_async(racer) {
    weft_begin(racer);
    weft_await(weft_sleep(1));
    if (decided)
        weft_return(weft_none());
    decided = true;
    printf("first is %d\n", self->number);
    if (self->number == 2)
        exit(3);
    if (self->number == 3)
        weft_raise(WEFT_RUNTIME, "third on purpose");
    if (self->number == 4)
        abort();
    while (self->number == 5)
        weft_await(weft_sleep(0));
    while (self->number == 6)
        printf("a line that comes again and again and again and again and again\n");
    weft_end();
}

struct endings {
    weft_frame frame;
    int i;
    weft_group group;
};

weft_async(endings) {
    weft_begin(endings);
    weft_with_as(self->group, weft_task_group()) {
        for (self->i = 1; self->i <= 6; self->i++)
            weft_group_create_task(&self->group, weft_call(racer, .number = self->i));
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(endings));
}
