/** What things are called, and sentences whose parts lead to them. */

import { baseName, duration, folder, instant as time, withoutArticle } from "../format.ts";
import type { Instant, StackEntry } from "./instant.ts";
import type { ObjectState, TaskState, Wait } from "./state.ts";

/** A piece of a sentence; one that names something leads there. */
export type Part =
    | string
    | { readonly text: string; readonly task: number }
    | { readonly text: string; readonly object: number }
    | { readonly text: string; readonly site: number; readonly line: number; readonly file: string };

export type Sentence = readonly Part[];

/** Names that objects have in the program's source, by their id, where somebody knows them. */
export type ObjectNames = ReadonlyMap<number, string>;

export function textOf(sentence: Sentence): string {
    return sentence.map((part) => (typeof part === "string" ? part : part.text)).join("");
}

/** The name that the program gave it, or else its coroutine's and its own: "fetch Task-3". */
export function taskTitle({ name, named, coroutine }: TaskState): string {
    return named || coroutine === "" ? name : `${coroutine} ${name}`;
}

export class Words {
    readonly instant: Instant;
    readonly #names: ObjectNames | undefined;

    constructor(instant: Instant, names?: ObjectNames) {
        this.instant = instant;
        this.#names = names;
    }

    task(id: number): Part {
        const task = this.instant.task(id);
        return task === undefined ? "the loop" : { text: taskTitle(task), task: id };
    }

    /** "permits" from the source, "GET http://localhost/", "semaphore", or "semaphore 2" where the program has several. */
    objectName(id: number): string {
        const object = this.instant.object(id);
        const name = this.#names?.get(id);
        if (object === undefined || name !== undefined) {
            return name ?? "something";
        }
        if (object.name !== "") {
            return object.type === "promise" ? `promise of ${object.name}` : withoutArticle(object.name);
        }
        return this.instant.countOf(object.type) > 1 ? `${typeName(object)} ${object.ordinal}` : typeName(object);
    }

    /** In a sentence: the only one of its type is "the semaphore". */
    object(id: number): Part {
        const name = this.objectName(id);
        const object = this.instant.object(id);
        const only = object?.name === "" && !this.#names?.has(id) && this.instant.countOf(object.type) <= 1;
        return { text: only ? `the ${name}` : name, object: id };
    }

    /** The same at the beginning of a sentence; a name from the source stays as it is. */
    objectFirst(id: number): Part {
        const part = this.object(id);
        const text = typeof part === "string" ? part : part.text;
        return { text: this.#names?.has(id) ? text : text.charAt(0).toUpperCase() + text.slice(1), object: id };
    }

    /** "line 21", and of which file where that is not the program's first. */
    line(site: number): Part {
        const place = this.instant.site(site);
        if (place === undefined) {
            return "a line that is not known";
        }
        const file = baseName(place.file);
        return { text: `line ${place.line}${place.file === this.#mainFile ? "" : ` of ${file}`}`, site, line: place.line, file };
    }

    /** What is waited for: "a permit of semaphore 1". */
    target(wait: Wait): Part[] {
        const object = this.object(wait.object || wait.other);
        switch (wait.kind) {
            case "sleep":
                return [`the end of its sleep of ${this.duration(asAsked(wait.seconds ?? 0))}`];
            case "one tick":
                return ["its next turn"];
            case "task":
                return [this.task(wait.other)];
            case "semaphore":
                return ["a permit of ", object];
            case "condition":
                return ["a notification of ", object];
            case "barrier":
                return ["the others at ", object];
            case "queue":
                return wait.way === "put" ? ["room in ", object] : wait.way === "join" ? ["the work of ", object, " to be done"] : ["a value from ", object];
            case "thread":
                return ["a function in a thread"];
            case "promise":
                return ["a promise of JavaScript's"];
            case "input or output":
                return [wait.name || "what comes from outside"];
            case "gather":
            case "shield":
            case "group":
            case "future":
                return this.#watched(wait.other) ? ["one or all of several tasks"] : [object];
            default:
                return [object];
        }
    }

    #watched(future: number): boolean {
        return this.instant.object(future)?.type === "future" && this.instant.children(future).length > 0;
    }

    /** "sleeps until 0.750 s at line 17", "waits for lock 2 at line 18" */
    waits(task: TaskState): Part[] {
        const { wait } = task;
        const at: Part[] = [" at ", this.place(task)];
        if (wait?.kind === "sleep" && wait.when !== undefined) {
            return [`sleeps until ${this.time(wait.when)}`, ...at];
        }
        return wait === undefined ? ["waits"] : ["waits for ", ...this.target(wait), ...at];
    }

    /** Where a task stands in the program's own text. */
    place(task: TaskState): Part {
        return this.line(this.ownStack(task)[0]?.site ?? task.site);
    }

    /** A list in words, of which the end is only counted. */
    some(items: readonly Sentence[], most = 4): Part[] {
        return items.length <= most ? listed(items) : listed([...items.slice(0, most - 1), [`${(items.length - most + 1).toLocaleString("en")} others`]]);
    }

    taskList(ids: readonly number[]): Part[] {
        return this.some(ids.map((id) => [this.task(id)]));
    }

    get #mainFile(): string {
        return this.instant.site(this.instant.tasks[0]?.begins ?? 0)?.file ?? "";
    }

    /** Where a task stands in the program's own text: the library's coroutines within are its own business. */
    ownStack(task: TaskState): StackEntry[] {
        const stack = this.instant.stack(task);
        const own = stack.findIndex(({ file }) => folder(file) === folder(this.#mainFile));
        return stack.slice(Math.max(own, 0));
    }

    time(seconds: number): string {
        return time(seconds).replace(" ", "\u00a0");
    }

    duration(seconds: number): string {
        return duration(seconds);
    }
}

/** The delay that the program asked for: a 32-bit float of it was logged. */
function asAsked(seconds: number): number {
    return Number(seconds.toPrecision(4));
}

function typeName({ type }: ObjectState): string {
    return type === "group" ? "task group" : type === "thread" ? "function in a thread" : type;
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly Sentence[]): Part[] {
    return items.flatMap((item, index) => {
        const before = index === 0 ? "" : index === items.length - 1 ? " and " : ", ";
        return before === "" ? item : [before, ...item];
    });
}

/** "first", "second", …, "12th" */
export function ordinal(n: number): string {
    const words = ["first", "second", "third", "fourth", "fifth"];
    if (n <= words.length) {
        return words[n - 1]!;
    }
    const tens = n % 100;
    const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
    return `${n.toLocaleString("en")}${ending}`;
}
