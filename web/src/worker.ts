/** Runs one program, then is thrown away. */

import { loadWeft } from "weft";
import type { LoadOptions, Weft } from "weft";
import { recordSize } from "./events.ts";
import { Outbox } from "./outbox.ts";
import type { ErrorReport, FromWorker, Program, ToWorker } from "./protocol.ts";
import { optionsOf } from "./subject.ts";
import { stackFrames, trapOf } from "./traps.ts";

/* The page's timeline keeps this much of the log; a program that never ends must not fill memory with it. */
const eventLimit = 500_000 * recordSize;

const scope = globalThis as unknown as {
    postMessage(message: FromWorker, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

const outbox = new Outbox(
    (output) => scope.postMessage(output),
    () => scope.postMessage({ type: "flooded" }),
);
const abort = new AbortController();

scope.onmessage = ({ data }) => {
    switch (data.type) {
        case "run":
            void run(data.program);
            break;
        case "cancel":
            scope.postMessage({ type: "cancelling" });
            abort.abort("Stop was pressed");
            break;
        case "taken":
            outbox.taken(data.messages);
            break;
        case "ping":
            scope.postMessage({ type: "pong" });
            break;
    }
};

async function run(program: Program): Promise<void> {
    let weft: Weft | undefined;
    (Error as { stackTraceLimit?: number }).stackTraceLimit = stackFrames;
    const now = () => weft?.now() ?? 0;
    try {
        weft = await loadWeft({
            wasm: program.module,
            print: (text, stream) => outbox.print(text, stream, now()),
            onEvent: limitedEvents(),
            base: program.base,
            ...world(program),
        });
    } catch (error) {
        scope.postMessage({ type: "unloadable", message: reportOf(error).message });
        return;
    }
    scope.postMessage({ type: "started" });
    try {
        const ending = await runMain(weft);
        outbox.end();
        scope.postMessage(ending);
    } catch (error) {
        outbox.end();
        const cancelled = abort.signal.aborted && error instanceof Error && error.name === "Cancelled";
        scope.postMessage({ type: "error", error: { ...reportOf(error), ...crashOf(error, weft) }, cancelled, time: now() });
    }
}

/** The clock, and in virtual time what is chosen there and who hears what comes from outside. */
function world(program: Program): Partial<LoadOptions> {
    const { clock, parameters } = program;
    return clock === "real"
        ? { clock, parameters }
        : { clock, ...optionsOf(program), onExternal: (external) => scope.postMessage({ type: "external", external }) };
}

async function runMain(weft: Weft): Promise<FromWorker> {
    const status = await weft.main([], { signal: abort.signal });
    const time = weft.now();
    return status === 0 ? { type: "value", time } : { type: "exit", status, cancelled: abort.signal.aborted, time };
}

function limitedEvents(): (chunk: Uint8Array, base: number) => void {
    let sent = 0;
    return (chunk, base) => {
        if (sent >= eventLimit) {
            return;
        }
        sent += chunk.byteLength;
        const own = ownBytes(chunk);
        scope.postMessage({ type: "events", chunk: own, base }, [own.buffer]);
        if (sent >= eventLimit) {
            scope.postMessage({ type: "events-full" });
        }
    };
}

/** The same bytes in a buffer of their own, which can be transferred. */
function ownBytes(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    const { buffer } = chunk;
    return buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength
        ? (chunk as Uint8Array<ArrayBuffer>)
        : new Uint8Array(chunk);
}

/** The words for a crash, in place of those for its error. */
function crashOf(error: unknown, weft: Weft): Partial<ErrorReport> {
    const trap = trapOf(error, weft);
    const named = (trap?.frames ?? []).filter(({ function: name }) => name !== "").map((frame) => ({ function: frame.function, file: "", line: 0 }));
    return trap === undefined ? {} : { ...trap, traceback: named.reverse() };
}

/** Errors of the program, of WebAssembly and of JavaScript alike. */
function reportOf(error: unknown): ErrorReport {
    if (!(error instanceof Error)) {
        return { name: "Error", message: String(error), traceback: [], errors: [] };
    }
    const { traceback = [], errors = [] } = error as { traceback?: ErrorReport["traceback"]; errors?: unknown[] };
    return {
        name: error.name,
        message: error.message,
        traceback: traceback.map(({ function: name, file, line }) => ({ function: name, file, line })),
        errors: Array.from(errors, reportOf),
    };
}
