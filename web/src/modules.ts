/** The modules of the prebuilt examples, each loaded and compiled once. */

import { examples } from "./examples.ts";
import { fetched } from "./fetched.ts";

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
    /* Not every host serves application/wasm, which the streaming form asks for. */
    return WebAssembly.compile(await (await fetched(address)).arrayBuffer());
}
