/* Pitfall: a coroutine object is not its result, which only an
 * await gives. Used as a number, the compiler refuses it:
 *     error: invalid operands to binary +
 * Define MISTAKE to see that. Where the compiler cannot know, the
 * variable that takes the value refuses it as the program runs. */
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

struct letters {
    weft_frame frame;
    const char *word;
};

weft_async(letters) {
    weft_begin(letters);
    weft_await(weft_sleep(0.2));
    weft_return(strlen(self->word));
    weft_end();
}

struct forget {
    weft_frame frame;
};

weft_async(forget) {
    weft_begin(forget);
    weft_return(weft_call(letters, .word = "tea")); /* the await is missing */
    weft_end();
}

struct not_a_result {
    weft_frame frame;
    int tea, cake;
    const weft_error *error;
};

weft_async(not_a_result) {
    weft_begin(not_a_result);
#ifdef MISTAKE
    self->tea = weft_call(letters, .word = "tea") + weft_call(letters, .word = "cake");
#endif
    weft_try {
        weft_await_to(self->tea, weft_call(forget));
        printf("tea has %d letters\n", self->tea);
    }
    weft_catch_code(WEFT_TYPE_MISMATCH, self->error) {
        printf("a coroutine is no number\n");
    }

    weft_await_to(self->tea, weft_call(letters, .word = "tea"));
    weft_await_to(self->cake, weft_call(letters, .word = "cake"));
    printf("tea and cake have %d letters\n", self->tea + self->cake);
    weft_end();
}

int main(void) {
    return weft_main(weft_call(not_a_result));
}
