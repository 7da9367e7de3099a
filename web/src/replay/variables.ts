/** Reads a coroutine's variables from its memory, by what clang says of its structure, or by what the program declares of it.
 *  What is read may be anything: a pointer that leads nowhere is told, and never followed. */

import type { Field, Frame } from "weft";
import type { Layout, Layouts, Member, Shape } from "../compiler/types.ts";

export interface Variable {
    name: string;
    /** As C writes it; empty if it is not known. */
    type: string;
    text: string;
    /** Members, elements, what a pointer points at; empty for most. */
    children: Variable[];
    /** It, or something in it, is not what it was when the frame was last looked at. */
    changed: boolean;
}

/** What the program's memory holds, and those who know more of it. */
export interface Memory {
    view: DataView;
    layouts: Layouts;
    describe(address: number, what: "task" | "value" | "error"): string | null;
}

const most = { depth: 4, children: 64, text: 120, preview: 60, variables: 2000 };

/** The members of a coroutine's structure, those that the program declares first. */
export function variablesOf(frame: Pick<Frame, "function" | "address" | "fields">, memory: Memory): Variable[] {
    const reader = new Reader(memory);
    const layout = memory.layouts[`struct ${frame.function}`];
    if (layout === undefined) {
        return frame.fields.map((field) => reader.variable(field.name, "", shapeOf(field), frame.address + field.offset));
    }
    const declared = new Set(frame.fields.map(({ name }) => name));
    const members = layout.members.filter(({ type }) => baseName(type) !== "weft_frame");
    const ordered = [...members.filter(({ name }) => declared.has(name)), ...members.filter(({ name }) => !declared.has(name))];
    return reader.members(ordered, frame.address, 0);
}

/** Marks what differs from the variables that the same frame had before. */
export function markChanges(variables: readonly Variable[], before: readonly Variable[]): boolean {
    const known = new Map(before.map((variable) => [variable.name, variable]));
    let any = false;
    for (const variable of variables) {
        const old = known.get(variable.name);
        const inside = old !== undefined && markChanges(variable.children, old.children);
        variable.changed = old !== undefined && (inside || old.text !== variable.text);
        any ||= variable.changed;
    }
    return any;
}

/** Without the words that C puts around a name: "const struct point *" is of "point". */
function baseName(type: string): string {
    return type.replace(/\b(?:const|volatile|restrict|struct|union|enum)\b|\*/g, "").trim();
}

/** What weft keeps in the frame of its own objects: their members are no concern of the program's. */
const objects: Record<string, string> = {
    weft_semaphore: "semaphore", weft_lock: "lock", weft_event: "event", weft_condition: "condition", weft_barrier: "barrier",
    weft_queue: "queue", weft_group: "group", weft_deadline: "timeout",
};

function shapeOf({ type, size, signed }: Field): Shape | "value" {
    switch (type) {
        case "bool":
            return { kind: "bool", size };
        case "int":
            return { kind: "integer", size, signed, character: false };
        case "double":
            return { kind: "float", size };
        case "string":
            return { kind: "pointer", size, text: true, target: undefined };
        case "pointer":
            return { kind: "pointer", size, text: false, target: undefined };
        case "value":
            return "value";
    }
}

class Reader {
    readonly #memory: Memory;
    #left = most.variables;
    readonly #text = new TextDecoder();

    constructor(memory: Memory) {
        this.#memory = memory;
    }

    members(members: readonly Member[], address: number, depth: number): Variable[] {
        return members.flatMap((member) => {
            const record = member.name === "" ? this.#layoutOf(member.shape) : undefined;
            return record !== undefined
                ? this.members(record.members, address + member.offset, depth)
                : [this.variable(member.name, member.type, member.shape, address + member.offset, depth, member.bits)];
        });
    }

    variable(name: string, type: string, shape: Shape | "value", address: number, depth = 0, bits?: Member["bits"]): Variable {
        const made: Variable = { name, type, text: "", children: [], changed: false };
        const size = shape === "value" ? 0 : shape.size;
        this.#left--;
        if (address + size > this.#memory.view.byteLength) {
            made.text = "outside of the program's memory";
        } else if (shape === "value" || (shape.kind === "record" && baseName(type) === "weft_value")) {
            made.text = this.#memory.describe(address, "value") ?? "";
        } else {
            this.#fill(made, shape, address, depth, bits);
        }
        return made;
    }

    #fill(made: Variable, shape: Shape, address: number, depth: number, bits: Member["bits"]): void {
        switch (shape.kind) {
            case "pointer":
                this.#fillPointer(made, shape, this.#memory.view.getUint32(address, true), depth);
                break;
            case "array":
                this.#fillArray(made, shape, address, depth);
                break;
            case "record":
                this.#fillRecord(made, shape.name, address, depth);
                break;
            default:
                made.text = this.#plain(shape, address, bits);
        }
    }

    // --- Numbers ---

    #plain(shape: Shape, address: number, bits: Member["bits"]): string {
        switch (shape.kind) {
            case "bool":
                return bits === undefined
                    ? String(this.#memory.view.getUint8(address) !== 0)
                    : String(this.#integer(address, shape.size, false, bits) !== 0n);
            case "integer": {
                const value = this.#integer(address, shape.size, shape.signed, bits);
                return shape.character && shape.size === 1 ? `${value}${characterText(value)}` : String(value);
            }
            case "float":
                return shape.size === 4
                    ? String(Number(this.#memory.view.getFloat32(address, true).toPrecision(8)))
                    : shape.size === 8 ? String(this.#memory.view.getFloat64(address, true)) : this.#bytes(address, shape.size);
            case "enum": {
                const value = Number(this.#integer(address, shape.size, shape.signed, bits));
                const name = shape.constants.find((constant) => constant.value === value)?.name;
                return name === undefined ? String(value) : `${name} (${value})`;
            }
            default:
                return this.#bytes(address, shape.size);
        }
    }

    #integer(address: number, size: number, signed: boolean, bits: Member["bits"]): bigint {
        let value = 0n;
        for (let i = Math.min(size, 8) - 1; i >= 0; i--) {
            const at = address + i;
            value = (value << 8n) | BigInt(at < this.#memory.view.byteLength ? this.#memory.view.getUint8(at) : 0);
        }
        const width = bits?.count ?? size * 8;
        value = BigInt.asUintN(width, value >> BigInt(bits?.from ?? 0));
        return signed ? BigInt.asIntN(width, value) : value;
    }

    #bytes(address: number, size: number): string {
        const shown = Math.min(size, 16);
        const bytes = Array.from({ length: shown }, (_, i) => this.#memory.view.getUint8(address + i).toString(16).padStart(2, "0"));
        return `${bytes.join(" ")}${size > shown ? " …" : ""}`;
    }

    // --- Pointers ---

    #fillPointer(made: Variable, shape: Shape & { kind: "pointer" }, pointer: number, depth: number): void {
        if (pointer === 0) {
            made.text = "NULL";
        } else if (shape.text) {
            made.text = this.#string(pointer);
        } else {
            made.text = this.#pointee(made.type, pointer) ?? hexadecimal(pointer);
            this.#follow(made, shape.target, pointer, depth);
        }
    }

    /** What weft knows of that it points at. A pointer whose type is not known may still be a task's. */
    #pointee(type: string, pointer: number): string | undefined {
        const name = baseName(type);
        const levels = type.split("*").length - 1;
        if (levels > 1) {
            return undefined;
        }
        if (name === "weft_error") {
            return this.#memory.describe(pointer, "error") ?? undefined;
        }
        return name === "weft_task" || name === "weft_future" || name === ""
            ? (this.#memory.describe(pointer, "task") ?? undefined)
            : undefined;
    }

    #follow(made: Variable, target: string | undefined, pointer: number, depth: number): void {
        const layout = target === undefined ? undefined : this.#memory.layouts[target];
        if (layout === undefined || baseName(layout.name) === "weft_error") {
            return;
        }
        if (pointer + layout.size > this.#memory.view.byteLength) {
            made.text = `${hexadecimal(pointer)}, outside of the program's memory`;
            return;
        }
        const object = this.#object(layout, pointer);
        if (object !== undefined) {
            made.text = object;
        } else {
            made.children = this.#inside(layout, pointer, depth);
        }
    }

    /** The text at an address, up to its zero byte. */
    #string(pointer: number): string {
        const { view } = this.#memory;
        if (pointer >= view.byteLength) {
            return `${hexadecimal(pointer)}, outside of the program's memory`;
        }
        const bytes = new Uint8Array(view.buffer, view.byteOffset + pointer, Math.min(most.text * 4 + 1, view.byteLength - pointer));
        const end = bytes.indexOf(0);
        return this.#quoted(bytes.subarray(0, end < 0 ? bytes.length : end), end < 0);
    }

    #quoted(bytes: Uint8Array, isCut: boolean): string {
        const text = this.#text.decode(bytes);
        const shown = Array.from(text).slice(0, most.text).join("");
        return JSON.stringify(shown) + (isCut || shown.length < text.length ? "…" : "");
    }

    // --- Structures and arrays ---

    #layoutOf(shape: Shape): Layout | undefined {
        return shape.kind === "record" ? this.#memory.layouts[shape.name] : undefined;
    }

    #fillRecord(made: Variable, name: string, address: number, depth: number): void {
        const layout = this.#memory.layouts[name];
        if (layout === undefined) {
            return;
        }
        const object = this.#object(layout, address);
        if (object === undefined) {
            made.children = this.#inside(layout, address, depth);
            made.text = preview(made.children, "{", "}", true);
        } else {
            made.text = object;
        }
    }

    #inside(layout: Layout, address: number, depth: number): Variable[] {
        return depth >= most.depth || this.#left <= 0 ? [] : this.members(layout.members, address, depth + 1);
    }

    /** An object of weft's, by the number that it has in the event log; undefined if it is none. */
    #object(layout: Layout, address: number): string | undefined {
        const name = objects[baseName(layout.name)];
        if (name === undefined) {
            return undefined;
        }
        const id = this.#idIn(layout, address);
        return id === undefined || id === 0 ? `a ${name}` : `${name} ${id}`;
    }

    /** Its own number, or that of the first queue in it. */
    #idIn(layout: Layout, address: number): number | undefined {
        const own = layout.members.find(({ name }) => name === "id");
        if (own !== undefined) {
            return this.#memory.view.getUint32(address + own.offset, true);
        }
        const first = layout.members[0];
        const inner = first === undefined ? undefined : this.#layoutOf(first.shape);
        return inner === undefined ? undefined : this.#idIn(inner, address + first!.offset);
    }

    #fillArray(made: Variable, { element, count, size }: Shape & { kind: "array" }, address: number, depth: number): void {
        if (element.kind === "integer" && element.character && element.size === 1) {
            const { view } = this.#memory;
            const bytes = new Uint8Array(view.buffer, view.byteOffset + address, size);
            const end = bytes.indexOf(0);
            made.text = this.#quoted(bytes.subarray(0, end < 0 ? size : end), false);
            return;
        }
        if (depth < most.depth && this.#left > 0) {
            const type = made.type.replace(/\[\d+\]/, "").trim();
            made.children = Array.from({ length: Math.min(count, most.children) }, (_, i) =>
                this.variable(`[${i}]`, type, element, address + i * element.size, depth + 1));
        }
        made.text = preview(made.children, "{", count > made.children.length ? ", …}" : "}", false);
    }
}

function hexadecimal(pointer: number): string {
    return `0x${pointer.toString(16)}`;
}

function characterText(value: bigint): string {
    return value >= 32n && value < 127n ? ` '${String.fromCharCode(Number(value))}'` : "";
}

/** A structure in one line, cut where it gets long. */
function preview(children: readonly Variable[], open: string, close: string, named: boolean): string {
    const words = children.map(({ name, text }) => (named ? `${name}: ${text}` : text)).join(", ");
    return open + (words.length > most.preview ? `${words.slice(0, most.preview)}…` : words) + close;
}
