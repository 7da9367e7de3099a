/* Tasks wait until something has happened: an event wakes all who
 * wait for it, and lets those pass who come later. */
#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(double, opening, 0.7, 0, 1.5); /* The door opens after, s */

struct guest {
    weft_frame frame;
    weft_event *open;
    const char *name;
    double delay; /* until the guest arrives */
};

weft_async(guest) {
    weft_begin(guest);
    weft_await(weft_sleep(self->delay));
    printf("%s arrives, the door is %s\n", self->name, weft_event_is_set(self->open) ? "open" : "closed");
    weft_await(weft_event_wait(self->open));
    printf("%s enters\n", self->name);
    weft_end();
}

struct event {
    weft_frame frame;
    weft_event open;
    weft_group group;
};

weft_async(event) {
    weft_begin(event);
    weft_with_as(self->group, weft_task_group()) {
        weft_group_create_task(&self->group,
                               weft_call(guest, .open = &self->open, .name = "Ada", .delay = 0.2));
        weft_group_create_task(&self->group,
                               weft_call(guest, .open = &self->open, .name = "Bob", .delay = 0.4));
        weft_group_create_task(&self->group,
                               weft_call(guest, .open = &self->open, .name = "Eve", .delay = 1.0));
        weft_await(weft_sleep(opening));
        printf("the door opens\n");
        weft_event_set(&self->open);
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(event));
}
