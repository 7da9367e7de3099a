/** What the page wants of the compiler, as runs of clang, wasm-ld and llvm-symbolizer. Runs in the worker, and under Node in tests. */

import { readCompletions } from "./completions.ts";
import { DiagnosticReader, diagnosticFlags } from "./diagnostics.ts";
import { readLayouts } from "./layouts.ts";
import type { Llvm, Outcome, Tree } from "./llvm.ts";
import { inWeftsWords } from "./mistakes.ts";
import { codeStart } from "./module.ts";
import { SourceText } from "./source-text.ts";
import type { Compiled, Completion, Diagnostic, Layouts, Place, Position } from "./types.ts";

const weft = "/usr/weft";

const targetFlags = [
    "-triple", "wasm32-unknown-wasip1", "-target-cpu", "generic", "-mrelocation-model", "static", "-fvisibility=hidden",
    "-fgnuc-version=4.2.1", "-std=gnu17", "-resource-dir", "/usr", "-isysroot", "/usr",
    "-internal-isystem", "/usr/include", "-internal-isystem", "/usr/include/wasm32-wasip1",
    /* Not as a system's: clang is silent about what macros of those do. */
    "-I", `${weft}/include`,
];

/* The last three find locals that are lost across an await. */
const warningFlags = ["-Wall", "-Wextra", "-Wuninitialized", "-Wconditional-uninitialized", "-Wjump-misses-init", "-ferror-limit", "40"];

const checkedBehaviour = [
    "signed-integer-overflow", "shift-base", "shift-exponent", "array-bounds", "null", "alignment",
    "integer-divide-by-zero", "unreachable", "vla-bound", "float-cast-overflow", "nonnull-attribute",
    "returns-nonnull-attribute", "builtin", "bool", "enum",
];

const sanitizerFlags = [
    `-fsanitize=${checkedBehaviour.join(",")}`,
    /* An array at a structure's end is as long as it says, so that its bounds are checked; but for one of one element, as in weft_values. */
    "-fstrict-flex-arrays=1",
];

/* Else clang leaves out allocations whose memory is not used, and a program that eats memory goes on for ever. */
const honestFlags = ["-fno-builtin-malloc", "-fno-builtin-calloc"];

/* A counter at every branch; see runtime/fuel.c. */
const coverageFlags = ["-fsanitize-coverage-type=3", "-fsanitize-coverage-trace-pc", "-fsanitize-coverage-no-prune"];

/* The memory that a program may take, with its stack, bytes. */
const memoryLimit = 256 * 1024 * 1024;
const stackSize = 1024 * 1024;

const exported = ["malloc", "free", "weft_wasm_turn", "weft_wasm_start", "weft_wasm_allocate"];
const exportedIfThere = ["__main_void", "__main_argc_argv", "__stack_pointer", "weft_undefined"];

const linkFlags = [
    "-m", "wasm32", "-L/usr/lib/wasm32-unknown-wasip1", "-L/usr/lib/wasm32-wasip1", "/usr/lib/wasm32-wasip1/crt1-reactor.o",
    "--entry", "_initialize", "-z", `stack-size=${stackSize}`, "--stack-first", `--max-memory=${memoryLimit}`,
    ...exported.map((name) => `--export=${name}`),
    ...exportedIfThere.map((name) => `--export-if-defined=${name}`),
    ...["malloc", "calloc", "realloc", "free"].map((name) => `--wrap=${name}`), /* wasm/blocks.c counts them */
];

const libraries = [`${weft}/libweft.a`, "-lc", "/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a"];

export class Toolchain {
    readonly #llvm: Llvm;

    constructor(llvm: Llvm) {
        this.#llvm = llvm;
    }

    compile(file: string, source: string): Compiled {
        const { diagnostics, outcome } = this.#compiled(file, source, [...sanitizerFlags, "-fdump-record-layouts-complete", "-fdump-record-layouts-canonical"]);
        const object = outcome.files["program.o"];
        if (!isBytes(object) || diagnostics.some(({ severity }) => severity === "error")) {
            return { module: undefined, diagnostics, layouts: undefined };
        }
        if (!hasMain(object)) {
            return { module: undefined, diagnostics: [...diagnostics, withoutMain(file)], layouts: undefined };
        }
        const linked = this.#link(object, "undefined.o");
        diagnostics.push(...new DiagnosticReader(file, new SourceText(source)).read(linked.stderr));
        return { module: moduleOf(linked), diagnostics, layouts: readLayouts(outcome.stdout, file, source) };
    }

    /** The program with a counter at every branch, and none of the checks of its behaviour. */
    instrument(file: string, source: string): ArrayBuffer | undefined {
        const object = this.#compiled(file, source, coverageFlags).outcome.files["program.o"];
        return isBytes(object) ? moduleOf(this.#link(object, "fuel.o", "--wrap=weft_loop_turn")) : undefined;
    }

    check(file: string, source: string): Diagnostic[] {
        const outcome = this.#clang(file, source, ["-fsyntax-only", ...warningFlags, ...diagnosticFlags]);
        return diagnosticsOf(file, source, outcome);
    }

    complete(file: string, source: string, position: Position): Completion[] {
        const column = new SourceText(source).byteColumn(position);
        const at = `-code-completion-at=${file}:${position.line}:${column}`;
        return readCompletions(this.#clang(file, source, ["-fsyntax-only", "-w", at, "-code-completion-macros", "-code-completion-patterns"]).stdout);
    }

    layouts(file: string, source: string): Layouts {
        const flags = ["-fsyntax-only", "-w", "-fdump-record-layouts-complete", "-fdump-record-layouts-canonical"];
        return readLayouts(this.#clang(file, source, flags).stdout, file, source);
    }

    /** Where addresses of a module are in its source, by its debug information; undefined where that says nothing. */
    places(module: ArrayBuffer, offsets: readonly number[]): (Place | undefined)[] {
        const bytes = new Uint8Array(module);
        const start = codeStart(bytes);
        if (offsets.length === 0 || start === undefined) {
            return offsets.map(() => undefined);
        }
        const addresses = offsets.map((offset) => `0x${Math.max(0, offset - start).toString(16)}`);
        const { stdout } = this.#llvm(["symbolizer", "--obj=program.wasm", "--output-style=JSON", ...addresses], { "program.wasm": bytes });
        const found = JSON.parse(stdout) as { Symbol?: { FunctionName: string; FileName: string; Line: number }[] }[];
        return offsets.map((_, index) => {
            const symbol = found[index]?.Symbol?.[0];
            return symbol !== undefined && symbol.Line > 0
                ? { function: coroutineName(symbol.FunctionName), file: symbol.FileName, line: symbol.Line }
                : undefined;
        });
    }

    #compiled(file: string, source: string, flags: string[]): { diagnostics: Diagnostic[]; outcome: Outcome } {
        const debug = ["-debug-info-kind=line-tables-only", "-dwarf-version=4"];
        const outcome = this.#clang(file, source, ["-emit-obj", "-O0", ...debug, "-o", "program.o", ...honestFlags, ...warningFlags, ...diagnosticFlags, ...flags]);
        return { diagnostics: diagnosticsOf(file, source, outcome), outcome };
    }

    #clang(file: string, source: string, flags: string[]): Outcome {
        return this.#llvm(["clang", "-cc1", "-main-file-name", file, ...targetFlags, ...flags, "-x", "c", file], { [file]: source });
    }

    #link(object: Uint8Array, runtime: string, ...flags: string[]): Outcome {
        const objects = ["program.o", `${weft}/${runtime}`];
        return this.#llvm(["wasm-ld", ...linkFlags, ...flags, ...objects, ...libraries, "-o", "program.wasm"], { "program.o": object });
    }
}

const diagnosticsOf = (file: string, source: string, { stderr }: Outcome) => {
    const text = new SourceText(source);
    return inWeftsWords(new DiagnosticReader(file, text).read(stderr), file, text);
};

/* wasm-ld says nothing of it: the C library only traps where it would call main. clang names main by its parameters. */
function hasMain(object: Uint8Array): boolean {
    const text = new TextDecoder("latin1").decode(object);
    return text.includes("__main_void") || text.includes("__main_argc_argv");
}

function withoutMain(file: string): Diagnostic {
    const start = { line: 1, column: 1 };
    const message = "there is no function main, with which a program begins";
    return { severity: "error", message, file, from: start, to: start, option: undefined, fixes: [], notes: [] };
}

const isBytes = (file: Tree[string] | undefined): file is Uint8Array => file instanceof Uint8Array;

function moduleOf({ ok, files }: Outcome): ArrayBuffer | undefined {
    const bytes = files["program.wasm"];
    return ok && isBytes(bytes) ? (bytes.slice().buffer as ArrayBuffer) : undefined;
}

/** As the page calls a function: a coroutine by its name. */
export const coroutineName = (name: string) => name.replace(/_weft_step$/, "");
