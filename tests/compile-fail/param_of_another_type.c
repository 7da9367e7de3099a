// gcc clang emcc: the parameter count must be an int, a double or a bool
// A parameter is a number or a bool.
#include <weft/weft.h>

#ifdef FIXED
WEFT_PARAM(int, count, 4, 1, 16);
#else
WEFT_PARAM(unsigned, count, 4, 1, 16);
#endif
