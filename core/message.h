#ifndef WEFT_CORE_MESSAGE_H
#define WEFT_CORE_MESSAGE_H

/* What other threads and signal handlers send to a loop. */

#include <stdatomic.h>
#include <weft/weft.h>

/* From another thread, or a signal handler: a call, or what has a way of its own to arrive. */
typedef struct weft__message weft__message;
typedef void weft__message_arrive(weft_loop *loop, weft__message *message);

struct weft__message {
    weft__message *next;
    weft__message_arrive
        *arrive; /* of the core's own: called when the loop takes it; the message is the sender's */
    weft_callback *function;
    void *argument;
    const char *name;
    weft_context *context; /* of who called; NULL: no variables */
    bool owned;            /* the context is the message's own, else of the thread that called */
};

/* channel.c: tasks of a loop that a channel has something to tell. */
typedef struct weft__news {
    atomic_bool locked;
    bool sent; /* the message is under way */
    struct weft__channel_use *first, **last;
    weft__message message;
} weft__news;

/* From any thread; the host must be woken after it. */
void weft__send(weft_loop *loop, weft__message *message);
void weft__send_from_thread(weft_loop *loop, weft__message *message); /* the same, and wakes the host */
void weft__take_messages(weft_loop *loop); /* calls of other threads become callbacks */

#endif
