#ifndef WEFT_CALL_GRAPH_H
#define WEFT_CALL_GRAPH_H

/*
 * Who waits for whom: the coroutines that a task stands in, what it waits for, and who awaits it, through
 * tasks, gathers, shields and groups. For people to read, and as lists for programs.
 *
 *     weft_print_task_tree();
 *
 *     Task-1 (task 1) waits for the tasks of group 2
 *     │   at shop.c:31 in main
 *     └── group 2, opened at shop.c:31 in main
 *         ├── Task-3 (task 3) waits for a timer, 0.900 s left
 *         │       at shop.c:8 in fetch
 *         │       at shop.c:15 in visit
 *         └── Task-4 (task 4) waits for semaphore 5
 *                 at shop.c:7 in fetch
 *                 at shop.c:15 in visit
 *
 * A native program that weft_main or weft_run runs prints this tree to stderr when it is sent SIGUSR1.
 *
 * Nothing here needs memory, waits, or changes what it looks at. Of a stack of more than 64 coroutines the
 * first and the last 32 are told, and no tree is deeper than 64 levels. The texts are for the current loop;
 * those that go into a buffer keep what fits, end with a zero, and return the length of the whole, as
 * snprintf does.
 */

#include <weft/base.h>
#include <weft/future.h>
#include <weft/loop.h>

WEFT_BEGIN_DECLARATIONS

/*
 * A task or future, and who awaits it: weft_print_call_graph(weft_current_task(), INT_MAX). For NULL nothing.
 * `limit` shortens each stack: so many of its outermost coroutines, if it is positive, of its innermost ones,
 * if it is negative; none for 0, all for INT_MAX. weft_print_… writes it to stderr.
 * asyncio.format_call_graph, asyncio.print_call_graph
 */
size_t weft_format_call_graph_of(weft_future *future, int limit, char *buffer, size_t size);
void weft_print_call_graph_of(weft_future *future, int limit);

/* Every task that is not done, in a table. python -m asyncio ps */
size_t weft_format_tasks(char *buffer, size_t size);
void weft_print_tasks(void);

/* Every task that is not done, below those that await it. A task that several await is told in full once.
 * python -m asyncio pstree */
size_t weft_format_task_tree(char *buffer, size_t size);
void weft_print_task_tree(void);

/* --- For programs: asyncio.capture_call_graph --- */

/* The coroutines that a task stands in, innermost first, at most `size` of them; returns how many there are.
 * The strings are static. Task.get_stack */
size_t weft_task_stack(weft_task *task, weft_trace_entry *entries, size_t size);

/* What a task waits for. */
typedef struct weft_task_wait {
    const char *what; /* "timer", "task", "future", "gather", "shield", "group", "thread", "semaphore", "lock"
                         and so on; outside of the loop "an HTTP answer", "a connection" and so on; NULL if
                         it runs or is about to */
    uint32_t id;      /* of that; 0 for a timer, and for what is outside */
    double seconds;   /* of a timer, until it is due; else 0 */
} weft_task_wait;
weft_task_wait weft_task_waits_for(weft_task *task);

/* The tasks that await a task or future, themselves or by a gather, shield or group of theirs, at most `size`
 * of them; returns how many there are. Borrowed. */
size_t weft_awaited_by_of(weft_future *future, weft_task **tasks, size_t size);

WEFT_END_DECLARATIONS

#ifndef __cplusplus
/* Of a task or a future, as the functions above say. */
#define weft_format_call_graph(x, limit, buffer, size) \
    weft_format_call_graph_of(WEFT__FUTURE(x), (limit), (buffer), (size))
#define weft_print_call_graph(x, limit) weft_print_call_graph_of(WEFT__FUTURE(x), (limit))
#define weft_awaited_by(x, tasks, size) weft_awaited_by_of(WEFT__FUTURE(x), (tasks), (size))
#endif
#endif
