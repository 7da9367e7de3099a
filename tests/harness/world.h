/* A simulated world for one case: a loop on a virtual clock, memory that is counted and can be made to fail,
 * and as text what its coroutines said, what the loop reported and how it all ended.
 *
 *     TEST(adds) {
 *         CHECK_EQ_STR(RUN(weft_call(adds_up, .to = 3)), "6");
 *         CHECK_EQ_STR(world.said, "1 2 3");
 *     }
 *
 * RUN opens the world, runs the coroutine to the end of the loop, closes it, checks that no memory is left,
 * and returns the outcome: the value, or "Name: message" of the error. Settings are made before it and hold
 * for one run. The parts (world_open, world_start, world_turn, world_close) serve cases that look in between.
 */
#ifndef WORLD_H
#define WORLD_H

#include <weft/weft.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep.h"
#include "weft_test.h"

enum { WORLD_MAINS = 8 };

/* Whether memory that was freed is used again, so that a loop stays as large as it is. */
#ifdef WEFT_POOLS
enum { WORLD_REUSES = WEFT_POOLS };
#else
enum { WORLD_REUSES = true };
#endif

static struct world {
    /* Settings; each run ends with all of them cleared. */
    weft_simulation_options options;
    bool debug;
    size_t fail_at;    /* the allocation that fails, from 1; 0: none */
    bool fail_onwards; /* and every later one */

    weft_simulation simulation;
    weft_loop *loop;
    weft_task *mains[WORLD_MAINS]; /* those started last */
    size_t main_count;
    size_t allocations; /* asked for */
    size_t live;        /* not given back */
    bool out_of_memory; /* an allocation has failed */
    int code;           /* of the outcome; WEFT_OK for a value */
    char said[16384];   /* words, a space between them */
    char reports[16384];
    char outcome[4096];
    char traceback[16384];
} world;

WEFT__UNUSED static void world_add(char *text, size_t size, const char *between, const char *words) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used == 0 ? "" : between, words);
}

/* Adds to what was said. */
WEFT__UNUSED static void say(const char *format, ...) WEFT__PRINTF(1, 2);
WEFT__UNUSED static void say(const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    world_add(world.said, sizeof world.said, " ", words);
}

/* The name of an error, "none" for NULL: say("%s", name_of(self->error)). */
WEFT__UNUSED static const char *name_of(const weft_error *error) {
    return error == NULL ? "none" : weft_error_name(error->code);
}

WEFT__UNUSED static void world_report(void *context, const char *text) {
    (void)context;
    world_add(world.reports, sizeof world.reports, "\n", text);
}

static bool world_may_allocate(void) {
    size_t number = ++world.allocations;
    bool fails =
        world.fail_at != 0 && (world.fail_onwards ? number >= world.fail_at : number == world.fail_at);
    fails = sweep_fails() || fails;
    world.out_of_memory |= fails;
    return !fails;
}

WEFT__UNUSED static void *world_allocate(void *context, size_t size) {
    (void)context;
    void *pointer = world_may_allocate() ? malloc(size) : NULL;
    world.live += pointer != NULL;
    return pointer;
}

WEFT__UNUSED static void *world_reallocate(void *context, void *pointer, size_t size) {
    (void)context;
    void *moved = world_may_allocate() ? realloc(pointer, size) : NULL;
    world.live += moved != NULL && pointer == NULL;
    return moved;
}

WEFT__UNUSED static void world_release(void *context, void *pointer) {
    (void)context;
    world.live -= pointer != NULL;
    free(pointer);
}

/* Makes the loop, current and empty. False if there was no memory for it. */
WEFT__UNUSED static bool world_open(void) {
    static const weft_allocator allocator = {world_allocate, world_reallocate, world_release, NULL};
    sweep_begin();
    world.allocations = world.live = world.main_count = 0;
    world.out_of_memory = false;
    world.code = WEFT_OK;
    world.said[0] = world.reports[0] = world.outcome[0] = world.traceback[0] = '\0';
    weft_simulation_init(&world.simulation, &world.options);
    world.loop = weft_loop_new(&world.simulation.host, &allocator);
    if (world.loop == NULL)
        return false;
    weft_loop_set_reporter(world.loop, world_report, NULL);
    weft_loop_set_debug(world.loop, world.debug);
    return true;
}

/* Starts a main task, which is the caller's to ask until world_close. */
WEFT__UNUSED static weft_task *world_start(weft_coroutine *coroutine) {
    weft_task *main = weft_loop_start(world.loop, coroutine);
    world.mains[world.main_count++ % WORLD_MAINS] = main;
    return main;
}

/* Turns the loop until it is done or stuck. */
WEFT__UNUSED static weft_turn world_turn(void) {
    return weft_simulation_turn(&world.simulation, world.loop, 0);
}

/* What may be wrong with how it all ended, for the sweep over all allocations. */
WEFT__UNUSED static unsigned world_flaws(void) {
    unsigned flaws = strstr(world.reports, "nothing can wake") != NULL ? SWEEP_DEADLOCK : 0;
    for (size_t i = 0; i < world.main_count && i < WORLD_MAINS; i++) {
        if (!weft_task_done(world.mains[i]))
            flaws |= SWEEP_STUCK;
        else if (weft_error_has(weft_task_error(world.mains[i]), WEFT_DEADLOCK))
            flaws |= SWEEP_DEADLOCK;
    }
    return flaws;
}

/* Closes the loop, checks that nothing is left, and clears the settings. */
WEFT__UNUSED static void world_close(void) {
    unsigned flaws = world.loop == NULL ? 0 : world_flaws();
    if (world.loop != NULL)
        weft_loop_close(world.loop);
    weft_simulation_destroy(&world.simulation);
    world.loop = NULL;
    world.options = (weft_simulation_options){NULL, 0, 0, false, false, NULL, 0};
    world.debug = world.fail_onwards = false;
    world.fail_at = 0;
    CHECK_EQ_INT((long long)world.live, 0);
    CHECK(weft_loop_current() == NULL);
    flaws |= world.live != 0 ? SWEEP_MEMORY : 0;
    flaws |= strstr(world.reports, "still retained") != NULL ? SWEEP_OBJECTS : 0;
    flaws |= strstr(world.reports, "destroyed while") != NULL ? SWEEP_DESTROYED : 0;
    flaws |= weft_loop_current() != NULL ? SWEEP_CURRENT : 0;
    sweep_end(flaws, world.outcome);
}

/* Writes down how a task ended: the outcome, its code, its traceback. */
WEFT__UNUSED static const char *world_outcome(weft_task *task) {
    const weft_error *error = weft_task_error(task);
    world.code = error == NULL ? WEFT_OK : error->code;
    if (error == NULL)
        weft_value_print(weft_task_value(task), world.outcome, sizeof world.outcome);
    else
        weft_error_print(error, world.outcome, sizeof world.outcome);
    size_t length = strlen(world.outcome);
    if (length > 0 && world.outcome[length - 1] == '\n')
        world.outcome[length - 1] = '\0';
    weft_task_print_error(task, world.traceback, sizeof world.traceback);
    return world.outcome;
}

/* The whole run of a coroutine that was called in the open world. */
WEFT__UNUSED static const char *world_finish(weft_coroutine *coroutine) {
    weft_task *main = world_start(coroutine);
    CHECK_EQ_INT(world_turn(), WEFT_TURN_DONE);
    world_outcome(main);
    world_close();
    return world.outcome;
}

/* Where not even the loop could be made. */
WEFT__UNUSED static const char *world_without_memory(void) {
    world_close();
    world.code = WEFT_OUT_OF_MEMORY;
    return strcpy(world.outcome, weft_error_name(WEFT_OUT_OF_MEMORY));
}

#define RUN(coroutine) (world_open() ? world_finish(coroutine) : world_without_memory())

#endif
