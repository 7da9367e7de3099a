/** Why a program could not be compiled. */

import type { Diagnostic } from "./types.ts";

/** The program has errors, which the editor shows where they are. */
export class CompileError extends Error {
    override name = "CompileError";
    readonly diagnostics: readonly Diagnostic[];

    constructor(file: string, diagnostics: readonly Diagnostic[]) {
        const errors = diagnostics.filter(({ severity }) => severity === "error");
        const lines = errors.slice(0, 5).map(({ file: where, from, message }) => `${where}:${from.line}: ${message}`);
        super(lines.join("\n") || `${file} could not be compiled`);
        this.diagnostics = diagnostics;
    }
}
