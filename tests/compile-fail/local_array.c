// gcc-locals: switch jumps over variable initialization
// An array slips past clang's analysis; gcc sees that its initial value is jumped over.
#include <weft/weft.h>

struct greeter {
    weft_frame frame;
    char name[8];
};

weft_async(greeter) {
    weft_begin(greeter);
#ifdef FIXED
    self->name[0] = 'w';
    weft_await(weft_sleep(0));
    weft_return(self->name[0]);
#else
    char name[8] = "weft";
    weft_await(weft_sleep(0));
    weft_return(name[0]);
#endif
    weft_end();
}
