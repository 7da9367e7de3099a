// gcc: ignoring return value of 'weft__make'
// clang emcc: ignoring return value of function declared with 'warn_unused_result' attribute
// A coroutine that is called and not awaited never runs.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
};

weft_async(nap) {
    weft_begin(nap);
    weft_end();
}

struct caller {
    weft_frame frame;
};

weft_async(caller) {
    weft_begin(caller);
#ifdef FIXED
    weft_await(weft_call(nap));
#else
    weft_call(nap);
#endif
    weft_end();
}
