// gcc-locals: switch jumps over variable initialization
// clang-locals: variable 'n' is uninitialized when used here
// Blocks are no shelter: a local of weft_try is lost at its await too.
#include <weft/weft.h>

struct guarded {
    weft_frame frame;
    const weft_error *error;
    int n;
};

weft_async(guarded) {
    weft_begin(guarded);
    weft_try {
#ifdef FIXED
        self->n = 3;
        weft_await(weft_sleep(0));
        weft_return(self->n);
#else
        int n = 3;
        weft_await(weft_sleep(0));
        weft_return(n);
#endif
    }
    weft_catch(self->error) {
        weft_return(0);
    }
    weft_end();
}
