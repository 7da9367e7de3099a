/** The parameters that a C source declares, read from its text as it is typed. */

import { withoutTexts } from "../compiler/source-text.ts";

export interface Declaration {
    name: string;
    type: "int" | "double" | "bool";
    value: number;
    least: number;
    most: number;
    /** By which a slider moves. */
    step: number;
    /** From the comment that begins on its line; the name where there is none. */
    label: string;
    unit: string;
}

/** Of each name the first one. What is not finished, or not written in numbers, is left out. */
export function declarationsOf(source: string): Declaration[] {
    const found = new Map<string, Declaration>();
    const code = withoutTexts(source);
    for (const match of code.matchAll(/\bWEFT_PARAM\s*\(([^()]*)\)[ \t]*;?/g)) {
        const declaration = read(match[1]!.split(","), commentBehind(source, match.index + match[0].length));
        if (declaration !== undefined && !found.has(declaration.name) && !isDefinition(code, match.index)) {
            found.set(declaration.name, declaration);
        }
    }
    return [...found.values()];
}

/** A line `#define … WEFT_PARAM(…)` declares nothing. */
function isDefinition(code: string, index: number): boolean {
    return /^[ \t]*#/.test(code.slice(code.lastIndexOf("\n", index) + 1, index));
}

/** The words of the comment that begins on the line, behind the declaration. */
function commentBehind(source: string, index: number): string {
    const [, block, line] = /^[ \t]*(?:\/\*([^]*?)\*\/|\/\/(.*))/.exec(source.slice(index)) ?? [];
    return (block ?? line ?? "").replace(/\s*\n[ \t]*\*?[ \t]*|\s+/g, " ").trim();
}

function read(parts: string[], comment: string): Declaration | undefined {
    const [type, name, ...numbers] = parts.map((part) => part.trim());
    const [value, least, most] = numbers.map(numberOf);
    if (!isType(type) || name === undefined || !/^[A-Za-z_]\w*$/.test(name) || numbers.length !== 3) {
        return undefined;
    }
    if (value === undefined || least === undefined || most === undefined || !(least <= value && value <= most)) {
        return undefined;
    }
    const wrong = type !== "double" && ![value, least, most].every(Number.isInteger);
    return wrong ? undefined : { name, type, value, least, most, step: stepOf(type, numbers, least, most), ...wordsOf(comment, name) };
}

function isType(text: string | undefined): text is Declaration["type"] {
    return text === "int" || text === "double" || text === "bool";
}

function numberOf(text: string): number | undefined {
    if (text === "true" || text === "false") {
        return Number(text === "true");
    }
    const literal = /^([+-]?)\s*(0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[uUlLfF]*$/.exec(text);
    return literal === null ? undefined : (literal[1] === "-" ? -1 : 1) * Number(literal[2]);
}

/** As fine as the numbers are written, but in no fewer than 20 and no more than 1,000 steps. */
function stepOf(type: Declaration["type"], numbers: string[], least: number, most: number): number {
    if (type !== "double") {
        return 1;
    }
    const digits = (text: string) => /\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, "").length ?? 0;
    const range = most - least || 1;
    let power = -Math.max(...numbers.map(digits));
    while (range / 10 ** power < 20) {
        power--;
    }
    while (range / 10 ** power > 1000) {
        power++;
    }
    return Number(`1e${power}`);
}

/** One word behind the last comma is the unit. */
function wordsOf(comment: string, name: string): { label: string; unit: string } {
    const [, label, unit] = /^(.*\S)\s*,\s*(\S+)$/.exec(comment) ?? [];
    return { label: (label ?? comment) || name, unit: unit ?? "" };
}

/** What a parameter is set to: its own, where nothing is. A name such as `constructor` is one as any other. */
export function valueOf({ name, value }: Pick<Declaration, "name" | "value">, values: Readonly<Record<string, number>>): number {
    return Object.hasOwn(values, name) ? values[name]! : value;
}

/** What of the values a program with these declarations may have; those of the source are left out. */
export function fitting(declarations: readonly Declaration[], values: Readonly<Record<string, number>>): Record<string, number> {
    const kept = declarations.filter((declaration) => {
        const { type, value, least, most } = declaration;
        const wanted = valueOf(declaration, values);
        return wanted !== value && wanted >= least && wanted <= most && (type === "double" || Number.isInteger(wanted));
    });
    return Object.fromEntries(kept.map((declaration) => [declaration.name, valueOf(declaration, values)]));
}
