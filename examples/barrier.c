/* Tasks that wait for each other: nobody goes on from a barrier
 * before as many have come as it is for. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, hikers, 3, 1, 10);        /* Hikers */
WEFT_PARAM(double, pace, 0.2, 0.05, 0.5); /* A day for the first, s */

struct hiker {
    weft_frame frame;
    weft_barrier *camp;
    int number, day;
    double pace; /* seconds for a day */
};

weft_async(hiker) {
    weft_begin(hiker);
    for (self->day = 1; self->day <= 2; self->day++) {
        weft_await(weft_sleep(self->pace));
        printf("day %d: hiker %d is at the camp\n", self->day, self->number);
        weft_await(weft_barrier_wait(self->camp));
        printf("day %d: hiker %d goes on\n", self->day, self->number);
    }
    weft_end();
}

struct barrier {
    weft_frame frame;
    weft_barrier camp;
    weft_group group;
};

weft_async(barrier) {
    weft_begin(barrier);
    weft_barrier_init(&self->camp, hikers);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= hikers; i++)
            weft_group_create_task(&self->group,
                                   weft_call(hiker, .camp = &self->camp, .number = i, .pace = i * pace));
    }
    printf("all have arrived\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(barrier));
}
