/**
 * Runs the program at once when a parameter is moved, in virtual time, and keeps how long it took at each value: the points of the
 * plot. Only the newest values are run; what was superseded is dropped.
 */

import { loadModule } from "../modules.ts";
import { Recording } from "../recording.ts";
import type { Ending } from "../runner.ts";
import type { Subject } from "../subject.ts";
import type { Workbench } from "../workbench.ts";
import { valueOf } from "./declarations.ts";
import type { Declaration } from "./declarations.ts";
import { Trials } from "./trials.ts";
import type { Trial } from "./trials.ts";

export type Point = Pick<Trial, "outcome" | "time" | "words"> & { value: number };

/* A sweep runs no more values than this. */
const sweepLimit = 40;

export class Explorer {
    readonly #workbench: Workbench;
    readonly #trials = new Trials();
    readonly #onChange: () => void;
    #parameter: Declaration | undefined;
    #points = new Map<number, Point>();
    /** What the points are of: the program, and all that is chosen but the parameter. */
    #about = "";
    #due: "run" | "sweep" | undefined;
    #busy = false;
    /** The program was run since the parameter was moved: that is newer than what the move will show. */
    #overtaken = false;

    constructor(workbench: Workbench, onChange: () => void) {
        this.#workbench = workbench;
        this.#onChange = onChange;
        workbench.on("subject", () => this.#check());
        workbench.on("state", (state) => (this.#overtaken ||= state === "preparing"));
    }

    /** The parameter that was moved last, if the program still has it. */
    get parameter(): Declaration | undefined {
        return this.#parameter;
    }

    get points(): Point[] {
        return [...this.#points.values()].sort((a, b) => a.value - b.value);
    }

    get sweeping(): boolean {
        return this.#busy && this.#due === "sweep";
    }

    /** The plot is about this parameter now. */
    choose(parameter: Declaration | undefined): void {
        this.#parameter = parameter;
        this.#check();
        this.#onChange();
    }

    moved(parameter: Declaration): void {
        this.choose(parameter);
        this.#due = "run";
        this.#overtaken = false;
        void this.#work();
    }

    sweep(): void {
        this.#due = "sweep";
        void this.#work();
    }

    #check(): void {
        const { source, file, parameters, seed, decisions, injections, permuteReady } = this.#workbench.subject;
        const others = { ...parameters, [this.#parameter?.name ?? ""]: undefined };
        const about = JSON.stringify([this.#parameter?.name, file, source, others, seed, decisions, injections, permuteReady]);
        if (about !== this.#about) {
            this.#about = about;
            this.#points.clear();
        }
        this.#onChange();
    }

    async #work(): Promise<void> {
        if (this.#busy) {
            return;
        }
        this.#busy = true;
        try {
            while (this.#due !== undefined) {
                if (this.#due === "run") {
                    this.#due = undefined;
                    await this.#runNow();
                } else {
                    await this.#sweepAll();
                }
            }
        } finally {
            this.#busy = false;
            this.#onChange();
        }
    }

    async #runNow(): Promise<void> {
        const { subject: chosen } = this.#workbench;
        const subject: Subject = chosen.clock === "virtual" ? chosen : { ...chosen, clock: "virtual" };
        const module = await this.#moduleOf(subject);
        const trial = module && (await this.#trials.run({ ...programOf(subject, module), recorded: true }));
        if (module === undefined || trial === undefined || subject.source !== this.#workbench.subject.source) {
            return;
        }
        this.#add(this.#valueOf(subject), trial);
        if (trial.outcome !== "endless" && this.#due !== "run" && !this.#overtaken) {
            const recording = new Recording(subject, module);
            trial.chunks.forEach(({ bytes, base }) => recording.add(bytes, base));
            recording.external.push(...trial.external);
            this.#workbench.open(recording, endingOf(trial));
        }
    }

    /** The whole range, evenly, as long as nothing else is wanted. */
    async #sweepAll(): Promise<void> {
        const subject = this.#workbench.subject;
        const module = await this.#moduleOf(subject);
        const about = this.#about;
        for (const value of module === undefined ? [] : this.#values()) {
            if (this.#due !== "sweep" || about !== this.#about) {
                break;
            }
            const parameters = { ...subject.parameters, [this.#parameter!.name]: value };
            const trial = await this.#trials.run({ ...programOf({ ...subject, parameters }, module!), recorded: false });
            if (about === this.#about) {
                this.#add(value, trial);
            }
        }
        if (this.#due === "sweep") {
            this.#due = undefined;
        }
    }

    #values(): number[] {
        if (this.#parameter === undefined) {
            return [];
        }
        const { least, most, step } = this.#parameter;
        const steps = Math.max(1, Math.round((most - least) / step));
        const every = Math.ceil(steps / sweepLimit);
        const values = Array.from({ length: Math.floor(steps / every) + 1 }, (_, index) => Number((least + index * every * step).toPrecision(12)));
        return [...new Set([...values, most])];
    }

    #add(value: number, { outcome, time, words }: Trial): void {
        this.#points.set(value, { value, outcome, time, words });
        this.#onChange();
    }

    #valueOf(subject: Subject): number {
        return this.#parameter === undefined ? 0 : valueOf(this.#parameter, subject.parameters);
    }

    /** The module that ran last, if it is of this text; nothing is compiled for a slider. */
    async #moduleOf({ source, example, edited }: Subject): Promise<WebAssembly.Module | undefined> {
        const { recording } = this.#workbench;
        if (recording?.subject?.source === source && recording.module !== undefined) {
            return recording.module;
        }
        return edited || example === undefined ? undefined : loadModule(example).catch(() => undefined);
    }
}

function programOf({ parameters, seed, decisions, injections, permuteReady }: Subject, module: WebAssembly.Module) {
    return { module, parameters, seed, decisions, injections, permuteReady, base: document.baseURI };
}

function endingOf({ status, time }: Trial): Ending {
    return status === 0 ? { type: "value", time } : { type: "exit", status: status ?? 1, time };
}
