/** Reads what clang and wasm-ld print as errors and warnings. */

import { SourceText, isBefore } from "./source-text.ts";
import type { Diagnostic, Fix, Position } from "./types.ts";

/** How clang is asked to print them. Fix-its come with the snippets only; -fdiagnostics-format=sarif has none of them. */
export const diagnosticFlags = ["-fdiagnostics-parseable-fixits", "-fdiagnostics-print-source-range-info", "-fmessage-length=0"];

const range = /\{(\d+):(\d+)-(\d+):(\d+)\}/g;
const head = /^(.+?):(\d+):(\d+):((?:\{\d+:\d+-\d+:\d+\})*):? (fatal error|error|warning|note): (.*)$/;
const fixIt = /^fix-it:"(.*)":\{(\d+):(\d+)-(\d+):(\d+)\}:"(.*)"$/;
const option = / \[((?:-W|-pedantic)[^\]]*)\]$/;
const unplaced = /^(?:error|fatal error): (.*)$/;
const linker = /^wasm-ld: (error|warning): (?:.*?: )?(.*)$/;

/* As clang escapes the text of a fix-it: by C's rules, other bytes in octal. */
function unescaped(text: string): string {
    const bytes: number[] = [];
    const named: Record<string, string> = { n: "\n", t: "\t" };
    for (const [piece] of text.matchAll(/\\[0-7]{3}|\\.|[^\\]/gsu)) {
        if (/^\\[0-7]/.test(piece)) {
            bytes.push(parseInt(piece.slice(1), 8));
        } else {
            const character = piece.startsWith("\\") ? (named[piece.slice(1)] ?? piece.slice(1)) : piece;
            bytes.push(...new TextEncoder().encode(character));
        }
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
}

export class DiagnosticReader {
    readonly #file: string;
    readonly #source: SourceText;

    constructor(file: string, source: SourceText) {
        this.#file = file;
        this.#source = source;
    }

    /** Errors and warnings in clang's order, each with its notes. */
    read(printed: string): Diagnostic[] {
        const all: Diagnostic[] = [];
        let latest: Diagnostic | undefined;
        for (const line of printed.split("\n")) {
            const fix = fixIt.exec(line);
            if (fix !== null) {
                /* Of a note on a header that proposes a change of the source, too: it belongs to what stands before. */
                const owner = [latest, ...(all.at(-1)?.notes ?? []).toReversed()].find((candidate) => candidate?.file === fix[1]);
                (owner ?? all.at(-1))?.fixes.push(this.#fix(fix));
                continue;
            }
            const found = this.#diagnostic(line);
            if (found === undefined) {
                continue;
            }
            latest = found;
            const owner = all.at(-1);
            if (found.severity === "note" && owner !== undefined) {
                owner.notes.push(found);
            } else {
                all.push(found);
            }
        }
        return all;
    }

    #diagnostic(line: string): Diagnostic | undefined {
        const match = head.exec(line);
        if (match === null) {
            const message = (unplaced.exec(line) ?? linker.exec(line))?.at(-1);
            return message === undefined ? undefined : this.#withoutPlace(message);
        }
        const [, file = "", lineNumber, column, ranges = "", severity, words = ""] = match;
        const from = this.#position(file, Number(lineNumber), Number(column));
        return {
            severity: severity === "fatal error" ? "error" : (severity as Diagnostic["severity"]),
            message: words.replace(option, ""),
            file,
            from,
            to: this.#end(file, from, ranges),
            option: option.exec(words)?.[1]?.replace(/^-Werror,/, ""),
            fixes: [],
            notes: [],
        };
    }

    #withoutPlace(message: string): Diagnostic {
        const symbol = /^undefined symbol: (\w+)/.exec(message)?.[1];
        const from = (symbol && this.#firstUse(symbol)) || { line: 1, column: 1 };
        const words = symbol ? `'${symbol}' is used, but defined nowhere` : message;
        const to = symbol ? this.#source.wordEnd(from) : from;
        return { severity: "error", message: words, file: this.#file, from, to, option: undefined, fixes: [], notes: [] };
    }

    #firstUse(symbol: string): Position | undefined {
        const word = new RegExp(`\\b${symbol}\\b`);
        const uses = this.#source.lines
            .map((text, index) => ({ line: index + 1, column: text.search(word) + 1 }))
            .filter(({ column }) => column > 0);
        /* A declaration tells less than a call; the last one is more likely a call. */
        return uses.at(-1);
    }

    #position(file: string, line: number, column: number): Position {
        return file === this.#file ? this.#source.position(line, column) : { line, column };
    }

    /** Of what begins where clang points, clang's own range; else the word there. */
    #end(file: string, from: Position, ranges: string): Position {
        for (const [, line, column, endLine, endColumn] of ranges.matchAll(range)) {
            const start = this.#position(file, Number(line), Number(column));
            const end = this.#position(file, Number(endLine), Number(endColumn));
            if (start.line === from.line && start.column === from.column && isBefore(start, end)) {
                return end;
            }
        }
        return file === this.#file ? this.#source.wordEnd(from) : from;
    }

    #fix([, file = "", line, column, endLine, endColumn, text = ""]: RegExpExecArray): Fix {
        return {
            from: this.#position(file, Number(line), Number(column)),
            to: this.#position(file, Number(endLine), Number(endColumn)),
            text: unescaped(text),
        };
    }
}
