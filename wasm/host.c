/* Clock, timer and turns: weft_host on the JavaScript event loop. */

#include "host.h"
#include "bridge.h"

#include "../core/internal.h"

/* --- What JavaScript does --- */

/* clang-format off */

/* Milliseconds that only grow. */
WEFT__IMPORT(double, weft_js_now, (void), {
    return performance.now();
})

/* Calls weft_wasm_turn(0) in a task of its own: neither from a timer, whose nested ones browsers delay, nor from a promise. */
WEFT__IMPORT(int, weft_js_hop, (void), {
    try {
        const weft = Module["weft"] = Module["weft"] || {};
        weft.turn = weft.turn || ((timer) => {
            try {
                _weft_wasm_turn(timer);
            } catch (error) {
                if (error !== "unwind" && error.name !== "ExitStatus") throw error;
            }
        });
        if (typeof setImmediate === "function") {
            setImmediate(weft.turn, 0);
        } else {
            if (!weft.channel) {
                weft.channel = new MessageChannel();
                weft.channel.port1.onmessage = (message) => weft.turn(message.data);
            }
            weft.channel.port2.postMessage(0);
        }
        return 0;
    } catch (error) {
        return 1;
    }
})

/* Calls weft_wasm_turn(1) after so many milliseconds, by way of a hop, in place of any earlier wish; never, if negative. */
WEFT__IMPORT(int, weft_js_timer, (double milliseconds), {
    try {
        const weft = Module["weft"];
        if (!weft) return 0; /* no hop was asked for, so no timer was */
        clearTimeout(weft.timer);
        if (milliseconds >= 0) {
            weft.timer = setTimeout(() => {
                if (weft.channel) weft.channel.port2.postMessage(1);
                else setImmediate(weft.turn, 1);
            }, milliseconds);
        }
        return 0;
    } catch (error) {
        return 2;
    }
})

/* clang-format on */

/* --- The host --- */

/*
 * A timer is asked for at every arm, from within a turn, and there is at most one. It may fire early, since
 * browsers and Node round, and must fire in between where the delay is too long for it: weft_wasm_turn looks
 * at the clock and asks again.
 */
static _Thread_local struct {
    weft__home home;
    double origin;   /* weft_js_now at time 0 */
    double deadline; /* seconds; INFINITY: no timer is set */
    weft_loop *loop;
    weft__ended *ended;
    double end;   /* seconds, on the clock of the last loop that ended */
    double steps; /* of that loop */
    double waits; /* turns in virtual time that could only wait for the world outside */
    bool hop_posted;
    unsigned hops; /* posted, and not here yet */
} self;

/* A slice keeps pages at 60 frames a second with room for their own work; one of the simulation's is counted
 * in steps. */
static const double slice = 0.008;
enum { SLICE_STEPS = 1024 };

static double now(weft_host *host) {
    (void)host;
    return (weft_js_now() - self.origin) * 1e-3;
}

static int set_timer(void) {
    static const double longest = 2147483647.0; /* setTimeout takes 31 bits */
    if (self.deadline == INFINITY)
        return weft_js_timer(-1.0);
    double delay = ceil(self.deadline * 1e3 - (weft_js_now() - self.origin));
    return weft_js_timer(fmin(fmax(delay, 0.0), longest));
}

static int arm(weft_host *host, double deadline) {
    (void)host;
    if (deadline == self.deadline)
        return 0;
    self.deadline = deadline;
    int code = set_timer();
    if (code != 0)
        self.deadline = INFINITY;
    return code;
}

static int wake(weft_host *host) {
    return host == &self.home.host ? weft__hop() : weft__home_call((weft__home *)(void *)host);
}

static const char *describe(weft_host *host, int code) {
    (void)host;
    return code == 1   ? "JavaScript could not post a message"
           : code == 2 ? "JavaScript could not set a timer"
                       : "there is no memory for it, or there are too many";
}

weft_host *weft__javascript_host(void) {
    self.home.host =
        (weft_host){.now = now, .arm = arm, .wake = wake, .describe = describe, .slice = slice, .kind = 2};
    self.origin = weft_js_now();
    self.deadline = INFINITY;
    weft__home_open(&self.home);
    return &self.home.host;
}

weft__home *weft__home_of_thread(void) {
    return &self.home;
}

int weft__hop_anyway(void) {
    int code = weft_js_hop();
    self.hop_posted = code == 0;
    self.hops += code == 0;
    return code;
}

int weft__hop(void) {
    return self.hop_posted || self.loop == NULL ? 0 : weft__hop_anyway();
}

/* --- Turns --- */

void weft__drive(weft_loop *loop, weft__ended *ended) {
    loop->kept = false; /* nobody waits here who could end it later */
    self.loop = loop;
    self.ended = ended;
    weft__hop();
}

weft_loop *weft__driven(void) {
    return self.loop;
}

static bool in_between(weft_turn turn) {
    return turn == WEFT_TURN_STOPPED || turn == WEFT_TURN_MORE;
}

/* The simulation's clock is no measure of how long the page has waited, so its slices are cut here. */
static weft_turn turn_simulated(weft_loop *loop, uint64_t stop_at, double milliseconds) {
    double end = weft_js_now() + milliseconds;
    weft_turn turn;
    do {
        uint64_t slice_end = weft_loop_steps(loop) + SLICE_STEPS;
        turn = weft_simulation_turn(loop->simulation, loop, stop_at < slice_end ? stop_at : slice_end);
    } while (in_between(turn) && weft_loop_steps(loop) < stop_at && weft_js_now() < end);
    self.waits += turn == WEFT_TURN_IDLE;
    return turn;
}

static weft_turn turn(weft_loop *loop) {
    return loop->simulation == NULL ? weft_loop_turn(loop, 0) : turn_simulated(loop, UINT64_MAX, slice * 1e3);
}

static void end(void) {
    weft_loop *loop = self.loop;
    self.end = weft_time();
    self.steps = (double)weft_loop_steps(loop);
    self.loop = NULL;
    self.deadline = INFINITY;
    set_timer();
    weft__javascript_forget();
    self.ended(loop);
}

/* What hops and timers call. 1 if the loop came to its end. */
WEFT__CALLABLE(weft_wasm_turn) int weft_wasm_turn(int by_timer) {
    if (by_timer == 0) {
        self.hop_posted = false;
        self.hops -= self.hops > 0;
    }
    weft__home_take(&self.home);
    if (self.loop == NULL) {
        if (self.hops == 0)
            weft__home_leave(&self.home);
        return 0;
    }
    if (by_timer != 0 && now(&self.home.host) < self.deadline && set_timer() == 0)
        return 0;
    if (now(&self.home.host) >= self.deadline)
        self.deadline = INFINITY;
    switch (turn(self.loop)) {
    case WEFT_TURN_MORE:
    case WEFT_TURN_STOPPED:
        weft__hop();
        break;
    case WEFT_TURN_DONE:
        end();
        return 1;
    case WEFT_TURN_IDLE:
        break;
    }
    return 0;
}

/*
 * Turns a simulated loop until so many steps were made, or so many milliseconds have passed. 0 if there is
 * more to do, 1 if only the world outside can go on, 2 if the loop has ended.
 */
WEFT__CALLABLE(weft_wasm_advance) int weft_wasm_advance(double stop_at, double milliseconds) {
    self.hop_posted = false;
    if (self.loop == NULL)
        return 2;
    weft_turn turn =
        turn_simulated(self.loop, stop_at < 0x1p53 ? (uint64_t)stop_at : UINT64_MAX, milliseconds);
    if (turn == WEFT_TURN_DONE)
        end();
    return turn == WEFT_TURN_DONE ? 2 : turn == WEFT_TURN_IDLE;
}

/* Where a simulated loop stands: steps that were made, and turns after which it could only wait. */
WEFT__CALLABLE(weft_wasm_steps) double weft_wasm_steps(void) {
    return self.loop == NULL ? self.steps : (double)weft_loop_steps(self.loop);
}
WEFT__CALLABLE(weft_wasm_waits) double weft_wasm_waits(void) {
    return self.waits;
}

/* Seconds on the loop's clock, or what it showed when the last loop ended. */
WEFT__CALLABLE(weft_wasm_now) double weft_wasm_now(void) {
    return weft_loop_current() == NULL ? self.end : weft_time();
}
