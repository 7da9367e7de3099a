#ifndef WEFT_CORE_EDGES_H
#define WEFT_CORE_EDGES_H

/*
 * Who waits for whom: the edges that the scheduler keeps anyway. Downwards: what a task waits for, a gather's
 * children, a shield's inner future, the groups of a task's open blocks and their tasks. Upwards: the tasks
 * and callbacks that stand in a future's list.
 */

#include "internal.h"

/* A task or future, or a group, which is of the task that opened it. */
typedef struct weft__node {
    weft_future *future; /* NULL: there is none */
    weft_group *group;
    weft_group *by;    /* upwards: the task's group, which awaits */
    weft_frame *frame; /* downwards: that opened the group */
    uint32_t at;       /* and its label there */
} weft__node;

/* How far the edges of a node have been followed. */
typedef struct weft__edges {
    weft__node from;
    bool begun;
    uint32_t index;                 /* among a gather's children, or what is watched */
    const weft__group_child *child; /* of a group */
    weft_frame *frame;              /* of a task: the blocks from here on have not been looked at */
    weft__scope *scope;
    weft__handle *waiter; /* upwards: the last one in the list that was looked at */
} weft__edges;

/* The next of a node's neighbours in one direction; its future is NULL after the last. */
typedef weft__node weft__next_edge(const weft_loop *loop, weft__edges *self);

weft__next_edge weft__next_above; /* who awaits it, one after the other */
weft__next_edge weft__next_below; /* what it waits for */

/* The task that a node is; NULL: it is none. */
weft_task *weft__node_task(const weft__node *self);

#endif
