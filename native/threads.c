#define _POSIX_C_SOURCE 200809L /* for uv.h */

/* Threads of libuv's, each with a loop of weft's own. */

#include "../core/threads.h"
#include "../core/program.h"

#include <uv.h>

static void run(void *argument) {
    weft__thread *self = argument;
    if (weft__thread_open(self))
        weft__thread_close(self, weft__runner_wait(&self->runner));
    weft__thread_tell(self);
}

/* What uv_thread_t is fits everywhere. */
static uv_thread_t thread_of(const weft__thread *self) {
    return (uv_thread_t)self->handle;
}

int weft__program_thread(weft__thread *self) {
    uv_thread_t thread;
    int code = uv_thread_create(&thread, run, self);
    if (code == 0)
        self->handle = (uintptr_t)thread;
    return code;
}

void weft__program_join(weft__thread *self) {
    uv_thread_t thread = thread_of(self);
    uv_thread_join(&thread);
}

void weft__program_detach(weft__thread *self) {
#ifndef _WIN32
    pthread_detach(thread_of(self));
#else
    CloseHandle(thread_of(self));
#endif
}

unsigned weft__program_cores(void) {
#if UV_VERSION_HEX >= 0x012C00
    return uv_available_parallelism();
#else
    uv_cpu_info_t *all;
    int count = 0;
    if (uv_cpu_info(&all, &count) == 0)
        uv_free_cpu_info(all, count);
    return count < 1 ? 1 : (unsigned)count;
#endif
}
