#ifndef WEFT_GROUP_H
#define WEFT_GROUP_H

/*
 * Task groups: tasks that end together. asyncio.TaskGroup
 *
 *     struct main { weft_frame frame; weft_group group; };
 *     …
 *     weft_with_as(self->group, weft_task_group()) {
 *         weft_group_create_task(&self->group, weft_call(fetch, .url = "a"));
 *         weft_group_create_task(&self->group, weft_call(fetch, .url = "b"));
 *     }
 *
 * The block ends when every task has. The first error of one cancels the others and the block's body, and the
 * block raises a group of all errors (WEFT_GROUP). A cancelled task alone is no error.
 * weft_with(&self->group) enters a group that was zeroed or initialised; weft_with_as initialises it first.
 * Tasks are held by the coroutine that creates them.
 */

#include <weft/awaitable.h>
#include <weft/base.h>

WEFT_BEGIN_DECLARATIONS

struct weft__group_child;

typedef struct weft_group {
    /* All internal. */
    weft_task *parent;
    struct weft__group_child *children, *last;
    const weft_error **errors;
    const weft_error *propagate; /* a cancellation from outside, for after the end */
    uint32_t error_count, error_room;
    uint32_t id;
    uint32_t child_count;
    bool entered, exiting, waiting, finished, aborting, parent_cancelled, cancelled, out_of_memory;
} weft_group;

/* What weft_with_as enters, with a weft_group to hold it. */
weft_manager weft_task_group(void);

/* Makes a group new, for use in a loop with weft_with(&group). Frames start zeroed: the first time needs
 * none. */
void weft_group_init(weft_group *group);

/*
 * Starts a task in the group. Also from its own tasks, while one of them runs. In a group that is not
 * entered, is ending or has ended the coroutine is closed and the task returned has failed with RuntimeError.
 */
weft_task *weft_group_create_task_named(weft_group *group, weft_coroutine *coroutine, const char *name);

/* The same with the options of weft_create_task_with. */
struct weft_task_options;
weft_task *weft_group_create_task_of(weft_group *group, weft_coroutine *coroutine,
                                     const struct weft_task_options *options);

/*
 * Cancels the tasks and the body; the block then ends without an error of its own. Before the block is
 * entered: the body runs to its first await. After its end: nothing. asyncio.TaskGroup.cancel
 */
void weft_group_cancel(weft_group *group);

weft_manager weft__group_manager(weft_group *group);

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/* Starts a coroutine or operation as a task in the group. TaskGroup.create_task */
#define weft_group_create_task(group, x) weft_group_create_task_named((group), weft_coroutine_of(x), NULL)
/* The same with options: weft_group_create_task_with(&self->group, weft_call(fetch), .name = "fetcher") */
#define weft_group_create_task_with(group, x, ...) \
    weft_group_create_task_of((group), weft_coroutine_of(x), &(struct weft_task_options){__VA_ARGS__})
#endif
#endif
