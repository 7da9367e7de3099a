/**
 * Tasks that cannot go on, whatever the others do.
 *
 * A task may go on if it runs, is ready, sleeps or waits for the world outside, and so may whoever waits for such a one: for the task
 * itself, or for what it holds. Who is left is stuck. What only a release, a set, a put or a notify of anybody would end is taken for
 * alive as long as anybody is.
 *
 * A cycle under a timeout is found, too: it lasts until that.
 */

import type { Instant } from "./instant.ts";
import type { TaskState, Timer } from "./state.ts";

/** A task of a cycle, and how it depends on the next one. */
export interface Link {
    readonly task: number;
    /** What it waits for: a lock, a semaphore, a gather, …; 0 if that is the next task itself. */
    readonly object: number;
}

export interface Deadlock {
    /** A cycle: each waits for the next, the last for the first. Or tasks that wait for what nobody is left to do. */
    readonly kind: "cycle" | "starved";
    readonly links: readonly Link[];
    /** What will end it all the same. */
    readonly until: Timer | undefined;
}

/** The tasks that must act before this one goes on: one of them at least. Undefined: anybody could. */
export function dependsOn(instant: Instant, task: TaskState): { tasks: number[]; object: number } | undefined {
    const { wait } = task;
    switch (wait?.kind) {
        case "task":
            return { tasks: [wait.other], object: 0 };
        case "gather":
        case "shield":
        case "group": {
            const object = wait.object || wait.other;
            return { tasks: instant.children(object).filter((id) => instant.task(id) !== undefined && !instant.isDone(id)), object };
        }
        case "lock":
        case "semaphore":
            return heldBy(instant, wait.object);
        default:
            return undefined;
    }
}

/** Only where every permit has a holder who can still give it back. */
function heldBy(instant: Instant, id: number): { tasks: number[]; object: number } | undefined {
    const object = instant.object(id);
    const tasks = object?.holders.map(({ task }) => task) ?? [];
    const permits = object?.type === "semaphore" ? object.initial : 1;
    const known = tasks.length > 0 && tasks.length >= permits && tasks.every((task) => instant.task(task) !== undefined && !instant.isDone(task));
    return known ? { tasks: [...new Set(tasks)], object: id } : undefined;
}

/** Nothing is ready, no timer is armed, nothing is pending outside: nobody can ever go on. */
export function isQuiet(instant: Instant): boolean {
    return (
        instant.halted &&
        instant.ready.length === 0 &&
        instant.running.length === 0 &&
        instant.timers.length === 0 &&
        !instant.objects.some(({ type, done }) => !done && (type === "thread" || type === "promise" || type === "operation"))
    );
}

export function findDeadlocks(instant: Instant): Deadlock[] {
    const waiting = instant.tasks.filter(({ status }) => status === "waiting");
    const quiet = waiting.length > 0 && isQuiet(instant);
    const edges = new Map<number, { tasks: number[]; object: number }>();
    for (const task of waiting) {
        const on = dependsOn(instant, task);
        if (on !== undefined && on.tasks.length > 0) {
            edges.set(task.id, on);
        }
    }
    const stuck = quiet ? new Set(waiting.map(({ id }) => id)) : stuckOf(edges);
    const cycles = cyclesIn(edges, stuck).map((links): Deadlock => ({ kind: "cycle", links, until: earliestLimit(instant, links) }));
    return quiet ? [...cycles, ...starvedOf(waiting, edges)] : cycles;
}

/** Who depends on nobody that may go on. */
function stuckOf(edges: Map<number, { tasks: number[] }>): Set<number> {
    const dependents = new Map<number, number[]>();
    const alive: number[] = [];
    for (const [id, { tasks }] of edges) {
        for (const task of tasks) {
            if (!edges.has(task)) {
                alive.push(id);
            } else if (dependents.has(task)) {
                dependents.get(task)!.push(id);
            } else {
                dependents.set(task, [id]);
            }
        }
    }
    const stuck = new Set(edges.keys());
    for (let id = alive.pop(); id !== undefined; id = alive.pop()) {
        if (stuck.delete(id)) {
            alive.push(...(dependents.get(id) ?? []));
        }
    }
    return stuck;
}

/** Every task is visited once; one that is met again on the way that led to it closes a cycle. */
function cyclesIn(edges: Map<number, { tasks: number[]; object: number }>, stuck: Set<number>): Link[][] {
    const cycles: Link[][] = [];
    const seen = new Set<number>();
    for (const start of stuck) {
        const path: { task: number; next: number }[] = [];
        const place = new Map<number, number>();
        const enter = (task: number) => {
            seen.add(task);
            place.set(task, path.length);
            path.push({ task, next: 0 });
        };
        if (!seen.has(start)) {
            enter(start);
        }
        while (path.length > 0) {
            const top = path.at(-1)!;
            const next = edges.get(top.task)?.tasks[top.next++];
            if (next === undefined) {
                place.delete(top.task);
                path.pop();
            } else if (place.has(next)) {
                cycles.push(path.slice(place.get(next)).map(({ task }) => ({ task, object: edges.get(task)!.object })));
            } else if (stuck.has(next) && !seen.has(next)) {
                enter(next);
            }
        }
    }
    return cycles;
}

/** The deadlocks that a task is in, or whose tasks it waits for. */
export function deadlocksOf(instant: Instant, id: number): Deadlock[] {
    const reached = new Set([id]);
    for (const task of reached) {
        const state = instant.task(task);
        if (state?.status === "waiting") {
            dependsOn(instant, state)?.tasks.forEach((next) => reached.add(next));
        }
    }
    return findDeadlocks(instant).filter(({ links }) => links.some(({ task }) => reached.has(task)));
}

function earliestLimit(instant: Instant, links: readonly Link[]): Timer | undefined {
    return links.flatMap(({ task }) => instant.limitsAround(task)).sort((a, b) => a.when - b.when)[0];
}

/** Each for itself: tasks that wait for anybody, where nobody is left. */
function starvedOf(waiting: readonly TaskState[], edges: Map<number, unknown>): Deadlock[] {
    const starved = waiting.filter(({ id }) => !edges.has(id));
    const byObject = new Map<number, Link[]>();
    for (const { id, wait } of starved) {
        const object = wait?.object || wait?.other || 0;
        byObject.set(object, [...(byObject.get(object) ?? []), { task: id, object }]);
    }
    return [...byObject.values()].map((links) => ({ kind: "starved", links, until: undefined }));
}
