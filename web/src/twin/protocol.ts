/** What the page and the worker with CPython say to each other. */

import type { FromWorker } from "../protocol.ts";

export type ToPython =
    | { type: "load"; base: string }
    | { type: "run"; file: string; source: string };

export type FromPython =
    | { type: "progress"; loaded: number; total: number }
    | { type: "loaded"; version: string }
    | { type: "unloadable"; message: string }
    | Extract<FromWorker, { type: "output" | "events" | "events-full" }>
    /** The program is at its end; with a traceback if it failed. */
    | { type: "ended"; failure: string | undefined; time: number };
