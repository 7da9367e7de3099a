// gcc clang emcc: weft_frame must be the structure's first member
#include <weft/weft.h>

struct nap {
#ifdef FIXED
    weft_frame frame;
    int n;
#else
    int n;
    weft_frame frame;
#endif
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(0));
    weft_end();
}
