#ifndef WEFT_CORE_OPENED_H
#define WEFT_CORE_OPENED_H

/*
 * The head of every structure that stays open to the outside world: a stream, a file, an HTTP client.
 * weft_with can close it, as anybody can; what nobody closed is closed with the loop, and debug mode says so.
 */

#include "internal.h"

typedef struct weft__opened {
    weft__resource resource;           /* first: what weft_with sees */
    struct weft__opened *next, **link; /* link: NULL if it is not open any more */
    struct weft_uv *host;              /* natively, of what has handles; NULL: they are not open any more */
    const char *what;                  /* NULL: nobody need have closed it */
    void (*close)(struct weft__opened *self); /* begins its end; whoever waits for it must be told */
} weft__opened;

/* Into a list: weft_loop's `opened`, or one of the host's own. */
void weft__open_in(weft__opened **list, weft__opened *self, const char *what,
                   void (*close)(weft__opened *self));
/* It is closed, or about to be: called by `close`. Its memory may still be the host's. */
void weft__open_ends(weft__opened *self);
/* Closes all, the newest first. */
void weft__leave_opened(weft_loop *loop, weft__opened **list);

#endif
