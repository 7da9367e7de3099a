/** The timeline's content: the event log folded into tasks with their spans, coroutine frames and marks. */

import { EventDecoder, Kind, longStep, objectTypes, outcomes, payloadAsFloat, waitNames } from "./events.ts";
import type { LogEvent, Outcome, Site, WaitName } from "./events.ts";
import { count, duration, withoutArticle } from "./format.ts";
import { firstIndex } from "./timeline-geometry.ts";

export type State = "ready" | "running" | "waiting";

/** What a task waits for; names are looked up when they are shown, since children and timers may come later. */
export interface Wait {
    kind: WaitName;
    /** The awaited task or future, 0 for none. */
    other: number;
    /** The semaphore, group, gather, …, 0 for none. */
    object: number;
    /** Of a sleep: its seconds. */
    delay: number | undefined;
    /** Of input or output: what, "an HTTP answer"; else "". */
    name: string;
}

/** How often something was waited for. */
export interface Waited {
    wait: Wait;
    times: number;
}

/** A stretch of a task's life in one state. An end of Infinity means that it still lasts. */
export interface Span {
    state: State;
    start: number;
    end: number;
    /** How deep the awaiting goes: 0 is the task's own coroutine. */
    lane: number;
    wait: Wait | undefined;
    site: number;
}

/** A coroutine that the task awaits, from its call to its end. */
export interface Frame {
    id: number;
    name: string;
    start: number;
    end: number;
    lane: number;
    outcome: Outcome | "stopped" | undefined;
    site: number;
    /** What it waited for, each once, in order. */
    waits: Waited[];
}

/** A block under a timeout, from its entry until it is left or its time is over. */
export interface Deadline {
    delay: number;
    start: number;
    end: number;
    lane: number;
    expired: boolean;
}

export type MarkKind = "cancel request" | "cancelled" | "error" | "mark" | "long step" | "deadline" | "never awaited" | "never retrieved";

export interface Mark {
    kind: MarkKind;
    time: number;
    lane: number;
    text: string;
    /** The task that asked for a cancellation, 0 for the loop. */
    from: number;
    site: number;
}

export interface Task {
    id: number;
    /** The name that the program gave it, or Task-ID. */
    name: string;
    named: boolean;
    /** The name of its coroutine. */
    coroutine: string;
    parent: number;
    created: number;
    /** The time of its first step; undefined if it never ran. */
    started: number | undefined;
    end: number;
    outcome: Outcome | "stopped" | undefined;
    /** Its value as text, or its error. */
    result: string;
    site: number;
    spans: Span[];
    frames: Frame[];
    deadlines: Deadline[];
    marks: Mark[];
    waits: Waited[];
    /** One more than the deepest lane. */
    lanes: number;
}

interface LoopObject {
    type: string;
    creator: number;
    /** Which one of its type, from 1. */
    ordinal: number;
    initial: number;
    /** The tasks that a gather, group or shield waits for. */
    children: number[];
}

/** The delay that the program asked for: a real clock has moved on a little until the timer is armed. */
function asAsked(seconds: number): number {
    return Number(seconds >= 0.01 ? seconds.toFixed(3) : seconds.toPrecision(3));
}

/* In place of the outcome of a frame. */
const yielded = 3;

/* More different waits than anyone reads in one place. */
const waitLimit = 100;

export class TimelineModel {
    readonly tasks: Task[] = [];
    /** The time of the newest event; the clock begins at 0. */
    end = 0;
    /** Grows with every change, so that views know when to look again. */
    version = 0;

    readonly #decoder = new EventDecoder();
    readonly #byId = new Map<number, Task>();
    readonly #objects = new Map<number, LoopObject>();
    readonly #objectsOfType = new Map<string, number>();
    /** The timeouts that are armed, and where they were entered. */
    readonly #deadlines = new Map<number, { task: Task; deadline: Deadline; site: number }>();
    /** The frames each unfinished task is in, innermost last; its own coroutine is not among them. */
    readonly #stacks = new Map<Task, Frame[]>();
    /** What a task is about to wait for, between `wait` and `suspend`. */
    readonly #announced = new Map<Task, Wait>();
    /** Coroutines that were called and left, by their address: who called them, and where. */
    readonly #unawaited = new Map<number, LogEvent>();

    add(chunk: Uint8Array, base: number): void {
        this.#decoder.decode(chunk, base, (event) => this.#fold(event));
        this.version++;
    }

    /** Ends all that still lasts: the program was stopped from outside. */
    close(time: number): void {
        this.end = Math.max(this.end, time);
        for (const task of this.#stacks.keys()) {
            this.#endTask(task, this.end, "stopped");
        }
        this.version++;
    }

    task(id: number): Task | undefined {
        return this.#byId.get(id);
    }

    site(id: number): Site | undefined {
        return this.#decoder.site(id);
    }

    taskName(id: number): string {
        return id === 0 ? "the loop" : (this.#byId.get(id)?.name ?? `Task-${id}`);
    }

    /** What is waited for in a few words: "sleep 1 s", "semaphore", "gather of 3 tasks". */
    waitText(wait: Wait): string {
        switch (wait.kind) {
            case "sleep":
                return wait.delay === undefined ? "sleep" : `sleep ${duration(wait.delay)}`;
            case "task":
                return this.taskName(wait.other);
            case "gather":
            case "group": {
                const object = this.#objects.get(wait.object);
                const children = Math.max(object?.children.length ?? 0, wait.kind === "gather" ? (object?.initial ?? 0) : 0);
                const name = wait.kind === "group" ? "task group" : "gather";
                return children > 0 ? `${name} of ${count(children, "task")}` : name;
            }
            case "input or output":
                return withoutArticle(wait.name) || wait.kind;
            default:
                return this.#objectText(wait);
        }
    }

    /** The name of the kind, numbered where the program has several. */
    #objectText(wait: Wait): string {
        const object = this.#objects.get(wait.object);
        const several = object !== undefined && (this.#objectsOfType.get(object.type) ?? 0) > 1;
        return several ? `${wait.kind} ${object.ordinal}` : wait.kind;
    }

    #fold(event: LogEvent): void {
        this.end = Math.max(this.end, event.time);
        if (event.kind === Kind.created) {
            this.#create(event);
            return;
        }
        if (this.#foldObject(event) || this.#foldForgotten(event)) {
            return;
        }
        const task = this.#byId.get(event.task);
        if (task !== undefined && task.end === Infinity) {
            this.#foldTask(task, event);
        }
    }

    /** Events about objects and timers; true if it was one. */
    #foldObject(event: LogEvent): boolean {
        switch (event.kind) {
            case Kind.objectNew: {
                const type = objectTypes[event.subkind] ?? "object";
                const ordinal = (this.#objectsOfType.get(type) ?? 0) + 1;
                this.#objectsOfType.set(type, ordinal);
                this.#objects.set(event.object, { type, ordinal, creator: event.task, initial: event.payload, children: [] });
                return true;
            }
            case Kind.awaitedBy: {
                const children = this.#objects.get(event.object)?.children;
                if (event.subkind === 0 && children !== undefined && !children.includes(event.task)) {
                    children.push(event.task);
                }
                return true;
            }
            case Kind.timerArm:
                this.#armTimer(event);
                return true;
            case Kind.timerDrop:
                this.#dropTimer(event);
                return true;
            default:
                return false;
        }
    }

    /** What is known at the end only is marked where it happened; true if it was such an event. */
    #foldForgotten(event: LogEvent): boolean {
        switch (event.kind) {
            case Kind.unawaited:
                this.#unawaited.set(event.other, event);
                return true;
            case Kind.neverAwaited: {
                const call = this.#unawaited.get(event.other) ?? event;
                this.#markLate(this.#byId.get(call.task) ?? this.tasks[0], "never awaited", call, this.#decoder.string(event.payload));
                return true;
            }
            case Kind.neverRetrieved: {
                const task = this.#byId.get(event.task) ?? this.#byId.get(this.#objects.get(event.task)?.creator ?? 0);
                this.#markLate(task ?? this.tasks[0], "never retrieved", event, this.#decoder.string(event.payload));
                return true;
            }
            default:
                return false;
        }
    }

    #markLate(task: Task | undefined, kind: MarkKind, { time, site }: LogEvent, text = ""): void {
        if (task !== undefined) {
            const mark = { kind, time: Math.min(time, task.end), lane: 0, text, from: 0, site: site || task.site };
            task.marks.splice(firstIndex(task.marks.length, (index) => task.marks[index]!.time > mark.time), 0, mark);
        }
    }

    /** Without debug mode the log does not say that a step was long; its times do. */
    #markLongStep(task: Task, event: LogEvent): void {
        const start = task.spans.at(-1)?.state === "running" ? this.#stepStart(task) : event.time;
        const said = task.marks.some(({ kind, time }) => kind === "long step" && time >= start);
        if (event.time - start >= longStep && !said) {
            this.#markLate(task, "long step", { ...event, time: start }, duration(event.time - start));
        }
    }

    /** A step that enters coroutines is several spans, one behind the other. */
    #stepStart({ spans }: Task): number {
        let index = spans.length - 1;
        while (index > 0 && spans[index - 1]!.state === "running") {
            index--;
        }
        return spans[index]!.start;
    }

    /** A timer is a sleep's, a timeout's, or one that says nothing of a task. */
    #armTimer(event: LogEvent): void {
        const task = this.#byId.get(event.task);
        const delay = asAsked(payloadAsFloat(event));
        const sleep = task && this.#announced.get(task);
        if (event.object === 0) {
            if (sleep?.kind === "sleep") {
                sleep.delay = delay;
            }
        } else if (task?.end === Infinity && this.#objects.get(event.object)?.type === "timeout") {
            const deadline = { delay, start: event.time, end: Infinity, lane: this.#lane(task), expired: false };
            task.deadlines.push(deadline);
            const site = this.#stacks.get(task)?.at(-1)?.site ?? task.site;
            this.#deadlines.set(event.object, { task, deadline, site });
        }
    }

    #dropTimer(event: LogEvent): void {
        const armed = this.#deadlines.get(event.object);
        if (armed === undefined) {
            return;
        }
        this.#deadlines.delete(event.object);
        const { task, deadline, site } = armed;
        deadline.end = Math.min(deadline.end, event.time);
        deadline.expired = event.subkind === 0;
        if (deadline.expired) {
            const text = `after ${duration(deadline.delay)}`;
            task.marks.push({ kind: "deadline", time: event.time, lane: deadline.lane, text, from: 0, site });
        }
    }

    #create(event: LogEvent): void {
        const task: Task = {
            id: event.task,
            name: this.#decoder.string(event.payload) ?? `Task-${event.task}`,
            named: event.payload !== 0,
            coroutine: this.site(event.site)?.function ?? "",
            parent: event.other,
            created: event.time,
            started: undefined,
            end: Infinity,
            outcome: undefined,
            result: "",
            site: event.site,
            spans: [],
            frames: [],
            deadlines: [],
            marks: [],
            waits: [],
            lanes: 1,
        };
        this.tasks.push(task);
        this.#byId.set(task.id, task);
        this.#stacks.set(task, []);
        openSpan(task, "ready", event, 0, undefined);
    }

    #foldTask(task: Task, event: LogEvent): void {
        const lane = this.#lane(task);
        switch (event.kind) {
            case Kind.framePush:
                this.#pushFrame(task, event);
                break;
            case Kind.framePop:
                this.#popFrame(task, event);
                break;
            case Kind.resume:
                task.started ??= event.time;
                closeSpan(task, event.time);
                openSpan(task, "running", event, lane, undefined);
                break;
            case Kind.wait: {
                const kind = waitNames[event.subkind] ?? "something";
                this.#announced.set(task, {
                    kind,
                    other: event.other,
                    /* A gather and a shield are futures and objects in one. */
                    object: event.object || event.other,
                    delay: undefined,
                    name: kind === "input or output" ? (this.#decoder.string(event.payload) ?? "") : "",
                });
                break;
            }
            case Kind.suspend:
                this.#markLongStep(task, event);
                closeSpan(task, event.time);
                openSpan(task, this.#announced.has(task) ? "waiting" : "ready", event, lane, this.#takeWait(task));
                break;
            case Kind.wake:
                if (task.spans.at(-1)?.state === "waiting") {
                    closeSpan(task, event.time);
                    openSpan(task, "ready", event, lane, undefined);
                } else {
                    this.#announced.delete(task); /* in its own step: it was told to cancel */
                }
                break;
            case Kind.done:
                this.#markLongStep(task, event);
                task.result = this.#decoder.string(event.payload) ?? "";
                this.#endTask(task, event.time, outcomes[event.subkind] ?? "value");
                break;
            default:
                this.#addMark(task, event, lane);
        }
    }

    #addMark(task: Task, event: LogEvent, lane: number): void {
        const kind = markKinds.get(event.kind);
        if (kind !== undefined) {
            const text = kind === "long step" ? duration(payloadAsFloat(event)) : (this.#decoder.string(event.payload) ?? "");
            task.marks.push({ kind, time: event.time, lane, text, from: event.other, site: event.site });
        }
    }

    /** What the task has announced to wait for. */
    #takeWait(task: Task): Wait | undefined {
        const wait = this.#announced.get(task);
        if (wait !== undefined) {
            this.#announced.delete(task);
            countWait(task.waits, wait);
            const frame = this.#stacks.get(task)?.at(-1);
            if (frame !== undefined) {
                countWait(frame.waits, wait);
            }
        }
        return wait;
    }

    #pushFrame(task: Task, event: LogEvent): void {
        const stack = this.#stacks.get(task);
        if (stack === undefined) {
            return;
        }
        const lane = stack.length + 1;
        const name = this.site(event.site)?.function ?? "coroutine";
        const frame: Frame = { id: event.object, name, start: event.time, end: Infinity, lane, outcome: undefined, site: event.site, waits: [] };
        stack.push(frame);
        task.frames.push(frame);
        task.lanes = Math.max(task.lanes, lane + 1);
        moveSpan(task, event, lane);
    }

    #popFrame(task: Task, event: LogEvent): void {
        const stack = this.#stacks.get(task);
        const frame = stack?.at(-1);
        if (stack === undefined || frame?.id !== event.object) {
            return; /* the task's own coroutine: its end is `done` */
        }
        stack.pop();
        frame.end = event.time;
        frame.outcome = outcomes[event.subkind] ?? "value";
        /* A generator that only yields is not worth a bar each time. */
        if (event.subkind === yielded && frame.start === frame.end && task.frames.at(-1) === frame) {
            task.frames.pop();
        }
        moveSpan(task, event, stack.length);
    }

    #endTask(task: Task, time: number, outcome: Outcome | "stopped"): void {
        for (const frame of this.#stacks.get(task) ?? []) {
            frame.end = time;
            frame.outcome = outcome;
        }
        for (const deadline of task.deadlines) {
            deadline.end = Math.min(deadline.end, time);
        }
        this.#stacks.delete(task);
        this.#announced.delete(task);
        closeSpan(task, time);
        task.end = time;
        task.outcome = outcome;
    }

    #lane(task: Task): number {
        return this.#stacks.get(task)?.length ?? 0;
    }
}

const markKinds = new Map<number, MarkKind>([
    [Kind.cancelRequest, "cancel request"],
    [Kind.cancelDelivered, "cancelled"],
    [Kind.error, "error"],
    [Kind.mark, "mark"],
    [Kind.stepTooLong, "long step"],
]);

function openSpan(task: Task, state: State, event: LogEvent, lane: number, wait: Wait | undefined): void {
    task.spans.push({ state, start: event.time, end: Infinity, lane, wait, site: event.site });
}

function closeSpan(task: Task, time: number): void {
    const span = task.spans.at(-1);
    if (span?.end === Infinity) {
        span.end = time;
    }
}

/** The running task entered or left a coroutine: it goes on in another lane. */
function moveSpan(task: Task, event: LogEvent, lane: number): void {
    const span = task.spans.at(-1);
    if (span?.state !== "running") {
        return;
    }
    if (span.start === event.time) {
        span.lane = lane;
    } else {
        closeSpan(task, event.time);
        openSpan(task, "running", event, lane, undefined);
    }
}

function countWait(waits: Waited[], wait: Wait): void {
    const known = waits.find(
        ({ wait: { kind, other, object, delay, name } }) =>
            kind === wait.kind && other === wait.other && object === wait.object && delay === wait.delay && name === wait.name,
    );
    if (known !== undefined) {
        /* A group is waited for once, though a cancellation may interrupt it. */
        known.times += wait.kind === "group" ? 0 : 1;
    } else if (waits.length < waitLimit) {
        waits.push({ wait, times: 1 });
    }
}
