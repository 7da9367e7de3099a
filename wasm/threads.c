/*
 * Threads by Emscripten's pthreads. A thread with a loop unwinds to its worker's event loop, as main does to
 * the page's, and ends when the loop has and nothing is on its way to it any more: a call of another
 * thread's, a hop, a function that runs in a thread for it.
 *
 * Nothing here waits in a loop's thread, since a page's main thread must not. What Emscripten carries from
 * thread to thread arrives whenever the receiver looks, in the middle of a malloc, too: so it does no more
 * than ask for a turn.
 */

#include "threads.h"

#include "../core/program.h"
#include "../core/threads.h"
#include "bridge.h"
#include "host.h"

#if defined(__EMSCRIPTEN_PTHREADS__)

#include <emscripten/threading.h>
#include <stdlib.h>
#if __has_include(<emscripten/proxying.h>)
#include <emscripten/proxying.h>
#endif

enum { STACK_SIZE = 512 * 1024, CANNOT_START = 3 };

/* clang-format off */

/* Leaves the thread's function without ending the thread. */
WEFT__IMPORT(void, weft_js_unwind_thread, (void), {
    throw "unwind";
})

/* clang-format on */

static int start_thread(void *(*function)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return CANNOT_START;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &attributes, function, argument);
    pthread_attr_destroy(&attributes);
    return code == 0 ? 0 : CANNOT_START;
}

/* --- Calls from thread to thread --- */

static void on_called(void *argument) {
    weft__home *self = argument;
    atomic_store(&self->called, false);
    weft__hop_anyway();
}

int weft__home_call(weft__home *self) {
    if (atomic_exchange(&self->called, true))
        return 0;
#if __has_include(<emscripten/proxying.h>)
    emscripten_proxy_async(emscripten_proxy_get_system_queue(), self->thread, on_called, self);
#else
    emscripten_dispatch_to_thread_async(self->thread, EM_FUNC_SIG_VI, on_called, NULL, self);
#endif
    return 0;
}

/* --- Functions in threads --- */

typedef struct weft__threaded {
    struct weft__threaded *next;
    weft__home *home;
    weft_work *work;
} threaded;

enum { POOL_THREADS = 4 }; /* as libuv's */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    threaded *first, **last;
    unsigned threads, idle, waiting;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .last = &pool.first};

static threaded *next_work(void) {
    pthread_mutex_lock(&pool.mutex);
    pool.idle++;
    while (pool.first == NULL)
        pthread_cond_wait(&pool.more, &pool.mutex);
    pool.idle--;
    pool.waiting--;
    threaded *work = pool.first;
    pool.first = work->next;
    if (pool.first == NULL)
        pool.last = &pool.first;
    pthread_mutex_unlock(&pool.mutex);
    return work;
}

/* Once it is among those that are done its thread may end, but for the callers. */
static void send_back(threaded *work) {
    weft__home *home = work->home;
    atomic_fetch_add(&home->callers, 1);
    work->next = atomic_load(&home->done);
    while (!atomic_compare_exchange_weak(&home->done, &work->next, work)) {
    }
    weft__home_call(home);
    atomic_fetch_sub(&home->callers, 1);
}

static void *run_works(void *unused) {
    (void)unused;
    for (;;) {
        threaded *work = next_work();
        weft_work_run(work->work);
        send_back(work);
    }
    return NULL;
}

/* Whether somebody will do it: an idle thread, a new one, or one that is busy now. */
static bool find_thread(void) {
    if (pool.idle > pool.waiting || pool.threads == POOL_THREADS)
        return true;
    pool.threads += start_thread(run_works, NULL) == 0;
    return pool.threads > 0;
}

static int work(weft_host *host, weft_work *given) {
    weft__home *home = (weft__home *)(void *)host;
    threaded *self = malloc(sizeof *self);
    if (self == NULL)
        return CANNOT_START;
    *self = (threaded){.home = home, .work = given};
    pthread_mutex_lock(&pool.mutex);
    bool found = find_thread();
    if (found) {
        *pool.last = self;
        pool.last = &self->next;
        pool.waiting++;
        home->works++;
        pthread_cond_signal(&pool.more);
    }
    pthread_mutex_unlock(&pool.mutex);
    if (!found)
        free(self);
    return found ? 0 : CANNOT_START;
}

void weft__home_take(weft__home *self) {
    threaded *newest = atomic_exchange(&self->done, NULL), *first = NULL;
    while (newest != NULL) {
        threaded *next = newest->next;
        newest->next = first;
        first = newest;
        newest = next;
    }
    while (first != NULL) {
        threaded *done = first;
        first = done->next;
        self->works--;
        weft_work_done(done->work);
        free(done);
    }
}

/* --- Threads with loops --- */

void weft__home_open(weft__home *self) {
    self->host.work = work;
    self->thread = pthread_self();
}

static _Thread_local weft__thread *current;

static void on_end(weft_loop *loop) {
    weft__thread *self = current;
    (void)loop;
    weft__thread_close(self, NULL);
    weft__home_of_thread()->leaves = true;
    weft__hop_anyway(); /* behind all that was posted before */
    weft__thread_tell(self);
}

static void *run(void *argument) {
    weft__thread *self = argument;
    if (!weft__thread_open(self)) {
        weft__thread_tell(self);
        return NULL;
    }
    current = self;
    weft__drive(self->runner.loop, on_end);
    weft_js_unwind_thread();
    return NULL;
}

void weft__home_leave(weft__home *self) {
    if (!self->leaves || self->works > 0 || atomic_load(&self->called))
        return;
    while (atomic_load(&self->callers) > 0) {
    }
    if (!atomic_load(&self->called))
        pthread_exit(NULL);
}

int weft__program_thread(weft__thread *self) {
    return start_thread(run, self);
}

unsigned weft__program_cores(void) {
    int count = emscripten_num_logical_cores();
    return count < 1 ? 1 : (unsigned)count;
}

#else

int weft__program_thread(weft__thread *self) {
    (void)self;
    return 1;
}

unsigned weft__program_cores(void) {
    return 1;
}

#endif

/* None is joined: who waits has heard of its end. */
void weft__program_join(weft__thread *self) {
    (void)self;
}

void weft__program_detach(weft__thread *self) {
    (void)self;
}
