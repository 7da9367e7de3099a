/** What is measured, once for all subjects. */

export type SubjectName = "weft" | "promises" | "python";

export const subjectTitles: Record<SubjectName, string> = { weft: "weft", promises: "promises", python: "Python" };

/** How many sleep at once in the row of sleeps, and how many coroutines are gathered (bench's number). */
export const sleepers = 10_000;
export const sleepSeconds = 0.001;
const gathered = 10_000;

export interface Workload {
    /** As bench calls it. */
    row: string;
    title: string;
    /** What an operation is. */
    what: string;
    /** Operations in one unit of the amount that a subject is given. */
    operations: number;
}

export const workloads: readonly Workload[] = [
    { row: "switch-2", title: "A turn", what: "Two tasks take turns: each gives way and the other goes on.", operations: 1 },
    { row: "call", title: "An awaited call", what: "A coroutine awaits one that returns its argument at once.", operations: 1 },
    { row: "spawn-join", title: "A task", what: "A task is created for that coroutine, awaited and forgotten.", operations: 1 },
    { row: "semaphore", title: "A permit handed over", what: "Ten tasks share one permit of a semaphore; all of them always wait for it.", operations: 1 },
    { row: "lock", title: "A lock handed over", what: "The same with a lock. For promises it is a semaphore of one permit.", operations: 1 },
    { row: "queue", title: "An item through a queue", what: "One task puts numbers into a queue of 64 places, another gets them.", operations: 1 },
    { row: "gather-10000", title: "One of 10,000 gathered", what: "10,000 coroutines that return at once are made, gathered, and their values read.", operations: gathered },
    {
        row: "sleep-10000",
        title: "One of 10,000 sleeps",
        what: "10,000 tasks sleep for a millisecond at once, until the last has woken; that millisecond is included.",
        operations: sleepers,
    },
];
