#ifndef WEFT_CORE_BLOCKS_H
#define WEFT_CORE_BLOCKS_H

/* How blocks and waits reach the groups, timeouts, generators and gathers behind them. */

#include "loop.h"

typedef struct weft__group_child weft__group_child;

const weft_error *weft__timeout_enter(weft_loop *loop, weft_deadline *deadline, const weft_manager *manager);
void weft__timeout_exit(weft_loop *loop, weft_frame *frame, weft_deadline *deadline, weft__scope *scope);
void weft__timeout_forget(weft_loop *loop, weft_deadline *deadline);
const weft_error *weft__group_enter(weft_loop *loop, weft_group *group);
void weft__group_forget(weft_loop *loop, weft_group *group);
/* False: no need. */
bool weft__group_wait(weft_loop *loop, weft_frame *frame, weft_group *group, const weft_error *error);
void weft__group_interrupted(weft_loop *loop, weft_group *group, const weft_error *error);
void weft__group_finish(weft_loop *loop, weft_frame *frame, weft_group *group, weft__scope *scope);
weft_frame *weft__refuse_operation(weft_frame *frame, weft_loop *loop, uint32_t at);
/* For weft_for_await; or sets the error. */
weft_frame *weft__generator_claim(weft_loop *loop, weft_coroutine *coroutine);
weft_frame *weft__generator_ended(weft_frame *generator, weft_loop *loop);
weft_frame *weft__generator_leave(weft_frame *generator);
weft_frame *weft__generator_abandon(weft_loop *loop, weft_frame *generator);
void weft__generator_free(weft_loop *loop, weft_frame *generator);
void weft__gather_cancel(weft_future *gather, weft_future **stack);
weft_future *weft__gather_next(weft_future **stack);
bool weft__gather_live(weft_future *gather);
void weft__gather_free(weft_loop *loop, weft_future *gather);
void weft__shield_cancelled(weft_future *shield);

/* For the call graph: the open group of a block, or NULL; the next that is waited for, or NULL. */
weft_group *weft__group_of(const weft__scope *scope);
weft_future *weft__group_next_child(const weft_group *group, const weft__group_child **at);
weft_future *weft__gather_next_child(const weft_future *gather, uint32_t *at);

#endif
