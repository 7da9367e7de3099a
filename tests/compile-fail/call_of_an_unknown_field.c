// gcc: has no member named 'delay'
// clang emcc: field designator 'delay' does not refer to any field
// Arguments are members of the frame, by name.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
    double seconds;
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(self->seconds));
    weft_end();
}

weft_coroutine *make_nap(void);
weft_coroutine *make_nap(void) {
#ifdef FIXED
    return weft_call(nap, .seconds = 1);
#else
    return weft_call(nap, .delay = 1);
#endif
}
