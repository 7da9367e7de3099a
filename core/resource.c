/* weft_with of what is open to the outside world. */

#include "internal.h"

struct refuse {
    weft_frame frame;
};

static weft_async(refuse) {
    weft_begin(refuse);
    weft_raise(WEFT_INVALID_ARGUMENT, "weft_with got NULL");
    weft_end();
}

static weft_coroutine *enter_nothing(void *object) {
    (void)object;
    return weft_call(refuse);
}

weft_manager weft__resource_manager(void *object) {
    const weft__resource *resource = object;
    if (resource == NULL)
        return (weft_manager){.enter = enter_nothing};
    return (weft_manager){.exit = resource->exit, .object = object};
}
