/** What is run: all that a link holds. */

export type Clock = "real" | "virtual";

/** A cancellation of a task right before a step; steps count from 1. */
export interface Injection {
    step: number;
    task: number;
}

export interface Subject {
    /** Its name in the list of examples; undefined for a program of the person's own. */
    example: string | undefined;
    /** The name of the source file: "semaphore.c". */
    file: string;
    /** The text in the editor. */
    source: string;
    /** It differs from the example's own text, so it must be compiled. */
    edited: boolean;
    /** By the names that WEFT_PARAM gives; those that are not there have the source's values. */
    parameters: Readonly<Record<string, number>>;
    clock: Clock;
    /* For virtual time only: where the order is chosen, and what is cancelled. */
    seed: number | undefined;
    decisions: readonly number[];
    injections: readonly Injection[];
    permuteReady: boolean;
}

/** An empty program, in real time, with nothing chosen. */
export const nothing: Subject = {
    example: undefined,
    file: "program.c",
    source: "",
    edited: false,
    parameters: {},
    clock: "real",
    seed: undefined,
    decisions: [],
    injections: [],
    permuteReady: false,
};
