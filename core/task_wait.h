#ifndef WEFT_CORE_TASK_WAIT_H
#define WEFT_CORE_TASK_WAIT_H

/* What a task waits for, in words. */

#include "internal.h"
#include "text.h"

/* "gather": what kind of future it is. */
const char *weft__kind_name(const weft_future *future);
/* "a timer", "future 5". */
void weft__describe_wait(weft_loop *loop, weft_task *task, char *buffer, size_t size);
/* "Task-1 (task 1) waits for … at file.c:3 in fetch". */
void weft__describe_task(weft_loop *loop, weft_task *task, char *buffer, size_t size);
/* Appends "a timer, 0.500 s left", "future 5". */
void weft__add_wait(weft__text *text, weft_loop *loop, weft_task *task);

#endif
