/** Runs of one program, each of which comes back, however the program behaves. */

import { endingOf } from "weft/explore";
import type { Fault, Place } from "./faults.ts";
import type { Inputs, Program, Ran } from "./program.ts";
import type { Answer, Brief, Request } from "./protocol.ts";

/* What takes longer is a single step that never ends: all else the worker ends by itself. */
const patience = 6000;

const stuck: Omit<Ran, "chunks"> = {
    ...endingOf({ status: null, endless: "a step did not end", output: "" }),
    decisions: [],
    time: 0,
    stderr: "",
    blocks: null,
};

export class Runs {
    readonly #program: Program;
    readonly #source: string;
    readonly #signal: AbortSignal;
    #worker: Worker | undefined;
    /** What the worker has been told last about where tasks can be cancelled, for one that takes its place. */
    #ordinary: Inputs | undefined;

    constructor(program: Program, source: string, signal: AbortSignal) {
        this.#program = program;
        this.#source = source;
        this.#signal = signal;
        signal.addEventListener("abort", () => this.close());
    }

    async run(inputs: Inputs): Promise<Ran> {
        const answer = await this.#ask({ type: "run", inputs });
        return answer?.type === "ran" ? answer.ran : { ...stuck, chunks: [] };
    }

    /** Where tasks can be cancelled in a run; undefined if it does not come to an end. */
    async places(inputs: Inputs): Promise<{ places: Place[]; brief: Brief } | undefined> {
        const answer = await this.#ask({ type: "places", inputs });
        this.#ordinary = inputs;
        return answer?.type === "places" ? answer : undefined;
    }

    /** What goes wrong if a task is cancelled there, which does not otherwise. */
    async cancel(inputs: Inputs, place: Place): Promise<Fault[]> {
        const answer = await this.#ask({ type: "cancel", inputs, place });
        return answer?.type === "faults" ? answer.faults : [{ kind: "endless", words: stuck.words, place }];
    }

    close(): void {
        this.#worker?.terminate();
        this.#worker = undefined;
    }

    /** Undefined if no answer came in time: then the worker is gone, too. */
    async #ask(request: Request): Promise<Answer | undefined> {
        this.#signal.throwIfAborted();
        if (this.#worker === undefined) {
            const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "orders" });
            this.#worker = worker;
            await this.#send(worker, { type: "program", program: this.#program, source: this.#source });
            if (this.#ordinary !== undefined && request.type === "cancel") {
                await this.#send(worker, { type: "places", inputs: this.#ordinary });
            }
        }
        return this.#worker && this.#send(this.#worker, request);
    }

    #send(worker: Worker, request: Request): Promise<Answer | undefined> {
        return new Promise((resolve, reject) => {
            const end = () => {
                clearTimeout(timer);
                this.#signal.removeEventListener("abort", aborted);
            };
            const aborted = () => {
                end();
                reject(this.#signal.reason);
            };
            const timer = setTimeout(() => {
                end();
                this.close();
                resolve(undefined);
            }, patience);
            this.#signal.addEventListener("abort", aborted);
            worker.onmessage = ({ data }: MessageEvent<Answer>) => {
                end();
                if (data.type === "failed") {
                    reject(new Error(data.message));
                } else {
                    resolve(data);
                }
            };
            worker.onerror = (event) => {
                event.preventDefault();
                end();
                reject(new Error(event.message || "the worker could not be started"));
            };
            worker.postMessage(request);
        });
    }
}
