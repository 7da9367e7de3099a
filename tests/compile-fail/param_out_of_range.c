// gcc clang emcc: the value of the parameter count must be between its least and its most
// The source's value is in the range.
#include <weft/weft.h>

#ifdef FIXED
WEFT_PARAM(int, count, 16, 1, 16);
#else
WEFT_PARAM(int, count, 17, 1, 16);
#endif
