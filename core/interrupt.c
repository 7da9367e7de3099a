/* SIGINT while a runner runs: the first one cancels its coroutine, as asyncio's Runner does. */

#include "internal.h"
#include "program.h"

/* The message has come, perhaps for a run that has ended since. */
static void arrive(weft_loop *loop, weft__message *message) {
    (void)message;
    atomic_store(&loop->interrupt_queued, false);
    if (loop->interruptible == NULL || atomic_load(&loop->interrupts) == 0 || loop->interrupt_told)
        return;
    loop->interrupt_told = weft__cancel(loop, &loop->interruptible->future, &weft_error_cancelled);
}

/* The message is the loop's own: nothing may be allocated in a signal handler. */
void weft__interrupt(weft_loop *loop) {
    atomic_fetch_add(&loop->interrupts, 1);
    if (atomic_exchange(&loop->interrupt_queued, true))
        return;
    loop->interrupt.arrive = arrive;
    weft__send(loop, &loop->interrupt);
}

/* --- In the loop's thread --- */

void weft__interruptible(weft_loop *loop, weft_task *main) {
    atomic_store(&loop->interrupts, 0);
    loop->interrupt_told = false;
    loop->interruptible = main;
}

/* The run is over: whether SIGINT ended it, and not a cancellation of the program's own. A SIGINT that comes
 * after the coroutine's end counts, too. */
bool weft__interrupted(weft_loop *loop) {
    weft_task *main = loop->interruptible;
    loop->interruptible = NULL;
    if (main == NULL || atomic_load(&loop->interrupts) == 0)
        return false;
    return !loop->interrupt_told || (weft_task_cancelled(main) && weft_task_uncancel(main) == 0);
}
