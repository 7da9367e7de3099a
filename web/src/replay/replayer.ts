/** The page's side of the time machine: looks into a recorded run at any of its steps. */

import type { Layouts } from "../compiler/types.ts";
import type { Recording } from "../recording.ts";
import { optionsOf } from "../subject.ts";
import type { Inspection } from "./machine.ts";
import type { FromReplay, ToReplay } from "./protocol.ts";

export type { InspectedFrame, Inspection } from "./machine.ts";
export type { Variable } from "./variables.ts";

interface Request {
    resolve(inspection: Inspection | undefined): void;
    reject(error: Error): void;
}

export class Replayer {
    readonly #recording: Recording;
    readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "time machine" });
    #waiting = new Map<number, Request>();
    #newest = 0;
    #chunks = 0;
    #external = 0;

    /** Only what ran in virtual time, here and now, can be run again. */
    static canReplay(recording: Recording | undefined): recording is Recording {
        return recording?.module !== undefined && recording.subject?.clock === "virtual";
    }

    constructor(recording: Recording, layouts: Layouts = {}) {
        const { module, subject } = recording;
        if (module === undefined || subject === undefined) {
            throw new TypeError("a recording without its program cannot be replayed");
        }
        this.#recording = recording;
        this.#worker.onmessage = ({ data }: MessageEvent<FromReplay>) => this.#receive(data);
        this.#worker.onerror = (event) => {
            event.preventDefault();
            this.#fail(new Error(event.message || "the time machine could not be started"));
        };
        this.#send({ type: "begin", module, choices: optionsOf(subject) });
        this.layouts = layouts;
    }

    /** What clang says of the program's structures; without it only what weft_fields declares is shown. */
    set layouts(layouts: Layouts) {
        this.#send({ type: "layouts", layouts });
    }

    /**
     * Where these tasks stand after so many steps, all of them if none are named. Undefined if something else was asked for before
     * this was begun. Rejects if the program, run again, does not do what it did.
     */
    inspect(step: number, tasks?: readonly number[]): Promise<Inspection | undefined> {
        const { chunks, external } = this.#recording;
        if (this.#chunks < chunks.length || this.#external < external.length) {
            this.#send({ type: "recorded", chunks: chunks.slice(this.#chunks), external: external.slice(this.#external) });
            this.#chunks = chunks.length;
            this.#external = external.length;
        }
        const request = ++this.#newest;
        this.#send({ type: "inspect", request, step, tasks });
        return new Promise((resolve, reject) => this.#waiting.set(request, { resolve, reject }));
    }

    close(): void {
        this.#worker.terminate();
        this.#waiting.forEach(({ resolve }) => resolve(undefined));
        this.#waiting.clear();
    }

    #send(message: ToReplay): void {
        this.#worker.postMessage(message);
    }

    /** Those that were asked for before one that is answered have been dropped. */
    #receive(message: FromReplay): void {
        for (const [request, { resolve, reject }] of this.#waiting) {
            if (request > message.request) {
                continue;
            }
            this.#waiting.delete(request);
            if (request < message.request) {
                resolve(undefined);
            } else if (message.type === "inspection") {
                resolve(message.inspection);
            } else {
                reject(new Error(message.message));
            }
        }
    }

    #fail(error: Error): void {
        this.#waiting.forEach(({ reject }) => reject(error));
        this.#waiting.clear();
    }
}
