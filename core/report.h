#ifndef WEFT_CORE_REPORT_H
#define WEFT_CORE_REPORT_H

/* What goes to the exception handler and, in debug mode, to the reader. */

#include "loop.h"

#define WEFT__NOTHING_KNOWN ((weft_error_context){.message = NULL})
weft_error_context weft__about_frame(weft_frame *frame, int line); /* line 0: where its body begins */
weft_error_context weft__about_future(weft_future *future);
void weft__report(weft_loop *loop, weft_error_context about, const char *format, ...) WEFT__PRINTF(3, 4);
void weft__watch_callback(weft_loop *loop, double begin, const char *name); /* it has run since then */
bool weft__tell_no_loop(const char *what);   /* debug mode tells of it; false */
bool weft__tell_other_loop(weft_loop *loop); /* the same */
/* Whether this thread has a loop. */
static inline bool weft__has_loop(const weft_loop *loop, const char *what) {
    return WEFT__LIKELY(loop != NULL) || weft__tell_no_loop(what);
}
/* Whether what has this tag is the loop's. */
static inline bool weft__is_of(weft_loop *loop, uint8_t tag) {
    return WEFT__LIKELY(loop != NULL && loop->tag == tag) || weft__tell_other_loop(loop);
}

#endif
