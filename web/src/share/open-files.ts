/** Opens traces and sources that come from outside as a recording that nobody has run here. */

import { baseName } from "../format.ts";
import { Kind } from "../events.ts";
import { Recording } from "../recording.ts";
import { nothing } from "../subject.ts";
import type { Subject } from "../subject.ts";
import { FileError } from "./log-file.ts";
import { readTrace } from "./trace-file.ts";

export interface Opened {
    subject: Subject;
    /** Undefined for a source alone. */
    recording: Recording | undefined;
}

const longestSource = 1_000_000;

/** A trace, its source, or both. Throws a FileError that says what is wrong. */
export async function openFiles(files: readonly File[]): Promise<Opened> {
    const isSource = ({ name }: File) => /\.[ch]$/.test(name);
    const [trace, ...more] = files.filter((file) => !isSource(file));
    const source = files.find(isSource);
    if (more.length > 0) {
        throw new FileError("Please open one trace at a time.");
    }
    const text = source === undefined ? undefined : await textOf(source);
    if (trace !== undefined) {
        return openTrace(trace, text);
    }
    if (source === undefined || text === undefined) {
        throw new FileError("There is no file to open.");
    }
    return { subject: { ...nothing, file: source.name, source: text, edited: true }, recording: undefined };
}

async function textOf(source: File): Promise<string> {
    if (source.size > longestSource) {
        throw new FileError(`${source.name} is longer than ${longestSource.toLocaleString("en")} characters.`);
    }
    return source.text();
}

async function openTrace(file: File, text: string | undefined): Promise<Opened> {
    const { records, sources, host } = await readTrace(file);
    const recording = new Recording();
    recording.add(records, 0);
    const path = mainFile(recording);
    const source = text ?? sources.get(path) ?? "";
    const clock = host === 3 ? "virtual" : "real";
    const subject: Subject = { ...nothing, file: baseName(path) || "program.c", source, edited: true, clock };
    recording.text = subject;
    return { subject, recording };
}

/** Where the first task's coroutine is. */
function mainFile(recording: Recording): string {
    for (let index = 0; index < recording.count; index++) {
        const event = recording.event(index);
        if (event.kind === Kind.created) {
            return recording.site(event.site)?.file ?? "";
        }
    }
    return "";
}
