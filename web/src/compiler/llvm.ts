/** Runs clang, wasm-ld and llvm-symbolizer, which are one WebAssembly program: each run is a new instance of it. */

import type { Download } from "./download.ts";

export type Tree = { [name: string]: Tree | string | Uint8Array };

export interface Outcome {
    ok: boolean;
    stdout: string;
    stderr: string;
    files: Tree;
}

export type Llvm = (args: string[], files: Tree) => Outcome;

/** Of the package @yowasp/clang. */
type RunLlvm = (
    args: string[] | null,
    files?: Tree,
    options?: { stdout?: OutputStream; stderr?: OutputStream; decodeASCII?: boolean; synchronously?: boolean; fetchProgress?: () => void },
) => Tree | Promise<Tree>;

type OutputStream = (bytes: Uint8Array | null) => void;

class Words {
    readonly #decoder = new TextDecoder();
    text = "";
    readonly take: OutputStream = (bytes) => {
        if (bytes !== null) {
            this.text += this.#decoder.decode(bytes, { stream: true });
        }
    };
}

/** What the package's script asks for its files; see scripts/compiler.mjs. */
const scope = globalThis as unknown as { weftFetch: (address: URL) => Promise<Response> };

type Import = (address: string) => Promise<{ runLLVM: RunLlvm }>;

/** Loads the program. Its code is compiled while it arrives. */
export async function loadLlvm(download: Download, importScript: Import = (address) => import(/* @vite-ignore */ address)): Promise<Llvm> {
    scope.weftFetch = async (address) => download.file(address.pathname.split("/").at(-1) ?? "");
    const { runLLVM } = await importScript(download.script);
    await runLLVM(null, {}, { fetchProgress: () => {} });
    return llvmOf(runLLVM);
}

function llvmOf(runLlvm: RunLlvm): Llvm {
    return (args, files) => {
        const [stdout, stderr] = [new Words(), new Words()];
        const outcome = (ok: boolean, result: Tree) => ({ ok, stdout: stdout.text, stderr: stderr.text, files: result });
        try {
            const options = { stdout: stdout.take, stderr: stderr.take, decodeASCII: false, synchronously: true };
            return outcome(true, runLlvm(args, files, options) as Tree);
        } catch (error) {
            /* It has exited with a status; anything else is a crash of the compiler. */
            const { files: result } = error as { files?: Tree };
            if (result === undefined) {
                throw error;
            }
            return outcome(false, result);
        }
    };
}
