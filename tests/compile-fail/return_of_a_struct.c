// gcc: incompatible type for argument
// clang emcc: passing 'struct pair' to parameter of incompatible type
// A structure is no value: a pointer to one is.
#include <weft/weft.h>

struct pair {
    int a, b;
};

struct maker {
    weft_frame frame;
    struct pair *pair;
};

weft_async(maker) {
    weft_begin(maker);
#ifdef FIXED
    weft_return(self->pair);
#else
    weft_return(*self->pair);
#endif
    weft_end();
}
