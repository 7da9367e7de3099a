/** Who awaits whom, as a tree of the tasks that have not ended. */

import type { Instant } from "./instant.ts";
import type { TaskState } from "./state.ts";
import type { Sentence, Words } from "./words.ts";

export interface Branch {
    readonly task: TaskState;
    /** The tasks that it awaits. */
    readonly children: Branch[];
}

/**
 * Each task stands once, below the first that awaits it; those of a cycle of which nobody stands outside begin at the oldest. At most
 * so many are in the tree; `number` counts them all.
 */
export function taskTree(instant: Instant, most: number): { tree: Branch[]; number: number } {
    const live = instant.tasks.filter(({ status }) => status !== "done");
    const below = new Map<number, TaskState[]>();
    const roots: TaskState[] = [];
    for (const task of live) {
        const above = instant.firstAwaiter(task.id);
        const siblings = above === undefined ? roots : (below.get(above) ?? []);
        siblings.push(task);
        if (above !== undefined) {
            below.set(above, siblings);
        }
    }
    const seen = new Set<number>();
    const grow = (tasks: readonly TaskState[]): Branch[] => {
        const branches: Branch[] = [];
        /* Level by level would be fairer, but then a chain is as deep as this stack; it is not deeper than `most`. */
        for (const task of tasks) {
            if (seen.size < most && !seen.has(task.id)) {
                seen.add(task.id);
                branches.push({ task, children: grow(below.get(task.id) ?? []) });
            }
        }
        return branches;
    };
    return { tree: [...grow(roots), ...grow(live)], number: live.length };
}

/** What a task does, in a few words behind its name. */
export function briefly(words: Words, task: TaskState): Sentence {
    switch (task.status) {
        case "new":
            return ["has not run yet"];
        case "ready":
            return ["is ready"];
        case "running":
            return ["runs"];
        case "done":
            return ["has ended"];
        case "waiting":
            return words.waits(task);
    }
}
