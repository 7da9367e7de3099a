/** Where a playback stops: at a line of the source, a task, or a time. */

import { Kind } from "../events.ts";
import { baseName, instant } from "../format.ts";
import type { Recording } from "../recording.ts";

export class Breakpoints {
    lines: ReadonlySet<number> = new Set();
    readonly tasks = new Set<number>();
    readonly times = new Set<number>();
    readonly #listeners = new Set<() => void>();

    get size(): number {
        return this.lines.size + this.tasks.size + this.times.size;
    }

    onChange(listener: () => void): void {
        this.#listeners.add(listener);
    }

    changed(): void {
        this.#listeners.forEach((listener) => listener());
    }

    readonly #nameOf: (task: number) => string;

    constructor(nameOf: (task: number) => string) {
        this.#nameOf = nameOf;
    }

    /** Why it stops when a step, from 1, has been made; undefined if it does not. */
    reason(recording: Recording, step: number): string | undefined {
        const [before, now] = [recording.timeOf(step - 1), recording.timeOf(step)];
        const time = [...this.times].find((wanted) => wanted <= now && (wanted > before || (step === 1 && wanted === 0)));
        if (time !== undefined) {
            return `at ${instant(time)}`;
        }
        const { from, to } = recording.eventsOf(step);
        const resumed = recording.event(from);
        if (this.tasks.has(resumed.task)) {
            return `in ${this.#nameOf(resumed.task)}`;
        }
        const line = this.#lineOf(recording, from, to);
        return line === undefined ? undefined : `in line ${line}`;
    }

    /** The first breakpoint that the step's events touch, or that lies between the line it resumed in and the one where it stopped again. */
    #lineOf(recording: Recording, from: number, to: number): number | undefined {
        if (this.lines.size === 0) {
            return undefined;
        }
        const file = recording.subject?.file;
        let last: { function: string; line: number } | undefined;
        for (let index = from; index < to; index++) {
            const event = recording.event(index);
            const site = placed.has(event.kind) ? recording.site(event.site) : undefined;
            if (site === undefined || (file !== undefined && baseName(site.file) !== file)) {
                continue;
            }
            if (this.lines.has(site.line)) {
                return site.line;
            }
            const passed = last?.function === site.function ? this.#between(last.line, site.line) : undefined;
            if (passed !== undefined) {
                return passed;
            }
            last = site;
        }
        return undefined;
    }

    #between(from: number, to: number): number | undefined {
        return [...this.lines].find((line) => line > from && line < to);
    }
}

/* Events of a task that tell where it stands. */
const placed = new Set<number>([Kind.resume, Kind.suspend, Kind.wait, Kind.framePush, Kind.error]);

/** The next step, forward (1) or back (-1), at which one is hit, with the reason; undefined where there is none. */
export function nextHit(breakpoints: Breakpoints, recording: Recording, from: number, way: 1 | -1): { step: number; reason: string } | undefined {
    for (let step = from + way; step >= 1 && step <= recording.steps; step += way) {
        const reason = breakpoints.reason(recording, step);
        if (reason !== undefined) {
            return { step, reason };
        }
    }
    return undefined;
}
