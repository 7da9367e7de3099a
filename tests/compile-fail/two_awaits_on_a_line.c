// gcc clang emcc: duplicate case value
// A label to resume at is made of the line's number.
#include <weft/weft.h>

struct nap {
    weft_frame frame;
};

#ifdef FIXED
#define SLEEP_TWICE weft_await(weft_sleep(0))
#else
#define SLEEP_TWICE            \
    weft_await(weft_sleep(0)); \
    weft_await(weft_sleep(0))
#endif

weft_async(nap) {
    weft_begin(nap);
    SLEEP_TWICE;
    weft_end();
}
