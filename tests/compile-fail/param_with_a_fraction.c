// gcc clang emcc: the value, least and most of the parameter count must be integers
// An int's values are whole.
#include <weft/weft.h>

#ifdef FIXED
WEFT_PARAM(double, count, 2.5, 1, 16);
#else
WEFT_PARAM(int, count, 2.5, 1, 16);
#endif
