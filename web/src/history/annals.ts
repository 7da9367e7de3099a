/** What a log tells once and what stays true: who awaits whom through what, where steps end, what happened to whom. */

import { Kind, longStep, payloadAsFloat } from "../events.ts";
import type { LogEvent } from "../events.ts";
import type { Decision, Moment, Remark, RemarkKind } from "./state.ts";
import type { Names } from "./world.ts";

/** A task or future that is awaited by a gather, group, shield or wait. */
export interface Edge {
    readonly child: number;
    /** The task that began to. */
    readonly task: number;
    readonly through: number;
    readonly event: number;
}

const decisionKinds = ["external", "timer tie", "external", "ready", "injected cancellation"] as const;
const remarks = new Map<number, RemarkKind>([
    [Kind.mark, "mark"],
    [Kind.error, "error"],
    [Kind.neverRetrieved, "never retrieved"],
]);

export class Annals {
    readonly decisions: Decision[] = [];
    readonly #names: Names;
    readonly #below = new Map<number, Edge[]>();
    readonly #above = new Map<number, Edge[]>();
    /** The index of the event before which each step has ended. */
    readonly #ends: number[] = [];
    readonly #remarks: Remark[] = [];
    #sorted = true;
    /** Coroutines that were called and left, by their address. */
    readonly #unawaited = new Map<number, Remark>();
    /** The steps that are on: when they began, and whether they were called long. */
    readonly #steps: { at: Moment; long: boolean }[] = [];
    #step = 0;

    constructor(names: Names) {
        this.#names = names;
    }

    add(event: LogEvent, index: number): void {
        const at = { event: index, step: this.#step, time: event.time };
        switch (event.kind) {
            case Kind.resume:
                /* Where no step has ended since the last one began, it is on, and this one is an eager start within it. */
                this.#ends[this.#step] ??= index;
                this.#step++;
                this.#steps.push({ at: { ...at, step: this.#step }, long: false });
                break;
            case Kind.suspend:
                this.#ends[this.#step] = index + 1;
                this.#endStep(event);
                break;
            case Kind.awaitedBy:
                if (event.subkind === 0) {
                    const edge = { child: event.task, task: event.other, through: event.object, event: index };
                    append(this.#above, event.task, edge);
                    append(this.#below, event.object, edge);
                }
                break;
            case Kind.decision:
                this.decisions.push({ at, kind: decisionKinds[event.subkind] ?? "external", candidates: event.count, chosen: event.payload, task: event.task });
                break;
            case Kind.unawaited:
                this.#unawaited.set(event.other, this.#remark("never awaited", at, event));
                break;
            case Kind.neverAwaited:
                this.#remarkOn(this.#unawaited.get(event.other) ?? this.#remark("never awaited", at, event));
                break;
            case Kind.stepTooLong:
                if (this.#steps.length > 0) {
                    this.#steps.at(-1)!.long = true;
                }
                this.#remarkOn({ ...this.#remark("long step", at, event), text: "", seconds: payloadAsFloat(event) });
                break;
            default: {
                const kind = remarks.get(event.kind);
                if (kind !== undefined) {
                    this.#remarkOn(this.#remark(kind, at, event));
                }
            }
        }
    }

    #remark(kind: RemarkKind, at: Moment, event: LogEvent): Remark {
        return { kind, at, task: event.task, text: this.#names.string(event.payload) ?? "", site: event.site, seconds: 0 };
    }

    #remarkOn(remark: Remark): void {
        this.#sorted &&= remark.at.event >= (this.#remarks.at(-1)?.at.event ?? 0);
        this.#remarks.push(remark);
    }

    /** Without debug mode the log does not say that a step was long; its times do. */
    #endStep(event: LogEvent): void {
        const step = this.#steps.pop();
        if (step !== undefined && !step.long && event.time - step.at.time >= longStep) {
            this.#remarkOn({ kind: "long step", at: step.at, task: event.task, text: "", site: event.site, seconds: event.time - step.at.time });
        }
    }

    /** What was said, in order of when it happened, up to an event. */
    remarks(before: number): Remark[] {
        if (!this.#sorted) {
            this.#remarks.sort((a, b) => a.at.event - b.at.event);
            this.#sorted = true;
        }
        const end = this.#remarks.findLastIndex(({ at }) => at.event < before);
        return this.#remarks.slice(0, end + 1);
    }

    /** The event before which so many steps have been made; undefined if that is not over yet. */
    endOf(step: number): number | undefined {
        return this.#ends[step];
    }

    /** What awaits a task or future through something else. */
    above(child: number): readonly Edge[] {
        return this.#above.get(child) ?? [];
    }

    /** What is awaited through a gather, group, shield or wait. */
    below(through: number): readonly Edge[] {
        return this.#below.get(through) ?? [];
    }
}

function append(lists: Map<number, Edge[]>, key: number, edge: Edge): void {
    const list = lists.get(key);
    if (list === undefined) {
        lists.set(key, [edge]);
    } else {
        list.push(edge);
    }
}
