/** CPython in a worker of its own, which is loaded at the first run and ended by whoever stops a program. */

import type { FromPython, ToPython } from "./protocol.ts";

export interface PythonListener {
    progress(loaded: number, total: number): void;
    /** It is loaded, and the program begins. */
    began(version: string): void;
    output(text: string, stream: "stdout" | "stderr", time: number, omitted: number): void;
    events(chunk: Uint8Array, base: number): void;
    eventsFull(): void;
    /** Once, at the end; with a traceback if the program failed. */
    ended(failure: string | undefined): void;
    /** Once instead, if CPython could not be loaded or the program was ended from outside. */
    lost(why: string): void;
}

/* A program on the virtual clock never waits: one that takes this long does not end by itself. */
const patience = 20_000;

export class Python {
    #worker: Worker | undefined;
    #version: string | undefined;
    #listener: PythonListener | undefined;
    #runaway: ReturnType<typeof setTimeout> | undefined;
    #program = { file: "", source: "" };

    get running(): boolean {
        return this.#listener !== undefined;
    }

    get loaded(): boolean {
        return this.#version !== undefined;
    }

    run(file: string, source: string, listener: PythonListener): void {
        this.stop("");
        this.#listener = listener;
        this.#program = { file, source };
        if (this.#worker === undefined) {
            this.#worker = new Worker(new URL("./python-worker.ts", import.meta.url), { type: "module", name: "python" });
            this.#worker.onmessage = ({ data }: MessageEvent<FromPython>) => this.#receive(data);
            this.#worker.onerror = (event) => {
                event.preventDefault();
                this.stop(event.message || "the worker could not be started");
            };
            this.#send({ type: "load", base: document.baseURI });
        } else if (this.#version !== undefined) {
            this.#begin(this.#version);
        }
    }

    /** Ends the program, if one runs, and the worker with it; its listener hears why. */
    stop(why: string): void {
        const listener = this.#listener;
        if (listener !== undefined) {
            clearTimeout(this.#runaway);
            this.#listener = undefined;
            this.#worker?.terminate();
            this.#worker = this.#version = undefined;
            listener.lost(why);
        }
    }

    #begin(version: string): void {
        this.#listener?.began(version);
        this.#runaway = setTimeout(() => this.stop(`it was ended, since it ran for more than ${patience / 1000} seconds`), patience);
        this.#send({ type: "run", ...this.#program });
    }

    #receive(message: FromPython): void {
        const listener = this.#listener;
        switch (message.type) {
            case "progress":
                listener?.progress(message.loaded, message.total);
                break;
            case "loaded":
                this.#version = message.version;
                this.#begin(message.version);
                break;
            case "unloadable":
                this.stop(message.message);
                break;
            case "output":
                listener?.output(message.text, message.stream, message.time, message.omitted);
                break;
            case "events":
                listener?.events(message.chunk, message.base);
                break;
            case "events-full":
                listener?.eventsFull();
                break;
            case "ended":
                clearTimeout(this.#runaway);
                this.#listener = undefined;
                listener?.ended(message.failure);
                break;
        }
    }

    #send(message: ToPython): void {
        this.#worker?.postMessage(message);
    }
}
