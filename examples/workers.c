/* A queue between those who have work and those who do it: each
 * worker takes the next job as soon as it is free. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, count, 2, 1, 10);           /* Workers */
WEFT_PARAM(int, jobs, 5, 0, 12);            /* Jobs */
WEFT_PARAM(double, delay, 0.15, 0.05, 0.5); /* Length of the first job, s */

struct worker {
    weft_frame frame;
    weft_queue *queue;
    int number, job;
    double delay; /* of the first job */
};

weft_async(worker) {
    weft_begin(worker);
    for (;;) {
        weft_await_to(self->job, weft_queue_get(self->queue));
        printf("worker %d begins job %d\n", self->number, self->job);
        weft_await(weft_sleep(self->job * self->delay));
        printf("worker %d ends job %d\n", self->number, self->job);
        weft_queue_task_done(self->queue);
    }
    weft_end();
}

struct workers {
    weft_frame frame;
    int job;
    weft_queue queue;
    weft_group group;
};

weft_async(workers) {
    weft_begin(workers);
    weft_with_as(self->group, weft_task_group()) {
        for (int i = 1; i <= count; i++)
            weft_group_create_task(&self->group,
                                   weft_call(worker, .queue = &self->queue, .number = i, .delay = delay));
        for (self->job = 1; self->job <= jobs; self->job++)
            weft_await(weft_queue_put(&self->queue, self->job));

        weft_await(weft_queue_join(&self->queue));
        printf("all jobs are done\n");
        /* The workers wait for more, which will not come. */
        weft_group_cancel(&self->group);
    }
    weft_drop();
    weft_queue_free(&self->queue);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(workers));
}
