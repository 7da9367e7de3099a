// gcc: incompatible-pointer-types
// clang emcc: incompatible-pointer-types
// A callback is a function: a coroutine, which may wait, becomes a task instead.
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
    weft_create_task(weft_call(nap));
#else
    weft_call_soon(weft_call(nap), NULL);
#endif
    weft_end();
}
