#include "opened.h"

void weft__open_in(weft__opened **list, weft__opened *self, const char *what,
                   void (*close)(weft__opened *self)) {
    self->what = what;
    self->close = close;
    self->next = *list;
    self->link = list;
    if (self->next != NULL)
        self->next->link = &self->next;
    *list = self;
}

void weft__open_ends(weft__opened *self) {
    if (self->link == NULL)
        return;
    *self->link = self->next;
    if (self->next != NULL)
        self->next->link = self->link;
    self->link = NULL;
    self->host = NULL;
}

void weft__leave_opened(weft_loop *loop, weft__opened **list) {
    while (*list != NULL) {
        if (loop->debug && (*list)->what != NULL)
            weft__report(loop, WEFT__NOTHING_KNOWN, "a %s was never closed", (*list)->what);
        (*list)->close(*list);
    }
}
