// clang-locals: variable 'n' may be uninitialized when used here
// An await on one of the ways to a use is enough to lose the variable.
#include <weft/weft.h>

struct counter {
    weft_frame frame;
    bool slow;
    int n;
};

weft_async(counter) {
    int n;
    weft_begin(counter);
    n = 3;
    self->n = n;
    if (self->slow)
        weft_await(weft_sleep(0));
#ifdef FIXED
    n = self->n;
#endif
    weft_return(n);
    weft_end();
}
