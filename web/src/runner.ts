/** Runs a program in a worker of its own and can always end it. */

import type { External } from "weft";
import type { Diagnostic, Place } from "./compiler/types.ts";
import type { ErrorReport, FromWorker, Program, ToWorker } from "./protocol.ts";

export type Ending =
    | { type: "value"; time: number }
    | { type: "error"; error: ErrorReport; time: number }
    /** main returned this, and has said why on stderr. */
    | { type: "exit"; status: number; time: number }
    /** Stopped by the person: it was cancelled and cleaned up. */
    | { type: "cancelled"; time: number }
    | { type: "terminated"; why: Why; place?: Place }
    /** It did not begin; what the compiler says of that is there, too. */
    | { type: "failed"; message: string; diagnostics?: readonly Diagnostic[] }
    /** It was a recording, which is whole. */
    | { type: "opened"; time: number };

/** Why a program was ended: it did not give the thread back; it was cancelled and did not come to its end; in virtual time it would
 *  never end; it printed more than it may. */
export type Why = "deaf" | "unfinished" | "endless" | "flood";

export interface Listener {
    started(): void;
    output(text: string, stream: "stdout" | "stderr", time: number, omitted: number): void;
    events(chunk: Uint8Array, base: number): void;
    external(external: External): void;
    eventsFull(): void;
    /** It has not given the thread back for so many seconds; 0: it has again. */
    silent(seconds: number): void;
    /** Called once, last. */
    ended(ending: Ending): void;
}

/* How many milliseconds a stopped program may take to hear of it, which one that never gives the thread back does not, and then
   to clean up, before it is ended. */
const patience = { hear: 500, cleanUp: 3000 };

/* How often it is asked whether it listens, in milliseconds, and how many questions without an answer are told. */
const questionEvery = 500;
const questionsTold = 4;

/* What a program may take in virtual time, where nothing waits: seconds for one step, and for all of it. */
const virtualLimits = { step: 10, all: 20 };

export class Run {
    readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "program" });
    readonly #listener: Listener;
    #over = false;
    #patience: ReturnType<typeof setTimeout> | undefined;
    readonly #questions: ReturnType<typeof setInterval>;
    readonly #limits: typeof virtualLimits;
    #asked = 0;
    #unanswered = 0;

    constructor(program: Program, listener: Listener) {
        this.#listener = listener;
        this.#limits = program.clock === "virtual" ? virtualLimits : { step: Infinity, all: Infinity };
        this.#questions = setInterval(() => this.#ask(), questionEvery);
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
            this.#terminate(this.#unanswered > 1 ? "deaf" : "unfinished");
            return;
        }
        this.#send({ type: "cancel" });
        this.#endAfter(patience.hear, "deaf");
    }

    #endAfter(milliseconds: number, why: Why): void {
        clearTimeout(this.#patience);
        this.#patience = setTimeout(() => this.#terminate(why), milliseconds);
    }

    #terminate(why: Why): void {
        this.#end({ type: "terminated", why });
    }

    /** Questions are counted, not time: a machine that slept has not been asked. */
    #ask(): void {
        const seconds = (questions: number) => (questions * questionEvery) / 1000;
        if (this.#unanswered >= questionsTold && this.#patience === undefined) {
            this.#listener.silent(Math.floor(seconds(this.#unanswered)));
        }
        if (seconds(this.#unanswered) >= this.#limits.step) {
            this.#terminate("deaf");
        } else if (seconds(this.#asked) >= this.#limits.all) {
            this.#terminate("endless");
        } else {
            this.#asked++;
            this.#unanswered++;
            this.#send({ type: "ping" });
        }
    }

    #answered(): void {
        if (this.#unanswered >= questionsTold) {
            this.#listener.silent(0);
        }
        this.#unanswered = 0;
    }

    /** Ends the program without a word. */
    abandon(): void {
        this.#over = true;
        clearInterval(this.#questions);
        clearTimeout(this.#patience);
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
            case "pong":
                this.#answered();
                break;
            case "flooded":
                this.#terminate("flood");
                break;
            case "external":
                this.#listener.external(message.external);
                break;
            case "events-full":
                this.#listener.eventsFull();
                break;
            case "cancelling":
                this.#endAfter(patience.cleanUp, "unfinished");
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
            clearInterval(this.#questions);
            this.#worker.terminate();
            this.#listener.ended(ending);
        }
    }
}
