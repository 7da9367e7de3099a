/* Tasks run in the background while their creator goes on,
 * and are awaited when they are needed. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, news, 0.5, 0.1, 3); /* Delay of the news, s */
WEFT_PARAM(double, mail, 1.5, 0.1, 3); /* Delay of the mail, s */
WEFT_PARAM(double, work, 1.0, 0, 3);   /* Other work, s */

struct fetch {
    weft_frame frame;
    const char *url;
    double delay;
};

weft_async(fetch) {
    weft_begin(fetch);
    printf("fetch of %s begins\n", self->url);
    weft_await(weft_sleep(self->delay));
    printf("fetch of %s ends\n", self->url);
    weft_return(weft_format("data from %s", self->url));
    weft_end();
}

static void show(weft_task *task) {
    printf("task %s %s\n", weft_task_name(task), weft_task_done(task) ? "is done" : "still runs");
}

struct create_task {
    weft_frame frame;
    weft_task *first, *second;
    const char *data;
};

weft_async(create_task) {
    weft_begin(create_task);
    self->first = weft_create_task_named(weft_call(fetch, .url = "news", .delay = news), "news");
    self->second = weft_create_task_named(weft_call(fetch, .url = "mail", .delay = mail), "mail");
    printf("both tasks are created, and run once this one waits\n");
    /* The sleep stands for other work. */
    weft_await(weft_sleep(work));
    show(self->first);
    show(self->second);

    /* The data is borrowed: it lives as long as its task. */
    weft_await_to(self->data, self->first);
    printf("got %s\n", self->data);
    weft_await_to(self->data, self->second);
    printf("got %s\n", self->data);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(create_task));
}
