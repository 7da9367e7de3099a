#include "opened.h"

#include "links.h"

void weft__open_in(weft__opened **list, weft__opened *self, const char *what,
                   void (*close)(weft__opened *self)) {
    self->what = what;
    self->close = close;
    WEFT__LINK(list, self);
}

void weft__open_ends(weft__opened *self) {
    if (self->link == NULL)
        return;
    WEFT__UNLINK(self);
    self->host = NULL;
}

void weft__leave_opened(weft_loop *loop, weft__opened **list) {
    while (*list != NULL) {
        if (loop->debug && (*list)->what != NULL)
            weft__report(loop, WEFT__NOTHING_KNOWN, "a %s was never closed", (*list)->what);
        (*list)->close(*list);
    }
}
