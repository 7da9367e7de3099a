// gcc: initializer element is not constant
// clang emcc: initializer element is not a compile-time constant
// The source's value is in the range, of doubles too.
#include <weft/weft.h>

#ifdef FIXED
WEFT_PARAM(double, delay, 0.5, 0.1, 1);
#else
WEFT_PARAM(double, delay, 0.5, 0.6, 1);
#endif
