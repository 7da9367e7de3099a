/* Pitfall: a coroutine that is called and never awaited does
 * nothing. weft reports it when the program ends. */
#include <stdio.h>
#include <weft/weft.h>

struct save {
    weft_frame frame;
    const char *name;
};

weft_async(save) {
    weft_begin(save);
    weft_await(weft_sleep(0.2));
    printf("%s is saved\n", self->name);
    weft_end();
}

struct never_awaited {
    weft_frame frame;
    weft_coroutine *saving;
};

weft_async(never_awaited) {
    weft_begin(never_awaited);
    printf("saving the letter\n");
    weft_await(weft_call(save, .name = "the letter"));

    printf("saving the picture\n");
    self->saving = weft_call(save, .name = "the picture"); /* the await is missing */
    weft_await(weft_sleep(0.4));
    printf("the picture is lost\n");
    weft_end();
}

int main(void) {
    return weft_main(weft_call(never_awaited));
}
