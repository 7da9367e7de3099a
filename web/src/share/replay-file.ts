/** A recording inside a page of its own: what the page of replays (replay.html) reads, and the file that holds both. */

import type { Recording } from "../recording.ts";
import type { Subject } from "../subject.ts";
import { readLogFile, writeLogFile } from "./log-file.ts";
import { base64, deflate, inflate } from "./pack.ts";

/** The element of the page that holds the recording. */
const place = '<script type="application/json" id="recording">';

interface Kept {
    subject: Subject;
    /** The end, which a run that was stopped has after its last event. */
    end: number;
    /** A log file, deflated, in base64. */
    log: string;
}

const largestLog = 1_000_000_000;

export async function replayPage(template: string, subject: Subject, recording: Recording): Promise<string> {
    const host = subject.clock === "virtual" ? 3 : 2;
    const log = base64.encode(await deflate(writeLogFile({ host, chunks: recording.chunks })));
    const kept: Kept = { subject, end: recording.end, log };
    /* No text in it can end the element or begin a comment. */
    const json = JSON.stringify(kept).replaceAll("<", "\\u003c");
    const at = template.indexOf(place);
    if (at < 0) {
        throw new Error("the page of replays has no place for a recording");
    }
    return `${template.slice(0, at + place.length)}${json}${template.slice(at + place.length)}`;
}

/** What a page of replays holds; undefined for the empty one. */
export async function readReplay(text: string): Promise<{ subject: Subject; end: number; records: Uint8Array } | undefined> {
    if (text.trim() === "") {
        return undefined;
    }
    const { subject, end, log } = JSON.parse(text) as Kept;
    const { records } = readLogFile(await inflate(base64.decode(log), largestLog));
    return { subject: { ...subject, seed: subject.seed ?? undefined, example: subject.example ?? undefined }, end, records };
}
