#ifndef WEFT_NATIVE_SIGINT_H
#define WEFT_NATIVE_SIGINT_H

#include <uv.h>
#include <weft/loop.h>

/*
 * The first SIGINT interrupts the loop and wakes it by `async`, if that is given; the second has the default
 * action. Only in the process's main thread, and only if SIGINT has its default action now, which is put back
 * for NULL: a program that handles SIGINT itself goes on to do so.
 */
void weft__catch_interrupts(weft_loop *loop, uv_async_t *async);

#endif
