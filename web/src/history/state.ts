/**
 * What a program is made of at one instant. Nothing of it ever changes: the state of the next instant shares with this one whatever
 * did not change between them, so that a view can tell by identity what it must look at again.
 */

import type { ObjectType, Outcome, WaitName } from "../events.ts";

/** A place in the run. */
export interface Moment {
    /** The index of the event. */
    readonly event: number;
    /** So many steps had begun. */
    readonly step: number;
    readonly time: number;
}

/** A coroutine that a task is in. */
export interface Frame {
    readonly id: number;
    /** Where its body begins. */
    readonly site: number;
    /** The line that awaits it, in the caller; 0 in a task's own coroutine. */
    readonly from: number;
    readonly caller: Frame | undefined;
}

export interface Wait {
    readonly kind: WaitName;
    /** The awaited task, future, gather or shield; 0 for none. */
    readonly other: number;
    /** The semaphore, lock, queue, group, …; 0 for none. */
    readonly object: number;
    /** Of input or output: what, "an HTTP answer"; else "". */
    readonly name: string;
    /** At a queue. */
    readonly way: "get" | "put" | "join" | undefined;
    /** Of a sleep: when it ends, and how long it was to last. */
    readonly when: number | undefined;
    readonly seconds: number | undefined;
    /** The line where the innermost coroutine waits. */
    readonly site: number;
    /** Of a condition: the lock that was left. */
    readonly lock: number;
    /** The index of its event: who waits first is served first. */
    readonly event: number;
}

export interface Wake {
    /** The task that did it; 0 is the loop. */
    readonly by: number;
    readonly how: "served" | "cancelled" | "failed";
    /** What it had waited for. */
    readonly wait: Wait | undefined;
}

/** A cancellation that is on its way to a task. */
export interface Cancel {
    readonly by: number;
    readonly message: string;
    readonly at: Moment;
}

export type TaskStatus = "new" | "ready" | "running" | "waiting" | "done";

export interface TaskState {
    readonly id: number;
    /** The name that the program gave it, or Task-ID. */
    readonly name: string;
    readonly named: boolean;
    /** The name of its coroutine. */
    readonly coroutine: string;
    readonly parent: number;
    readonly created: Moment;
    /** Where its coroutine's body begins. */
    readonly begins: number;
    /** "new" has not run yet; it stands in the ready queue like "ready". */
    readonly status: TaskStatus;
    readonly since: Moment;
    /** The innermost coroutine that it is in; undefined when it is done. */
    readonly stack: Frame | undefined;
    /** The line at which the innermost one stands. */
    readonly site: number;
    readonly wait: Wait | undefined;
    /** How it became ready. */
    readonly woken: Wake | undefined;
    readonly cancel: Cancel | undefined;
    readonly outcome: Outcome | undefined;
    /** Its value as text, or its error. */
    readonly result: string;
}

export interface Hold {
    readonly task: number;
    readonly since: Moment;
}

/** The last time that an object was set, notified, released or filled. */
export interface Served {
    readonly task: number;
    readonly at: Moment;
    /** So many tasks stood waiting: where nobody did, a notification is lost. */
    readonly waiting: number;
}

export type Type = ObjectType | "thread" | "promise" | "operation";

export interface ObjectState {
    readonly id: number;
    readonly type: Type;
    /** Of what is outside: "GET http://localhost/", "a connection", a promise's function; "" if unknown. */
    readonly name: string;
    /** Which one of its type, from 1; 0 if the log did not tell when it was made. */
    readonly ordinal: number;
    readonly creator: number;
    /** The line of its block, of a timeout or a group. */
    readonly site: number;
    /** Where it is in memory, as far as 32 bits tell; 0 if unknown. */
    readonly address: number;
    readonly created: Moment;
    /** A semaphore's permits, a gather's children, a barrier's parties, the most that a queue takes (0: any number). */
    readonly initial: number;
    /** Permits or values left; of an event 1 if it is set. */
    readonly value: number;
    readonly holders: readonly Hold[];
    readonly served: Served | undefined;
    /** Futures of every kind: whether the result is there. Timeouts: whether its time is over. */
    readonly done: boolean;
}

/** What the clock will do. */
export interface Timer {
    readonly when: number;
    /** The task that it wakes or cancels; that asked for a call. */
    readonly task: number;
    readonly what: "sleep" | "timeout" | "limit" | "call";
    /** Its own id; 0 of a sleep. */
    readonly id: number;
    readonly seconds: number;
    readonly armed: Moment;
}

export type RemarkKind = "long step" | "never awaited" | "never retrieved" | "mark" | "error";

/** Something that the log says of one moment. */
export interface Remark {
    readonly kind: RemarkKind;
    readonly at: Moment;
    readonly task: number;
    readonly text: string;
    readonly site: number;
    /** Of a long step: how many seconds it took. */
    readonly seconds: number;
}

export interface Decision {
    readonly kind: "timer tie" | "external" | "ready" | "injected cancellation";
    readonly at: Moment;
    readonly candidates: number;
    readonly chosen: number;
    /** Of an injected cancellation: whom it met. */
    readonly task: number;
}
