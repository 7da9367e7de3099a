/* What tests/node/param.test.mjs and command.test.mjs set: params [fails] */

#include <stdio.h>
#include <weft/weft.h>

WEFT_PARAM(int, permits, 3, 1, 10);
WEFT_PARAM(double, delay, 0.5, 0.1, 3);
WEFT_PARAM(bool, fair, true, false, true);

struct params {
    weft_frame frame;
    int first; /* permits, when main read it */
};
weft_export(params);

weft_async(params) {
    weft_begin(params);
    weft_await(weft_sleep(0));
    printf("permits %d, delay %g, fair %s\n", permits, delay, fair ? "true" : "false");
    if (self->first != 0 && self->first != permits)
        weft_raise(WEFT_RUNTIME, "main read %d", self->first);
    permits = 1; /* for this run alone */
    weft_end();
}

int main(void) {
    int first = permits;
    return weft_main(weft_call(params, .first = first));
}
