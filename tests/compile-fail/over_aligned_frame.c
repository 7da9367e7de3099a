// gcc clang emcc: the structure is over-aligned
// Frames come from an allocator that knows no wider alignment than max_align_t.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
#ifdef FIXED
    double wide;
#else
    _Alignas(64) double wide;
#endif
};

weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(0));
    weft_end();
}
