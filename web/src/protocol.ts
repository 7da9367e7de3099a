/** What the page and the worker that runs a program say to each other. */

import type { Value } from "weft";

export type Clock = "real" | "virtual";

export interface Program {
    /** The module's address, or its bytes where they were just compiled. */
    wasm: string | ArrayBuffer;
    coroutine: string;
    fields: Record<string, Value>;
    clock: Clock;
}

/** An error as it crosses from the worker to the page. */
export interface ErrorReport {
    name: string;
    message: string;
    traceback: { function: string; file: string; line: number }[];
    errors: ErrorReport[];
}

export type ToWorker =
    | { type: "run"; program: Program }
    /** Cancels the coroutine, so that it can clean up. */
    | { type: "cancel" }
    /** So many output messages were taken: that many more may be sent. */
    | { type: "taken"; messages: number };

export type FromWorker =
    | { type: "output"; text: string; stream: "stdout" | "stderr"; time: number; omitted: number }
    | { type: "events"; chunk: Uint8Array<ArrayBuffer>; base: number }
    /** The log has grown to its limit: the timeline ends here, the program goes on. */
    | { type: "events-full" }
    /** The program is loaded and runs. */
    | { type: "started" }
    /** It hears that it is cancelled. */
    | { type: "cancelling" }
    | { type: "value"; value: string; time: number }
    | { type: "error"; error: ErrorReport; cancelled: boolean; time: number }
    /** The module could not be loaded. */
    | { type: "unloadable"; message: string };

/** Output messages that may be under way: what a flooding program prints beyond them waits in the worker, up to a limit. */
export const outputCredit = 64;
