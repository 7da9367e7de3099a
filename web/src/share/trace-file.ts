/** Reads what a person drops on the page: a Chrome trace that weft wrote, with the log within it, or the log itself. */

import { FileError, isLogFile, readLogFile } from "./log-file.ts";
import type { LogFile } from "./log-file.ts";
import { base64, join } from "./pack.ts";

export interface TraceFile extends LogFile {
    /** Sources that came along, by the names that the log has for them. */
    sources: Map<string, string>;
}

/* What a browser can hold as one text, with room to spare. */
const mostBytes = 300_000_000;

/** Throws a FileError that says what is wrong with the file. */
export async function readTrace(file: Blob): Promise<TraceFile> {
    if (file.size === 0) {
        throw new FileError("The file is empty.");
    }
    if (file.size > mostBytes) {
        throw new FileError(`The file is larger than ${mostBytes / 1e6} MB.`);
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    return isLogFile(bytes) ? { ...readLogFile(bytes), sources: new Map() } : readChromeTrace(new TextDecoder().decode(bytes));
}

interface Metadata {
    ph: "M";
    name: string;
    args: Record<string, unknown>;
}

function readChromeTrace(text: string): TraceFile {
    const metadata = eventsOf(text).filter(isMetadata);
    const pieces = metadata.filter(({ name }) => name === "weft_log").map(({ args }) => pieceOf(args["base64"]));
    if (pieces.length === 0) {
        throw new FileError("The trace has no event log of weft in it: another program wrote it, or an older weft.");
    }
    const sources = new Map<string, string>();
    for (const { name, args } of metadata) {
        const { file, text: source } = args;
        if (name === "weft_source" && typeof file === "string" && typeof source === "string") {
            sources.set(file, source);
        }
    }
    return { ...readLogFile(join(pieces)), sources };
}

function eventsOf(text: string): unknown[] {
    if (!/^\s*[[{]/.test(text)) {
        throw new FileError("This is no trace: it is neither JSON nor an event log of weft.");
    }
    let parsed: unknown;
    try {
        parsed = JSON.parse(text);
    } catch (error) {
        throw new FileError("The trace cannot be read: it is cut off, or it is no JSON.", { cause: error });
    }
    const events = Array.isArray(parsed) ? parsed : (parsed as { traceEvents?: unknown }).traceEvents;
    if (!Array.isArray(events)) {
        throw new FileError("This is no trace: it has no traceEvents.");
    }
    return events;
}

function isMetadata(event: unknown): event is Metadata {
    const { ph, args } = (event ?? {}) as Partial<Metadata>;
    return ph === "M" && typeof args === "object" && args !== null;
}

function pieceOf(text: unknown): Uint8Array {
    try {
        return base64.decode(String(text));
    } catch (error) {
        throw new FileError("The event log in the trace is damaged.", { cause: error });
    }
}
