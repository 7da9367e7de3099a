/** What the page and the worker that runs programs say to each other: a request, an answer. */

import type { Fault, Place } from "./faults.ts";
import type { Inputs, Program, Ran } from "./program.ts";

/** How a run ended, without its log. */
export type Brief = Omit<Ran, "chunks">;

export type Request =
    /** Comes first: the program of all that follows, and for "cancel" its source. */
    | { type: "program"; program: Program; source: string }
    | { type: "run"; inputs: Inputs }
    /** Runs it as it is, and tells where a task can be cancelled. */
    | { type: "places"; inputs: Inputs }
    /** Runs it with one cancellation more, and tells what went wrong that did not without it. */
    | { type: "cancel"; inputs: Inputs; place: Place };

export type Answer =
    | { type: "ready" }
    | { type: "ran"; ran: Ran }
    | { type: "places"; places: Place[]; brief: Brief }
    | { type: "faults"; faults: Fault[] }
    /** The program cannot be run at all. */
    | { type: "failed"; message: string };
