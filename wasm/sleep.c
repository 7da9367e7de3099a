/*
 * The sleeps of the C library, which block. Emscripten's own (3.1.6, standalone) watches a clock that
 * overflows two seconds after the module began, and a sleep that meets that moment never ends. All of them,
 * from sleep to thrd_sleep, end in the function that is replaced here under both of its names. With threads
 * theirs is right, and lets the processor go.
 */

#define _POSIX_C_SOURCE 200112L
#include <errno.h>
#include <stdint.h>
#include <time.h>

#if !defined(__EMSCRIPTEN_PTHREADS__)

static int64_t nanoseconds(const struct timespec *time) {
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
    struct timespec now;
    (void)left; /* nothing interrupts it */
    if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec > 999999999)
        return EINVAL;
    if (clock_gettime(clock, &now) != 0)
        return errno;
    int64_t end = nanoseconds(time) + ((flags & TIMER_ABSTIME) ? 0 : nanoseconds(&now));
    while (nanoseconds(&now) < end)
        clock_gettime(clock, &now);
    return 0;
}

int __clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left);
int __clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
    return clock_nanosleep(clock, flags, time, left);
}

#endif
