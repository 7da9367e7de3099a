/** Where a source cleans up: its weft_finally blocks, and the lines of its weft_with blocks. */

import { withoutTexts } from "../compiler/source-text.ts";

export interface Cleanup {
    /** The line at which the innermost weft_finally around a line begins. */
    finallyAround(line: number): number | undefined;
    /** Whether a weft_with begins at a line. */
    isWith(line: number): boolean;
}

export function cleanupsIn(source: string): Cleanup {
    const text = withoutTexts(source);
    const lineOf = (at: number) => text.slice(0, at).split("\n").length;
    const blocks = [...text.matchAll(/\bweft_finally\s*\{/g)].map((match) => ({
        begin: lineOf(match.index),
        end: lineOf(closing(text, match.index + match[0].length)),
    }));
    const withs = new Set([...text.matchAll(/\bweft_with(?:_as)?\b/g)].map((match) => lineOf(match.index)));
    return {
        finallyAround: (line) => blocks.filter(({ begin, end }) => begin <= line && line <= end).at(-1)?.begin,
        isWith: (line) => withs.has(line),
    };
}

/** Where the block that was opened before `from` is closed. */
function closing(text: string, from: number): number {
    let depth = 1;
    let at = from;
    while (at < text.length && depth > 0) {
        depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
        at++;
    }
    return at;
}
