/**
 * Checking as one types: the first edit loads the compiler, and a pause in the typing checks what is there then. An answer about a text that
 * has changed meanwhile is not shown: the next check is under way.
 */

import type { Diagnostic, Progress } from "../compiler/types.ts";
import { messageOf } from "../format.ts";
import type { Service } from "./service.ts";

export type State =
    | { type: "unused" }
    | { type: "loading"; progress: Progress | undefined }
    | { type: "unloaded"; message: string }
    | { type: "checking" }
    | { type: "checked" }
    | { type: "failed"; message: string };

export interface Program {
    file: string;
    source: string;
}

export class Checking {
    readonly #service: Service;
    readonly #program: () => Program;
    readonly #show: (diagnostics: readonly Diagnostic[]) => void;
    readonly #changed: (state: State) => void;
    readonly #pause: number;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #loading = false;
    /** What a compilation has found, and in which text. */
    #compiled: { program: Program; diagnostics: readonly Diagnostic[] } | undefined;
    #state: State = { type: "unused" };

    /** `program` is what there is to check now; `pause` is in milliseconds. */
    constructor(
        service: Service,
        program: () => Program,
        { show, changed, pause = 250 }: { show: (diagnostics: readonly Diagnostic[]) => void; changed: (state: State) => void; pause?: number },
    ) {
        this.#service = service;
        this.#program = program;
        this.#show = show;
        this.#changed = changed;
        this.#pause = pause;
        service.onProgress((progress) => {
            if (this.#loading) {
                this.#set({ type: "loading", progress });
            } else if (this.#state.type === "unloaded" && progress.phase === "downloading") {
                void this.load(); /* somebody else tries again: a run */
            }
        });
    }

    get state(): State {
        return this.#state;
    }

    /** The text has changed. */
    edited(): void {
        clearTimeout(this.#timer);
        if (this.#service.ready) {
            this.#set({ type: "checking" });
            this.#timer = setTimeout(() => void this.#check(), this.#pause);
        } else if (!this.#loading && this.#state.type !== "unloaded") {
            void this.load();
        }
    }

    /** There is another program, of which nothing is to be checked yet. */
    reset(): void {
        clearTimeout(this.#timer);
        if (!this.#loading) {
            this.#set({ type: "unused" });
        }
        this.#show([]);
    }

    /** Loads the compiler, as far as that is not done, and checks. */
    async load(): Promise<void> {
        this.#loading = true;
        this.#set({ type: "loading", progress: undefined });
        try {
            await this.#service.load();
        } catch (error) {
            this.#set({ type: "unloaded", message: messageOf(error) });
            return;
        } finally {
            this.#loading = false;
        }
        await this.#check();
    }

    /** A compilation did not come to its end: this is all there is to say of its text, what no check finds included. */
    compiled(program: Program, diagnostics: readonly Diagnostic[]): void {
        this.#compiled = { program, diagnostics };
        if (this.#isCurrent(program)) {
            this.#show(diagnostics);
        }
    }

    #isCurrent({ file, source }: Program): boolean {
        return this.#program().source === source && this.#program().file === file;
    }

    async #check(): Promise<void> {
        const { file, source } = this.#program();
        const current = () => this.#isCurrent({ file, source });
        this.#set({ type: "checking" });
        try {
            const diagnostics = await this.#service.check(file, source);
            if (current()) {
                const known = this.#compiled !== undefined && this.#isCurrent(this.#compiled.program);
                this.#show(known ? this.#compiled!.diagnostics : diagnostics);
                this.#set({ type: "checked" });
            }
        } catch (error) {
            if (current() && !(error instanceof Error && error.name === "Superseded")) {
                this.#set({ type: "failed", message: messageOf(error) });
            }
        }
    }

    #set(state: State): void {
        this.#state = state;
        this.#changed(state);
    }
}
