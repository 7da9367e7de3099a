/** What the page and the worker that runs a program say to each other. */

import type { External } from "weft";
import type { Choices, Clock } from "./subject.ts";
import type { Frame } from "./traps.ts";

export interface Program extends Choices {
    clock: Clock;
    module: WebAssembly.Module;
    /** What the program's relative addresses are relative to: the page, not the script of the worker. */
    base: string;
}

/** An error as it crosses from the worker to the page. */
export interface ErrorReport {
    name: string;
    message: string;
    traceback: { function: string; file: string; line: number }[];
    errors: ErrorReport[];
    /** Of a crash: where the program was, innermost first. */
    frames?: Frame[];
}

export type ToWorker =
    | { type: "run"; program: Program }
    /** Cancels the coroutine, so that it can clean up. */
    | { type: "cancel" }
    /** So many output messages were taken: that many more may be sent. */
    | { type: "taken"; messages: number }
    /** To be answered at once: who does not has not given the thread back. */
    | { type: "ping" };

export type FromWorker =
    | { type: "output"; text: string; stream: "stdout" | "stderr"; time: number; omitted: number }
    | { type: "events"; chunk: Uint8Array<ArrayBuffer>; base: number }
    /** Something came from outside in virtual time. */
    | { type: "external"; external: External }
    /** The log has grown to its limit: the timeline ends here, the program goes on. */
    | { type: "events-full" }
    /** More was printed than a program may print. */
    | { type: "flooded" }
    | { type: "pong" }
    /** The program is loaded and runs. */
    | { type: "started" }
    /** It hears that it is cancelled. */
    | { type: "cancelling" }
    | { type: "value"; time: number }
    /** main has ended without success; it has said on stderr why. */
    | { type: "exit"; status: number; cancelled: boolean; time: number }
    | { type: "error"; error: ErrorReport; cancelled: boolean; time: number }
    /** The module could not be loaded. */
    | { type: "unloadable"; message: string };

/** Output messages that may be under way: what a flooding program prints beyond them waits in the worker, up to a limit. */
export const outputCredit = 64;
