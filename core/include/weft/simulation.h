#ifndef WEFT_SIMULATION_H
#define WEFT_SIMULATION_H

/*
 * The simulation: a host whose clock jumps to the next deadline when nothing is ready, so that a program
 * which sleeps for hours ends at once and always in the same way, and whose choices come from a list of
 * decisions or a seed, so that other orders that could happen are tried and replayed.
 */

#include <weft/base.h>
#include <weft/host.h>
#include <weft/loop.h>

WEFT_BEGIN_DECLARATIONS

/* Where there is more than one candidate. The tags are those of the event log. */
typedef enum weft_choice {
    WEFT_CHOICE_TIMER_TIE = 1, /* timers with one deadline: first set, first fired */
    WEFT_CHOICE_EXTERNAL = 2,  /* completions from outside that came together */
    WEFT_CHOICE_READY = 3      /* ready tasks: breaks asyncio's promise of first in, first out */
} weft_choice;

/* A cancellation of task `task` right before step `step`; steps count from 1, as weft_loop_steps does. Before
 * an eager start, which is a step inside another, there is no such moment: then it comes before the next step
 * that has one. */
typedef struct weft_injection {
    uint64_t step;
    uint32_t task;
} weft_injection;

/* What decides where a simulated world has a choice. All may be zero. */
typedef struct weft_simulation_options {
    const uint32_t
        *decisions; /* taken in order, each an index from the first-in-first-out order; 0 past the end */
    size_t decision_count;
    uint64_t seed; /* draws the decisions that the list does not give, if seeded */
    bool seeded;
    bool permute_ready; /* lets the ready queue's order vary, too */
    const weft_injection *injections;
    size_t injection_count;
} weft_simulation_options;

/* One simulated world. It is used in place and must not move. */
typedef struct weft_simulation {
    weft_host host;
    weft_simulation_options options;
    double clock;
    double deadline;
    uint64_t random;
    size_t choices;    /* made so far */
    uint64_t injected; /* the step up to which cancellations were injected */
    uint32_t *log;     /* the decisions taken, for a replay */
    size_t log_count, log_room;
    bool log_lost; /* memory for it ran out */
    /* Told of each choice as it is made, if set after weft_simulation_init. */
    void (*on_choice)(void *context, weft_choice kind, uint32_t candidates, uint32_t chosen);
    void *context; /* of on_choice */
} weft_simulation;

/* Sets up a world at time 0. NULL for the options: no choices. What they point to must outlive it. */
void weft_simulation_init(weft_simulation *simulation, const weft_simulation_options *options);

/* Frees the log of decisions. */
void weft_simulation_destroy(weft_simulation *simulation);

/* Turns the loop, whose host this is, until it is done; WEFT_TURN_IDLE if only the world outside can go on.
 */
weft_turn weft_simulation_turn(weft_simulation *simulation, weft_loop *loop, uint64_t stop_at_step);

/* A random number of this world: the same for the same seed. */
uint64_t weft_simulation_random(weft_simulation *simulation);

/*
 * Runs a coroutine in a world of its own, in a loop of its own, to its end, and copies its outcome: the value
 * (the caller frees it, owned strings included) or NULL, the error (the caller's to release) or NULL. The
 * coroutine is made by `make`, inside the loop. True if it ended with a value.
 */
bool weft_simulation_run(const weft_simulation_options *options, const weft_allocator *allocator,
                         weft_coroutine *(*make)(void *argument), void *argument, weft_value *value,
                         const weft_error **error);

WEFT_END_DECLARATIONS

#endif
