/** The time machine: runs a recorded program again, to any of its steps, and looks into it there. The run has the same choices
 *  and gets the same from outside as the recorded one, so it is the same; its log is held against the recorded one all the time,
 *  so that nothing is shown that was not. */

import { simulate } from "weft";
import type { External, SimulateOptions, Simulation } from "weft";
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

/** How long it runs, milliseconds, before it looks whether something else is wanted. */
const slice = 30;
const mostTasks = 100;

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
    layouts: Layouts = {};

    constructor(module: WebAssembly.Module, choices: Choices) {
        this.#module = module;
        this.#choices = choices;
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
            if (!(await isWanted())) {
                return undefined;
            }
        }
    }

    close(): void {
        this.#simulation?.close();
        this.#simulation = undefined;
    }

    /** The instance that is there, if it has not gone past the step; else a new one. */
    async #instanceBefore(step: number): Promise<Simulation> {
        const there = this.#simulation;
        const fits = there !== undefined && !this.#differs && this.#known === this.#external.length;
        if (fits && (step >= there.steps || step >= this.#standsFor)) {
            return there;
        }
        this.close();
        this.#differs = false;
        this.#known = this.#external.length;
        this.#simulation = await simulate({
            ...this.#choices,
            wasm: this.#module,
            external: [...this.#external],
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
            state = simulation.advance({ toStep: step, budget: slice });
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
        const tasks = wanted ?? simulation.tasks().slice(0, mostTasks).map(({ id }) => id);
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
