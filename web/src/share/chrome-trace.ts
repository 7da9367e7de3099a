/** A recording as a Chrome trace: core/trace.c does it, in a module of its own (web/trace). */

import { recordSize } from "../events.ts";

interface TraceModule {
    memory: WebAssembly.Memory;
    _initialize(): void;
    allocate(size: number): number;
    begin(host: number): number;
    feed(trace: number, records: number, count: number): void;
    end(trace: number): void;
}

export interface Log {
    host: number;
    chunks: readonly { bytes: Uint8Array }[];
    /** By the names that the log has for them. */
    sources: ReadonlyMap<string, string>;
}

/* A chunk of the log at most, so that a long one needs no more memory than a short one. */
const pieceSize = 2048 * recordSize;

/** The text of the trace, in pieces. */
export async function chromeTrace(module: WebAssembly.Module, { host, chunks, sources }: Log): Promise<Uint8Array<ArrayBuffer>[]> {
    const written: Uint8Array<ArrayBuffer>[] = [];
    const instance = await WebAssembly.instantiate(module, {
        env: {
            page_write: (text: number, length: number) => void written.push(new Uint8Array(c.memory.buffer.slice(text, text + length))),
            page_source: (path: number, length: number) => giveSource(c, sources, path, length),
            emscripten_notify_memory_growth() {},
        },
    });
    const c = instance.exports as unknown as TraceModule;
    c._initialize();
    const trace = c.begin(host);
    if (trace === 0) {
        throw new RangeError("no memory for a trace");
    }
    for (const piece of chunks.flatMap(({ bytes }) => piecesOf(bytes))) {
        c.feed(trace, copyIn(c, piece), piece.length / recordSize);
    }
    c.end(trace);
    return written;
}

/** Chunks as the core hands them over: a string and its text stay together. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; ) {
        const isString = view.getUint8(at + 24) === 1;
        const next = at + recordSize + (isString ? Math.ceil(view.getUint32(at + 28, true) / recordSize) * recordSize : 0);
        if (next - start > pieceSize && at > start) {
            pieces.push(bytes.subarray(start, at));
            start = at;
        }
        at = next;
    }
    pieces.push(bytes.subarray(start));
    return pieces;
}

function copyIn(c: TraceModule, bytes: Uint8Array): number {
    const place = c.allocate(Math.max(bytes.length, 1));
    if (place === 0) {
        throw new RangeError("no memory for a trace");
    }
    new Uint8Array(c.memory.buffer, place, bytes.length).set(bytes);
    return place;
}

function giveSource(c: TraceModule, sources: ReadonlyMap<string, string>, path: number, length: number): number {
    const memory = new Uint8Array(c.memory.buffer);
    const source = sources.get(new TextDecoder().decode(memory.subarray(path, memory.indexOf(0, path))));
    if (source === undefined) {
        return 0;
    }
    const bytes = new TextEncoder().encode(source);
    const place = copyIn(c, bytes);
    new DataView(c.memory.buffer).setUint32(length, bytes.length, true);
    return place;
}
