/** Programs that were edited: compiled to be run, and explained where they ended badly. */

import type { ErrorReport, Program } from "../protocol.ts";
import { Run } from "../runner.ts";
import type { Ending } from "../runner.ts";
import type { Subject } from "../subject.ts";
import type { Frame } from "../traps.ts";
import type { Builder } from "../workbench.ts";
import { CompileError } from "./compile-error.ts";
import type { Compiler } from "./compiler.ts";
import type { Place } from "./types.ts";

/* How long the search for the line of a program that spins may take, in milliseconds: it is done in a second or never. */
const searchLimit = 8000;

export class LiveCode implements Builder {
    readonly #compiler: Compiler;
    /** Ends the search for the line of a program that spins. */
    #search = new AbortController();
    /** The bytes of what was compiled here, for its debug information. */
    readonly #bytes = new WeakMap<WebAssembly.Module, ArrayBuffer>();

    constructor(compiler: Compiler) {
        this.#compiler = compiler;
    }

    async compile(file: string, source: string): Promise<WebAssembly.Module> {
        const { module: bytes, diagnostics } = await this.#compiler.compile(file, source);
        if (bytes === undefined) {
            throw new CompileError(file, diagnostics);
        }
        return this.#moduleOf(bytes);
    }

    interrupt(): void {
        this.#search.abort();
        this.#compiler.interrupt();
    }

    async #moduleOf(bytes: ArrayBuffer): Promise<WebAssembly.Module> {
        const module = await WebAssembly.compile(bytes);
        this.#bytes.set(module, bytes);
        return module;
    }

    /** An ending as it is, at once, where there is nothing to add. What cannot be found out is left out. */
    explain(ending: Ending, program: Program, subject: Subject): Ending | Promise<Ending> {
        if (ending.type === "error" && ending.error.frames !== undefined && this.#bytes.has(program.module)) {
            return this.#crash(ending, program.module).catch(() => ending);
        }
        if (ending.type === "terminated" && ending.why === "deaf" && this.#compiler.ready) {
            return this.#spin(ending, program, subject).catch(() => ending);
        }
        return ending;
    }

    async #crash(ending: Extract<Ending, { type: "error" }>, module: WebAssembly.Module): Promise<Ending> {
        const places = await this.#places(module, ending.error.frames ?? []);
        return places.length === 0 ? ending : { ...ending, error: placed(ending.error, places) };
    }

    /** Runs it again, compiled so that it ends itself where it spins. In virtual time, since it may have slept before. */
    async #spin(ending: Extract<Ending, { type: "terminated" }>, program: Program, subject: Subject): Promise<Ending> {
        const { signal } = (this.#search = new AbortController());
        const bytes = await this.#compiler.instrumented(subject.file, subject.source);
        if (bytes === undefined) {
            return ending;
        }
        const module = await this.#moduleOf(bytes);
        const error = await errorOf({ ...program, module, clock: "virtual" }, signal);
        const [place] = await this.#places(module, error?.frames ?? []);
        return place === undefined ? ending : { ...ending, place };
    }

    /** Innermost first, without the functions that have no debug information: weft's own. */
    async #places(module: WebAssembly.Module, frames: Frame[]): Promise<Place[]> {
        const bytes = this.#bytes.get(module);
        const places = bytes && (await this.#compiler.places(bytes, frames.map(({ offset }) => offset)));
        /* At its line only, where the stack has the name. */
        return (places ?? []).flatMap((place, index) => (place === undefined ? [] : [{ ...place, function: place.function || frames[index]!.function }]));
    }
}

/** The error by which a program ends; undefined if it ends otherwise, takes too long, or nobody wants to know any more. */
function errorOf(program: Program, signal: AbortSignal): Promise<ErrorReport | undefined> {
    return new Promise((resolve) => {
        const ignored = { started() {}, output() {}, events() {}, external() {}, eventsFull() {}, silent() {} };
        const run = new Run(program, { ...ignored, ended: (ending) => finish(ending.type === "error" ? ending.error : undefined) });
        const limit = setTimeout(() => finish(undefined), searchLimit);
        const finish = (error: ErrorReport | undefined) => {
            clearTimeout(limit);
            run.abandon();
            resolve(error);
        };
        signal.addEventListener("abort", () => finish(undefined));
        if (signal.aborted) {
            finish(undefined);
        }
    });
}

/** The traceback by lines in place of the one by names; the message says the innermost, unless it does already. */
function placed(error: ErrorReport, places: Place[]): ErrorReport {
    const [innermost] = places;
    const at = innermost && ` at ${innermost.file}:${innermost.line}`;
    const message = at === undefined || error.message.includes(at) ? error.message : error.message + at;
    return { ...error, message, traceback: places.toReversed() };
}
