/** What a coroutine can be given and can return. A C string arrives as a string, a 64-bit integer as a number where it is exact. */
export type Value = null | boolean | number | bigint | string;

export interface Field {
    name: string;
    type: "bool" | "int" | "double" | "string" | "pointer" | "value";
    offset: number;
    size: number;
    signed: boolean;
}

/** A coroutine that the C source exported with weft_export. */
export interface Coroutine {
    name: string;
    fields: Field[];
}

export interface LoadOptions {
    /** The module: its bytes, a compiled module, a response that brings it, or its address. */
    wasm: BufferSource | WebAssembly.Module | Response | Promise<Response> | URL | string;
    /** Gets what the program prints, as it is flushed; without it, console.log and console.error get whole lines. */
    print?: (text: string, stream: "stdout" | "stderr") => void;
    /** Gets the event log in chunks (docs/events.md). `base` is the sequence number of the first record. The bytes are the receiver's. */
    onEvent?: (chunk: Uint8Array, base: number) => void;
    /** "real" (the default) waits with the event loop's timers, "virtual" jumps to the next deadline at once. */
    clock?: "real" | "virtual";
    /** Seed of the simulation's choices; only with the virtual clock. */
    seed?: number;
    /** The simulation's choices in order; goes before the seed. */
    decisions?: number[];
    /** Reports slow steps and forgotten awaits, as WEFT_DEBUG=1 does. */
    debug?: boolean;
    /** Environment of the program. */
    env?: Record<string, string>;
}

export interface RunOptions {
    /** Aborting it cancels the coroutine, which can clean up; the promise then rejects with a WeftError named Cancelled. */
    signal?: AbortSignal;
}

/** An error of the C program, with the coroutines it passed through, outermost first, as its stack. */
export class WeftError extends Error {
    /** The name of its code: "Cancelled", "TimedOut", "OutOfMemory", … */
    readonly name: string;
    readonly code: number;
    /** Function and line of each coroutine on the way, outermost first. */
    readonly traceback: readonly { function: string; file: string; line: number }[];
    /** The errors of a group. */
    readonly errors: readonly WeftError[];
}

export interface Weft {
    /** What weft_export named. */
    readonly coroutines: ReadonlyMap<string, Coroutine>;
    /** Runs an exported coroutine. Fields not given are zero. A wrong name or type rejects with a TypeError that says which. */
    run(name: string, fields?: Record<string, Value>, options?: RunOptions): Promise<Value>;
    /** Runs the program's main with these arguments and resolves with its exit status. */
    main(args?: readonly string[], options?: RunOptions): Promise<number>;
    /** The clock of the loop, in seconds. */
    now(): number;
    /** The module's own exports, for those who need more. */
    readonly instance: WebAssembly.Instance;
}

/** Loads a module built against weft. A module has one loop; run and main can be called again when the last one has ended. */
export function loadWeft(options: LoadOptions): Promise<Weft>;
