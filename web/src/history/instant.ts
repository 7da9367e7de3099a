/** The program's state at one place of the run. What takes a look at everything is only made when it is asked for. */

import type { Site } from "../events.ts";
import type { Annals } from "./annals.ts";
import type { Decision, ObjectState, Remark, TaskState, Timer, Type } from "./state.ts";
import type { Names, Places } from "./world.ts";

/** A coroutine of a task's stack, and the line at which it stands. */
export interface StackEntry {
    readonly frame: number;
    readonly site: number;
    readonly function: string;
    readonly file: string;
    readonly line: number;
}

/** What an instant is made of. */
export interface Parts {
    readonly step: number;
    readonly event: number;
    readonly time: number;
    readonly running: readonly number[];
    readonly tasks: readonly TaskState[];
    readonly objects: readonly ObjectState[];
    readonly armed: readonly (Timer | undefined)[];
    readonly annals: Annals;
    readonly places: Places;
    readonly names: Names;
    /** Whether the log ends here and the program with it. */
    readonly over: boolean;
    /** Whether nothing comes from what has happened: the log ends here, or goes on with an error thrown in from outside. Callbacks
     *  that stand in the ready queue are not in the log; what they do is. */
    readonly halted: boolean;
}

export class Instant {
    /** So many steps are made. */
    readonly step: number;
    /** So many events have happened. */
    readonly event: number;
    readonly time: number;
    readonly over: boolean;
    readonly halted: boolean;
    /** The tasks whose step is on, which between steps are none; an eager start is within another's. */
    readonly running: readonly number[];
    /** All that were created until now, in that order. */
    readonly tasks: readonly TaskState[];
    readonly #parts: Parts;
    #queue: readonly number[] | undefined;
    #sleepers: readonly Timer[] | undefined;
    #waiters: Map<number, TaskState[]> | undefined;

    constructor(parts: Parts) {
        this.#parts = parts;
        this.step = parts.step;
        this.event = parts.event;
        this.time = parts.time;
        this.running = parts.running;
        this.tasks = parts.tasks;
        this.over = parts.over;
        this.halted = parts.halted;
    }

    task(id: number): TaskState | undefined {
        return this.tasks[this.#parts.places.tasks.get(id) ?? -1];
    }

    object(id: number): ObjectState | undefined {
        return this.#parts.objects[this.#parts.places.objects.get(id) ?? -1];
    }

    /** All that were made until now. */
    get objects(): readonly ObjectState[] {
        return this.#parts.objects;
    }

    /** How many objects of a type the whole run has. */
    countOf(type: Type): number {
        return this.#parts.places.count(type);
    }

    site(id: number): Site | undefined {
        return this.#parts.names.site(id);
    }

    /** The tasks that will run, the next one first. */
    get ready(): readonly number[] {
        this.#queue ??= this.tasks
            .filter(({ status }) => status === "ready" || status === "new")
            .sort((a, b) => a.since.event - b.since.event)
            .map(({ id }) => id);
        return this.#queue;
    }

    /** What the clock will do, the earliest first. */
    get timers(): readonly Timer[] {
        this.#sleepers ??= this.#allTimers().sort((a, b) => a.when - b.when || a.armed.event - b.armed.event);
        return this.#sleepers;
    }

    #allTimers(): Timer[] {
        const timers = this.#parts.armed.filter((timer) => timer !== undefined);
        for (const { id, status, wait, since } of this.tasks) {
            if (status === "waiting" && wait?.when !== undefined) {
                timers.push({ when: wait.when, what: "sleep", task: id, id: 0, seconds: wait.seconds ?? 0, armed: since });
            }
        }
        return timers;
    }

    /** The timeouts and limits of a task that are on, the earliest first. */
    limits(task: number): Timer[] {
        return this.#parts.armed
            .filter((timer) => timer !== undefined && timer.task === task && timer.what !== "call")
            .sort((a, b) => a!.when - b!.when) as Timer[];
    }

    /** Those of the tasks that await it, too: when they are cancelled, so is it. */
    limitsAround(task: number, most = 100): Timer[] {
        const around = new Set([task]);
        for (const id of around) {
            if (around.size < most) {
                this.awaitedBy(id).forEach((above) => around.add(above));
            }
        }
        return this.#parts.armed.some((timer) => timer !== undefined)
            ? [...around].flatMap((id) => this.limits(id)).sort((a, b) => a.when - b.when)
            : [];
    }

    /** The tasks that wait for an object, a task or a future, who came first first. */
    waiters(id: number): readonly TaskState[] {
        if (this.#waiters === undefined) {
            this.#waiters = new Map();
            for (const task of this.tasks) {
                const awaited = task.status === "waiting" && task.wait ? task.wait.object || task.wait.other : 0;
                if (awaited !== 0) {
                    const list = this.#waiters.get(awaited);
                    if (list === undefined) {
                        this.#waiters.set(awaited, [task]);
                    } else {
                        list.push(task);
                    }
                }
            }
            for (const list of this.#waiters.values()) {
                list.sort((a, b) => a.wait!.event - b.wait!.event);
            }
        }
        return this.#waiters.get(id) ?? [];
    }

    /** The tasks that await a task, through gathers, groups and shields, too. */
    awaitedBy(id: number): number[] {
        const found = new Set<number>();
        const seen = new Set<number>();
        const open = this.isDone(id) ? [] : [id];
        for (let current = open.pop(); current !== undefined; current = open.pop()) {
            if (seen.has(current)) {
                continue;
            }
            seen.add(current);
            for (const waiter of this.waiters(current)) {
                found.add(waiter.id);
            }
            for (const edge of this.#parts.annals.above(current)) {
                if (edge.event >= this.event) {
                    break;
                }
                if (this.object(edge.through)?.type === "group") {
                    found.add(edge.task);
                } else if (!this.isDone(edge.through)) {
                    open.push(edge.through);
                }
            }
        }
        return [...found];
    }

    /** The first of them; most have one at most. */
    firstAwaiter(id: number, deepest = 64): number | undefined {
        const waiter = this.waiters(id)[0];
        if (waiter !== undefined || deepest === 0) {
            return waiter?.id;
        }
        for (const { event, task, through } of this.#parts.annals.above(id)) {
            if (event >= this.event) {
                return undefined;
            }
            const object = this.object(through);
            const above = object?.type === "group" ? task : object?.done === true ? undefined : this.firstAwaiter(through, deepest - 1);
            if (above !== undefined) {
                return above;
            }
        }
        return undefined;
    }

    /** The tasks and futures that a gather, group, shield or wait was told to wait for. */
    children(through: number): number[] {
        const edges = this.#parts.annals.below(through);
        const until = edges.length === 0 || edges.at(-1)!.event < this.event ? edges.length : edges.findIndex(({ event }) => event >= this.event);
        return edges.slice(0, until).map(({ child }) => child);
    }

    isDone(id: number): boolean {
        const task = this.task(id);
        return task !== undefined ? task.status === "done" : (this.object(id)?.done ?? false);
    }

    /** Where a task stands, the innermost coroutine first; at most so many. */
    stack(task: TaskState, most = 64): StackEntry[] {
        const entries: StackEntry[] = [];
        let site = task.site;
        for (let frame = task.stack; frame !== undefined && entries.length < most; frame = frame.caller) {
            const begins = this.site(frame.site);
            const at = this.site(site);
            entries.push({
                frame: frame.id,
                site,
                function: begins?.function ?? at?.function ?? "",
                file: at?.file ?? begins?.file ?? "",
                line: at?.line ?? 0,
            });
            site = frame.from;
        }
        return entries;
    }

    get decisions(): readonly Decision[] {
        return this.#parts.annals.decisions.filter(({ at }) => at.event < this.event);
    }

    /** What the log has said until now: long steps, what was forgotten, the program's marks. */
    get remarks(): readonly Remark[] {
        return this.#parts.annals.remarks(this.event);
    }
}
