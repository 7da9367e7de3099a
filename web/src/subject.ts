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

/** What makes one run in virtual time the same as another, besides what comes from outside. */
export type Choices = Pick<Subject, "parameters" | "seed" | "decisions" | "injections" | "permuteReady">;

/**
 * The choices as weft's options. Whoever runs a program again takes them from here: weft hands them to it in its environment, so an
 * empty list more would move all that is in its memory, and with it the addresses in its log.
 */
export function optionsOf({ parameters, seed, decisions, injections, permuteReady }: Choices) {
    return {
        parameters,
        permuteReady,
        ...(seed !== undefined && { seed }),
        ...(decisions.length > 0 && { decisions }),
        ...(injections.length > 0 && { injections }),
    };
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
