/* What a playground must live with: programs that spin, flood the console, trap or fail. */
#include <stdio.h>
#include <weft/weft.h>

struct misbehave {
    weft_frame frame;
    int mode;
};
weft_fields(misbehave, mode);
weft_export(misbehave, mode)

weft_async(fails)
