/** The time machine: runs a recorded program again, to any of its steps, and looks into it there. The run has the same choices
 *  and gets the same from outside as the recorded one, so it is the same; its log is held against the recorded one all the time,
 *  so that nothing is shown that was not. */

import { simulate } from "weft";
import type { Checkpoint, External, SimulateOptions, Simulation } from "weft";
import type { Layouts } from "../compiler/types.ts";
import { recordSize } from "../events.ts";
import { markChanges, variablesOf } from "./variables.ts";
import type { Variable } from "./variables.ts";

export interface InspectedFrame {
    function: string;
    file: string;
    line: number;
    variables: Variable[];
}

export interface Inspection {
    /** So many steps are made. More than was asked for where that step is an eager start: the program stands behind the step around it. */
    step: number;
    time: number;
    /** The coroutines of each task, innermost first; of those that are not done, and were asked for. */
    frames: Map<number, InspectedFrame[]>;
}

/** What makes one run the same as another, besides what comes from outside. */
export type Choices = Pick<SimulateOptions, "args" | "parameters" | "seed" | "decisions" | "injections" | "permuteReady">;

/** How long it runs before it looks whether something else is wanted, and between two checkpoints, milliseconds. */
const usualPace = { slice: 30, checkpoints: 100 };
const limits = { tasks: 100, checkpoints: 32, bytes: 256 * 1024 * 1024 };

/** Copies of the program's memory on the way, so that going back need not begin at the beginning. */
class Checkpoints {
    readonly #taken: Checkpoint[] = [];

    /** The last one up to a step. */
    before(step: number): Checkpoint | undefined {
        return this.#taken.findLast(({ steps }) => steps <= step);
    }

    add(checkpoint: Checkpoint): void {
        if (checkpoint.steps > (this.#taken.at(-1)?.steps ?? 0)) {
            this.#taken.push(checkpoint);
        }
        while (this.#taken.length > limits.checkpoints || this.#bytes > limits.bytes) {
            this.#thin();
        }
    }

    /** Every other one goes: they stay spread over the whole run. */
    #thin(): void {
        const kept = this.#taken.filter((_, i) => i % 2 === 1);
        this.#taken.splice(0, this.#taken.length, ...kept);
    }

    get #bytes(): number {
        return this.#taken.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    }
}

export class ReplayDiffers extends Error {
    override name = "ReplayDiffers";
}

/** The recorded log, and how much of it the replay has repeated. */
class Record {
    #words = new Uint32Array(1 << 14);
    #length = 0;

    add(bytes: Uint8Array, base: number): void {
        const words = new Uint32Array(bytes.slice().buffer);
        const at = (base * recordSize) / 4;
        while (at + words.length > this.#words.length) {
            const larger = new Uint32Array(this.#words.length * 2);
            larger.set(this.#words);
            this.#words = larger;
        }
        this.#words.set(words, at);
        this.#length = Math.max(this.#length, at + words.length);
    }

    /** Whether this is what was recorded there, as far as the record goes. */
    agrees(bytes: Uint8Array, base: number): boolean {
        const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
        const at = (base * recordSize) / 4;
        const count = Math.min(words.length, this.#length - at);
        for (let i = 0; i < count; i++) {
            if (words[i] !== this.#words[at + i]) {
                return false;
            }
        }
        return true;
    }
}

export class Machine {
    readonly #module: WebAssembly.Module;
    readonly #choices: Choices;
    readonly #record = new Record();
    readonly #external: External[] = [];
    #simulation: Simulation | undefined;
    /** How much from outside the simulation knows of. */
    #known = 0;
    /** The step that was asked for when it stopped where it stands. */
    #standsFor = 0;
    #differs = false;
    #seen = new Map<string, Variable[]>();
    readonly #checkpoints = new Checkpoints();
    /** Milliseconds that it has run since the last checkpoint. */
    #ran = 0;
    readonly #pace: typeof usualPace;
    #began = 0;
    layouts: Layouts = {};

    constructor(module: WebAssembly.Module, choices: Choices, pace = usualPace) {
        this.#module = module;
        this.#choices = choices;
        this.#pace = pace;
    }

    /** The step at which the instance began that it stands in: 0, or that of a checkpoint. */
    get began(): number {
        return this.#began;
    }

    /** More of the recorded run. */
    add(chunks: readonly { bytes: Uint8Array; base: number }[], external: readonly External[]): void {
        chunks.forEach(({ bytes, base }) => this.#record.add(bytes, base));
        this.#external.push(...external);
    }

    /**
     * Goes to where so many steps are made, and reads the coroutines of these tasks; of all, if none are named. Undefined if
     * something else is wanted meanwhile. Throws if the program does not do again what it did.
     */
    async inspect(step: number, tasks: readonly number[] | undefined, isWanted: () => boolean | Promise<boolean>): Promise<Inspection | undefined> {
        const simulation = await this.#instanceBefore(step);
        for (;;) {
            this.#standsFor = step;
            const state = this.#advance(simulation, step);
            if (state !== "more") {
                return this.#look(simulation, tasks);
            }
            this.#ran += this.#pace.slice;
            if (this.#ran >= this.#pace.checkpoints) {
                this.#checkpoints.add(simulation.checkpoint());
                this.#ran = 0;
            }
            if (!(await isWanted())) {
                return undefined;
            }
        }
    }

    close(): void {
        this.#simulation?.close();
        this.#simulation = undefined;
    }

    /** The instance that is there, if it has not gone past the step and no checkpoint is nearer; else a new one. */
    async #instanceBefore(step: number): Promise<Simulation> {
        const there = this.#simulation;
        const from = this.#checkpoints.before(step);
        const fits = there !== undefined && !this.#differs && this.#known === this.#external.length;
        if (fits && (step >= there.steps || step >= this.#standsFor) && there.steps >= (from?.steps ?? 0)) {
            return there;
        }
        this.close();
        this.#ran = 0;
        this.#began = from?.steps ?? 0;
        this.#differs = false;
        this.#known = this.#external.length;
        this.#simulation = await simulate({
            ...this.#choices,
            wasm: this.#module,
            external: [...this.#external],
            ...(from !== undefined && { from }),
            print: () => {},
            onEvent: (bytes, base) => {
                this.#differs ||= !this.#record.agrees(bytes, base);
            },
        });
        return this.#simulation;
    }

    #advance(simulation: Simulation, step: number): ReturnType<Simulation["advance"]> {
        let state: ReturnType<Simulation["advance"]>;
        try {
            state = simulation.advance({ toStep: step, budget: this.#pace.slice });
        } catch (error) {
            this.#differs = true;
            throw new ReplayDiffers(String(error), { cause: error });
        }
        this.#differs ||= state === "waiting";
        if (this.#differs) {
            throw new ReplayDiffers("the program does not do again what it did when it was recorded");
        }
        return state;
    }

    #look(simulation: Simulation, wanted: readonly number[] | undefined): Inspection {
        const memory = {
            view: simulation.memory,
            layouts: this.layouts,
            describe: (address: number, what: "task" | "value" | "error") => simulation.describe(address, what),
        };
        const tasks = wanted ?? simulation.tasks().slice(0, limits.tasks).map(({ id }) => id);
        const seen = new Map<string, Variable[]>();
        const frames = new Map<number, InspectedFrame[]>();
        for (const task of tasks) {
            frames.set(task, simulation.frames(task).map((frame) => {
                const variables = variablesOf(frame, memory);
                const key = `${task} ${frame.address} ${frame.function}`;
                markChanges(variables, this.#seen.get(key) ?? []);
                seen.set(key, variables);
                return { function: frame.function, file: frame.file, line: frame.line, variables };
            }));
        }
        this.#seen = seen;
        return { step: simulation.steps, time: simulation.now(), frames };
    }
}
