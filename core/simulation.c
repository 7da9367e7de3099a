/* The simulation: a host with a clock that jumps, and choices that can be replayed. */

#include "internal.h"
#include "program.h"

#include <stdlib.h>

enum { KIND_SIMULATION = 3 };

static weft_simulation *of(weft_host *host) {
    return (weft_simulation *)(void *)host;
}

static double now(weft_host *host) {
    return of(host)->clock;
}

static int arm(weft_host *host, double deadline) {
    of(host)->deadline = deadline;
    return 0;
}

static int wake(weft_host *host) {
    (void)host; /* who turns the loop looks at it again anyway */
    return 0;
}

/* Nobody else runs here whose time could pass. */
static const weft_error *run(weft_host *host, weft_loop *loop) {
    if (weft_simulation_turn(of(host), loop, 0) == WEFT_TURN_DONE)
        return NULL;
    return weft_error_new(WEFT_DEADLOCK, "the simulation waits for the world outside");
}

static void close_host(weft_host *host) {
    weft_simulation_destroy(of(host));
}

weft_simulation *weft__simulation_of(weft_host *host) {
    return host != NULL && host->now == now ? of(host) : NULL;
}

void weft_simulation_init(weft_simulation *simulation, const weft_simulation_options *options) {
    *simulation = (weft_simulation){
        .host =
            {.now = now, .arm = arm, .wake = wake, .run = run, .close = close_host, .kind = KIND_SIMULATION},
        .deadline = INFINITY,
    };
    if (options != NULL)
        simulation->options = *options;
    simulation->random = simulation->options.seed;
}

void weft_simulation_destroy(weft_simulation *simulation) {
    free(simulation->log);
    simulation->log = NULL;
}

/* SplitMix64. */
uint64_t weft_simulation_random(weft_simulation *simulation) {
    uint64_t x = simulation->random += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static void log_decision(weft_simulation *simulation, uint32_t chosen) {
    if (simulation->log_count == simulation->log_room) {
        size_t room = simulation->log_room == 0 ? 64 : simulation->log_room * 2;
        uint32_t *log = realloc(simulation->log, room * sizeof *log);
        if (log == NULL) {
            simulation->log_lost = true;
            return;
        }
        simulation->log = log;
        simulation->log_room = room;
    }
    simulation->log[simulation->log_count++] = chosen;
}

uint32_t weft__simulation_choose(weft_simulation *simulation, weft_loop *loop, weft_choice kind,
                                 uint32_t candidates) {
    const weft_simulation_options *options = &simulation->options;
    uint32_t chosen = 0;
    (void)loop;
    if (simulation->choices < options->decision_count)
        chosen = options->decisions[simulation->choices] % candidates;
    else if (options->seeded)
        chosen = (uint32_t)(weft_simulation_random(simulation) % candidates);
    simulation->choices++;
    log_decision(simulation, chosen);
    if (simulation->on_choice != NULL)
        simulation->on_choice(simulation->context, kind, candidates, chosen);
    return chosen;
}

static bool cancel_injected(weft_loop *loop, weft_task *task, void *context) {
    const weft_injection *injection = context;
    if (task->future.id != injection->task)
        return true;
    WEFT__LOG(loop, WEFT_LOG_DECISION, 4, 1, task->future.id, 0, 0, 0, 0);
    weft__cancel(loop, &task->future, &weft_error_cancelled);
    return false;
}

/* Steps that were eager starts had no such moment of their own. */
void weft__simulation_before_step(weft_simulation *simulation, weft_loop *loop) {
    uint64_t step = loop->steps + 1;
    for (size_t i = 0; i < simulation->options.injection_count; i++) {
        weft_injection injection = simulation->options.injections[i];
        if (injection.step <= simulation->injected || injection.step > step)
            continue;
        loop->frame = NULL; /* of the step before, whose task has not asked for this */
        loop->current = NULL;
        weft__each_task(loop, cancel_injected, &injection);
    }
    simulation->injected = step;
}

void weft__simulation_jump(weft_simulation *simulation, weft_loop *loop) {
    if (simulation->deadline > simulation->clock)
        simulation->clock = simulation->deadline;
    WEFT__LOG(loop, WEFT_LOG_CLOCK_JUMP, 0, 0, 0, 0, 0, 0, 0);
}

weft_turn weft_simulation_turn(weft_simulation *simulation, weft_loop *loop, uint64_t stop_at_step) {
    for (;;) {
        weft_turn turn = weft_loop_turn(loop, stop_at_step);
        if (turn == WEFT_TURN_MORE && simulation->host.slice == 0)
            continue;
        if (turn != WEFT_TURN_IDLE || loop->holds > 0 || simulation->deadline == INFINITY)
            return turn;
        weft__simulation_jump(simulation, loop);
    }
}
