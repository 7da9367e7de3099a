/** What a cancellation leaves behind that the same run without it does not. */

import type { Ending } from "weft/explore";
import { EventDecoder, Kind } from "../events.ts";
import type { LogEvent, Site } from "../events.ts";
import type { Frame, TaskState } from "../history/state.ts";
import { Places, World } from "../history/world.ts";
import type { Chunk } from "../recording.ts";
import { cleanupsIn } from "./cleanups.ts";
import type { Cleanup } from "./cleanups.ts";

/** A cleanup that a task is in: it did not finish if that coroutine ends by the cancellation. */
interface Cleaning {
    what: string;
    task: number;
    /** The coroutine's frame; undefined for the task's outermost one. */
    frame: number | undefined;
}

/** A moment at which a task can be cancelled. */
export interface Place {
    /** Right before this step. */
    step: number;
    task: number;
    name: string;
    state: "new" | "ready" | "waiting";
    /** The line of the program that awaits; of a task that has not run yet, where its coroutine begins. */
    function: string;
    line: number;
    cleaning: Cleaning[];
}

export type FaultKind =
    | "deadlock" | "crash" | "endless" | "held" | "leak" | "never awaited" | "never retrieved" | "destroyed" | "cleanup";

export interface Fault {
    kind: FaultKind;
    words: string;
    /** Where the task was cancelled. */
    place: Place;
}

/** What is left when a run is over. */
export interface Remains {
    ending: Ending;
    /** Locks and permits that were not given back, by what they are. */
    held: Map<string, string>;
    /** Lines about coroutines and errors that were forgotten, with how many there are of each. */
    forgotten: Map<string, { kind: FaultKind; count: number }>;
    /** The coroutines and tasks that ended by a cancellation, as `task` and `task:frame`. */
    cancelled: Set<string>;
    /** Blocks of memory that were not freed; null if nobody counts them. */
    blocks: number | null;
}

/** What a run is told by here. */
export interface Told extends Ending {
    chunks: readonly Chunk[];
    stderr: string;
    blocks: number | null;
}

/** Reads a log from its beginning: `before` hears of each event, with the state in which it finds the program. */
function read(chunks: readonly Chunk[], before: (event: LogEvent, world: World, decoder: EventDecoder) => void): { world: World; decoder: EventDecoder } {
    const decoder = new EventDecoder();
    const world = new World(decoder, new Places());
    for (const { bytes, base } of chunks) {
        decoder.decode(bytes, base, (event) => {
            before(event, world, decoder);
            world.apply(event);
        });
    }
    return { world, decoder };
}

// --- Where tasks can be cancelled ---

/**
 * Every await of every task, twice: right when it begins to wait, and right before it goes on. What lies between differs only by who
 * else has run meanwhile.
 */
export function placesOf(chunks: readonly Chunk[], source: string): Place[] {
    const places: Place[] = [];
    const cleanups = cleanupsIn(source);
    const exits = new Exits();
    let suspended: number[] = [];
    read(chunks, (event, world, decoder) => {
        const place = (task: TaskState, state: Place["state"]) =>
            places.push({ step: world.step + 1, task: task.id, name: task.name, state, ...whereOf(task, decoder), cleaning: cleaningOf(task, decoder, cleanups, exits) });
        if (event.kind === Kind.framePush) {
            exits.push(event, world.task(event.task)?.stack);
        } else if (event.kind === Kind.suspend) {
            suspended.push(event.task);
        } else if (event.kind === Kind.resume && world.running.length === 0) {
            for (const id of suspended) {
                const task = world.task(id);
                if (task?.status === "waiting") {
                    place(task, "waiting");
                }
            }
            suspended = [];
            const task = world.task(event.task);
            if (task !== undefined) {
                place(task, task.status === "new" ? "new" : "ready");
            }
        }
    });
    return places;
}

/** The lines at which a task stands, innermost first. */
function* linesOf(task: TaskState, decoder: EventDecoder): Generator<{ site: Site; frame: Frame | undefined }> {
    let site = decoder.site(task.site);
    for (let frame = task.stack; frame !== undefined; frame = frame.caller) {
        if (site !== undefined) {
            yield { site, frame };
        }
        site = decoder.site(frame.from);
    }
}

/** weft's own coroutines are not what the person has written. */
const isOwn = ({ file }: Site) => !/(^|\/)core\//.test(file);

function whereOf(task: TaskState, decoder: EventDecoder): { function: string; line: number } {
    for (const { site } of linesOf(task, decoder)) {
        if (isOwn(site)) {
            return { function: site.function, line: site.line };
        }
    }
    const site = decoder.site(task.site);
    return { function: site?.function ?? task.coroutine, line: site?.line ?? 0 };
}

// --- Cleanup ---

/** Which coroutines are the exits of blocks: the second that a weft_with awaits. */
class Exits {
    readonly #entered = new Set<string>();
    readonly #frames = new Set<number>();

    push(event: LogEvent, caller: Frame | undefined): void {
        const block = `${caller?.id}:${event.payload}`;
        if (this.#entered.delete(block)) {
            this.#frames.add(event.object);
        } else {
            this.#entered.add(block);
        }
    }

    has(frame: Frame): boolean {
        return this.#frames.has(frame.id);
    }
}

function cleaningOf(task: TaskState, decoder: EventDecoder, cleanups: Cleanup, exits: Exits): Cleaning[] {
    const cleaning: Cleaning[] = [];
    for (const { site, frame } of linesOf(task, decoder)) {
        const id = frame?.caller === undefined ? undefined : frame.id;
        const begins = isOwn(site) ? cleanups.finallyAround(site.line) : undefined;
        if (begins !== undefined) {
            cleaning.push({ what: `the weft_finally of ${site.function}, line ${begins},`, task: task.id, frame: id });
        }
        const from = frame === undefined ? undefined : decoder.site(frame.from);
        if (frame !== undefined && from !== undefined && isOwn(from) && cleanups.isWith(from.line) && exits.has(frame)) {
            cleaning.push({ what: `the exit of the weft_with of ${from.function}, line ${from.line},`, task: task.id, frame: frame.id });
        }
    }
    return cleaning;
}

// --- What is left ---

export function remainsOf({ chunks, stderr, blocks, ...ending }: Told): Remains {
    const forgotten: Remains["forgotten"] = new Map();
    const cancelled = new Set<string>();
    const note = (kind: FaultKind, words: string) => forgotten.set(words, { kind, count: (forgotten.get(words)?.count ?? 0) + 1 });
    const { world } = read(chunks, (event, _, decoder) => {
        const text = () => decoder.string(event.payload) ?? "";
        if (event.kind === Kind.neverAwaited) {
            note("never awaited", `${text()}, called at line ${decoder.site(event.site)?.line ?? "?"}, is never awaited`);
        } else if (event.kind === Kind.neverRetrieved) {
            note("never retrieved", `nobody retrieves ${text()}`);
        } else if (event.kind === Kind.framePop && event.subkind === 2) {
            cancelled.add(`${event.task}:${event.object}`);
        } else if (event.kind === Kind.done && event.subkind === 2) {
            cancelled.add(`${event.task}`);
        }
    });
    for (const [line] of stderr.matchAll(/^.*destroyed while.*$/gm)) {
        note("destroyed", line.replace(/^weft: /, ""));
    }
    return { ending, held: heldIn(world), forgotten, cancelled, blocks };
}

function heldIn(world: World): Map<string, string> {
    const held = new Map<string, string>();
    for (const { type, ordinal, holders, value, initial } of world.objects) {
        if (type === "lock" && holders.length > 0) {
            held.set(`lock ${ordinal}`, `lock ${ordinal} is never released`);
        } else if (type === "semaphore" && value < initial) {
            const lost = initial - value;
            held.set(`semaphore ${ordinal}`, `${lost === 1 ? "a permit" : `${lost} permits`} of semaphore ${ordinal} ${lost === 1 ? "is" : "are"} never given back`);
        }
    }
    return held;
}

// --- What went wrong ---

export function faultsOf(run: Remains, ordinary: Remains, place: Place): Fault[] {
    const faults: Fault[] = [];
    const add = (kind: FaultKind, words: string) => faults.push({ kind, words, place });
    const { ending } = run;
    if ((ending.kind === "deadlock" || ending.kind === "crash" || ending.kind === "endless") && ending.kind !== ordinary.ending.kind) {
        add(ending.kind, ending.kind === "deadlock" ? "the program is in a deadlock" : `the program ${ending.words}`);
    }
    for (const [what, words] of run.held) {
        if (ordinary.held.get(what) !== words) {
            add("held", words);
        }
    }
    for (const [words, { kind, count }] of run.forgotten) {
        if (count > (ordinary.forgotten.get(words)?.count ?? 0)) {
            add(kind, words);
        }
    }
    const lost = (run.blocks ?? 0) - (ordinary.blocks ?? 0);
    if (lost > 0) {
        add("leak", `${lost === 1 ? "a block of memory is" : `${lost} blocks of memory are`} never freed`);
    }
    for (const { what, task, frame } of place.cleaning) {
        if (run.cancelled.has(frame === undefined ? `${task}` : `${task}:${frame}`)) {
            add("cleanup", `${what} does not finish`);
        }
    }
    return faults;
}

/** As many of the places as may be tried: all, or some from everywhere in the run. */
export function sampled(places: readonly Place[], most: number): Place[] {
    return places.length <= most ? [...places] : Array.from({ length: most }, (_, i) => places[Math.floor((i * places.length) / most)]!);
}
