/** Why a task does not go on, in plain sentences: what it waits for and at which line, who has that and since when, and how it will end. */

import { count } from "../format.ts";
import { deadlocksOf, isQuiet } from "./deadlock.ts";
import type { Deadlock, Link } from "./deadlock.ts";
import type { Instant } from "./instant.ts";
import type { ObjectState, TaskState, Timer, Wait } from "./state.ts";
import { ordinal, Words } from "./words.ts";
import type { ObjectNames, Part, Sentence } from "./words.ts";

/* Longer lists are counted, not read. */
const most = 4;
/* Of a chain of tasks of which each waits for the next. */
const longest = 6;

export function explain(instant: Instant, id: number, names?: ObjectNames): Sentence[] {
    const task = instant.task(id);
    return task === undefined ? [["This task has not been created yet."]] : new Explanation(instant, names).of(task);
}

/** What a deadlock is, as one sentence a task: "A waits for lock 2, which is held by B since 0.100 s." */
export function nameDeadlock(instant: Instant, deadlock: Deadlock, names?: ObjectNames): Sentence[] {
    return new Explanation(instant, names).deadlock(deadlock);
}

class Explanation {
    readonly #instant: Instant;
    readonly #words: Words;

    constructor(instant: Instant, names: ObjectNames | undefined) {
        this.#instant = instant;
        this.#words = new Words(instant, names);
    }

    of(task: TaskState): Sentence[] {
        switch (task.status) {
            case "done":
                return [this.#ended(task)];
            case "new":
            case "ready":
                return [this.#ready(task), ...this.#cancelled(task)];
            case "running":
                return [[this.#words.task(task.id), " is running: its step is on."]];
            case "waiting":
                return [
                    this.#stands(task),
                    ...this.#about(task, task.wait!),
                    ...this.#limits(task),
                    ...this.#cancelled(task),
                    ...this.#stuck(task),
                ];
        }
    }

    // --- Tasks that do not wait ---

    #ended(task: TaskState): Part[] {
        const { since, outcome, result } = task;
        const how =
            outcome === "cancelled" ? " was cancelled" : outcome === "error" ? " failed" : " ended";
        const tail = outcome === "value" ? (result === "" ? "" : ` with the value ${result}`) : result === "" || outcome === "cancelled" ? "" : `: ${result}`;
        return [this.#words.task(task.id), how, ` at ${this.#words.time(since.time)}${tail}${/[.!?]$/.test(tail) ? "" : "."}`];
    }

    #ready(task: TaskState): Part[] {
        const place = this.#instant.ready.indexOf(task.id);
        const queue = place === 0 ? "it is the next to run" : `${count(place, "task")} ${place === 1 ? "runs" : "run"} before it`;
        const end = `: ${queue}.`;
        const name = this.#words.task(task.id);
        if (task.status === "new") {
            return [name, ` was created at ${this.#words.time(task.created.time)} by `, this.#words.task(task.parent), `, and has not run yet${end}`];
        }
        const { woken } = task;
        if (woken === undefined) {
            return [name, ` is ready${end}`];
        }
        const what = woken.wait === undefined ? [] : [" from its wait for ", ...this.#words.target(woken.wait)];
        const how = woken.how === "cancelled" ? "cancelled" : "woken";
        return [name, ` is ready since ${this.#words.time(task.since.time)}. `, ...this.#by(woken.by, how), ...what, end];
    }

    #by(task: number, how: string): Part[] {
        return task === 0 ? [`It was ${how}`] : [this.#words.task(task), how === "cancelled" ? " cancelled it and woke it" : " woke it"];
    }

    // --- Where it stands ---

    /** "main Task-1: main awaits fetch at line 40, which waits at line 21 for semaphore 1 since 0.250 s." */
    #stands(task: TaskState): Part[] {
        const stack = this.#words.ownStack(task).reverse();
        const parts: Part[] = [this.#words.task(task.id)];
        stack.forEach(({ site }, index) => {
            const callee = stack[index + 1]?.function;
            if (callee !== undefined) {
                parts.push(index === 0 ? " awaits " : `, which awaits `, callee, " at ", this.#words.line(site));
            } else {
                parts.push(index === 0 ? " waits at " : ", which waits at ", this.#words.line(site));
            }
        });
        const wait = task.wait!;
        return [...parts, " for ", ...this.#words.target(wait), ` since ${this.#words.time(task.since.time)}.`];
    }

    // --- What it waits for ---

    #about(task: TaskState, wait: Wait): Sentence[] {
        const object = this.#instant.object(wait.object || wait.other);
        switch (wait.kind) {
            case "sleep":
                return wait.when === undefined ? [] : [[`Its timer wakes it at ${this.#words.time(wait.when)}.`]];
            case "task":
                return this.#chain(wait.other, new Set([task.id]));
            case "gather":
            case "group":
            case "shield":
            case "future":
                return object === undefined ? [] : this.#aboutFuture(task, object);
            case "thread":
            case "promise":
            case "input or output":
                return object === undefined ? [] : [[`That began at ${this.#words.time(object.created.time)}, and happens outside of the loop.`]];
            case "lock":
            case "semaphore":
                return object === undefined ? [] : [this.#holders(task, object), ...this.#line(task, object)];
            case "event":
                return object === undefined ? [] : [this.#served(object, "set"), ...this.#line(task, object), ...this.#nobody("set it")];
            case "condition":
                return object === undefined ? [] : [...this.#left(wait), this.#served(object, "notified"), ...this.#line(task, object), ...this.#nobody("notify it")];
            case "barrier":
                return object === undefined ? [] : [this.#barrier(object), ...this.#nobody("come")];
            case "queue":
                return object === undefined ? [] : this.#queue(task, wait, object);
            default:
                return [];
        }
    }

    /** What a task that others wait for does itself, and on to where the chain ends. */
    #chain(id: number, seen: Set<number>): Sentence[] {
        const task = this.#instant.task(id);
        if (task === undefined || seen.has(id) || seen.size > longest) {
            return [];
        }
        seen.add(id);
        const sentence = [this.#words.task(id), " ", ...this.#doing(task), ...this.#held(task), "."];
        const next = task.status === "waiting" ? this.#next(task) : undefined;
        return [sentence, ...(next === undefined ? [] : this.#chain(next, seen))];
    }

    /** The one task that a task waits for. */
    #next({ wait }: TaskState): number | undefined {
        if (wait?.kind === "task") {
            return wait.other;
        }
        const holders = this.#instant.object(wait?.object ?? 0)?.holders;
        return holders?.length === 1 ? holders[0]!.task : undefined;
    }

    /** In a few words: "sleeps until 0.750 s", "waits for lock 2 at line 18". */
    #doing(task: TaskState): Part[] {
        switch (task.status) {
            case "done":
                return [`ended at ${this.#words.time(task.since.time)}`];
            case "new":
                return ["has not run yet"];
            case "ready":
                return ["is ready to go on"];
            case "running":
                return ["is running"];
        }
        return this.#words.waits(task);
    }

    /** ", held by B since 0.100 s" */
    #held({ wait }: TaskState): Part[] {
        const holders = this.#instant.object(wait?.object ?? 0)?.holders ?? [];
        const each = holders.map(({ task, since }) => [this.#words.task(task), ` since ${this.#words.time(since.time)}`]);
        return each.length === 0 ? [] : [", held by ", ...this.#words.some(each)];
    }

    #at(task: TaskState): Part[] {
        return [" at ", this.#words.place(task)];
    }

    // --- Futures ---

    #aboutFuture(task: TaskState, object: ObjectState): Sentence[] {
        const children = this.#instant.children(object.id);
        if (children.length === 0) {
            return [
                [`Whoever was given this future must set it; `, this.#words.task(object.creator), ` made it at ${this.#words.time(object.created.time)}.`],
                ...this.#nobody("set it"),
            ];
        }
        const left = children.filter((id) => !this.#instant.isDone(id));
        const tasks = left.flatMap((id) => this.#instant.task(id) ?? []);
        if (children.length === 1 && tasks.length === 1) {
            return this.#chain(tasks[0]!.id, new Set([task.id]));
        }
        if (left.length === 0) {
            return [["All of them are done: it goes on soon."]];
        }
        const states = tasks.map((child): Part[] => [this.#words.task(child.id), ", which ", ...this.#doing(child)]);
        const whole = children.length === left.length ? `All ${children.length.toLocaleString("en")}` : `${left.length.toLocaleString("en")} of ${children.length.toLocaleString("en")}`;
        return [[`${whole} ${left.length === 1 ? "is" : "are"} not done${states.length === 0 ? "" : ": "}`, ...this.#someTasks(states), "."]];
    }

    /** Each with what it does, so that commas part what belongs to one. */
    #someTasks(items: Sentence[]): Part[] {
        const shown = items.slice(0, most);
        const parts = shown.flatMap((item, index): Part[] => (index === 0 ? [...item] : ["; ", ...item]));
        return items.length > shown.length ? [...parts, `; and ${(items.length - shown.length).toLocaleString("en")} more`] : parts;
    }

    // --- Objects ---

    #holders(task: TaskState, object: ObjectState): Part[] {
        const name = this.#words.object(object.id);
        const first = this.#words.objectFirst(object.id);
        const { holders } = object;
        const free = object.type === "lock" ? holders.length === 0 : object.value > 0;
        if (holders.length === 0) {
            const passed = this.#promised(object.id);
            return passed !== undefined
                ? ["It is on its way to ", this.#words.task(passed), ", which was woken for it and has yet to run."]
                : object.type === "semaphore" && object.initial === 0
                  ? [first, " began without permits: a release of anybody's gives one."]
                  : [first, free ? " is free; who waited longest gets it." : " has no permit left, and nobody is known to hold one."];
        }
        const each = holders.map(({ task: id, since }): Part[] => {
            const holder = this.#instant.task(id);
            const doing: Part[] = id === task.id ? [" (itself)"] : holder === undefined ? [] : [", which ", ...this.#doing(holder), holder.status === "done" ? " without giving it back" : ""];
            return ["by ", this.#words.task(id), ` since ${this.#words.time(since.time)}`, ...doing];
        });
        const permits: Part[] = object.type === "lock" ? [first, " is held "] : holders.length === 1 ? ["The permit of ", name, " is held "] : [`The ${holders.length.toLocaleString("en")} permits of `, name, " are held "];
        return [...permits, ...this.#someTasks(each), "."];
    }

    /** Who was woken for an object and has not run yet. */
    #promised(object: number): number | undefined {
        return this.#instant.ready.find((id) => {
            const woken = this.#instant.task(id)?.woken;
            return woken?.how === "served" && woken.wait?.object === object;
        });
    }

    #line(task: TaskState, object: ObjectState): Sentence[] {
        const waiters = this.#instant.waiters(object.id).filter(({ wait }) => wait?.way === task.wait?.way);
        const before = waiters.findIndex(({ id }) => id === task.id);
        if (before < 0 || waiters.length === 1) {
            return [];
        }
        return [[before === 0 ? `It is the first of ${count(waiters.length, "task")} in line.` : `It is the ${ordinal(before + 1)} in line: ${count(before, "other")} came before it.`]];
    }

    /** When that last happened; where nobody waited then, the wake-up was lost. */
    #served(object: ObjectState, how: string): Part[] {
        const name = this.#words.objectFirst(object.id);
        const { served } = object;
        if (served === undefined) {
            return [name, ` has not been ${how} yet.`];
        }
        const lost = served.waiting === 0 ? (how === "set" ? ", and cleared since" : ", when nobody was waiting: that wake-up was lost") : "";
        return [name, ` was last ${how} at ${this.#words.time(served.at.time)} by `, this.#words.task(served.task), `${lost}.`];
    }

    #left({ lock }: Wait): Sentence[] {
        return lock === 0 ? [] : [["It has left ", this.#words.object(lock), " while it waits, and must get that back first."]];
    }

    #barrier(object: ObjectState): Part[] {
        const here = this.#instant.waiters(object.id).length;
        return [`${here.toLocaleString("en")} of ${count(object.initial, "party", "parties")} ${here === 1 ? "is" : "are"} there; it opens when all are.`];
    }

    #queue(task: TaskState, wait: Wait, object: ObjectState): Sentence[] {
        const name = this.#words.objectFirst(object.id);
        const { served } = object;
        if (wait.way === "put") {
            return [[name, ` is full: it has ${object.value.toLocaleString("en")} of ${count(object.initial, "value")}. A get makes room.`], ...this.#line(task, object), ...this.#nobody("get from it")];
        }
        if (wait.way === "join") {
            return [["Each value that was got must be reported with weft_queue_task_done; ", this.#words.object(object.id), ` has ${count(object.value, "value")} left.`], ...this.#nobody("do that")];
        }
        const last: Part[] = served === undefined ? [", and nothing was put into it yet"] : [`; the last value came at ${this.#words.time(served.at.time)} from `, this.#words.task(served.task)];
        return [[name, " is empty", ...last, "."], ...this.#line(task, object), ...this.#nobody("put something into it")];
    }

    #nobody(deed: string): Sentence[] {
        return isQuiet(this.#instant) ? [["Nobody is left who could ", deed, ": no task is ready, no timer is armed, nothing is pending outside."]] : [];
    }

    // --- What will end it ---

    #limits(task: TaskState): Sentence[] {
        return this.#instant.limitsAround(task.id).slice(0, most).map((timer): Part[] => [
            `It waits at most until ${this.#words.time(timer.when)}: `, ...this.#limit(timer, task.id), " ends it then.",
        ]);
    }

    #cancelled(task: TaskState): Sentence[] {
        const { cancel } = task;
        if (cancel === undefined) {
            return [];
        }
        const message = cancel.message === "" ? "" : ` (“${cancel.message}”)`;
        return [[`A cancellation is on its way to it: `, this.#words.task(cancel.by), ` asked for it at ${this.#words.time(cancel.at.time)}${message}.`]];
    }

    // --- Deadlocks ---

    #stuck(task: TaskState): Sentence[] {
        return deadlocksOf(this.#instant, task.id)
            .filter(({ kind }) => kind === "cycle")
            .map(({ links }) =>
                links.length === 1
                    ? [this.#words.task(links[0]!.task), " waits for itself: a deadlock."]
                    : links.some((link) => link.task === task.id)
                      ? [`It is in a deadlock of ${count(links.length, "task")}.`]
                      : [...this.#words.some(links.map((link) => [this.#words.task(link.task)])), " are in a deadlock."],
            );
    }

    deadlock({ kind, links, until }: Deadlock): Sentence[] {
        if (kind === "starved") {
            const { task } = links[0]!;
            const wait = this.#instant.task(task)!.wait!;
            const who = this.#words.some(links.map((link) => [this.#words.task(link.task)]));
            const verb = links.length === 1 ? " waits for " : " wait for ";
            return [["Nothing can wake ", links.length === 1 ? "it" : "them", " any more: ", ...who, verb, ...this.#words.target(wait), ", and nobody is left who could bring that."]];
        }
        const end: Sentence =
            until === undefined
                ? ["None of them can go on before the others do: nothing ends this."]
                : ["Only ", ...this.#limit(until, 0), ` ends this, at ${this.#words.time(until.when)}.`];
        return [...links.map((link, index) => this.#link(link, links[(index + 1) % links.length]!.task)), end];
    }

    /** "the timeout of line 36 in main Task-1" */
    #limit({ what, id, task }: Timer, own: number): Part[] {
        const site = this.#instant.object(id)?.site ?? 0;
        const whose: Part[] = task === own ? [] : [" in ", this.#words.task(task)];
        return [what === "timeout" ? "the timeout" : "the limit of a wait", ...(site === 0 ? [] : [" of ", this.#words.line(site)]), ...whose];
    }

    /** "A waits for lock 2 at line 12, which B holds since 0.100 s." */
    #link({ task, object }: Link, next: number): Part[] {
        const state = this.#instant.task(task)!;
        const waits: Part[] = [this.#words.task(task), " waits for ", ...this.#words.target(state.wait!), ...this.#at(state)];
        const hold = this.#instant.object(object)?.holders.find((holder) => holder.task === next);
        if (hold !== undefined) {
            return [...waits, ", held by ", this.#words.task(next), ` since ${this.#words.time(hold.since.time)}.`];
        }
        return object === 0 ? [...waits, "."] : [...waits, ", which waits for ", this.#words.task(next), "."];
    }
}
