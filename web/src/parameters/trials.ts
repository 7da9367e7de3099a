/** Runs of a program in virtual time, as quick as they can be, in a worker that is replaced if one never answers. */

import type { External } from "weft";
import type { Choices } from "../subject.ts";

export interface TrialProgram extends Choices {
    module: WebAssembly.Module;
    /** What its relative addresses are relative to. */
    base: string;
    /** Whether its log is wanted. */
    recorded: boolean;
}

export interface Trial {
    outcome: "ended" | "failed" | "endless";
    /** Of its end, or how far it came. */
    time: number;
    /** main's exit status; null without an end, and after a crash. */
    status: number | null;
    /** Why it failed, or has no end. */
    words: string;
    chunks: { bytes: Uint8Array<ArrayBuffer>; base: number }[];
    /** What came from outside. */
    external: External[];
}

/* Milliseconds; longer than the worker's own patience, which a step that never ends outlasts. */
const patience = 2000;

export class Trials {
    #worker: Worker | undefined;

    /** One at a time. */
    run(program: TrialProgram): Promise<Trial> {
        const worker = (this.#worker ??= new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "trials" }));
        return new Promise((resolve) => {
            const giveUp = (words: string) => {
                worker.terminate();
                this.#worker = undefined;
                resolve({ outcome: "endless", time: 0, status: null, words, chunks: [], external: [] });
            };
            const timer = setTimeout(giveUp, patience, "does not end");
            worker.onmessage = ({ data }: MessageEvent<Trial>) => {
                clearTimeout(timer);
                resolve(data);
            };
            worker.onerror = (event) => {
                event.preventDefault();
                clearTimeout(timer);
                giveUp(event.message);
            };
            worker.postMessage(program);
        });
    }
}
