#ifndef WEFT_CORE_QUEUE_ITEMS_H
#define WEFT_CORE_QUEUE_ITEMS_H

/* The items of a queue, in the order of its kind. */

#include <weft/weft.h>

enum { QUEUE_FIFO, QUEUE_LIFO, QUEUE_PRIORITY };
bool weft__items_reserve(weft_queue *queue, size_t count);                     /* room for so many in all */
const weft_error *weft__items_add(weft_queue *queue, const weft_value *value); /* static; or NULL: it is in */
weft_value weft__items_take(weft_queue *queue);                                /* of one that is not empty */

#endif
