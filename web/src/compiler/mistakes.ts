import type { SourceText } from "./source-text.ts";
import type { Diagnostic } from "./types.ts";
export function inWeftsWords(diagnostics: Diagnostic[], _file: string, _source: SourceText): Diagnostic[] {
    return diagnostics;
}
