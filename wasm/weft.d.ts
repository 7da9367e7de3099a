/** What a coroutine can be given and can return. An integer of C's arrives as a number where that is exact, else as a bigint; a pointer as its address. */
export type Value = null | boolean | number | bigint | string;

/** A field that weft_export named. */
export interface Field {
    readonly name: string;
    /** C's integers of every size are "int", float and double are "double". A "pointer" can only be given as null. */
    readonly type: "bool" | "int" | "double" | "string" | "pointer" | "value";
    /** Where it is in the coroutine's structure, bytes. */
    readonly offset: number;
    readonly size: number;
    readonly signed: boolean;
}

/** A coroutine that the C source exported with weft_export. */
export interface Coroutine {
    readonly name: string;
    readonly fields: readonly Field[];
}

/** A variable that the C source declared with WEFT_PARAM. */
export interface Parameter {
    readonly name: string;
    readonly type: "bool" | "int" | "double";
    /** What it has when main begins. */
    readonly value: number | boolean;
    readonly least: number | boolean;
    readonly most: number | boolean;
}

/** Where a coroutine was when an error passed through it. */
export interface TraceEntry {
    readonly function: string;
    readonly file: string;
    readonly line: number;
}

/**
 * A function that C calls with weft_javascript_call. The values are C's arguments; after them comes an AbortSignal that tells
 * of the cancellation of the wait. What it returns, or its promise resolves with, must be a Value or undefined.
 */
export type Import = (...values: any[]) => unknown;

export interface LoadOptions {
    /** The module: its bytes, a compiled module, a response that brings it, or its address. In Node an address can be a path. */
    wasm: BufferSource | WebAssembly.Module | Response | Promise<BufferSource | WebAssembly.Module | Response> | URL | string;
    /** Gets what the program prints, as it is flushed; without it, console.log and console.error get whole lines. */
    print?: (text: string, stream: "stdout" | "stderr") => void;
    /** Gets the bytes that the program writes, in place of `print`. */
    write?: (bytes: Uint8Array, stream: "stdout" | "stderr") => void;
    /** Fills the buffer with what the program reads from stdin; returns how many bytes, 0 at the end. Without it stdin is empty. */
    read?: (buffer: Uint8Array) => number;
    /**
     * Gets the event log in chunks (docs/events.md). `base` is the sequence number of the first record; a base of 0 begins a new
     * log, as each new loop does. The bytes are the receiver's.
     */
    onEvent?: (chunk: Uint8Array, base: number) => void;
    /** With WEFT_TRACE=PATH in `env`: gets Chrome's trace, opened with its path, in pieces. */
    onTrace?: (part: "open" | "write" | "close", text: string) => void;
    /** Functions that C can call and await with weft_javascript_call. */
    imports?: Record<string, Import>;
    /**
     * What C's relative URLs are relative to: an absolute one. In a page it is the page's without this, in a worker that of the
     * worker's script; under Node there is none.
     */
    base?: string | URL;
    /** What weft_http and weft_fetch send requests by, in place of the platform's. */
    fetch?: typeof fetch;
    /** What weft_websocket_connect connects by, in place of the platform's: Node has none before version 22, the package `ws` does. */
    WebSocket?: new (url: string, protocols: string[]) => any;
    /** "real" (the default) waits with the event loop's timers, "virtual" jumps to the next deadline at once. */
    clock?: "real" | "virtual";
    /** Seed of the simulation's choices and of the program's random numbers; only with the virtual clock. */
    seed?: number;
    /** The simulation's choices in order; goes before the seed. Only with the virtual clock. */
    decisions?: readonly number[];
    /** Cancellations of the simulation's: each of a task right before a step. Only with the virtual clock. */
    injections?: readonly Injection[];
    /** Lets the simulation choose among ready tasks, too, which asyncio's order forbids. Only with the virtual clock. */
    permuteReady?: boolean;
    /** Gets what comes from outside while main runs, for a replay by `simulate`. Only with the virtual clock. */
    onExternal?: (external: External) => void;
    /** Values of parameters by name; those not there have the source's. A wrong name or value rejects with a TypeError that says which. */
    parameters?: Readonly<Record<string, number | boolean | undefined>>;
    /** Reports slow steps and forgotten awaits, as WEFT_DEBUG=1 does. */
    debug?: boolean;
    /** Environment of the program. */
    env?: Record<string, string>;
}

/**
 * Cancels task `task` right before step `step`. Steps count from 1 and are the `resume` records of the event log; a step that is an
 * eager start within another has no moment of its own before it, so the cancellation comes before the next step that has.
 */
export interface Injection {
    readonly step: number;
    readonly task: number;
}

/** Something that came from outside into a run in virtual time. The same at the same moment leads to the same run. */
export type External = {
    /** How many steps had been made. */
    readonly step: number;
    /** How many times the program had had to wait for the outside; null: it came during a step, from a function that gave no promise. */
    readonly wait: number | null;
    /** The operation, transfer, WebSocket or task that it was for, as the event log numbers them. */
    readonly id: number;
} & (
    | {
          /** What a function of `imports` gave or threw, a cancellation, an interrupt. */
          readonly what: "value" | "error" | "cancel" | "interrupt";
          /** What the function gave, or the message of the error or of the cancellation. */
          readonly value: Value;
      }
    | ExternalOfTransfer
);

/** What comes for an HTTP exchange or a WebSocket. */
export type ExternalOfTransfer =
    | { readonly what: "head"; readonly value: { readonly status: number; readonly url: string; readonly headers: readonly (readonly [string, string])[] } }
    /** A piece of a body. */
    | { readonly what: "bytes"; readonly value: Uint8Array }
    | { readonly what: "end"; readonly value: null }
    /** With the code of C's error, and the system's name for it. */
    | { readonly what: "failure"; readonly value: { readonly code: number; readonly message: string; readonly system: string | null } }
    /** A WebSocket is open, with this subprotocol. */
    | { readonly what: "open"; readonly value: string }
    | { readonly what: "message"; readonly value: string | Uint8Array }
    /** So many bytes are not sent yet. */
    | { readonly what: "sent"; readonly value: number }
    | { readonly what: "closed"; readonly value: { readonly code: number; readonly reason: string } };

export interface RunOptions {
    /** Aborting it cancels the coroutine, which can clean up; the promise then rejects with a WeftError named Cancelled. */
    signal?: AbortSignal;
}

/** An error of the C program. Its stack names the coroutines that it passed through, innermost first, as JavaScript's do. */
export class WeftError extends Error {
    private constructor();
    /** The name of its code: "Cancelled", "TimedOut", "OutOfMemory", … */
    readonly name: string;
    readonly code: number;
    /** The coroutines that it passed through, outermost first; of very many the first and the last 32. */
    readonly traceback: readonly TraceEntry[];
    /** The errors of a group. */
    readonly errors: readonly WeftError[];
    /** The error that was being handled when this was raised; of a cancellation by AbortSignal, the signal's reason. */
    readonly cause?: unknown;
}

/** A task that has not ended. */
export interface Task {
    readonly id: number;
    readonly name: string;
    /** "ready": it will run in the loop's next turn. */
    readonly state: "running" | "ready" | "waiting";
    /** What it waits for: a "timer", a "task", "future", "gather", "shield", "group", "semaphore", "lock" and so on, by its number. */
    readonly waitsFor: { readonly what: string; readonly id?: number; /** Until a timer is due. */ readonly seconds?: number } | null;
    /** The coroutines that it stands in, innermost first; of very many the innermost 64. */
    readonly stack: readonly TraceEntry[];
    /** The tasks that await it, themselves or by a gather, shield or group of theirs. */
    readonly awaitedBy: readonly number[];
}

export interface Weft {
    /** What weft_export named. */
    readonly coroutines: ReadonlyMap<string, Coroutine>;
    /** What WEFT_PARAM declared. */
    readonly parameters: readonly Parameter[];
    /**
     * Runs an exported coroutine; any number of them at once share one loop, which ends, cancelling what they left, when the
     * last has. Fields not given are zero. A wrong name or value rejects with a TypeError that says which. A program that crashes
     * rejects all that is running, and the module is of no further use; one that calls exit starts afresh with the next call.
     */
    run(name: string, fields?: Record<string, Value | undefined>, options?: RunOptions): Promise<Value>;
    /**
     * Runs the program's main with these arguments and resolves with its exit status. Nothing else can run meanwhile; afterwards
     * the next call starts the program afresh. Standalone modules of Emscripten's do not call functions given to atexit.
     */
    main(args?: readonly string[], options?: RunOptions): Promise<number>;
    /**
     * Cancels what main runs, as SIGINT (Ctrl-C) does natively: if it ends by that, the exit status is 130. False, with nothing
     * changed, where main does not run a coroutine.
     */
    interrupt(): boolean;
    /** The clock of the loop, in seconds; between two loops, the time at which the last ended. */
    now(): number;
    /** What is running, and what it waits for. Changes nothing; can be asked at any time, from `imports`, too. */
    tasks(): Task[];
    /** The same as text for people: each task below those that await it. */
    taskTree(): string;
    /** The module's instance, for those who need more. After the program has exited, a new one takes its place. */
    readonly instance: WebAssembly.Instance;
}

/** Loads a module built against weft as a standalone module. */
export function loadWeft(options: LoadOptions): Promise<Weft>;

// --- The simulation ---

/**
 * A run of main in virtual time. The log is always on here, whether anybody gets it or not: tasks have the same numbers in every run
 * with the same options.
 */
export interface SimulateOptions
    extends Pick<
        LoadOptions,
        | "wasm" | "print" | "onEvent" | "imports" | "base" | "fetch" | "WebSocket" | "parameters"
        | "seed" | "decisions" | "injections" | "permuteReady" | "onExternal" | "debug" | "env"
    > {
    /** main's arguments. */
    args?: readonly string[];
    /** A replay: no function of `imports` is called, and nothing is sent; what `onExternal` got in the run comes again, at the moment at which it came. */
    external?: readonly External[];
    /**
     * Begins where a replay with the same options stood; main's output up to weft_main comes once more. `external` may have more
     * at its end than it had there.
     */
    from?: Checkpoint;
}

/** Where a replay stands, with all of its memory. */
export interface Checkpoint {
    readonly steps: number;
    /** The program's memory, but for the zeros at its end. */
    readonly bytes: Uint8Array;
}

/** A choice among several candidates. */
export interface Decision {
    /** Timers with one deadline; completions from outside that came together; ready tasks, with `permuteReady`. */
    readonly kind: "timer-tie" | "external" | "ready";
    /** How many there were, from 2; at most 65,535 are told. */
    readonly candidates: number;
    /** The index of the one taken, in the order in which they would have come. */
    readonly chosen: number;
}

/** How a program ended. */
export interface SimulationEnd {
    /** main's exit status; null if the program crashed. */
    readonly status: number | null;
    /** The error of the coroutine that main ran, of which stderr tells, too. */
    readonly error: WeftError | null;
    /** A trap of WebAssembly's: "unreachable", "memory access out of bounds", … */
    readonly crash: Error | null;
}

/** A coroutine on a task's stack. */
export interface Frame extends TraceEntry {
    /** Where its structure is in the program's memory, and its size there, bytes. */
    readonly address: number;
    readonly size: number;
    /** What weft_fields or weft_export named of the structure; none if neither is there. */
    readonly fields: readonly Field[];
}

/**
 * A program that runs only when it is told to, synchronously. What it does wrong is told as values; what throws is a mistake of the
 * caller's.
 */
export interface Simulation {
    /**
     * Runs on, and says why it came back:
     * - "stopped": `toStep` steps have been made. It stands right behind that step; only where that step is an eager start it stands
     *   behind the step around it.
     * - "more": it ran for `budget` milliseconds. A single step cannot be cut short.
     * - "waiting": nothing can happen before something comes from outside, see `arrival`.
     * - "done": it has ended, see `end`.
     *
     * Without `toStep` and `budget` it runs to its end, which may never come. Throws if a replay does not go as the run went.
     */
    advance(limits?: { toStep?: number; budget?: number }): "stopped" | "more" | "waiting" | "done";
    /** Resolves when something has come from outside since the last call of `advance`. */
    arrival(): Promise<void>;
    /** How many steps have been made. */
    readonly steps: number;
    /** The clock, in seconds. */
    now(): number;
    /** How it ended; null while it has not. */
    readonly end: SimulationEnd | null;
    /** The choices that were made so far. */
    readonly decisions: readonly Decision[];
    tasks(): Task[];
    taskTree(): string;
    /** The coroutines that a task stands in, innermost first, at most 64; none if there is no such task. */
    frames(task: number): Frame[];
    /** The program's memory; the view is good until it runs again. */
    readonly memory: DataView;
    /**
     * What stands at an address, as text: a task's name, a weft_value, the name and message of a weft_error. Null if the address is
     * none of the program's, or no task is there.
     */
    describe(address: number, what: "task" | "value" | "error"): string | null;
    /**
     * How many blocks of memory the C library has given out and not got back, whoever asked for them; null in a module that was linked
     * without cmake/module.rsp, whose --wrap counts them.
     */
    readonly blocks: number | null;
    /** Cancels a task now. False if it does not exist, or is done. */
    cancel(task: number, message?: string): boolean;
    /** Takes a copy of where a replay stands, to begin there again. Throws if `external` was not given, or it has ended. */
    checkpoint(): Checkpoint;
    /** Lets go of the program; the signals of functions that C still waits for abort, its transfers and WebSockets end. */
    close(): void;
}

/** Makes an instance of the module and calls its main; it stands before its first step. */
export function simulate(options: SimulateOptions): Promise<Simulation>;
