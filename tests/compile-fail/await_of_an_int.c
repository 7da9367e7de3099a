// gcc: '_Generic' selector of type 'int' is not compatible with any association
// clang emcc: controlling expression type 'int' not compatible with any generic association type
// What is awaited is a coroutine, task, future or operation.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
};

weft_async(nap) {
    weft_begin(nap);
#ifdef FIXED
    weft_await(weft_sleep(3));
#else
    weft_await(3);
#endif
    weft_end();
}
