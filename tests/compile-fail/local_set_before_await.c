// clang-locals: variable 'n' is uninitialized when used here
// A local variable that is declared before the body begins is lost all the same.
#include <weft/weft.h>

struct counter {
    weft_frame frame;
    int limit;
    int n;
};

weft_async(counter) {
    int n;
    weft_begin(counter);
    n = self->limit + 1;
#ifdef FIXED
    self->n = n;
    weft_await(weft_sleep(0));
    n = self->n;
#else
    weft_await(weft_sleep(0));
#endif
    weft_return(n);
    weft_end();
}
