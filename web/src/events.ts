/** Decoder of the event log, format version 1 (docs/events.md). */

export const recordSize = 32;

/** asyncio's: a step that takes so many seconds keeps everybody else waiting too long. */
export const longStep = 0.1;

export const Kind = {
    stringDef: 1,
    siteDef: 2,
    created: 3,
    framePush: 4,
    framePop: 5,
    resume: 6,
    suspend: 7,
    wait: 8,
    wake: 9,
    cancelRequest: 10,
    cancelDelivered: 11,
    done: 12,
    error: 13,
    objectNew: 14,
    acquire: 15,
    release: 16,
    timerArm: 17,
    timerDrop: 18,
    clockJump: 19,
    externalBegin: 20,
    externalEnd: 21,
    decision: 22,
    output: 23,
    mark: 24,
    stepTooLong: 25,
    neverAwaited: 26,
    neverRetrieved: 27,
    awaitedBy: 28,
    shift: 29,
    unawaited: 30,
} as const;

/** What a task waits for, by the subkind of `wait`. */
export const waitNames = [
    "something",
    "sleep",
    "task",
    "future",
    "gather",
    "shield",
    "group",
    "semaphore",
    "lock",
    "event",
    "condition",
    "barrier",
    "queue",
    "thread",
    "promise",
    "one tick",
    "input or output",
] as const;
export type WaitName = (typeof waitNames)[number];

/** Outcomes, by the number the log gives them. */
export const outcomes = ["value", "error", "cancelled"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Site {
    function: string;
    file: string;
    line: number;
}

export interface LogEvent {
    /** Position in the log. */
    sequence: number;
    /** Seconds on the loop's clock. */
    time: number;
    task: number;
    other: number;
    site: number;
    object: number;
    kind: number;
    subkind: number;
    count: number;
    payload: number;
}

/** What objects are, by the subkind of `object-new`. */
export const objectTypes = [
    "object", "future", "gather", "shield", "group", "timeout", "semaphore", "lock", "event", "condition", "barrier", "queue",
    "timer", "outside",
] as const;
export type ObjectType = (typeof objectTypes)[number];

const floatBits = new DataView(new ArrayBuffer(8));

/** The payload of the kinds whose payload holds the bits of a 32-bit float. */
export function payloadAsFloat(event: LogEvent): number {
    floatBits.setUint32(0, event.payload);
    return floatBits.getFloat32(0);
}

/** The deadline of a `timer-arm`, on the loop's clock. */
export function deadlineOf(event: LogEvent): number {
    floatBits.setUint32(0, event.site);
    floatBits.setUint32(4, event.other);
    return floatBits.getFloat64(0);
}

/** Takes the log's chunks in order, keeps its strings and sites, and passes on all other events. */
export class EventDecoder {
    readonly #strings = new Map<number, string>();
    readonly #sites = new Map<number, Site>();
    readonly #text = new TextDecoder();

    string(id: number): string | undefined {
        return this.#strings.get(id);
    }

    site(id: number): Site | undefined {
        return this.#sites.get(id);
    }

    /** The event at an offset of a chunk, which was decoded before. */
    read(chunk: Uint8Array, base: number, offset: number): LogEvent {
        return readRecord(new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset, base + offset / recordSize);
    }

    decode(chunk: Uint8Array, base: number, visit: (event: LogEvent) => void): void {
        const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        let offset = 0;
        while (offset + recordSize <= chunk.byteLength) {
            const event = readRecord(view, offset, base + offset / recordSize);
            offset += recordSize;
            if (event.kind === Kind.stringDef) {
                const text = chunk.subarray(offset, offset + event.payload);
                this.#strings.set(event.object, this.#text.decode(text));
                offset += Math.ceil(event.payload / recordSize) * recordSize;
            } else if (event.kind === Kind.siteDef) {
                this.#sites.set(event.object, {
                    function: this.string(event.other) ?? "",
                    file: this.string(event.task) ?? "",
                    line: event.payload,
                });
            } else {
                visit(event);
            }
        }
    }
}

function readRecord(view: DataView, offset: number, sequence: number): LogEvent {
    return {
        sequence,
        time: view.getFloat64(offset, true),
        task: view.getUint32(offset + 8, true),
        other: view.getUint32(offset + 12, true),
        site: view.getUint32(offset + 16, true),
        object: view.getUint32(offset + 20, true),
        kind: view.getUint8(offset + 24),
        subkind: view.getUint8(offset + 25),
        count: view.getUint16(offset + 26, true),
        payload: view.getUint32(offset + 28, true),
    };
}
