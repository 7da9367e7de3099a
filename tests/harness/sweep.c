#define _DEFAULT_SOURCE /* fork, and memory that is shared with a child */

#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weft_test.h"

#ifdef __EMSCRIPTEN__ /* which cannot fork */

bool sweep_fails(void) {
    return false;
}

void sweep_begin(void) {}

void sweep_end(unsigned flaws, const char *about) {
    (void)flaws, (void)about;
}

void sweep_allow(unsigned flaws) {
    (void)flaws;
}

bool sweep_arguments(int *argc, char ***argv) {
    return *argc < 2 || strncmp((*argv)[1], "--fail", 6) != 0;
}

void sweep_run(const char *name, void (*run)(void)) {
    (void)name;
    run();
}

void sweep_print(void) {}

#else
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_LEAST = 2, CHILDREN_MOST = 300, WORK_MOST = 300000, SECONDS_MOST = 60 };

static enum mode {
    OFF,
    COUNTING, /* in a child that finds out how long a case is */
    FORKING,  /* in the parent, which lets children fail */
    FAILING,  /* in such a child */
    SHOWING   /* one failure, without a parent */
} mode;

static size_t asked;      /* allocations of the case so far */
static size_t world_from; /* of these before its world */
static size_t stride;     /* every so many of them one fails */
static size_t shown;      /* the one that --fail-allocation names */
static bool onwards;      /* the later ones fail, too */
static const char *running;
static unsigned allowed; /* flaws */
static long heap_before; /* the world; bytes */
static size_t failed, passed_over;
static bool flawed; /* a child of this case was: no more are needed */

/* What a child leaves behind, in memory that it shares with its parent. */
struct ending {
    size_t total, longest; /* allocations: of the case, of its longest world */
    unsigned flaws;
    long growth; /* of the heap while the world lasted, bytes */
    char about[400];
};
static struct ending *shared;

/* Over the children of a world: the first with each flaw, and the one with the largest growth. */
static struct seen {
    size_t at;
    bool onwards;
    struct ending ending;
} seen[SWEEP_FLAW_COUNT], most;

/* AddressSanitizer's count of bytes; without it nothing is known of the heap outside of the loop. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static long heap(void) {
    return __sanitizer_get_current_allocated_bytes ? (long)__sanitizer_get_current_allocated_bytes() : 0;
}

/* A failed check that names the way to see it again. */
static void tell(const struct seen *child, const char *what) {
    char text[1000];
    snprintf(text, sizeof text, "--fail-allocation %zu%s %s: %s: %s", child->at, child->onwards ? "+" : "",
             running, what, child->ending.about);
    flawed = true;
    weft_test_check(false, text, __FILE__, __LINE__);
}

static void note(const struct seen *child) {
    for (unsigned bit = 0; bit < SWEEP_FLAW_COUNT; bit++)
        if (child->ending.flaws >> bit & 1 && seen[bit].at == 0)
            seen[bit] = *child;
    if (most.at == 0 || child->ending.growth > most.ending.growth)
        most = *child;
}

/* Forks, and waits for the child's end. True in the child, which is to end with end_child. */
static bool is_child(enum mode of_child, bool all_later) {
    *shared = (struct ending){0};
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS_MOST);
        mode = of_child;
        onwards = all_later;
        return true;
    }
    int status = 0;
    struct seen end = {.at = asked, .onwards = all_later};
    bool waited = child > 0 && waitpid(child, &status, 0) == child;
    end.ending = *shared;
    if (!waited)
        tell(&end, "it could not be run");
    else if (WIFSIGNALED(status))
        tell(&end, WTERMSIG(status) == SIGALRM ? "it did not end" : strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        tell(&end, "it was aborted");
    else
        note(&end);
    return false;
}

static void end_child(void) {
    _exit(0);
}

bool sweep_fails(void) {
    asked++;
    if (mode == SHOWING)
        return onwards ? asked >= shown : asked == shown;
    if (mode != FORKING)
        return mode == FAILING && onwards;
    if (asked % stride != 0 || flawed) {
        passed_over++;
        return false;
    }
    failed += 2;
    return is_child(FAILING, false) || is_child(FAILING, true);
}

void sweep_begin(void) {
    world_from = asked;
    heap_before = heap();
    memset(seen, 0, sizeof seen);
    most = (struct seen){0};
}

/* What its children had is compared with the parent's. */
static void compare(unsigned flaws, long growth) {
    static const char *const words[] = {
#define X(name, text) text,
        SWEEP_FLAWS(X)
#undef X
    };
    for (unsigned bit = 0; bit < SWEEP_FLAW_COUNT; bit++)
        if (seen[bit].at != 0 && !((flaws | allowed) >> bit & 1))
            tell(&seen[bit], words[bit]);
    if (most.at != 0 && most.ending.growth > growth)
        tell(&most, "values were left");
}

void sweep_end(unsigned flaws, const char *about) {
    long growth = heap() - heap_before;
    if (mode == FORKING)
        compare(flaws, growth);
    if (mode == COUNTING && asked - world_from > shared->longest)
        shared->longest = asked - world_from;
    if (mode != FAILING)
        return;
    shared->flaws = flaws;
    shared->growth = growth;
    snprintf(shared->about, sizeof shared->about, "%s", about);
    end_child();
}

void sweep_allow(unsigned flaws) {
    allowed = flaws;
}

/* A case of many allocations is too long to let each of them fail. */
static void choose_stride(void (*run)(void)) {
    asked = 0;
    if (is_child(COUNTING, false)) {
        run();
        shared->total = asked;
        end_child();
    }
    size_t for_all = shared->total / CHILDREN_MOST, for_each = shared->longest * shared->longest / WORK_MOST;
    stride = 1 + (for_all > for_each ? for_all : for_each);
    if (stride > shared->total / CHILDREN_LEAST)
        stride = shared->total / CHILDREN_LEAST + 1;
}

void sweep_run(const char *name, void (*run)(void)) {
    running = name;
    flawed = false;
    allowed = 0;
    if (mode == FORKING)
        choose_stride(run);
    asked = 0;
    run();
    if (mode == FAILING)
        end_child(); /* what failed was outside of a world */
}

bool sweep_arguments(int *argc, char ***argv) {
    char **arguments = *argv;
    bool one = *argc > 1 && strcmp(arguments[1], "--fail-allocation") == 0;
    bool all = *argc > 1 && strcmp(arguments[1], "--fail-allocations") == 0;
    if (one) {
        char *end = "";
        shown = *argc < 3 ? 0 : strtoul(arguments[2], &end, 10);
        onwards = *end == '+';
        mode = SHOWING;
    }
    if (all) {
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        mode = FORKING;
    }
    *argc -= one ? 2 : all;
    *argv += one ? 2 : all;
    return !(one && shown == 0) && shared != MAP_FAILED;
}

void sweep_print(void) {
    if (mode == FORKING)
        printf("%zu failures of allocations; %zu allocations were passed over\n", failed, passed_over);
}
#endif
