#ifndef WEFT_CORE_LINKS_H
#define WEFT_CORE_LINKS_H

/*
 * Lists of what stands in one of them at a time, and may leave it from anywhere. An item of type T has the
 * fields `T *next, **link`; link is NULL while it stands in none. A list is a `T *`, its first item.
 */

#define WEFT__LINK(list, item)                  \
    do {                                        \
        (item)->next = *(list);                 \
        (item)->link = (list);                  \
        if ((item)->next != NULL)               \
            (item)->next->link = &(item)->next; \
        *(list) = (item);                       \
    } while (0)

/* Does nothing to an item that stands in no list. */
#define WEFT__UNLINK(item)                     \
    do {                                       \
        if ((item)->link == NULL)              \
            break;                             \
        *(item)->link = (item)->next;          \
        if ((item)->next != NULL)              \
            (item)->next->link = (item)->link; \
        (item)->link = NULL;                   \
    } while (0)

#endif
