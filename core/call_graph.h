#ifndef WEFT_CORE_CALL_GRAPH_H
#define WEFT_CORE_CALL_GRAPH_H

/* What waits for what, in words. */

#include "scope.h"

typedef struct weft__group_child weft__group_child;

/* "a timer", "future 5". */
void weft__describe_wait(weft_loop *loop, weft_task *task, char *buffer, size_t size);
/* "Task-1 (task 1) waits for … at file.c:3 in fetch". */
void weft__describe_task(weft_loop *loop, weft_task *task, char *buffer, size_t size);

/* What it asks of others: the open group of a block, or NULL; the next that is waited for, or NULL. */
weft_group *weft__group_of(const weft__scope *scope);
weft_future *weft__group_next_child(const weft_group *group, const weft__group_child **at);
weft_future *weft__gather_next_child(const weft_future *gather, uint32_t *at);
bool weft__is_in_thread(const weft_frame *leaf);

#endif
