/* Tasks that wait for each other: nobody goes on from a barrier
 * before as many have come as it is for. */
#include <stdio.h>
#include <weft/weft.h>

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
    int hikers;
    double pace; /* of the first; the others are slower */
    weft_barrier camp;
    weft_group group;
};
weft_export(barrier, hikers, pace);

weft_async(barrier) {
    weft_begin(barrier);
    weft_barrier_init(&self->camp, self->hikers);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= self->hikers; i++)
            weft_group_create_task(
                &self->group, weft_call(hiker, .camp = &self->camp, .number = i, .pace = i * self->pace));
    }
    printf("all have arrived\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(barrier, .hikers = 3, .pace = 0.2));
}
