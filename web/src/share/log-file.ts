/** The event log as a file (docs/events.md): a header of 32 bytes, and records to its end. */

import { Kind, recordSize } from "../events.ts";
import { join } from "./pack.ts";

/** Says in words for the person what is wrong with a file. */
export class FileError extends Error {
    override readonly name = "FileError";
}

export interface LogFile {
    /** 1 libuv, 2 JavaScript, 3 simulation, 0 unknown. */
    host: number;
    records: Uint8Array;
}

const magic = "weftlog\0";
const headerSize = 32;
const version = 1;

/** More than anyone looks through; the timeline would take seconds to draw them. */
export const mostRecords = 1_000_000;

export function writeLogFile({ host, chunks }: { host: number; chunks: readonly { bytes: Uint8Array }[] }): Uint8Array<ArrayBuffer> {
    const header = new Uint8Array(headerSize);
    const view = new DataView(header.buffer);
    header.set(new TextEncoder().encode(magic));
    [version, recordSize, 4, host].forEach((number, index) => view.setUint32(8 + 4 * index, number, true));
    return join([header, ...chunks.map(({ bytes }) => bytes)]);
}

export function isLogFile(bytes: Uint8Array): boolean {
    return bytes.length >= magic.length && new TextDecoder("latin1").decode(bytes.subarray(0, magic.length)) === magic;
}

/** Throws a FileError, unless all of it is in order. */
export function readLogFile(bytes: Uint8Array): LogFile {
    if (!isLogFile(bytes) || bytes.length < headerSize) {
        throw new FileError("This is no event log of weft.");
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, headerSize);
    if (view.getUint32(8, true) !== version || view.getUint32(12, true) !== recordSize) {
        throw new FileError(`The event log has version ${view.getUint32(8, true)}; this page reads version ${version}.`);
    }
    const records = bytes.subarray(headerSize);
    if (records.length / recordSize > mostRecords) {
        const count = Math.floor(records.length / recordSize).toLocaleString("en");
        throw new FileError(`The event log has ${count} records; the page shows ${mostRecords.toLocaleString("en")} at most.`);
    }
    check(records);
    return { host: view.getUint32(20, true), records };
}

/* Records follow each other with times that only grow, and the text of each string is there. */
function check(records: Uint8Array): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let time = 0;
    let events = 0;
    let at = 0;
    while (at + recordSize <= records.length) {
        const now = view.getFloat64(at, true);
        if (!(now >= time && now < Infinity)) {
            throw new FileError("The event log is damaged: its times do not follow each other.");
        }
        time = now;
        const kind = view.getUint8(at + 24);
        events += kind === Kind.resume ? 1 : 0;
        at += recordSize;
        if (kind === Kind.stringDef) {
            at += Math.ceil(view.getUint32(at - 4, true) / recordSize) * recordSize;
        }
    }
    if (at !== records.length) {
        throw new FileError("The event log is cut off: its end is missing.");
    }
    if (events === 0) {
        throw new FileError("The event log has no step of any task.");
    }
}
