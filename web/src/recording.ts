/**
 * The event log of one run: grows while the program runs, and is read at any place afterwards. A step is one resume of one task;
 * step N is made when the events before `eventsBefore(N)` have happened, so 0 is the beginning and `steps` the end.
 */

import type { External } from "weft";
import { EventDecoder, Kind, recordSize } from "./events.ts";
import type { LogEvent, Site } from "./events.ts";
import type { Subject } from "./subject.ts";
import { firstIndex } from "./timeline-geometry.ts";

/** Numbers that are appended one by one, and searched. */
class Column<Numbers extends Uint32Array | Float64Array> {
    #numbers: Numbers;
    readonly #make: (length: number) => Numbers;
    length = 0;

    constructor(make: (length: number) => Numbers) {
        this.#make = make;
        this.#numbers = make(1024);
    }

    push(number: number): void {
        if (this.length === this.#numbers.length) {
            const larger = this.#make(this.length * 2);
            larger.set(this.#numbers);
            this.#numbers = larger;
        }
        this.#numbers[this.length++] = number;
    }

    at(index: number): number | undefined {
        return index < this.length ? this.#numbers[index] : undefined;
    }
}

export interface Chunk {
    bytes: Uint8Array;
    /** The place of its first record in the log. */
    base: number;
}

/** What the program printed, as its log has it. */
export interface Printed {
    stream: "stdout" | "stderr";
    text: string;
    time: number;
    step: number;
}

export class Recording {
    /** What was run; undefined for a trace that was made elsewhere. */
    readonly subject: Subject | undefined;
    /** The program, for those who run it again. */
    readonly module: WebAssembly.Module | undefined;
    /** The source as it ran, to whose lines the log's places belong; undefined if it is not known. */
    text: Pick<Subject, "file" | "source"> | undefined;
    readonly chunks: Chunk[] = [];
    readonly output: Printed[] = [];
    /** What came from outside in virtual time: a run that gets it again goes the same way. */
    readonly external: External[] = [];
    /** The time of the newest event. */
    end = 0;
    /** Nothing more will come. */
    closed = false;
    /** The log has grown to its limit and the program went on without it. */
    full = false;

    readonly #decoder = new EventDecoder();
    /** Where each event is, as the number of its chunk and its offset there. */
    readonly #chunkOf = new Column((length) => new Uint32Array(length));
    readonly #offsetOf = new Column((length) => new Uint32Array(length));
    /** The events that begin the steps, and their times. */
    readonly #resumes = new Column((length) => new Uint32Array(length));
    readonly #times = new Column((length) => new Float64Array(length));

    constructor(subject?: Subject, module?: WebAssembly.Module) {
        this.subject = subject;
        this.text = subject;
        this.module = module;
    }

    /** How many events there are. Definitions of strings and sites are none. */
    get count(): number {
        return this.#chunkOf.length;
    }

    /** How many steps were made. */
    get steps(): number {
        return this.#resumes.length;
    }

    add(bytes: Uint8Array, base: number): void {
        const chunk = this.chunks.push({ bytes, base }) - 1;
        this.#decoder.decode(bytes, base, (event) => this.#index(event, chunk, (event.sequence - base) * recordSize));
    }

    #index(event: LogEvent, chunk: number, offset: number): void {
        if (event.kind === Kind.resume) {
            this.#resumes.push(this.count);
            this.#times.push(event.time);
        } else if (event.kind === Kind.output) {
            const text = this.string(event.payload) ?? "";
            this.output.push({ stream: event.subkind === 2 ? "stderr" : "stdout", text, time: event.time, step: this.steps });
        }
        this.#chunkOf.push(chunk);
        this.#offsetOf.push(offset);
        this.end = Math.max(this.end, event.time);
    }

    /** The run has ended, or was ended, at this time. */
    close(time: number): void {
        this.end = Math.max(this.end, time);
        this.closed = true;
    }

    /** An event by its index, from 0. */
    event(index: number): LogEvent {
        const { bytes, base } = this.chunks[this.#chunkOf.at(index)!]!;
        return this.#decoder.read(bytes, base, this.#offsetOf.at(index)!);
    }

    string(id: number): string | undefined {
        return this.#decoder.string(id);
    }

    site(id: number): Site | undefined {
        return this.#decoder.site(id);
    }

    /** So many events have happened when `step` steps are made: up to where the next one begins. */
    eventsBefore(step: number): number {
        return this.#resumes.at(step) ?? this.count;
    }

    /** The events of a step, from 1: its resume and all up to the next. */
    eventsOf(step: number): { from: number; to: number } {
        return { from: this.eventsBefore(step - 1), to: this.eventsBefore(step) };
    }

    /** The time at which step `step` was made; 0 for none. */
    timeOf(step: number): number {
        return step <= 0 ? 0 : (this.#times.at(Math.min(step, this.steps) - 1) ?? 0);
    }

    /** How many steps are made when this time has passed. */
    stepAt(time: number): number {
        return firstIndex(this.steps, (index) => this.#times.at(index)! > time);
    }
}
