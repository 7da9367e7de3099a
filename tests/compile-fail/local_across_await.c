// gcc-locals: switch jumps over variable initialization
// clang-locals: variable 'n' is uninitialized when used here
// A local variable with an initial value does not live across an await; a member of the frame does.
#include <weft/weft.h>

struct counter {
    weft_frame frame;
    int n;
};

weft_async(counter) {
    weft_begin(counter);
#ifdef FIXED
    self->n = 3;
    weft_await(weft_sleep(0));
    weft_return(self->n);
#else
    int n = 3;
    weft_await(weft_sleep(0));
    weft_return(n);
#endif
    weft_end();
}
