/** One of those that are measured, in a worker of its own from the first measurement to the last. */

import type { FromSubject, ToSubject } from "./protocol.ts";
import type { SubjectName } from "./workloads.ts";

const start: Record<SubjectName, () => Worker> = {
    weft: () => new Worker(new URL("./weft-worker.ts", import.meta.url), { type: "module", name: "weft" }),
    promises: () => new Worker(new URL("./promises-worker.ts", import.meta.url), { type: "module", name: "promises" }),
    python: () => new Worker(new URL("./python-worker.ts", import.meta.url), { type: "module", name: "python" }),
};

export class Subject {
    readonly name: SubjectName;
    version = "";
    /** The least step of its clock, milliseconds. */
    resolution = NaN;
    readonly #worker: Worker;
    readonly #onProgress: (loaded: number, total: number) => void;
    #waiting: { resolve(message: FromSubject): void; reject(error: Error): void } | undefined;

    constructor(name: SubjectName, onProgress: (loaded: number, total: number) => void) {
        this.name = name;
        this.#onProgress = onProgress;
        this.#worker = start[name]();
        this.#worker.onmessage = ({ data }: MessageEvent<FromSubject>) => this.#receive(data);
        this.#worker.onerror = (event) => {
            event.preventDefault();
            this.#waiting?.reject(new Error(event.message || "the worker could not be started"));
        };
    }

    async load(): Promise<void> {
        const loaded = await this.#ask({ type: "load", base: document.baseURI });
        if (loaded.type === "loaded") {
            this.version = loaded.version;
            this.resolution = loaded.resolution;
        }
    }

    async measure(row: string, amount: number): Promise<number> {
        const measured = await this.#ask({ type: "measure", row, amount });
        return measured.type === "measured" ? measured.milliseconds : NaN;
    }

    end(): void {
        this.#worker.terminate();
        this.#waiting?.reject(new DOMException("stopped", "AbortError"));
    }

    #ask(message: ToSubject): Promise<FromSubject> {
        return new Promise((resolve, reject) => {
            this.#waiting = { resolve, reject };
            this.#worker.postMessage(message);
        });
    }

    #receive(message: FromSubject): void {
        if (message.type === "progress") {
            this.#onProgress(message.loaded, message.total);
        } else if (message.type === "failed") {
            this.#waiting?.reject(new Error(message.message));
        } else {
            this.#waiting?.resolve(message);
        }
    }
}
