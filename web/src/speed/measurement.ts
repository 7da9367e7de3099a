/** The course of a measurement: first how much work makes a measurement long enough, then rounds in which all take turns. */

import { Subject } from "./subject.ts";
import { workloads } from "./workloads.ts";
import type { SubjectName, Workload } from "./workloads.ts";

/* A measurement takes about so many milliseconds: far more than the clock's step, and short enough for many of them. */
export const wantedMilliseconds = 100;
const enough = 20;
/* Amounts are multiples of the contenders for a permit. */
const least = 10;

export interface Listener {
    progress(words: string, done: number, total: number): void;
    loading(subject: SubjectName, loaded: number, total: number): void;
    /** Nanoseconds an operation, of one more round. */
    measured(row: string, subject: SubjectName, value: number): void;
}

export class Measurement {
    readonly subjects: Subject[];
    readonly #listener: Listener;

    constructor(names: readonly SubjectName[], listener: Listener) {
        this.#listener = listener;
        this.subjects = names.map((name) => new Subject(name, (loaded, total) => listener.loading(name, loaded, total)));
    }

    /** Rejects with an AbortError if it was stopped. */
    async run(rounds: number): Promise<void> {
        const total = (rounds + 1) * workloads.length * this.subjects.length;
        let done = 0;
        const tell = (round: string, { title }: Workload, { name }: Subject) => this.#listener.progress(`${round}: ${title.toLowerCase()}, ${name}`, done++, total);
        for (const subject of this.subjects) {
            await subject.load();
        }
        const amounts = new Map<string, number>();
        for (const workload of workloads) {
            for (const subject of this.subjects) {
                tell("Warming up", workload, subject);
                amounts.set(`${workload.row} ${subject.name}`, await suitableAmount(subject, workload));
            }
        }
        for (let round = 1; round <= rounds; round++) {
            for (const workload of workloads) {
                for (const subject of this.subjects) {
                    tell(`Round ${round} of ${rounds}`, workload, subject);
                    const amount = amounts.get(`${workload.row} ${subject.name}`)!;
                    const milliseconds = await subject.measure(workload.row, amount);
                    this.#listener.measured(workload.row, subject.name, (milliseconds * 1e6) / (amount * workload.operations));
                }
            }
        }
    }

    end(): void {
        this.subjects.forEach((subject) => subject.end());
    }
}

/** Grows until it takes long enough to be scaled; that also lets the browser's compilers see the work. */
async function suitableAmount(subject: Subject, { row, operations }: Workload): Promise<number> {
    const unit = operations === 1 ? least : 1;
    for (let amount = operations === 1 ? 1000 : 1; ; amount *= 4) {
        const milliseconds = await subject.measure(row, amount);
        if (milliseconds >= enough) {
            return Math.max(unit, Math.round((amount * wantedMilliseconds) / milliseconds / unit) * unit);
        }
    }
}
