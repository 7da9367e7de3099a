/**
 * What the parts of the page share: the program that is edited, the recording of its last run, the step at which the time machine
 * stands, and the task that is looked at. The parts change it here and hear of it here; they know nothing of each other.
 */

import { CompileError } from "./compiler/compile-error.ts";
import { messageOf } from "./format.ts";
import { loadModule } from "./modules.ts";
import type { Program } from "./protocol.ts";
import { Recording } from "./recording.ts";
import { Run } from "./runner.ts";
import type { Ending } from "./runner.ts";
import { nothing } from "./subject.ts";
import type { Subject } from "./subject.ts";

/** Explaining: the program has ended, and what can be found out of that is sought. */
export type State = "idle" | "preparing" | "running" | "explaining";

export interface Output {
    text: string;
    stream: "stdout" | "stderr";
    time: number;
    /** Characters left out before it, since the program printed faster than can be shown. */
    omitted: number;
}

export interface Events {
    /** Something of the subject has changed. */
    subject: keyof Subject | "all";
    state: State;
    /** A run has begun, or a trace was opened. */
    started: Recording;
    /** The program has not given way for so many seconds; 0: it has again. */
    silent: number;
    /** It has more events. */
    grown: Recording;
    printed: Output;
    ended: { recording: Recording; ending: Ending };
    /** The time machine stands elsewhere now. */
    step: number;
    selected: number | undefined;
}

/** What is asked of the compiler. */
export interface Builder {
    /** Makes the module of a program whose text was edited; an error says why it cannot, a CompileError where. */
    compile(file: string, source: string): Promise<WebAssembly.Module>;
    /** Ends a compilation or a search that is under way. */
    interrupt(): void;
    /** Adds to how a program ended where in the source that was, if it can be told. */
    explain(ending: Ending, program: Program, subject: Subject): Ending | Promise<Ending>;
}

export class Workbench {
    #subject: Subject = nothing;
    #state: State = "idle";
    #recording: Recording | undefined;
    #run: Run | undefined;
    /** Tells who has started the run how it came out. */
    #finish: ((recording: Recording | undefined) => void) | undefined;
    /** The newest wish to run: an older one that is still being prepared has lost. */
    #wish = 0;
    /** Infinity: at the end, wherever that is. */
    #step = Infinity;
    #selected: number | undefined;
    readonly #builder: Builder;
    readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

    constructor(builder: Builder) {
        this.#builder = builder;
    }

    get subject(): Subject {
        return this.#subject;
    }

    get state(): State {
        return this.#state;
    }

    get recording(): Recording | undefined {
        return this.#recording;
    }

    /** So many steps are made. */
    get step(): number {
        return Math.min(this.#step, this.#recording?.steps ?? 0);
    }

    /** Whether that is the end, and stays it while the run goes on. */
    get atEnd(): boolean {
        return this.#step >= (this.#recording?.steps ?? 0);
    }

    get selected(): number | undefined {
        return this.#selected;
    }

    /** Returns what ends the listening. */
    on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
        const listeners = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, listeners);
        listeners.add(listener);
        return () => listeners.delete(listener);
    }

    #emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
        for (const listener of this.#listeners.get(name) ?? []) {
            (listener as (event: Events[Name]) => void)(event);
        }
    }

    // --- The subject ---

    /** Changes a part of what is run. A run that goes on is not touched. */
    change(part: Partial<Subject>): void {
        const keys = (Object.keys(part) as (keyof Subject)[]).filter((key) => part[key] !== this.#subject[key]);
        if (keys.length > 0) {
            this.#subject = { ...this.#subject, ...part };
            this.#emit("subject", keys.length === 1 ? keys[0]! : "all");
        }
    }

    /** Puts another program in its place; the run and the recording of the last one go. */
    replace(subject: Subject): void {
        this.#abandon();
        this.#recording = undefined;
        this.#subject = subject;
        this.#emit("subject", "all");
        this.#setState("idle");
        this.select(undefined);
        this.seek(Infinity);
    }

    // --- Running ---

    /** The program as it can be run: compiled, if it was edited. */
    module(): Promise<WebAssembly.Module> {
        const { example, edited, file, source } = this.#subject;
        return edited || example === undefined ? this.#builder.compile(file, source) : loadModule(example);
    }

    /** Resolves when the run has ended: with its recording, or with undefined if something else has taken its place. */
    run(): Promise<Recording | undefined> {
        this.#abandon();
        return new Promise((resolve) => {
            this.#finish = resolve;
            void this.#prepare(this.#wish);
        });
    }

    async #prepare(wish: number): Promise<void> {
        const subject = this.#subject;
        this.#setState("preparing");
        let recording = new Recording(subject);
        try {
            const module = await this.module();
            if (wish !== this.#wish) {
                return;
            }
            recording = new Recording(subject, module);
            this.#begin(recording);
            this.#start(recording, module);
        } catch (error) {
            if (wish === this.#wish) {
                this.#begin(recording);
                const found = error instanceof CompileError && { diagnostics: error.diagnostics };
                this.#end(recording, { type: "failed", message: messageOf(error), ...found });
            }
        }
    }

    #start(recording: Recording, module: WebAssembly.Module): void {
        const { parameters, clock, seed, decisions, injections, permuteReady } = recording.subject!;
        const program = { module, parameters, clock, seed, decisions, injections, permuteReady, base: document.baseURI };
        const run = new Run(program, {
            started: () => {},
            output: (text, stream, time, omitted) => this.#emit("printed", { text, stream, time, omitted }),
            events: (chunk, base) => {
                recording.add(chunk, base);
                this.#emit("grown", recording);
            },
            external: (external) => recording.external.push(external),
            eventsFull: () => {
                recording.full = true;
                this.#emit("grown", recording);
            },
            silent: (seconds) => this.#emit("silent", seconds),
            ended: (ending) => void this.#explain(recording, ending, program),
        });
        this.#run = run;
        this.#setState("running");
    }

    /** Ends the run with what can be found out of its end. */
    async #explain(recording: Recording, ending: Ending, program: Program): Promise<void> {
        const wish = this.#wish;
        const found = this.#builder.explain(ending, program, recording.subject!);
        if (found instanceof Promise) {
            this.#run = undefined;
            this.#setState("explaining");
        }
        const explained = found instanceof Promise ? await found : found;
        if (wish === this.#wish) {
            this.#end(recording, explained);
        }
    }

    /** Shows a recording: that of a run, or one that was made elsewhere. */
    #begin(recording: Recording): void {
        this.#recording = recording;
        this.#step = Infinity;
        this.select(undefined);
        this.#emit("started", recording);
        this.#emit("step", this.step);
    }

    #end(recording: Recording, ending: Ending): void {
        this.#run = undefined;
        recording.close("time" in ending ? ending.time : 0);
        this.#setState("idle");
        const finish = this.#finish;
        this.#finish = undefined; /* who hears of the end may run something else at once */
        this.#emit("ended", { recording, ending });
        finish?.(recording);
    }

    /** Shows a recording that was made elsewhere. */
    open(recording: Recording, ending: Ending = { type: "opened", time: recording.end }): void {
        this.#abandon();
        this.#begin(recording);
        this.#emit("grown", recording);
        for (const { text, stream, time } of recording.output) {
            this.#emit("printed", { text, stream, time, omitted: 0 });
        }
        this.#end(recording, ending);
    }

    /** Cancels the program, so that it can clean up; one that does not answer is ended. One that has ended is explained no further. */
    stop(): void {
        if (this.#run !== undefined) {
            this.#run.stop();
        } else if (this.#state === "explaining") {
            this.#builder.interrupt();
        } else if (this.#state === "preparing") {
            this.#abandon();
            this.#builder.interrupt();
        }
    }

    /** Ends what runs without a word. */
    #abandon(): void {
        this.#wish++;
        if (this.#state === "explaining") {
            this.#builder.interrupt();
        }
        this.#run?.abandon();
        this.#run = undefined;
        this.#finish?.(undefined);
        this.#finish = undefined;
        this.#setState("idle");
    }

    #setState(state: State): void {
        if (state !== this.#state) {
            this.#state = state;
            this.#emit("state", state);
        }
    }

    // --- Looking ---

    /** Goes to where so many steps are made; Infinity: to the end. */
    seek(step: number): void {
        const steps = this.#recording?.steps ?? 0;
        const wanted = step >= steps ? Infinity : Math.max(0, Math.round(step));
        if (wanted !== this.#step) {
            this.#step = wanted;
            this.#emit("step", this.step);
        }
    }

    select(task: number | undefined): void {
        if (task !== this.#selected) {
            this.#selected = task;
            this.#emit("selected", task);
        }
    }
}
