#ifndef WEFT_CORE_SIGNALS_H
#define WEFT_CORE_SIGNALS_H

/* Signals as the loop sees them: handlers, tasks that wait, SIGINT. */

#include <weft/weft.h>

void weft__remove_signals(weft_loop *loop);
const weft_error *weft__signal_listen(weft_loop *loop, int number); /* the error is the caller's */
void weft__signal_leave(weft_loop *loop, int number);               /* once for each that listens */

void weft__tell_listeners(weft_loop *loop, int number);

void weft__interruptible(weft_loop *loop, weft_task *main);
bool weft__interrupted(weft_loop *loop);

#endif
