/**
 * A link to what is run: a fragment such as `semaphore?permits=3&clock=virtual&seed=5&step=12`, which holds all of a subject that
 * differs from the example's own. Names of parameters are C's; one that means something else here has a point before it. Nothing
 * in a link is believed: each part has its limit, and what is wrong is said.
 *
 *   file, code        an edited program: its file name, and its text deflated, in base64url
 *   clock             real or virtual
 *   seed              a whole number
 *   decisions         1.0.2, and 0*40 for forty noughts in a row
 *   cancel            STEP.TASK of each injected cancellation, with a dash between
 *   order             any: ready tasks, too, run in an order that is chosen
 *   step              where the time machine stands; a link that has it is run as it is opened
 *   v                 the version of all this; 1 where it is left out
 */

import type { Injection, Subject } from "../subject.ts";
import { base64url, deflate, inflate } from "./pack.ts";

/** What a link says; what it leaves out is the example's own. */
export interface Link {
    example: string | undefined;
    /** The program where it differs from the example's. */
    code: { file: string; source: string } | undefined;
    parameters: Record<string, number>;
    clock: Subject["clock"] | undefined;
    seed: number | undefined;
    decisions: number[];
    injections: Injection[];
    permuteReady: boolean;
    step: number | undefined;
}

/** Says in words for the person what is wrong with a link. */
export class LinkError extends Error {
    override readonly name = "LinkError";
}

const version = 1;
const most = { length: 2_000_000, source: 1_000_000, decisions: 100_000, injections: 1000, parameters: 100 };
const reserved = new Set(["v", "file", "code", "clock", "seed", "decisions", "cancel", "order", "step"]);
/* One that could be in a folder: no path, nothing that is not seen, and no option of a compiler. */
const fileName = /^(?!-|\.{1,2}$)[^/\\\p{C}]{1,100}$/u;
const identifier = /^[A-Za-z_]\w*$/;

// --- Writing ---

/** The fragment, without its `#`. The clock `usual` needs no mention. */
export async function encodeLink(subject: Subject, step?: number, usual: Subject["clock"] = "real"): Promise<string> {
    const parts = new URLSearchParams();
    const { parameters, clock, seed, decisions, injections } = subject;
    for (const [name, value] of Object.entries(parameters)) {
        parts.append(reserved.has(name) ? `.${name}` : name, String(value).replace("+", ""));
    }
    if (clock !== usual) {
        parts.append("clock", clock);
    }
    if (clock === "virtual") {
        appendOrder(parts, { seed, decisions, injections, permuteReady: subject.permuteReady });
        if (step !== undefined) {
            parts.append("step", String(step));
        }
    }
    if (subject.edited || subject.example === undefined) {
        parts.append("file", subject.file);
        parts.append("code", base64url.encode(await deflate(new TextEncoder().encode(subject.source))));
    }
    const name = subject.example ?? "";
    return parts.size === 0 ? name : `${name}?${parts}`;
}

function appendOrder(parts: URLSearchParams, { seed, decisions, injections, permuteReady }: Pick<Subject, "seed" | "decisions" | "injections" | "permuteReady">): void {
    if (seed !== undefined) {
        parts.append("seed", String(seed));
    }
    if (decisions.length > 0) {
        parts.append("decisions", runs(decisions).join("."));
    }
    if (injections.length > 0) {
        parts.append("cancel", injections.map(({ step, task }) => `${step}.${task}`).join("-"));
    }
    if (permuteReady) {
        parts.append("order", "any");
    }
}

/** Equal numbers in a row, which shrinking leaves many of, are counted. */
function runs(numbers: readonly number[]): string[] {
    const written: string[] = [];
    for (let at = 0; at < numbers.length; ) {
        let end = at;
        while (numbers[end] === numbers[at]) {
            end++;
        }
        const times = end - at;
        written.push(...(times > 3 ? [`${numbers[at]}*${times}`] : Array<string>(times).fill(String(numbers[at]))));
        at = end;
    }
    return written;
}

// --- Reading ---

/** Reads a fragment, with or without its `#`. Throws a LinkError. */
export async function decodeLink(fragment: string): Promise<Link> {
    const text = fragment.replace(/^#/, "");
    if (text.length > most.length) {
        throw new LinkError(`The link is longer than ${most.length.toLocaleString("en")} characters.`);
    }
    const question = text.indexOf("?");
    const name = decoded(question < 0 ? text : text.slice(0, question));
    const parts = new URLSearchParams(question < 0 ? "" : text.slice(question + 1));
    const made = parts.get("v") ?? String(version);
    if (made !== String(version)) {
        throw new LinkError(`The link has version ${made.slice(0, 20)} and this page knows version ${version}: it was made by a newer page.`);
    }
    return {
        example: name === "" ? undefined : name,
        code: await readCode(parts),
        parameters: readParameters(parts),
        clock: readClock(parts),
        seed: readNumber(parts, "seed"),
        decisions: readDecisions(parts.get("decisions") ?? ""),
        injections: readInjections(parts.get("cancel") ?? ""),
        permuteReady: parts.get("order") === "any",
        step: readNumber(parts, "step"),
    };
}

function decoded(name: string): string {
    try {
        return decodeURIComponent(name);
    } catch {
        return name;
    }
}

async function readCode(parts: URLSearchParams): Promise<Link["code"]> {
    const code = parts.get("code");
    if (code === null) {
        return undefined;
    }
    const file = parts.get("file") ?? "program.c";
    if (!fileName.test(file)) {
        throw new LinkError("The link names a file that cannot be one.");
    }
    try {
        const bytes = await inflate(base64url.decode(code), most.source);
        return { file, source: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
    } catch (error) {
        const long = error instanceof RangeError;
        throw new LinkError(
            long ? `The program in the link is longer than ${most.source.toLocaleString("en")} characters.`
                : "The program in the link cannot be read: a part of the link is missing or was changed.",
            { cause: error },
        );
    }
}

function readParameters(parts: URLSearchParams): Record<string, number> {
    const entries = [...parts].filter(([name]) => !reserved.has(name));
    if (entries.length > most.parameters) {
        throw new LinkError(`The link has more than ${most.parameters} parameters.`);
    }
    return Object.fromEntries(entries.map(([key, text]) => {
        const name = key.replace(/^\./, "");
        const value = Number(text);
        if (!identifier.test(name) || text.trim() === "" || !Number.isFinite(value)) {
            throw new LinkError(`The link's parameter ${name.slice(0, 40)} is no number.`);
        }
        return [name, value];
    }));
}

function readClock(parts: URLSearchParams): Link["clock"] {
    const clock = parts.get("clock");
    if (clock !== null && clock !== "real" && clock !== "virtual") {
        throw new LinkError("The link's clock is neither real nor virtual.");
    }
    return clock ?? undefined;
}

function readNumber(parts: URLSearchParams, name: string): number | undefined {
    const text = parts.get(name);
    return text === null ? undefined : wholeNumber(text, name, { most: Number.MAX_SAFE_INTEGER });
}

function wholeNumber(text: string, name: string, { least = 0, most }: { least?: number; most: number }): number {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Infinity;
    if (value < least || value > most) {
        throw new LinkError(`The link's ${name} is no whole number that can be one: ${text.slice(0, 40)}`);
    }
    return value;
}

const uint32 = 2 ** 32 - 1;

function readDecisions(text: string): number[] {
    const found: number[] = [];
    for (const part of text === "" ? [] : text.split(".")) {
        const [decision = "", times = "1"] = part.split("*");
        const count = wholeNumber(times, "decisions", { most: uint32 });
        if (found.length + count > most.decisions) {
            throw new LinkError(`The link has more than ${most.decisions.toLocaleString("en")} decisions.`);
        }
        const value = wholeNumber(decision, "decisions", { most: uint32 });
        for (let i = 0; i < count; i++) {
            found.push(value);
        }
    }
    return found;
}

function readInjections(text: string): Injection[] {
    const parts = text === "" ? [] : text.split("-");
    if (parts.length > most.injections) {
        throw new LinkError(`The link cancels more than ${most.injections} times.`);
    }
    return parts.map((part) => {
        const [step = "", task = ""] = part.split(".");
        return {
            step: wholeNumber(step, "cancel", { least: 1, most: Number.MAX_SAFE_INTEGER }),
            task: wholeNumber(task, "cancel", { least: 1, most: uint32 }),
        };
    });
}
