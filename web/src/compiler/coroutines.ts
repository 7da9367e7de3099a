/** Where the coroutines of a source are, as far as its lines tell: enough to explain an error in a text that does not compile. */

import { withoutTexts } from "./source-text.ts";
import type { SourceText } from "./source-text.ts";
import type { Position } from "./types.ts";

export interface Coroutine {
    name: string;
    /** The lines of weft_async and of the brace that ends the body. */
    first: number;
    last: number;
    /** Where the brace opens. */
    open: Position;
    begins: boolean;
    ends: boolean;
}

const opening = /^\s*(?:static\s+)?weft_async\s*\(\s*(\w+)\s*\)/;
/* What returns to the loop and is resumed behind it. */
const suspending = /\bweft_(?:await|await_to|yield|yield_to|with|with_as|for_await|try)\b/;

export class Coroutines {
    readonly all: Coroutine[] = [];
    /** The lines without comments and strings. */
    readonly lines: string[];

    constructor(source: SourceText) {
        this.lines = withoutTexts(source.lines.join("\n")).split("\n");
        this.lines.forEach((text, index) => {
            const name = opening.exec(text)?.[1];
            if (name !== undefined) {
                this.all.push(this.#from(name, index));
            }
        });
    }

    /** The body ends at the first brace at a line's beginning; missing braces inside do not matter so. */
    #from(name: string, first: number): Coroutine {
        const rest = this.lines.slice(first);
        const openLine = Math.max(0, rest.findIndex((text) => text.includes("{")));
        const end = rest.findIndex((text, index) => index > 0 && text.startsWith("}"));
        const length = end < 0 ? rest.length - 1 : end;
        const body = rest.slice(0, length + 1);
        return {
            name,
            first: first + 1,
            last: first + length + 1,
            open: { line: first + openLine + 1, column: (rest[openLine] ?? "").indexOf("{") + 1 },
            begins: body.some((text) => /\bweft_begin\b/.test(text)),
            ends: body.some((text) => /\bweft_end\b/.test(text)),
        };
    }

    at(line: number): Coroutine | undefined {
        return this.all.find(({ first, last }) => first <= line && line <= last);
    }

    named(name: string): Coroutine | undefined {
        return this.all.find((coroutine) => coroutine.name === name);
    }

    /** The lines of a coroutine in which it may wait. */
    awaits({ first, last }: Coroutine): number[] {
        return this.lines.flatMap((text, index) => (index + 1 >= first && index + 1 <= last && suspending.test(text) ? [index + 1] : []));
    }

    /** Where the structure of this name opens. */
    structure(name: string): Position | undefined {
        const format = new RegExp(`^\\s*(?:typedef\\s+)?struct\\s+${name}\\s*\\{`);
        const index = this.lines.findIndex((text) => format.test(text));
        return index < 0 ? undefined : { line: index + 1, column: this.lines[index]!.indexOf("{") + 1 };
    }

    /** Whether a structure's text has a member of this name. */
    hasMember(structure: Position, name: string): boolean {
        const text = this.lines.slice(structure.line - 1).join("\n");
        return new RegExp(`\\b${name}\\s*[;,[:]`).test(text.slice(structure.column).split("\n}")[0]!.split("};")[0]!);
    }
}
