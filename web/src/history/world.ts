/** The program's state as the log is read, event by event. */

import { deadlineOf, Kind, objectTypes, outcomes, payloadAsFloat, waitNames } from "../events.ts";
import type { LogEvent, Site } from "../events.ts";
import type { Moment, ObjectState, TaskState, Timer, Type, Wait, Wake } from "./state.ts";

/** The texts and places that events name. */
export interface Names {
    string(id: number): string | undefined;
    site(id: number): Site | undefined;
}

/** Where things stand in a world's lists: the same in every world of one log. */
export class Places {
    readonly tasks = new Map<number, number>();
    readonly objects = new Map<number, number>();
    readonly timers = new Map<number, number>();
    readonly #ordinals = new Map<number, number>();
    readonly #ofType = new Map<Type, number>();

    ordinal(id: number, type: Type): number {
        let ordinal = this.#ordinals.get(id);
        if (ordinal === undefined) {
            ordinal = (this.#ofType.get(type) ?? 0) + 1;
            this.#ofType.set(type, ordinal);
            this.#ordinals.set(id, ordinal);
        }
        return ordinal;
    }

    /** How many of a type there are in the whole log. */
    count(type: Type): number {
        return this.#ofType.get(type) ?? 0;
    }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const queueWays = [undefined, "get", "put", "join"] as const;
export const wakes = ["served", "cancelled", "failed"] as const;
const externals: readonly Type[] = ["operation", "thread", "promise", "operation"];
const timers = ["sleep", "limit", "call"] as const;
const nobody: readonly [] = [];

export class World {
    /** So many events have happened. */
    event = 0;
    /** So many steps have begun. */
    step = 0;
    time = 0;
    /** The tasks whose step is on: an eager start is a step within another's. */
    running: readonly number[] = nobody;
    tasks: TaskState[] = [];
    objects: ObjectState[] = [];
    timers: (Timer | undefined)[] = [];

    readonly #names: Names;
    readonly #places: Places;
    /** The lock that the running task has released last in this step. */
    #left = 0;

    constructor(names: Names, places: Places) {
        this.#names = names;
        this.#places = places;
    }

    /** Another world that goes its own way. */
    copy(): World {
        const other = new World(this.#names, this.#places);
        other.event = this.event;
        other.step = this.step;
        other.time = this.time;
        other.running = this.running;
        other.tasks = this.tasks.slice();
        other.objects = this.objects.slice();
        other.timers = this.timers.slice();
        other.#left = this.#left;
        return other;
    }

    task(id: number): TaskState | undefined {
        return this.tasks[this.#places.tasks.get(id) ?? -1];
    }

    object(id: number): ObjectState | undefined {
        return this.objects[this.#places.objects.get(id) ?? -1];
    }

    apply(event: LogEvent): void {
        this.time = Math.max(this.time, event.time);
        this.#apply(event);
        this.event++;
    }

    get #now(): Moment {
        return { event: this.event, step: this.step, time: this.time };
    }

    #apply(event: LogEvent): void {
        switch (event.kind) {
            case Kind.created:
                return this.#create(event);
            case Kind.objectNew:
                this.#put({ ...this.#newObject(event.object, objectTypes[event.subkind] ?? "object", event.task), initial: event.payload, value: event.payload, site: event.site, address: event.other });
                return;
            case Kind.acquire:
                return this.#acquire(event);
            case Kind.release:
                return this.#release(event);
            case Kind.timerArm:
                return this.#arm(event);
            case Kind.timerDrop:
                return this.#drop(event);
            case Kind.externalBegin:
                this.#put({ ...this.#newObject(event.object, externals[event.subkind] ?? "operation", event.task), name: this.#names.string(event.payload) ?? "" });
                return;
            case Kind.externalEnd:
                return this.#finish(event.object);
            case Kind.done:
                return this.#done(event);
            default: {
                const task = this.task(event.task);
                if (task !== undefined) {
                    this.#applyTo(task, event);
                }
            }
        }
    }

    // --- Tasks ---

    /** A copy that takes its place; only who asked for it changes it, and at once. */
    #next(task: TaskState): Mutable<TaskState> {
        const next = { ...task };
        this.tasks[this.#places.tasks.get(task.id)!] = next;
        return next;
    }

    #create(event: LogEvent): void {
        const now = this.#now;
        this.#places.tasks.set(event.task, this.tasks.length);
        this.tasks.push({
            id: event.task,
            name: this.#names.string(event.payload) ?? `Task-${event.task}`,
            named: event.payload !== 0,
            coroutine: this.#names.site(event.site)?.function ?? "",
            parent: event.other,
            created: now,
            begins: event.site,
            status: "new",
            since: now,
            stack: { id: event.object, site: event.site, from: 0, caller: undefined },
            site: event.site,
            wait: undefined,
            woken: undefined,
            cancel: undefined,
            outcome: undefined,
            result: "",
        });
    }

    #applyTo(task: TaskState, event: LogEvent): void {
        switch (event.kind) {
            case Kind.framePush: {
                const next = this.#next(task);
                next.stack = { id: event.object, site: event.site, from: event.payload, caller: task.stack };
                next.site = event.site;
                return;
            }
            case Kind.framePop:
                if (task.stack?.id === event.object && task.stack.caller !== undefined) {
                    const next = this.#next(task);
                    next.stack = task.stack.caller;
                    next.site = task.stack.from;
                }
                return;
            case Kind.resume:
                return this.#resume(task, event);
            case Kind.wait: {
                const next = this.#next(task);
                next.wait = this.#waitOf(event);
                next.site = event.site;
                return;
            }
            case Kind.suspend:
                return this.#suspend(task);
            case Kind.wake:
                return this.#wake(task, event);
            case Kind.cancelRequest:
                this.#next(task).cancel = { by: event.other, message: this.#names.string(event.payload) ?? "", at: this.#now };
                return;
            case Kind.cancelDelivered:
                this.#next(task).cancel = undefined;
                return;
        }
    }

    #resume(task: TaskState, event: LogEvent): void {
        this.step++;
        this.running = this.running.length === 0 ? [task.id] : [...this.running, task.id];
        this.#left = 0;
        const next = this.#next(task);
        next.status = "running";
        next.since = this.#now;
        next.site = event.site;
        next.wait = next.woken = next.cancel = undefined;
    }

    #waitOf(event: LogEvent): Wait {
        const kind = waitNames[event.subkind] ?? "something";
        const external = kind === "future" ? this.object(event.other)?.type : undefined;
        return {
            kind: external === "thread" || external === "promise" ? external : kind,
            name: kind === "input or output" ? (this.#names.string(event.payload) ?? "") : "",
            other: event.other,
            object: event.object,
            way: kind === "queue" ? queueWays[event.count] : undefined,
            when: undefined,
            seconds: undefined,
            site: event.site,
            lock: kind === "condition" || kind === "barrier" ? this.#left : 0,
            event: this.event,
        };
    }

    /** It goes on in the next iteration if it waits for no more than that, or was cancelled in this step. */
    #suspend(task: TaskState): void {
        this.running = this.running.filter((id) => id !== task.id);
        if (task.status !== "running") {
            return;
        }
        const next = this.#next(task);
        const ready = task.wait === undefined || task.wait.kind === "one tick";
        next.status = ready ? "ready" : "waiting";
        next.since = ready && task.wait !== undefined ? { ...this.#now, event: task.wait.event } : this.#now;
    }

    #wake(task: TaskState, event: LogEvent): void {
        const woken: Wake = { by: event.other, how: wakes[event.subkind] ?? "served", wait: task.wait };
        if (task.status === "running" || task.status === "waiting") {
            const next = this.#next(task);
            next.wait = undefined;
            next.woken = woken;
            if (task.status === "waiting") {
                next.status = "ready";
                next.since = this.#now;
            }
        }
        const object = this.object(event.object);
        if (object?.type === "semaphore" && object.value > 0) {
            this.#put({ ...object, value: object.value - 1 }); /* it is for the one that was woken */
        }
    }

    #done(event: LogEvent): void {
        const task = this.task(event.task);
        if (task === undefined) {
            this.#finish(event.task);
            return;
        }
        const next = this.#next(task);
        next.status = "done";
        next.since = this.#now;
        next.stack = next.wait = next.woken = next.cancel = undefined;
        next.outcome = outcomes[event.subkind] ?? "value";
        next.result = this.#names.string(event.payload) ?? "";
    }

    // --- Objects ---

    #newObject(id: number, type: Type, creator: number): ObjectState {
        return {
            id, type, creator,
            name: "",
            ordinal: this.#places.ordinal(id, type),
            site: 0,
            address: 0,
            created: this.#now,
            initial: 0,
            value: 0,
            holders: nobody,
            served: undefined,
            done: false,
        };
    }

    #put(object: ObjectState): void {
        const index = this.#places.objects.get(object.id) ?? this.objects.length;
        this.#places.objects.set(object.id, index);
        this.objects[index] = object;
    }

    #finish(id: number): void {
        const object = this.object(id);
        if (object !== undefined) {
            this.#put({ ...object, done: true });
        }
    }

    #acquire(event: LogEvent): void {
        const object = this.object(event.object);
        if (object === undefined) {
            return;
        }
        const hold = { task: event.task, since: this.#now };
        const holders = object.type === "lock" ? [hold] : object.type === "semaphore" ? [...object.holders, hold] : object.holders;
        this.#put({ ...object, value: event.payload, holders });
    }

    #release(event: LogEvent): void {
        const object = this.object(event.object);
        if (object === undefined) {
            return;
        }
        const served = { task: event.task, at: this.#now, waiting: event.count };
        if (object.type === "lock") {
            this.#left = object.id;
            this.#put({ ...object, served, holders: nobody });
        } else if (object.type === "condition" || object.type === "barrier") {
            this.#put({ ...object, served });
        } else {
            this.#put({ ...object, served, value: event.payload, holders: holdersLeft(object, event) });
        }
    }

    // --- Timers ---

    #arm(event: LogEvent): void {
        const seconds = payloadAsFloat(event);
        /* Logs of before had no deadlines. */
        const when = event.other === 0 && event.site === 0 ? event.time + seconds : deadlineOf(event);
        const task = this.task(event.task);
        if (event.object === 0) {
            if (task?.wait?.kind === "sleep") {
                this.#next(task).wait = { ...task.wait, when, seconds };
            }
            return;
        }
        const timeout = this.object(event.object);
        const what = timeout?.type === "timeout" ? "timeout" : (timers[event.subkind] ?? "limit");
        const index = this.#places.timers.get(event.object) ?? this.timers.length;
        this.#places.timers.set(event.object, index);
        this.timers[index] = {
            when, what, seconds,
            task: what === "timeout" ? timeout!.creator : event.task,
            id: event.object,
            armed: this.#now,
        };
    }

    #drop(event: LogEvent): void {
        const index = this.#places.timers.get(event.object);
        if (index !== undefined) {
            this.timers[index] = undefined;
        }
    }
}

/** Without the one that has given its permit back: who releases is who acquired, or else the one who acquired first did it for all
 *  that is known, once more permits are there than there could be otherwise. */
function holdersLeft(object: ObjectState, event: LogEvent): ObjectState["holders"] {
    const { holders } = object;
    const own = holders.findIndex(({ task }) => task === event.task);
    if (own >= 0) {
        return holders.toSpliced(own, 1);
    }
    return holders.length > Math.max(object.initial - event.payload, 0) ? holders.slice(1) : holders;
}
