/** A source as clang counts in it, by bytes of UTF-8, and as the editor does, by UTF-16 units. */

import type { Position } from "./types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const ascii = /^[\0-\x7f]*$/;
const wordAt = /(?:\w+|"(?:[^"\\]|\\.)*"|[-+*\/%&|^=<>!]=|->|\+\+|--|&&|\|\||<<|>>|\S)/y;

export class SourceText {
    readonly lines: string[];

    constructor(source: string) {
        this.lines = source.split(/\r\n|\n|\r/);
    }

    /** A place that clang names. */
    position(line: number, byteColumn: number): Position {
        const text = this.lines[line - 1] ?? "";
        if (ascii.test(text)) {
            return { line, column: byteColumn };
        }
        return { line, column: decoder.decode(encoder.encode(text).subarray(0, byteColumn - 1)).length + 1 };
    }

    /** The column that clang means by a place of the editor's. */
    byteColumn({ line, column }: Position): number {
        return encoder.encode((this.lines[line - 1] ?? "").slice(0, column - 1)).length + 1;
    }

    /** Where the word ends that begins here; one character further where there is none. */
    wordEnd({ line, column }: Position): Position {
        wordAt.lastIndex = column - 1;
        const length = wordAt.exec(this.lines[line - 1] ?? "")?.[0].length ?? 1;
        return { line, column: column + length };
    }

    /** What stands from one place to another. */
    between(from: Position, to: Position): string {
        const lines = this.lines.slice(from.line - 1, to.line);
        lines[lines.length - 1] = (lines.at(-1) ?? "").slice(0, to.column - 1);
        lines[0] = (lines[0] ?? "").slice(from.column - 1);
        return lines.join("\n");
    }
}

export const isBefore = (a: Position, b: Position) => a.line < b.line || (a.line === b.line && a.column < b.column);

/**
 * The same text, of the same length, with blanks for comments, strings and characters: for what the compiler does not read as code, so
 * that only words of the program are found, and its braces match. What is not finished ends where the compiler would end it.
 */
export function withoutTexts(source: string): string {
    const skipped = /\/\*[^]*?(?:\*\/|$)|\/\/(?:\\\n|.)*|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/g;
    return source.replace(skipped, (text) => text.replace(/[^\n]/g, " "));
}
