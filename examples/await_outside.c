/* Pitfall: only a coroutine can await, since only a coroutine can
 * stop and go on later. The compiler refuses it anywhere else:
 *     error: 'weft__frame' undeclared
 * Define MISTAKE to see that. */
#include <stdio.h>
#include <weft/weft.h>

struct fetch {
    weft_frame frame;
    const char *url;
};

weft_async(fetch) {
    weft_begin(fetch);
    weft_await(weft_sleep(0.3));
    printf("data from %s\n", self->url);
    weft_end();
}

/* An ordinary function. It can start a task, and leave the waiting
 * to a coroutine. */
static weft_task *start(const char *url) {
    weft_task *task = weft_create_task(weft_call(fetch, .url = url));
    printf("%s is asked\n", url);
#ifdef MISTAKE
    weft_await(task);
#endif
    return task;
}

struct await_outside {
    weft_frame frame;
    weft_task *news, *mail;
};

weft_async(await_outside) {
    weft_begin(await_outside);
    self->news = start("news");
    self->mail = start("mail");
    weft_await(self->news);
    weft_await(self->mail);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(await_outside));
}
