// gcc: 'weft__frame' undeclared
// clang emcc: use of undeclared identifier 'weft__frame'
// Only a coroutine can wait.
#include <weft/weft.h>

#ifdef FIXED
struct nap {
    weft_frame frame;
};
weft_async(nap) {
    weft_begin(nap);
    weft_await(weft_sleep(0));
    weft_end();
}
#else
void nap(void);
void nap(void) {
    weft_await(weft_sleep(0));
}
#endif
