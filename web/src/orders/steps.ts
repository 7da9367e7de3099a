/** Steps of a run in words. */

import { Kind, objectTypes, outcomes, waitNames } from "../events.ts";
import type { LogEvent } from "../events.ts";
import { Recording } from "../recording.ts";
import type { Chunk } from "../recording.ts";

export interface StepWords {
    step: number;
    time: number;
    task: number;
    name: string;
    /** The line at which it goes on; undefined inside weft itself. */
    line: number | undefined;
    /** What happens in it. */
    phrases: string[];
}

export interface Travel {
    step: number;
    words: string;
}

const takings: Record<string, string> = { queue: "gets from", event: "clears" };
const releases: Record<string, string> = { queue: "puts into", event: "sets", condition: "notifies", barrier: "comes to" };

/** A log that can be told in words. */
export class Steps {
    readonly recording: Recording;
    /** So many events it has read: what has come since is not known here. */
    readonly count: number;
    readonly #names = new Map<number, string>();
    readonly #types = new Map<number, string>();

    constructor(recording: Recording) {
        this.recording = recording;
        this.count = recording.count;
        for (let index = 0; index < recording.count; index++) {
            const event = recording.event(index);
            if (event.kind === Kind.created) {
                const coroutine = recording.site(event.site)?.function ?? "";
                const name = recording.string(event.payload) ?? `Task-${event.task}`;
                this.#names.set(event.task, coroutine === "" ? name : `${name} (${coroutine})`);
            } else if (event.kind === Kind.objectNew) {
                this.#types.set(event.object, objectTypes[event.subkind] ?? "object");
            }
        }
    }

    static of(chunks: readonly Chunk[]): Steps {
        const recording = new Recording();
        chunks.forEach(({ bytes, base }) => recording.add(bytes, base));
        recording.close(0);
        return new Steps(recording);
    }

    nameOf(task: number): string {
        return this.#names.get(task) ?? (task === 0 ? "the loop" : `Task-${task}`);
    }

    words(step: number): StepWords {
        const { from, to } = this.recording.eventsOf(step);
        const first = this.recording.event(from);
        const site = this.recording.site(first.site);
        const phrases: string[] = [];
        for (let index = from + 1; index < to; index++) {
            const event = this.recording.event(index);
            if (event.kind === Kind.suspend && event.task === first.task) {
                break; /* what follows is the loop's */
            }
            const phrase = this.#phrase(event);
            if (phrase !== undefined && phrase !== phrases.at(-1)) {
                phrases.push(phrase);
            }
        }
        return {
            step,
            time: first.time,
            task: first.task,
            name: this.nameOf(first.task),
            line: site !== undefined && !/(^|\/)core\//.test(site.file) ? site.line : undefined,
            phrases,
        };
    }

    #phrase(event: LogEvent): string | undefined {
        const text = () => this.recording.string(event.payload) ?? "";
        const object = () => `the ${this.#types.get(event.object) ?? "object"}`;
        switch (event.kind) {
            case Kind.created: return `creates ${this.nameOf(event.task)}`;
            case Kind.wait: return this.#wait(event);
            case Kind.wake: return `wakes ${this.nameOf(event.task)}`;
            case Kind.acquire: return `${takings[this.#types.get(event.object) ?? ""] ?? "takes"} ${object()}`;
            case Kind.release: return `${releases[this.#types.get(event.object) ?? ""] ?? "gives back"} ${object()}`;
            case Kind.cancelRequest: return `cancels ${this.nameOf(event.task)}`;
            case Kind.cancelDelivered: return "is cancelled";
            case Kind.error: return `raises ${text()}`;
            case Kind.output: return `prints “${text().trim()}”`;
            case Kind.done: return this.#names.has(event.task) ? this.#end(event) : undefined;
            default: return undefined;
        }
    }

    #wait(event: LogEvent): string {
        const kind = waitNames[event.subkind] ?? "something";
        return kind === "sleep" ? "sleeps" : kind === "task" ? `waits for ${this.nameOf(event.other)}` : `waits for ${kind === "one tick" ? "one tick" : `the ${kind}`}`;
    }

    #end(event: LogEvent): string {
        const outcome = outcomes[event.subkind] ?? "value";
        return outcome === "value" ? "ends" : outcome === "cancelled" ? "ends cancelled" : `ends with ${this.recording.string(event.payload) ?? "an error"}`;
    }

    /** The way of the cancellations through the tasks, from the one before a step on: whom they reach, what they end. */
    travel(from: number, most = 40): Travel[] {
        const found: Travel[] = [];
        let step = Math.max(0, from - 2);
        let running = 0; /* what the loop does between two steps is the beginning of the next one */
        for (let index = from < 2 ? 0 : this.recording.eventsBefore(step); index < this.recording.count && found.length < most; index++) {
            const event = this.recording.event(index);
            if (event.kind === Kind.resume) {
                step++;
                running++;
            } else if (event.kind === Kind.suspend) {
                running--;
            }
            const words = found.length > 0 || event.kind === Kind.cancelRequest ? this.#stage(event) : undefined;
            if (words !== undefined) {
                found.push({ step: step + (running > 0 ? 0 : 1), words });
            }
        }
        return found;
    }

    #stage(event: LogEvent): string | undefined {
        const name = this.nameOf(event.task);
        const isCancelled = event.subkind === 2;
        switch (event.kind) {
            case Kind.cancelRequest: return event.other === 0 ? `${name} is told to cancel` : `${this.nameOf(event.other)} tells ${name} to cancel`;
            case Kind.cancelDelivered: return `it reaches ${name}`;
            case Kind.framePop: return isCancelled ? `it leaves ${this.recording.site(event.site)?.function ?? "a coroutine"}` : undefined;
            case Kind.done: return isCancelled && this.#names.has(event.task) ? `${name} ends cancelled` : undefined;
            default: return undefined;
        }
    }
}
