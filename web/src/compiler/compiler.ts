/** The compiler as the page has it: clang in a worker, loaded when it is first needed. */

import type { FromWorker, Job, JobName, Jobs, ToWorker } from "./protocol.ts";
import type { Compiled, Completion, Diagnostic, Layouts, Place, Position, Progress } from "./types.ts";

export type * from "./types.ts";

/** What a check or completion rejects with that gave way to a newer one, or to nothing, since the page was left. */
export class Superseded extends Error {
    override name = "Superseded";
}

interface Waiting {
    job: Job;
    resolve: (result: never) => void;
    reject: (error: Error) => void;
}

/* What a person waits for goes first; of the others only the newest is of use to anybody. */
const urgency: Record<JobName, number> = { load: 0, compile: 1, places: 1, instrument: 1, complete: 2, check: 3, layouts: 4 };
const onlyNewest: ReadonlySet<JobName> = new Set(["check", "complete", "layouts"]);

/* No job takes as long, in milliseconds, unless the program has more in it than the compiler can hold: an array of gigabytes, say. */
const limit = 60_000;

export class Compiler {
    #worker: Worker | undefined;
    #waiting: Waiting[] = [];
    #running: Waiting | undefined;
    #limit: ReturnType<typeof setTimeout> | undefined;
    #id = 0;
    #listeners = new Set<(progress: Progress) => void>();
    #progress: Progress = { loaded: 0, total: 0, phase: "downloading" };
    /** The last program that was compiled: to run it again needs no compiler. */
    #latest: { file: string; source: string; compiled: Compiled } | undefined;

    /** Calls the listener whenever loading goes on; returns what ends that. */
    onProgress(listener: (progress: Progress) => void): () => void {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }

    /** Whether it is loaded. */
    get ready(): boolean {
        return this.#progress.phase === "ready";
    }

    /** Loads it, once; rejects if it cannot be had. The next job, or another call, tries again. */
    load(): Promise<void> {
        return this.ready ? Promise.resolve() : this.#perform({ name: "load" });
    }

    /** Compiles a program against weft and links it, its undefined behaviour checked, its memory limited. */
    async compile(file: string, source: string): Promise<Compiled> {
        const latest = this.#latest;
        if (latest?.file === file && latest.source === source) {
            return latest.compiled;
        }
        const compiled = await this.#perform({ name: "compile", file, source });
        this.#latest = { file, source, compiled };
        return compiled;
    }

    /** Errors and warnings. Rejects with Superseded where a newer check came before it had begun. */
    check(file: string, source: string): Promise<Diagnostic[]> {
        return this.#perform({ name: "check", file, source });
    }

    /** What can stand at a place. Superseded as checks are. */
    complete(file: string, source: string, position: Position): Promise<Completion[]> {
        return this.#perform({ name: "complete", file, source, position });
    }

    /** Superseded as checks are. What compiles has them from `compile` already. */
    async layouts(file: string, source: string): Promise<Layouts> {
        const latest = this.#latest;
        return latest?.file === file && latest.source === source && latest.compiled.layouts !== undefined
            ? latest.compiled.layouts
            : this.#perform({ name: "layouts", file, source });
    }

    /** The program with a counter at every branch, to find where it spins; undefined if it does not compile. */
    instrumented(file: string, source: string): Promise<ArrayBuffer | undefined> {
        return this.#perform({ name: "instrument", file, source });
    }

    /** Where addresses in a module that was compiled here are in its source. */
    places(module: ArrayBuffer, offsets: number[]): Promise<(Place | undefined)[]> {
        return this.#perform({ name: "places", module, offsets });
    }

    /** Ends a compilation that is under way; what waits for it hears that. */
    interrupt(): void {
        if (this.ready && this.#running?.job.name === "compile") {
            this.#crashed("it was stopped");
        }
    }

    #perform<Name extends JobName>(job: { name: Name } & Jobs[Name]["takes"]): Promise<Jobs[Name]["gives"]> {
        return new Promise((resolve, reject) => {
            if (onlyNewest.has(job.name)) {
                this.#drop(job.name);
            }
            this.#waiting.push({ job: job as unknown as Job, resolve: resolve as (result: never) => void, reject });
            this.#next();
        });
    }

    #drop(name: JobName): void {
        const old = this.#waiting.filter(({ job }) => job.name === name);
        this.#waiting = this.#waiting.filter(({ job }) => job.name !== name);
        for (const { reject } of old) {
            reject(new Superseded(`a newer ${name} took its place`));
        }
    }

    #next(): void {
        if (this.#running !== undefined || this.#waiting.length === 0) {
            return;
        }
        const first = this.#waiting.reduce((best, candidate) => (urgency[candidate.job.name] < urgency[best.job.name] ? candidate : best));
        this.#waiting.splice(this.#waiting.indexOf(first), 1);
        this.#running = first;
        const message: ToWorker = { id: ++this.#id, base: new URL("compiler/", document.baseURI).href, job: first.job };
        this.#started().postMessage(message);
        this.#watch();
    }

    /** Loading takes what the network takes; only from then on a job has its limit. */
    #watch(): void {
        if (this.ready && this.#running !== undefined) {
            this.#limit = setTimeout(() => this.#crashed(`clang was not done after ${limit / 1000} s and was ended`), limit);
        }
    }

    #started(): Worker {
        if (this.#worker === undefined) {
            this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "compiler" });
            this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
            this.#worker.onerror = (event) => {
                event.preventDefault();
                this.#crashed(event.message || "the compiler's worker could not be started");
            };
        }
        return this.#worker;
    }

    #receive(message: FromWorker): void {
        if (message.type === "progress") {
            this.#tell(message.progress);
            if (message.progress.phase === "ready") {
                this.#watch();
            }
            return;
        }
        const done = this.#running;
        if (done === undefined || message.id !== this.#id) {
            return;
        }
        this.#running = undefined;
        clearTimeout(this.#limit);
        if (message.type === "done") {
            done.resolve(message.result as never);
        } else {
            done.reject(new Error(message.message));
        }
        this.#next();
    }

    /** A crash is its end: the next job starts another one. */
    #crashed(message: string): void {
        clearTimeout(this.#limit);
        this.#worker?.terminate();
        this.#worker = undefined;
        this.#tell({ ...this.#progress, phase: "failed" });
        const failed = this.#running;
        this.#running = undefined;
        failed?.reject(new Error(message));
        this.#next();
    }

    #tell(progress: Progress): void {
        this.#progress = progress;
        for (const listener of this.#listeners) {
            listener(progress);
        }
    }
}
