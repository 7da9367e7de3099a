/* A bell wakes those who are waiting when it rings. Whoever comes a
 * moment later waits for ever: right only in the ordinary order. */
#include <stdio.h>
#include <weft/weft.h>

struct guest {
    weft_frame frame;
    weft_condition *bell;
    const char *name;
};

weft_async(guest) {
    weft_begin(guest);
    weft_await(weft_sleep(0.5)); /* on the way */
    weft_with(self->bell) {
        weft_await(weft_condition_wait(self->bell));
    }
    printf("%s eats\n", self->name);
    weft_end();
}

struct cook {
    weft_frame frame;
    weft_condition *bell;
};

weft_async(cook) {
    weft_begin(cook);
    weft_await(weft_sleep(0.5)); /* at the stove, until then, too */
    weft_with(self->bell) {
        printf("dinner is ready\n");
        weft_condition_notify_all(self->bell);
    }
    weft_end();
}

struct race {
    weft_frame frame;
    weft_condition bell;
    weft_group group;
};

weft_async(race) {
    weft_begin(race);
    weft_with_as(self->group, weft_task_group()) {
        static const char *const names[] = {"Ada", "Bob", "Eve"};
        for (int i = 0; i < 3; i++)
            weft_group_create_task(&self->group, weft_call(guest, .bell = &self->bell, .name = names[i]));
        weft_group_create_task(&self->group, weft_call(cook, .bell = &self->bell));
    }
    weft_end();
}

int main(void) {
    return weft_main(weft_call(race));
}
