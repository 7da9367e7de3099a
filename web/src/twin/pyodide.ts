/** CPython as WebAssembly, served beside the page (scripts/pyodide.mjs) and loaded only when somebody asks for it. */

import type { PyodideAPI } from "pyodide";
import { fetched } from "../fetched.ts";

export interface PythonFiles {
    version: string;
    /** Bytes to be fetched, by name. */
    sizes: Record<string, number>;
}

/** The folder of its files, for a page at `base`. */
export const pythonFolder = (base: string) => new URL("pyodide/", base);

export async function pythonFiles(base: string): Promise<PythonFiles> {
    return (await (await fetched(new URL("files.json", pythonFolder(base)))).json()) as PythonFiles;
}

export function totalSize({ sizes }: PythonFiles): number {
    return Object.values(sizes).reduce((sum, size) => sum + size, 0);
}

const packed = ".wasm";

/** Loads it into this worker; `onProgress` hears how many of how many bytes have come. */
export async function loadPython(base: string, onProgress: (loaded: number, total: number) => void): Promise<PyodideAPI> {
    const files = await pythonFiles(base);
    const total = totalSize(files);
    /* Scripts are not fetched by `fetch`: they count when the rest has come. */
    let loaded = 0;
    const plainFetch = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
        const address = input instanceof Request ? input.url : String(input);
        const isPacked = address.endsWith(packed);
        const response = await plainFetch(isPacked ? `${address}.packed` : input, init);
        if (!response.ok || response.body === null) {
            throw new Error(`${address} could not be fetched: ${response.status} ${response.statusText}`);
        }
        const counted = response.body.pipeThrough(
            new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
                transform(bytes, controller) {
                    loaded += bytes.byteLength;
                    onProgress(loaded, total);
                    controller.enqueue(bytes);
                },
            }),
        );
        return isPacked
            ? new Response(counted.pipeThrough(new DecompressionStream("gzip")), { headers: { "Content-Type": "application/wasm" } })
            : new Response(counted, { headers: response.headers });
    };
    try {
        const indexURL = pythonFolder(base).href;
        const { loadPyodide } = (await import(/* @vite-ignore */ `${indexURL}pyodide.mjs`)) as typeof import("pyodide");
        const python = await loadPyodide({ indexURL });
        onProgress(total, total);
        return python;
    } finally {
        globalThis.fetch = plainFetch;
    }
}
