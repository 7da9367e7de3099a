// gcc: expected expression before 'do'
// clang emcc: expected expression
// An await is a statement; what it brings is stored by weft_await_to.
#include <weft/weft.h>

struct answer {
    weft_frame frame;
};

weft_async(answer) {
    weft_begin(answer);
    weft_return(42);
    weft_end();
}

struct asker {
    weft_frame frame;
    int n;
};

weft_async(asker) {
    weft_begin(asker);
#ifdef FIXED
    weft_await_to(self->n, weft_call(answer));
    self->n += 1;
#else
    self->n = 1 + weft_await(weft_call(answer));
#endif
    weft_return(self->n);
    weft_end();
}
