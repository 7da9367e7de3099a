/** Runs one program, then is thrown away. */

import { loadWeft } from "weft";
import type { Value, Weft } from "weft";
import { recordSize } from "./events.ts";
import { Outbox } from "./outbox.ts";
import type { ErrorReport, FromWorker, Program, ToWorker } from "./protocol.ts";

/* The page's timeline keeps this much of the log; a program that never ends must not fill memory with it. */
const eventLimit = 500_000 * recordSize;

const scope = globalThis as unknown as {
    postMessage(message: FromWorker, transfer?: Transferable[]): void;
    onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

const outbox = new Outbox((output) => scope.postMessage(output));
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
    }
};

async function run(program: Program): Promise<void> {
    let weft: Weft | undefined;
    const now = () => weft?.now() ?? 0;
    const sendEvents = limitedEvents();
    try {
        weft = await loadWeft({
            wasm: typeof program.wasm === "string" ? fetchModule(program.wasm) : program.wasm,
            clock: program.clock,
            print: (text, stream) => outbox.print(text, stream, now()),
            onEvent: sendEvents,
        });
    } catch (error) {
        scope.postMessage({ type: "unloadable", message: reportOf(error).message });
        return;
    }
    scope.postMessage({ type: "started" });
    try {
        const value = await weft.run(program.coroutine, program.fields, { signal: abort.signal });
        outbox.end(now());
        scope.postMessage({ type: "value", value: valueText(value), time: now() });
    } catch (error) {
        outbox.end(now());
        const cancelled = abort.signal.aborted && error instanceof Error && error.name === "Cancelled";
        scope.postMessage({ type: "error", error: reportOf(error), cancelled, time: now() });
    }
}

async function fetchModule(address: string): Promise<Response> {
    const response = await fetch(address);
    if (!response.ok) {
        throw new Error(`${address} could not be fetched: ${response.status} ${response.statusText}`);
    }
    return response;
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

function valueText(value: Value): string {
    return value === null ? "" : typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Errors of the program, of WebAssembly and of JavaScript alike. */
function reportOf(error: unknown): ErrorReport {
    if (!(error instanceof Error)) {
        return { name: "Error", message: String(error), traceback: [], errors: [] };
    }
    const { traceback = [], errors = [] } = error as { traceback?: ErrorReport["traceback"]; errors?: unknown[] };
    return {
        name: error.cause instanceof WebAssembly.RuntimeError ? "WebAssembly trap" : error.name,
        message: error.message,
        traceback: traceback.map(({ function: name, file, line }) => ({ function: name, file, line })),
        errors: Array.from(errors, reportOf),
    };
}
