/*
 * Watching futures: a callback on each of many, in one block. Those that wait for some of them (wait,
 * as_completed) are told of each that ends, until they end the watch.
 *
 * A callback that is on its way when the watch ends still runs, so the last of those frees the block.
 */

#include "watch.h"

typedef struct watcher {
    weft__callback base;
    weft__watch *of;
} watcher;

static watcher *watchers_of(const weft__watch *watch) {
    return (watcher *)(void *)(watch->futures + watch->room);
}

static size_t size_of(size_t count) {
    const size_t each = sizeof(weft_future *) + sizeof(watcher);
    return count > (SIZE_MAX / 2 - sizeof(weft__watch)) / each ? 0 : sizeof(weft__watch) + count * each;
}

weft__watch *weft__watch_new(weft_loop *loop, size_t count, weft__watch_done *done, void *owner) {
    size_t size = size_of(count);
    weft__watch *watch = size == 0 ? NULL : weft__new(loop, size);
    if (watch == NULL)
        return NULL;
    memset((void *)watch, 0, size);
    watch->room = count;
    watch->done = done;
    watch->owner = owner;
    return watch;
}

static void callback_gone(weft_loop *loop, weft__watch *watch) {
    watch->callbacks--;
    if (watch->callbacks == 0 && watch->owner == NULL)
        weft__delete(loop, watch, size_of(watch->room));
}

static void run_done(weft__callback *callback, weft_loop *loop) {
    weft__watch *watch = ((watcher *)(void *)callback)->of;
    weft_future *future = callback->future;
    callback->future = NULL;
    if (watch->owner != NULL)
        watch->done(loop, watch->owner, future);
    weft__release(loop, future);
    callback_gone(loop, watch);
}

/* One that is there twice is watched once: a mark tells. */
size_t weft__watch_start(weft_loop *loop, weft__watch *watch, weft_future *follower) {
    watcher *watchers = watchers_of(watch);
    for (size_t i = 0; i < watch->count; i++) {
        weft_future *future = watch->futures[i];
        if (future->handle.flags & FUTURE_LISTED)
            continue;
        if (!(future->handle.flags & FUTURE_STATIC))
            future->handle.flags |= FUTURE_LISTED;
        weft__callback_init(&watchers[i].base, 0, run_done, follower);
        watchers[i].base.handle.wait = follower != NULL ? CALLBACK_OF_FUTURE : CALLBACK_OF_CORE;
        watchers[i].of = watch;
        watch->callbacks++;
        weft__attach_callback(loop, future, &watchers[i].base);
        if (follower != NULL && loop->current != NULL)
            WEFT__LOG(loop, WEFT_LOG_AWAITED_BY, 0, 0, future->id, loop->current->future.id, 0, follower->id,
                      0);
    }
    for (size_t i = 0; i < watch->count; i++)
        if (!(watch->futures[i]->handle.flags & FUTURE_STATIC))
            watch->futures[i]->handle.flags &= (uint16_t)~FUTURE_LISTED;
    return watch->callbacks;
}

weft_future *weft__watch_next(const weft__watch *watch, uint32_t *at) {
    while (*at < watch->count) {
        uint32_t i = (*at)++;
        if (watchers_of(watch)[i].of != NULL && !weft__done(watch->futures[i]))
            return watch->futures[i];
    }
    return NULL;
}

void weft__watch_end(weft_loop *loop, weft__watch *watch) {
    watcher *watchers = watchers_of(watch);
    watch->owner = NULL;
    watch->callbacks++; /* keeps the block */
    for (size_t i = 0; i < watch->count; i++) {
        weft_future *future = watch->futures[i];
        if (watchers[i].base.future != NULL && weft__remove_callback(future, &watchers[i].base.handle))
            watch->callbacks--;
        weft__release(loop, future);
    }
    callback_gone(loop, watch);
}
