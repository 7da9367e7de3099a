/* What the native benchmark programs share: which rows are wanted, CPU time, resident memory, the
   random numbers of the sleeping rows, and the line printed for a measurement. C11 and C++20. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* clock_gettime and, for libuv's header, pthread's types, under -std=c11 */
#endif

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How much work a row is, the same for every native subject. */
enum {
    SWITCHES = 20000000,
    CALLS = 10000000,
    SPAWNS = 3000000,
    HANDOVERS = 5000000,
    CONTENDERS = 10,
    QUEUED = 5000000,
    QUEUE_PLACES = 64,
    TURNS = 2000000,
    GATHERED = 10000,
    GATHERS = 200,
    SLEEPERS = 1000000,
    CANCELLED_SLEEPERS = 100000,
};

/* Sleeping tasks are due between `lead` and `lead + 1` seconds after they were made; the lead is long
   enough for all to be armed before the first is due. */
static const double FIRST_LEAD = 0.75;

static const char *measure__subject;
static const char *measure__rows; /* comma-separated; NULL means all */
static int measure__repeat = 7;

/* Reads --rows a,b and --repeat N. `version` is what --version prints. */
static inline void measure_start(int argc, char **argv, const char *subject, const char *version) {
    measure__subject = subject;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--version") == 0) {
            puts(version);
            exit(0);
        }
        if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc) {
            measure__rows = argv[++i];
        } else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
            measure__repeat = atoi(argv[++i]);
        } else {
            fprintf(stderr, "usage: %s [--rows a,b] [--repeat N] [--version]\n", argv[0]);
            exit(2);
        }
    }
}

static inline bool measure_wants(const char *row) {
    if (!measure__rows)
        return true;
    size_t length = strlen(row);
    for (const char *at = measure__rows; (at = strstr(at, row)); at += length) {
        bool starts = at == measure__rows || at[-1] == ',';
        if (starts && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

static inline bool measure_wants_sleepers(void) {
    return measure_wants("sleep-create") || measure_wants("sleep-fire") || measure_wants("sleep-bytes");
}

static inline void measure_report(const char *row, const char *unit, double value) {
    if (!measure_wants(row))
        return;
    printf("{\"bench\":\"%s\",\"subject\":\"%s\",\"unit\":\"%s\",\"value\":%.3f}\n", row, measure__subject,
           unit, value);
    fflush(stdout);
}

/* What is timed, for programs that run as WebAssembly, too. There the module has no CPU clock: it says when,
   and weft.mjs reads the clock. */
static inline void measure_begin(void);
static inline void measure_end(const char *row, double operations);

/* What compiled the program, for --version. */
#if defined(__EMSCRIPTEN__)
#define MEASURE_COMPILER "emcc, clang " __clang_version__
#elif defined(__clang__)
#define MEASURE_COMPILER "clang " __clang_version__
#else
#define MEASURE_COMPILER "gcc " __VERSION__
#endif

#ifndef __EMSCRIPTEN__

/* CPU time of the whole process, user and system, in nanoseconds. */
static inline double measure_cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure__began;

static inline void measure_begin(void) {
    measure__began = measure_cpu();
}

static inline void measure_end(const char *row, double operations) {
    measure_report(row, "ns", (measure_cpu() - measure__began) / operations);
}

#else

static inline void measure_begin(void) {
    puts("begin");
    fflush(stdout);
}

static inline void measure_end(const char *row, double operations) {
    if (!measure_wants(row))
        return;
    printf("end %s %.0f\n", row, operations);
    fflush(stdout);
}

#endif

/* Monotonic seconds. */
static inline double measure_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

#ifndef __EMSCRIPTEN__

/* Bytes of memory the system has given this process so far (its resident set). */
static inline double measure_resident(void) {
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &total, &resident) != 2) {
        fputs("cannot read /proc/self/statm\n", stderr);
        exit(1);
    }
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

#endif

/* `count` numbers in (0, 1), all different and the same in every subject: xorshift32 visits each of its
   2^32 - 1 states once. */
static inline double *measure_random(size_t count) {
    double *numbers = (double *)malloc(count * sizeof *numbers);
    if (!numbers) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        numbers[i] = (double)state / 4294967296.0;
    }
    return numbers;
}

#endif
