/** Reads what clang prints with -fdump-record-layouts-complete and -fdump-record-layouts-canonical.
 *
 *  Each record is a tree: lines of an offset and an indented "type name"; the members of a structure inside another
 *  follow below it. What the dump leaves out, the constants of an enum and the names that typedef gives to records and
 *  enums without one, is read from the source. */

import type { Layout, Layouts, Member, Shape } from "./types.ts";

interface Line {
    depth: number;
    offset: number;
    bits: Member["bits"];
    text: string;
}

const dump = "*** Dumping AST Record Layout\n";
const lineFormat = /^ *(\d+)(?::(?:(\d+)-(\d+)|-))? \|( +)(.*)$/;
const sizeFormat = /\[sizeof=(\d+), /;
const aggregate = /^(?:struct|union) /;

export function readLayouts(printed: string, file: string, source: string): Layouts {
    const names = new SourceNames(file, source);
    const blocks = printed.split(dump).slice(1);
    const layouts: Layouts = {};
    const sizes = new Map<string, number>();
    for (const block of blocks) {
        const size = Number(sizeFormat.exec(block)?.[1] ?? 0);
        const lines = block.split("\n").flatMap(lineOf);
        const head = lines[0];
        if (head !== undefined && aggregate.test(head.text)) {
            sizes.set(names.of(head.text), size);
        }
    }
    for (const block of blocks) {
        const lines = block.split("\n").flatMap(lineOf);
        const head = lines[0];
        if (head !== undefined && aggregate.test(head.text)) {
            const name = names.of(head.text);
            layouts[name] = { name, union: head.text.startsWith("union "), size: sizes.get(name) ?? 0, members: membersOf(lines, sizes, names) };
        }
    }
    return layouts;
}

function lineOf(text: string): Line[] {
    const match = lineFormat.exec(text);
    if (match === null) {
        return [];
    }
    const [, offset, first, last, indent = "", words = ""] = match;
    const from = Number(first);
    const bits = first === undefined ? undefined : { from, count: Number(last) - from + 1 };
    return [{ depth: (indent.length - 1) / 2, offset: Number(offset), bits, text: words }];
}

function membersOf(lines: Line[], sizes: Map<string, number>, names: SourceNames): Member[] {
    return lines
        .filter(({ depth }) => depth === 1)
        .map(({ offset, bits, text }) => {
            const [type, name] = splitMember(text);
            return { name, type: typeText(names.of(type)), offset, shape: shapeOf(names.of(type), sizes, names), bits };
        });
}

/** "char[8] name"; a member without a name ends with a space. */
function splitMember(text: string): [type: string, name: string] {
    const match = /^(.*?) ?(\w*)$/s.exec(text);
    const [, type = text, name = ""] = match ?? [];
    return text.endsWith(")") ? [text, ""] : [type, name];
}

/** As one would write it. */
const typeText = (type: string) => type.replaceAll("_Bool", "bool").replaceAll(/\bstruct (weft_\w+)/g, "$1");

const scalars: Record<string, Shape> = {
    _Bool: { kind: "bool", size: 1 },
    float: { kind: "float", size: 4 },
    double: { kind: "float", size: 8 },
};
const integers: Record<string, number> = { char: 1, short: 2, int: 4, long: 4, "long long": 8 };
const pointerSize = 4;

function integerShape(type: string): Shape | undefined {
    const signed = !type.startsWith("unsigned ");
    const plain = type.replace(/^(?:un)?signed /, "");
    const size = integers[plain];
    return size === undefined ? undefined : { kind: "integer", size, signed, character: type === "char" };
}

function shapeOf(written: string, sizes: Map<string, number>, names: SourceNames): Shape {
    const type = written.replaceAll(/\b(?:volatile|_Atomic|restrict) ?/g, "").trim();
    const plain = type.replace(/^const /, "");
    if (/\(\*|\*(?: ?const)?$/.test(type) && !/\][^*]*$/.test(type)) {
        return pointerShape(type);
    }
    const array = /^(.*?)((?:\[\d*\])+)$/.exec(plain);
    if (array !== null) {
        const [, element = "", dimensions = ""] = array;
        return [...dimensions.matchAll(/\[(\d*)\]/g)]
            .reverse()
            .reduce<Shape>((inner, [, count]) => ({ kind: "array", count: Number(count), size: Number(count) * inner.size, element: inner }), shapeOf(element, sizes, names));
    }
    const record = sizes.get(plain);
    if (record !== undefined) {
        return { kind: "record", size: record, name: plain };
    }
    const constants = names.constants(plain);
    if (constants !== undefined || plain.startsWith("enum ")) {
        const signed = constants?.some(({ value }) => value < 0) ?? false;
        return { kind: "enum", size: 4, signed, constants: constants ?? [] };
    }
    return scalars[plain] ?? integerShape(plain) ?? { kind: "other", size: 0 };
}

function pointerShape(type: string): Shape {
    const target = /^(?:const )?((?:struct|union) \w+) \*$/.exec(type)?.[1];
    return { kind: "pointer", size: pointerSize, text: /^(?:const )?char \*/.test(type) && !type.endsWith("**"), target };
}

/* --- Names that only the source tells --- */

interface Constant {
    name: string;
    value: number;
}

/** "enum fetch::(unnamed at a.c:14:33)" */
const unnamed = /\((?:unnamed|anonymous)(?: \w+)? at (.*):(\d+):(\d+)\)/;

class SourceNames {
    readonly #file: string;
    readonly #lines: string[];
    readonly #text: string;
    readonly #enums = new Map<string, Constant[]>();

    constructor(file: string, source: string) {
        this.#file = file;
        /* Comments become blanks, so that places stay. */
        this.#text = source.replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, (comment) => comment.replaceAll(/[^\n]/g, " "));
        this.#lines = this.#text.split("\n");
        for (const { index, 1: tag } of this.#text.matchAll(/\benum\s*(\w*)\s*\{/g)) {
            const { body, after } = this.#braces(index);
            const constants = constantsOf(body);
            const typedefName = /^\s*(\w+)\s*;/.exec(after)?.[1];
            const isTypedef = /\btypedef\s+$/.test(this.#text.slice(0, index));
            if (tag) {
                this.#enums.set(`enum ${tag}`, constants);
            }
            if (isTypedef && typedefName !== undefined) {
                this.#enums.set(typedefName, constants);
            }
            const before = this.#text.slice(0, index).split("\n");
            this.#enums.set(`enum at ${before.length}:${before.at(-1)!.length + 1}`, constants);
        }
    }

    /** A record or enum by the name that typedef gives it, where clang names it by its place. */
    of(type: string): string {
        const match = unnamed.exec(type);
        if (match === null || match[1] !== this.#file) {
            return type;
        }
        const [line, column] = [Number(match[2]), Number(match[3])];
        const start = this.#lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
        const isTypedef = /\btypedef\s+(?:const\s+)?$/.test(this.#text.slice(0, start));
        const name = /^\s*(\w+)\s*;/.exec(this.#braces(start).after)?.[1];
        const rest = type.slice(match.index + match[0].length);
        if (isTypedef && name !== undefined) {
            return name + rest;
        }
        const kind = /^(?:const )?(struct|union|enum) /.exec(type)?.[1] ?? "struct";
        return `${kind} at ${line}:${column}${rest}`;
    }

    constants(type: string): Constant[] | undefined {
        return this.#enums.get(type);
    }

    /** What stands between the next braces, and behind them. */
    #braces(from: number): { body: string; after: string } {
        const open = this.#text.indexOf("{", from);
        let depth = 0;
        for (let at = open; at >= 0 && at < this.#text.length; at++) {
            depth += this.#text[at] === "{" ? 1 : this.#text[at] === "}" ? -1 : 0;
            if (depth === 0) {
                return { body: this.#text.slice(open + 1, at), after: this.#text.slice(at + 1) };
            }
        }
        return { body: "", after: "" };
    }
}

/** The constants up to the first whose value is more than a number. */
function constantsOf(body: string): Constant[] {
    const constants: Constant[] = [];
    let value = 0;
    for (const piece of body.split(",")) {
        const match = /^\s*(\w+)\s*(?:=\s*(-?\s*(?:0[xX][\da-fA-F]+|\d+)|[^]*?\S))?\s*$/.exec(piece);
        if (match === null) {
            break;
        }
        const [, name = "", given] = match;
        if (given !== undefined) {
            value = Number(given.replaceAll(/\s/g, ""));
            const other = constants.find((constant) => constant.name === given);
            value = other?.value ?? value;
        }
        if (!Number.isSafeInteger(value)) {
            break;
        }
        constants.push({ name, value });
        value++;
    }
    return constants;
}

export type { Layout };
