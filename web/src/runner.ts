/** Runs a program in a worker of its own and can always end it. */

import type { ErrorReport, FromWorker, Program, ToWorker } from "./protocol.ts";

export type Ending =
    | { type: "value"; value: string; time: number }
    | { type: "error"; error: ErrorReport; time: number }
    /** main returned this, and has said why on stderr. */
    | { type: "exit"; status: number; time: number }
    /** Stopped by the person: it was cancelled and cleaned up, or it did not answer and was ended. */
    | { type: "cancelled"; time: number }
    | { type: "terminated" }
    | { type: "failed"; message: string }
    /** It was a recording, which is whole. */
    | { type: "opened"; time: number };

export interface Listener {
    started(): void;
    output(text: string, stream: "stdout" | "stderr", time: number, omitted: number): void;
    events(chunk: Uint8Array, base: number): void;
    eventsFull(): void;
    /** Called once, last. */
    ended(ending: Ending): void;
}

/* How many milliseconds a stopped program may take to hear of it, which one that never gives the thread back does not, and then
   to clean up, before it is ended. */
const patience = { hear: 500, cleanUp: 3000 };

export class Run {
    readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "program" });
    readonly #listener: Listener;
    #over = false;
    #patience: ReturnType<typeof setTimeout> | undefined;

    constructor(program: Program, listener: Listener) {
        this.#listener = listener;
        this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
        this.#worker.onerror = (event) => {
            event.preventDefault();
            this.#end({ type: "failed", message: event.message || "the worker could not be started" });
        };
        this.#send({ type: "run", program });
    }

    /** Cancels the program; one that does not end by itself, or is stopped once more, is terminated. */
    stop(): void {
        if (this.#patience !== undefined) {
            this.#end({ type: "terminated" });
            return;
        }
        this.#send({ type: "cancel" });
        this.#endAfter(patience.hear);
    }

    #endAfter(milliseconds: number): void {
        clearTimeout(this.#patience);
        this.#patience = setTimeout(() => this.#end({ type: "terminated" }), milliseconds);
    }

    /** Ends the program without a word. */
    abandon(): void {
        this.#over = true;
        this.#worker.terminate();
    }

    #send(message: ToWorker): void {
        this.#worker.postMessage(message);
    }

    #receive(message: FromWorker): void {
        if (this.#over) {
            return;
        }
        switch (message.type) {
            case "started":
                this.#listener.started();
                break;
            case "output":
                this.#listener.output(message.text, message.stream, message.time, message.omitted);
                this.#send({ type: "taken", messages: 1 });
                break;
            case "events":
                this.#listener.events(message.chunk, message.base);
                break;
            case "events-full":
                this.#listener.eventsFull();
                break;
            case "cancelling":
                this.#endAfter(patience.cleanUp);
                break;
            case "value":
                this.#end(message);
                break;
            case "error":
            case "exit":
                this.#end(message.cancelled ? { type: "cancelled", time: message.time } : message);
                break;
            case "unloadable":
                this.#end({ type: "failed", message: message.message });
                break;
        }
    }

    #end(ending: Ending): void {
        if (!this.#over) {
            this.#over = true;
            clearTimeout(this.#patience);
            this.#worker.terminate();
            this.#listener.ended(ending);
        }
    }
}
