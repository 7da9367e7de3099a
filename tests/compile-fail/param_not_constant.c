// gcc: expression in static assertion is not constant
// clang emcc: static_assert expression is not an integral constant expression
// A parameter's value is a constant.
#include <weft/weft.h>

int number_of_cores(void);

#ifdef FIXED
WEFT_PARAM(int, workers, 4, 1, 16);
#else
WEFT_PARAM(int, workers, number_of_cores(), 1, 16);
#endif
