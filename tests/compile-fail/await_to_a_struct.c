// gcc: incompatible types when assigning to type 'struct pair'
// clang emcc: assigning to 'struct pair' from incompatible type
// A structure is no value: a pointer to one is.
#include <weft/weft.h>

struct pair {
    int a, b;
};

struct reader {
    weft_frame frame;
    weft_coroutine *source;
    struct pair pair;
    struct pair *borrowed;
};

weft_async(reader) {
    weft_begin(reader);
#ifdef FIXED
    weft_await_to(self->borrowed, self->source);
#else
    weft_await_to(self->pair, self->source);
#endif
    weft_end();
}
