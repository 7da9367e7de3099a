#ifndef WEFT_CORE_THREAD_H
#define WEFT_CORE_THREAD_H

/* Functions that run in threads of their own, for a loop. */

#include <weft/weft.h>

void weft__leave_works(weft_loop *loop);  /* to their threads: nobody waits for them any more */
void weft__cancel_works(weft_loop *loop); /* by their tokens */
/* Names them, as many as fit into the buffer. Returns their number. */
size_t weft__name_works(const weft_loop *loop, char *buffer, size_t size);
/* Whether a task with this innermost frame waits for one. */
bool weft__is_in_thread(const weft_frame *leaf);

#endif
