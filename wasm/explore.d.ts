/**
 * Finds how a program can end under other orders. It knows nothing of how a program is run: whoever calls it gives a function
 * that does, here or in another process, and tells how the run ended.
 */

/** How one run ended, as far as two runs are compared. */
export interface Outcome {
    /** Runs with the same signature ended alike. */
    readonly signature: string;
}

// --- How a run ended ---

/** What is known of a run that is over. */
export interface Finished {
    /** The exit status; null if there is none. */
    readonly status: number | null;
    /** The error that ended main: "Name: message". */
    readonly error?: string | undefined;
    /** Why it crashed: a trap, a signal. */
    readonly crash?: string | undefined;
    /** It had not ended when it was stopped; this says so. */
    readonly endless?: string | undefined;
    /** What it printed on stdout. */
    readonly output: string;
}

export interface Ending extends Outcome {
    readonly kind: "ended" | "status" | "error" | "deadlock" | "crash" | "endless";
    readonly words: string;
    /** It is anything but "ended". */
    readonly failed: boolean;
    readonly output: string;
}

/**
 * Says how a run ended. Two that did not fail ended differently if one printed a line that the other did not, in whatever order they
 * printed them; unless `ignoreOutput`.
 */
export function endingOf(run: Finished, options?: { ignoreOutput?: boolean }): Ending;

/** The first line of one text that another does not have, or has less often. */
export function lineOnlyIn(text: string, other: string): string | undefined;

// --- Exploring ---

export interface Group<Ended extends Outcome> {
    readonly signature: string;
    readonly count: number;
    /** The smallest seed of a run that ended so, and that run's outcome. */
    readonly seed: number;
    readonly outcome: Ended;
}

export interface Progress<Ended extends Outcome> {
    readonly done: number;
    readonly count: number;
    readonly groups: readonly Group<Ended>[];
}

export interface ExploreOptions<Ended extends Outcome> {
    /** So many seeds from 0, or these. */
    seeds: number | readonly number[];
    run: (inputs: { seed: number }) => Ended | Promise<Ended>;
    /** How many runs may be under way at once; 1 unless said otherwise. */
    concurrency?: number;
    onProgress?: (progress: Progress<Ended>) => void;
    /** Aborting it ends the exploration early; what was found by then is returned. */
    signal?: AbortSignal;
}

/** Runs a program under many seeds. Groups the runs by how they ended, the largest group first. */
export function explore<Ended extends Outcome>(
    options: ExploreOptions<Ended>,
): Promise<{ done: number; groups: Group<Ended>[] }>;

// --- Shrinking ---

export interface ShrinkOptions {
    /** How many runs it may take, 2,000 unless said otherwise; the best list by then is returned. */
    limit?: number;
    signal?: AbortSignal;
    onProgress?: (progress: { decisions: readonly number[]; runs: number }) => void;
}

/**
 * Makes a list of decisions short: as few as possible are not 0, which is the ordinary order, then each is as small as possible, and
 * no 0 stands at the end. The run under it still ends with `signature`. No one more decision can be made 0: whether another list
 * altogether would be shorter is not looked for.
 */
export function shrink(
    decisions: readonly number[],
    run: (inputs: { decisions: readonly number[] }) => Outcome | Promise<Outcome>,
    signature: string,
    options?: ShrinkOptions,
): Promise<{
    decisions: number[];
    /** How many runs it took. */
    runs: number;
    /** Whether the run under the list does end with `signature`; if not so from the start, nothing was shrunk. */
    holds: boolean;
}>;

// --- Where two runs part ---

/**
 * The first step in which two runs of one program do not do the same, from 1; null if there is none. The logs are chunks as `onEvent`
 * gets them. Numbers of tasks, frames and objects may differ as long as each stands for the same one of the other run throughout.
 */
export function firstDifference(logA: readonly Uint8Array[], logB: readonly Uint8Array[]): number | null;
