#define _GNU_SOURCE /* for sigaction and gettid's number */

/* Catching SIGINT for the runner that runs in the main thread. */

#include "sigint.h"

#include "../core/program.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#elif !defined(_WIN32)
#include <pthread.h>
#if !defined(__APPLE__)
#include <pthread_np.h>
#endif
#endif

/* The handler may run in any thread, even while the main thread lets go of the loop. */
static _Atomic(weft_loop *) caught_for;
static _Atomic(uv_async_t *) awakener;
static atomic_int handlers; /* that run */

static bool in_main_thread(void) {
#if defined(__linux__)
    return getpid() == (pid_t)syscall(SYS_gettid);
#else
    return pthread_main_np() != 0;
#endif
}

static void handle(int number) {
    int saved = errno;
    atomic_fetch_add(&handlers, 1);
    weft_loop *loop = atomic_load(&caught_for);
    if (loop != NULL) {
        uv_async_t *async = atomic_load(&awakener);
        weft__interrupt(loop);
        if (async != NULL)
            uv_async_send(async);
    }
    atomic_fetch_sub(&handlers, 1);
    if (loop == NULL)  /* it came as the run ended */
        raise(number); /* SA_RESETHAND has brought the default action back */
    errno = saved;
}

static void catch (weft_loop *loop, uv_async_t *async) {
    struct sigaction before, action = {.sa_handler = handle, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (!in_main_thread() || sigaction(SIGINT, NULL, &before) != 0 || before.sa_handler != SIG_DFL)
        return;
    atomic_store(&awakener, async);
    atomic_store(&caught_for, loop);
    sigaction(SIGINT, &action, NULL);
}

static void let_go(void) {
    struct sigaction now;
    if (atomic_load(&caught_for) == NULL || !in_main_thread())
        return;
    if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == handle)
        signal(SIGINT, SIG_DFL);
    atomic_store(&caught_for, NULL);
    while (atomic_load(&handlers) > 0) {
    }
}

void weft__catch_interrupts(weft_loop *loop, uv_async_t *async) {
    if (loop != NULL)
        catch (loop, async);
    else
        let_go();
}
