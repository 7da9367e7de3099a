/* Sleepers for the page that measures: many that wake together, and a crowd that ticks until it is cancelled.
 */
#include <stdio.h>
#include <weft/weft.h>

struct nap {
    weft_frame frame;
    double seconds;
};

static weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(self->seconds));
    weft_end();
}

struct nap_together {
    weft_frame frame;
    weft_group group;
    double seconds;
    int times, tasks, i;
};
weft_export(nap_together, times, tasks, seconds);

weft_async(nap_together) {
    weft_begin(nap_together);
    for (; self->times > 0; self->times--) {
        weft_with_as(self->group, weft_task_group()) {
            for (self->i = 0; self->i < self->tasks; self->i++)
                weft_group_create_task(&self->group, weft_call(nap, .seconds = self->seconds));
        }
    }
    weft_end();
}

static double ticks;

struct ticker {
    weft_frame frame;
    double delay;
};

static weft_async(ticker) {
    weft_begin(ticker);
    weft_await(weft_sleep(self->delay));
    for (;;) {
        ticks++;
        weft_await(weft_sleep(1.0));
    }
    weft_end();
}

struct crowd {
    weft_frame frame;
    int tasks, i;
    size_t memory;
};
weft_export(crowd, tasks);

/* Each task ticks once a second, all at different moments. Four times a second it prints how many ticks there
   were, and how many bytes a task takes. */
weft_async(crowd) {
    weft_begin(crowd);
    ticks = 0;
    self->memory = weft_loop_memory(weft_loop_current());
    for (self->i = 0; self->i < self->tasks; self->i++)
        weft_release(weft_create_task(weft_call(ticker, .delay = (double)self->i / self->tasks)));
    for (;;) {
        weft_await(weft_sleep(0.25));
        size_t grown = weft_loop_memory(weft_loop_current()) - self->memory;
        printf("%.0f %.0f\n", ticks, (double)grown / self->tasks);
        fflush(stdout);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(nap_together, .times = 1, .tasks = 1000, .seconds = 0.001));
}
