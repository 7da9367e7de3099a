// gcc: 'weft__frame_of_other' undeclared
// clang emcc: use of undeclared identifier 'weft__frame_of_other'
// weft_begin names the coroutine whose body it begins.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
};
struct other {
    weft_frame frame;
};

weft_async(nap) {
#ifdef FIXED
    weft_begin(nap);
#else
    weft_begin(other);
#endif
    weft_await(weft_sleep(0));
    weft_end();
}
