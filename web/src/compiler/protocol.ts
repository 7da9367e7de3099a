/** What the page and the compiler's worker say to each other. */

import type { Completion, Compiled, Diagnostic, Layouts, Place, Position, Progress } from "./types.ts";

/** Each job with what it takes and gives. */
export interface Jobs {
    load: { takes: Record<never, never>; gives: undefined };
    compile: { takes: { file: string; source: string }; gives: Compiled };
    instrument: { takes: { file: string; source: string }; gives: ArrayBuffer | undefined };
    check: { takes: { file: string; source: string }; gives: Diagnostic[] };
    complete: { takes: { file: string; source: string; position: Position }; gives: Completion[] };
    layouts: { takes: { file: string; source: string }; gives: Layouts };
    places: { takes: { module: ArrayBuffer; offsets: number[] }; gives: (Place | undefined)[] };
}

export type JobName = keyof Jobs;
export type Job = { [Name in JobName]: { name: Name } & Jobs[Name]["takes"] }[JobName];

export interface ToWorker {
    id: number;
    /** Where public/compiler is. */
    base: string;
    job: Job;
}

export type FromWorker =
    | { type: "progress"; progress: Progress }
    | { type: "done"; id: number; result: unknown }
    | { type: "failed"; id: number; message: string };
