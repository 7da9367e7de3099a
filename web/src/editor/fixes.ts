/** Clang's diagnostics as places in the text, and what their fix-its would change. */

import type { Text } from "@codemirror/state";
import type { Diagnostic, Position } from "../compiler/types.ts";
import { count } from "../format.ts";

export interface Change {
    from: number;
    to: number;
    insert: string;
}

export interface Problem {
    diagnostic: Diagnostic;
    from: number;
    to: number;
    /** What mends it, all of it together; empty if clang proposes nothing. */
    changes: readonly Change[];
}

/** A place that the text does not have becomes the nearest one that it has. */
export function offsetOf(doc: Text, { line, column }: Position): number {
    const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
    return Math.min(Math.max(from + column - 1, from), to);
}

export function positionOf(doc: Text, offset: number): Position {
    const { number, from } = doc.lineAt(offset);
    return { line: number, column: offset - from + 1 };
}

/** Those of a file, in the order of the text. What is in a header stands where the file leads there, as far as clang says so. */
export function problemsOf(doc: Text, file: string, diagnostics: readonly Diagnostic[]): Problem[] {
    return diagnostics.map((diagnostic) => problemOf(doc, file, diagnostic)).sort((a, b) => a.from - b.from);
}

function problemOf(doc: Text, file: string, diagnostic: Diagnostic): Problem {
    const here = [diagnostic, ...diagnostic.notes].find((place) => place.file === file);
    const [from, to] = here === undefined ? [0, 0] : [offsetOf(doc, here.from), offsetOf(doc, here.to)];
    const fixed = [diagnostic, ...diagnostic.notes].find((place) => place.file === file && place.fixes.length > 0);
    const changes = (fixed?.fixes ?? []).map((fix) => ({ from: offsetOf(doc, fix.from), to: offsetOf(doc, fix.to), insert: fix.text }));
    return { diagnostic, ...visible(doc, from, Math.max(from, to)), changes };
}

/** At least one character, of the same line where there is one. */
function visible(doc: Text, from: number, to: number): { from: number; to: number } {
    const line = doc.lineAt(from);
    if (to > from || line.length === 0) {
        return { from, to };
    }
    return from < line.to ? { from, to: from + 1 } : { from: from - 1, to: from };
}

/** "Insert “;”", for the button that does it. */
export function wordsOfFix(doc: Text, changes: readonly Change[]): string {
    const [change] = changes;
    if (change === undefined || changes.length > 1) {
        return `Change ${changes.length} places`;
    }
    const [old, text] = [doc.sliceString(change.from, change.to), change.insert].map((part) => quoted(part!));
    if (change.from === change.to) {
        return `Insert ${text}`;
    }
    return change.insert === "" ? `Remove ${old}` : `Change ${old} to ${text}`;
}

function quoted(text: string): string {
    const line = text.trim().replace(/\s+/g, " ");
    return `“${line.length > 40 ? `${line.slice(0, 39)}…` : line || text}”`;
}

/** "2 errors, 1 warning" */
export function countsOf(problems: readonly Problem[]): string {
    const counts = (["error", "warning", "note"] as const).flatMap((severity) => {
        const found = problems.filter(({ diagnostic }) => diagnostic.severity === severity).length;
        return found > 0 ? [count(found, severity)] : [];
    });
    return counts.join(", ") || "No problems";
}
