// gcc clang emcc: structure begins with `weft_frame frame`
#include <weft/weft.h>

struct nap {
#ifdef FIXED
    weft_frame frame;
#else
    int frame;
#endif
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(0));
    weft_end();
}
