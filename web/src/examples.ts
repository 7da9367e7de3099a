/** The examples and what the manifest says of them (scripts/examples.mjs writes it). */

import { fetchText } from "./fetched.ts";

export interface Example {
    name: string;
    title: string;
    /** One sentence on what to look for. */
    look: string;
    /** Addresses of the C and of the module, relative to the manifest. */
    source: string;
    wasm: string;
    /** Whether there is a recorded twin in Python; there is, if nothing is said. */
    twin?: boolean;
    /** Address of what the compiler says of its structures. */
    layouts?: string;
}

/** A part of the introduction, in teaching order as its examples are. */
export interface Group {
    title: string;
    examples: Example[];
}

/** All of them by name, once they are loaded. */
export const examples = new Map<string, Example>();

/** Reads the manifest; the addresses in its examples become absolute. */
export async function loadGroups(): Promise<Group[]> {
    const manifest = new URL("examples/index.json", document.baseURI);
    const groups = JSON.parse(await fetchText(manifest.href)) as Group[];
    const absolute = (example: Example): Example => ({
        ...example,
        source: new URL(example.source, manifest).href,
        wasm: new URL(example.wasm, manifest).href,
        ...(example.layouts !== undefined && { layouts: new URL(example.layouts, manifest).href }),
    });
    const loaded = groups.map((group) => ({ ...group, examples: group.examples.map(absolute) }));
    for (const example of loaded.flatMap((group) => group.examples)) {
        examples.set(example.name, example);
    }
    return loaded;
}
