#ifndef WEFT_HOST_H
#define WEFT_HOST_H

/* What the core asks of the world. A host puts this structure first in its own. */

#include <weft/base.h>
#include <weft/loop.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLARATIONS

/* A blocking function on its way through a thread. The host calls weft_work_run there, then weft_work_done on
 * the loop. */
typedef struct weft_work weft_work;
void weft_work_run(weft_work *work);
void weft_work_done(weft_work *work);

/* A signal that the host was asked to watch has come. In the loop's thread, outside of its turns. */
void weft_signal_arrived(weft_loop *loop, int number);

struct weft_host {
    /* Monotonic seconds since the loop began. */
    double (*now)(weft_host *host);
    /* Call weft_loop_turn at `deadline` on that clock, once, in place of any earlier wish; INFINITY: never. 0
     * or a failure's code. */
    int (*arm)(weft_host *host, double deadline);
    /* Call weft_loop_turn as soon as possible; from any thread. */
    int (*wake)(weft_host *host);
    /* Run the work in a thread and finish it on the loop's; NULL: there are no threads. */
    int (*work)(weft_host *host, weft_work *work);
    /* Turn the loop in this thread until it is done. NULL, or an error that says why it cannot go on; NULL
     * for the function: this host cannot wait. */
    const weft_error *(*run)(weft_host *host, weft_loop *loop);
    /* From now on SIGINT calls weft__interrupt for this loop, if this host can have that; NULL: no longer. */
    void (*interruptible)(weft_host *host, weft_loop *loop);
    /* Call weft_signal_arrived for this signal from now on, or no longer, which cannot fail. 0 or a failure's
     * code; NULL: there are no signals. */
    int (*signal)(weft_host *host, int number, bool wanted);
    /* The loop is being closed, and its tasks are gone: close what it has left open of the host's. NULL:
     * nothing can be. */
    void (*leave)(weft_host *host, weft_loop *loop);
    /* Free the host, after its loop was closed; NULL: there is nothing to free. */
    void (*close)(weft_host *host);
    /* Words for a failure's code. */
    const char *(*describe)(weft_host *host, int code);
    /* For the host library's own files: what does input and output for this loop; NULL: there is none. */
    void *world;
    /* Seconds to run tasks before the thread goes back to the host; 0: as long as any is ready. */
    double slice;
    /* 1 libuv, 2 JavaScript, 3 simulation; for the event log. */
    uint32_t kind;
};

WEFT_END_DECLARATIONS

#endif
