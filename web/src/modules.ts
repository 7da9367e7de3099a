/** The modules of the prebuilt examples, each loaded and compiled once. */

import { examples } from "./examples.ts";

const loaded = new Map<string, Promise<WebAssembly.Module>>();

export function loadModule(example: string): Promise<WebAssembly.Module> {
    const known = loaded.get(example);
    if (known !== undefined) {
        return known;
    }
    const loading = load(example);
    loaded.set(example, loading);
    loading.catch(() => loaded.delete(example)); /* the next run tries again */
    return loading;
}

async function load(example: string): Promise<WebAssembly.Module> {
    const address = examples.get(example)?.wasm;
    if (address === undefined) {
        throw new Error(`there is no example ${example}`);
    }
    const response = await fetch(address);
    if (!response.ok) {
        throw new Error(`${address} could not be fetched: ${response.status} ${response.statusText}`);
    }
    /* Not every host serves application/wasm, which the streaming form asks for. */
    return WebAssembly.compile(await response.arrayBuffer());
}
