/* Raw libuv timers, one handle and one callback a sleeper: what waiting costs without coroutines.
   Only the sleeping rows have a meaning here. libuv counts whole milliseconds. */
#include "measure.h"

#include <uv.h>

static uv_loop_t loop;

static void release(uv_handle_t *handle) {
    free(handle);
}

static void fire(uv_timer_t *timer) {
    uv_close((uv_handle_t *)timer, release);
}

static void check(int status) {
    if (status == 0)
        return;
    fprintf(stderr, "libuv: %s\n", uv_strerror(status));
    exit(1);
}

static uv_timer_t *sleeper(double seconds) {
    uv_timer_t *timer = (uv_timer_t *)malloc(sizeof *timer);
    check(timer ? uv_timer_init(&loop, timer) : UV_ENOMEM);
    check(uv_timer_start(timer, fire, (uint64_t)(seconds * 1e3), 0));
    return timer;
}

/* False when some were due before all were armed. */
static bool sleep_rows(const double *random, double lead, bool fresh) {
    double resident = measure_resident();
    uv_update_time(&loop);
    double clock = measure_clock(), start = measure_cpu();
    for (long i = 0; i < SLEEPERS; i++)
        sleeper(lead + random[i]);
    double armed = measure_cpu();
    bool early = measure_clock() - clock <= lead;
    double grown = measure_resident() - resident;
    double firing = measure_cpu();
    check(uv_run(&loop, UV_RUN_DEFAULT));
    double fired = measure_cpu();
    if (!early)
        return false;
    measure_report("sleep-create", "ns", (armed - start) / (double)SLEEPERS);
    measure_report("sleep-fire", "ns", (fired - firing) / (double)SLEEPERS);
    if (fresh)
        measure_report("sleep-bytes", "bytes", grown / (double)SLEEPERS);
    return true;
}

static double cancel_sleepers(const double *random, long count) {
    uv_timer_t **timers = (uv_timer_t **)malloc((size_t)count * sizeof *timers);
    check(timers ? 0 : UV_ENOMEM);
    uv_update_time(&loop);
    for (long i = 0; i < count; i++)
        timers[i] = sleeper(100 + random[i]);
    double before = measure_cpu();
    for (long i = 0; i < count; i++) {
        check(uv_timer_stop(timers[i]));
        uv_close((uv_handle_t *)timers[i], release);
    }
    check(uv_run(&loop, UV_RUN_DEFAULT));
    double spent = measure_cpu() - before;
    free(timers);
    return spent / (double)count;
}

int main(int argc, char **argv) {
    measure_start(argc, argv, "libuv", uv_version_string());
    double *random = measure_random((size_t)SLEEPERS);
    check(uv_loop_init(&loop));
    for (int i = 0; i < measure__repeat; i++) {
        bool fresh = i == 0;
        if (measure_wants_sleepers())
            for (double lead = FIRST_LEAD; !sleep_rows(random, lead, fresh); lead *= 2)
                fresh = false;
        if (measure_wants("sleep-cancel"))
            measure_report("sleep-cancel", "ns", cancel_sleepers(random, CANCELLED_SLEEPERS));
    }
    check(uv_loop_close(&loop));
    free(random);
}
